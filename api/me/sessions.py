"""/v1/me/sessions: your talks, and what was said in them."""

from __future__ import annotations

from typing import Annotated, TypeVar

from litestar import get
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from api.me.caller import AnyRequest, engine_of, person_of
from companion.errors import InputError
from companion.records.own import OwnTurn, own_sessions, own_turns

_Number = TypeVar("_Number", int, float)
_Limit = Annotated[int, QueryParameter(ge=1, le=200, description="How many at most.")]
_Cursor = Annotated[str | None, QueryParameter(max_length=200, description="`next` of the page before.")]


class MySession(Struct, frozen=True, kw_only=True):
    """One talk. Times: unix s; ended_at null while it goes on."""

    id: str
    started_at: float
    ended_at: float | None
    persona: str | None
    turns: int


class MyTurn(Struct, frozen=True, kw_only=True):
    """What you said and what was answered; null where there is none. seconds: how long you spoke.

    answered_by: model, script or counsellor. recording: whether its audio is kept.
    """

    id: str
    at: float
    modality: str
    said: str | None
    reply: str | None
    answered_by: str | None
    rating: str | None
    seconds: float | None
    recording: bool


class MySessions(Struct, frozen=True, kw_only=True):
    """Newest first. next: cursor of the page after, null on the last."""

    items: list[MySession]
    next: str | None


class Transcript(Struct, frozen=True, kw_only=True):
    """In order. next: cursor of the page after, null on the last."""

    items: list[MyTurn]
    next: str | None


@get("/sessions")
async def list_sessions(request: AnyRequest, limit: _Limit = 50, cursor: _Cursor = None) -> MySessions:
    """Your talks."""
    after = None if cursor is None else _split(cursor, float)
    found = await own_sessions(engine_of(request).records, await person_of(request), limit=limit + 1, after=after)
    items = [
        MySession(id=s.id, started_at=s.started_at, ended_at=s.ended_at, persona=s.persona, turns=s.turns)
        for s in found[:limit]
    ]
    more = f"{items[-1].started_at!r}~{items[-1].id}" if len(found) > limit else None
    return MySessions(items=items, next=more)


@get("/sessions/{session_id:str}")
async def read_session(
    request: AnyRequest, session_id: FromPath[str], limit: _Limit = 200, cursor: _Cursor = None
) -> Transcript:
    """What was said in one of them."""
    after = None if cursor is None else _split(cursor, int)
    user_id = await person_of(request)
    found = await own_turns(engine_of(request).records, user_id, session_id, limit=limit + 1, after=after)
    more = f"{found[limit - 1].index}~{found[limit - 1].id}" if len(found) > limit else None
    return Transcript(items=[_shown(turn) for turn in found[:limit]], next=more)


def _shown(turn: OwnTurn) -> MyTurn:
    return MyTurn(
        id=turn.id,
        at=turn.at,
        modality=turn.modality,
        said=turn.said,
        reply=turn.reply,
        answered_by=turn.answered_by,
        rating=turn.rating,
        seconds=turn.seconds,
        recording=turn.recording is not None,
    )


def _split(cursor: str, number: type[_Number]) -> tuple[_Number, str]:
    """Raises InputError (bad_cursor)."""
    first, _, rest = cursor.partition("~")
    try:
        at = number(first)
        if not abs(at) < 2**53:
            raise ValueError
    except ValueError:
        raise InputError("this is no cursor: send `next` of the page before", code="bad_cursor") from None
    return at, rest
