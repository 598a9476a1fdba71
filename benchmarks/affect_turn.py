"""What hearing the voice adds to a turn when the words are recognised beside it: real Whisper, with and without."""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path

import numpy as np

from affect.backends.words import WordsClassifier
from benchmarks.result import Result
from companion.audio.decode import decode_file
from companion.models.packs import PackStore
from companion.settings import Settings
from companion.speech.backends.funasr_local import create
from companion.speech.recognizer import Recognizer, Samples
from companion.speech.voice import FakeVoiceReader, ProsodyReader, VoiceReader
from companion.turn import listen

_AUDIO = Path(__file__).resolve().parents[1] / "examples" / "audio"
_GOAL = 0.02


async def _embed(text: str) -> np.ndarray:
    return np.zeros(4, np.float32)


async def _wall(samples: Samples, recognizer: Recognizer, voice: VoiceReader, words: WordsClassifier) -> float:
    started = time.perf_counter()
    await listen(
        samples,
        language="zh",
        usual={},
        recognizer=recognizer,
        voice=voice,
        words=words,
        embed=_embed,
        deadline_s=1.0,
        overlap=True,
        clock=time.perf_counter,
    )
    return time.perf_counter() - started


def run(n: int = 25) -> Result:
    """One recording of 5.5 s, interleaved; medians. Raises ModelUnavailable without the Whisper pack."""
    samples = decode_file(_AUDIO / "funasr-asr_example.wav")
    settings = Settings()

    async def measure() -> tuple[list[float], list[float]]:
        recognizer = await create(settings.speech, PackStore(settings.models).locate)
        real, none, words = ProsodyReader(), FakeVoiceReader(), WordsClassifier()
        await _wall(samples, recognizer, real, words)
        heard, unheard = [], []
        for _ in range(n):
            unheard.append(await _wall(samples, recognizer, none, words))
            heard.append(await _wall(samples, recognizer, real, words))
        await real.close()
        await recognizer.close()
        return heard, unheard

    heard, unheard = asyncio.run(measure())
    value, peer = statistics.median(heard), statistics.median(unheard)
    return Result("affect-turn", value, "s", "the same turn without the voice", peer, "ratio <= 1.02",
                  value <= (1 + _GOAL) * peer, n)  # fmt: skip
