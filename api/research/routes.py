"""The router of /v1/research."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import File

from api.research import schemas as told
from api.research.exporting import exports_of
from api.staff import SignedIn, access_of, requires, staff_router
from companion.records.exports import ExportRow

AnyRequest = Request[Any, Any, Any]
RESEARCHERS, APPROVERS = requires("researcher"), requires("supervisor", "admin")
BOTH = requires("researcher", "supervisor", "admin")
_MEDIA = {".jsonl": "application/jsonlines", ".json": "application/json", ".md": "text/markdown"}


@post("/exports", guards=[RESEARCHERS])
async def ask_for_export(request: AnyRequest, staff: SignedIn, data: JSONBody[told.NewExport]) -> told.Export:
    """Ask for an export; somebody else has to agree. 409 where fewer than k people fit, without how many do."""
    return await _shown(request, await exports_of(request).ask(staff, data.purpose, data.request()))


@get("/exports", guards=[BOTH])
async def list_exports(request: AnyRequest, staff: SignedIn) -> told.ExportList:
    """Your own exports; for who approves, everybody's. The latest 200."""
    names = await _names(request)
    return told.ExportList([told.shown(row, names) for row in await exports_of(request).listed(staff)])


@get("/exports/{export_id:str}", guards=[BOTH])
async def read_export(request: AnyRequest, staff: SignedIn, export_id: FromPath[str]) -> told.Export:
    """How far it is, what is in it, what its holder is told, and which files there are."""
    row, notices, files = await exports_of(request).read(staff, export_id)
    return told.shown(row, await _names(request), notices, files if row.requested_by == staff.id else [])


@post("/exports/{export_id:str}/approval", guards=[APPROVERS], status_code=200)
async def approve_export(
    request: AnyRequest, staff: SignedIn, export_id: FromPath[str], data: JSONBody[told.Approval]
) -> told.Export:
    """Agree: it is made of what there is now. 403 for whoever asked."""
    return await _shown(request, await exports_of(request).approve(staff, export_id, crisis_text=data.crisis_text))


@post("/exports/{export_id:str}/refusal", guards=[APPROVERS], status_code=200)
async def decline_export(request: AnyRequest, staff: SignedIn, export_id: FromPath[str]) -> told.Export:
    """Do not agree."""
    return await _shown(request, await exports_of(request).decline(staff, export_id))


@post("/exports/{export_id:str}/cancellation", guards=[RESEARCHERS], status_code=200)
async def cancel_export(request: AnyRequest, staff: SignedIn, export_id: FromPath[str]) -> told.Export:
    """Take back what you asked for, before it is published."""
    return await _shown(request, await exports_of(request).cancel(staff, export_id))


@get("/exports/{export_id:str}/flags", guards=[APPROVERS])
async def list_export_flags(
    request: AnyRequest,
    staff: SignedIn,
    export_id: FromPath[str],
    after: Annotated[int, QueryParameter(ge=0, le=10_000_000, description="`next` of the page before.")] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=200, description="How many at most.")] = 50,
) -> told.ExportFlags:
    """Rare content that a human decides on before the export goes on. 409 where none waits."""
    found, decided = await exports_of(request).flags(staff, export_id, after=after, limit=limit)
    following = after + len(found) if len(found) == limit else None
    return told.ExportFlags([told.flag_shown(flag) for flag in found], decided, following)


@post("/exports/{export_id:str}/flags", guards=[APPROVERS], status_code=200)
async def decide_export_flags(
    request: AnyRequest, staff: SignedIn, export_id: FromPath[str], data: JSONBody[told.Decisions]
) -> told.Export:
    """Mask rare content or let it pass. Once all is decided, the export goes on. 403 for whoever asked."""
    return await _shown(request, await exports_of(request).decide(staff, export_id, data.flags, rest=data.rest))


@get("/exports/{export_id:str}/files/{file_name:str}", guards=[RESEARCHERS])
async def download_export(
    request: AnyRequest, staff: SignedIn, export_id: FromPath[str], file_name: FromPath[str]
) -> File:
    """A file of your own export, while it is published: as `files` names them. Each download is written down."""
    path = await exports_of(request).download(staff, export_id, file_name)
    return File(path, filename=path.name, media_type=_MEDIA.get(path.suffix, "application/octet-stream"))


async def _names(request: AnyRequest) -> dict[str, str]:
    return {account.id: account.name for account in await access_of(request).accounts.accounts()}


async def _shown(request: AnyRequest, row: ExportRow) -> told.Export:
    return told.shown(row, await _names(request))


research = staff_router(
    "/v1/research",
    *(ask_for_export, list_exports, read_export, approve_export, decline_export, cancel_export),
    *(list_export_flags, decide_export_flags, download_export),
)
