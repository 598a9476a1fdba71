"""What of the queue a member of staff gets to see, with what it takes to judge it: pages, and one case at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import and_, case, func, null, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from companion.records.cases import Cases, CaseState, Outcome, RiskCaseRow, printable
from companion.records.staff import StaffRow
from companion.records.tables import SessionRow, TurnRow, UserRow

Which = Literal["open", "mine", "closed"]
After = tuple[float, int, float, str]  # where a page ended; see `Page.after`


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks. people: whom they may see by name, None for everybody."""

    staff_id: str
    people: frozenset[str] | None

    def may_see(self, user_id: str) -> bool:
        """Whether they may see this person by name."""
        return self.people is None or user_id in self.people


@dataclass(frozen=True, slots=True)
class Voice:
    """How the newest turn sounded. valence, arousal: -1..1; incongruence with the words: 0..1. None: unknown."""

    valence: float | None
    arousal: float | None
    incongruence: float | None


@dataclass(frozen=True, slots=True)
class Case:
    """A case as its viewer may see it; said and note are None where they may not see the person. Times: unix s.

    claimed_by: id and name. seen_at: when the person was last there, None where the talk has ended.
    """

    id: str
    session_id: str
    user_id: str
    state: CaseState
    level: int
    kinds: Sequence[str]
    reasons: Sequence[str]
    said: str | None
    priority: int
    asked_at: float
    due_at: float
    claimed_by: tuple[str, str] | None
    claimed_at: float | None
    closed_at: float | None
    outcome: Outcome | None
    note: str | None
    language: str | None
    voice: Voice | None
    seen_at: float | None

    def late(self, now: float) -> bool:
        """Whether somebody should have come, or something have come of it, before now."""
        return self.state in ("waiting", "claimed") and now > self.due_at


@dataclass(frozen=True, slots=True)
class Page:
    """Some cases. after: what to ask for the next ones with, None where there are no more."""

    cases: Sequence[Case]
    after: After | None


_newest = (
    select(col(TurnRow.id))
    .where(col(TurnRow.session_id) == col(RiskCaseRow.session_id), col(TurnRow.affect).is_not(null()))
    .order_by(col(TurnRow.index).desc())
    .limit(1)
    .correlate(RiskCaseRow)
    .scalar_subquery()
)
_all = (
    select(
        RiskCaseRow,
        col(StaffRow.name),
        col(UserRow.wrapped_key),
        func.coalesce(col(SessionRow.seen_at), col(SessionRow.started_at)),
        col(SessionRow.ended_at),
        col(SessionRow.language),
        col(TurnRow.language),
        col(TurnRow.affect),
        col(TurnRow.affect_voice),
    )
    .join(UserRow, col(UserRow.id) == col(RiskCaseRow.user_id))
    .join(SessionRow, col(SessionRow.id) == col(RiskCaseRow.session_id))
    .outerjoin(StaffRow, col(StaffRow.id) == col(RiskCaseRow.claimed_by))
    .outerjoin(TurnRow, col(TurnRow.id) == _newest)
)
_open: Any = col(RiskCaseRow.closed_at).is_(None)
_waiting: Any = col(RiskCaseRow.state) == "waiting"


async def page(cases: Cases, viewer: Viewer, which: Which, now: float, *, limit: int, after: After | None) -> Page:
    """Some cases: open ones the late first, then by priority and by when they are due; closed ones newest first.

    Somebody sees the cases of their people, and, while they wait for whoever comes, all others too.
    """
    at = after[0] if after else now  # later pages keep the order of the first, whatever gets late meanwhile
    row = RiskCaseRow
    query = _all
    theirs = None if viewer.people is None else col(row.user_id).in_(viewer.people)
    if which == "closed":
        query = query.where(~_open if theirs is None else ~_open & theirs)
        order: Any = tuple_(col(row.closed_at), col(row.id))
        if after:
            query = query.where(order < tuple_(after[2], after[3]))
        query = query.order_by(col(row.closed_at).desc(), col(row.id).desc())
    else:
        query = query.where(_open)
        if which == "mine":
            query = query.where(col(row.claimed_by) == viewer.staff_id)
        if theirs is not None:
            query = query.where(theirs if which == "mine" else or_(_waiting, theirs))
        late = and_(col(row.due_at) < at, col(row.state).in_(("waiting", "claimed")))
        rank = case((late, 0), else_=4) + col(row.priority)
        if after:
            query = query.where(tuple_(rank, col(row.due_at), col(row.id)) > tuple_(*after[1:]))
        query = query.order_by(rank, col(row.due_at), col(row.id))
    found = await _read(cases, viewer, query.limit(limit + 1))
    if len(found) <= limit:
        return Page(found, None)
    found = found[:limit]
    last = found[-1]
    if which == "closed":
        return Page(found, (at, 0, last.closed_at or 0.0, last.id))
    return Page(found, (at, (0 if last.late(at) else 4) + last.priority, last.due_at, last.id))


async def one(cases: Cases, viewer: Viewer, case_id: str) -> Case | None:
    """The case of this id, whether they may see it or not; without words where they may not."""
    return next(iter(await _read(cases, viewer, _all.where(col(RiskCaseRow.id) == case_id))), None)


async def of_session(cases: Cases, viewer: Viewer, session_id: str) -> Case | None:
    """The newest case of a session. As `one`."""
    newest = _all.where(col(RiskCaseRow.session_id) == session_id).order_by(col(RiskCaseRow.asked_at).desc()).limit(1)
    return next(iter(await _read(cases, viewer, newest)), None)


async def waiting(cases: Cases) -> set[str]:
    """The ids of all cases that wait."""

    async def work(session: AsyncSession) -> Sequence[str]:
        return (await session.execute(select(col(RiskCaseRow.id)).where(_open & _waiting))).scalars().all()

    return set(await cases.store.transaction(work))


async def person_of(cases: Cases, session_id: str) -> str | None:
    """The id of the person whose session this is; None for one that is nobody's."""

    async def work(session: AsyncSession) -> str | None:
        return await session.scalar(select(col(SessionRow.user_id)).where(col(SessionRow.id) == session_id))

    return await cases.store.transaction(work) if printable(session_id) else None


async def _read(cases: Cases, viewer: Viewer, query: Any) -> list[Case]:
    async def work(session: AsyncSession) -> Sequence[Any]:
        return (await session.execute(query)).all()

    return [_case(cases, viewer, *row) for row in await cases.store.transaction(work)]


def _case(
    cases: Cases,
    viewer: Viewer,
    row: RiskCaseRow,
    name: str | None,
    wrapped_key: bytes,
    seen_at: float | None,
    ended_at: float | None,
    begun_in: str | None,
    spoken: str | None,
    affect: Mapping[str, Any] | None,
    voice: Mapping[str, Any] | None,
) -> Case:
    said = note = None
    if viewer.may_see(row.user_id) and (row.said or row.note):
        if row.user_id not in cases.ring:
            cases.ring.admit(row.user_id, wrapped_key)
        said = row.said and cases.ring.open(row.user_id, row.said)
        note = row.note and cases.ring.open(row.user_id, row.note)
    return Case(
        row.id,
        row.session_id,
        row.user_id,
        row.state,  # type: ignore[arg-type]
        row.level,
        row.kinds,
        row.reasons,
        said or None,
        row.priority,
        row.asked_at,
        row.due_at,
        None if row.claimed_by is None else (row.claimed_by, name or ""),
        row.claimed_at,
        row.closed_at,
        row.outcome,  # type: ignore[arg-type]
        note or None,
        spoken or begun_in,
        _voice(affect or {}, voice),
        None if ended_at is not None else seen_at,
    )


def _voice(affect: Mapping[str, Any], voice: Mapping[str, Any] | None) -> Voice | None:
    if voice is None:
        return None
    odd = affect.get("incongruence") or {}
    return Voice(voice.get("valence"), voice.get("arousal"), odd.get("score"))
