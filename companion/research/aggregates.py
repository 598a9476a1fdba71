"""What is there to research, in numbers from which nobody can be told: who agrees, and nobody else, counts.

Every person counts once: they are counted, or have one value each in a mean. What fewer than 11 people are in is not
told (the CMS rule for cells), nor can it be told from the rest where cells add up to a total; what is told is rounded,
so that one person who comes or goes seldom changes it. These are numbers for planning on the inside; what is to be
published takes the noise of `disclosure.budget`.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from affect.trajectory import MOST_UNCERTAIN
from companion.records.summaries import SummaryRow
from companion.records.tables import TurnRow
from companion.research.disclosure.bands import UNKNOWN
from companion.research.disclosure.budget import SMALLEST_CELL
from companion.research.export.people import Sources
from companion.research.export.register import Register
from companion.research.export.request import Filters

STEP = 5  # people are counted in so many, downwards; authored
GRAIN = 0.05  # of means and shares; authored
COHORTS, WEEKS = 12, 8  # weeks in which people began, and weeks that they are followed for; authored
OTHER = "other"
_BATCH = 200  # people at a time in memory
_affect: Any = TurnRow.affect
_models: Any = TurnRow.models


@dataclass(frozen=True, slots=True)
class Totals:
    """People, those of them who agree to training too, talks, turns, rated replies. None: of fewer than 11 people."""

    people: int | None
    training: int | None
    dialogues: int | None
    turns: int | None
    rated: int | None


@dataclass(frozen=True, slots=True)
class Group:
    """People who share something, as `Totals` has them; named "other" where they are small groups put together."""

    name: str
    people: int | None
    dialogues: int | None
    turns: int | None


@dataclass(frozen=True, slots=True)
class Hour:
    """Affect in one hour of the day, 0..23 where people are. valence: -1..1, the mean of people's means."""

    hour: int
    people: int | None
    valence: float | None


@dataclass(frozen=True, slots=True)
class Cohort:
    """People who began in one week. week: its Monday, YYYY-MM-DD; back: how many talked again so many whole weeks
    later, from 1 on, of the weeks that are over."""

    week: str
    people: int | None
    back: Sequence[int | None]


@dataclass(frozen=True, slots=True)
class Rating:
    """Of a model's replies. people: who rated; likes: the mean of each one's share of likes, 0..1."""

    model: str
    people: int | None
    likes: float | None


@dataclass(frozen=True, slots=True)
class Aggregates:
    """All that is told. as_of: unix s, the midnight up to which it counts."""

    as_of: float
    timezone: str
    totals: Totals
    languages: Sequence[Group]
    hours: Sequence[Hour]
    cohorts: Sequence[Cohort]
    models: Sequence[Rating]


def told(people: int) -> int | None:
    """A number of people: None below 11, else rounded down to a multiple of 5, to 11 at least."""
    return None if people < SMALLEST_CELL else max(SMALLEST_CELL, people - people % STEP)


def coarse(count: int) -> int:
    """A number of things, rounded down to two digits."""
    scale = int(10 ** max(0, len(str(count)) - 2))
    return count - count % scale


def part(people: int, whole: int) -> int | None:
    """A number of people out of others: None also where fewer than 11, but not none, are left."""
    return None if 0 < whole - people < SMALLEST_CELL else told(people)


def mean(values: Sequence[float]) -> float | None:
    """Of one value a person, rounded; None of fewer than 11."""
    if len(values) < SMALLEST_CELL:
        return None
    return round(round(sum(values) / len(values) / GRAIN) * GRAIN, 2)


def merged(groups: Mapping[str, Sequence[int]]) -> list[tuple[str, Sequence[int]]]:
    """Groups of which each, if there is more than one, has 11 people; the small ones are one, with as many more as it
    takes. groups: by name, numbers of which the first is people. The largest first, "other" last."""
    order = sorted(groups.items(), key=lambda item: (item[1][0], item[0]))
    small = [numbers for _, numbers in order if numbers[0] < SMALLEST_CELL]
    rest = order[len(small) :]
    while small and sum(numbers[0] for numbers in small) < SMALLEST_CELL and rest:
        small.append(rest.pop(0)[1])
    found: list[tuple[str, Sequence[int]]] = list(reversed(rest))
    if small:
        found.append((OTHER, [sum(column) for column in zip(*small, strict=True)]))
    return found


@dataclass(slots=True)
class Tally:
    """What is counted, batch after batch of people. zone: of hours and weeks; today: the day that is not over."""

    zone: ZoneInfo
    today: date
    people: int = 0
    training: int = 0
    raters: int = 0
    sums: Counter[str] = field(default_factory=Counter)
    languages: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0]))
    hours: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    began: Counter[date] = field(default_factory=Counter)
    back: Counter[tuple[date, int]] = field(default_factory=Counter)
    likes: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def talks(self, rows: Iterable[Any], training: Iterable[str]) -> None:
        """rows: user_id, started_at, turns, language of each talk. training: ids of who agrees to it."""
        of: dict[str, list[Any]] = defaultdict(list)
        for row in rows:
            of[row[0]].append(row)
        self.people += len(of)
        self.training += len(of.keys() & set(training))
        for mine in of.values():
            turns, spoken = sum(row[2] for row in mine), Counter(row[3] or UNKNOWN for row in mine)
            main = max(sorted(spoken), key=lambda one: spoken[one])
            for place, number in enumerate((1, len(mine), turns)):
                self.languages[main][place] += number
            self.sums += Counter(dialogues=len(mine), turns=turns)
            weeks = {_monday(datetime.fromtimestamp(row[1], self.zone).date()) for row in mine}
            first = min(weeks)
            self.began[first] += 1
            self.back.update((first, (week - first).days // 7) for week in weeks)

    def felt(self, rows: Iterable[Any]) -> None:
        """rows: user_id, created_at, valence, uncertainty of each turn."""
        of: dict[tuple[str, int], list[float]] = defaultdict(lambda: [0.0, 0.0])
        for user_id, at, valence, uncertainty in rows:
            if valence is not None and (uncertainty or 0.0) <= MOST_UNCERTAIN:
                sums, weight = of[user_id, datetime.fromtimestamp(at, self.zone).hour], 1 - (uncertainty or 0.0)
                sums[0] += weight * min(1.0, max(-1.0, valence))
                sums[1] += weight
        for (_, hour), (total, weight) in of.items():
            if weight > 0:
                self.hours[hour].append(total / weight)

    def rated(self, rows: Iterable[Any]) -> None:
        """rows: user_id, model, rating, how often."""
        of: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for user_id, model, rating, count in rows:
            self.sums["rated"] += count
            of[user_id, model or UNKNOWN][rating] += count
        self.raters += len({user_id for user_id, _ in of})
        for (_, model), counts in of.items():
            self.likes[model].append(counts["like"] / counts.total())

    def aggregates(self, as_of: float) -> Aggregates:
        """What of it is told."""
        people = told(self.people)
        totals = Totals(
            people,
            part(self.training, self.people),
            None if people is None else coarse(self.sums["dialogues"]),
            None if people is None else coarse(self.sums["turns"]),
            None if self.raters < SMALLEST_CELL else coarse(self.sums["rated"]),
        )
        languages = [
            Group(name, told(n), *(None if n < SMALLEST_CELL else coarse(count) for count in counts))
            for name, (n, *counts) in merged(self.languages)
        ]
        hours = [Hour(hour, told(len(self.hours[hour])), mean(self.hours[hour])) for hour in range(24)]
        newest = _monday(self.today)
        mondays = [newest - timedelta(weeks=back) for back in range(COHORTS - 1, -1, -1)]
        models = [Rating(model, told(len(likes)), mean(likes)) for model, likes in sorted(self.likes.items())]
        return Aggregates(
            as_of, self.zone.key, totals, languages, hours, [self._cohort(monday) for monday in mondays], models
        )

    def _cohort(self, monday: date) -> Cohort:
        whole = self.began[monday]
        over = min(WEEKS, (_monday(self.today) - monday).days // 7 - 1)  # the week of today is not over
        back = [
            None if whole < SMALLEST_CELL else part(self.back[monday, later], whole) for later in range(1, over + 1)
        ]
        return Cohort(monday.isoformat(), told(whole), back)


class Overview:
    """Counts at most once a day, and again where somebody decided otherwise or was erased. Raises StorageError."""

    def __init__(self, sources: Sources, register: Register) -> None:
        self._sources, self._register = sources, register
        self._alone = asyncio.Lock()
        self._known: tuple[Any, Aggregates] | None = None

    async def at(self, now: float) -> Aggregates:
        """As of the midnight before now, unix s, where people are."""
        as_of, tally = self._empty(now)
        async with self._alone:
            mark = (as_of, await self._register.marks())
            if self._known is None or self._known[0] != mark:
                self._known = (mark, (await self._counted(as_of, tally)).aggregates(as_of))
            return self._known[1]

    async def tally(self, now: float) -> Tally:
        """What is behind `at`, exact: nobody may see it but who draws noise."""
        return await self._counted(*self._empty(now))

    def _empty(self, now: float) -> tuple[float, Tally]:
        zone = ZoneInfo(self._sources.timezone)
        today = datetime.fromtimestamp(now, zone).date()
        as_of = datetime(today.year, today.month, today.day, tzinfo=zone).astimezone(UTC).timestamp()
        return as_of, Tally(zone, today)

    async def _counted(self, as_of: float, tally: Tally) -> Tally:
        batch: list[str] = []
        async for user_id in self._sources.candidates(Filters(), as_of):
            batch.append(user_id)
            if len(batch) == _BATCH:
                await self._add(batch, as_of, tally)
                batch = []
        if batch:
            await self._add(batch, as_of, tally)
        return tally

    async def _add(self, ids: Sequence[str], as_of: float, tally: Tally) -> None:
        talks, felt, rated = _queries(ids, as_of)

        async def work(session: AsyncSession) -> list[Sequence[Any]]:
            return [(await session.execute(query)).all() for query in (talks, felt, rated)]

        found = await self._sources.store.transaction(work)
        given = self._sources.consents.given
        training = [user_id for user_id in ids if await given(user_id, "training") is True]
        await asyncio.to_thread(tally.talks, found[0], training)
        await asyncio.to_thread(tally.felt, found[1])
        await asyncio.to_thread(tally.rated, found[2])


def _queries(ids: Sequence[str], as_of: float) -> tuple[Any, Any, Any]:
    whose = col(SummaryRow.user_id)
    talks = select(whose, col(SummaryRow.started_at), col(SummaryRow.turns), col(SummaryRow.language))
    turn, at = col(TurnRow.user_id), col(TurnRow.created_at)
    model, rating = _models["chat"].as_string(), col(TurnRow.rating)
    felt = select(turn, at, _affect["valence"].as_float(), _affect["uncertainty"].as_float())
    rated = select(turn, model, rating, func.count()).where(rating.is_not(None))
    by_model = or_(col(TurnRow.answered_by).is_(None), col(TurnRow.answered_by) == "model")
    there = (turn.in_(ids), at <= as_of, col(TurnRow.state) != "deleted")
    return (
        talks.where(whose.in_(ids), col(SummaryRow.started_at) <= as_of),
        felt.where(*there, col(TurnRow.affect).is_not(None)),
        rated.where(*there, by_model).group_by(turn, model, rating),
    )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
