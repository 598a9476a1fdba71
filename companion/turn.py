"""Understanding one turn: the words are recognised while the voice is read.

`clock` gives seconds and is only subtracted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from affect.baseline import Usual
from affect.fusion import fuse
from affect.speech_emotion import beside
from affect.text_emotion import TextEmotionClassifier, read_words
from affect.types import Affect, Prosody, VoiceAffect
from companion.speech.recognizer import Recognizer, Samples, Transcript
from companion.speech.voice import VoiceReader
from memory.errors import EmbedderError

Clock = Callable[[], float]
Vector = NDArray[np.float32]
Embed = Callable[[str], Awaitable[Vector]]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Heard:
    """What was understood of one user item.

    vector: of the words, unit, (d,), None where there were none or the embedder failed.
    late: still reading the voice after the deadline, None when it is done.
    """

    transcript: Transcript
    affect: Affect
    prosody: Prosody | None
    timings: Mapping[str, float]
    vector: Vector | None = None
    late: asyncio.Task[tuple[VoiceAffect, Prosody] | None] | None = None


async def listen(
    samples: Samples,
    *,
    language: str | None,
    hotwords: Sequence[str] = (),
    usual: Mapping[str, Usual],
    recognizer: Recognizer,
    voice: VoiceReader,
    words: TextEmotionClassifier,
    embed: Embed,
    deadline_s: float,
    overlap: bool,
    clock: Clock,
) -> Heard:
    """Words and voice of one utterance, side by side; affect never waits longer than deadline_s after the words.

    Raises AudioError or SpeechError when the words cannot be had; a voice that cannot be read is left out.
    """
    started = clock()
    timings: dict[str, float] = {}
    reading = asyncio.create_task(_read_voice(voice, samples, usual, clock, started, timings))
    try:
        if not overlap:
            await reading
        transcript = await recognizer.recognize(samples, language, hotwords)
        timings["asr"] = clock() - started - (0.0 if overlap else timings["affect"])
        until = clock() + deadline_s
        vector = await _vector(embed, transcript.text)
        said = None
        if transcript.text:  # while the voice is still being read: a model of words takes its time
            said = await read_words(words, transcript.text, transcript.language, vector)
        if not reading.done():
            await asyncio.wait((reading,), timeout=max(0.0, until - clock()))
    except BaseException:
        reading.cancel()
        raise
    read = reading.result() if reading.done() else None
    voiced = voice_of(transcript, read)
    status: Literal["final", "partial", "none"] = "final" if reading.done() else "partial"
    affect = fuse(said, voiced, status=status if said or voiced else "none")
    late = None if reading.done() else reading
    return Heard(transcript, affect, read[1] if read else None, timings, vector, late)


def voice_of(transcript: Transcript, read: tuple[VoiceAffect, Prosody] | None) -> VoiceAffect | None:
    """The reading of the voice, with the emotion that a recogniser heard in the same pass."""
    if read is None or transcript.emotion is None:
        return read[0] if read else None
    return beside(*read, transcript.emotion)


async def _read_voice(
    voice: VoiceReader,
    samples: Samples,
    usual: Mapping[str, Usual],
    clock: Clock,
    started: float,
    timings: dict[str, float],
) -> tuple[VoiceAffect, Prosody] | None:
    try:
        return await voice.read(samples, usual)
    except ValueError:  # too short or not finite: the words may still be there
        return None
    finally:
        timings["affect"] = clock() - started


async def read(text: str, *, language: str | None, words: TextEmotionClassifier, embed: Embed) -> Heard:
    """What a typed item says: words only."""
    vector = await _vector(embed, text)
    affect = fuse(await read_words(words, text, language, vector), None, status="final")
    return Heard(Transcript(text, language, 1.0), affect, None, {}, vector)


async def _vector(embed: Embed, text: str) -> Vector | None:
    """One embedding a turn, for the classifier of words and for recall; both can do without."""
    if not text:
        return None
    try:
        return await embed(text)
    except EmbedderError as error:
        _log.warning("words are read without a vector: %s", error)
        return None
