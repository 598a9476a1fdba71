"""Refusals over HTTP, in one shape for all routes: {"error": {type, code, message, param}}, as OpenAI's.

A message names fields, never what stood in them. Routers take `refusals(...)` as their exception handlers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from companion.errors import AuthenticationError, InputError, StorageError
from companion.records.attempts import TooManyAttempts
from memory.errors import EmbedderError, NoSuchMemory

Refusal = Callable[[Request[Any, Any, Any], Any], Response[dict[str, Any]]]
# An InputError's code -> the status that says it; every other code is a 400.
STATUS: Mapping[str, int] = {
    "forbidden": 403,
    "csrf": 403,
    "consent_needed": 403,
    "guardian_needed": 403,
    "not_consented": 403,
    "not_found": 404,
    "claimed_by_other": 409,
    "not_claimed": 409,
    "case_closed": 409,
    "with_person": 409,
    "label_final": 409,
    "not_disputed": 409,
    "schema_changed": 409,
    "too_few_people": 409,
    "not_waiting": 409,
    "too_many_requests": 429,
    "consent_outdated": 409,
    "too_many_complaints": 429,
}


def error_response(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None
) -> Response[dict[str, Any]]:
    """A refusal. A 401 says how to authenticate."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    body = {"error": {"type": kind, "code": code, "message": message, "param": None}}
    told = {"Cache-Control": "no-store", **(headers or {})}
    if status == 401:
        told["WWW-Authenticate"] = "Bearer"
    return Response(body, status_code=status, headers=told, media_type="application/json")


def refusals(*, unfit: str, signed_out: str = "invalid_token") -> dict[Any, Any]:
    """Exception handlers for a router. unfit: what to send, where a body does not fit; signed_out: code of a 401."""

    def invalid(_: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, Any]]:
        """Litestar's own refusals; what it says of a value may quote it, so that only the kind is told."""
        message = unfit if error.status_code == 400 else error.detail
        return error_response(error.status_code, "invalid_request", message)

    return {
        TooManyAttempts: _too_many,
        AuthenticationError: _always(401, signed_out),
        NoSuchMemory: _always(404, "not_found"),
        InputError: _unfit,
        StorageError: _always(503, "storage_error"),
        EmbedderError: _always(503, "embedder_error"),
        HTTPException: invalid,
        msgspec.ValidationError: lambda _, __: error_response(400, "invalid_request", unfit),
    }


def _always(status: int, code: str) -> Refusal:
    return lambda _, error: error_response(status, code, str(error))


def _unfit(_: Request[Any, Any, Any], error: InputError) -> Response[dict[str, Any]]:
    return error_response(STATUS.get(error.code, 400), error.code, str(error))


def _too_many(_: Request[Any, Any, Any], error: TooManyAttempts) -> Response[dict[str, Any]]:
    return error_response(429, "too_many_attempts", str(error), {"Retry-After": f"{error.retry_after_s:.0f}"})
