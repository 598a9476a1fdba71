"""A person's affect week by week, over sessions. Pure. Weeks without a session are absent, not zero."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from affect.trajectory import Estimate, OwnBaseline, Point, trajectory

_DAY_S = 86400
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Week:
    """One ISO week in the person's local time. None: under six turns that are known, never zero.

    start: its Monday. sessions: that began in it. turns: all of theirs; known: those of known valence.
    valence, arousal: mean, -1..1. variability: sd of valence over the turns. below_share: share of the time within
    sessions under own baseline - 1 sd, 0..1. slope: valence per week, from the last week before it of known valence.
    """

    start: date
    sessions: int
    turns: int
    known: int
    valence: Estimate | None
    arousal: Estimate | None
    variability: Estimate | None
    below_share: Estimate | None
    slope: Estimate | None


def weekly(
    points_by_session: Iterable[Sequence[Point]],
    tz_offset_s: float,
    baseline: OwnBaseline | None = None,
    *,
    seed: int = 0,
) -> list[Week]:
    """The weeks in which sessions began, in order. tz_offset_s: local time minus UTC, s; baseline as in trajectory."""
    weeks: dict[date, list[Sequence[Point]]] = defaultdict(list)
    for points in points_by_session:
        if points:
            weeks[monday(min(p.at_s for p in points) + tz_offset_s)].append(points)
    found: list[Week] = []
    for start, sessions in sorted(weeks.items()):
        turns = [p for points in sessions for p in points]
        of_valence = trajectory(turns, baseline, latest=None, seed=seed)
        of_arousal = trajectory([replace(p, valence=p.arousal) for p in turns], latest=None, seed=seed)
        before = next((week for week in reversed(found) if week.valence is not None), None)
        found.append(
            Week(
                start,
                len(sessions),
                len(turns),
                of_valence.n,
                of_valence.mean,
                of_arousal.mean,
                of_valence.variability,
                of_valence.below_share,
                _slope(before, start, of_valence.mean),
            )
        )
    return found


def monday(local_s: float) -> date:
    """The Monday of the week of a local time, unix s plus the offset."""
    day = _EPOCH + timedelta(days=math.floor(local_s / _DAY_S))
    return day - timedelta(days=day.weekday())


def _slope(before: Week | None, start: date, valence: Estimate | None) -> Estimate | None:
    """Difference of two weeks' means per week; its interval from theirs (MOVER, Zou & Donner 2008)."""
    if before is None or before.valence is None or valence is None:
        return None
    weeks = (start - before.start).days / 7
    change = valence.value - before.valence.value
    low = change - math.hypot(valence.value - valence.low, before.valence.high - before.valence.value)
    high = change + math.hypot(valence.high - valence.value, before.valence.value - before.valence.low)
    return Estimate(change / weeks, low / weeks, high / weeks)
