"""Understanding one turn: the words are recognised while the voice is read.

`clock` gives seconds and is only subtracted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from affect.baseline import Usual
from affect.fusion import fuse
from affect.text_emotion import TextEmotionClassifier
from affect.types import Affect, Prosody, VoiceAffect
from companion.speech.recognizer import Recognizer, Samples, Transcript
from companion.speech.voice import VoiceReader

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Heard:
    """What was understood of one user item. late: still reading the voice after the deadline, None when it is done."""

    transcript: Transcript
    affect: Affect
    prosody: Prosody | None
    timings: Mapping[str, float]
    late: asyncio.Task[tuple[VoiceAffect, Prosody] | None] | None = None


async def listen(
    samples: Samples,
    *,
    language: str | None,
    usual: Mapping[str, Usual],
    recognizer: Recognizer,
    voice: VoiceReader,
    words: TextEmotionClassifier,
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
        transcript = await recognizer.recognize(samples, language)
        timings["asr"] = clock() - started - (0.0 if overlap else timings["affect"])
        if not reading.done():
            await asyncio.wait((reading,), timeout=deadline_s)
    except BaseException:
        reading.cancel()
        raise
    said = words.read(transcript.text, transcript.language) if transcript.text else None
    read = reading.result() if reading.done() else None
    voiced = read[0] if read else None
    status: Literal["final", "partial", "none"] = "final" if reading.done() else "partial"
    affect = fuse(said, voiced, status=status if said or voiced else "none")
    return Heard(transcript, affect, read[1] if read else None, timings, None if reading.done() else reading)


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


def read(text: str, *, language: str | None, words: TextEmotionClassifier) -> Heard:
    """What a typed item says: words only."""
    return Heard(Transcript(text, language, 1.0), fuse(words.read(text, language), None, status="final"), None, {})
