"""Tokens that are honoured no more before they expire, told to every replica through the database.

A row names a token, or everything that was issued to a person until a moment. What it names is hashed under a key, so
that nobody can go through ids, and an erased person leaves no name here.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from sqlalchemy import Column, Double, String, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from companion.records.database import Store

Kind = Literal["token", "user"]


class RevocationRow(SQLModel, table=True):
    """subject: keyed hash of what it names, hex. Tokens issued until issued_until are meant; kept_until: none of them
    can be alive any more, and the row goes. Unix seconds."""

    __tablename__: ClassVar[str] = "revocation"

    subject: str = Field(sa_column=Column(String(64), primary_key=True))
    issued_until: float = Field(sa_column=Column(Double, nullable=False))
    kept_until: float = Field(sa_column=Column(Double, nullable=False))


_row: Any = RevocationRow.__table__  # type: ignore[attr-defined]


class Revocations:
    """All of them in memory, as they were at the last `refresh`. key: the same in all replicas.

    Writing and refreshing raise StorageError.
    """

    def __init__(self, store: Store, key: bytes) -> None:
        self._store, self._key = store, key
        self._issued_until: dict[str, float] = {}
        self._stamp: tuple[int, float] = (0, 0.0)

    def covers(self, kind: Kind, name: str, issued_at: float) -> bool:
        """Whether a token issued at issued_at (unix s) that bears this name is revoked."""
        if not self._issued_until:
            return False
        until = self._issued_until.get(self._subject(kind, name))
        return until is not None and issued_at <= until

    async def revoke_token(self, token_id: str, kept_until: float) -> None:
        """One token, and what was made with it. kept_until: unix s when all of that has expired."""
        await self._revoke(self._subject("token", token_id), kept_until, kept_until)

    async def revoke_user(self, user_id: str, now: float, kept_until: float) -> None:
        """All tokens issued to a person until now, none of which is alive at kept_until (unix s)."""
        await self._revoke(self._subject("user", user_id), now, kept_until)

    async def _revoke(self, subject: str, issued_until: float, kept_until: float) -> None:
        mine = col(RevocationRow.subject) == subject
        values = {"issued_until": issued_until, "kept_until": kept_until}

        async def work(session: AsyncSession) -> None:
            # Never back to an earlier moment. Updated first: PostgreSQL ends a transaction in which an insert failed.
            older = mine & (col(RevocationRow.issued_until) < issued_until)
            await session.execute(update(RevocationRow).where(older).values(**values))
            if await session.scalar(select(func.count()).where(mine)) == 0:
                await session.execute(insert(_row).values(subject=subject, **values))

        try:
            await self._store.transaction(work, passing=IntegrityError)
        except IntegrityError:  # somebody revoked the same at the same moment: now there is a row to update
            await self._store.transaction(work)
        await self.refresh()

    async def refresh(self) -> None:
        """Read what other processes revoked; where nothing changed, that is one small query."""

        async def work(session: AsyncSession) -> tuple[tuple[int, float], Sequence[Any] | None]:
            count, total = (
                await session.execute(select(func.count(), func.sum(col(RevocationRow.issued_until))))
            ).one()
            stamp = (int(count), float(total or 0.0))
            if stamp == self._stamp:
                return stamp, None
            query = select(col(RevocationRow.subject), col(RevocationRow.issued_until))
            return stamp, (await session.execute(query)).all()

        stamp, rows = await self._store.transaction(work)
        if rows is not None:
            self._stamp, self._issued_until = stamp, {subject: until for subject, until in rows}

    async def prune(self, now: float) -> None:
        """Forget those that no living token can meet."""

        async def work(session: AsyncSession) -> None:
            await session.execute(delete(RevocationRow).where(col(RevocationRow.kept_until) < now))

        await self._store.transaction(work)

    def _subject(self, kind: Kind, name: str) -> str:
        return hmac.new(self._key, f"revoked\n{kind}\n{name}".encode(), "sha256").hexdigest()
