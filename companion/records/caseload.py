"""Whom a member of staff may see, and how every look is written down.

Counsellors see the people of their caseload, and for some hours whom they broke the glass for; supervisors see all;
researchers and admins nobody by name.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import Column, Double, ForeignKey, Index, LargeBinary, String, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from companion.errors import InputError
from companion.records.audit import Audit
from companion.records.crypto import KeyRing
from companion.records.database import Store, Work
from companion.records.staff import Staff
from companion.records.tables import UserRow

LONGEST_H = 4.0  # that broken glass stays open
_REASON = (10, 500)  # characters; the upper end authored
_log = logging.getLogger(__name__)


class CaseloadRow(SQLModel, table=True):
    """A person is in somebody's care, since and until when (unix s; None: still)."""

    __tablename__: ClassVar[str] = "caseload"
    __table_args__ = (Index("ix_caseload_staff_user", "staff_id", "user_id"), Index("ix_caseload_user", "user_id"))

    id: str = Field(sa_column=Column(String(64), primary_key=True))
    staff_id: str = Field(
        sa_column=Column(
            String(64), ForeignKey("staff.id", name="fk_caseload_staff", ondelete="CASCADE"), nullable=False
        )
    )
    user_id: str = Field(
        sa_column=Column(
            String(128), ForeignKey("user.id", name="fk_caseload_user", ondelete="CASCADE"), nullable=False
        )
    )
    since: float = Field(sa_column=Column(Double, nullable=False))
    until: float | None = Field(default=None, sa_column=Column(Double))


class BreakGlassRow(SQLModel, table=True):
    """Somebody looked at whom they do not care for. reason: sealed with the person's key, as it tells of them."""

    __tablename__: ClassVar[str] = "break_glass"
    __table_args__ = (
        Index("ix_break_glass_staff_user", "staff_id", "user_id"),
        Index("ix_break_glass_user", "user_id"),
    )

    id: str = Field(sa_column=Column(String(64), primary_key=True))
    staff_id: str = Field(
        sa_column=Column(
            String(64), ForeignKey("staff.id", name="fk_break_glass_staff", ondelete="CASCADE"), nullable=False
        )
    )
    user_id: str = Field(
        sa_column=Column(
            String(128), ForeignKey("user.id", name="fk_break_glass_user", ondelete="CASCADE"), nullable=False
        )
    )
    since: float = Field(sa_column=Column(Double, nullable=False))
    until: float = Field(sa_column=Column(Double, nullable=False))
    reason: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


@dataclass(frozen=True, slots=True)
class BrokenGlass:
    """Why somebody looked where they had no leave. Times: unix s."""

    id: str
    staff_id: str
    user_id: str
    since: float
    until: float
    reason: str


class Caseload:
    """Over the database. Times are unix s. Raises StorageError."""

    def __init__(self, store: Store, ring: KeyRing, audit: Audit) -> None:
        self._store, self._ring, self._audit = store, ring, audit

    async def add(self, staff_id: str, user_id: str, now: float, *, by: str) -> None:
        """Put a person into somebody's care; nothing changes where they are. Raises InputError (not_found)."""
        await self._store.transaction(self.added(staff_id, user_id, now, by=by))

    def added(self, staff_id: str, user_id: str, now: float, *, by: str) -> Work:
        """`add` for a transaction."""

        async def work(session: AsyncSession) -> None:
            if await session.get(UserRow, user_id) is None:
                raise InputError("nobody of this id is here: they never were, or were erased", code="not_found")
            if await session.scalar(select(func.count()).where(_cares(staff_id, user_id, now))):
                return
            row = CaseloadRow(id=f"case_{uuid.uuid4().hex}", staff_id=staff_id, user_id=user_id, since=now)
            session.add(row)
            await self._audit.row(now, by, "caseload.add", user_id=user_id, to=staff_id)(session)

        return work

    async def remove(self, staff_id: str, user_id: str, now: float, *, by: str) -> None:
        """Take them out again, and end what glass was broken. Raises InputError (not_found) where there is neither."""

        async def work(session: AsyncSession) -> None:
            ended = 0
            for table, which in ((CaseloadRow, _cares), (BreakGlassRow, _broke)):
                done: Any = await session.execute(update(table).where(which(staff_id, user_id, now)).values(until=now))
                ended += done.rowcount
            if not ended:
                raise InputError("this person is not in that caseload: companion staff list", code="not_found")
            await self._audit.row(now, by, "caseload.remove", user_id=user_id, of=staff_id)(session)

        await self._store.transaction(work)

    async def people(self, staff: Staff, now: float) -> list[str]:
        """The ids of everybody they may see by name now, in order."""

        async def work(session: AsyncSession) -> Sequence[str]:
            if "supervisor" in staff.roles:
                return (await session.execute(select(col(UserRow.id)).order_by(col(UserRow.id)))).scalars().all()
            mine = select(col(CaseloadRow.user_id)).where(_cares(staff.id, None, now))
            broken = select(col(BreakGlassRow.user_id)).where(_broke(staff.id, None, now))
            return sorted((await session.execute(mine.union(broken))).scalars().all())

        return list(await self._store.transaction(work)) if staff.roles & {"counsellor", "supervisor"} else []

    async def may_see(self, staff: Staff, user_id: str, now: float) -> bool:
        """Whether they may see this person, who must be on record, by name. Nothing is written down."""

        async def work(session: AsyncSession) -> bool:
            return await _may_see(session, staff, user_id, now)

        return await self._store.transaction(work)

    async def seen(
        self,
        staff: Staff,
        user_id: str,
        action: str,
        now: float,
        *,
        object_id: str | None = None,
        also: Sequence[Work] = (),
    ) -> None:
        """Write down that they look (or do `also`, in the same transaction), before they get anything to see.

        Raises InputError (not_found) where they may not, whether the person is there or not; that too is written down.
        """

        async def work(session: AsyncSession) -> bool:
            allowed = await _may_see(session, staff, user_id, now)
            if allowed:
                for each in also:
                    await each(session)
                row = self._audit.row(now, staff.id, action, user_id=user_id, object_id=object_id)
            else:
                row = self._audit.row(now, staff.id, "refused", user_id=user_id, wanted=action)
            await row(session)
            return allowed

        if not await self._store.transaction(work):
            raise InputError("nobody of this id is among those that you may see", code="not_found")

    async def break_glass(self, staff: Staff, user_id: str, reason: str, now: float, *, hours: float) -> BrokenGlass:
        """See somebody whom they do not care for, in an emergency. hours: more than 0, 4 at most.

        Raises InputError for another time, a reason of fewer than 10 or more than 500 characters, for staff who are
        not counsellors (forbidden), and for a person who is not here (not_found).
        """
        reason = reason.strip()
        if "counsellor" not in staff.roles:
            raise InputError("only counsellors break the glass", code="forbidden")
        if not 0 < hours <= LONGEST_H:
            raise InputError(f"glass stays broken for more than 0 and at most {LONGEST_H:g} hours")
        if not _REASON[0] <= len(reason) <= _REASON[1]:
            raise InputError(f"say why, in {_REASON[0]} to {_REASON[1]} characters")
        row_id, until = f"glass_{uuid.uuid4().hex}", now + hours * 3600.0

        async def here(session: AsyncSession) -> bool:
            return await session.get(UserRow, user_id) is not None

        if not await self._store.transaction(here):
            raise InputError("nobody of this id is here: they never were, or were erased", code="not_found")
        await self._ring.load(user_id)
        sealed = self._ring.seal(user_id, reason)
        why = self._audit.hashed(f"{row_id}\n{reason}")  # another reason, put in later, does not fit
        told = self._audit.row(now, staff.id, "break_glass", user_id=user_id, object_id=row_id, hours=hours, reason=why)

        async def work(session: AsyncSession) -> None:
            session.add(
                BreakGlassRow(id=row_id, staff_id=staff.id, user_id=user_id, since=now, until=until, reason=sealed)
            )
            await told(session)

        await self._store.transaction(work)
        _log.warning("break glass: %s sees somebody outside their caseload for %g h (%s)", staff.id, hours, row_id)
        return BrokenGlass(row_id, staff.id, user_id, now, until, reason)

    async def broken_glass(self, *, latest: int = 100) -> list[BrokenGlass]:
        """What glass was broken, for supervisors to look at; newest first. Erased people's is gone with them."""

        async def work(session: AsyncSession) -> Sequence[BreakGlassRow]:
            query = select(BreakGlassRow).order_by(col(BreakGlassRow.since).desc()).limit(latest)
            return (await session.execute(query)).scalars().all()

        rows = await self._store.transaction(work)
        for row in rows:
            await self._ring.load(row.user_id)
        return [
            BrokenGlass(r.id, r.staff_id, r.user_id, r.since, r.until, self._ring.open(r.user_id, r.reason))
            for r in rows
        ]


async def _may_see(session: AsyncSession, staff: Staff, user_id: str, now: float) -> bool:
    if "supervisor" in staff.roles:
        return await session.get(UserRow, user_id) is not None
    if "counsellor" not in staff.roles:
        return False
    mine = select(func.count()).select_from(CaseloadRow).where(_cares(staff.id, user_id, now))
    broken = select(func.count()).select_from(BreakGlassRow).where(_broke(staff.id, user_id, now))
    return bool(await session.scalar(mine) or await session.scalar(broken))


def _cares(staff_id: str, user_id: str | None, now: float) -> Any:
    until = col(CaseloadRow.until)
    care = (col(CaseloadRow.staff_id) == staff_id) & (col(CaseloadRow.since) <= now) & (until.is_(None) | (until > now))
    return care if user_id is None else care & (col(CaseloadRow.user_id) == user_id)


def _broke(staff_id: str, user_id: str | None, now: float) -> Any:
    since, until = col(BreakGlassRow.since), col(BreakGlassRow.until)
    open_ = (col(BreakGlassRow.staff_id) == staff_id) & (since <= now) & (until > now)
    return open_ if user_id is None else open_ & (col(BreakGlassRow.user_id) == user_id)
