"""Pages of a list: how many, and a cursor that nobody but this server reads."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any

import msgspec
from litestar.params import QueryParameter

from companion.errors import InputError

Limit = Annotated[int, QueryParameter(ge=1, le=200, description="How many at most.")]
From = Annotated[str | None, QueryParameter(name="cursor", max_length=300, description="`next` of the page before.")]


def cursor(place: Any) -> str:
    """Where a page ended, as text for an address."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def place(text: str, kind: Any) -> Any:
    """What `cursor` was given, as this type. Raises InputError (invalid_cursor) for anything else."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(raw, type=kind)
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        raise InputError("this cursor is none of ours: begin with the first page", code="invalid_cursor") from None
