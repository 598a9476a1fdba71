"""What each person agreed to: every yes and no is kept, the newest one counts, and only for the text in force.

What stands is looked up in this process for at most `BELIEVED_S`; a decision made here counts at once, one made in
another process within that time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from sqlalchemy import Boolean, Column, Double, ForeignKey, Index, Integer, LargeBinary, String, event, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from companion.consent.purposes import PURPOSES, UNASKED, Purpose, Wording, purpose_of, wordings
from companion.errors import InputError, StorageError
from companion.records.crypto import KeyRing
from companion.records.database import Store, Work

By = Literal["person", "socket", "guardian", "operator"]
BELIEVED_S = 2.0  # how long a decision that was made in another process may take to count here
_REMEMBERED = 4096  # people
_log = logging.getLogger(__name__)


class ConsentRow(SQLModel, table=True):
    """One yes or no. version: of the text that was read; by: who said so, guardian: their id, sealed. at: unix s."""

    __tablename__: ClassVar[str] = "consent"
    __table_args__ = (Index("ix_consent_user_purpose", "user_id", "purpose"),)

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    user_id: str = Field(
        sa_column=Column(String(128), ForeignKey("user.id", name="fk_consent_user", ondelete="CASCADE"), nullable=False)
    )
    purpose: str = Field(sa_column=Column(String(32), nullable=False))
    given: bool = Field(sa_column=Column(Boolean, nullable=False))
    version: str = Field(sa_column=Column(String(64), nullable=False))
    language: str = Field(sa_column=Column(String(8), nullable=False))
    at: float = Field(sa_column=Column(Double, nullable=False))
    by: str = Field(sa_column=Column(String(16), nullable=False))
    guardian: bytes | None = Field(default=None, sa_column=Column(LargeBinary))


@dataclass(frozen=True, slots=True)
class Decision:
    """One yes or no, as it was said. at: unix s; guardian: who said it for a child."""

    purpose: Purpose
    given: bool
    version: str
    language: str
    at: float
    by: str
    guardian: str | None = None


@dataclass(frozen=True, slots=True)
class _Standing:
    given: Mapping[Purpose, bool | None]
    child: bool
    read_at: float


class Consents:
    """Over the database. required: purposes that must be asked for although they else hold unasked.

    child: awaited with a person's id; whether they are known to be so young that a guardian agrees for them. clock:
    seconds, only subtracted. Raises StorageError.
    """

    def __init__(
        self,
        store: Store,
        ring: KeyRing,
        *,
        required: Collection[Purpose] = (),
        audio_days: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._ring, self._clock = store, ring, clock
        self.required = frozenset(required)
        self.wordings: Mapping[Purpose, Wording] = wordings(audio_days)
        self.child: Callable[[str], Awaitable[bool | None]] = _unknown
        self._known: dict[str, _Standing] = {}
        self._changes = 0  # what was read before the newest is not to be believed after it

    def version(self, purpose: str) -> str:
        """Of the text in force. Raises InputError (unknown_purpose)."""
        return self.wordings[purpose_of(purpose)].version

    async def given(self, user_id: str, purpose: str) -> bool | None:
        """Whether the person agreed to the text in force: True, False (refused or withdrawn), None (not asked yet).

        A child's own yes counts as None: it takes a guardian's. Raises InputError (unknown_purpose).
        """
        return (await self._standing(user_id)).given[purpose_of(purpose)]

    async def allowed(self, user_id: str, purpose: str) -> bool:
        """Whether this may be done now: they said yes, or it is one of those that hold until somebody asks.

        Nothing holds unasked for a child. Raises InputError (unknown_purpose).
        """
        name, standing = purpose_of(purpose), await self._standing(user_id)
        said = standing.given[name]
        return self._unasked(name, child=standing.child) if said is None else said

    async def permits(self, user_id: str, purpose: str) -> bool:
        """`allowed`; where the database cannot tell, it is not."""
        try:
            return await self.allowed(user_id, purpose)
        except StorageError as error:
            _log.warning("without %s, as nobody can tell: %s", purpose, error)
            return False

    async def require(self, user_id: str, purpose: str) -> None:
        """Raises InputError (consent_needed) unless it is `allowed`."""
        if not await self.allowed(user_id, purpose):
            who = "a guardian has to agree" if await self.is_child(user_id) else "agree"
            raise InputError(
                f"this takes consent to {purpose}: {who} with PUT /v1/me/consents/{purpose} or companion.consent.set",
                code="consent_needed",
            )

    async def standing(self, user_id: str) -> Mapping[Purpose, bool | None]:
        """`given` for every purpose."""
        return (await self._standing(user_id)).given

    async def history(self, user_id: str) -> list[Decision]:
        """Everything that was said, oldest first. The person's key must be loaded."""

        async def work(session: AsyncSession) -> Sequence[ConsentRow]:
            mine = select(ConsentRow).where(col(ConsentRow.user_id) == user_id)
            return (await session.execute(mine.order_by(col(ConsentRow.id)))).scalars().all()

        return [
            Decision(
                purpose_of(row.purpose),
                row.given,
                row.version,
                row.language,
                row.at,
                row.by,
                None if row.guardian is None else self._ring.open(user_id, row.guardian),
            )
            for row in await self._store.transaction(work)
        ]

    def recorded(
        self,
        user_id: str,
        purpose: str,
        given: bool,
        *,
        version: str | None,
        language: str,
        now: float,
        by: By,
        guardian: str | None = None,
    ) -> Work:
        """A yes or a no goes on record; for a transaction, at whose commit it counts here.

        version: of the text that they read; a no may come without. guardian: id of who says so for a child. Raises
        InputError: unknown_purpose, and consent_outdated for a yes to another text than the one in force.
        """
        wording = self.wordings[purpose_of(purpose)]
        if given and version != wording.version:
            raise InputError(
                f"this is not the text in force: show version {wording.version} of {wording.purpose} "
                "(GET /v1/me/consents) and ask again",
                code="consent_outdated",
            )
        row: dict[str, Any] = {
            "user_id": user_id,
            "purpose": wording.purpose,
            "given": given,
            "version": wording.version,
            "language": language,
            "at": now,
            "by": by,
            "guardian": None if guardian is None else self._ring.seal(user_id, guardian),
        }

        async def work(session: AsyncSession) -> None:
            session.add(ConsentRow(**row))
            event.listen(session.sync_session, "after_commit", lambda _: self.forget(user_id), once=True)

        return work

    async def is_child(self, user_id: str) -> bool:
        """Whether a guardian has to agree for them, as far as is known."""
        return bool(await self.child(user_id))

    def forget(self, user_id: str) -> None:
        """Look this person's decisions up anew at the next use."""
        self._changes += 1
        self._known.pop(user_id, None)

    def _unasked(self, purpose: Purpose, *, child: bool) -> bool:
        return purpose in UNASKED and purpose not in self.required and not child

    async def _standing(self, user_id: str) -> _Standing:
        now = self._clock()
        known = self._known.get(user_id)
        if known is not None and now - known.read_at < BELIEVED_S:
            return known
        changes = self._changes

        async def work(session: AsyncSession) -> Sequence[Any]:
            newest = select(func.max(col(ConsentRow.id))).where(col(ConsentRow.user_id) == user_id)
            ids = newest.group_by(col(ConsentRow.purpose))
            wanted = (col(ConsentRow.purpose), col(ConsentRow.given), col(ConsentRow.version), col(ConsentRow.by))
            return (await session.execute(select(*wanted).where(col(ConsentRow.id).in_(ids)))).all()

        child = await self.is_child(user_id)
        rows = {row.purpose: row for row in await self._store.transaction(work)}
        given = {purpose: self._counts(self.wordings[purpose], rows.get(purpose), child) for purpose in PURPOSES}
        standing = _Standing(given, child, now)
        if changes == self._changes:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[user_id] = standing
        return standing

    def _counts(self, wording: Wording, row: Any, child: bool) -> bool | None:
        """What the newest decision means today."""
        if row is None:
            return None
        if not row.given:
            return False
        read = row.version == wording.version or row.version in wording.same_as
        return True if read and (row.by == "guardian" or not child) else None


async def _unknown(_: str) -> bool | None:
    return None
