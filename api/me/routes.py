"""/v1/me: what is known of the person who asks; they read it, correct it, have it forgotten, or are erased."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from litestar import Router, delete, get, patch
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from api.auth.tokens import LONGEST_TOKEN_S
from api.errors import refusals
from api.me.archive import read_archive
from api.me.caller import AnyRequest, caller, engine_of, person_of
from api.me.complaints import complain, list_complaints
from api.me.consents import list_consents, list_wards_consents, read_consent, set_consent, set_wards_consent
from api.me.contacts import list_contacts, remove_contact, set_contact
from api.me.sessions import list_sessions, read_session
from api.realtime.memory_events import KnownMemory, known_memory
from companion.errors import InputError
from companion.records.erasure import erase
from memory.memories import PersonMemory

Person = NamedDependency[PersonMemory]


class Correction(Struct, frozen=True, kw_only=True):
    """How it really is, in the person's own words."""

    text: Annotated[str, Meta(min_length=1, max_length=400, pattern=r"\S")]


class Known(Struct, frozen=True, kw_only=True):
    """All that is known, oldest first; what holds no more has a valid_to. profile: slot -> ids of what stands there."""

    memories: list[KnownMemory]
    profile: dict[str, list[str]]


async def provide_person(request: AnyRequest) -> PersonMemory:
    """The person of the bearer token, with what is known of them. Raises AuthenticationError, StorageError."""
    return await engine_of(request).memories.open(await person_of(request))


@get("/memories")
async def list_memories(request: AnyRequest, person: Person) -> Known:
    """What is known of you."""
    engine = engine_of(request)
    profile = engine.memories.profile(person, engine.now())
    return Known(
        memories=[known_memory(m) for m in person.memories],
        profile={slot.value: [m.id for m in held] for slot, held in profile.slots.items() if held},
    )


@patch(
    "/memories/{memory_id:str}",
    exception_handlers=refusals(unfit='the body does not fit: send {"text": ...} of 1 to 400 characters'),
)
async def correct_memory(
    request: AnyRequest, person: Person, memory_id: FromPath[str], data: JSONBody[Correction]
) -> KnownMemory:
    """Your words take the place of a memory; the old one stays as history until you have it forgotten."""
    engine = engine_of(request)
    return known_memory(await engine.memories.correct(person, memory_id, data.text.strip(), engine.now()))


@delete("/memories/{memory_id:str}")
async def forget_memory(request: AnyRequest, person: Person, memory_id: FromPath[str]) -> None:
    """A memory is deleted for good."""
    await engine_of(request).memories.forget(person, [memory_id])


@delete("/memories", status_code=200)
async def forget_memories(request: AnyRequest, person: Person) -> dict[str, int]:
    """All that is known of you is deleted for good. Confirm-Erase: yes."""
    _confirmed(request)
    ids = [memory.id for memory in person.memories]
    await engine_of(request).memories.forget(person, ids)
    return {"forgotten": len(ids)}


@delete("/", status_code=200)
async def erase_me(request: AnyRequest) -> dict[str, Any]:
    """You are erased: everything that is kept of you, for good. The answer is the receipt. Confirm-Erase: yes."""
    engine = engine_of(request)
    who = caller(request)
    _confirmed(request)
    await request.app.state.sessions.end(who.user_id)
    now = engine.now()
    receipt = await erase(engine.records, engine.memories, who.user_id, now)
    engine.consents.forget(who.user_id)
    # A phone that connects again with its old token must not make them anew.
    await request.app.state.auth.revocations.revoke_user(who.user_id, now, now + LONGEST_TOKEN_S)
    return asdict(receipt)


def _confirmed(request: AnyRequest) -> None:
    if request.headers.get("confirm-erase") != "yes":
        raise InputError("this cannot be undone: send the header Confirm-Erase: yes", code="not_confirmed")


me = Router(
    "/v1/me",
    route_handlers=[
        *(list_memories, correct_memory, forget_memory, forget_memories, erase_me),
        *(list_consents, read_consent, set_consent, list_wards_consents, set_wards_consent),
        *(list_contacts, set_contact, remove_contact),
        *(list_sessions, read_session, read_archive),
        *(complain, list_complaints),
    ],
    dependencies={"person": Provide(provide_person)},
    exception_handlers=refusals(unfit="the request does not fit: see docs/privacy.md"),
    response_headers={"Cache-Control": "no-store"},
)
