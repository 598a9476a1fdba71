"""/v1/me: what is known of the person who asks; they read it, correct it, have it forgotten, or are erased."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, delete, get, patch
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from api.auth import Authenticator, Principal, bearer
from api.auth.tokens import LONGEST_TOKEN_S
from api.realtime.memory_events import KnownMemory, known_memory
from companion.engine import Engine
from companion.errors import AuthenticationError, InputError, StorageError
from companion.records.erasure import erase
from memory.errors import EmbedderError, NoSuchMemory
from memory.memories import PersonMemory

Person = NamedDependency[PersonMemory]


class Correction(Struct, frozen=True, kw_only=True):
    """How it really is, in the person's own words."""

    text: Annotated[str, Meta(min_length=1, max_length=400, pattern=r"\S")]


class Known(Struct, frozen=True, kw_only=True):
    """All that is known, oldest first; what holds no more has a valid_to. profile: slot -> ids of what stands there."""

    memories: list[KnownMemory]
    profile: dict[str, list[str]]


async def provide_person(request: Request[Any, Any, Any]) -> PersonMemory:
    """The person of the bearer token, with what is known of them. Raises AuthenticationError, StorageError."""
    engine = _engine(request)
    who = _caller(request)
    await engine.records.ensure_user(who.user_id, engine.now())
    return await engine.memories.open(who.user_id)


@get("/memories")
async def list_memories(request: Request[Any, Any, Any], person: Person) -> Known:
    """What is known of you."""
    engine = _engine(request)
    profile = engine.memories.profile(person, engine.now())
    return Known(
        memories=[known_memory(m) for m in person.memories],
        profile={slot.value: [m.id for m in held] for slot, held in profile.slots.items() if held},
    )


@patch("/memories/{memory_id:str}")
async def correct_memory(
    request: Request[Any, Any, Any], person: Person, memory_id: FromPath[str], data: JSONBody[Correction]
) -> KnownMemory:
    """Your words take the place of a memory; the old one stays as history until you have it forgotten."""
    engine = _engine(request)
    return known_memory(await engine.memories.correct(person, memory_id, data.text.strip(), engine.now()))


@delete("/memories/{memory_id:str}")
async def forget_memory(request: Request[Any, Any, Any], person: Person, memory_id: FromPath[str]) -> None:
    """A memory is deleted for good."""
    await _engine(request).memories.forget(person, [memory_id])


@delete("/", status_code=200)
async def erase_me(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """You are erased: everything that is kept of you, for good. The answer is the receipt. Confirm-Erase: yes."""
    engine = _engine(request)
    who = _caller(request)
    if request.headers.get("confirm-erase") != "yes":
        raise InputError("this cannot be undone: send the header Confirm-Erase: yes", code="not_confirmed")
    await request.app.state.sessions.end(who.user_id)
    now = engine.now()
    receipt = await erase(engine.records, engine.memories, who.user_id, now)
    # A phone that connects again with its old token must not make them anew.
    await request.app.state.auth.revocations.revoke_user(who.user_id, now, now + LONGEST_TOKEN_S)
    return asdict(receipt)


def _caller(request: Request[Any, Any, Any]) -> Principal:
    auth: Authenticator = request.app.state.auth
    return auth.verify_user(bearer(request.headers, query=request.query_params), _engine(request).now())


def _engine(request: Request[Any, Any, Any]) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


def _refusal(status: int, code: str) -> Any:
    def answer(_: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
        return Response({"error": {"code": code, "message": str(error)}}, status_code=status, headers=headers)

    return answer


def _unfit(_: Request[Any, Any, Any], error: InputError) -> Response[dict[str, Any]]:
    status = 404 if error.code == "not_found" else 400
    return Response({"error": {"code": error.code, "message": str(error)}}, status_code=status)


def _invalid(_: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, Any]]:
    """Litestar's own refusals; what it says of a value may quote it, so that only the kind is told."""
    message = 'the body does not fit: send {"text": ...} of 1 to 400 characters' if error.status_code == 400 else ""
    body = {"error": {"code": "invalid_request", "message": message or error.detail}}
    return Response(body, status_code=error.status_code)


me = Router(
    "/v1/me",
    route_handlers=[list_memories, correct_memory, forget_memory, erase_me],
    dependencies={"person": Provide(provide_person)},
    exception_handlers={
        AuthenticationError: _refusal(401, "invalid_token"),
        NoSuchMemory: _refusal(404, "not_found"),
        InputError: _unfit,
        StorageError: _refusal(503, "storage_error"),
        EmbedderError: _refusal(503, "embedder_error"),
        HTTPException: _invalid,
        msgspec.ValidationError: _refusal(400, "invalid_request"),
    },
)
