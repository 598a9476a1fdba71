"""Learning from finished turns, after the reply: the rules at once, a model in batches when nobody waits for it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from memory.errors import EmbedderError
from memory.extraction import companion_words, extract
from memory.ledger import Work
from memory.memories import Memories, PersonMemory
from memory.model_extraction import Completer, SpokenTurn, extract_with
from memory.outbox import AlreadyLearnt, Outbox, Spoken
from memory.types import Candidate, Memory

_log = logging.getLogger(__name__)
_SWEEP_S = 30.0
_LEASE_S = 300.0


@dataclass(frozen=True, slots=True)
class Batching:
    """When the model reads: as soon as `turns` wait, or when nothing was said for idle_s."""

    turns: int = 6
    idle_s: float = 20.0


@dataclass(slots=True)
class _Unread:
    """Turns of one person that wait for the model. quiet_since: unix s."""

    turns: int
    quiet_since: float


class Learner:
    """Takes turns from the outbox. completer None: the rules alone.

    load_key: makes a person's words readable, for those who have no session here. busy: whether a reply is being made
    that the model would slow down; the model waits, and gives way, while it is.
    """

    def __init__(
        self,
        memories: Memories,
        outbox: Outbox,
        *,
        now: Callable[[], float],
        load_key: Callable[[str], Awaitable[None]],
        completer: Completer | None = None,
        batching: Batching | None = None,
    ) -> None:
        self.memories, self.outbox, self._now, self._load_key = memories, outbox, now, load_key
        self._completer, self._batching = completer, batching or Batching()
        self.busy: Callable[[], bool] = lambda: False
        self._unread: dict[str, _Unread] = {}
        self._wake = asyncio.Event()
        self._reading: dict[str, asyncio.Task[None]] = {}

    async def heard(self, person: PersonMemory, spoken: Spoken) -> list[Memory]:
        """The rules read a turn whose row is in the outbox; what is new. A failure is noted there and comes again."""
        learnt = await self._by_rules(person, [spoken])
        if self._completer is not None:
            self._add(person.user_id, 1, self._now())
            self._wake.set()
        return learnt

    def _add(self, user_id: str, turns: int, quiet_since: float) -> None:
        before = self._unread.get(user_id)
        self._unread[user_id] = _Unread(turns + (before.turns if before else 0), quiet_since)

    async def catch_up(self, person: PersonMemory) -> None:
        """What was recorded and never learnt from, because a process died, is read by the rules now."""
        waiting = await self.outbox.waiting(person.user_id, ruled=False)
        if waiting:
            await self._by_rules(person, waiting)

    async def _by_rules(self, person: PersonMemory, turns: Sequence[Spoken]) -> list[Memory]:
        ids = [turn.turn_id for turn in turns]
        candidates: list[Candidate] = []
        for turn in turns:
            candidates += extract(
                turn.user_text,
                turn_id=turn.turn_id,
                language=turn.language,
                valence=turn.felt.valence,
                now=turn.said_at,
                timezone=self.memories.timezone,
            )
            candidates += companion_words(turn.reply_text, turn_id=turn.turn_id, language=turn.language)
        done = self.outbox.settled(ids) if self._completer is None else self.outbox.ruled(ids)
        return await self._learn(person, turns, candidates, done)

    async def _learn(
        self, person: PersonMemory, turns: Sequence[Spoken], candidates: Sequence[Candidate], done: Work[None]
    ) -> list[Memory]:
        try:
            return await self.memories.learn(
                person,
                candidates,
                now=max(turn.said_at for turn in turns),
                session_id=turns[-1].session_id,
                felt={turn.turn_id: turn.felt for turn in turns},
                also=done,
            )
        except AlreadyLearnt:
            return []
        except EmbedderError as error:
            await self.outbox.failed([turn.turn_id for turn in turns], self._now(), str(error))
            return []

    def flush(self, user_id: str) -> None:
        """The session is over: the model need not wait for more turns of this person."""
        if (unread := self._unread.get(user_id)) is not None:
            unread.quiet_since = 0.0
            self._wake.set()

    async def run(self) -> None:
        """Until cancelled: what is due is read, also what other processes left behind."""
        sweep_at = 0.0
        try:
            while True:
                now = self._now()
                if now >= sweep_at:
                    sweep_at = now + _SWEEP_S
                    await self._sweep(now)
                for user_id, unread in list(self._unread.items()):
                    if user_id not in self._reading and not self.busy() and self._ready(unread, now):
                        self._start(user_id)
                self._wake.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), min(1.0, self._batching.idle_s / 4))
        finally:
            for task in self._reading.values():
                task.cancel()
            await asyncio.gather(*self._reading.values(), return_exceptions=True)

    def _ready(self, unread: _Unread, now: float) -> bool:
        return unread.turns >= self._batching.turns or now - unread.quiet_since >= self._batching.idle_s

    async def _sweep(self, now: float) -> None:
        try:
            for user_id in await self.outbox.due(now):
                await self._load_key(user_id)
                await self.catch_up(await self.memories.open(user_id))
                if self._completer is not None and user_id not in self._reading:
                    self._unread.setdefault(user_id, _Unread(1, 0.0))
        except Exception as error:  # the database is away: the next sweep comes
            _log.warning("the outbox of memories could not be swept: %s", type(error).__name__)

    def _start(self, user_id: str) -> None:
        self._unread.pop(user_id, None)
        task = asyncio.create_task(self._by_model(user_id))
        self._reading[user_id] = task
        task.add_done_callback(lambda _: self._reading.pop(user_id, None))

    async def _by_model(self, user_id: str) -> None:
        assert self._completer is not None
        turns = (await self.outbox.waiting(user_id, ruled=True))[: self._batching.turns * 2]
        if not turns:
            return
        ids = [turn.turn_id for turn in turns]
        now = self._now()
        await self.outbox.postpone(ids, now + _LEASE_S)
        person = await self.memories.open(user_id)
        spoken = [SpokenTurn(t.turn_id, t.user_text, t.reply_text, t.said_at, t.language) for t in turns]
        reading = asyncio.create_task(
            extract_with(self._completer, spoken, now=now, timezone=self.memories.timezone, language=turns[-1].language)
        )
        try:
            candidates = await self._unless_busy(reading)
        except _GaveWay:
            self._add(user_id, len(turns), self._now())
            return
        except Exception as error:
            _log.warning("a model could not read %d turns: %s", len(turns), type(error).__name__)
            await self.outbox.failed(ids, self._now(), type(error).__name__)
            return
        learnt = await self._learn(person, turns, candidates, self.outbox.settled(ids))
        if learnt:
            for listener in tuple(person.listeners):
                listener(learnt)

    async def _unless_busy(self, reading: asyncio.Task[list[Candidate]]) -> list[Candidate]:
        while not reading.done():
            await asyncio.wait((reading,), timeout=0.1)
            if self.busy() and not reading.done():
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
                raise _GaveWay
        return reading.result()


class _GaveWay(Exception):
    """A reply came first."""
