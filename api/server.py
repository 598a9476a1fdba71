"""The process that serves: uvicorn, which at SIGTERM lets sessions go elsewhere first, and then waits for nobody."""

from __future__ import annotations

import gc
import socket

import uvicorn
from litestar import Litestar

from api.handshake import PromptRequests
from api.review.bus import CASES
from companion.settings import Settings


class DrainingServer(uvicorn.Server):
    """Stops listening, drains the sessions, and only then closes what is left."""

    def __init__(self, config: uvicorn.Config, app: Litestar, drain_s: float) -> None:
        super().__init__(config)
        self._app, self._drain_s = app, drain_s

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        gc.collect()
        gc.freeze()  # models and routes stay: a full collection need not walk through them while people talk

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        sessions = getattr(self._app.state, "sessions", None)
        if sessions is not None and not self.force_exit:
            await sessions.drain(self._drain_s)
        exchange = getattr(self._app.state, "exchange", None)
        if exchange is not None:
            exchange.bus.hang_up(CASES)  # pages that follow the queue would be waited for
        await super().shutdown(sockets)


def server(app: Litestar, settings: Settings, *, host: str | None = None, port: int | None = None) -> DrainingServer:
    """A server over the application. Sockets that answer no ping are closed; compression stays off, audio has none."""
    chosen = settings.server
    config = uvicorn.Config(
        app,
        host=host or chosen.host,
        port=chosen.port if port is None else port,
        http=PromptRequests,
        ws="websockets-sansio",
        ws_max_size=8 * chosen.max_frame_bytes,
        ws_ping_interval=chosen.ping_s,
        ws_ping_timeout=chosen.ping_s,
        ws_per_message_deflate=False,
        log_level="warning",
        timeout_graceful_shutdown=2,
    )
    return DrainingServer(config, app, chosen.drain_s)
