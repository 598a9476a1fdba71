"""An utterance -> how its voice sounds beside the person's usual one, off the event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import PurePath
from typing import Protocol

import numpy as np

from affect.baseline import Usual
from affect.speech_emotion import SpeechEmotionClassifier, beside
from affect.types import Prosody, VoiceAffect
from companion.speech.recognizer import Samples

_log = logging.getLogger(__name__)


class VoiceReader(Protocol):
    """Reads the voice of an utterance. name: of the model and its version, for the record."""

    @property
    def name(self) -> str: ...

    async def read(self, samples: Samples, usual: Mapping[str, Usual]) -> tuple[VoiceAffect, Prosody]:
        """float32, shape (n,), 16 kHz. Raises ValueError for audio that cannot be measured (under 40 ms, NaN)."""
        ...

    async def close(self) -> None: ...


class ProsodyReader:
    """Prosody, the arousal formula and the acoustic profiles, in one worker thread of its own."""

    name = f"acoustic {version('companion')}"

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="voice")
        self._pool.submit(_first)

    async def read(self, samples: Samples, usual: Mapping[str, Usual]) -> tuple[VoiceAffect, Prosody]:
        from affect.voice import read_voice

        return await asyncio.get_running_loop().run_in_executor(self._pool, read_voice, samples, usual)

    async def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


class Unread:
    """Reads no voice: of somebody who does not want theirs read."""

    name = "unread"

    async def read(self, samples: Samples, usual: Mapping[str, Usual]) -> tuple[VoiceAffect, Prosody]:
        raise ValueError("this voice is not to be read")

    async def close(self) -> None:
        """Nothing is held."""


def _first() -> None:
    """What the first reading costs, imports and tables, is paid before anybody speaks."""
    from affect.voice import read_voice

    read_voice(np.sin(np.arange(16_000) / 15.0), {})


class WithEmotion:
    """Adapter: another reader, with a classifier's categories and events in place of its own, both at once."""

    def __init__(self, reader: VoiceReader, classifier: SpeechEmotionClassifier, model: str | None = None) -> None:
        """model: path or id of the classifier's weights, for the name."""
        self._reader, self._classifier = reader, classifier
        weights = "" if model is None else f" {PurePath(model).name}"
        self.name = f"{reader.name} + {classifier.name}{weights}"
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="emotion")

    async def read(self, samples: Samples, usual: Mapping[str, Usual]) -> tuple[VoiceAffect, Prosody]:
        scoring = asyncio.get_running_loop().run_in_executor(self._pool, self._classifier.classify, samples)
        try:
            voice, prosody = await self._reader.read(samples, usual)
        except BaseException:
            scoring.cancel()
            raise
        try:
            return beside(voice, prosody, await scoring), prosody
        except Exception as error:  # whatever a model raises: prosody alone is a reading too
            _log.warning("%s did not answer: %s", self._classifier.name, type(error).__name__)
            return voice, prosody

    async def close(self) -> None:
        await self._reader.close()
        self._pool.shutdown(wait=False, cancel_futures=True)


class FakeVoiceReader:
    """For tests: knows nothing of the voice, after delay_s."""

    name = "fake"

    def __init__(self, delay_s: float = 0.0) -> None:
        self._delay_s = delay_s

    async def read(self, samples: Samples, usual: Mapping[str, Usual]) -> tuple[VoiceAffect, Prosody]:
        await asyncio.sleep(self._delay_s)
        return VoiceAffect(None, None, 1.0, 0, {}), Prosody(samples.size / 16_000)

    async def close(self) -> None:
        """Nothing to close."""
