"""Speech -> words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from affect.types import EmotionScores

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said. text "" when there were no words in it.

    language: ISO 639-1 code ("zh", "en"), None when the backend does not tell.
    confidence: 0..1, None when the backend gives none.
    emotion: what the same pass heard of the voice, None when the backend does not tell.
    """

    text: str
    language: str | None = None
    confidence: float | None = None
    emotion: EmotionScores | None = None


class Recognizer(Protocol):
    """One speech recogniser, shared by all sessions."""

    name: str

    async def recognize(
        self, samples: Samples, language: str | None = None, hotwords: Sequence[str] = ()
    ) -> Transcript:
        """Words of one utterance: float32, shape (n,), 16 kHz, full scale +-1.

        language: a hint, or None to detect. hotwords: names that may be said, the likeliest first; a backend takes
        as many as do it no harm, or none. Raises AudioError for what cannot be speech (NaN, under 25 ms), SpeechError
        when the model fails.
        """
        ...

    async def close(self) -> None: ...


def passes(recognizer: Recognizer) -> int:
    """How many recognitions run or wait in it, cancelled ones that still hold its thread included; 0 where a backend
    does not tell."""
    return int(getattr(recognizer, "passes", 0))


class FakeRecognizer:
    """For tests: answers with the given transcripts in turn, then with the last for ever."""

    name = "fake"

    def __init__(self, *transcripts: str, language: str | None = "zh", delay_s: float = 0.0) -> None:
        self._transcripts: Sequence[str] = transcripts or ("",)
        self._language, self._delay_s, self.calls = language, delay_s, 0
        self.hotwords: list[tuple[str, ...]] = []  # of each call
        self.passes = 0

    async def recognize(
        self, samples: Samples, language: str | None = None, hotwords: Sequence[str] = ()
    ) -> Transcript:
        import asyncio

        self.hotwords.append(tuple(hotwords))
        text = self._transcripts[min(self.calls, len(self._transcripts) - 1)]
        self.calls += 1
        self.passes += 1
        try:
            await asyncio.sleep(self._delay_s)
        finally:
            self.passes -= 1
        return Transcript(text, language or self._language, 1.0)

    async def close(self) -> None:
        """Nothing to close."""
