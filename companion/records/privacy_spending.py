"""What was spent of the privacy budget: which release of aggregates cost which epsilon. Only added to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar

from sqlalchemy import Column, Double, Integer, String, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from companion.errors import InputError, StorageError
from companion.records.database import Store

_TRIES = 20  # two that book at once try again, the second sees what the first has spent
_ROUNDING = 1e-9  # ten times 0.1 is 1
_LONGEST = 400  # characters of a purpose


class SpendingRow(SQLModel, table=True):
    """One release. quarter: as 2026-Q4, UTC; number: its place in the quarter, from 1; at: unix s; who: a staff id."""

    __tablename__: ClassVar[str] = "privacy_spending"

    quarter: str = Field(sa_column=Column(String(7), primary_key=True))
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    at: float = Field(sa_column=Column(Double, nullable=False))
    who: str = Field(sa_column=Column(String(128), nullable=False))
    purpose: str = Field(sa_column=Column(String(_LONGEST), nullable=False))
    epsilon: float = Field(sa_column=Column(Double, nullable=False))


class PrivacySpending:
    """Over the database. Raises StorageError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, who: str, purpose: str, epsilon: float, now: float, limit: float) -> tuple[int, str, float]:
        """Book one: its number, its quarter, what was spent before it.

        Raises InputError: privacy_budget_spent where the quarter would pass the limit, invalid_purpose.
        """
        purpose = purpose.strip()
        if not 0 < len(purpose) <= _LONGEST:
            raise InputError(f"a purpose has 1 to {_LONGEST} characters", code="invalid_purpose")
        quarter = quarter_of(now)

        async def work(session: AsyncSession) -> tuple[int, float]:
            n, spent = (
                await session.execute(
                    select(func.count(), func.coalesce(func.sum(col(SpendingRow.epsilon)), 0.0)).where(
                        col(SpendingRow.quarter) == quarter
                    )
                )
            ).one()
            if spent + epsilon > limit + _ROUNDING:
                raise InputError(
                    f"epsilon {epsilon:g} is more than the {max(0.0, limit - spent):g} left of {limit:g} in {quarter}: "
                    "ask for less, use what was published, or wait for the next quarter",
                    code="privacy_budget_spent",
                )
            session.add(SpendingRow(quarter=quarter, number=n + 1, at=now, who=who, purpose=purpose, epsilon=epsilon))
            await session.flush()
            return n + 1, float(spent)

        for _ in range(_TRIES):
            try:
                number, before = await self._store.transaction(work, passing=IntegrityError)
            except IntegrityError:
                continue  # another took the number
            return number, quarter, before
        raise StorageError("others spend of the privacy budget at once; try again")

    async def total(self, now: float) -> float:
        """Epsilon spent in the quarter of now, unix s."""

        async def work(session: AsyncSession) -> float:
            spent = select(func.sum(col(SpendingRow.epsilon))).where(col(SpendingRow.quarter) == quarter_of(now))
            return float(await session.scalar(spent) or 0.0)

        return await self._store.transaction(work)

    async def history(self) -> Sequence[SpendingRow]:
        """Every release, oldest first."""

        async def work(session: AsyncSession) -> Sequence[SpendingRow]:
            query = select(SpendingRow).order_by(col(SpendingRow.quarter), col(SpendingRow.number))
            return (await session.execute(query)).scalars().all()

        return await self._store.transaction(work)


def quarter_of(at: float) -> str:
    """2026-Q4 of unix s, UTC."""
    day = datetime.fromtimestamp(at, UTC)
    return f"{day.year:04d}-Q{(day.month + 2) // 3}"
