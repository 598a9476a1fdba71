"""The items of one session and the replies to them: what is said is recorded, understood, answered, remembered."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from typing import Literal

from companion.acquaintance import Acquaintance
from companion.answering import BARGE_IN, Answering
from companion.duties import Duties
from companion.engine import Engine
from companion.errors import Moved
from companion.events import Event, ItemCommitted, ItemDeleted, ItemTruncated, TranscriptDelta
from companion.floor import Floor
from companion.hearing import Hearing
from companion.images import Image
from companion.items import PICTURE, Item, at_hand, language_of_text, new_id
from companion.presence import Presence
from companion.recording import Recorder
from companion.records.repository import Turn
from companion.recovery import Lost, Resumed
from companion.reply import Reply
from companion.safeguard import Safeguard
from companion.safety.course import SCRIPTED
from companion.safety.protocol_types import Consented, SosPressed
from companion.speech.recognizer import Samples
from companion.thread import Thread
from companion.turn import Heard


class Conversation:
    """One person's session. Every verb is called from the event loop; `emit` is called with each event in order.

    in_order: held by whoever changes what was said, asks for a reply or tells something unasked. presence: whether the
    person is there; floor: for counsellors.
    """

    def __init__(
        self,
        engine: Engine,
        session_id: str,
        person: Acquaintance,
        guard: Safeguard,
        duties: Duties,
        recorder: Recorder,
        hearing: Hearing,
        emit: Callable[[Event], None],
        resumed: Resumed,
    ) -> None:
        self._engine, self.session_id, self.person, self._emit = engine, session_id, person, emit
        self.user_id = person.person.user_id
        self.in_order = guard.in_order
        self.hearing, self._guard, self._duties, self._recorder = hearing, guard, duties, recorder
        self.thread = Thread(engine, session_id, self.user_id, emit, resumed)
        self.floor = Floor(engine, session_id, self.user_id, guard, self._tell, emit)
        self.presence = Presence(guard, duties, self._later)
        self.answering = Answering(
            engine,
            person,
            self.thread,
            hearing,
            guard,
            duties,
            self.floor,
            recorder,
            resumed,
            emit,
            self._later,
            self._settled,
        )
        hearing.later, hearing.at_risk = self._later, self._at_risk
        guard.say, guard.minor = self._say_script, lambda: duties.minor
        guard.language = duties.language = resumed.language
        person.person.listeners.add(recorder.learnt)
        self._waiting: list[Item] = []
        self._resumed: Resumed | None = resumed
        self._partial: tuple[str, str] = ("", "")  # item, and what was told of it
        self._replying: asyncio.Task[None] | None = None
        self._afterwards: set[asyncio.Task[None]] = set()

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
        so_far = resumed or Resumed()
        person, usual = await engine.memories.open(user_id), await engine.usual(user_id)
        await engine.learner.catch_up(person)
        mood = await engine.usual_mood(user_id, session_id)
        known = Acquaintance(engine, person, await engine.liked(user_id), emit)
        await known.look()
        guard = await Safeguard.open(engine, user_id, session_id, emit, so_far.before, resumed=resumed is not None)
        duties = await Duties.open(engine, user_id, emit)
        recorder = Recorder(engine, person, session_id, mood, emit, so_far.points)
        hearing = Hearing(engine, user_id, usual, emit)
        return cls(engine, session_id, known, guard, duties, recorder, hearing, emit, so_far)

    @property
    def language(self) -> str:
        """Of the talk, "zh" or "en"."""
        return self.answering.language

    @property
    def replying(self) -> bool:
        """Whether a reply is being made."""
        return self._replying is not None and not self._replying.done()

    @property
    def unheard(self) -> int:
        """How many utterances that are on record wait to be understood."""
        return sum(not item.understanding.done() for item in self._waiting)

    def _at_risk(self) -> bool:
        return self._guard.state.level >= SCRIPTED

    def listen_ahead(self, samples: Samples) -> asyncio.Task[Heard]:
        """Begin to understand what may be a whole utterance (float32, 16 kHz); cancel it to throw it away."""
        trimmed = self.answering.trimmed
        task = asyncio.create_task(self.hearing.listen(samples, lambda: self.person.hotwords(trimmed)))
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
            await self._may_talk()
            await self.thread.commit(item_id, samples=samples, audio_seq=audio_seq)
        except BaseException:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            raise
        self._waiting.append(Item(item_id, asyncio.create_task(self.hearing.hear(item_id, samples, listening))))

    async def say_text(self, item_id: str, text: str, images: Sequence[Image] = ()) -> None:
        """Commit a typed item. Raises StorageError, and InputError (item_exists) where it is on record already."""
        text = text or PICTURE[self.language]
        await self._may_talk()
        await self.thread.commit(item_id, text=text, images=images)
        heard = await self.hearing.read(item_id, text, language_of_text(text))
        self._waiting.append(Item(item_id, asyncio.create_task(at_hand(heard)), images))

    async def _may_talk(self) -> None:
        """Who is at risk is heard whatever they agreed to. Raises InputError (consent_needed)."""
        if not self._at_risk():
            await self._engine.consents.require(self.user_id, "chat")

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
        items = [Item(turn.id, asyncio.create_task(self._understand(turn))) for turn in lost.turns]
        reply = Reply(lost.response_id, lost.item_id, self._engine.clock())
        reply.pieces.append(lost.told or "")
        await self.answering.recorded_late(reply, items, lost.turns[-1].created_at)

    def respond(self) -> str:
        """Begin the reply to all that was said since the last one; its response id."""
        items, self._waiting = self._waiting, []
        return self._begin(new_id("resp"), new_id("item"), items)

    def _begin(self, response_id: str, item_id: str, items: list[Item]) -> str:
        self.thread.begin(response_id, item_id, [item.id for item in items])
        self._replying = asyncio.create_task(self._reply(Reply(response_id, item_id, self._engine.clock()), items))
        return response_id

    async def _reply(self, reply: Reply, items: list[Item]) -> None:
        self._waiting[:0] = await self.answering.reply(reply, items)

    async def cancel(self, reason: str) -> None:
        """Stop the reply, if there is one, and wait until it has ended. reason: turn_detected, client_cancelled."""
        if self._replying is not None and not self._replying.done():
            self.answering.cancelled_for = reason
            self._replying.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._replying

    async def _say_script(self, text: str, urgent: bool) -> None:
        """Called with in_order held. urgent: a reply that runs is broken off for it, and made anew after it."""
        if urgent:
            await self.cancel(BARGE_IN)
        elif self._replying is not None:
            await asyncio.wait((self._replying,))
        with contextlib.suppress(Moved):
            await self.thread.tell(text, by="script", language=self.language)
        if urgent and self._waiting:
            self.respond()

    async def _tell(self, text: str) -> str:
        async with self.in_order:
            return await self.thread.tell(text, by="counsellor", language=self.language)

    async def call_for_help(self) -> None:
        """The person pressed the help button."""
        await self._guard.happens(SosPressed())

    async def consented(self, to: Literal["review", "contact"], given: bool) -> None:
        """The person said by a button whether a counsellor may look, or their contact be told."""
        await self._guard.happens(Consented(to, given))

    async def rate(self, response_id: str, rating: Literal["like", "dislike"] | None) -> bool:
        """What the person thinks of a reply; whether there is such a reply. Raises StorageError."""
        await self._settled()  # the reply may still be on its way into the records
        return await self.person.rate(response_id, rating)

    def played(self, item_id: str, played_ms: int) -> None:
        """So much of a reply's speech was heard, if it is cut off now."""
        heard = self.answering.played
        heard[item_id] = max(played_ms, heard.get(item_id, 0))

    async def truncate(self, item_id: str, heard_ms: int) -> bool:
        """Of a reply only so much counts as said; whether there is such a reply. Raises StorageError."""
        await self._settled()
        if not self.thread.history.heard(item_id, heard_ms):
            return False
        await self._engine.resumable.heard(item_id, heard_ms)
        self._emit(ItemTruncated(item_id, heard_ms))
        return True

    async def delete(self, item_id: str) -> bool:
        """Take an item out of the talk, and its words out of the records; whether it is here. Raises StorageError."""
        await self._settled()
        before = len(self._waiting)
        self._waiting = [item for item in self._waiting if item.id != item_id]
        if not self.thread.history.delete(item_id) and before == len(self._waiting):
            return False
        await self._engine.resumable.deleted(item_id)
        await self._engine.learner.outbox.drop(self.user_id, (item_id,))
        await self._engine.recordings.answered(self.user_id, (item_id,))
        self._emit(ItemDeleted(item_id))
        return True

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
        """Wait until everything that was said is on record; who waits may be cancelled, the work is not."""
        while self._afterwards:
            await asyncio.wait(self._afterwards)

    async def settle(self) -> None:
        """Let the reply end and wait until everything is on record."""
        if self._replying is not None:
            await asyncio.wait((self._replying,))
        await self._settled()

    async def close(self) -> None:
        """Stop the reply and wait until everything is on record."""
        await self.cancel("client_cancelled")
        await self._settled()
        await self._leave()
        self._engine.learner.flush(self.user_id)
        await self._engine.records.end_session(self.session_id, self._engine.now())

    async def abandon(self) -> None:
        """Another process goes on with this session: stop, tell nothing, record nothing."""
        self.answering.abandoned = True
        await self.cancel("client_cancelled")
        for task in (*self._afterwards, *(item.understanding for item in self._waiting)):
            task.cancel()
        await self._settled()
        await self._leave()

    async def _leave(self) -> None:
        await self.floor.close()
        await self._guard.close()
        await self._duties.close()
        self.person.person.listeners.discard(self._recorder.learnt)
