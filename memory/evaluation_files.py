"""What a recall evaluation reads: memories and queries, one JSON object a line."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

_SPOKEN = re.compile(
    r"(?:(?P<hour>\d{1,2})(?::(?P<minute>\d\d))?\s*(?P<half>[ap])\.?m\.?\s*(?:on|,)?\s*)?"
    r"(?:(?P<day>\d{1,2})(?:st|nd|rd|th)?(?: of)? (?P<month>[a-z]{3,9})\.?|"
    r"(?P<month2>[a-z]{3,9})\.? (?P<day2>\d{1,2})(?:st|nd|rd|th)?)"
    r",? (?P<year>\d{4})(?:,? (?:at )?(?P<hour2>\d{1,2}):(?P<minute2>\d\d)(?:\s*(?P<half2>[ap])\.?m\.?)?)?",
    re.IGNORECASE,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIMES = 'a unix time, "2023-05-08T13:56" or "1:56 pm on 8 May, 2023"'


@dataclass(frozen=True, slots=True)
class Line:
    """One memory as it was said. time: unix s. session: None where it is not known."""

    id: str
    person: str
    text: str
    time: float
    session: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """evidence: ids of the lines that answer it, () where none does. stale: ids that are out of date.

    time: unix s, None for a day after the last line.
    """

    person: str
    text: str
    time: float | None
    evidence: tuple[str, ...]
    stale: tuple[str, ...] = ()
    language: str | None = None


def moment(value: object, timezone: str = "Asia/Shanghai") -> float:
    """Unix seconds of a unix time (s or ms), an ISO 8601 time, or a spoken date; `timezone` where it names none.

    Raises ValueError that says what to write.
    """
    if isinstance(value, str) and re.fullmatch(r"\s*\d+(?:\.\d+)?\s*", value):
        value = float(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value / 1000 if value > 1e11 else float(value)  # milliseconds: as seconds, the year would be 5138
    if not isinstance(value, str):
        raise ValueError(f"`time` is no time: write {_TIMES}")
    text = " ".join(value.split())
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = _spoken(text)
    return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(timezone))).timestamp()


def _spoken(text: str) -> datetime:
    found = _SPOKEN.fullmatch(text)
    if found is None:
        raise ValueError(f"`time` is no time: write {_TIMES}")
    given = found.groupdict()
    month = (given["month"] or given["month2"])[:3].lower()
    hour, half = int(given["hour"] or given["hour2"] or 0), (given["half"] or given["half2"] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return datetime(
            int(given["year"]),
            _MONTHS.index(month) + 1,
            int(given["day"] or given["day2"]),
            hour,
            int(given["minute"] or given["minute2"] or 0),
        )
    except ValueError:
        raise ValueError(f"`time` is no date of the calendar: write {_TIMES}") from None


def read_memories(path: Path, timezone: str = "Asia/Shanghai") -> list[Line]:
    """{"id", "person", "text", "time", "session"} a line. Raises ValueError that names the line, OSError."""
    lines: list[Line] = []
    seen: set[str] = set()
    for where, row in _objects(path):
        line = Line(
            _text(row, "id", where),
            _text(row, "person", where),
            _text(row, "text", where),
            _time(row.get("time"), where, timezone),
            None if row.get("session") is None else str(row["session"]),
            None if row.get("language") is None else str(row["language"]),
        )
        if line.id in seen:
            raise ValueError(f"{where}: this `id` was given before: give each memory its own")
        seen.add(line.id)
        lines.append(line)
    return lines


def read_questions(path: Path, timezone: str = "Asia/Shanghai") -> list[Question]:
    """{"person", "text", "time", "evidence": [ids], "stale": [ids]} a line; "evidence_ids" and no time are accepted.

    Raises ValueError that names the line, OSError.
    """
    return [
        Question(
            _text(row, "person", where),
            _text(row, "text", where),
            None if row.get("time") is None else _time(row["time"], where, timezone),
            _ids(row, "evidence" if "evidence" in row else "evidence_ids", where),
            _ids(row, "stale", where),
            None if row.get("language") is None else str(row["language"]),
        )
        for where, row in _objects(path)
    ]


def _objects(path: Path) -> Iterator[tuple[str, dict[str, object]]]:
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), 1):
        if not line.strip():
            continue
        where = f"{path.name} line {number}"
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            raise ValueError(f"{where} is no JSON: write one JSON object a line") from None
        if not isinstance(row, dict):
            raise ValueError(f"{where} is no JSON object: write one a line, in braces")
        yield where, row


def _text(row: dict[str, object], key: str, where: str) -> str:
    value = row.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{where} has no `{key}`: write it as a string that is not empty")
    return value


def _time(value: object, where: str, timezone: str) -> float:
    try:
        return moment(value, timezone)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _ids(row: dict[str, object], key: str, where: str) -> tuple[str, ...]:
    value = row.get(key)
    if value is None:
        value = []
    if not isinstance(value, list) or not all(isinstance(one, str | int) for one in value):
        raise ValueError(f"{where}: `{key}` must be a list of memory ids, [] where there are none")
    return tuple(dict.fromkeys(str(one) for one in value))
