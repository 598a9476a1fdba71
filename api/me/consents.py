"""/v1/me/consents: what you are asked for, what you said, and saying it; and the same for a child as its guardian."""

from __future__ import annotations

from typing import Annotated, Literal

from litestar import get, put
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from api.errors import refusals
from api.me.caller import AnyRequest, caller, engine_of, person_of
from api.realtime.consent_events import ConsentLabel, consent_label, note
from companion.consent.decisions import decide
from companion.consent.purposes import PURPOSES, Language, purpose_of
from companion.errors import InputError

Lang = FromQuery[Literal["zh", "en"]]
_UNFIT = refusals(
    unfit='the body does not fit: send {"given": true or false, "version": of the text shown, "language": "zh" or "en"}'
)


class Choice(Struct, frozen=True, kw_only=True):
    """A yes or a no. version: of the text that was shown, needed for a yes; language: in which."""

    given: bool
    version: Annotated[str, Meta(max_length=64)] | None = None
    language: Literal["zh", "en"] = "zh"


class Said(Struct, frozen=True, kw_only=True):
    """One decision. at: unix s; by: person, socket, guardian or operator."""

    purpose: str
    given: bool
    version: str
    language: str
    at: float
    by: str


class Standing(Struct, frozen=True, kw_only=True):
    """All purposes. guardian: what applies to a child; history: every decision, oldest first."""

    consents: list[ConsentLabel]
    guardian: str | None
    history: list[Said]


class Answered(Struct, frozen=True, kw_only=True):
    """What stands now. recordings_deleted: of so many turns. memories_left: DELETE /v1/me/memories forgets them."""

    consent: ConsentLabel
    recordings_deleted: int
    memories_left: int


@get("/consents")
async def list_consents(request: AnyRequest, language: Lang = "zh") -> Standing:
    """What you are asked for, with the texts in force, and everything that you said."""
    return await _standing(request, await person_of(request), language)


@get("/consents/{purpose:str}")
async def read_consent(request: AnyRequest, purpose: FromPath[str], language: Lang = "zh") -> ConsentLabel:
    """One purpose."""
    return await consent_label(engine_of(request), await person_of(request), _known(purpose), language)


@put("/consents/{purpose:str}", exception_handlers=_UNFIT)
async def set_consent(request: AnyRequest, purpose: FromPath[str], data: JSONBody[Choice]) -> Answered:
    """Say yes or no. It counts from now on, also in a talk that goes on."""
    return await _decided(request, await person_of(request), purpose, data)


@get("/wards/{user_id:str}/consents")
async def list_wards_consents(request: AnyRequest, user_id: FromPath[str], language: Lang = "zh") -> Standing:
    """The same for a child whose guardian your token says you are."""
    _guardian(request, user_id)
    engine = engine_of(request)
    await engine.records.ensure_user(user_id, engine.now())
    return await _standing(request, user_id, language)


@put("/wards/{user_id:str}/consents/{purpose:str}", exception_handlers=_UNFIT)
async def set_wards_consent(
    request: AnyRequest, user_id: FromPath[str], purpose: FromPath[str], data: JSONBody[Choice]
) -> Answered:
    """Say yes or no for a child whose guardian your token says you are."""
    return await _decided(request, user_id, purpose, data, guardian=_guardian(request, user_id))


def _guardian(request: AnyRequest, user_id: str) -> str:
    who = caller(request)
    if user_id not in who.guardian_of:
        raise InputError("your token names nobody of this id whose guardian you are", code="not_found")
    return who.user_id


async def _standing(request: AnyRequest, user_id: str, language: Language) -> Standing:
    engine = engine_of(request)
    history = [
        Said(purpose=d.purpose, given=d.given, version=d.version, language=d.language, at=d.at, by=d.by)
        for d in await engine.consents.history(user_id)
    ]
    labels = [await consent_label(engine, user_id, purpose, language) for purpose in PURPOSES]
    return Standing(consents=labels, guardian=await note(engine, user_id, language), history=history)


async def _decided(
    request: AnyRequest, user_id: str, purpose: str, choice: Choice, *, guardian: str | None = None
) -> Answered:
    engine = engine_of(request)
    decided = await decide(
        engine,
        user_id,
        _known(purpose),
        choice.given,
        version=choice.version,
        language=choice.language,
        by="person" if guardian is None else "guardian",
        guardian=guardian,
    )
    label = await consent_label(engine, user_id, purpose, choice.language)
    return Answered(consent=label, recordings_deleted=decided.recordings, memories_left=decided.memories)


def _known(purpose: str) -> str:
    """Over HTTP a purpose is a resource: one that is none is not found."""
    try:
        return purpose_of(purpose)
    except InputError as error:
        raise InputError(str(error), code="not_found") from None
