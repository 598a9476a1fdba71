"""The items of one session and the replies to them: what is said is recorded, understood, answered, remembered."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Literal

from affect.baseline import Usual
from affect.trajectory import OwnBaseline
from companion.acquaintance import Acquaintance
from companion.engine import Engine
from companion.errors import CompanionError, Moved
from companion.events import (
    Event,
    ItemCommitted,
    ItemDeleted,
    ItemTruncated,
    ReplyDone,
    ReplyStarted,
    TranscriptDelta,
    TurnTimed,
)
from companion.hearing import Hearing
from companion.history import History
from companion.images import Image
from companion.items import PICTURE, Item, at_hand, exchange, language_of_text, new_id, spoken_language, understood
from companion.recording import Recorder
from companion.records.repository import Turn
from companion.recovery import Lost, Resumed
from companion.reply import Reply, Scene, ThinkingMode
from companion.speech.recognizer import Samples
from companion.turn import Heard
from prompts.persona import load_persona

_log = logging.getLogger(__name__)


class Conversation:
    """One person's session. Every verb is called from the event loop; `emit` is called with each event in order.

    durable: awaited before a reply that was told is put on record; raises Moved where another process goes on.
    """

    def __init__(
        self,
        engine: Engine,
        session_id: str,
        person: Acquaintance,
        usual: dict[str, Usual],
        usual_mood: OwnBaseline | None,
        emit: Callable[[Event], None],
        resumed: Resumed,
    ) -> None:
        self._engine, self.session_id, self.person, self._emit = engine, session_id, person, emit
        self.user_id = person.person.user_id
        self.language = resumed.language
        self.persona = engine.settings.persona.name
        self.max_tokens: int | None = None
        self.thinking: ThinkingMode | None = None
        self.durable: Callable[[], Awaitable[None]] | None = None
        self._history = History(resumed.told)
        self._waiting: list[Item] = []
        self._last_item = resumed.last_item
        self._count = resumed.count
        self._resumed: Resumed | None = resumed
        self._kept = usual  # of the person's usual voice, what is on record
        self.hearing = Hearing(engine, self.user_id, usual, emit, self._later)
        self._partial: tuple[str, str] = ("", "")  # item, and what was told of it
        self._played: dict[str, int] = {}
        self._recorder = Recorder(engine, person.person, session_id, usual_mood, emit, resumed.points)
        person.person.listeners.add(self._recorder.learnt)
        self._done = list(resumed.done)
        self._trimmed = ""  # hash of the summary of what no longer fits
        self._replying: asyncio.Task[None] | None = None
        self._cancel_reason = "client_cancelled"
        self._abandoned = False
        self._afterwards: set[asyncio.Task[None]] = set()
        self._ahead: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        engine: Engine,
        user_id: str,
        session_id: str,
        emit: Callable[[Event], None],
        resumed: Resumed | None = None,
    ) -> Conversation:
        """Begin a session, or go on with one: what is known of the person is loaded once. Raises StorageError."""
        if resumed is None:
            await engine.records.start_session(session_id, user_id, engine.now(), persona=engine.settings.persona.name)
        person, usual = await engine.memories.open(user_id), await engine.usual(user_id)
        await engine.learner.catch_up(person)
        mood = await engine.usual_mood(user_id, session_id)
        known = Acquaintance(engine, person, await engine.liked(user_id), emit)
        await known.look()
        return cls(engine, session_id, known, usual, mood, emit, resumed or Resumed())

    @property
    def replying(self) -> bool:
        """Whether a reply is being made."""
        return self._replying is not None and not self._replying.done()

    @property
    def unheard(self) -> int:
        """How many utterances that are on record wait to be understood."""
        return sum(not item.understanding.done() for item in self._waiting)

    def listen_ahead(self, samples: Samples) -> asyncio.Task[Heard]:
        """Begin to understand what may be a whole utterance (float32, 16 kHz); cancel it to throw it away."""
        task = asyncio.create_task(self.hearing.listen(samples, lambda: self.person.hotwords(self._trimmed)))
        self._later(self.person.prefetch.follow(task))
        return task

    def partial(self, item_id: str, text: str) -> None:
        """What is said so far, as far as it will not change: it only grows."""
        item, before = self._partial
        before = before if item == item_id else ""
        if len(text) > len(before):
            self._emit(TranscriptDelta(item_id, text[len(before) :]))
            self._partial = (item_id, text)
            self.person.prefetch.start(text)

    async def say_audio(
        self,
        item_id: str,
        samples: Samples,
        *,
        listening: asyncio.Task[Heard] | None = None,
        audio_seq: int | None = None,
    ) -> None:
        """Commit an utterance (float32, 16 kHz) while it is being understood. Raises StorageError.

        Nothing of what was understood is told before the utterance is on record. listening: begun ahead.
        """
        listening = listening or self.listen_ahead(samples)
        try:
            await self._commit(item_id, samples=samples, audio_seq=audio_seq)
        except BaseException:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            raise
        self._waiting.append(Item(item_id, asyncio.create_task(self.hearing.hear(item_id, samples, listening))))

    async def say_text(self, item_id: str, text: str, images: Sequence[Image] = ()) -> None:
        """Commit a typed item. Raises StorageError, and InputError (item_exists) where it is on record already."""
        text = text or PICTURE[self.language]
        await self._commit(item_id, text=text, images=images)
        heard = await self.hearing.read(item_id, text, language_of_text(text))
        self._waiting.append(Item(item_id, asyncio.create_task(at_hand(heard)), images))

    async def _commit(
        self,
        item_id: str,
        *,
        samples: Samples | None = None,
        text: str | None = None,
        images: Sequence[Image] = (),
        audio_seq: int | None = None,
    ) -> None:
        await self._engine.consents.require(self.user_id, "chat")
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
            images=[image.data for image in images],
            audio_seq=audio_seq,
        )
        seconds = 0.0 if samples is None else samples.size / 16_000
        self._emit(ItemCommitted(item_id, self._last_item, text, seconds, audio_seq, len(images)))
        self._last_item = item_id

    def go_on(self, *, respond: bool) -> None:
        """Take up what another process left: replies on their way, and, with respond, what nobody replied to."""
        resumed, self._resumed = self._resumed, None
        if resumed is None:
            return
        for lost in resumed.unrecorded:
            self._later(self._record_told(lost))
        if resumed.lost is not None:
            again = [self._again(turn, resumed) for turn in resumed.lost.turns]
            self._begin(resumed.lost.response_id, resumed.lost.item_id, again)
        self._waiting += [self._again(turn, resumed) for turn in resumed.waiting]
        if respond and self._waiting and not self.replying:
            self.respond()

    def _again(self, turn: Turn, resumed: Resumed) -> Item:
        """Understand anew what is on record."""
        if turn.id in resumed.untold:
            text, shown = turn.user_text if turn.audio is None else None, len(turn.images)
            self._emit(ItemCommitted(turn.id, None, text, turn.audio_s or 0.0, turn.audio_seq, shown))
        images = [Image.of(self._engine.records.spool.read_bytes(self.user_id, name)) for name in turn.images]
        return Item(turn.id, asyncio.create_task(self._understand(turn)), images)

    async def _understand(self, turn: Turn) -> Heard | None:
        if turn.audio is None:
            text = turn.user_text or ""
            return await self.hearing.read(turn.id, text, language_of_text(text))
        samples = await asyncio.to_thread(self._engine.records.spool.read, self.user_id, turn.audio)
        return await self.hearing.hear(turn.id, samples, self.listen_ahead(samples))

    async def _record_told(self, lost: Lost) -> None:
        """A reply was told to its end by a process that then died: the rest of it goes on record."""
        items = [Item(turn.id, asyncio.create_task(self._understand(turn))) for turn in lost.turns]
        heard = [h for h in [await item.understanding for item in items] if h is not None]
        reply = Reply(lost.response_id, lost.item_id, self._engine.clock())
        reply.pieces.append(lost.told or "")
        said = "\n".join(h.transcript.text for h in heard if h.transcript.text)
        self._history.add(exchange(said, reply, items, lost.turns[-1].created_at))
        await self._record(reply, items, "completed", None, learn=True)

    def respond(self) -> str:
        """Begin the reply to all that was said since the last one; its response id."""
        items, self._waiting = self._waiting, []
        return self._begin(new_id("resp"), new_id("item"), items)

    def _begin(self, response_id: str, item_id: str, items: list[Item]) -> str:
        self._emit(ReplyStarted(response_id, item_id, self._last_item, tuple(item.id for item in items)))
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

    async def _reply(self, reply: Reply, items: list[Item]) -> None:
        engine, heard = self._engine, list[Heard]()
        state: Literal["completed", "cancelled", "failed", "incomplete"] = "completed"
        code: str | None = None
        message: str | None = None
        said, learn = "", True
        try:
            # a reply that is cancelled must not take the words of what was said with it
            heard = [h for h in [await asyncio.shield(item.understanding) for item in items] if h is not None]
            reply.timings["queue"] = engine.clock() - reply.started  # waiting for what was said to be understood
            said = "\n".join(h.transcript.text for h in heard if h.transcript.text)
            if said:
                self.language = spoken_language(heard, self.language)
                scripted = await self.person.asked(said, self.language, self._forget_last)
                learn = scripted is None
                await asyncio.wait((self._ahead,)) if self._ahead else None  # what it reads is needed now
                scene = self._scene(scripted=scripted or "", images=[i for item in items for i in item.images])
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
        if self._abandoned:
            return
        reply.timings["total"] = engine.clock() - reply.started
        for h in heard:
            reply.timings.update(h.timings)
        answers = tuple(item.id for item in items)
        self._emit(ReplyDone(reply.response_id, reply.item_id, reply.text, state, code, message, answers))
        self._emit(TurnTimed(reply.response_id, dict(reply.timings)))
        if state == "cancelled" and code == "turn_detected" and not reply.pieces:
            self._waiting[:0] = items  # nothing of it was told: the next reply is to all that was said
            return
        if heard and reply.pieces:
            self._history.add(exchange(said, reply, items, engine.now()))
            if reply.prompt is not None:
                self._trimmed = reply.prompt.block("summary").sha256
            if reply.strategy is not None:
                self._done.append(reply.strategy.skill)
            if state == "cancelled" and reply.item_id in self._played:
                self._later(self._keep_heard(reply.item_id, self._played[reply.item_id]))
            self._ahead = self._later(self._read_ahead())
        self._later(self._record(reply, items, state, code, learn=learn))

    async def _read_ahead(self) -> None:
        try:
            await self._engine.answerer.read_ahead(self._scene())
        except CompanionError as error:  # the next reply reads it then
            _log.warning("a prefix could not be read ahead: %s", error)

    def _scene(self, *, scripted: str = "", images: Sequence[Image] = ()) -> Scene:
        """What a reply is made in, as the talk stands."""
        return Scene(
            persona=load_persona(self.persona, self.language),
            profile=self.person.profile(self._trimmed).memories,
            history=self._history.exchanges,
            state=self._recorder.state,
            done=tuple(self._done),
            liked=self.person.liked,
            now=self._engine.now(),
            recall=self.person.prefetch.take,
            max_tokens=self.max_tokens,
            thinking=self.thinking,
            scripted=scripted,
            images=images,
        )

    async def _forget_last(self) -> Sequence[str]:
        """The exchange before was never said; ids of its turns."""
        await self._settled()  # it may still be on its way into the ledger
        return self._history.drop_last()

    async def rate(self, response_id: str, rating: Literal["like", "dislike"] | None) -> bool:
        """What the person thinks of a reply; whether there is such a reply. Raises StorageError."""
        await self._settled()  # the reply may still be on its way into the records
        return await self.person.rate(response_id, rating)

    def played(self, item_id: str, played_ms: int) -> None:
        """So much of a reply's speech was heard, if it is cut off now."""
        self._played[item_id] = max(played_ms, self._played.get(item_id, 0))

    async def truncate(self, item_id: str, heard_ms: int) -> bool:
        """Of a reply only so much counts as said; whether there is such a reply. Raises StorageError."""
        await self._settled()
        if not self._history.heard(item_id, heard_ms):
            return False
        await self._engine.resumable.heard(item_id, heard_ms)
        self._emit(ItemTruncated(item_id, heard_ms))
        return True

    async def delete(self, item_id: str) -> bool:
        """Take an item out of the talk, and its words out of the records; whether it is here. Raises StorageError."""
        await self._settled()
        before = len(self._waiting)
        self._waiting = [item for item in self._waiting if item.id != item_id]
        if not self._history.delete(item_id) and before == len(self._waiting):
            return False
        await self._engine.resumable.deleted(item_id)
        await self._engine.learner.outbox.drop(self.user_id, (item_id,))
        await self._engine.recordings.answered(self.user_id, (item_id,))
        self._emit(ItemDeleted(item_id))
        return True

    async def _keep_heard(self, item_id: str, heard_ms: int) -> None:
        self._history.heard(item_id, heard_ms)
        await self._engine.resumable.heard(item_id, heard_ms)

    async def _record(self, reply: Reply, items: list[Item], state: str, code: str | None, *, learn: bool) -> None:
        try:
            if self.durable is not None:
                await self.durable()
        except Moved:
            return
        usual = self.hearing.usual
        may = await self._engine.consents.permits(self.user_id, "voice_analysis")
        also = [self._engine.usual_kept(self.user_id, usual)] if may and usual is not self._kept else []
        self._kept = usual
        by_item = {item.id: understood(item) for item in items}
        await self._recorder.record(reply, by_item, state, code, learn=learn, also=also)

    def _later(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._afterwards.add(task)
        task.add_done_callback(self._afterwards.discard)
        return task

    @property
    def idle(self) -> bool:
        """Nothing is being understood, answered or put on record."""
        return not self.replying and not self._afterwards and not self.unheard

    async def _settled(self) -> None:
        """Wait until everything that was said is on record."""
        while self._afterwards:
            await asyncio.gather(*self._afterwards, return_exceptions=True)

    async def settle(self) -> None:
        """Let the reply end and wait until everything is on record."""
        if self._replying is not None:
            await asyncio.wait((self._replying,))
        await self._settled()

    async def close(self) -> None:
        """Stop the reply and wait until everything is on record."""
        await self.cancel("client_cancelled")
        await self._settled()
        self.person.person.listeners.discard(self._recorder.learnt)
        self._engine.learner.flush(self.user_id)
        await self._engine.records.end_session(self.session_id, self._engine.now())

    async def abandon(self) -> None:
        """Another process goes on with this session: stop, tell nothing, record nothing."""
        self._abandoned = True
        await self.cancel("client_cancelled")
        for task in (*self._afterwards, *(item.understanding for item in self._waiting)):
            task.cancel()
        await self._settled()
        self.person.person.listeners.discard(self._recorder.learnt)
