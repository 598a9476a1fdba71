"""/v1/review/people: your caseload, how their weeks went, and what is known of them."""

from __future__ import annotations

import asyncio
from typing import Annotated

from litestar import get
from litestar.params import FromPath
from msgspec import Meta

from affect.trajectory import Estimate
from api.review import schemas as told
from api.review.looking import AnyRequest, Looking
from api.review.paging import From, Limit, cursor, place
from api.review.queue import COUNSELLORS
from api.staff import SignedIn
from companion.review.people import Felt, people, weeks_of, with_history
from companion.review.reading import Reader
from companion.review.session_list import count
from memory.types import Memory

_After = tuple[Annotated[float, Meta(ge=0, le=1e11)], Annotated[str, Meta(pattern=r"^[\w.@|:+=~-]{1,128}$")]]


@get("/people", guards=[COUNSELLORS])
async def list_people(
    request: AnyRequest, staff: SignedIn, limit: Limit = 50, from_: From = None
) -> told.Page[told.Person]:
    """Whom you may see, who was there last first."""
    look = Looking(request, staff)
    after: tuple[float, str] | None = None if from_ is None else place(from_, _After)
    timezone = look.engine.settings.memory.timezone
    found, more = await people(look.store, look.reading, await look.reader(), timezone, limit=limit, after=after)
    await look.listed("people.list", len(found))
    items = [
        told.Person(
            user_id=each.user_id,
            sessions=each.sessions,
            last_at=each.last_at,
            held_level=each.held,
            readable=each.readable,
            weekly_valence=list(each.weeks),
        )
        for each in found
    ]
    return told.Page(items=items, next=None if more is None else cursor(more))


@get("/people/{user_id:str}", guards=[COUNSELLORS])
async def read_person(request: AnyRequest, staff: SignedIn, user_id: FromPath[str]) -> told.PersonDetail:
    """One of them. Where they are not readable, only what they agreed to, and how often they were there."""
    look = Looking(request, staff)
    await look.person(user_id, "person.read")
    engine, timezone = look.engine, look.engine.settings.memory.timezone
    readable = await look.reading.of(Reader(staff.id, None, look.now), user_id)
    weeks, memories = list[told.WeekOfAffect](), list[told.PersonMemory]()
    if readable != "no":
        weeks = [_week(felt) for felt in await weeks_of(look.store, user_id, look.now, timezone)]
        known, _ = await engine.memories.ledger.of(user_id, engine.memories.embedder.name)
        memories = [_memory(memory, before) for memory, before in await asyncio.to_thread(with_history, known)]
    return told.PersonDetail(
        user_id=user_id,
        sessions=await count(look.store, user_id),
        readable=readable,
        affect_by_week=weeks,
        memories=memories,
        consents={str(purpose): given for purpose, given in (await engine.consents.standing(user_id)).items()},
    )


def _week(felt: Felt) -> told.WeekOfAffect:
    week = felt.week
    return told.WeekOfAffect(
        week_start=week.start.isoformat(),
        valence_mean=_value(week.valence),
        valence_sd=_value(week.variability),
        arousal_mean=_value(week.arousal),
        turns=week.turns,
        incongruent=felt.incongruent,
    )


def _value(estimate: Estimate | None) -> float | None:
    return None if estimate is None else estimate.value


def _memory(memory: Memory, before: list[Memory]) -> told.PersonMemory:
    return told.PersonMemory(
        id=memory.id,
        kind=str(memory.kind),
        text=memory.text,
        valid_from=memory.valid_from,
        valid_to=memory.valid_to,
        evidence=list(memory.evidence),
        history=[
            told.PastMemory(id=old.id, text=old.text, valid_from=old.valid_from, valid_to=old.valid_to)
            for old in before
        ],
    )
