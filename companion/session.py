"""One person's stream: audio in, turn taking, and the conversation it leads to. Glue only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Literal

from companion.audio.arrival import Arrival
from companion.audio.intake import SAMPLE_RATE, Buffer, Pcm, Samples
from companion.conversation import Conversation
from companion.engine import Engine
from companion.errors import AudioError, CompanionError
from companion.events import Event, Failed, ReplyDelta, ReplyDone, ReplyStarted, SpeechStarted, SpeechStopped
from companion.images import Image
from companion.items import new_id
from companion.recovery import Resumed
from companion.reply import ThinkingMode
from companion.speech.vad import WINDOW
from companion.turn_taking import BargeIn, Started, Stopped, TurnTaking, TurnTakingConfig
from memory.types import Memory

_PREROLL = SAMPLE_RATE  # one second is kept while nobody speaks
_SHORTEST = SAMPLE_RATE // 40  # 25 ms: less cannot be recognised
_AHEAD = 10 * SAMPLE_RATE  # a client may send so much more than was heard; then it is not read from


class Session:
    """Feed it audio and text; it calls `emit` with each event, in order, from the event loop."""

    def __init__(self, engine: Engine, conversation: Conversation, emit: Callable[[Event], None]) -> None:
        self._engine, self._conversation, self._emit_out = engine, conversation, emit
        capacity = int((engine.settings.turn.max_utterance_s + 60) * SAMPLE_RATE)
        self._buffer = Buffer(capacity)
        self._pcm = Pcm(SAMPLE_RATE)
        self._stream = engine.ticker.open(self._window)
        self._progress = asyncio.Event()
        self._turns: TurnTaking | None = TurnTaking(TurnTakingConfig.of(engine.settings.turn))
        self._create_response = self._interrupt_response = True
        self._speaking: str | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_order = asyncio.Lock()

    @classmethod
    async def open(
        cls,
        engine: Engine,
        user_id: str,
        session_id: str,
        emit: Callable[[Event], None],
        *,
        resumed: Resumed | None = None,
    ) -> Session:
        """Begin a session, or go on with one: what is known of the person is loaded once. Raises StorageError."""
        holder: list[Session] = []
        conversation = await Conversation.open(
            engine, user_id, session_id, lambda event: holder[0]._emit(event), resumed
        )
        session = cls(engine, conversation, emit)
        holder.append(session)
        return session

    @property
    def conversation(self) -> Conversation:
        """What is said, and the replies to it."""
        return self._conversation

    @property
    def audio_seq(self) -> int | None:
        """Number of the newest audio frame, None where frames have none."""
        return None

    @property
    def arrival(self) -> Arrival:
        """How the audio has arrived."""
        return Arrival()

    def resume_at(self, audio_seq: int | None) -> None:
        """Audio frames up to this number were heard before, in another process."""

    def configure(
        self,
        *,
        rate: int,
        codec: Literal["pcm", "opus"] = "pcm",
        framing: Literal["raw", "header"] = "raw",
        turn_taking: TurnTakingConfig | None,
        create_response: bool,
        interrupt_response: bool,
        language: str | None,
        device: str,
        max_tokens: int | None,
        persona: str | None,
        thinking: ThinkingMode | None,
    ) -> None:
        """What the client chose. turn_taking None: the client commits by itself. Raises AudioError for the rate."""
        if rate != self._pcm.rate:
            self._pcm = Pcm(rate)
        if turn_taking is None:
            self._turns = None
        elif self._turns is None:
            self._turns = TurnTaking(turn_taking)
            self._hear_from_here()
        else:
            self._turns.config = turn_taking
        self._create_response, self._interrupt_response = create_response, interrupt_response
        self._conversation.hearing.language_hint = language
        self._conversation.hearing.device = f"{device}/{rate}"
        self._conversation.max_tokens = max_tokens
        self._conversation.persona = persona or self._engine.settings.persona.name
        self._conversation.thinking = thinking

    async def feed(self, pcm: bytes) -> None:
        """PCM16LE mono at the session's rate, any length; waits while too much is still to be heard.

        Raises AudioError (audio_overrun) when a client that commits by itself does not.
        """
        samples = self._pcm.decode(pcm)
        if self._turns is None:
            self._buffer.append(samples)
            return
        for at in range(0, samples.size, SAMPLE_RATE):
            part = samples[at : at + SAMPLE_RATE]
            self._buffer.append(part)
            self._engine.ticker.push(self._stream, part)
            await self._heard(_AHEAD)

    async def append(self, data: bytes) -> None:
        """`feed` for audio without a header."""
        await self.feed(data)

    async def _heard(self, at_most: int) -> None:
        """Wait until at most so many samples are still to be heard."""
        while self._buffer.end - self._stream.position > at_most:
            self._progress.clear()
            await self._progress.wait()

    def _hear_from_here(self) -> None:
        """A fresh stream: what waits in the old one is not heard, and both count from the buffer's end again."""
        self._engine.ticker.leave(self._stream)
        self._stream = self._engine.ticker.open(self._window)
        self._stream.position = self._buffer.end

    def _window(self, probability: float, start: int, end: int) -> None:
        self._progress.set()
        turns = self._turns
        if turns is None:
            return
        for command in turns.window(probability, start / SAMPLE_RATE, end / SAMPLE_RATE):
            match command:
                case Started():
                    self._speaking = new_id("item")
                    self._emit(SpeechStarted(self._speaking, command.at_s))
                case Stopped():
                    self._utter(command, respond=self._create_response)
                case BargeIn() if self._interrupt_response:
                    self._spawn(self._conversation.cancel("turn_detected"))
                case BargeIn():
                    pass
        keep = turns.keep_from_s
        self._buffer.keep_from(end - _PREROLL if keep is None else int(keep * SAMPLE_RATE))

    def _utter(self, stopped: Stopped, *, respond: bool) -> asyncio.Task[None]:
        item_id, self._speaking = self._speaking or new_id("item"), None
        self._emit(SpeechStopped(item_id, stopped.at_s))
        samples = self._buffer.slice(int(stopped.start_s * SAMPLE_RATE), int(stopped.end_s * SAMPLE_RATE))
        return self._spawn(self._say(item_id, samples, respond=respond))

    async def _say(self, item_id: str, samples: Samples, *, respond: bool) -> None:
        async with self._in_order:
            try:
                await self._conversation.say_audio(item_id, samples)
            except CompanionError as error:
                self._emit(Failed("storage_error", str(error), item_id))
                return
            if respond:
                await self._answer()

    async def commit(self) -> None:
        """The client ends the utterance; it asks for a reply by itself, as OpenAI's clients do.

        Raises AudioError (empty_buffer) when there is too little audio.
        """
        if self._turns is not None:
            await self._heard(WINDOW - 1)
            stopped = self._turns.commit(self._stream.position / SAMPLE_RATE)
            if stopped is not None:
                await asyncio.wait(
                    (self._utter(stopped, respond=False),)
                )  # a response.create that follows must find it said
                return
        samples = self._buffer.slice(self._buffer.start, self._buffer.end)
        if samples.size < _SHORTEST:
            raise AudioError("less than 25 ms of audio wait: send audio before you commit", code="empty_buffer")
        self._buffer.clear()
        await self._say(new_id("item"), samples, respond=False)

    def clear(self) -> None:
        """Forget audio that was not committed."""
        self._buffer.clear()
        if self._turns is not None:
            self._turns.clear()
            self._hear_from_here()

    async def say(self, item_id: str, text: str, images: Sequence[Image] = ()) -> None:
        """A typed item. Raises StorageError."""
        async with self._in_order:
            await self._conversation.say_text(item_id, text, images)

    async def delete(self, item_id: str) -> bool:
        """Take an item out of the talk; whether it is here. Raises StorageError."""
        return await self._conversation.delete(item_id)

    async def truncate(self, item_id: str, heard_ms: int) -> bool:
        """Of a reply only so much counts as said; whether there is such a reply. Raises StorageError."""
        return await self._conversation.truncate(item_id, heard_ms)

    def played(self, item_id: str, played_ms: int) -> None:
        """So much of a reply's speech was heard so far."""
        self._conversation.played(item_id, played_ms)

    async def respond(self) -> None:
        """Reply to what was said. A reply that still runs is finished with first."""
        async with self._in_order:
            await self._answer()

    async def _answer(self) -> None:
        await self._conversation.cancel("turn_detected")
        self._conversation.respond()

    async def cancel(self, reason: str) -> None:
        """Stop the reply. reason: turn_detected or client_cancelled."""
        await self._conversation.cancel(reason)

    async def rate(self, response_id: str, rating: Literal["like", "dislike"] | None) -> bool:
        """What the person thinks of a reply; whether there is such a reply. Raises StorageError."""
        return await self._conversation.rate(response_id, rating)

    def memories(self) -> tuple[Memory, ...]:
        """All that is known of the person, with what holds no more, oldest first."""
        return self._conversation.person.memories

    async def forget(self, ids: Sequence[str]) -> None:
        """Delete memories of the person. Raises NoSuchMemory, StorageError."""
        await self._conversation.person.forget(ids)

    def _emit(self, event: Event) -> None:
        if self._turns is not None:
            match event:
                case ReplyStarted():
                    self._turns.thinking()
                case ReplyDelta():
                    self._turns.replying()
                case ReplyDone():
                    self._turns.replied()
        self._emit_out(event)

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def settle(self) -> None:
        """Commit what is being said, let the reply end, and wait until everything is on record."""
        if self._turns is not None and (stopped := self._turns.commit(self._stream.position / SAMPLE_RATE)):
            self._utter(stopped, respond=self._create_response)
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._conversation.settle()

    async def close(self) -> None:
        """End the session: what was said while it closes is still committed and recorded."""
        self._engine.ticker.leave(self._stream)
        if self._turns is not None and (stopped := self._turns.commit(self._stream.position / SAMPLE_RATE)):
            self._utter(stopped, respond=self._create_response)
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._conversation.close()

    async def abandon(self) -> None:
        """Another process goes on with this session: stop, commit nothing, record nothing."""
        self._engine.ticker.leave(self._stream)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._conversation.abandon()
