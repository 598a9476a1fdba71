"""A client that keeps of its session what it needs to go on with it over another socket."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect


class Phone:
    """A socket, and what a client keeps of its session over many sockets."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.session_id = self.token = ""
        self.socket: ClientConnection | None = None

    @property
    def last_seq(self) -> int:
        return self.events[-1]["seq"]

    async def read(self) -> dict[str, Any]:
        """The next event that is new; numbers leave no gap."""
        assert self.socket is not None
        while True:
            event = json.loads(await asyncio.wait_for(self.socket.recv(), 10))
            if self.events and 0 < event["seq"] <= self.last_seq:
                continue
            assert not self.events or event["seq"] in (0, self.last_seq + 1), (event, self.last_seq)
            if event["seq"]:
                self.events.append(event)
            if event["type"] == "companion.session":
                self.session_id, self.token = event["session_id"], event["resume_token"]
            return event

    async def until(self, kind: str) -> dict[str, Any]:
        while (event := await self.read())["type"] != kind:
            pass
        return event

    async def notice(self, kind: str) -> dict[str, Any]:
        """The next notice of this kind; others may come before it."""
        while (event := await self.until("companion.notice"))["kind"] != kind:
            pass
        return event

    async def send(self, **event: Any) -> None:
        assert self.socket is not None
        await self.socket.send(json.dumps(event))

    async def type(self, text: str, event_id: str | None = None, ask: bool = True) -> None:
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        await self.send(type="conversation.item.create", item=item, event_id=event_id)
        if ask:
            await self.send(type="response.create", event_id=event_id and f"{event_id}-answer")

    async def resume(self, **other: Any) -> None:
        asked = {"session_id": self.session_id, "resume_token": self.token, "last_seq": self.last_seq}
        await self.send(type="companion.resume", **asked | other)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]

    def drop(self) -> None:
        """The train goes into a tunnel: no close frame."""
        assert self.socket is not None
        self.socket.transport.abort()


@asynccontextmanager
async def online(phone: Phone, server: Any, user: str = "xiaoyu", ttl_s: float = 600.0) -> AsyncIterator[Phone]:
    headers = {"Authorization": f"Bearer {server.token(user, ttl_s)}"}
    url = "ws" + server.url.removeprefix("http") + "/v1/realtime"
    async with connect(url, additional_headers=headers) as socket:
        phone.socket = socket
        yield phone


async def on_record(server: Any, session_id: str, states: list[str]) -> list[Any]:
    async with asyncio.timeout(10):
        while True:
            turns = await server.engine.records.turns(session_id)
            if [turn.state for turn in turns] == states:
                return turns
            await asyncio.sleep(0.02)
