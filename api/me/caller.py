"""Who asks for what is theirs."""

from __future__ import annotations

from typing import Any

from litestar import Request

from api.auth import Authenticator, Principal, bearer
from companion.engine import Engine

AnyRequest = Request[Any, Any, Any]


def engine_of(request: AnyRequest) -> Engine:
    """The one of this process."""
    engine: Engine = request.app.state.engine
    return engine


def caller(request: AnyRequest) -> Principal:
    """Whom the bearer token speaks for. Raises AuthenticationError."""
    auth: Authenticator = request.app.state.auth
    return auth.verify_user(bearer(request.headers, query=request.query_params), engine_of(request).now())


async def person_of(request: AnyRequest) -> str:
    """The id of who asks, on record, with their key loaded. Raises AuthenticationError, StorageError."""
    who, engine = caller(request), engine_of(request)
    await engine.records.ensure_user(who.user_id, engine.now())
    return who.user_id
