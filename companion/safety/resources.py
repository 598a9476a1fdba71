"""Whom to call, by region; resources.toml is the data. A number of another country is never given."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

MOST = 3
STALE_DAYS = 180
_EVERYWHERE = "*"
# Where 112 is the emergency number: the EU, and Iceland, Liechtenstein, Norway, Switzerland.
_EU = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO CH"

# Risk kind -> roles in the order in which they help; authored. The first role of each list is always tried.
_ROLES = {
    "suicide": ("crisis", "ambulance", "police"),
    "self_harm": ("crisis", "ambulance"),
    "third_party": ("crisis", "ambulance", "police"),
    "violence": ("police", "abuse", "crisis"),
    "abuse_of_minor": ("police", "child", "crisis"),
    "eating_disorder": ("crisis", "ambulance"),
    "psychosis_mania": ("crisis", "ambulance"),
    "medical_emergency": ("ambulance", "crisis"),
    "fraud": ("fraud", "police"),
    "distress": ("crisis", "ambulance"),
}


@dataclass(frozen=True, slots=True)
class Resource:
    """One line to call or page to open.

    region: ISO 3166 code, "EU" for where 112 answers, "*" for everywhere. number: "" where there is none that is right
    everywhere; url then. roles: of crisis, ambulance, police, child, abuse, fraud. languages: spoken there.
    verified_on: when somebody last checked the number and its hours; None: not yet.
    """

    id: str
    region: str
    name_zh: str
    name_en: str
    number: str
    hours_zh: str
    hours_en: str
    roles: tuple[str, ...]
    languages: tuple[str, ...]
    source: str
    verified_on: date | None = None
    url: str = ""

    def told(self, language: str) -> str:
        """Number and name, as they are said: Chinese unless language is "en"."""
        name = self.name_en if language == "en" else self.name_zh
        if not self.number:
            return f"{name} {self.url}".strip()
        return f"{self.number} ({name})" if language == "en" else f"{self.number}（{name}）"


@cache
def everything() -> dict[str, Resource]:
    """All resources by id."""
    rows = tomllib.loads(files("companion.safety").joinpath("resources.toml").read_text("utf-8"))["resource"]
    return {row["id"]: _resource(row) for row in rows}


def region_of(region: str) -> str:
    """The region of the data that serves an ISO 3166 code; "*" where none does."""
    region = region.strip().upper()
    known = {resource.region for resource in everything().values()}
    if region in known:
        return region
    return "EU" if region in _EU.split() else _EVERYWHERE


def choose(region: str, kinds: Sequence[str], languages: Sequence[str], minor: bool | None) -> tuple[Resource, ...]:
    """Whom to call, best first: 1..3, never of another country.

    kinds: of risk, the gravest first; none stands for distress. A minor gets a line for the young as the second. Where
    the region is unknown it is advice without a number.
    """
    served = region_of(region)
    here = [r for r in everything().values() if r.region == served]
    here += [r for r in everything().values() if r.region == _EVERYWHERE and r not in here]
    wanted = _roles(kinds)
    if minor:
        wanted.insert(1, "child")
    found: list[Resource] = []
    for role in wanted:
        if any(role in r.roles for r in found):
            continue
        fit = [r for r in here if role in r.roles]
        fit.sort(key=lambda r: (r.region == _EVERYWHERE, not set(languages) & set(r.languages)))
        found += fit[:1]
    found[1:] = sorted(found[1:], key=lambda r: r.region == _EVERYWHERE)  # a number at hand before a page
    return tuple(found[:MOST])


def stale(now: float) -> tuple[str, ...]:
    """Ids of what nobody has checked for STALE_DAYS days, or ever; now: Unix time, s."""
    today = datetime.fromtimestamp(now, UTC).date()
    return tuple(
        r.id for r in everything().values() if r.verified_on is None or (today - r.verified_on).days > STALE_DAYS
    )


def _resource(row: dict[str, Any]) -> Resource:
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
    return Resource(**values)


def _roles(kinds: Sequence[str]) -> list[str]:
    """The first role of each kind, the gravest kind first, then their other roles."""
    lists = [_ROLES.get(kind, _ROLES["distress"]) for kind in kinds or ("distress",)]
    deepest = max(map(len, lists))
    return list(dict.fromkeys(roles[i] for i in range(deepest) for roles in lists if i < len(roles)))
