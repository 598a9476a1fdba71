"""Whether one more session can be taken now: by measured load, first come first served.

`Line` decides, purely; `Admission` waits by it; `LagMeter` and `Recent` measure. Sessions that are open are never put
out, and one that resumes is one of them: it does not wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

from companion.errors import Overloaded
from companion.settings import Admission as Settings

_EASED = 0.7  # of its limit, a load must fall below before who waits is let in again; authored
_STEP_S = 0.1  # between two that are let in from the line, so that the load of one shows before the next; authored
_LOOK_S = 0.2
_LAG_S, _QUEUE_S = 10.0, 60.0  # what the percentiles are of: see settings
_LAGS, _WAITS = 100, 20  # and of so many at least; authored


@dataclass(frozen=True, slots=True)
class Load:
    """open: sessions in this process. lag_s, queue_s: p95 of the loop's lag and of the wait for recognition."""

    open: int
    lag_s: float
    queue_s: float


@dataclass(frozen=True, slots=True)
class Admit:
    """Come in."""


@dataclass(frozen=True, slots=True)
class Wait:
    """position: 1 is next."""

    position: int
    retry_after_s: float


@dataclass(frozen=True, slots=True)
class Refuse:
    """Come again later."""

    retry_after_s: float


class Line:
    """Who waits, and who is next. Time comes in, seconds of any clock that does not jump."""

    def __init__(self, limits: Settings) -> None:
        self._limits = limits
        self._since: dict[int, float] = {}  # ticket -> when it came; oldest first
        self._last = 0
        self._strained = False
        self._let_in = -math.inf

    def arrive(self, now: float) -> int:
        """A ticket, to look with; it ends with Admit, Refuse or `leave`."""
        self._last += 1
        self._since[self._last] = now
        return self._last

    def leave(self, ticket: int) -> None:
        """They went away while they waited."""
        self._since.pop(ticket, None)

    def look(self, ticket: int, load: Load, now: float) -> Admit | Wait | Refuse:
        """What becomes of this ticket now."""
        limits = self._limits
        position = 1 + sum(other < ticket for other in self._since)
        if position == 1 and self._room(load, now):
            self._let_in = now
            del self._since[ticket]
            return Admit()
        retry_after_s = max(1.0, limits.wait_s)
        if position > limits.waiting or now - self._since[ticket] >= limits.wait_s:
            del self._since[ticket]
            return Refuse(retry_after_s)
        return Wait(position, retry_after_s)

    def _room(self, load: Load, now: float) -> bool:
        limits = self._limits
        ease = _EASED if self._strained else 1.0
        self._strained = load.lag_s > ease * limits.max_lag_s or load.queue_s > ease * limits.max_queue_s
        others_wait = len(self._since) > 1
        return (
            not self._strained
            and load.open < limits.max_sessions
            and not (others_wait and now - self._let_in < _STEP_S)
        )


class Recent:
    """Values of the last `window_s` seconds, at most `most` of them; fewer than `least` are filled up with zeros, so
    that one bad one of few is no verdict."""

    def __init__(self, window_s: float, *, least: int = 1, most: int = 2048) -> None:
        self._window_s, self._least = window_s, least
        self._values: deque[tuple[float, float]] = deque(maxlen=most)

    def add(self, value: float, now: float) -> None:
        """One more."""
        self._values.append((now, value))

    def quantile(self, q: float, now: float) -> float:
        """The q-quantile, 0..1, by nearest rank."""
        while self._values and self._values[0][0] < now - self._window_s:
            self._values.popleft()
        zeros = [0.0] * (self._least - len(self._values))
        ordered = zeros + sorted(value for _, value in self._values)
        return ordered[max(0, math.ceil(q * len(ordered)) - 1)]


class LagMeter:
    """How late the event loop is: what a sleep of `period_s` took beyond it, seconds, over the last `window_s`."""

    def __init__(self, window_s: float = _LAG_S, period_s: float = 0.1) -> None:
        self._window_s, self._period_s = window_s, period_s
        self.forget()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Measure from here on, on the running loop."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    def quantile(self, q: float) -> float:
        """The q-quantile of the lag; 0 before anything was measured."""
        return self._recent.quantile(q, time.perf_counter())

    def forget(self) -> None:
        """What was measured so far does not count."""
        samples = math.ceil(self._window_s / self._period_s)
        self._recent = Recent(self._window_s, least=min(samples, _LAGS), most=samples)

    async def _run(self) -> None:
        while True:
            due = time.perf_counter() + self._period_s  # the loop's own clock may count whole milliseconds only
            await asyncio.sleep(self._period_s)
            now = time.perf_counter()
            self._recent.add(max(0.0, now - due), now)

    async def close(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None


class Admission:
    """One process's door. enter before a session begins, leave after it ended, each once."""

    def __init__(self, limits: Settings) -> None:
        self._line, self._lag, self._queue = Line(limits), LagMeter(), Recent(_QUEUE_S, least=_WAITS)
        self._left = asyncio.Event()
        self.open = 0

    async def enter(self, on_wait: Callable[[int, float], None], *, resuming: bool = False) -> None:
        """Return once the session may begin. on_wait: called with its place in the line (1: next) and a retry hint in
        seconds, whenever the place changes. resuming: it is open already, here or elsewhere, and does not wait.

        Raises Overloaded after `wait_s`, or at once where too many wait.
        """
        self._lag.start()
        if not resuming:
            await self._in_turn(on_wait)
        self.open += 1

    async def _in_turn(self, on_wait: Callable[[int, float], None]) -> None:
        loop = asyncio.get_running_loop()
        ticket, told = self._line.arrive(loop.time()), 0
        try:
            while True:
                match self._line.look(ticket, self.load(), loop.time()):
                    case Admit():
                        return
                    case Refuse(retry_after_s):
                        raise Overloaded(retry_after_s)
                    case Wait(position, retry_after_s):
                        if position != told:
                            told = position
                            on_wait(position, retry_after_s)
                self._left.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_S):  # not wait_for, which may swallow a cancellation
                        await self._left.wait()
        finally:
            self._line.leave(ticket)

    def leave(self) -> None:
        """A session has ended."""
        self.open -= 1
        self._left.set()

    def recognized(self, waited_s: float) -> None:
        """An utterance waited so long for its recognition."""
        self._queue.add(waited_s, asyncio.get_running_loop().time())

    def load(self) -> Load:
        """As it is measured now."""
        now = asyncio.get_running_loop().time()
        return Load(self.open, self._lag.quantile(0.95), self._queue.quantile(0.95, now))

    async def close(self) -> None:
        """Stop measuring."""
        await self._lag.close()


class Limits:
    """How many of each key (an address, a person) are open at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: Counter[str] = Counter()

    def enter(self, key: str) -> bool:
        """Whether one more may be open; if so it counts until `leave`."""
        if self._open[key] >= self._most:
            return False
        self._open[key] += 1
        return True

    def leave(self, key: str) -> None:
        """One fewer."""
        self._open[key] -= 1
        if self._open[key] <= 0:
            del self._open[key]
