"""HTTP that waits only so long for a request: whoever sends it byte by byte must not hold a connection with it."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

_AWAITED = (h11.IDLE, h11.SEND_BODY)


class PromptRequests(H11Protocol):
    """uvicorn's own, which knows no such limit: a connection is closed whose request is not whole in time.

    wait_s: seconds from the connection, or from the first byte of a later request, to the last; authored by us.
    """

    wait_s = 10.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._awaiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await()

    def data_received(self, data: bytes) -> None:
        self._await()
        super().data_received(data)
        if self.conn.their_state not in _AWAITED:
            self._came()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._came()
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        self._came()
        super().connection_lost(exc)

    def _await(self) -> None:
        if self._awaiting is None:
            self._awaiting = self.loop.call_later(self.wait_s, self.transport.close)

    def _came(self) -> None:
        if self._awaiting is not None:
            self._awaiting.cancel()
            self._awaiting = None
