"""GET /v1/realtime, upgraded to a WebSocket."""

from __future__ import annotations

import time
from typing import Any

from litestar import WebSocket, websocket

from api.auth import SUBPROTOCOL, Authenticator
from api.realtime import server_events as wire
from api.realtime.connection import Connection
from api.realtime.sessions import Sessions
from companion.engine import Engine
from companion.errors import AuthenticationError
from companion.items import new_id

_RETRY_S = 5.0  # shorter than Resume.reattach_s: what they were saying is still there


@websocket("/v1/realtime")
async def realtime(socket: WebSocket[Any, Any, Any]) -> None:
    """One socket of a session. A refused token is told by an `error` event and closes with 1008."""
    offered = [p.strip() for p in socket.headers.get("sec-websocket-protocol", "").split(",") if p.strip()]
    state = socket.app.state
    engine: Engine = state.engine
    auth: Authenticator = state.auth
    await socket.accept(subprotocols=SUBPROTOCOL if SUBPROTOCOL in offered else None)
    try:
        principal = auth.verify_handshake(socket.headers, socket.query_params, offered, time.time())
    except AuthenticationError as error:
        body = wire.ErrorBody(type="invalid_request_error", code="invalid_token", message=str(error))
        await socket.send_text(wire.encode(wire.Error(error=body), new_id("event"), 1))
        await socket.close(code=1008, reason="token refused")
        return
    address = socket.client.host if socket.client else ""
    sessions: Sessions = state.sessions
    if not sessions.addresses.enter(address):
        notice = wire.Notice(kind="overloaded", message="too many sessions of one address", retry_after_s=_RETRY_S)
        await socket.send_text(wire.encode(notice, new_id("event"), 0))
        await socket.close(code=1013, reason="too many sessions of one address")
        return
    model = socket.query_params.get("model") or engine.chat.name
    try:
        await Connection(socket, sessions, auth, engine.settings.server, principal, model).run()
    finally:
        sessions.addresses.leave(address)
