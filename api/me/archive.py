"""/v1/me/archive: everything that is kept of you, to take with you."""

from __future__ import annotations

from typing import Literal

from litestar import get
from litestar.params import FromQuery
from litestar.response import Stream

from api.me.caller import AnyRequest, engine_of, person_of
from companion.archive.kept import kept_of
from companion.archive.writing import archive


@get("/archive")
async def read_archive(request: AnyRequest, language: FromQuery[Literal["zh", "en"]] = "zh") -> Stream:
    """A ZIP, made while it is sent: index.html to read, data.json for programs, and the recordings that were kept."""
    engine, user_id = engine_of(request), await person_of(request)
    return Stream(
        archive(engine, await kept_of(engine, user_id), language),
        media_type="application/zip",
        headers={"Content-Disposition": 'attachment; filename="companion-archive.zip"', "Cache-Control": "no-store"},
    )
