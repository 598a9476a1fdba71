"""Sessions as a list tells of them: filtered, newest first, page by page, without a look at their turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, String, cast, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from companion.records.cases import CaseState, RiskCaseRow, printable
from companion.records.database import Store
from companion.records.summaries import SummaryRow
from companion.records.tables import SessionRow
from companion.review.reading import Reader, Reading

After = tuple[float, str]  # started_at and id of the last session of a page


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which sessions. since, until: unix s, [since, until) of their beginning. level_min: 0..4, of what was read or is
    held. incongruence_min: 0..1. state: of the trajectory; model: that answered; rating: that a reply was given.
    """

    person: str | None = None
    since: float | None = None
    until: float | None = None
    level_min: int = 0
    incongruence_min: float = 0.0
    state: str | None = None
    model: str | None = None
    rating: Literal["like", "dislike"] | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A session and its summary; where nothing was said yet, summary is None. seen_at: when its client was last there,
    None where it has ended. held: 0..4. case: id and state of the newest."""

    id: str
    user_id: str
    started_at: float
    ended_at: float | None
    persona: str | None
    seen_at: float | None
    held: int
    summary: SummaryRow | None
    case: tuple[str, CaseState] | None


_query = select(SessionRow, SummaryRow).join(SummaryRow, col(SummaryRow.session_id) == col(SessionRow.id))


async def sessions(
    store: Store, reading: Reading, reader: Reader, wanted: Wanted, *, limit: int, after: After | None
) -> tuple[list[Listed], After | None]:
    """A page of those that they may read, and what to ask for the next with, None where there are no more.

    A page may have fewer than `limit` though others follow: children's are left out after it was read.
    """
    query = _query.where(*_conditions(reader, wanted))
    query = query.where(reading.session_readable(reader, col(SummaryRow.user_id), col(SummaryRow.session_id)))
    order = tuple_(col(SummaryRow.started_at), col(SummaryRow.session_id))
    if after is not None:
        query = query.where(order < tuple_(*after))
    query = query.order_by(col(SummaryRow.started_at).desc(), col(SummaryRow.session_id).desc()).limit(limit + 1)
    found = await _read(store, query)
    more = (found[limit - 1].started_at, found[limit - 1].id) if len(found) > limit else None
    found = found[:limit]
    children = await reading.children([each.user_id for each in found])
    return [
        each
        for each in found
        if each.user_id not in children or await reading.of(reader, each.user_id, each.id) != "no"
    ], more


async def count(store: Store, user_id: str) -> int:
    """In how many sessions a person said something."""

    async def work(session: AsyncSession) -> int:
        mine = select(func.count()).select_from(SummaryRow).where(col(SummaryRow.user_id) == user_id)
        return await session.scalar(mine) or 0

    return await store.transaction(work)


async def one(store: Store, session_id: str) -> Listed | None:
    """The session of this id, whoever may see it; None for an id that is nobody's."""
    if not printable(session_id):
        return None
    query = select(SessionRow, SummaryRow).outerjoin(SummaryRow, col(SummaryRow.session_id) == col(SessionRow.id))
    return next(iter(await _read(store, query.where(col(SessionRow.id) == session_id))), None)


def _conditions(reader: Reader, wanted: Wanted) -> list[ColumnElement[bool]]:
    row, found = SummaryRow, list[ColumnElement[bool]]()
    if reader.people is not None:
        found.append(col(row.user_id).in_(reader.people))
    if wanted.person is not None:
        found.append(col(row.user_id) == wanted.person)
    if wanted.since is not None:
        found.append(col(row.started_at) >= wanted.since)
    if wanted.until is not None:
        found.append(col(row.started_at) < wanted.until)
    if wanted.level_min:
        found.append(or_(col(row.level) >= wanted.level_min, col(SessionRow.risk_level) >= wanted.level_min))
    if wanted.incongruence_min:
        found.append(col(row.incongruence) >= wanted.incongruence_min)
    if wanted.state is not None:
        found.append(col(row.state) == wanted.state)
    if wanted.model is not None:
        found.append(cast(col(row.models), String).contains(f'"{wanted.model}"', autoescape=True))
    if wanted.rating is not None:
        found.append((col(row.likes) if wanted.rating == "like" else col(row.dislikes)) > 0)
    return found


async def _read(store: Store, query: Any) -> list[Listed]:
    async def work(session: AsyncSession) -> tuple[Sequence[Any], Sequence[Any]]:
        rows = (await session.execute(query)).all()
        ids = [row[0].id for row in rows]
        of = select(col(RiskCaseRow.session_id), col(RiskCaseRow.id), col(RiskCaseRow.state))
        cases = of.where(col(RiskCaseRow.session_id).in_(ids)).order_by(col(RiskCaseRow.asked_at))
        return rows, (await session.execute(cases)).all() if ids else ()

    rows, cases = await store.transaction(work)
    newest = {session_id: (case_id, state) for session_id, case_id, state in cases}
    return [
        Listed(
            row.id,
            row.user_id,
            row.started_at,
            row.ended_at,
            row.persona,
            None if row.ended_at is not None else row.seen_at or row.started_at,
            row.risk_level or 0,
            summary,
            newest.get(row.id),
        )
        for row, summary in rows
    ]
