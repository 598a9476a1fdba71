"""/v1/review/queue: who waits for a counsellor, and what a counsellor does about it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from litestar import Request, get, post
from litestar.connection import ASGIConnection
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from api.review.commands import Command
from api.review.exchange import Exchange
from api.review.paging import From, Limit, cursor, place
from api.review.schemas import ById
from api.staff import SignedIn, access_of, requires
from companion.errors import InputError
from companion.records import case_views
from companion.records.case_views import Viewer
from companion.records.cases import CaseState, Named, Outcome
from companion.records.database import Work
from companion.records.staff import Staff

_Request = Request[Any, Any, Any]
_Connection = ASGIConnection[Any, Any, Any, Any]
_Note = Annotated[str, Meta(max_length=4000)]
_Which = Annotated[Literal["open", "mine", "closed"], QueryParameter(name="state", description="Which of them.")]
_After = tuple[
    Annotated[float, Meta(ge=0, le=1e11)],
    Annotated[int, Meta(ge=0, le=9)],
    Annotated[float, Meta(ge=0, le=1e11)],
    Annotated[str, Meta(pattern=r"^risk_[0-9a-f]{32}$")],
]
COUNSELLORS = requires("counsellor", "supervisor")


class Voice(Struct, frozen=True, kw_only=True):
    """How the newest turn sounded. valence, arousal: -1..1; incongruence of voice and words: 0..1; null: unknown."""

    valence: float | None
    arousal: float | None
    incongruence: float | None


class Case(Struct, frozen=True, kw_only=True):
    """Somebody for whom a counsellor was asked. Times: unix s. level: 0..4; priority: 1 the most urgent .. 3.

    said: the words that were flagged last, null for whoever may not see the person (claim the case, then you may).
    due_at: by when to claim it or, once claimed, by when something has to come of it; late: nothing has. reasons: names
    of rules. online: the person is there now.
    """

    id: str
    session_id: str
    user_id: str
    level: int
    kinds: list[str]
    reasons: list[str]
    said: str | None
    priority: int
    asked_at: float
    due_at: float
    late: bool
    state: CaseState
    claimed_by: ById | None
    claimed_at: float | None
    resolved_at: float | None
    outcome: Outcome | None
    note: str | None
    online: bool
    language: str | None
    voice: Voice | None


class Queue(Struct, frozen=True, kw_only=True):
    """Late ones first, then by priority and by when they are due; closed ones newest first. next: cursor, or null."""

    items: list[Case]
    next: str | None


class HandOver(Struct, frozen=True, kw_only=True):
    """To whom (a counsellor's name), and what they should know."""

    to: Annotated[str, Meta(max_length=64)]
    note: _Note = ""


class Resolution(Struct, frozen=True, kw_only=True):
    """What came of it, and how you judge the danger now (0..4): the talk goes on from there."""

    outcome: Outcome
    level: Annotated[int, Meta(ge=0, le=4)]
    note: _Note = ""


def exchange_of(connection: _Connection) -> Exchange:
    """The one of this process."""
    exchange: Exchange = connection.app.state.exchange
    return exchange


async def viewer_of(connection: _Connection, staff: Staff) -> Viewer:
    """Whom they may see by name, as of now."""
    desk = access_of(connection)
    if "supervisor" in staff.roles:
        return Viewer(staff.id, None)
    return Viewer(staff.id, frozenset(await desk.caseload.people(staff, desk.now())))


def shown(case: case_views.Case, exchange: Exchange) -> Case:
    """A case as it goes out."""
    voice = case.voice
    return Case(
        id=case.id,
        session_id=case.session_id,
        user_id=case.user_id,
        level=case.level,
        kinds=list(case.kinds),
        reasons=list(case.reasons),
        said=case.said,
        priority=case.priority,
        asked_at=case.asked_at,
        due_at=case.due_at,
        late=case.late(exchange.desk.now()),
        state=case.state,
        claimed_by=None if case.claimed_by is None else ById(id=case.claimed_by[0], name=case.claimed_by[1]),
        claimed_at=case.claimed_at,
        resolved_at=case.closed_at,
        outcome=case.outcome,
        note=case.note,
        online=exchange.online(case.session_id, case.seen_at),
        language=case.language,
        voice=None
        if voice is None
        else Voice(valence=voice.valence, arousal=voice.arousal, incongruence=voice.incongruence),
    )


@get("/queue", guards=[COUNSELLORS])
async def read_queue(
    request: _Request, staff: SignedIn, which: _Which = "open", limit: Limit = 50, from_: From = None
) -> Queue:
    """Your people's cases and, of all others, those that wait for whoever comes first."""
    exchange, desk = exchange_of(request), access_of(request)
    after: case_views.After | None = None if from_ is None else place(from_, _After)
    viewer = await viewer_of(request, staff)
    page = await case_views.page(exchange.engine.cases, viewer, which, desk.now(), limit=limit, after=after)
    await desk.audit.write(desk.now(), staff.id, "queue.list", which=which, rows=len(page.cases))
    items = [shown(case, exchange) for case in page.cases]
    return Queue(items=items, next=None if page.after is None else cursor(page.after))


@post("/queue/{case_id:str}/claim", guards=[COUNSELLORS], status_code=200)
async def claim(request: _Request, staff: SignedIn, case_id: FromPath[str]) -> Case:
    """It is yours, and the person is in your caseload. 409 `claimed_by_other`: somebody was faster."""
    exchange, desk = exchange_of(request), access_of(request)
    named, now = await _named(exchange, case_id), desk.now()
    works = (
        exchange.engine.cases.claimed(case_id, staff.id, now),
        desk.caseload.added(staff.id, named.user_id, now, by=staff.id),
        desk.audit.row(now, staff.id, "case.claim", user_id=named.user_id, object_id=case_id),
    )

    async def work(session: Any) -> None:
        for each in works:
            await each(session)

    await exchange.engine.cases.store.transaction(work)
    return await _changed(request, staff, named, Command(verb="claimed"))


@post("/queue/{case_id:str}/release", guards=[COUNSELLORS], status_code=200)
async def release(request: _Request, staff: SignedIn, case_id: FromPath[str]) -> Case:
    """Back to all. Who talks with the person leaves them; they are told, and the companion answers again."""
    exchange, desk = exchange_of(request), access_of(request)
    named = await _named(exchange, case_id)
    released = exchange.engine.cases.released(case_id, _holder(staff), desk.now())
    await _do(request, staff, named, "case.release", released)
    return await _changed(request, staff, named, Command(verb="released"))


@post("/queue/{case_id:str}/hand-over", guards=[COUNSELLORS], status_code=200)
async def hand_over(request: _Request, staff: SignedIn, case_id: FromPath[str], data: JSONBody[HandOver]) -> Case:
    """To another counsellor, into whose caseload the person comes. Give a person you talk with back first."""
    exchange, desk = exchange_of(request), access_of(request)
    named, to, now = await _named(exchange, case_id), await desk.accounts.find(data.to), desk.now()
    if "counsellor" not in to.roles or to.disabled_at is not None:
        raise InputError("hand it over to somebody who is a counsellor here", code="not_a_counsellor")
    await exchange.engine.records.ring.load(named.user_id)
    moved = exchange.engine.cases.handed_over(
        case_id, _holder(staff), to.id, now, user_id=named.user_id, note=data.note
    )
    care = desk.caseload.added(to.id, named.user_id, now, by=staff.id)
    await _do(request, staff, named, "case.hand_over", moved, care)
    return await _changed(request, staff, named)


@post("/queue/{case_id:str}/resolve", guards=[COUNSELLORS], status_code=200)
async def resolve(request: _Request, staff: SignedIn, case_id: FromPath[str], data: JSONBody[Resolution]) -> Case:
    """This came of it: the case is closed. Who still talks with the person gives them back by it."""
    exchange, desk = exchange_of(request), access_of(request)
    named = await _named(exchange, case_id)
    await exchange.engine.records.ring.load(named.user_id)
    resolved = exchange.engine.cases.resolved(
        case_id,
        _holder(staff),
        desk.now(),
        user_id=named.user_id,
        outcome=data.outcome,
        level=data.level,
        note=data.note,
    )
    await _do(request, staff, named, "case.resolve", resolved)
    return await _changed(request, staff, named, Command(verb="resolved", level=data.level))


def _holder(staff: Staff) -> str | None:
    """Who must have the case: whoever asks; for a supervisor, anybody."""
    return None if "supervisor" in staff.roles else staff.id


async def _named(exchange: Exchange, case_id: str) -> Named:
    named = await exchange.engine.cases.named(case_id)
    if named is None:
        raise InputError("no case of this id is among those that you may see", code="not_found")
    return named


async def _do(request: _Request, staff: Staff, named: Named, action: str, *works: Work) -> None:
    desk = access_of(request)
    await desk.caseload.seen(staff, named.user_id, action, desk.now(), object_id=named.id, also=works)


async def _changed(request: _Request, staff: Staff, named: Named, told: Command | None = None) -> Case:
    """Tell the queue, and the talk where it goes on; the case as it is now."""
    exchange = exchange_of(request)
    exchange.engine.cases.changed(named.session_id, named.user_id)
    if told is not None:
        exchange.tell(named.session_id, named.user_id, told)
    case = await case_views.one(exchange.engine.cases, await viewer_of(request, staff), named.id)
    if case is None:  # the person was erased at this moment
        raise InputError("no case of this id is among those that you may see", code="not_found")
    return shown(case, exchange)
