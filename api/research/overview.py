"""GET /v1/research/overview: what is there to ask for, in numbers of at least 11 people."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get
from msgspec import Struct

from api.research.exporting import Exporting
from api.staff import SignedIn, access_of, requires, staff_router
from companion.research import aggregates as counted
from companion.research.disclosure.budget import SMALLEST_CELL

_KEPT = "research_overview"


class OverviewTotals(Struct, frozen=True):
    """People who agree to research, those of them who agree to training too, their talks, turns and rated replies."""

    people: int | None
    training: int | None
    dialogues: int | None
    turns: int | None
    rated: int | None


class OverviewGroup(Struct, frozen=True):
    """People by the language of most of their talks. name: "other" for small groups put together."""

    name: str
    people: int | None
    dialogues: int | None
    turns: int | None


class OverviewHour(Struct, frozen=True):
    """Affect in an hour of the day, 0..23. valence: -1..1, the mean of people's means."""

    hour: int
    people: int | None
    valence: float | None


class OverviewCohort(Struct, frozen=True):
    """People who began in one week. week: its Monday, YYYY-MM-DD; back: how many talked again so many whole weeks
    later, from 1 on."""

    week: str
    people: int | None
    back: list[int | None]


class OverviewRating(Struct, frozen=True):
    """Ratings of a model's replies. people: who rated; likes: the mean of each one's share of likes, 0..1."""

    model: str
    people: int | None
    likes: float | None


class ResearchOverview(Struct, frozen=True):
    """Of those who agree to research now. null: fewer than smallest_cell people. People are counted in steps of step,
    downwards; other counts have two digits. as_of: unix s, the midnight in timezone up to which it counts."""

    as_of: float
    timezone: str
    smallest_cell: int
    step: int
    totals: OverviewTotals
    languages: list[OverviewGroup]
    hours: list[OverviewHour]
    cohorts: list[OverviewCohort]
    models: list[OverviewRating]


@get("/", guards=[requires("researcher")])
async def read_overview(request: Request[Any, Any, Any], staff: SignedIn) -> ResearchOverview:
    """What is there: counts and means that nobody can be told from. Written down, as every look is."""
    access, app = access_of(request), request.app
    exporting: Exporting = app.state.exporting
    if _KEPT not in app.state:
        app.state[_KEPT] = counted.Overview(exporting.job.sources, exporting.job.register)
    found = await app.state[_KEPT].at(access.now())
    await access.audit.write(access.now(), staff.id, "research.overview")
    return _told(found)


def _told(found: counted.Aggregates) -> ResearchOverview:
    names = ("totals", "languages", "hours", "cohorts", "models")
    types: dict[str, Any] = {field.name: field.type for field in msgspec.structs.fields(ResearchOverview)}
    made = {name: msgspec.convert(getattr(found, name), types[name], from_attributes=True) for name in names}
    return ResearchOverview(
        as_of=found.as_of, timezone=found.timezone, smallest_cell=SMALLEST_CELL, step=counted.STEP, **made
    )


overview = staff_router("/v1/research/overview", read_overview)
_AT = 1_795_000_000.0
EXAMPLES: dict[str, Struct] = {
    "OverviewTotals": OverviewTotals(120, 60, 830, 9100, 1200),
    "OverviewGroup": OverviewGroup("zh", 95, 680, 7400),
    "OverviewHour": OverviewHour(23, 40, -0.25),
    "OverviewCohort": OverviewCohort("2026-11-02", 25, [15, 11, None]),
    "OverviewRating": OverviewRating("qwen3-4b", 70, 0.8),
}
EXAMPLES["ResearchOverview"] = ResearchOverview(
    as_of=_AT,
    timezone="Asia/Shanghai",
    smallest_cell=SMALLEST_CELL,
    step=counted.STEP,
    totals=OverviewTotals(120, 60, 830, 9100, 1200),
    languages=[OverviewGroup("zh", 95, 680, 7400), OverviewGroup("en", 20, 150, 1700)],
    hours=[OverviewHour(hour, 40, -0.25) for hour in range(24)],
    cohorts=[OverviewCohort("2026-11-02", 25, [15, 11, None])],
    models=[OverviewRating("qwen3-4b", 70, 0.8)],
)
