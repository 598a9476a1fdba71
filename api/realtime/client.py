"""A client of /v1/realtime over `websockets`: what talk, demo and the benchmarks speak through."""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from companion.errors import AuthenticationError, ServiceError

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

SAMPLE_RATE = 16_000
_FRAME = 512  # samples, 32 ms: one VAD window
_TAIL_S = 0.8  # silence after a recording, so that the server hears its end


class Client(ABC):
    """One session as its user sees it. Events come as dicts."""

    @abstractmethod
    async def send(self, event: dict[str, Any]) -> None:
        """One client event."""

    @abstractmethod
    async def audio(self, pcm: bytes) -> None:
        """Some audio: PCM16LE, 16 kHz."""

    @abstractmethod
    async def event(self) -> dict[str, Any]:
        """The next server event. Raises ServiceError when the server has gone."""

    async def speak(self, samples: NDArray[np.float32], *, paced: bool = True) -> None:
        """Send samples (float32, 16 kHz) and a little silence, as fast as they would be spoken or at once."""
        whole = np.concatenate((samples, np.zeros(int(_TAIL_S * SAMPLE_RATE), np.float32)))
        pcm = (np.clip(whole, -1, 1) * 32_767).astype("<i2")
        loop = asyncio.get_running_loop()
        started = loop.time()
        for at in range(0, pcm.size, _FRAME):
            await self.audio(pcm[at : at + _FRAME].tobytes())
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


class RealtimeClient(Client):
    """A session over one socket: it ends with it."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    @classmethod
    @asynccontextmanager
    async def connect(cls, url: str, token: str, **companion: object) -> AsyncIterator[RealtimeClient]:
        """url: http://HOST:PORT. companion: fields of session.companion. Raises AuthenticationError, ServiceError."""
        async with await dial(url, token) as connection:
            client = cls(connection)
            while (first := await client.event())["type"] != "session.created":  # where many wait, that is told first
                if first["type"] == "error":
                    raise AuthenticationError(first["error"]["message"])
            await client.send({"type": "session.update", "session": session_fields(**companion)})
            yield client

    async def send(self, event: dict[str, Any]) -> None:
        await self._connection.send(json.dumps(event, ensure_ascii=False))

    async def audio(self, pcm: bytes) -> None:
        await self._connection.send(pcm)

    async def event(self) -> dict[str, Any]:
        from websockets.exceptions import ConnectionClosed

        try:
            event: dict[str, Any] = json.loads(await self._connection.recv())
        except ConnectionClosed as error:
            raise ServiceError(
                f"the server closed the connection ({error.rcvd.code if error.rcvd else 1006})"
            ) from None
        return event


async def dial(url: str, token: str, *, ping_s: float = 20.0) -> ClientConnection:
    """A socket. url: http://HOST:PORT. ping_s: who answers no ping for so long is gone. Raises ServiceError."""
    from websockets.asyncio.client import connect
    from websockets.exceptions import WebSocketException

    address = "ws" + url.removeprefix("http").rstrip("/") + "/v1/realtime"
    headers = {"Authorization": f"Bearer {token}"}
    try:
        return await connect(
            address, additional_headers=headers, max_size=None, ping_interval=ping_s, ping_timeout=ping_s
        )
    except (OSError, WebSocketException) as error:
        raise ServiceError(f"{url} does not answer ({type(error).__name__}): is `companion serve` up?") from None


def session_fields(**companion: object) -> dict[str, Any]:
    """`session` of a session.update: 16 kHz PCM, and these fields of session.companion."""
    audio = {"input": {"format": {"type": "audio/pcm", "rate": SAMPLE_RATE}}}
    return {"type": "realtime", "audio": audio, "companion": companion}
