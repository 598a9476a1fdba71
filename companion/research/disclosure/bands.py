"""Values made coarse: ages, places, affect, times. What a band says, many people share."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta, tzinfo
from functools import cache
from importlib.resources import files
from itertools import pairwise

from companion.errors import InputError

UNKNOWN = "unknown"
_YOUNGEST = 14  # below it, guardians agree (PIPL, article 31)
_FROM = (14, 18, 25, 35, 45, 55, 65)  # authored: of age at 18, then ten years each; 65+ covers "over 89" of HIPAA
_OLDEST = 130
AGE_BANDS = (f"<{_YOUNGEST}", *(f"{a}-{b - 1}" for a, b in pairwise(_FROM)), f"{_FROM[-1]}+")
# Behind a city's name, this makes it a street's: 南京西路 is in Shanghai, 北京路 in Guangzhou.
_STREET = r"(?![东南西北中]{0,2}[一二三四五六七八九十]?(?:路|街|大街|大道|道|巷|弄|胡同|饭店|酒店|菜馆))"
_LATIN = re.compile(r"[a-z]")


def age_band(age: int | None) -> str:
    """Of AGE_BANDS; "unknown" for None and for what no human is."""
    if age is None or not 0 <= age <= _OLDEST:
        return UNKNOWN
    if age < _YOUNGEST:
        return AGE_BANDS[0]
    return AGE_BANDS[sum(age >= first for first in _FROM)]


def province(place: str | None) -> str:
    """The province-level unit of China that a place's text names, in Chinese without suffix (广东, 北京, 新疆).

    Knows provinces, prefectures, some counties, districts of the four municipalities, and their names in pinyin. The
    first name decides, as Chinese addresses go from large to small. "unknown" for anything else.
    """
    if not place:
        return UNKNOWN
    units, pattern = _units()
    found = pattern.search(place.lower())
    return units[found[0]] if found else UNKNOWN


def coarse(value: float | None, step: float = 0.2) -> float | None:
    """Affect in -1..1, to the nearest multiple of step, halves away from 0; None for none and for NaN.

    Raises InputError for a step that is not above 0, up to 2.
    """
    if not 0 < step <= 2:
        raise InputError(f"a step of {step:g} divides no range of -1..1: give one above 0, up to 2")
    if value is None or math.isnan(value):
        return None
    most = math.floor(1 / step + 1e-9)
    steps = min(most, math.floor(min(1.0, abs(value)) / step + 0.5 + 1e-9))
    return round(math.copysign(steps * step, value), 9) if steps else 0.0


def week(unix_s: float, shift_days: int, tz: tzinfo | None) -> str:
    """ISO week of a moment where the person lives, after the shift of their calendar: "2026-W07"."""
    year, number, _ = (datetime.fromtimestamp(unix_s, tz) + timedelta(days=shift_days)).isocalendar()
    return f"{year:04d}-W{number:02d}"


@cache
def _units() -> tuple[dict[str, str], re.Pattern[str]]:
    units: dict[str, str] = {}
    for line in (files(__package__) / "words" / "provinces.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            unit, *names = line.replace("|", " | ").split()
            units |= dict.fromkeys((unit, *(name.replace("_", " ") for name in names if name != "|")), unit)
    forms = sorted(units, key=lambda name: (-len(name), name))
    return units, re.compile("|".join(map(_bounded, forms)))


def _bounded(name: str) -> str:
    return rf"(?<![a-z]){re.escape(name)}(?![a-z])" if _LATIN.match(name) else re.escape(name) + _STREET
