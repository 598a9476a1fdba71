"""What staff may read of a person whom they may see: only what the person agreed to, or what a danger excuses.

As people are promised (consent/texts, counsellor_review): a counsellor reads while they agree. Without it, a session is
open to staff while a case of it is, and all of a person's to whoever broke the glass for them, which they must give a
reason for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from companion.consent.purposes import Purpose
from companion.records.caseload import BreakGlassRow
from companion.records.cases import RiskCaseRow
from companion.records.consents import ConsentRow, Consents
from companion.records.database import Store

Readable = Literal["agreed", "danger", "no"]
_PURPOSE: Purpose = "counsellor_review"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads. people: whom they may see by name, None for everybody; now: unix s."""

    staff_id: str
    people: frozenset[str] | None
    now: float


class Reading:
    """Over the database. Raises StorageError."""

    def __init__(self, store: Store, consents: Consents) -> None:
        self._store, self._consents = store, consents

    async def of(self, reader: Reader, user_id: str, session_id: str | None = None) -> Readable:
        """Whether they may read of this person, or at least of this session of theirs."""
        if await self._consents.given(user_id, _PURPOSE):
            return "agreed"
        danger = _broken(reader, user_id)
        if session_id is not None:
            danger = or_(danger, _case_of(session_id))

        async def work(session: AsyncSession) -> bool:
            return bool(await session.scalar(select(danger)))

        return "danger" if await self._store.transaction(work) else "no"

    async def may_hear(self, user_id: str) -> bool:
        """Whether their recordings may be played: they agreed to both, that they are kept and that somebody looks."""
        given = self._consents.given
        return bool(await given(user_id, "audio_retention") and await given(user_id, _PURPOSE))

    def agreed(self, user_id: Any) -> ColumnElement[bool]:
        """A condition: this person (a column, or an id) said yes to the text in force. See `children`."""
        row, later = aliased(ConsentRow), aliased(ConsentRow)
        wording = self._consents.wordings[_PURPOSE]
        in_force = col(row.version).in_((wording.version, *sorted(wording.same_as)))
        same = (col(later.user_id) == col(row.user_id)) & (col(later.purpose) == _PURPOSE)
        outdated = exists(select(col(later.id)).where(same, col(later.id) > col(row.id)))
        yes = (col(row.user_id) == user_id) & (col(row.purpose) == _PURPOSE) & col(row.given)
        return exists(select(col(row.id)).where(yes, in_force, ~outdated))

    def session_readable(self, reader: Reader, user_id: Any, session_id: Any) -> ColumnElement[bool]:
        """A condition: they may read this session of this person (columns, or ids)."""
        return or_(self.agreed(user_id), _case_of(session_id), _broken(reader, user_id))

    def broken(self, reader: Reader, user_id: Any) -> ColumnElement[bool]:
        """A condition: they broke the glass for this person (a column, or an id)."""
        return _broken(reader, user_id)

    async def children(self, user_ids: Sequence[str]) -> set[str]:
        """Those of them whose own yes does not count, as it takes a guardian's."""
        young = [user_id for user_id in sorted(set(user_ids)) if await self._consents.is_child(user_id)]
        return {user_id for user_id in young if not await self._consents.given(user_id, _PURPOSE)}


def _case_of(session_id: Any) -> ColumnElement[bool]:
    open_ = (col(RiskCaseRow.session_id) == session_id) & col(RiskCaseRow.closed_at).is_(None)
    return exists(select(col(RiskCaseRow.id)).where(open_))


def _broken(reader: Reader, user_id: Any) -> ColumnElement[bool]:
    mine = (col(BreakGlassRow.staff_id) == reader.staff_id) & (col(BreakGlassRow.user_id) == user_id)
    now = (col(BreakGlassRow.since) <= reader.now) & (col(BreakGlassRow.until) > reader.now)
    return exists(select(col(BreakGlassRow.id)).where(mine & now))
