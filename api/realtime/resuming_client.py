"""A client that never breaks: over dropped sockets, dead servers and other replicas its session goes on.

What the server tells comes once and in order; what the client says arrives once. A reply that was lost with its server
is told again under the same response id: its text so far is void then, `response.output_text.done` is the truth.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from api.realtime.client import Client, dial, session_fields
from api.realtime.outbox import Outbox
from companion.errors import AuthenticationError, CompanionError, ServiceError

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

_FIRST_S, _LONGEST_S = 0.1, 5.0  # of the pauses between tries; each is doubled and then shortened by up to a half
_PING_S = 8.0  # a phone notices so late that it has no network
_UNREAD = 4096  # events that may wait for `event`; then the socket is not read
_ELSEWHERE, _POLICY, _TOO_BIG, _RETRY, _DROPPED = 1001, 1008, 1009, 1013, 1006
_NEW = ("session.created", "companion.session")  # what a socket begins with


class ResumingClient(Client):
    """session_id: of the session as it stands. Counters: resumes (sockets on which it went on), restarts (it could not
    be resumed and a fresh one took its place; what was not confirmed was said again there), gaps (events that never
    came), doubles (events that came twice), dropped (audio frames that were too old before they could be sent)."""

    def __init__(self, urls: Sequence[str], token: str, *, within_s: float, chance: random.Random) -> None:
        self._urls, self._token, self._within_s, self._chance = list(urls), token, within_s, chance
        self._outbox = Outbox()
        self._more = asyncio.Event()
        self._events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(_UNREAD)
        self._failed: CompanionError | None = None
        self._socket: ClientConnection | None = None
        self._resume_token = self.session_id = ""
        self._last_seq = self._at = 0
        self._hint_s = 0.0
        self._resuming = self._there = False
        self._held: list[dict[str, Any]] = []  # how a socket began, until it is known what it resumes
        self.resumes = self.restarts = self.gaps = self.doubles = 0

    @classmethod
    @asynccontextmanager
    async def connect(
        cls,
        urls: str | Sequence[str],
        token: str,
        *,
        within_s: float = 600.0,
        seed: int | None = None,
        **companion: object,
    ) -> AsyncIterator[ResumingClient]:
        """urls: http://HOST:PORT, of one server or of replicas, which are tried in turn. within_s: how long it is tried
        to come back. seed: of the pauses between tries. companion: fields of session.companion.

        Nothing is raised here where no server answers; `event` raises AuthenticationError or ServiceError then.
        """
        urls = [urls] if isinstance(urls, str) else urls
        client = cls(urls, token, within_s=within_s, chance=random.Random(seed))
        client._outbox.add_event({"type": "session.update", "session": session_fields(framing="header", **companion)})
        keeping = asyncio.create_task(client._keep())
        try:
            yield client
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    async def send(self, event: dict[str, Any]) -> None:
        if event["type"] == "companion.renew":
            self._token = event["token"]
        self._outbox.add_event(event)
        self._more.set()

    async def audio(self, pcm: bytes) -> None:
        """Some audio: PCM16LE, 16 kHz. It never waits, as a microphone does not."""
        self._outbox.add_audio(pcm, round(asyncio.get_running_loop().time() * 1000))
        self._more.set()

    async def event(self) -> dict[str, Any]:
        """The next server event. Raises AuthenticationError, and ServiceError once it was given up."""
        if (event := await self._events.get()) is None:
            self._events.put_nowait(None)
            assert self._failed is not None
            raise self._failed
        return event

    @property
    def dropped(self) -> int:
        """Audio frames that were too old before they could be sent."""
        return self._outbox.dropped

    @property
    def unconfirmed(self) -> int:
        """Client events whose effect was not told yet."""
        return self._outbox.unconfirmed

    def cut(self) -> None:
        """For tests of networks that fail: the connection is gone, without a word to either side."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def _keep(self) -> None:
        try:
            await self._stay()
        except CompanionError as error:
            self._failed = error
            await self._events.put(None)

    async def _stay(self) -> None:
        loop = asyncio.get_running_loop()
        away_since, tries = loop.time(), 0
        while True:
            self._hint_s, code, self._there = 0.0, None, False
            with suppress(_Unreachable):
                code = await self._over(await self._dial())
            if self._there:
                away_since, tries = loop.time(), 0
            if code in (None, _ELSEWHERE, _RETRY):
                self._at += 1
            pause_s = min(_LONGEST_S, _FIRST_S * 2**tries) * self._chance.uniform(0.5, 1.0)
            if code == _RETRY:
                pause_s = max(pause_s, self._hint_s)
            tries += 1
            if loop.time() + pause_s - away_since > self._within_s:
                raise ServiceError(f"no server could be reached for {self._within_s:g} s: connect again")
            await asyncio.sleep(pause_s)

    async def _dial(self) -> ClientConnection:
        try:
            return await dial(self._urls[self._at % len(self._urls)], self._token, ping_s=_PING_S)
        except ServiceError as error:
            raise _Unreachable from error

    async def _over(self, socket: ClientConnection) -> int:
        """One socket, from its beginning to its end: its close code.

        Raises AuthenticationError, and ServiceError where the server ended the session for good.
        """
        from websockets.exceptions import ConnectionClosed

        self._socket, self._held = socket, []
        self._resuming = bool(self.session_id)
        if not self._resuming:  # a socket before may have told the beginning of a session and no more
            self._last_seq = 0
        writer: asyncio.Task[None] | None = None
        try:
            if self._resuming:
                asked = {"session_id": self.session_id, "resume_token": self._resume_token}
                seqs = {"last_seq": self._last_seq, "last_audio_seq": self._outbox.last_seq}
                await socket.send(json.dumps({"type": "companion.resume", **asked, **seqs}))
            async for text in socket:
                await self._hear(json.loads(text))
                if self._there and writer is None:
                    writer = asyncio.create_task(self._write(socket))
        except ConnectionClosed:
            pass
        finally:
            self._socket = None
            if writer is not None:
                writer.cancel()
                await asyncio.gather(writer, return_exceptions=True)
            await socket.close()
        if socket.close_code in (_POLICY, _TOO_BIG):
            why = socket.close_reason or "no reason was told"
            raise ServiceError(f"the server ended the session ({socket.close_code}: {why})", retryable=False)
        return socket.close_code or _DROPPED

    async def _hear(self, event: dict[str, Any]) -> None:
        kind, code = event["type"], event.get("error", {}).get("code")
        if not self._there and code == "invalid_token":
            raise AuthenticationError(event["error"]["message"])
        if kind == "companion.notice":
            self._hint_s = event.get("retry_after_s") or 0.0
        if self._resuming and code in ("resume_refused", "resume_expired"):
            await self._begin_afresh(event)
        elif self._resuming and kind in _NEW and event["seq"] <= self._last_seq:
            self._held.append(event)
        elif await self._take(event) and kind == "companion.session":
            await self._settle(event)

    async def _begin_afresh(self, refusal: dict[str, Any]) -> None:
        """The socket carries a fresh session instead, which has been told already."""
        self._resuming, self._last_seq = False, 0
        self.restarts += 1
        await self._events.put(refusal)
        for event in self._held:
            await self._hear(event)

    async def _settle(self, event: dict[str, Any]) -> None:
        """The session is there: what it does not have is said (again)."""
        afresh = self.session_id not in ("", event["session_id"])
        self.resumes += self._resuming
        self._resuming, self._there = False, True
        self.session_id, self._resume_token = event["session_id"], event["resume_token"]
        self._outbox.rewind(event["last_audio_seq"], afresh=afresh)
        self._more.set()

    async def _take(self, event: dict[str, Any]) -> bool:
        """Whether it is new."""
        if seq := event["seq"]:  # 0: of the socket, not of the session
            if seq <= self._last_seq:
                self.doubles += 1
                return False
            self.gaps += seq - self._last_seq - 1
            self._last_seq = seq
        self._outbox.see(event)
        await self._events.put(event)
        return True

    async def _write(self, socket: ClientConnection) -> None:
        from websockets.exceptions import ConnectionClosed

        with suppress(ConnectionClosed):
            while True:
                while (wire := self._outbox.next()) is not None:
                    await socket.send(wire)
                self._more.clear()
                await self._more.wait()


class _Unreachable(Exception):
    """Nothing answers at that address."""
