"""How one session's replies come about: understood, looked at for danger, answered by whom it is due, put on record."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Literal

from companion.acquaintance import Acquaintance
from companion.duties import Duties
from companion.engine import Engine
from companion.errors import CompanionError, Moved
from companion.events import Event, ReplyDelta, ReplyDone, TurnTimed
from companion.floor import Floor
from companion.hearing import Hearing
from companion.images import Image
from companion.items import Item, exchange, spoken_language, understood
from companion.recording import Recorder
from companion.recovery import Resumed
from companion.reply import Reply, Scene, ThinkingMode
from companion.safeguard import Safeguard, Verdict
from companion.safety.farewell import is_farewell
from companion.thread import Thread
from companion.turn import Heard
from prompts.persona import load_persona

_log = logging.getLogger(__name__)
BARGE_IN = (
    "turn_detected"  # the reason of a cancel; nothing of the reply was told: the next one is to all that was said
)


class Answering:
    """language: of the talk, "zh" or "en". persona, max_tokens, thinking: as the client chose. cancelled_for: why the
    reply that runs is cancelled, to be set before it is. abandoned: nothing is told or put on record any more.

    settled: awaits what is on its way onto record.
    """

    def __init__(
        self,
        engine: Engine,
        person: Acquaintance,
        thread: Thread,
        hearing: Hearing,
        guard: Safeguard,
        duties: Duties,
        floor: Floor,
        recorder: Recorder,
        resumed: Resumed,
        emit: Callable[[Event], None],
        later: Callable[[Coroutine[None, None, None]], asyncio.Task[None]],
        settled: Callable[[], Coroutine[None, None, None]],
    ) -> None:
        self._engine, self._person, self._thread, self._hearing = engine, person, thread, hearing
        self._guard, self._duties, self._floor, self._recorder = guard, duties, floor, recorder
        self._emit, self._later, self._settled = emit, later, settled
        self.language = resumed.language
        self.persona = engine.settings.persona.name
        self.max_tokens: int | None = None
        self.thinking: ThinkingMode | None = None
        self.cancelled_for = "client_cancelled"
        self.abandoned = False
        self.played: dict[str, int] = {}  # item of a reply -> ms of it that were heard, if it is cut off now
        self.trimmed = ""  # hash of the summary of what no longer fits
        self._user_id = person.person.user_id
        self._usual = hearing.usual  # of the person's usual voice, what is on record
        self._done = list(resumed.done)
        self._ahead: asyncio.Task[None] | None = None

    async def reply(self, reply: Reply, items: list[Item]) -> list[Item]:
        """Make the reply to these; what of them the next reply is to. Raises nothing."""
        engine, heard = self._engine, dict[str, Heard]()
        state: Literal["completed", "cancelled", "failed", "incomplete"] = "completed"
        code: str | None = None
        message: str | None = None
        said, learn = "", True
        verdict: Verdict | None = None
        try:
            heard = await _heard(items)
            reply.timings["queue"] = engine.clock() - reply.started  # waiting for what was said to be understood
            said = _said(heard)
            if said:
                verdict = await self._look(reply, heard)
                self._duties.heard(said)
                reply.by = verdict.by
                match verdict.by:
                    case "script":
                        self._say(reply, verdict.words)
                    case "counsellor":
                        state, code, message = "cancelled", "counsellor", "a counsellor answers"
                    case "model":
                        learn = await self._answer(reply, items, list(heard.values()), said, verdict)
            else:
                state, code, message = "incomplete", "no_words", "no words were heard: nothing to reply to"
        except asyncio.CancelledError:
            state, code = "cancelled", self.cancelled_for
        except CompanionError as error:
            state, code, message = "failed", type(error).__name__, str(error)
        except Exception as error:  # the session must outlive any turn; its words stay out of the log
            _log.error("a reply failed: %s", type(error).__name__)
            state, code, message = "failed", "internal_error", "the reply failed; try again"
        if self.abandoned:
            return []
        reply.timings["total"] = engine.clock() - reply.started
        for h in heard.values():
            reply.timings.update(h.timings)
        answers = tuple(item.id for item in items)
        self._emit(ReplyDone(reply.response_id, reply.item_id, reply.text, state, code, message, answers))
        self._emit(TurnTimed(reply.response_id, dict(reply.timings)))
        if state == "cancelled" and code == BARGE_IN and not reply.pieces:
            self._guard.take_back(verdict)
            return items
        if heard and (reply.pieces or reply.by == "counsellor"):
            self._told(reply, items, said, cut=state == "cancelled")
        self._later(self._record(reply, items, state, code, verdict, learn=learn))
        return []

    async def _look(self, reply: Reply, heard: dict[str, Heard]) -> Verdict:
        """Who answers: what danger there is is known before a word of the reply."""
        at = self._engine.clock()
        self.language = spoken_language(list(heard.values()), self.language)
        risks = await self._guard.read(list(heard.values()), self._recorder.state)
        reply.timings["risk"] = self._engine.clock() - at
        return self._guard.take(heard, risks, self.language)

    async def _answer(
        self, reply: Reply, items: Sequence[Item], heard: list[Heard], said: str, verdict: Verdict
    ) -> bool:
        """The companion answers, by itself or with its model; whether there is anything in it to learn."""
        due = self._duties.answer(said, self.language)
        scripted = due.words if due else await self._person.asked(said, self.language, self._forget_last)
        if scripted is not None:
            reply.by = "script"
            self._say(reply, scripted)
            return False
        if self._ahead is not None:  # what it reads is needed now
            await asyncio.wait((self._ahead,))
        scene = self._scene(verdict.level, said, [image for item in items for image in item.images])
        await self._engine.answerer.answer(reply, heard, scene, emit=self._emit)
        if scene.whisper == self._floor.whispered:
            self._floor.whispered = ""
        if nudge := self._duties.nudge(verdict.level, self.language):
            self._say(reply, f" {nudge}" if self.language == "en" else nudge)
        return True

    def _say(self, reply: Reply, words: str) -> None:
        reply.pieces.append(words)
        self._emit(ReplyDelta(reply.response_id, reply.item_id, words))

    def _told(self, reply: Reply, items: Sequence[Item], said: str, *, cut: bool) -> None:
        """The next reply builds on this one."""
        self._thread.history.add(exchange(said, reply, items, self._engine.now()))
        if reply.prompt is not None:
            self.trimmed = reply.prompt.block("summary").sha256
        if reply.strategy is not None:
            self._done.append(reply.strategy.skill)
        if cut and reply.item_id in self.played:
            self._later(self._keep_heard(reply.item_id, self.played[reply.item_id]))
        self._ahead = self._later(self._read_ahead())

    async def recorded_late(self, reply: Reply, items: list[Item], at: float) -> None:
        """A reply was told to its end by a process that then died: the rest of it goes on record. at: unix s."""
        heard = await _heard(items)
        said = _said(heard)
        self._thread.history.add(exchange(said, reply, items, at))
        verdict = await self._look(reply, heard) if said else None
        if verdict is not None:
            reply.by = verdict.by
        await self._record(reply, items, "completed", None, verdict, learn=True)

    async def _read_ahead(self) -> None:
        try:
            await self._engine.answerer.read_ahead(self._scene(self._guard.state.level))
        except CompanionError as error:  # the next reply reads it then
            _log.warning("a prefix could not be read ahead: %s", error)

    def _scene(self, level: int, said: str = "", images: Sequence[Image] = ()) -> Scene:
        """What a reply is made in, as the talk stands."""
        leaving = is_farewell(said)
        return Scene(
            persona=load_persona(self.persona, self.language),
            profile=self._person.profile(self.trimmed).memories,
            history=self._thread.history.exchanges,
            state=self._recorder.state,
            done=tuple(self._done),
            liked=self._person.liked,
            now=self._engine.now(),
            recall=self._person.prefetch.take,
            max_tokens=self.max_tokens,
            thinking=self.thinking,
            images=images,
            risk=level,
            whisper=self._floor.whispered,
            instead=(lambda text: self._duties.screened(said, text, self.language)) if leaving else None,
        )

    async def _forget_last(self) -> Sequence[str]:
        """The exchange before was never said; ids of its turns."""
        await self._settled()  # it may still be on its way into the ledger
        return self._thread.history.drop_last()

    async def _keep_heard(self, item_id: str, heard_ms: int) -> None:
        self._thread.history.heard(item_id, heard_ms)
        await self._engine.resumable.heard(item_id, heard_ms)

    async def _record(
        self,
        reply: Reply,
        items: list[Item],
        state: str,
        code: str | None,
        verdict: Verdict | None,
        *,
        learn: bool,
    ) -> None:
        try:
            if self._thread.durable is not None:
                await self._thread.durable()
        except Moved:
            return
        usual = self._hearing.usual
        may = await self._engine.consents.permits(self._user_id, "voice_analysis")
        also = [self._guard.kept(), self._engine.counters.added(self._duties.counters(), self._engine.now())]
        if may and usual is not self._usual:
            also.append(self._engine.usual_kept(self._user_id, usual))
        self._usual = usual
        by_item = {item.id: understood(item) for item in items}
        risk = verdict.risk if verdict else {}
        await self._recorder.record(reply, by_item, state, code, learn=learn, risk=risk, also=also)


async def _heard(items: Sequence[Item]) -> dict[str, Heard]:
    """Item -> what was understood of it; a reply that is cancelled does not take the words with it."""
    found = {item.id: await asyncio.shield(item.understanding) for item in items}
    return {item_id: heard for item_id, heard in found.items() if heard is not None}


def _said(heard: dict[str, Heard]) -> str:
    return "\n".join(h.transcript.text for h in heard.values() if h.transcript.text)
