"""Counts for the yearly report and for operators: how often something happened on a day, and nobody's name."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import Column, Integer, String, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from companion.errors import StorageError
from companion.records.database import Store, Work

_log = logging.getLogger(__name__)


class CountRow(SQLModel, table=True):
    """How often something (a name of safety.counters) happened on a day, UTC, as 2026-11-25."""

    __tablename__: ClassVar[str] = "safety_count"

    day: str = Field(sa_column=Column(String(10), primary_key=True))
    name: str = Field(sa_column=Column(String(64), primary_key=True))
    n: int = Field(sa_column=Column(Integer, nullable=False))


class Counters:
    """Over the database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def added(self, names: Sequence[str], now: float) -> Work:
        """One more of each, twice where a name is there twice; for a transaction. now: unix s."""
        day, counted = _day(now), sorted(Counter(names).items())  # always in one order, so that none waits for another

        async def work(session: AsyncSession) -> None:
            dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
            table = CountRow.__table__  # type: ignore[attr-defined]
            for name, n in counted:
                insert: Any = dialect.insert(table).values(day=day, name=name, n=n)
                more = {"n": table.c.n + insert.excluded.n}
                await session.execute(insert.on_conflict_do_update(index_elements=["day", "name"], set_=more))

        return work

    async def add(self, names: Sequence[str], now: float) -> None:
        """`added` in a transaction of its own; that it failed is logged."""
        if not names:
            return
        try:
            await self._store.transaction(self.added(names, now))
        except StorageError as error:
            _log.error("something could not be counted: %s", error)

    async def totals(self, since: float, until: float) -> dict[str, int]:
        """Name -> how often, over the days (UTC) from that of `since` to before that of `until`, unix s."""

        async def work(session: AsyncSession) -> Sequence[Any]:
            there = (col(CountRow.day) >= _day(since)) & (col(CountRow.day) < _day(until))
            query = select(col(CountRow.name), func.sum(col(CountRow.n))).where(there)
            return (await session.execute(query.group_by(col(CountRow.name)))).all()

        return {name: int(n) for name, n in await self._store.transaction(work)}


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()
