"""`companion affect weekly`: readings of one person's turns -> their weeks."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import timedelta
from typing import Any

import click

from affect.trajectory import MIN_TURNS, SESSION_GAP_S, Estimate, OwnBaseline, Point, own_baseline
from affect.weekly import Week, monday
from affect.weekly import weekly as by_week
from companion.errors import InputError

_MILLISECONDS = 1e11  # the year 5138 in seconds
_RANGES = {"at": (0.0, _MILLISECONDS), "valence": (-1.0, 1.0), "arousal": (-1.0, 1.0), "uncertainty": (0.0, 1.0)}
_MAY_BE_NULL = ("valence", "arousal")
_SHOWN = ("valence", "arousal", "variability", "below_share", "slope")


@click.command("weekly")
@click.option("--utc-offset", default=0.0, show_default=True, type=click.FloatRange(-14, 14),
              help="Local time minus UTC, hours: a week begins on the person's own Monday.")  # fmt: skip
@click.option("--usual-weeks", default=0, type=click.IntRange(0, 520),
              help="Their usual valence is that of their first N weeks; without it below_share is null.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object a week; value, low and high of every estimate.")
def weekly(utc_offset: float, usual_weeks: int, as_json: bool) -> None:
    """One person's weeks, from one reading a line on standard input, in any order.

    A line is a JSON object with at (unix seconds), valence and arousal (-1..1, null where unknown) and uncertainty
    (0..1); other fields are passed over. A silence of over 30 minutes parts two sessions; a session belongs to the week
    that it began in. Weeks without a session are absent, and a mean of fewer than 6 known turns is null. Intervals hold
    80 %: docs/affect.md says how far to believe them.
    """
    points = read_points(sys.stdin.buffer)
    sessions = in_sessions(points)
    offset_s = utc_offset * 3600
    for week in by_week(sessions, offset_s, usual(sessions, usual_weeks, offset_s)):
        click.echo(json.dumps(as_dict(week)) if as_json else "\n".join(_lines(week)))


def read_points(lines: Iterable[bytes]) -> list[Point]:
    """JSON lines -> turns, empty lines left out. Raises InputError, which names the line and never its text."""
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line.decode("utf-8-sig"))
        except (ValueError, RecursionError):  # also what is not UTF-8
            raise InputError(f"line {number} is not JSON: give one object a line") from None
        if not isinstance(entry, dict):
            raise InputError(f"line {number} is not an object: give at, valence, arousal and uncertainty")
        values = {name: _number(entry, name, number) for name in _RANGES}
        found.append(Point(values["at"] or 0.0, values["valence"], values["arousal"], values["uncertainty"] or 0.0))
    return found


def _number(entry: dict[str, Any], name: str, line: int) -> float | None:
    if name not in entry:
        hint = " (null where it is unknown)" if name in _MAY_BE_NULL else ""
        raise InputError(f"line {line} lacks {name}: give it{hint}")
    value, (low, high) = entry[name], _RANGES[name]
    if value is None and name in _MAY_BE_NULL:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"line {line}: {name} is no number: give one from {low:g} to {high:g}")
    try:
        value = float(value)
    except OverflowError:
        value = float("inf")
    if not low <= value <= high:
        hint = "unix seconds, not milliseconds" if name == "at" else f"one from {low:g} to {high:g}"
        raise InputError(f"line {line}: {name} is {value:g}: give {hint}")
    return value


def in_sessions(points: Iterable[Point]) -> list[list[Point]]:
    """Turns by time, a new list after each silence of over SESSION_GAP_S."""
    sessions: list[list[Point]] = []
    for point in sorted(points, key=lambda p: p.at_s):
        if not sessions or point.at_s - sessions[-1][-1].at_s > SESSION_GAP_S:
            sessions.append([])
        sessions[-1].append(point)
    return sessions


def usual(sessions: Sequence[Sequence[Point]], weeks: int, offset_s: float) -> OwnBaseline | None:
    """Their usual valence, that of the first calendar weeks; None for 0 weeks. offset_s: as in affect.weekly.

    Raises InputError when too little of it is known.
    """
    if weeks == 0 or not sessions:
        return None
    until = monday(sessions[0][0].at_s + offset_s) + timedelta(weeks=weeks)
    known = [
        point.valence
        for session in sessions
        if monday(session[0].at_s + offset_s) < until
        for point in session
        if point.valence is not None
    ]
    found = own_baseline(known)
    if found is None:
        raise InputError(
            f"the first {weeks} weeks hold {len(known)} turns of known valence: raise --usual-weeks until they hold "
            f"{MIN_TURNS}, or leave it out"
        )
    return found


def as_dict(week: Week) -> dict[str, Any]:
    """A week as researchers get it; null where nothing can be said."""
    shown = {field.name: getattr(week, field.name) for field in fields(week)}
    return {
        name: {"value": round(value.value, 4), "low": round(value.low, 4), "high": round(value.high, 4)}
        if isinstance(value, Estimate)
        else value.isoformat()
        if name == "start"
        else value
        for name, value in shown.items()
    }


def _lines(week: Week) -> Iterable[str]:
    yield f"{week.start}  {week.sessions} sessions, {week.turns} turns, {week.known} of known valence"
    for name in _SHOWN:
        value: Estimate | None = getattr(week, name)
        if value is not None:
            yield f"  {name.replace('_', ' '):<12} {value.value:+.2f}  ({value.low:+.2f} to {value.high:+.2f})"
