"""Words and voice side by side: wall time over the longer stage, through companion.turn.listen with sleeping stages."""

from __future__ import annotations

import asyncio
import statistics
import time

import numpy as np

from affect.backends.lexicon import LexiconClassifier
from benchmarks.result import Result
from companion.speech.recognizer import FakeRecognizer
from companion.speech.voice import FakeVoiceReader
from companion.turn import listen

_ASR_S, _VOICE_S = 0.07, 0.05


async def _embed(text: str) -> np.ndarray:
    return np.zeros(4, np.float32)


async def _wall(overlap: bool) -> float:
    started = time.perf_counter()
    await listen(
        np.zeros(16_000, np.float32),
        language=None,
        usual={},
        recognizer=FakeRecognizer("你好", delay_s=_ASR_S),
        voice=FakeVoiceReader(_VOICE_S),
        words=LexiconClassifier(),
        embed=_embed,
        deadline_s=1.0,
        overlap=overlap,
        clock=time.perf_counter,
    )
    return (time.perf_counter() - started) / max(_ASR_S, _VOICE_S)


def run(n: int = 30) -> Result:
    """Interleaved with the same code told not to overlap."""

    async def measure() -> tuple[list[float], list[float]]:
        pairs = [(await _wall(True), await _wall(False)) for _ in range(n)]
        return [a for a, _ in pairs], [b for _, b in pairs]

    ours, theirs = asyncio.run(measure())
    value = statistics.median(ours)
    return Result("overlap", value, "wall / longer stage", "same turn, overlap off", statistics.median(theirs),
                  "<= 1.10", value <= 1.10, n)  # fmt: skip
