"""What people complain about: sealed with their key, answered by whoever runs the server, gone when they are erased."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import Column, Double, ForeignKey, Index, LargeBinary, String, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from companion.errors import InputError
from companion.records.audit import OPERATOR, Audit
from companion.records.crypto import KeyRing
from companion.records.database import Store

LONGEST = 4000  # characters
_OPEN = 20  # complaints of one person that wait at once; authored


class ComplaintRow(SQLModel, table=True):
    """One complaint. sealed: its words; answer: what they were told. Times: unix s, answered_at None while it waits."""

    __tablename__: ClassVar[str] = "complaint"
    __table_args__ = (Index("ix_complaint_user", "user_id"), Index("ix_complaint_at", "at"))

    id: str = Field(sa_column=Column(String(64), primary_key=True))
    user_id: str = Field(
        sa_column=Column(
            String(128), ForeignKey("user.id", name="fk_complaint_user", ondelete="CASCADE"), nullable=False
        )
    )
    at: float = Field(sa_column=Column(Double, nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    answered_at: float | None = Field(default=None, sa_column=Column(Double))
    answer: bytes | None = Field(default=None, sa_column=Column(LargeBinary))


@dataclass(frozen=True, slots=True)
class Complaint:
    """A complaint, opened. Times: unix s."""

    id: str
    user_id: str
    at: float
    text: str
    answered_at: float | None
    answer: str | None


class Complaints:
    """Over the database. Raises StorageError."""

    def __init__(self, store: Store, ring: KeyRing) -> None:
        self._store, self._ring = store, ring

    async def add(self, user_id: str, text: str, now: float) -> Complaint:
        """Keep one of a person on record, whose key is loaded.

        Raises InputError: invalid_complaint for none or too many words, too_many_complaints.
        """
        text = text.strip()
        if not 0 < len(text) <= LONGEST:
            raise InputError(f"a complaint has 1 to {LONGEST} characters", code="invalid_complaint")
        sealed, made = self._ring.seal(user_id, text), f"complaint_{uuid.uuid4().hex}"

        async def work(session: AsyncSession) -> None:
            waiting = (col(ComplaintRow.user_id) == user_id) & col(ComplaintRow.answered_at).is_(None)
            if (await session.scalar(select(func.count()).where(waiting)) or 0) >= _OPEN:
                raise InputError(
                    f"{_OPEN} complaints of yours wait for an answer: they were received", code="too_many_complaints"
                )
            session.add(ComplaintRow(id=made, user_id=user_id, at=now, sealed=sealed))

        await self._store.transaction(work)
        return Complaint(made, user_id, now, text, None, None)

    async def of(self, user_id: str) -> list[Complaint]:
        """The person's, oldest first; their key must be loaded."""
        return [self._opened(row) for row in await self._rows(col(ComplaintRow.user_id) == user_id)]

    async def read(self, now: float, audit: Audit, *, everything: bool = False) -> list[Complaint]:
        """All that wait (everything: the answered ones too), oldest first; that somebody reads them is written down."""
        rows = await self._rows(col(ComplaintRow.id).is_not(None) if everything else _waits())
        for user_id in {row.user_id for row in rows}:
            await audit.write(now, OPERATOR, "complaints.read", user_id=user_id)
            await self._ring.load(user_id)
        return [self._opened(row) for row in rows]

    async def answer(self, complaint_id: str, text: str, now: float, audit: Audit) -> None:
        """Tell the person what was done. Raises InputError: not_found where none of this id waits."""
        text = text.strip()
        if not 0 < len(text) <= LONGEST:
            raise InputError(f"an answer has 1 to {LONGEST} characters", code="invalid_complaint")
        mine = _waits() & (col(ComplaintRow.id) == complaint_id)
        rows = await self._rows(mine)
        if not rows:
            raise InputError("no complaint of this id waits: companion complaints list", code="not_found")
        user_id = rows[0].user_id
        await self._ring.load(user_id)
        sealed = self._ring.seal(user_id, text)

        async def work(session: AsyncSession) -> None:
            done: Any = await session.execute(update(ComplaintRow).where(mine).values(answer=sealed, answered_at=now))
            if not done.rowcount:
                raise InputError("somebody else answered it meanwhile", code="not_found")
            row = audit.row(now, OPERATOR, "complaint.answer", user_id=user_id, object_id=complaint_id)
            await row(session)

        await self._store.transaction(work)

    async def _rows(self, where: Any) -> Sequence[ComplaintRow]:
        async def work(session: AsyncSession) -> Sequence[ComplaintRow]:
            query = select(ComplaintRow).where(where).order_by(col(ComplaintRow.at))
            return (await session.execute(query)).scalars().all()

        return await self._store.transaction(work)

    def _opened(self, row: ComplaintRow) -> Complaint:
        answer = None if row.answer is None else self._ring.open(row.user_id, row.answer)
        return Complaint(row.id, row.user_id, row.at, self._ring.open(row.user_id, row.sealed), row.answered_at, answer)


def _waits() -> Any:
    return col(ComplaintRow.answered_at).is_(None)
