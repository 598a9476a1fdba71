"""One session's guard: reads the danger in each turn, keeps the protocol, and says who answers. See docs/safety.md."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from affect.trajectory import State as Mood
from companion.engine import Engine
from companion.errors import StorageError
from companion.events import Event, SafetyTold
from companion.records.database import Work
from companion.safety.answers import declines_review, read_answer, wants_help
from companion.safety.counters import counted
from companion.safety.course import SCRIPTED
from companion.safety.duties import wants_exit
from companion.safety.protocol import carried, due_at, dump, load, step, who_answers
from companion.safety.protocol_types import (
    Action,
    NotifyContact,
    Phase,
    Policy,
    Queue,
    Resources,
    Say,
    SosPressed,
    State,
    Tick,
    TookOver,
    Turn,
    Unqueue,
)
from companion.safety.protocol_types import Event as Happening
from companion.safety.resources import everything
from companion.safety.risk.reader import TURNS
from companion.safety.risk.types import Risk
from companion.safety.scripts import words
from companion.turn import Heard

_log = logging.getLogger(__name__)
_SHOWN = 3  # level from which the protocol stays on the screen; below, it is told only when something happens
_UNREADABLE = State(phase=Phase.SUPPORTING, level=_SHOWN)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who answers a turn. words: where a script does. level: that is held, 0..4. risk: for the record, by turn."""

    by: Literal["model", "script", "counsellor"]
    words: str
    level: int
    risk: Mapping[str, Mapping[str, Any]]


class Safeguard:
    """Call `read`, then `take` with what it read; `happens` for all else. in_order: see Conversation. say: tells the
    person what stands in a script, with in_order held; True: at once, whatever else is being said.
    """

    def __init__(
        self,
        engine: Engine,
        user_id: str,
        session_id: str,
        emit: Callable[[Event], None],
        state: State,
        before: Sequence[tuple[str, int]] = (),
    ) -> None:
        self._engine, self._user_id, self._session_id, self._emit = engine, user_id, session_id, emit
        self.state, self.in_order = state, asyncio.Lock()
        self._before = list(before)[-TURNS:]
        self._consents: tuple[bool | None, bool] = (None, False)  # counsellor_review; whether the contact may be told
        self.language = "zh"
        self.minor: Callable[[], bool | None] = lambda: None
        self.say: Callable[[str, bool], Awaitable[None]] = _nobody
        self._taken = (state, state, self._before)  # before and after the newest turn, and the turns before it
        self._last_said = ""
        self._timer: asyncio.Task[None] | None = None
        self._works: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(
        cls,
        engine: Engine,
        user_id: str,
        session_id: str,
        emit: Callable[[Event], None],
        before: Sequence[tuple[str, int]],
        *,
        resumed: bool,
    ) -> Safeguard:
        """Where the session stood or, for a new one, where the person stood in their last. Raises StorageError."""
        kept = await engine.safety.newest(session_id, user_id)
        try:
            state = State() if kept is None else load(kept)
        except StorageError as error:
            _log.error("%s", error)
            state = _UNREADABLE
        guard = cls(engine, user_id, session_id, emit, state, before)
        await guard.look()
        if kept is not None and not resumed:
            guard.state = carried(state, engine.now(), guard.policy())
        guard._arm()
        return guard

    @property
    def human(self) -> bool:
        """Whether a counsellor has the word, and the model is mute."""
        return self.state.phase is Phase.HUMAN

    async def look(self) -> None:
        """Find out what they agreed to by now; what was known before holds where the records cannot tell."""
        engine = self._engine
        try:
            review = await engine.consents.given(self._user_id, "counsellor_review")
            told = engine.notifier.there and await engine.consents.allowed(self._user_id, "emergency_contact")
            self._consents = (review, told and await engine.contacts.on_file(self._user_id))
        except StorageError as error:
            _log.warning("what was agreed to could not be looked up: %s", error)

    def policy(self) -> Policy:
        """What holds for this person here, now."""
        safety = self._engine.settings.safety
        review, contact = self._consents
        return Policy(
            region=safety.region,
            language=self.language,
            minor=self.minor(),
            staffed=safety.counsellors,
            review_on_file=review,
            contact_on_file=contact,
            contact_duty=safety.region == "CN",
            unasked_from=safety.unasked_from,
            sla_s=safety.sla_s,
            cool_down_s=safety.cool_down_s,
        )

    async def read(self, heard: Sequence[Heard], mood: Mood) -> list[Risk]:
        """The danger in what was said, one reading for each item. Changes nothing."""
        await self.look()
        before, risks = list(self._before), []
        for one in heard:
            risk = await asyncio.to_thread(
                self._engine.risk.read,
                one.transcript.text,
                before=tuple(before),
                affect=one.affect,
                state=mood,
                vector=one.vector,
            )
            before.append((one.transcript.text, risk.level))
            risks.append(risk)
        return risks

    def take(self, heard: Mapping[str, Heard], risks: Sequence[Risk], language: str) -> Verdict:
        """One step of the protocol; nothing is awaited, so that what it answers is told or the step is not taken.

        heard: by turn id, with the risk of each. Who just leaves takes no step: nothing holds them back.
        """
        self.language = language
        said = "\n".join(h.transcript.text for h in heard.values() if h.transcript.text)
        gravest = max(risks, key=lambda risk: risk.level)
        state, earlier = self.state, self._before
        texts = [h.transcript.text for h in heard.values()]
        self._before = [*self._before, *((t, r.level) for t, r in zip(texts, risks, strict=True))][-TURNS:]
        if gravest.level:
            self._last_said = said
        actions: Sequence[Action] = ()
        leaves = wants_exit(said) and gravest.level < SCRIPTED
        if not leaves:
            kinds = dict.fromkeys(k.value for r in sorted(risks, key=lambda risk: -risk.level) for k in r.kinds)
            answer = read_answer(said, self.state.asked)
            turn = Turn(gravest.level, tuple(kinds), answer, wants_help(said), declines_review(said))
            actions = self._step(turn, [reason.rule for reason in gravest.reasons])
        self._taken = (state, self.state, earlier)
        held = {"held": self.state.level, "phase": self.state.phase.value}
        return Verdict(
            "model" if leaves else who_answers(self.state, actions),
            words(actions, language),
            self.state.level,
            {turn_id: {**asdict(risk), **held} for turn_id, risk in zip(heard, risks, strict=True)},
        )

    def take_back(self, verdict: Verdict | None) -> None:
        """Nothing of the answer was told, so that its turn is taken once more, with what was said since."""
        if verdict is None:
            return
        before, after, self._before = self._taken
        if self.state is after:  # else more has happened, which holds
            self.state = before
            self._arm()

    async def happens(self, event: Happening) -> bool:
        """Something else than a turn, and what it has the companion say is said; whether it changed anything."""
        await self.look()
        async with self.in_order:
            before = self.state
            actions = self._step(event, ())
            if said := words(actions, self.language):
                await self.say(said, isinstance(event, SosPressed | TookOver))
        if self.state != before:
            await self.keep()
        return self.state != before

    def kept(self) -> Work:
        """Where the protocol stands goes on record, for a transaction."""
        return self._engine.safety.kept(self._session_id, lambda: (dump(self.state).decode(), self.state.level))

    async def keep(self) -> None:
        """`kept` in a transaction of its own; a failure is logged, as the next turn keeps it again."""
        try:
            await self._engine.records.store.transaction(self.kept())
        except StorageError as error:
            _log.error("where the protocol stands could not be kept: %s", error)

    async def close(self) -> None:
        """Nothing is waited for any more; what was set going is finished."""
        if self._timer is not None:
            self._timer.cancel()
            await asyncio.gather(self._timer, return_exceptions=True)
        while self._works:
            await asyncio.gather(*self._works, return_exceptions=True)

    def _step(self, event: Happening, rules: Sequence[str]) -> Sequence[Action]:
        before, now = self.state, self._engine.now()
        self.state, actions = step(before, event, now, self.policy())
        self._tell(before, actions)
        self._do(event, before, actions, rules, now)
        self._arm()
        return actions

    def _tell(self, before: State, actions: Sequence[Action]) -> None:
        state = self.state
        if not actions and (state.level, state.phase, state.asked) == (before.level, before.phase, before.asked):
            return
        shown = [action for action in actions if isinstance(action, Resources)]
        ids = dict.fromkeys(one for action in shown for one in action.ids)
        names = dict.fromkeys(_snake(type(a).__name__) for a in actions if not isinstance(a, Say | Resources))
        told = dict.fromkeys(("say",) if any(isinstance(action, Say) for action in actions) else ())
        self._emit(
            SafetyTold(
                state.level,
                state.kinds,
                state.phase.value,
                [everything()[one] for one in ids],
                [*told, *(("resources",) if shown else ()), *names],
                state.asked,
                words(actions, self.language, aside=True),
                self.language,
            )
        )

    def _do(self, event: Happening, before: State, actions: Sequence[Action], rules: Sequence[str], now: float) -> None:
        """Set going what others have to know; the reply waits for none of it."""
        works: list[Work] = []
        cases, case = self._engine.cases, False
        for action in actions:
            match action:
                case Queue():
                    case = True
                    works.append(
                        cases.asked(
                            self._session_id,
                            self._user_id,
                            priority=action.priority,
                            sla_s=action.sla_s,
                            level=self.state.level,
                            kinds=action.kinds,
                            reasons=rules,
                            said=self._last_said,
                            now=now,
                        )
                    )
                case Unqueue():
                    case = True
                    works.append(cases.withdrawn(self._session_id, now))
                case NotifyContact():
                    self._later(self._notify())
                case _:
                    pass  # said, shown, or told to the client
        names = counted(before, event, self.state, actions)
        if names:
            works.append(self._engine.counters.added(names, now))
        if works:
            self._later(self._keep(works, case=case))

    async def _keep(self, works: Sequence[Work], *, case: bool) -> None:
        async def work(session: Any) -> None:
            for each in works:
                await each(session)

        for wait in (0.2, 1.0, 5.0, 0.0):
            try:
                await self._engine.records.store.transaction(work)
            except StorageError as error:
                _log.error("a counsellor could not be asked for, or a count kept: %s", error)
                await asyncio.sleep(wait)
            else:
                if case:
                    self._engine.cases.changed(self._session_id, self._user_id)
                return

    async def _notify(self) -> None:
        await self._engine.notifier.contact(self._user_id, self.language)

    def _later(self, work: Coroutine[None, None, None]) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._works.add(task)
        task.add_done_callback(self._works.discard)

    def _arm(self) -> None:
        """Wake up when something is due."""
        due = due_at(self.state, self.policy())
        if self._timer is not None and self._timer is not asyncio.current_task():
            self._timer.cancel()
        self._timer = None if due is None else asyncio.create_task(self._wake(due - self._engine.now()))

    async def _wake(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))
        await self.happens(Tick())


async def _nobody(_: str, __: bool) -> None:
    """Nobody listens yet."""


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
