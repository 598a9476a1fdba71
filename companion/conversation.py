"""The items of one session and the replies to them: what is said is recorded, understood, answered, remembered."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from affect.baseline import Usual, learn, on_device
from affect.fusion import fuse
from affect.trajectory import OwnBaseline
from companion.engine import Engine
from companion.errors import CompanionError
from companion.events import (
    AffectRead,
    Event,
    ItemCommitted,
    MemoriesForgotten,
    ReplyDone,
    ReplyStarted,
    Transcribed,
    TranscriptionFailed,
    TurnTimed,
)
from companion.recording import Recorder
from companion.reply import Reply, Scene, ThinkingMode
from companion.speech.recognizer import Samples
from companion.turn import Heard, listen, read, voice_of
from memory.memories import PersonMemory
from memory.profile import Profile
from memory.requests import memory_request
from memory.types import Memory
from prompts.of_memory import forgotten, told
from prompts.persona import load_persona
from prompts.strategy import Skill
from prompts.types import Exchange

_log = logging.getLogger(__name__)
_KEPT, _MOST = 200, 300  # exchanges: what a prompt could ever hold, and when older ones go, many at once


def new_id(kind: str) -> str:
    """A fresh id, such as item_5f0c..."""
    return f"{kind}_{uuid.uuid4().hex}"


@dataclass(slots=True)
class _Item:
    """One thing said, its place in the session, and the task that understands it."""

    id: str
    understanding: asyncio.Task[Heard | None]


class Conversation:
    """One person's session. Every verb is called from the event loop; `emit` is called with each event in order."""

    def __init__(
        self,
        engine: Engine,
        user_id: str,
        session_id: str,
        person: PersonMemory,
        usual: dict[str, Usual],
        usual_mood: OwnBaseline | None,
        liked: Mapping[Skill, float],
        emit: Callable[[Event], None],
    ) -> None:
        self._engine, self.user_id, self.session_id, self._person, self._emit = (
            engine,
            user_id,
            session_id,
            person,
            emit,
        )
        self.language = "zh"
        self.language_hint: str | None = None
        self.device = ""  # names the microphone and codec: level and timbre are usual for each apart
        self.persona = engine.settings.persona.name
        self.max_tokens: int | None = None
        self.thinking: ThinkingMode | None = None
        self._history: list[Exchange] = []
        self._waiting: list[_Item] = []
        self._last_item: str | None = None
        self._count = 0
        self._usual = usual
        self._recorder = Recorder(engine, person, session_id, usual_mood, emit)
        person.listeners.add(self._recorder.learnt)
        self._liked = liked
        self._done: list[Skill] = []
        self._last_turns: tuple[str, ...] = ()
        self._known: Profile | None = None
        self._known_at = (0, "")  # edits of the person, and the summary of what was trimmed, that it stands for
        self._trimmed = ""
        self._replying: asyncio.Task[None] | None = None
        self._cancel_reason = "client_cancelled"
        self._afterwards: set[asyncio.Task[None]] = set()
        self._ahead: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, engine: Engine, user_id: str, session_id: str, emit: Callable[[Event], None]) -> Conversation:
        """Begin a session: what is known of the person is loaded once. Raises StorageError."""
        await engine.records.start_session(session_id, user_id, engine.now(), persona=engine.settings.persona.name)
        person, usual = await engine.memories.open(user_id), await engine.usual(user_id)
        await engine.learner.catch_up(person)
        mood = await engine.usual_mood(user_id, session_id)
        liked = await engine.liked(user_id)
        return cls(engine, user_id, session_id, person, usual, mood, liked, emit)

    @property
    def replying(self) -> bool:
        """Whether a reply is being made."""
        return self._replying is not None and not self._replying.done()

    async def say_audio(self, item_id: str, samples: Samples) -> None:
        """Commit an utterance (float32, 16 kHz) while it is being understood. Raises StorageError.

        Nothing of what was understood is told before the utterance is on record.
        """
        listening = asyncio.create_task(self._listen(samples))
        try:
            await self._commit(item_id, samples=samples, text=None)
        except BaseException:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            raise
        self._waiting.append(_Item(item_id, asyncio.create_task(self._hear(item_id, samples, listening))))

    async def say_text(self, item_id: str, text: str) -> None:
        """Commit a typed item. Raises StorageError."""
        await self._commit(item_id, samples=None, text=text)
        engine = self._engine
        language = language_of_text(text)
        heard = await read(text, language=language, words=engine.words, embed=engine.memories.vector)
        done: asyncio.Task[Heard | None] = asyncio.create_task(_already(heard))
        self._emit(AffectRead(item_id, heard.affect))
        self._waiting.append(_Item(item_id, done))

    async def _commit(self, item_id: str, *, samples: Samples | None, text: str | None) -> None:
        self._count += 1
        await self._engine.records.commit_utterance(
            item_id,
            self.session_id,
            self.user_id,
            index=self._count,
            now=self._engine.now(),
            modality="text" if samples is None else "voice",
            samples=samples,
            text=text,
        )
        seconds = 0.0 if samples is None else samples.size / 16_000
        self._emit(ItemCommitted(item_id, self._last_item, text, seconds))
        self._last_item = item_id

    async def _listen(self, samples: Samples) -> Heard:
        engine, turn = self._engine, self._engine.settings.turn
        return await listen(
            samples,
            language=self.language_hint,
            hotwords=self._profile().hotwords(),
            usual=on_device(self._usual, self.device),
            recognizer=engine.recognizer,
            voice=engine.voice,
            words=engine.words,
            embed=engine.memories.vector,
            deadline_s=turn.affect_deadline_s,
            overlap=turn.overlap,
            clock=engine.clock,
        )

    async def _hear(self, item_id: str, samples: Samples, listening: asyncio.Task[Heard]) -> Heard | None:
        try:
            heard = await listening
        except CompanionError as error:
            self._emit(TranscriptionFailed(item_id, str(error)))
            return None
        self._emit(Transcribed(item_id, heard.transcript.text, heard.transcript.language, samples.size / 16_000))
        self._emit(AffectRead(item_id, heard.affect))
        if heard.prosody is not None:
            self._usual = learn(self._usual, heard.prosody, self.device)
        elif heard.late is not None:
            self._later(self._hear_late(item_id, heard))
        return heard

    async def _hear_late(self, item_id: str, heard: Heard) -> None:
        """The voice came after the deadline: the reply went on without it, the record gets it."""
        assert heard.late is not None
        result = await heard.late
        if result is not None:
            self._usual = learn(self._usual, result[1], self.device)
            voice = voice_of(heard.transcript, result)
            self._emit(AffectRead(item_id, fuse(heard.affect.words, voice, status="final")))

    def respond(self) -> str:
        """Begin the reply to all that was said since the last one; its response id."""
        response_id, item_id = new_id("resp"), new_id("item")
        items, self._waiting = self._waiting, []
        self._emit(ReplyStarted(response_id, item_id, self._last_item))
        self._last_item = item_id
        reply = Reply(response_id, item_id, self._engine.clock())
        self._replying = asyncio.create_task(self._reply(reply, items))
        return response_id

    async def cancel(self, reason: str) -> None:
        """Stop the reply, if there is one, and wait until it has ended. reason: turn_detected, client_cancelled."""
        if self._replying is not None and not self._replying.done():
            self._cancel_reason = reason
            self._replying.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._replying

    async def _reply(self, reply: Reply, items: list[_Item]) -> None:
        engine, heard = self._engine, list[Heard]()
        state: Literal["completed", "cancelled", "failed", "incomplete"] = "completed"
        code: str | None = None
        message: str | None = None
        said, learn = "", True
        try:
            heard = [h for h in [await item.understanding for item in items] if h is not None]
            reply.timings["queue"] = engine.clock() - reply.started  # waiting for what was said to be understood
            said = "\n".join(h.transcript.text for h in heard if h.transcript.text)
            if said:
                scene, learn = await self._asked(said, heard)
                await asyncio.wait((self._ahead,)) if self._ahead else None  # what it reads is needed now
                await engine.answerer.answer(reply, heard, scene, emit=self._emit)
            else:
                state, code, message = "incomplete", "no_words", "no words were heard: nothing to reply to"
        except asyncio.CancelledError:
            state, code = "cancelled", self._cancel_reason
        except CompanionError as error:
            state, code, message = "failed", type(error).__name__, str(error)
        except Exception as error:  # the session must outlive any turn; its words stay out of the log
            _log.error("a reply failed: %s", type(error).__name__)
            state, code, message = "failed", "internal_error", "the reply failed; try again"
        reply.timings["total"] = engine.clock() - reply.started
        for h in heard:
            reply.timings.update(h.timings)
        self._emit(ReplyDone(reply.response_id, reply.item_id, reply.text, state, code, message))
        self._emit(TurnTimed(reply.response_id, dict(reply.timings)))
        if heard and reply.pieces:
            self._remember_exchange(said, reply, items)
            self._ahead = self._later(self._read_ahead())
        self._later(self._record(reply, items, state, code, learn=learn))

    async def _read_ahead(self) -> None:
        try:
            await self._engine.answerer.read_ahead(self._scene())
        except CompanionError as error:  # the next reply reads it then
            _log.warning("a prefix could not be read ahead: %s", error)

    def _scene(self, *, scripted: str = "") -> Scene:
        """What a reply is made in, as the talk stands."""
        return Scene(
            persona=load_persona(self.persona, self.language),
            person=self._person,
            profile=self._profile().memories,
            history=self._history,
            state=self._recorder.state,
            done=tuple(self._done),
            liked=self._liked,
            now=self._engine.now(),
            max_tokens=self.max_tokens,
            thinking=self.thinking,
            scripted=scripted,
        )

    async def _asked(self, said: str, heard: list[Heard]) -> tuple[Scene, bool]:
        """The scene after doing what they ask of the memory itself; whether to learn from the turn."""
        language = self._language(heard)
        request = memory_request(said, language)
        engine, now = self._engine, self._engine.now()
        if request is not None and request.kind == "forget":
            return self._scene(scripted=forgotten(len(await self._forget(request.about)), language)), False
        if request is not None and request.kind == "list":
            known = engine.memories.profile(self._person, now).memories
            return self._scene(scripted=told(known, now, engine.memories.timezone, language)), False
        return self._scene(), True

    def _profile(self) -> Profile:
        """What is known of the person, as it stood when the session began, when they changed it, or at a trimming."""
        if self._known is None or self._known_at != (self._person.edits, self._trimmed):
            self._known_at = (self._person.edits, self._trimmed)
            self._known = self._engine.memories.profile(self._person, self._engine.now())
        return self._known

    async def _forget(self, about: str) -> list[str]:
        """Forget what they name, or, where they name nothing, what was learnt from the exchange before."""
        engine = self._engine
        if about:
            ids = [m.id for m in await engine.memories.about(self._person, about, engine.now())]
        else:
            await self._settled()  # the turn before may still be on its way into the ledger
            await engine.learner.outbox.drop(self.user_id, self._last_turns)
            ids = [m.id for m in self._person.memories if set(m.evidence) & set(self._last_turns)]
            self._history = self._history[:-1]
        if ids:
            await self.forget(ids)
        return ids

    async def forget(self, ids: Sequence[str]) -> None:
        """Delete memories of the person. Raises NoSuchMemory, StorageError."""
        await self._engine.memories.forget(self._person, ids)
        self._emit(MemoriesForgotten(tuple(ids)))

    async def rate(self, response_id: str, rating: Literal["like", "dislike"] | None) -> bool:
        """What the person thinks of a reply; whether there is such a reply. Raises StorageError."""
        await self._settled()  # the reply may still be on its way into the records
        if not await self._engine.records.rate(self.user_id, response_id, rating):
            return False
        self._liked = await self._engine.liked(self.user_id)
        return True

    def memories(self) -> tuple[Memory, ...]:
        """All that is known of the person, with what holds no more, oldest first."""
        return self._person.memories

    def _remember_exchange(self, said: str, reply: Reply, items: list[_Item]) -> None:
        exchange = Exchange(said, reply.text, at=self._engine.now())
        history = [*self._history, exchange]
        self._history = history[-_KEPT:] if len(history) > _MOST else history
        self._last_turns = tuple(item.id for item in items)
        if reply.prompt is not None:
            self._trimmed = reply.prompt.block("summary").sha256
        if reply.strategy is not None:
            self._done.append(reply.strategy.skill)

    def _language(self, heard: list[Heard]) -> str:
        known = [h.transcript.language for h in heard if h.transcript.language in ("zh", "en")]
        self.language = known[-1] if known else self.language
        return self.language

    async def _record(self, reply: Reply, items: list[_Item], state: str, code: str | None, *, learn: bool) -> None:
        by_item = {item.id: _understood(item.understanding) for item in items}
        await self._recorder.record(reply, by_item, state, code, learn=learn)
        try:
            await self._engine.save_usual(self.user_id, self._usual)
        except CompanionError as error:
            _log.error("a usual voice could not be kept: %s", type(error).__name__)

    def _later(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._afterwards.add(task)
        task.add_done_callback(self._afterwards.discard)
        return task

    async def _settled(self) -> None:
        """Wait until everything that was said is on record."""
        while self._afterwards:
            await asyncio.gather(*self._afterwards, return_exceptions=True)

    async def close(self) -> None:
        """Stop the reply and wait until everything is on record."""
        await self.cancel("client_cancelled")
        await self._settled()
        self._person.listeners.discard(self._recorder.learnt)
        self._engine.learner.flush(self.user_id)
        await self._engine.records.end_session(self.session_id, self._engine.now())


def _understood(task: asyncio.Task[Heard | None]) -> Heard | None:
    """What is understood by now; None where it is not, or cannot be."""
    return task.result() if task.done() and not task.cancelled() and task.exception() is None else None


async def _already(heard: Heard) -> Heard | None:
    return heard


def language_of_text(text: str) -> str | None:
    """ "zh" when there is a Han character, "en" when there are Latin letters only, else None."""
    if any("\u4e00" <= c <= "\u9fff" for c in text):
        return "zh"
    return "en" if any(c.isascii() and c.isalpha() for c in text) else None
