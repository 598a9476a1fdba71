"""What a companion owes one person in one session: that it is an AI, a break, a way out, and a word towards people."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from companion.engine import Engine
from companion.errors import StorageError
from companion.events import Event, Noticed
from companion.records.habits import Known
from companion.safety import duties
from companion.safety.ages import asks_to_be, declines_to_be, read_age
from companion.safety.dependence import dependence, exclusive, may_nudge, nudge
from companion.safety.duties import Told
from companion.safety.emotion_law import OFF
from companion.safety.farewell import is_farewell, manipulative

_log = logging.getLogger(__name__)
_COUNTED = {"ai_disclosure": "ai_disclosures", "ai_reminder": "ai_disclosures", "break_reminder": "break_reminders"}
_LOOKS_S = 600.0  # between two looks at the clock at most: the records know by them that somebody is still here
_UNKNOWN_COUNTS_AS_MINOR = ("CN",)  # where nobody of unknown age is given a partner or relative to talk with; authored
_EMOTION = {
    "zh": "我会从声音里听你的心情，好接得住你的话；可能听错。不想被听，随时可以关掉。",
    "en": "I listen to your voice for how you feel, to answer better. It can be wrong, and you can switch it off.",
}


@dataclass(frozen=True, slots=True)
class Answered:
    """What is said instead of a reply of the model."""

    words: str
    kind: Literal["exit", "disclosure", "declined"]


class Duties:
    """One session's. language: of the talk, "zh" or "en"."""

    def __init__(self, engine: Engine, user_id: str, emit: Callable[[Event], None], known: Known) -> None:
        self._engine, self._user_id, self._emit, self._known = engine, user_id, emit, known
        self.language = "zh"
        self._minor, self._told, self._nudged_at = known.minor, known.told, known.nudged_at
        self._counted: list[str] = []
        self._said: dict[str, int] = {}  # what -> how often, so that wordings are used in turn
        self._exclusive = 0
        self._here_since: float | None = None
        self._emotion_told = False
        self._clock: asyncio.Task[None] | None = None
        self._used_s: float | None = None  # when the clock was looked at last
        self._changed = asyncio.Event()  # other intervals hold from now on
        self._works: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, engine: Engine, user_id: str, emit: Callable[[Event], None]) -> Duties:
        """With what is on record of the person; where that cannot be read, as for a stranger."""
        try:
            known = await engine.habits.of(user_id, engine.now())
        except StorageError as error:
            _log.warning("what a person was told could not be looked up: %s", error)
            known = Known()
        return cls(engine, user_id, emit, known)

    @property
    def minor(self) -> bool | None:
        """Whether they are under age; None unknown."""
        return self._minor

    def heard(self, said: str) -> None:
        """Take note of the age that they tell, and of words that leave out everybody else."""
        year = datetime.fromtimestamp(self._engine.now(), UTC).year
        age = read_age(said, year)
        if age.band != "unknown" and (self._minor is None or (age.band == "minor") != self._minor):
            if self._minor and age.reason != "age" and age.reason != "birth_year":
                return  # who told an age is not made an adult by a word
            self._minor = age.band == "minor"
            self._changed.set()
            born = None if age.years is None else year - age.years
            self._later(self._keep(minor=self._minor, born=born))
            self._engine.consents.forget(self._user_id)
        self._exclusive += exclusive(said)

    def answer(self, said: str, language: str) -> Answered | None:
        """What has to be answered from here: a word of leaving, whether this is a human, a partner for a minor."""
        self.language = language
        if duties.wants_exit(said):
            self._counted.append("exits")
            self._emit(Noticed("exit", duties.goodbye(language, self._said.get("exit", 0))))
            return Answered(duties.goodbye(language, self._turn("exit")), "exit")
        if duties.asks_if_human(said):
            self._counted.append("ai_disclosures")
            return Answered(duties.disclosure(language, self._turn("disclosure")), "disclosure")
        unknown = self._minor is None and self._engine.settings.safety.region in _UNKNOWN_COUNTS_AS_MINOR
        if (self._minor or unknown) and asks_to_be(said) is not None:
            self._counted.append("roleplay_declined")
            return Answered(declines_to_be(language, self._turn("declined")), "declined")
        return None

    def nudge(self, level: int, language: str) -> str:
        """A gentle word towards people after a reply, "" where none is due. level: 0..4, of the risk that is held."""
        found, now = dependence(self._known.use), self._engine.now()
        if not may_nudge(found, now=now, nudged_at=self._nudged_at, level=level, minor=self._minor):
            return ""
        self._nudged_at = now
        self._counted.append("nudges")
        self._later(self._keep(nudged_at=now))
        return nudge(language, self._turn("nudge"))

    def screened(self, said: str, reply: str, language: str) -> str | None:
        """A goodbye instead of a reply that holds back somebody who goes; None: it may be said as it is."""
        if not is_farewell(said):
            return None
        self._counted.append("farewells")
        if manipulative(reply) is None:
            return None
        self._counted.append("farewells_screened")
        return duties.goodbye(language, self._turn("goodbye"))

    def counters(self) -> tuple[str, ...]:
        """What is to be counted since this was asked last."""
        counted, self._counted = tuple(self._counted), []
        return counted

    async def attached(self) -> None:
        """The person is here: they are told what is due, and the clock of use runs."""
        now = self._engine.now()
        self._here_since = self._here_since or now
        if self._clock is None or self._clock.done():
            self._clock = asyncio.create_task(self._run())
        reads = self._engine.settings.emotion.backend != OFF
        if reads and not self._emotion_told and await self._engine.consents.permits(self._user_id, "voice_analysis"):
            self._emotion_told = True
            self._emit(Noticed("emotion_recognition", _EMOTION[self.language]))

    async def detached(self) -> None:
        """The person is gone."""
        await self._stop_clock()
        since, self._here_since = self._here_since, None
        if since is not None:
            lonely, self._exclusive = self._exclusive, 0
            await self._safely(self._gone(since, self._engine.now(), lonely))

    async def _gone(self, since: float, until: float, lonely: int) -> None:
        await self._engine.resumable.used_s(self._user_id, until)  # a pause is counted from here on
        await self._engine.habits.used(self._user_id, since, until, lonely)

    async def _run(self) -> None:
        while True:
            try:
                used_s = await self._engine.resumable.used_s(self._user_id, self._engine.now())
            except StorageError as error:
                _log.warning("the clock of use stands: %s", error)
                await asyncio.sleep(60.0)
                continue
            begun = used_s == 0.0 and self._used_s != 0.0
            if begun or used_s < max(self._told.reminder_s, self._told.break_s):
                self._told = Told()  # a new sitting
            self._used_s = used_s
            if notices := duties.due(used_s, self._told, self._minor):
                self._told = self._told.after(notices, used_s)
                for kind in notices:
                    self._counted.append(_COUNTED[kind])
                    self._emit(Noticed(kind, duties.notice(kind, self.language, self._turn(kind))))
                await self._keep(told=self._told)
            wait_s = min(_LOOKS_S, max(1.0, duties.next_due_s(self._told, self._minor) - used_s))
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()
            self._changed.clear()

    async def close(self) -> None:
        """The session ends."""
        await self.detached()
        while self._works:
            await asyncio.wait(self._works)
        await self._engine.counters.add(self.counters(), self._engine.now())

    async def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            await asyncio.wait((self._clock,))

    def _turn(self, what: str) -> int:
        used = self._said.get(what, 0)
        self._said[what] = used + 1
        return used

    async def _keep(self, **values: Any) -> None:
        await self._safely(self._engine.habits.keep(self._user_id, **values))

    async def _safely(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except StorageError as error:
            _log.warning("what a person was told could not be kept: %s", error)

    def _later(self, work: Coroutine[None, None, None]) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._works.add(task)
        task.add_done_callback(self._works.discard)
