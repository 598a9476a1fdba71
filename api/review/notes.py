"""Notes on sessions and turns, and their deletion, which takes two members of staff."""

from __future__ import annotations

from typing import Annotated

from litestar import get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from api.review import schemas as told
from api.review.looking import AnyRequest, Looking
from api.review.paging import From, Limit, cursor, place
from api.review.queue import COUNSELLORS
from api.staff import SignedIn, requires
from companion.errors import InputError
from companion.records.cases import printable
from companion.records.deletions import DeletionRequest
from companion.review.notes import Note

APPROVERS = requires("supervisor", "admin")
_After = tuple[Annotated[float, Meta(ge=0, le=1e11)], Annotated[str, Meta(pattern=r"^note_[0-9a-f]{32}$")]]


@get("/sessions/{session_id:str}/notes", guards=[COUNSELLORS])
async def list_notes(
    request: AnyRequest, staff: SignedIn, session_id: FromPath[str], limit: Limit = 50, from_: From = None
) -> told.Page[told.Note]:
    """What staff wrote down of a session, oldest first. It stays when the person takes their consent back."""
    look = Looking(request, staff)
    after: tuple[float, str] | None = None if from_ is None else place(from_, _After)
    session = await look.session(session_id, "note.list", words=False)
    found, more = await look.notes.of_session(session.user_id, session_id, limit=limit, after=after)
    return told.Page(items=[_shown(note) for note in found], next=None if more is None else cursor(more))


@post("/sessions/{session_id:str}/notes", guards=[COUNSELLORS])
async def add_note(
    request: AnyRequest, staff: SignedIn, session_id: FromPath[str], data: JSONBody[told.NewNote]
) -> told.Note:
    """Write something down. The person may read it in their archive."""
    look = Looking(request, staff)
    session = await look.session(session_id, "session.read", words=False)
    if data.turn_id is not None:
        turn = await look.timelines.place(data.turn_id)
        if turn is None or turn.session_id != session_id:
            raise InputError("this session has no turn of this id", code="not_found")
    by = (staff.id, staff.name)
    note, kept = look.notes.added(session.user_id, session_id, data.turn_id, by, data.text.strip(), look.now)
    await look.desk.caseload.seen(staff, session.user_id, "note.add", look.now, object_id=note.id, also=[kept])
    return _shown(note)


@post("/notes/{note_id:str}/deletion", guards=[COUNSELLORS])
async def request_deletion(request: AnyRequest, staff: SignedIn, note_id: FromPath[str]) -> told.Deletion:
    """Ask for a note to be deleted. Another supervisor, or an admin, has to agree within a week."""
    look = Looking(request, staff)
    user_id = await look.notes.person_of(note_id) if printable(note_id) else None
    if user_id is None:
        raise InputError("nobody of this id is among those that you may see", code="not_found")
    asked = await look.desk.deletions.request(staff, user_id, note_id, look.now)
    return _deletion(asked, {staff.id: staff.name})


@get("/deletions", guards=[APPROVERS])
async def list_deletions(request: AnyRequest, staff: SignedIn) -> told.Page[told.Deletion]:
    """What waits for somebody else to agree, oldest first. All of it, on one page."""
    look = Looking(request, staff)
    waiting = await look.desk.deletions.waiting(look.now)
    await look.listed("deletion.list", len(waiting))
    names = {account.id: account.name for account in await look.desk.accounts.accounts()}
    return told.Page(items=[_deletion(each, names) for each in waiting], next=None)


@post("/deletions/{request_id:str}/approval", guards=[APPROVERS], status_code=200)
async def approve_deletion(request: AnyRequest, staff: SignedIn, request_id: FromPath[str]) -> told.Deletion:
    """Agree: now it is deleted. 403 for whoever asked."""
    look = Looking(request, staff)
    waiting = {each.id: each for each in await look.desk.deletions.waiting(look.now)}
    asked = waiting.get(request_id)
    if asked is None or _kind(asked) != "note":
        raise InputError("no request of this id waits for approval", code="not_found")
    gone = look.notes.deleted(asked.object_id)
    done = await look.desk.deletions.approve(staff, request_id, look.now, also=[gone])
    names = {account.id: account.name for account in await look.desk.accounts.accounts()}
    return _deletion(done, names)


def _shown(note: Note) -> told.Note:
    return told.Note(
        id=note.id,
        session_id=note.session_id,
        turn_id=note.turn_id,
        by=told.ById(id=note.by[0], name=note.by[1]),
        at=note.at,
        text=note.text,
    )


def _kind(asked: DeletionRequest) -> str:
    return "note" if asked.object_id.startswith("note_") else "other"


def _deletion(asked: DeletionRequest, names: dict[str, str]) -> told.Deletion:
    return told.Deletion(
        id=asked.id,
        object_id=asked.object_id,
        kind=_kind(asked),
        requested_by=told.ById(id=asked.requested_by, name=names.get(asked.requested_by, "")),
        requested_at=asked.requested_at,
    )
