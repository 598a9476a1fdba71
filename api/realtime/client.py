"""A client of /v1/realtime over `websockets`: what talk, demo and the benchmarks speak through."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from companion.errors import AuthenticationError, ServiceError

SAMPLE_RATE = 16_000
_FRAME = 512  # samples, 32 ms: one VAD window
_TAIL_S = 0.8  # silence after a recording, so that the server hears its end


class RealtimeClient:
    """One open session. Events come as dicts."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @classmethod
    @asynccontextmanager
    async def connect(cls, url: str, token: str, **companion: object) -> AsyncIterator[RealtimeClient]:
        """url: http://HOST:PORT. companion: fields of session.companion. Raises AuthenticationError, ServiceError."""
        from websockets.asyncio.client import connect
        from websockets.exceptions import WebSocketException

        address = "ws" + url.removeprefix("http").rstrip("/") + "/v1/realtime"
        try:
            connection = await connect(address, additional_headers={"Authorization": f"Bearer {token}"}, max_size=None)
        except (OSError, WebSocketException) as error:
            raise ServiceError(f"{url} does not answer ({type(error).__name__}): is `companion serve` up?") from None
        async with connection:
            client = cls(connection)
            first = await client.event()
            if first["type"] == "error":
                raise AuthenticationError(first["error"]["message"])
            audio = {"input": {"format": {"type": "audio/pcm", "rate": SAMPLE_RATE}}}
            session = {"type": "realtime", "audio": audio, "companion": companion}
            await client.send({"type": "session.update", "session": session})
            yield client

    async def send(self, event: dict[str, Any]) -> None:
        """One client event."""
        await self._connection.send(json.dumps(event, ensure_ascii=False))

    async def event(self) -> dict[str, Any]:
        """The next server event. Raises ServiceError when the server has gone."""
        from websockets.exceptions import ConnectionClosed

        try:
            event: dict[str, Any] = json.loads(await self._connection.recv())
        except ConnectionClosed as error:
            raise ServiceError(
                f"the server closed the connection ({error.rcvd.code if error.rcvd else 1006})"
            ) from None
        return event

    async def speak(self, samples: NDArray[np.float32], *, paced: bool = True) -> None:
        """Send samples (float32, 16 kHz) and a little silence, as fast as they would be spoken or at once."""
        whole = np.concatenate((samples, np.zeros(int(_TAIL_S * SAMPLE_RATE), np.float32)))
        pcm = (np.clip(whole, -1, 1) * 32_767).astype("<i2")
        loop = asyncio.get_running_loop()
        started = loop.time()
        for at in range(0, pcm.size, _FRAME):
            await self._connection.send(pcm[at : at + _FRAME].tobytes())
            if paced:
                await asyncio.sleep(max(0.0, started + (at + _FRAME) / SAMPLE_RATE - loop.time()))

    async def type(self, text: str) -> None:
        """Send a typed message and ask for a reply."""
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        await self.send({"type": "conversation.item.create", "item": item})
        await self.send({"type": "response.create"})

    async def turn(self, timeout_s: float = 120.0) -> AsyncIterator[dict[str, Any]]:
        """Events up to the timings of the reply that ends last; a cancelled reply is not the last."""
        async with asyncio.timeout(timeout_s):
            cancelled: set[str] = set()
            while True:
                event = await self.event()
                yield event
                if event["type"] == "response.done" and event["response"]["status"] == "cancelled":
                    cancelled.add(event["response"]["id"])
                if event["type"] == "companion.timings" and event["response_id"] not in cancelled:
                    return
