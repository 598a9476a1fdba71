"""Sessions of this process under counsellors' eyes: who watches, who has the floor, and what if they are gone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import msgspec

from api.realtime.live import LiveSession
from api.realtime.sessions import Sessions
from api.review.commands import Answer, Command, Standing, Told
from companion.errors import CompanionError, InputError, StorageError
from companion.floor import Floor
from companion.records.audit import Audit
from companion.safety.protocol_types import Phase

LEASE_S = 20.0  # without a sign of life from a counsellor's replica, after which they count as gone
_LOOK_S = 1.0
# Not for a counsellor: what resumes the session, and what is noise to them.
_UNTOLD = frozenset(
    {
        "companion.session",
        "session.created",
        "session.updated",
        "companion.network",
        "companion.timings",
        "input_audio_buffer.committed",
        "input_audio_buffer.cleared",
        "rate_limits.updated",
    }
)
_log = logging.getLogger(__name__)
Tell = Callable[[str, LiveSession, Told], bool]


class _Event(msgspec.Struct):
    type: str


_type = msgspec.json.Decoder(_Event)


@dataclass(slots=True)
class _Lease:
    replica: str
    until: float


@dataclass(slots=True)
class _Watched:
    """leases: by socket; holder: the socket that has the floor; busy: how many commands are under way."""

    live: LiveSession
    leases: dict[str, _Lease] = field(default_factory=dict)
    holder: str | None = None
    name: str = ""
    told: Standing | None = None
    order: asyncio.Lock = field(default_factory=asyncio.Lock)
    busy: int = 0


class Watching:
    """tell: gives a replica what it is told of a session, False where there is no room for it. clock: s, only
    subtracted; now: unix s, for the audit."""

    def __init__(
        self, sessions: Sessions, audit: Audit, tell: Tell, *, clock: Callable[[], float], now: Callable[[], float]
    ) -> None:
        self._sessions, self._audit, self._tell, self._clock, self._now = sessions, audit, tell, clock, now
        self._watched: dict[str, _Watched] = {}
        self._unheld: dict[str, float] = {}  # since when nobody is known to have the floor, although somebody has it
        self._works: set[asyncio.Task[None]] = set()

    def live(self, session_id: str) -> LiveSession | None:
        """The session, where this process has it."""
        live = self._sessions.live.get(session_id)
        return None if live is None or live.writer.moved else live

    async def obey(self, session_id: str, command: Command) -> Answer | None:
        """Do it; None where the session is not live here."""
        live = self.live(session_id)
        if live is None:
            return None
        watched = self._of(live)
        watched.busy += 1
        try:
            async with watched.order:
                fresh = await self._do(watched, command)
        except InputError as error:
            return Answer(code=error.code, message=str(error), standing=self._standing(watched))
        except StorageError as error:
            return Answer(code="storage_error", message=str(error), standing=self._standing(watched))
        except CompanionError as error:
            _log.error("a counsellor's %s failed: %s", command.verb, type(error).__name__)
            return Answer(code="failed", message="that failed here; try again", standing=self._standing(watched))
        finally:
            self._done(watched)
        return Answer(standing=self._standing(watched), fresh=fresh)

    async def _do(self, watched: _Watched, command: Command) -> bool:
        floor, who = _floor(watched.live), command.staff_id
        fresh = False
        if command.socket and command.verb != "gone":
            fresh = command.socket not in watched.leases
            until = self._clock() + LEASE_S
            watched.leases[command.socket] = _Lease(command.replica, until)
            watched.live.watcher = lambda text: self._event(watched, text)
        match command.verb:
            case "watch" if command.holds and watched.holder is None and floor.state.phase is Phase.HUMAN:
                if floor.by in (None, who):  # the session came from another process
                    await self._take(watched, command)
            case "gone" | "lost":
                if command.verb == "gone":
                    watched.leases.pop(command.socket, None)
                if watched.holder == command.socket:
                    await self._lost(watched)
            case "take_over":
                if floor.by not in (None, who):
                    raise InputError("another counsellor is talking with the person", code="claimed_by_other")
                await self._take(watched, command)
            case "say":
                self._check_floor(watched, who)
                await floor.say(command.text)
                watched.holder = command.socket
            case "whisper":
                await floor.whisper(command.text)
            case "give_back":
                self._check_floor(watched, who)
                watched.holder = None
                await floor.give_back(command.level)
            case "claimed":
                await floor.claimed()
            case "released":
                watched.holder = None
                await floor.lost()
            case "resolved":
                watched.holder = None
                await floor.give_back(command.level)
            case _:
                pass  # the lease is all that was asked for
        return fresh

    async def _take(self, watched: _Watched, command: Command) -> None:
        before, taken = (watched.holder, watched.name), False
        watched.holder, watched.name = command.socket, command.name  # the first that is told of it tells who it is
        try:
            taken = await _floor(watched.live).take_over(command.staff_id, command.name)
        finally:
            if not taken:
                watched.holder, watched.name = before
        if not taken:
            raise InputError(
                "the person has not agreed to a counsellor, and no life is known to be at stake", code="not_agreed"
            )

    def _check_floor(self, watched: _Watched, staff_id: str) -> None:
        if _floor(watched.live).by != staff_id:
            raise InputError("you are not talking with the person: take over first", code="no_floor")

    async def _lost(self, watched: _Watched) -> None:
        """Who had the floor is gone."""
        live = watched.live
        by = _floor(live).by
        watched.holder = None
        await _floor(live).lost()
        with contextlib.suppress(StorageError):  # the person has been told, which comes first
            await self._audit.write(self._now(), by or "unknown", "floor.lost", user_id=live.user_id, object_id=live.id)

    def _standing(self, watched: _Watched) -> Standing:
        live = watched.live
        floor = _floor(live)
        state = floor.state
        human = state.phase is Phase.HUMAN
        by = (floor.by, watched.name) if human and floor.by is not None else None
        return Standing(
            online=live.outlet is not None,
            by=by,
            holder=watched.holder,
            level=state.level,
            phase=state.phase.value,
            at=self._now(),
        )

    def _event(self, watched: _Watched, text: str) -> None:
        """Called by the session itself, which goes on whatever becomes of those who watch."""
        try:
            if _type.decode(text).type not in _UNTOLD:
                self._all(watched, Told(event=text))
            self._changed(watched)
        except Exception as error:
            _log.error("an event could not be shown to a counsellor: %s", type(error).__name__)

    def _changed(self, watched: _Watched) -> None:
        standing = self._standing(watched)
        before = watched.told
        if before is None or standing != msgspec.structs.replace(before, at=standing.at):
            watched.told = standing
            self._all(watched, Told(standing=standing))

    def _all(self, watched: _Watched, told: Told) -> None:
        for replica in {lease.replica for lease in watched.leases.values()}:
            if not self._tell(replica, watched.live, told):  # they ask again, and find that they missed something
                watched.leases = {s: lease for s, lease in watched.leases.items() if lease.replica != replica}

    def _of(self, live: LiveSession) -> _Watched:
        watched = self._watched.get(live.id)
        if watched is None or watched.live is not live:
            watched = self._watched[live.id] = _Watched(live)
        return watched

    def _done(self, watched: _Watched) -> None:
        """A command has ended; nothing stays of a session that nobody watches."""
        watched.busy -= 1
        self._changed(watched)
        if not watched.leases and watched.holder is None and not watched.busy:
            watched.live.watcher = None
            if self._watched.get(watched.live.id) is watched:
                del self._watched[watched.live.id]

    def look(self) -> None:
        """Once a second: leases that ran out, sessions that went, floors that nobody has."""
        now = self._clock()
        for watched in list(self._watched.values()):
            if self.live(watched.live.id) is not watched.live:
                del self._watched[watched.live.id]
                continue
            over = [socket for socket, lease in watched.leases.items() if lease.until <= now]
            for socket in over:
                self._later(self._gone(watched.live.id, socket))
            self._changed(watched)
        unheld = {}
        for live in self._sessions.live.values():
            watched_here = self._watched.get(live.id)
            held = watched_here is not None and watched_here.holder is not None
            if not held and _floor(live).state.phase is Phase.HUMAN:
                unheld[live.id] = self._unheld.get(live.id, now)
                if now - unheld[live.id] >= LEASE_S:
                    del unheld[live.id]
                    self._later(self._given_up(live))
        self._unheld = unheld

    async def _gone(self, session_id: str, socket: str) -> None:
        await self.obey(session_id, Command(verb="gone", socket=socket))

    async def _given_up(self, live: LiveSession) -> None:
        watched = self._of(live)
        watched.busy += 1
        try:
            async with watched.order:
                if watched.holder is None and _floor(live).state.phase is Phase.HUMAN:
                    await self._lost(watched)
        finally:
            self._done(watched)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        async def logged() -> None:
            try:
                await work
            except Exception as error:
                _log.error("a floor could not be given up: %s", type(error).__name__)

        task = asyncio.create_task(logged())
        self._works.add(task)
        task.add_done_callback(self._works.discard)

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await asyncio.sleep(_LOOK_S)
            try:
                self.look()
            except Exception as error:  # the next look may
                _log.error("the watch over sessions failed: %s", type(error).__name__)

    async def settle(self) -> None:
        """Wait for what `look` has set going."""
        while self._works:
            await asyncio.gather(*self._works, return_exceptions=True)


def _floor(live: LiveSession) -> Floor:
    return live.session.conversation.floor
