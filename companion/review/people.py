"""The people whom a member of staff may see: who they are, how their weeks went, what is known of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from affect.trajectory import MIN_TURNS, Point
from affect.weekly import Week, monday, weekly
from companion.records.database import Store
from companion.records.summaries import SummaryRow
from companion.records.tables import SessionRow, TurnRow, UserRow
from companion.review.reading import Readable, Reader, Reading
from memory.types import Memory

WEEKS = 8  # that a list tells of
LONGEST_WEEKS = 26  # that one person's page tells of; authored
_WEEK_S = 7 * 86_400.0
After = tuple[float, str]  # last_at and id of the last person of a page


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody. sessions: in which something was said; last_at: unix s, of their newest turn; held: 0..4, of the newest
    session that was read for danger. weeks: mean valence (-1..1) of the last WEEKS ISO weeks, the newest last.

    Where they are not readable, held is None and the weeks are too.
    """

    user_id: str
    sessions: int
    last_at: float | None
    held: int | None
    readable: Readable
    weeks: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Felt:
    """A week, and in how many of its turns a kind of incongruence was named."""

    week: Week
    incongruent: int


async def people(
    store: Store, reading: Reading, reader: Reader, timezone: str, *, limit: int, after: After | None
) -> tuple[list[Listed], After | None]:
    """A page of those whom they may see, who was there last first, and what to ask for the next with."""
    talked = (
        select(
            col(SummaryRow.user_id).label("user_id"),
            func.count().label("sessions"),
            func.max(col(SummaryRow.last_at)).label("last_at"),
        )
        .group_by(col(SummaryRow.user_id))
        .subquery()
    )
    last_at = func.coalesce(talked.c.last_at, 0.0)
    place = tuple_(last_at, col(UserRow.id))
    agreed, broken = reading.agreed(col(UserRow.id)).label("agreed"), reading.broken(reader, col(UserRow.id))
    count = func.coalesce(talked.c.sessions, 0).label("sessions")
    query = select(col(UserRow.id), count, talked.c.last_at, agreed, broken.label("broken"))
    query = query.outerjoin(talked, talked.c.user_id == col(UserRow.id))
    if reader.people is not None:
        query = query.where(col(UserRow.id).in_(reader.people))
    if after is not None:
        query = query.where(place < tuple_(*after))
    query = query.order_by(last_at.desc(), col(UserRow.id).desc()).limit(limit + 1)
    first = _weeks_before(reader.now, timezone)[0]

    async def work(session: AsyncSession) -> tuple[Sequence[Any], Sequence[Any], Sequence[Any]]:
        rows = (await session.execute(query)).all()
        ids = [row.id for row in rows]
        held = (
            select(col(SessionRow.user_id), col(SessionRow.risk_level))
            .where(col(SessionRow.user_id).in_(ids), col(SessionRow.risk_level).is_not(None))
            .order_by(col(SessionRow.started_at))
        )
        since = _at(first, timezone)
        means = select(
            *(col(SummaryRow.user_id), col(SummaryRow.started_at), col(SummaryRow.known)),
            *(col(SummaryRow.certainty), col(SummaryRow.valence_mean)),
        ).where(col(SummaryRow.user_id).in_(ids), col(SummaryRow.started_at) >= since)
        return rows, (await session.execute(held)).all(), (await session.execute(means)).all()

    rows, held, means = await store.transaction(work)
    levels = {user_id: level for user_id, level in held}  # the newest last
    by_person = defaultdict[str, list[tuple[float, int, float, float | None]]](list)
    for user_id, *mean in means:
        by_person[user_id].append((mean[0], mean[1], mean[2], mean[3]))
    children = await reading.children([row.id for row in rows[:limit] if row.agreed])
    found = []
    for row in rows[:limit]:
        said_yes = row.agreed and row.id not in children
        how: Readable = "agreed" if said_yes else "danger" if row.broken else "no"
        weeks = week_means(by_person[row.id], reader.now, timezone) if how != "no" else [None] * WEEKS
        level = levels.get(row.id) if how != "no" else None
        found.append(Listed(row.id, row.sessions, row.last_at, level, how, weeks))
    last = rows[limit - 1] if len(rows) > limit else None
    return found, None if last is None else (last.last_at or 0.0, last.id)


def week_means(
    sessions: Iterable[tuple[float, int, float, float | None]], now: float, timezone: str
) -> list[float | None]:
    """Mean valence of the last WEEKS ISO weeks, the newest last; None under MIN_TURNS turns that are known.

    sessions: when each began (unix s), known, certainty, valence_mean as in `Summary`; weighed by certainty, as in
    `affect.weekly`.
    """
    turns, sums, weights = defaultdict[date, int](int), defaultdict[date, float](float), defaultdict[date, float](float)
    for started_at, known, certainty, mean in sessions:
        if mean is not None:
            week = monday(_local(started_at, timezone))
            turns[week] += known
            sums[week] += mean * certainty
            weights[week] += certainty
    return [
        sums[week] / weights[week] if turns[week] >= MIN_TURNS and weights[week] > 0 else None
        for week in _weeks_before(now, timezone)
    ]


async def weeks_of(store: Store, user_id: str, now: float, timezone: str) -> list[Felt]:
    """The weeks in which the person's sessions began, oldest first, LONGEST_WEEKS at most."""
    affect: Any = TurnRow.affect
    since = _at(monday(_local(now, timezone)) - timedelta(weeks=LONGEST_WEEKS - 1), timezone)
    query = (
        select(
            *(col(TurnRow.session_id), col(TurnRow.created_at)),
            *(affect[name].as_float() for name in ("valence", "arousal", "uncertainty")),
            affect[("incongruence", "kind")].as_string(),
        )
        .where(col(TurnRow.user_id) == user_id, col(TurnRow.created_at) >= since, col(TurnRow.modality) != "told")
        .order_by(col(TurnRow.created_at))
    )

    async def work(session: AsyncSession) -> Sequence[Any]:
        return (await session.execute(query)).all()

    points, odd = defaultdict[str, list[Point]](list), defaultdict[str, int](int)
    for session_id, at, valence, arousal, uncertainty, kind in await store.transaction(work):
        points[session_id].append(Point(at, valence, arousal, 1.0 if uncertainty is None else uncertainty))
        odd[session_id] += kind is not None
    offset_s = _local(now, timezone) - now
    by_week = defaultdict[date, int](int)
    for session_id, of_session in points.items():
        by_week[monday(of_session[0].at_s + offset_s)] += odd[session_id]
    return [Felt(week, by_week[week.start]) for week in weekly(points.values(), offset_s)]


def with_history(memories: Sequence[Memory]) -> list[tuple[Memory, list[Memory]]]:
    """What nothing newer has taken the place of, each with what it took the place of, the newest first."""
    known = {memory.id: memory for memory in memories}
    before = defaultdict[str, list[Memory]](list)
    for memory in memories:
        if memory.superseded_by in known:
            before[memory.superseded_by].append(memory)
    return [(memory, _past(memory, before)) for memory in memories if memory.superseded_by not in known]


def _past(memory: Memory, before: Mapping[str, Sequence[Memory]]) -> list[Memory]:
    found, looked_at, at = list[Memory](), {memory.id}, [memory]
    while at:
        older = [each for newer in at for each in before.get(newer.id, ()) if each.id not in looked_at]
        looked_at |= {each.id for each in older}
        found, at = found + older, older
    return sorted(found, key=lambda each: -each.valid_from)


def _weeks_before(now: float, timezone: str) -> list[date]:
    this = monday(_local(now, timezone))
    return [this - timedelta(weeks=back) for back in range(WEEKS - 1, -1, -1)]


def _local(at: float, timezone: str) -> float:
    """Unix s plus the offset of local time then."""
    offset = datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(timezone)).utcoffset()
    return at + (offset.total_seconds() if offset else 0.0)


def _at(day: date, timezone: str) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(timezone)).timestamp()
