"""Understanding what one person says: words and voice of each item, beside what is usual for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence

from affect.baseline import Usual, learn, on_device
from affect.fusion import fuse
from companion.engine import Engine
from companion.errors import CompanionError
from companion.events import AffectRead, Event, Transcribed, TranscriptionFailed
from companion.speech.recognizer import Samples
from companion.speech.voice import Unread, VoiceReader
from companion.turn import Heard, listen, read, voice_of

_RATE = 16_000


class Hearing:
    """One session's. usual: the person's usual voice, learnt as they speak. device: names microphone and codec.

    later: has something done while the talk goes on; at_risk: whether they are heard whatever they agreed to.
    """

    def __init__(
        self,
        engine: Engine,
        user_id: str,
        usual: dict[str, Usual],
        emit: Callable[[Event], None],
    ) -> None:
        self._engine, self._user_id, self._emit = engine, user_id, emit
        self.later: Callable[[Coroutine[None, None, None]], object] = asyncio.create_task
        self.at_risk: Callable[[], bool] = lambda: False
        self.usual = usual
        self.language_hint: str | None = None
        self.device = ""  # level and timbre are usual for each apart

    async def listen(self, samples: Samples, hotwords: Callable[[], Awaitable[Sequence[str]]]) -> Heard:
        """What is said in samples (float32, 16 kHz); nothing is told yet.

        Raises AudioError, SpeechError, and InputError (consent_needed) where they did not agree to talk.
        """
        engine, turn = self._engine, self._engine.settings.turn
        if not self.at_risk():
            await engine.consents.require(self._user_id, "chat")
        voice: VoiceReader = engine.voice
        if not await engine.consents.permits(self._user_id, "voice_analysis"):
            voice, self.usual = Unread(), {}
        return await listen(
            samples,
            language=self.language_hint,
            hotwords=await hotwords(),
            usual=on_device(self.usual, self.device),
            recognizer=engine.recognizer,
            voice=voice,
            words=engine.words,
            embed=engine.memories.vector,
            deadline_s=turn.affect_deadline_s,
            overlap=turn.overlap,
            clock=engine.clock,
        )

    async def hear(self, item_id: str, samples: Samples, listening: asyncio.Task[Heard]) -> Heard | None:
        """Tell what was understood of an item that is on record; None where nothing could be."""
        try:
            heard = await listening
        except CompanionError as error:
            self._emit(TranscriptionFailed(item_id, str(error)))
            return None
        self._emit(Transcribed(item_id, heard.transcript.text, heard.transcript.language, samples.size / _RATE))
        self._emit(AffectRead(item_id, heard.affect))
        if heard.prosody is not None:
            self.usual = learn(self.usual, heard.prosody, self.device)
        elif heard.late is not None:
            self.later(self._hear_late(item_id, heard))
        return heard

    async def read(self, item_id: str, text: str, language: str | None) -> Heard:
        """What a typed item says."""
        engine = self._engine
        heard = await read(text, language=language, words=engine.words, embed=engine.memories.vector)
        self._emit(AffectRead(item_id, heard.affect))
        return heard

    async def _hear_late(self, item_id: str, heard: Heard) -> None:
        """The voice came after the deadline: the reply went on without it, the record gets it."""
        assert heard.late is not None
        result = await heard.late
        if result is not None:
            self.usual = learn(self.usual, result[1], self.device)
            voice = voice_of(heard.transcript, result)
            self._emit(AffectRead(item_id, fuse(heard.affect.words, voice, status="final")))
