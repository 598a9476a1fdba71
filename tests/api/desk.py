"""Counsellors at their desk: signed in, over HTTP, an open stream of the queue, a socket at a talk."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from api.realtime.live import LiveSession
from api.staff import Access
from companion.floor import Floor
from companion.records.passwords import Passwords
from companion.safety.protocol_types import Phase, State
from tests.companion.records.staffing import CHEAP, hire, signed_in

SAID = "我把遗书写好了"


def desk_of(server: Any, folder: Path) -> Access:
    """Accounts of a server: over its database, with cheap hashes."""
    return Access(server.engine.records, folder / "hired.head", time.time, Passwords(CHEAP))


class Counsellor:
    """One who has signed in."""

    def __init__(self, server: Any, desk: Access, staff_id: str, name: str, token: str) -> None:
        self.server, self.desk, self.id, self.name, self.token = server, desk, staff_id, name, token
        headers = {"authorization": f"Bearer {token}"}
        self.http = httpx.AsyncClient(base_url=f"{server.url}/v1/review", headers=headers, timeout=10)

    @classmethod
    @asynccontextmanager
    async def at(cls, server: Any, folder: Path, name: str = "ann", *roles: str) -> AsyncIterator[Counsellor]:
        desk = desk_of(server, folder)
        enrolment = await hire(desk, name, *roles)
        token = await signed_in(desk, enrolment)
        one = cls(server, desk, enrolment.staff_id, enrolment.name, token)
        async with one.http:
            yield one

    async def post(self, path: str, status: int = 200, **body: Any) -> Any:
        answer = await self.http.post(path, json=body)
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        return answer.json() if status == 200 else answer.json()["error"]["code"]

    async def queue(self, which: str = "open") -> list[dict[str, Any]]:
        answer = await self.http.get("/queue", params={"state": which})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    async def cares_for(self, user_id: str) -> None:
        await self.desk.caseload.add(self.id, user_id, time.time(), by="operator")

    @asynccontextmanager
    async def stream(self) -> AsyncIterator[Stream]:
        async with self.http.stream("GET", "/events") as answer:
            assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/event-stream")
            stream = Stream(answer)
            assert (await stream.next())[0] == "hello"
            yield stream

    @asynccontextmanager
    async def watch(self, session_id: str) -> AsyncIterator[Seat]:
        url = f"ws{self.server.url.removeprefix('http')}/v1/review/sessions/{session_id}/live"
        async with connect(url, additional_headers={"authorization": f"Bearer {self.token}"}) as socket:
            yield Seat(socket)


class Stream:
    """The events of an open page of the queue."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.aiter_lines()

    async def next(self, within_s: float = 10.0) -> tuple[str, Any]:
        event, body = "", ""
        async with asyncio.timeout(within_s):
            async for line in self._lines:
                if line.startswith("event: "):
                    event = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    body += line.removeprefix("data: ")
                elif not line and event:
                    return event, json.loads(body)
        raise EOFError

    async def case(self, state: str | None = None) -> dict[str, Any]:
        """The next case that is told, or the next in this state."""
        while True:
            event, body = await self.next()
            assert event == "case", event
            if state in (None, body["state"]):
                return dict(body)


class Seat:
    """A counsellor's socket at a talk."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.seen: list[dict[str, Any]] = []

    async def send(self, kind: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, **fields}))

    async def until(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The next frame of this type with these fields."""
        async with asyncio.timeout(10):
            while True:
                frame: dict[str, Any] = json.loads(await self.socket.recv())
                self.seen.append(frame)
                if frame["type"] == kind and all(frame.get(name) == value for name, value in fields.items()):
                    return frame

    async def event(self, kind: str) -> dict[str, Any]:
        """The next event of this type in the talk."""
        while True:
            event: dict[str, Any] = (await self.until("event"))["event"]
            if event["type"] == kind:
                return event


def in_danger(live: LiveSession, *, review: Any = "given") -> Floor:
    """The floor of a talk that has grown dangerous; review: what the person said to a counsellor."""
    conversation = live.session.conversation
    conversation._guard.state = State(
        phase=Phase.SUPPORTING, level=3, kinds=("suicide",), review=review, at_risk=time.time()
    )
    return conversation.floor


async def asked(server: Any, session_id: str, user_id: str = "xiaoyu", **other: Any) -> dict[str, Any]:
    """A counsellor is asked for, as the guard of a session does it; the session is put on record if need be."""
    records, cases = server.engine.records, server.engine.cases
    await records.ensure_user(user_id, time.time())
    if not any(live.id == session_id for live in server.sessions.live.values()):
        await records.start_session(session_id, user_id, time.time())
    given = {"priority": 1, "sla_s": 60.0, "level": 4, "kinds": ["suicide"], "reasons": ["plan"], "said": SAID}
    given |= {"now": time.time()} | other
    await records.store.transaction(cases.asked(session_id, user_id, **given))
    cases.changed(session_id, user_id)
    return given
