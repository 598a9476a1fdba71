"""Whether a turn sounds complete: eight seconds of it, read by Smart Turn v3 (pipecat, BSD-2-Clause).

A Whisper tiny encoder with a head, int8, taught on turns of 23 languages, Chinese and English among them
(https://github.com/pipecat-ai/smart-turn). A reading takes some 35 ms of one core.
"""

from __future__ import annotations

import asyncio
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

HEARD_S = 8.0  # what the model was taught on; shorter turns are filled up with silence before them
_SAMPLES = int(HEARD_S * 16_000)
_AT_ONCE = 2  # readings that may wait: with more the answer comes too late, and the voice alone decides
_LEAST = 1e-4  # of the probability, either way


class CompletenessModel(Protocol):
    """What reads. Called in one thread."""

    def __call__(self, samples: NDArray[np.float32]) -> float:
        """Probability, 0..1, that nothing more comes. samples: float32, 16 kHz."""
        ...


class SmartTurn:
    """The model of an ONNX file."""

    def __init__(self, path: Path) -> None:
        import onnxruntime
        from transformers import WhisperFeatureExtractor

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._features = WhisperFeatureExtractor(chunk_length=int(HEARD_S))  # type: ignore[no-untyped-call]

    def __call__(self, samples: NDArray[np.float32]) -> float:
        heard = samples[-_SAMPLES:]
        heard = np.pad(heard, (_SAMPLES - heard.size, 0))
        features = self._features(
            heard, sampling_rate=16_000, return_tensors="np", padding="max_length", max_length=_SAMPLES,
            truncation=True, do_normalize=True,
        ).input_features  # fmt: skip
        (told,) = self._session.run(None, {"input_features": features.astype(np.float32)})
        return float(told.ravel()[0])


def log_odds(probability: float) -> float:
    """Of 0..1, within +-9.2."""
    p = min(max(probability, _LEAST), 1 - _LEAST)
    return math.log(p) - math.log1p(-p)


class CompletenessReader:
    """A model in a thread of its own."""

    def __init__(self, model: CompletenessModel) -> None:
        self._model, self._waiting = model, 0
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="completeness")

    @classmethod
    async def load(cls, path: Path) -> CompletenessReader:
        """Smart Turn, loaded and warm."""

        def warm() -> SmartTurn:
            model = SmartTurn(path)
            model(np.zeros(16_000, np.float32))
            return model

        return cls(await asyncio.to_thread(warm))

    async def read(self, samples: NDArray[np.float32]) -> float | None:
        """Log odds that the turn is over; None where too many wait to be read."""
        if self._waiting >= _AT_ONCE:
            return None
        self._waiting += 1
        try:
            return log_odds(await asyncio.get_running_loop().run_in_executor(self._pool, self._model, samples))
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
