"""The items of one session and the replies to them: what is said is recorded, understood, answered, remembered."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from typing import Literal

from affect.baseline import Usual, learn, on_device
from affect.fusion import fuse
from affect.trajectory import OwnBaseline, Point, State, next_state, trajectory
from affect.types import Affect
from companion.engine import Engine
from companion.errors import CompanionError
from companion.events import (
    AffectRead,
    Event,
    Failed,
    ItemCommitted,
    MemoriesSaved,
    ReplyDone,
    ReplyStarted,
    TrajectoryChanged,
    Transcribed,
    TranscriptionFailed,
    TurnTimed,
)
from companion.reply import Reply, affect_of
from companion.speech.recognizer import Samples
from companion.turn import Heard, listen, read, voice_of
from memory.memories import PersonMemory
from prompts.persona import load_persona
from prompts.types import Exchange

_log = logging.getLogger(__name__)
_KEPT_EXCHANGES = 200  # what the prompt could ever hold; the records keep all of them


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
        self._history: list[Exchange] = []
        self._waiting: list[_Item] = []
        self._last_item: str | None = None
        self._count = 0
        self._usual = usual
        self._usual_mood = usual_mood
        self._points: list[Point] = []
        self._state: State = "unknown"
        self._replying: asyncio.Task[None] | None = None
        self._cancel_reason = "client_cancelled"
        self._afterwards: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, engine: Engine, user_id: str, session_id: str, emit: Callable[[Event], None]) -> Conversation:
        """Begin a session: what is known of the person is loaded once. Raises StorageError."""
        await engine.records.start_session(session_id, user_id, engine.now(), persona=engine.settings.persona.name)
        person, usual = await engine.memories.open(user_id), await engine.usual(user_id)
        mood = await engine.usual_mood(user_id, session_id)
        return cls(engine, user_id, session_id, person, usual, mood, emit)

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
        try:
            heard = [h for h in [await item.understanding for item in items] if h is not None]
            reply.timings["queue"] = engine.clock() - reply.started  # waiting for what was said to be understood
            if any(h.transcript.text for h in heard):
                await engine.answerer.answer(
                    reply,
                    heard,
                    persona=load_persona(self.persona, self._language(heard)),
                    person=self._person,
                    history=self._history,
                    now=engine.now(),
                    max_tokens=self.max_tokens,
                    emit=self._emit,
                )
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
            said = "\n".join(h.transcript.text for h in heard)
            self._history = [*self._history, Exchange(said, reply.text)][-_KEPT_EXCHANGES:]
        self._later(self._record(reply, items, heard, state, code))

    def _language(self, heard: list[Heard]) -> str:
        known = [h.transcript.language for h in heard if h.transcript.language in ("zh", "en")]
        self.language = known[-1] if known else self.language
        return self.language

    async def _record(self, reply: Reply, items: list[_Item], heard: list[Heard], state: str, code: str | None) -> None:
        engine, affect = self._engine, affect_of(heard)
        by_item = {i.id: i.understanding.result() for i in items if i.understanding.done()}
        try:
            for item in items:
                one = by_item.get(item.id)
                newest = item is items[-1]
                felt = await self._felt(one) if one else None
                await engine.records.finish_turn(
                    item.id,
                    self.user_id,
                    user_text=one.transcript.text if one else None,
                    reply_text=reply.text if newest else None,
                    state={"completed": "answered", "incomplete": "answered"}.get(state, state),
                    affect=asdict(felt) if felt else None,
                    prompt_id=reply.prompt.id if newest and reply.prompt else None,
                    prompt_blocks=dict(reply.prompt.blocks) if newest and reply.prompt else None,
                    models=engine.model_names,
                    timings=reply.timings if newest else None,
                    language=one.transcript.language if one else None,
                    error=code,
                )
                if one and one.transcript.text:
                    saved = await engine.memories.remember(
                        self._person,
                        item.id,
                        one.transcript.text,
                        now=engine.now(),
                        language=one.transcript.language,
                        valence=affect.valence if affect else None,
                    )
                    self._emit(MemoriesSaved(reply.response_id, saved)) if saved else None
            await engine.save_usual(self.user_id, self._usual)
        except Exception as error:
            _log.error("a turn could not be recorded: %s", type(error).__name__)
            self._emit(Failed("storage_error", "the turn could not be recorded; its audio or text is kept"))

    async def _felt(self, heard: Heard) -> Affect:
        """The affect for the record, with a voice that came late; the trajectory goes on from it."""
        affect = heard.affect
        if heard.late is not None and (result := await heard.late) is not None:
            affect = fuse(affect.words, voice_of(heard.transcript, result), status="final")
        self._points.append(Point(self._engine.now(), affect.valence, affect.arousal, affect.uncertainty))
        now = trajectory(self._points, self._usual_mood)
        state = next_state(self._state, now)
        if state != self._state:
            self._state = state
            self._emit(TrajectoryChanged(state, now))
        return affect

    def _later(self, work: Coroutine[None, None, None]) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._afterwards.add(task)
        task.add_done_callback(self._afterwards.discard)

    async def close(self) -> None:
        """Stop the reply and wait until everything is on record."""
        await self.cancel("client_cancelled")
        while self._afterwards:
            await asyncio.gather(*self._afterwards, return_exceptions=True)
        await self._engine.records.end_session(self.session_id, self._engine.now())


async def _already(heard: Heard) -> Heard | None:
    return heard


def language_of_text(text: str) -> str | None:
    """ "zh" when there is a Han character, "en" when there are Latin letters only, else None."""
    if any("\u4e00" <= c <= "\u9fff" for c in text):
        return "zh"
    return "en" if any(c.isascii() and c.isalpha() for c in text) else None
