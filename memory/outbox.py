"""Turns that are still to be learnt from: a durable outbox in SQL.

A turn goes in within the transaction that records it, and is taken out within the one that keeps what was learnt
from it: a crash loses nothing and doubles nothing. Two stages: the rules read every turn at once; where a model is
set to read too, the turn waits for it in a batch.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from sqlalchemy import Boolean, Column, Double, ForeignKey, Integer, LargeBinary, String, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from memory.ledger import Cipher, Store, Work
from memory.types import UNKNOWN_FELT, Felt

STUCK = 5  # attempts after which somebody should look
AT_ONCE_S = 60.0  # the process that recorded a turn has so long for it before another one takes it
_BACK_OFF_S, _LONGEST_S = 30.0, 3600.0  # doubled with each attempt


class OutboxRow(SQLModel, table=True):
    """A turn that waits. sealed: its words. ruled: the rules have read it. not_before: unix s."""

    __tablename__: ClassVar[str] = "memory_outbox"

    turn_id: str = Field(sa_column=Column(String(128), primary_key=True))
    user_id: str = Field(
        sa_column=Column(
            String(128), ForeignKey("user.id", name="fk_outbox_user", ondelete="CASCADE"), nullable=False, index=True
        )
    )
    said_at: float = Field(sa_column=Column(Double, nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    ruled: bool = Field(default=False, sa_column=Column(Boolean, nullable=False))
    attempts: int = Field(default=0, sa_column=Column(Integer, nullable=False))
    not_before: float = Field(sa_column=Column(Double, nullable=False))
    error: str | None = Field(default=None, sa_column=Column(String(100)))


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said in one turn, and how it felt. said_at: unix s."""

    turn_id: str
    user_id: str
    session_id: str
    said_at: float
    user_text: str
    reply_text: str = ""
    language: str | None = None
    felt: Felt = UNKNOWN_FELT


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits. stuck: turns that failed STUCK times. oldest_at: unix s, None when nothing waits.

    errors: name of what went wrong last -> turns.
    """

    waiting: int
    stuck: int
    oldest_at: float | None
    errors: dict[str, int]


class AlreadyLearnt(Exception):
    """Another process was quicker with these turns: what it kept stands, this transaction is undone."""


class Outbox:
    """Turns of all people that wait. Raises what the store raises."""

    def __init__(self, store: Store, cipher: Cipher) -> None:
        self._store, self._cipher = store, cipher

    def added(self, spoken: Spoken) -> Work[None]:
        """Work that puts a turn in: to be done in the transaction that records it."""
        sealed = self._cipher.seal(spoken.user_id, json.dumps(asdict(spoken), ensure_ascii=False))

        async def work(session: AsyncSession) -> None:
            session.add(
                OutboxRow(
                    turn_id=spoken.turn_id,
                    user_id=spoken.user_id,
                    said_at=spoken.said_at,
                    sealed=sealed,
                    not_before=spoken.said_at + AT_ONCE_S,
                )
            )

        return work

    async def waiting(self, user_id: str, *, ruled: bool | None = None) -> list[Spoken]:
        """The person's waiting turns, oldest first; ruled: only those that the rules have, or have not, read."""

        async def work(session: AsyncSession) -> Sequence[OutboxRow]:
            query = select(OutboxRow).where(col(OutboxRow.user_id) == user_id)
            if ruled is not None:
                query = query.where(col(OutboxRow.ruled) == ruled)
            return (await session.execute(query.order_by(col(OutboxRow.said_at)))).scalars().all()

        return [self._spoken(row) for row in await self._store.transaction(work)]

    async def due(self, now: float) -> list[str]:
        """People with turns whose time has come."""

        async def work(session: AsyncSession) -> list[str]:
            query = select(col(OutboxRow.user_id)).where(col(OutboxRow.not_before) <= now).distinct()
            return list((await session.execute(query)).scalars())

        return await self._store.transaction(work)

    def settled(self, turn_ids: Sequence[str]) -> Work[None]:
        """Work that takes turns out for good. Raises AlreadyLearnt when one of them is not there any more."""

        async def work(session: AsyncSession) -> None:
            gone: Any = await session.execute(delete(OutboxRow).where(col(OutboxRow.turn_id).in_(turn_ids)))
            if gone.rowcount != len(turn_ids):
                raise AlreadyLearnt

        return work

    def ruled(self, turn_ids: Sequence[str]) -> Work[None]:
        """Work that notes that the rules have read turns. Raises AlreadyLearnt when they had."""

        async def work(session: AsyncSession) -> None:
            unread = col(OutboxRow.turn_id).in_(turn_ids) & (col(OutboxRow.ruled) == False)  # noqa: E712
            done: Any = await session.execute(update(OutboxRow).where(unread).values(ruled=True))
            if done.rowcount != len(turn_ids):
                raise AlreadyLearnt

        return work

    async def postpone(self, turn_ids: Sequence[str], until: float) -> None:
        """Nobody else takes these before `until` (unix s)."""

        async def work(session: AsyncSession) -> None:
            waiting = col(OutboxRow.turn_id).in_(turn_ids)
            await session.execute(update(OutboxRow).where(waiting).values(not_before=until))

        await self._store.transaction(work)

    async def failed(self, turn_ids: Sequence[str], now: float, error: str) -> None:
        """One more attempt came to nothing; the next one comes later. error: a name, no words."""

        async def work(session: AsyncSession) -> None:
            rows = await session.execute(select(OutboxRow).where(col(OutboxRow.turn_id).in_(turn_ids)))
            for row in rows.scalars():
                row.attempts += 1
                row.not_before = now + min(_LONGEST_S, _BACK_OFF_S * 2 ** (row.attempts - 1))
                row.error = error[:100]

        await self._store.transaction(work)

    async def drop(self, user_id: str, turn_ids: Sequence[str]) -> None:
        """Learn nothing more from these turns."""

        async def work(session: AsyncSession) -> None:
            mine = (col(OutboxRow.user_id) == user_id) & col(OutboxRow.turn_id).in_(turn_ids)
            await session.execute(delete(OutboxRow).where(mine))

        await self._store.transaction(work)

    async def backlog(self) -> Backlog:
        """What waits, of everybody."""

        async def work(session: AsyncSession) -> Backlog:
            waiting, oldest = (
                await session.execute(select(func.count(), func.min(OutboxRow.said_at)).select_from(OutboxRow))
            ).one()
            stuck = await session.scalar(
                select(func.count()).select_from(OutboxRow).where(col(OutboxRow.attempts) >= STUCK)
            )
            failing = select(col(OutboxRow.error), func.count()).where(col(OutboxRow.error).is_not(None))
            errors = {str(name): n for name, n in await session.execute(failing.group_by(col(OutboxRow.error)))}
            return Backlog(waiting, stuck or 0, oldest, errors)

        return await self._store.transaction(work)

    def _spoken(self, row: OutboxRow) -> Spoken:
        kept = json.loads(self._cipher.open(row.user_id, row.sealed))
        return Spoken(**{**kept, "felt": Felt(**kept["felt"])})
