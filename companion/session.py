"""One person's stream: audio in, turn taking, and the conversation it leads to. Glue only."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Literal

from companion.ahead import Ahead
from companion.audio.arrival import Arrival
from companion.audio.intake import SAMPLE_RATE, Buffer, Intake, Samples
from companion.conversation import Conversation
from companion.engine import Engine
from companion.errors import AudioError
from companion.events import Event, ReplyDelta, ReplyDone, ReplyStarted, SpeechStarted, SpeechStopped
from companion.images import Image
from companion.items import new_id
from companion.recovery import Resumed
from companion.reply import ThinkingMode
from companion.saying import Saying, Utterance
from companion.speech.completeness import HEARD_S
from companion.speech.ending import read_ending
from companion.speech.endpointing import COMPLETE_FROM_S, LOOK_BACK_S, wait_s
from companion.speech.sound import Sound
from companion.speech.vad import WINDOW
from companion.turn import Heard
from companion.turn_taking import (
    PAUSE_S,
    BargeIn,
    Command,
    Ended,
    Paused,
    Speculate,
    Started,
    Stopped,
    TurnTaking,
    TurnTakingConfig,
    WentOn,
)
from memory.types import Memory

_PREROLL = SAMPLE_RATE  # one second is kept while nobody speaks
_SHORTEST = SAMPLE_RATE // 40  # 25 ms: less cannot be recognised
_AHEAD = 10 * SAMPLE_RATE  # a client may send so much more than was heard; then it is not read from
_UNHEARD = 4  # utterances that may wait to be recognised or kept; then it is not read from either


class Session:
    """Feed it audio and text; it calls `emit` with each event, in order, from the event loop."""

    def __init__(self, engine: Engine, conversation: Conversation, emit: Callable[[Event], None]) -> None:
        self._engine, self._conversation, self._emit_out = engine, conversation, emit
        capacity = int((engine.settings.turn.max_utterance_s + 60) * SAMPLE_RATE)
        self._buffer = Buffer(capacity)
        self._intake = Intake(SAMPLE_RATE, clock=engine.clock)
        self._frames: deque[tuple[int, int]] = deque()  # where each numbered frame ends that is still to be heard
        self._heard_seq: int | None = None
        self._stream = engine.ticker.open(self._window)
        self._progress = asyncio.Event()
        self._turns: TurnTaking | None = TurnTaking(TurnTakingConfig.of(engine.settings.turn))
        self._create_response = self._interrupt_response = True
        self._speaking: str | None = None
        self._ahead = Ahead(engine, conversation)
        self._tasks: set[asyncio.Task[None]] = set()
        self._understanding: set[asyncio.Task[Heard]] = set()
        self._saying = Saying(conversation, self._emit)
        self.asked_with: Mapping[str, str] | None = None  # while a ReplyStarted is told: see `respond`

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
        return self._intake.last_seq

    @property
    def arrival(self) -> Arrival:
        """How the audio has arrived."""
        return self._intake.arrival

    @property
    def idle(self) -> bool:
        """Nobody speaks, nothing is being heard, no reply runs, nothing waits to be put on record."""
        if self._turns is None:
            heard = self._buffer.start == self._buffer.end
        else:
            heard = self._turns.idle and self._buffer.end - self._stream.position < WINDOW
        return heard and not self._tasks and self._saying.empty and self._conversation.idle

    def resume_at(self, audio_seq: int | None) -> None:
        """Audio frames up to this number were heard before, in another process."""
        self._intake.resume_at(audio_seq)
        self._heard_seq = audio_seq

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
        now = self._intake
        if (rate, codec, framing) != (now.rate, now.codec, now.framing):
            self._intake = Intake(rate, codec=codec, framing=framing, clock=self._engine.clock, arrival=now.arrival)
        if turn_taking is None:
            self._ahead.forget()
            self._turns = None
        elif self._turns is None:
            self._turns = TurnTaking(turn_taking)
            self._hear_from_here()
        else:
            self._turns.config = turn_taking
        self._create_response, self._interrupt_response = create_response, interrupt_response
        self._conversation.hearing.language_hint = language
        self._conversation.hearing.device = f"{device}/{rate}" if codec == "pcm" else f"{device}/{codec}/{rate}"
        answering = self._conversation.answering
        answering.max_tokens, answering.thinking = max_tokens, thinking
        answering.persona = persona or self._engine.settings.persona.name

    async def feed(self, data: bytes) -> None:
        """A binary frame of audio in the session's format; waits while too much is still to be heard or understood.

        Raises AudioError: a frame that is none, or audio_overrun when a client that commits by itself does not.
        """
        await self._take(self._intake.frame(data))

    async def append(self, data: bytes) -> None:
        """`feed` for audio without a header."""
        await self._take(self._intake.append(data))

    async def _take(self, samples: Samples) -> None:
        seq = self._intake.last_seq  # before anything is waited for
        if self._turns is None:
            self._buffer.append(samples)
        else:
            for at in range(0, samples.size, SAMPLE_RATE):
                part = samples[at : at + SAMPLE_RATE]
                self._buffer.append(part)
                self._engine.ticker.push(self._stream, part)
                await self._heard(_AHEAD)
                while max(len(self._understanding), self._saying.waiting) > _UNHEARD:
                    self._progress.clear()
                    await self._progress.wait()
        if seq is not None and samples.size:
            self._frames.append((self._buffer.end, seq))

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

    def _window(self, probability: float, start: int, end: int, sound: Sound | None) -> None:
        self._progress.set()
        self._seq_at(end)
        turns = self._turns
        if turns is None:
            return
        for command in turns.window(probability, start / SAMPLE_RATE, end / SAMPLE_RATE, sound):
            self._obey(command)
        if self._speaking is not None:
            self._ahead.more(self._buffer.slice(start, end))
        keep = turns.keep_from_s
        self._buffer.keep_from(end - _PREROLL if keep is None else int(keep * SAMPLE_RATE))

    def _obey(self, command: Command) -> None:
        match command:
            case Started():
                self._speaking = new_id("item")
                self._emit(SpeechStarted(self._speaking, command.at_s))
                begun = self._buffer.slice(round(command.keep_from_s * SAMPLE_RATE), self._stream.position - WINDOW)
                self._ahead.begin(self._speaking, begun)
            case Paused():
                self._spawn(self._read_ending(command))
            case Speculate():
                self._ahead.listen(self._samples(command.start_s, command.end_s))
            case WentOn():
                self._ahead.went_on()
            case Stopped():
                self._utter(command, respond=self._create_response and command.answer)
            case Ended() if self._create_response:
                self._spawn(self.respond())
            case BargeIn() if self._interrupt_response:
                self._spawn(self._conversation.cancel("turn_detected"))
            case _:
                pass  # its guard says why not

    def _samples(self, start_s: float, end_s: float) -> Samples:
        return self._buffer.slice(round(start_s * SAMPLE_RATE), round(end_s * SAMPLE_RATE))

    def _seq_at(self, position: int) -> int | None:
        """The last numbered frame that lies wholly before this position."""
        while self._frames and self._frames[0][0] <= position:
            self._heard_seq = self._frames.popleft()[1]
        return self._heard_seq

    async def _read_ending(self, paused: Paused) -> None:
        samples = self._samples(max(paused.start_s, paused.at_s - LOOK_BACK_S), paused.at_s)
        ending, complete = await asyncio.gather(self._engine.ticker.read(read_ending, samples), self._complete(paused))
        turns = self._turns
        if turns is not None and (eagerness := turns.config.eagerness) is not None:
            wait = wait_s(
                ending,
                turns.config.silence_s,
                eagerness,
                spoken_s=paused.spoken_s,
                pauses=paused.pauses,
                complete=complete,
            )
            turns.hold(paused.at_s, wait)

    async def _complete(self, paused: Paused) -> float | None:
        reader = self._engine.completeness
        if reader is None or paused.spoken_s < COMPLETE_FROM_S:
            return None
        return await reader.read(self._samples(max(paused.start_s, paused.at_s - HEARD_S), paused.at_s + PAUSE_S))

    def _utter(self, stopped: Stopped, *, respond: bool) -> asyncio.Task[None]:
        item_id, self._speaking = self._speaking or new_id("item"), None
        listening = self._ahead.take()
        self._emit(SpeechStopped(item_id, stopped.at_s))
        samples, end = self._samples(stopped.start_s, stopped.end_s), round(stopped.end_s * SAMPLE_RATE)
        return self._spawn(self._say(item_id, samples, end, listening, respond=respond))

    async def _say(
        self, item_id: str, samples: Samples, end: int, listening: asyncio.Task[Heard] | None, *, respond: bool
    ) -> None:
        listening = listening or self._conversation.listen_ahead(samples)
        self._understanding.add(listening)
        listening.add_done_callback(self._understood)
        said = await self._saying.say(Utterance(item_id, samples, self._seq_at(end), listening))
        self._progress.set()
        if said and respond:
            await self.respond()

    def _understood(self, listening: asyncio.Task[Heard]) -> None:
        self._understanding.discard(listening)
        self._progress.set()
        if not listening.cancelled():
            listening.exception()  # told where it is waited for, if that utterance is ever on record

    async def commit(self) -> None:
        """The client ends the utterance; it asks for a reply by itself, as OpenAI's clients do.

        Raises AudioError (empty_buffer) when there is too little audio.
        """
        if self._turns is not None:
            await self._heard(WINDOW - 1)
            stopped = self._turns.commit(self._stream.position / SAMPLE_RATE)
            if stopped is not None:
                # a response.create that follows must find it said
                await asyncio.wait((self._utter(stopped, respond=False),))
                return
        samples = self._buffer.slice(self._buffer.start, self._buffer.end)
        if samples.size < _SHORTEST:
            raise AudioError("less than 25 ms of audio wait: send audio before you commit", code="empty_buffer")
        self._buffer.clear()
        await self._say(new_id("item"), samples, self._buffer.end, None, respond=False)

    def clear(self) -> None:
        """Forget audio that was not committed."""
        self._buffer.clear()
        self._ahead.forget()
        if self._turns is not None:
            self._turns.clear()
            self._hear_from_here()

    async def say(self, item_id: str, text: str, images: Sequence[Image] = ()) -> None:
        """A typed item. Raises StorageError."""
        async with self._conversation.in_order:
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

    async def respond(self, metadata: Mapping[str, str] | None = None) -> None:
        """Reply to what was said. A reply that still runs is finished with first. metadata: the client's, for whoever
        is told that the reply begins (`asked_with`)."""
        async with self._conversation.in_order:
            await self._conversation.cancel("turn_detected")
            self.asked_with = metadata
            try:
                self._conversation.respond()
            finally:
                self.asked_with = None

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

    def _commit_what_runs(self) -> None:
        if self._turns is not None and (stopped := self._turns.commit(self._stream.position / SAMPLE_RATE)):
            self._utter(stopped, respond=self._create_response and stopped.answer)

    async def _done(self) -> None:
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._saying.again()

    async def settle(self) -> None:
        """Commit what is being said, let the reply end, and wait until everything is on record."""
        if self._turns is not None:
            await self._heard(WINDOW - 1)
        self._commit_what_runs()
        await self._done()
        await self._conversation.settle()

    async def close(self) -> None:
        """End the session: what was said while it closes is still committed and recorded; a reply that runs is
        cancelled (`settle` first to let it end)."""
        self._engine.ticker.leave(self._stream)
        self._commit_what_runs()
        await self._done()
        self._ahead.forget()
        await self._conversation.close()

    async def abandon(self) -> None:
        """Another process goes on with this session: stop, commit nothing, record nothing."""
        self._engine.ticker.leave(self._stream)
        self._ahead.forget()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._conversation.abandon()
