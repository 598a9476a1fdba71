"""/v1/me/complaints: what you want to complain about, and what became of it."""

from __future__ import annotations

from typing import Annotated

from litestar import get, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from api.errors import refusals
from api.me.caller import AnyRequest, engine_of, person_of
from companion.records.complaints import LONGEST, Complaint, Complaints


class NewComplaint(Struct, frozen=True, kw_only=True):
    """In your own words."""

    text: Annotated[str, Meta(min_length=1, max_length=LONGEST, pattern=r"\S")]


class KnownComplaint(Struct, frozen=True, kw_only=True):
    """Times: unix s; answer and answered_at are null while it waits."""

    id: str
    at: float
    text: str
    answered_at: float | None
    answer: str | None


class MyComplaints(Struct, frozen=True, kw_only=True):
    """Oldest first."""

    complaints: list[KnownComplaint]


@post(
    "/complaints",
    exception_handlers=refusals(unfit=f'the body does not fit: send {{"text": ...}} of 1 to {LONGEST} characters'),
)
async def complain(request: AnyRequest, data: JSONBody[NewComplaint]) -> KnownComplaint:
    """Complain to whoever runs this server: about a reply, a counsellor, your data, anything."""
    engine, user_id = engine_of(request), await person_of(request)
    return _told(await Complaints(engine.records.store, engine.records.ring).add(user_id, data.text, engine.now()))


@get("/complaints")
async def list_complaints(request: AnyRequest) -> MyComplaints:
    """What you complained about, and the answers."""
    engine, user_id = engine_of(request), await person_of(request)
    mine = await Complaints(engine.records.store, engine.records.ring).of(user_id)
    return MyComplaints(complaints=[_told(each) for each in mine])


def _told(complaint: Complaint) -> KnownComplaint:
    return KnownComplaint(
        id=complaint.id,
        at=complaint.at,
        text=complaint.text,
        answered_at=complaint.answered_at,
        answer=complaint.answer,
    )
