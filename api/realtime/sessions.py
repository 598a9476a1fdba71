"""All sessions of this process: begun, parked when their socket goes, resumed or taken over, drained at the end."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
import logging
from collections.abc import Mapping
from dataclasses import replace

import msgspec

from api.realtime import protocol
from api.realtime import server_events as wire
from api.realtime.live import LiveSession, Outlet
from companion.admission import Admission, Limits
from companion.engine import Engine
from companion.errors import CompanionError, InputError, StorageError
from companion.items import new_id
from companion.records.journal import Journal, JournalWriter, Kept
from companion.recovery import recover
from companion.replicas import Replicas

_log = logging.getLogger(__name__)
_UNSENT = 4096  # events that a dead process may have sent and not yet written
_CLOCK_S = 60.0
_GOING_AWAY, _POLICY = 1001, 1008


class Sessions:
    """secret: of this installation; all replicas have the same."""

    def __init__(self, engine: Engine, secret: str, replicas: Replicas) -> None:
        self._engine, self._secret, self._replicas = engine, secret.encode(), replicas
        kept = engine.settings.resume
        records = engine.records
        self._window_s, self._reattach_s = kept.window_s, kept.reattach_s
        self.journal = Journal(
            records.store, records.ring, window_s=kept.window_s, max_events=kept.max_events, now=lambda: engine.now()
        )
        self.admission = Admission(engine.settings.admission)
        self.addresses = Limits(engine.settings.server.sessions_per_address)
        self.live: dict[str, LiveSession] = {}
        self._beginning: dict[str, asyncio.Task[None]] = {}
        self._taking: dict[str, asyncio.Task[LiveSession]] = {}
        self._going: dict[str, asyncio.Task[None]] = {}  # being put on record
        self._leaving: set[asyncio.Task[None]] = set()
        self._clock: asyncio.Task[None] | None = None
        self.draining = False
        replicas.on_taken = self._taken_elsewhere

    def token(self, session_id: str, user_id: str) -> str:
        """What resumes this session: HMAC-SHA256 under the installation's secret, so that every replica knows it."""
        mac = hmac.new(self._secret, f"resume\n{session_id}\n{user_id}".encode(), "sha256").digest()
        return base64.urlsafe_b64encode(mac).decode().rstrip("=")

    def new(self, user_id: str, state: protocol.Session, writer: JournalWriter | None = None) -> LiveSession:
        """A session that has not begun here. writer: of one that another process began."""
        return LiveSession(
            self._engine, self.journal, user_id, state, writer, on_moved=self._moved, queued=self.admission.recognized
        )

    async def begin(self, live: LiveSession) -> None:
        """Its client has something to say. Raises StorageError."""
        self._start_clock()
        beginning = asyncio.create_task(self._begin(live))
        self._beginning[live.id] = beginning
        beginning.add_done_callback(lambda _: self._beginning.pop(live.id, None))
        await asyncio.shield(beginning)

    async def _begin(self, live: LiveSession) -> None:
        await live.begin()
        self.live[live.id] = live
        if live.outlet is None:  # its socket went meanwhile
            self.park(live)

    async def resume(self, user_id: str, event: protocol.Resume) -> LiveSession:
        """The session to go on with: here, or taken over from its process.

        Raises InputError (resume_refused, resume_expired) and StorageError.
        """
        if not hmac.compare_digest(event.resume_token.encode(), self.token(event.session_id, user_id).encode()):
            raise InputError("this is no session of yours, or not its resume_token", code="resume_refused")
        self._start_clock()
        if beginning := self._beginning.get(event.session_id):
            await asyncio.wait((beginning,))
        live = self.live.get(event.session_id)
        if live is not None and not live.writer.moved:
            if event.last_seq > live.writer.seq:
                raise InputError("last_seq was never sent in this session", code="resume_refused")
            return live
        taking = self._taking.get(event.session_id)
        if taking is None:
            taking = asyncio.create_task(self._take_over(user_id, event))
            self._taking[event.session_id] = taking
            taking.add_done_callback(lambda _: self._taking.pop(event.session_id, None))
        return await asyncio.shield(taking)

    async def _take_over(self, user_id: str, event: protocol.Resume) -> LiveSession:
        engine, session_id = self._engine, event.session_id
        gone = InputError(
            f"the session can no longer be resumed: it ended, or was left for over {self._window_s:g} s",
            code="resume_expired",
        )
        if going := self._going.get(session_id):
            await asyncio.wait((going,))
        known = await engine.resumable.session(session_id, user_id)
        if known is None:
            raise gone
        await self._replicas.take(session_id)
        taken = await self.journal.take_over(
            session_id, user_id, event.last_seq, seen_at=known.seen_at, mark=_taken_over
        )
        if taken is None:
            raise gone
        writer, kept = taken
        if event.last_seq > kept.last_seq + _UNSENT:
            raise InputError("last_seq was never sent in this session", code="resume_refused")
        state = protocol.Session(id=session_id, model=engine.chat.name)
        if known.settings is not None:
            state = msgspec.json.decode(known.settings, type=protocol.Session)
        resumed = await recover(engine, session_id)
        on_the_way = [*(resumed.lost.turns if resumed.lost else ()), *resumed.waiting]
        resumed = replace(resumed, untold=_untold([turn.id for turn in on_the_way], kept))
        await engine.resumable.reopened(session_id)
        live = self.new(user_id, state, writer)
        if resumed.lost is not None:
            live.asked_with = _asked_with(resumed.lost.response_id, kept)
        await live.begin(resumed, tuple(kept.acted_on))
        self.live[session_id] = live
        return live

    def _taken_elsewhere(self, session_id: str) -> None:
        if live := self.live.get(session_id):
            live.writer.lose()

    def _moved(self, live: LiveSession) -> None:
        if self.live.get(live.id) is live:
            del self.live[live.id]
        leaving = asyncio.create_task(live.abandon())
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

    async def end(self, user_id: str) -> None:
        """A person is to be erased: their sessions end here, and nothing more of them is written."""
        for live in [live for live in self.live.values() if live.user_id == user_id]:
            del self.live[live.id]
            live.stay()
            await live.abandon(_POLICY, "the person was erased")

    def settle_in(self, live: LiveSession) -> None:
        """It has a socket: the person's oldest ones beyond what they may have open are ended."""
        mine = sorted(
            (other for other in self.live.values() if other.user_id == live.user_id and other.outlet is not None),
            key=lambda other: other.attached_at,
        )
        for other in mine[: max(0, len(mine) - self._engine.settings.server.sessions_per_person)]:
            other.tell(wire.Notice(kind="superseded", message="you are talking somewhere else"))
            other.let_go(other.outlet, _POLICY, "superseded by a newer session")
            self.park(other)

    def left(self, live: LiveSession, outlet: Outlet) -> None:
        """A socket is gone; the session waits a while for its client to come back."""
        if live.outlet is outlet or live.outlet is None:
            live.lost_its_socket()
            self.park(live)

    def park(self, live: LiveSession) -> None:
        """Nobody listens: keep it for a while."""
        if live.begun and live.expiry is None and self.live.get(live.id) is live:
            live.expiry = asyncio.create_task(self._expire(live))

    async def _expire(self, live: LiveSession) -> None:
        await asyncio.sleep(self._reattach_s)
        live.expiry = None  # from here on it goes, whoever comes: they take it over
        await self._release(live)

    async def _release(self, live: LiveSession) -> None:
        """Put on record what there is, and forget it here; it is resumed from its records."""
        if self.live.get(live.id) is live:
            del self.live[live.id]
        going = asyncio.create_task(self._put_on_record(live))
        self._going[live.id] = going
        going.add_done_callback(lambda _: self._going.pop(live.id, None))
        await asyncio.wait((going,))

    async def _put_on_record(self, live: LiveSession) -> None:
        try:
            with contextlib.suppress(StorageError):  # then nobody else can have taken it either
                if await self.journal.taken(live.writer):
                    return
            await live.leave()
            await live.writer.written()
        except CompanionError as error:
            _log.warning("a session was left with %s", type(error).__name__)

    async def used_s(self, user_id: str) -> float:
        """How long the person has talked without a longer pause; 0 where the records cannot tell."""
        try:
            return await self._engine.resumable.used_s(user_id, self._engine.now())
        except StorageError as error:
            _log.warning("the clock of use stands: %s", error)
            return 0.0

    def _start_clock(self) -> None:
        if self._clock is None:
            self._clock = asyncio.create_task(self._count_use())

    async def _count_use(self) -> None:
        while True:
            await asyncio.sleep(_CLOCK_S)
            there = [live for live in self.live.values() if live.outlet is not None]
            for user_id in {live.user_id for live in there}:
                await self.used_s(user_id)
            with contextlib.suppress(StorageError):  # the next round may
                await self._engine.resumable.seen([live.id for live in there], self._engine.now())

    async def drain(self, within_s: float) -> None:
        """Take no more; let replies end; send every client elsewhere."""
        self.draining = True
        attached = [live for live in self.live.values() if live.outlet is not None]
        for live in attached:
            live.tell(wire.Notice(kind="draining", message="this server goes away: resume, you lose nothing"))
        loop = asyncio.get_running_loop()
        until = loop.time() + within_s
        while loop.time() < until and any(live.session.conversation.replying for live in self.live.values()):
            await asyncio.sleep(0.05)
        for live in attached:
            live.let_go(live.outlet, _GOING_AWAY, "the server goes away: resume")
        await self.close()

    async def close(self) -> None:
        """Put everything on record. What is still being said by a model is said again by whoever takes over."""
        self.draining = True
        for live in list(self.live.values()):
            live.stay()
            if live.session.conversation.replying:
                await live.abandon()
            await self._release(live)
        if self._clock is not None:
            self._clock.cancel()
            await asyncio.gather(self._clock, return_exceptions=True)
        await self.admission.close()
        await self.journal.close()
        await self._replicas.close()


def _taken_over(seq: int) -> str:
    notice = wire.Notice(kind="taken_over", message="another process goes on with this session")
    return wire.encode(notice, new_id("event"), seq)


def _untold(ids: list[str], kept: Kept) -> frozenset[str]:
    """Which of these items the client was not told to be on record."""
    added = [text for _, text in kept.frames if '"conversation.item.added"' in text]
    return frozenset(item for item in ids if not any(f'"{item}"' in text for text in added))


def _asked_with(response_id: str, kept: Kept) -> dict[str, Mapping[str, str]]:
    """The metadata of a reply that is made again, as its response.created told it."""
    for _, text in reversed(kept.frames):
        if '"response.created"' in text and response_id in text:
            response = msgspec.json.decode(text)["response"]
            if response["id"] == response_id and response["metadata"]:
                return {response_id: response["metadata"]}
    return {}
