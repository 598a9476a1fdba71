"""What /v1/research takes and tells. Times: unix s."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from companion.records.exports import ExportNoticeRow, ExportRow
from companion.research.export.rarities import Flagged
from companion.research.export.request import Filters, Format, Rated, Request

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:/@-]{1,100}$")]
At = Annotated[float, Meta(ge=0, le=1e11)]
Decision = Literal["mask", "keep"]
FlagId = Annotated[str, Meta(pattern=r"^flag_[0-9a-f]{24}$")]


def _usual() -> list[Format]:
    return ["messages", "turns"]


class ExportFilters(Struct, forbid_unknown_fields=True, frozen=True):
    """Which talks: of those that began within [since, until), in this language, with this persona and model, in which a
    reply was rated so, with so many turns at least."""

    since: At | None = None
    until: At | None = None
    language: Name | None = None
    persona: Name | None = None
    model: Name | None = None
    rated: Rated | None = None
    min_turns: Annotated[int, Meta(ge=1, le=1000)] = 1


class NewExport(Struct, forbid_unknown_fields=True):
    """What is asked for, and why. k, l: people, and levels of risk among them, that share an age band, gender, province
    and language at least. public: to be published. crisis_text: words of turns in danger too, if the approver allows
    it."""

    purpose: Annotated[str, Meta(min_length=20, max_length=2000)]
    formats: Annotated[list[Format], Meta(min_length=1, max_length=5)] = field(default_factory=_usual)
    filters: ExportFilters = ExportFilters()
    k: Annotated[int, Meta(ge=5, le=1000)] = 5
    l: Annotated[int, Meta(ge=1, le=5)] = 2  # noqa: E741
    public: bool = False
    crisis_text: bool = False
    realistic: bool = False
    expires_days: Annotated[int, Meta(ge=1, le=365)] = 90

    def request(self) -> Request:
        """As the domain has it."""
        filters = Filters(**{name: getattr(self.filters, name) for name in ExportFilters.__struct_fields__})
        return Request(
            formats=tuple(self.formats),
            filters=filters,
            k=self.k,
            l=self.l,
            public=self.public,
            crisis_text=self.crisis_text,
            realistic=self.realistic,
            expires_days=self.expires_days,
        )


class ExportNotice(Struct):
    """What the holder of an export is told. tombstones: people to be deleted from it; successor: the new version."""

    at: float
    kind: Literal["superseded", "expired"]
    successor: str | None
    tombstones: int


class Export(Struct):
    """One version of an export. state: requested, declined, queued, running, review (a human decides on rare content),
    published, failed, superseded, expired. progress: stage and counts; counts: what is in it; report: of the risk;
    failure: too_few_people, leak, disk_full, io_error, unstable, storage_error, not_installed, unusable."""

    id: str
    lineage: str
    version: int
    state: str
    purpose: str
    request: dict[str, Any]
    requested_by: str
    requested_at: float
    approved_by: str | None
    approved_at: float | None
    crisis_text: bool
    progress: dict[str, Any] | None
    counts: dict[str, Any] | None
    report: dict[str, Any] | None
    failure: str | None
    finished_at: float | None
    expires_at: float | None
    files: list[str] = []
    notices: list[ExportNotice] = []


class ExportList(Struct):
    """The latest, newest first; of a researcher, their own."""

    items: list[Export]


class Approval(Struct, forbid_unknown_fields=True):
    """crisis_text: words of turns in danger too, where they were asked for."""

    crisis_text: bool = False


class ExportFlag(Struct):
    """Rare content that may tell who somebody is, as it stands between the marks. after: what follows it."""

    id: str
    kind: str
    reason: str
    before: str
    words: str
    after: str


class ExportFlags(Struct):
    """Flags of one page, and the ids of those that were decided on. next: where the next page begins."""

    items: list[ExportFlag]
    decided: list[str]
    next: int | None


class Decisions(Struct, forbid_unknown_fields=True):
    """What becomes of flags, by id. rest: of all that are not named; without it they wait."""

    flags: Annotated[dict[FlagId, Decision], Meta(max_length=1000)] = {}
    rest: Decision | None = None


def shown(
    row: ExportRow, names: dict[str, str], notices: list[ExportNoticeRow] | None = None, files: list[str] | None = None
) -> Export:
    """An export as it is told. names: of staff, by id."""
    return Export(
        id=row.id,
        lineage=row.lineage,
        version=row.version,
        state=row.state,
        purpose=row.purpose,
        request=row.request,
        requested_by=names.get(row.requested_by, row.requested_by),
        requested_at=row.requested_at,
        approved_by=None if row.approved_by is None else names.get(row.approved_by, row.approved_by),
        approved_at=row.approved_at,
        crisis_text=row.crisis_text,
        progress=row.progress,
        counts=row.counts,
        report=row.report,
        failure=row.failure,
        finished_at=row.finished_at,
        expires_at=row.expires_at,
        files=files or [],
        notices=[
            ExportNotice(each.at, each.kind, each.successor, each.tombstones)  # type: ignore[arg-type]
            for each in notices or ()
        ],
    )


def flag_shown(flag: Flagged) -> ExportFlag:
    """Without its place, so that nobody who reads named sessions goes from a pseudonym to a person."""
    return ExportFlag(flag.id, flag.kind, flag.reason, flag.before, flag.words, flag.after)
