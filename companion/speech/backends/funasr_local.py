"""FunASR's AutoModel in this process: SenseVoiceSmall, Paraformer or Whisper from a directory or a hub id."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from companion.errors import AudioError, ConfigurationError, ModelUnavailable, SpeechError
from companion.settings import Speech
from companion.speech.recognizer import Recognizer, Samples, Transcript

SAMPLE_RATE = 16_000
_SHORTEST = SAMPLE_RATE // 40  # 25 ms: FunASR's front ends raise under one frame
_TAG = re.compile(r"<\|([^|]*)\|>")
_HUB_ID = re.compile(r"^[\w.-]+/[\w.-]+$")
_SENSEVOICE_LANGUAGES = {"zh", "en", "yue", "ja", "ko"}


class _Decoder(Protocol):
    def __call__(self, samples: Samples, language: str | None) -> Transcript: ...


class FunasrRecognizer:
    """One model, one inference at a time, in a worker thread of its own."""

    def __init__(self, name: str, pool: ThreadPoolExecutor, decode: _Decoder, timeout_s: float) -> None:
        self.name, self._pool, self._decode, self._timeout_s = name, pool, decode, timeout_s

    async def recognize(self, samples: Samples, language: str | None = None) -> Transcript:
        """See Recognizer.recognize."""
        if samples.ndim != 1 or samples.size < _SHORTEST:
            raise AudioError("less than 25 ms of mono audio cannot be recognised", code="audio_too_short")
        if not np.isfinite(samples).all():
            raise AudioError("the audio holds NaN or infinity: check the encoder")
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout_s):
                return await loop.run_in_executor(self._pool, self._decode, samples, language)
        except TimeoutError:
            raise SpeechError(
                f"recognition took more than {self._timeout_s:.0f} s: raise COMPANION_SPEECH__TIMEOUT_S"
            ) from None
        except (RuntimeError, ValueError, IndexError) as error:
            raise SpeechError(f"recognition failed ({type(error).__name__})") from None

    async def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


async def create(section: Speech, locate: Callable[[str], Path]) -> Recognizer:
    """Load and warm the model. Raises ModelUnavailable before FunASR sees a path that is not there."""
    try:
        path: str = str(locate(section.model))
    except ModelUnavailable:
        if not _HUB_ID.match(section.model):
            raise
        path = section.model  # org/name: FunASR fetches it from its hub
    if os.path.isdir(path) and not (Path(path) / "config.yaml").is_file():
        raise ModelUnavailable(f"{path} holds no config.yaml: give a directory that FunASR's AutoModel loads")
    pool = ThreadPoolExecutor(1, thread_name_prefix="asr")
    try:
        decode = await asyncio.get_running_loop().run_in_executor(pool, _load, path, section.threads)
    except BaseException:
        pool.shutdown(wait=False)
        raise
    return FunasrRecognizer(f"funasr:{section.model}", pool, decode, section.timeout_s)


def _load(path: str, threads: int) -> _Decoder:
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # FunASR prints as it loads
        try:
            from funasr import AutoModel
        except ImportError as error:
            raise ConfigurationError(f"FunASR does not import ({error}): run `companion doctor`") from error
        auto = AutoModel(
            model=path, device="cpu", ncpu=threads, disable_update=True, disable_pbar=True, log_level="ERROR"
        )
    decode: _Decoder
    if type(auto.model).__name__ == "WhisperWarp":
        from companion.speech.backends.whisper import WhisperDecoder

        decode = WhisperDecoder(auto)
    else:
        decode = _Generate(auto)
    decode(np.zeros(SAMPLE_RATE, np.float32), None)  # the first inference is slow: not in somebody's turn
    return decode


class _Generate:
    """SenseVoice and Paraformer through AutoModel.generate; SenseVoice's raw tags are read, not shown."""

    def __init__(self, auto: Any) -> None:
        self._auto = auto

    def __call__(self, samples: Samples, language: str | None) -> Transcript:
        known = language if language in _SENSEVOICE_LANGUAGES else "auto"
        (result,) = self._auto.generate(input=samples, language=known, use_itn=True, disable_pbar=True)
        raw = str(result.get("text", ""))
        tags = _TAG.findall(raw)
        heard = next((tag for tag in tags if tag in _SENSEVOICE_LANGUAGES), None)
        return Transcript(_TAG.sub("", raw).strip(), heard or language)
