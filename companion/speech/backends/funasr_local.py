"""FunASR's AutoModel in this process: SenseVoiceSmall, Paraformer or Whisper from a directory or a hub id."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar

import numpy as np

from affect.backends.funasr_auto import contained, is_hub_id, load_auto
from affect.backends.sensevoice import TagPosterior
from affect.speech_emotion import Calibration, EmotionModelError, EmotionTap, read_calibration
from companion.errors import AudioError, ModelUnavailable, SpeechError
from companion.settings import Speech
from companion.speech.backends.paraformer_streaming import Chunks, StreamingDecoder
from companion.speech.hotwords import tamed
from companion.speech.partials import Stream
from companion.speech.pieces import joined, pieces
from companion.speech.recognizer import Recognizer, Samples, Transcript

SAMPLE_RATE = 16_000
P = ParamSpec("P")
T = TypeVar("T")
_SHORTEST = SAMPLE_RATE // 40  # 25 ms: FunASR's front ends raise under one frame
_TAG = re.compile(r"<\|([^|]*)\|>")
_TAKE_HOTWORDS = {"ContextualParaformer", "SeacoParaformer"}
_SENSEVOICE_LANGUAGES = {"zh", "en", "yue", "ja", "ko"}


class _Decoder(Protocol):
    def __call__(self, samples: Samples, language: str | None, hotwords: Sequence[str] = ()) -> Transcript: ...


class FunasrRecognizer:
    """One model, one inference at a time, in a worker thread of its own."""

    def __init__(
        self, name: str, pool: ThreadPoolExecutor, decode: _Decoder, timeout_s: float, tap: EmotionTap | None = None
    ) -> None:
        """tap: listens in on what decode runs, so that transcripts carry the emotion."""
        self.name, self._pool, self._decode, self._timeout_s, self._tap = name, pool, decode, timeout_s, tap
        self._passes: set[Future[Any]] = set()

    async def recognize(
        self, samples: Samples, language: str | None = None, hotwords: Sequence[str] = ()
    ) -> Transcript:
        """See Recognizer.recognize."""
        self._check(samples)
        return await self._run(self._listen, samples.astype(np.float32), language, hotwords)

    @staticmethod
    def _check(samples: Samples) -> None:
        if samples.ndim != 1 or samples.size < _SHORTEST:
            raise AudioError("less than 25 ms of mono audio cannot be recognised", code="audio_too_short")
        if not np.isfinite(samples).all():
            raise AudioError("the audio holds NaN or infinity: check the encoder")

    async def _run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """In the model's thread, after those that wait for it. Raises SpeechError."""
        try:
            async with asyncio.timeout(self._timeout_s):
                decoding = self._pool.submit(work, *args, **kwargs)
                self._passes.add(decoding)
                decoding.add_done_callback(self._passes.discard)
                return await asyncio.wrap_future(decoding)
        except TimeoutError:
            raise SpeechError(
                f"recognition took more than {self._timeout_s:.0f} s: raise COMPANION_SPEECH__TIMEOUT_S"
            ) from None
        except Exception as error:  # whatever the library raises; its text may hold a user's words
            raise SpeechError(f"recognition failed ({type(error).__name__})") from None

    def _listen(self, samples: Samples, language: str | None, hotwords: Sequence[str]) -> Transcript:
        if self._tap is None:
            return self._decode(samples, language, hotwords)
        with self._tap:
            heard = self._decode(samples, language, hotwords)
        return replace(heard, emotion=self._tap.scores)

    @property
    def passes(self) -> int:
        """Recognitions that run or wait; one that was cancelled holds the thread until it ends."""
        return len(self._passes)

    def share(self, classifier: object) -> bool:
        """Let a classifier listen in, so that transcripts carry the emotion; whether they do, by it or by SenseVoice.

        Raises EmotionModelError when the classifier was trained on another recogniser.
        """
        net, tap = getattr(self._decode, "net", None), getattr(classifier, "tap", None)
        if net is not None and tap is not None:
            self._tap = tap(net)
        return self._tap is not None

    async def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


class StreamingFunasrRecognizer(FunasrRecognizer):
    """The streaming Paraformer: whole utterances, and utterances while they are said."""

    def __init__(self, name: str, pool: ThreadPoolExecutor, decoder: StreamingDecoder, timeout_s: float) -> None:
        super().__init__(name, pool, decoder, timeout_s)
        self._streaming = decoder

    def open(self, language: str | None = None, hotwords: Sequence[str] = ()) -> Stream:
        """See StreamingRecognizer.open; this model knows neither languages nor hotwords."""
        return _Stream(self, Chunks(self._streaming))

    async def more(self, chunks: Chunks, samples: Samples, *, last: bool) -> str:
        """The words of one utterance so far. Raises AudioError for NaN, SpeechError."""
        if not np.isfinite(samples).all():
            raise AudioError("the audio holds NaN or infinity: check the encoder")
        return await self._run(chunks.more, samples, last=last)


class _Stream:
    def __init__(self, recognizer: StreamingFunasrRecognizer, chunks: Chunks) -> None:
        self._recognizer, self._chunks = recognizer, chunks

    async def feed(self, samples: Samples) -> str:
        return await self._recognizer.more(self._chunks, samples, last=False)

    async def finish(self) -> str:
        return await self._recognizer.more(self._chunks, np.zeros(0, np.float32), last=True)


async def create(section: Speech, locate: Callable[[str], Path]) -> Recognizer:
    """Load and warm the model. Raises ModelUnavailable before FunASR sees a path that is not there."""
    hub_id = is_hub_id(section.model)  # FunASR fetches that
    try:
        path = str(locate(section.model))
    except ModelUnavailable:
        if not hub_id:
            raise
        path = section.model
    if not hub_id:
        _check(Path(path))
    pool = ThreadPoolExecutor(1, thread_name_prefix="asr")
    try:
        decode, tap = await asyncio.get_running_loop().run_in_executor(pool, _load, path, section.threads)
    except BaseException:
        pool.shutdown(wait=False)
        raise
    name = f"funasr:{section.model}"
    if isinstance(decode, StreamingDecoder):
        return StreamingFunasrRecognizer(name, pool, decode, section.timeout_s)
    return FunasrRecognizer(name, pool, decode, section.timeout_s, tap)


def _check(folder: Path) -> None:
    """What FunASR would answer with a misleading error. Raises ModelUnavailable."""
    if not any((folder / name).is_file() for name in ("config.yaml", "configuration.json")):
        raise ModelUnavailable(
            f"{folder} is not a directory with a config.yaml or configuration.json: give one that FunASR's AutoModel "
            "loads (COMPANION_SPEECH__MODEL)"
        )


def _load(path: str, threads: int) -> tuple[_Decoder, EmotionTap | None]:
    try:
        auto = load_auto(path, threads)
    except EmotionModelError as error:
        raise ModelUnavailable(str(error)) from error
    with contained():
        decode: _Decoder
        tap: EmotionTap | None = None
        if type(auto.model).__name__ == "WhisperWarp":
            from companion.speech.backends.whisper import WhisperDecoder

            decode = WhisperDecoder(auto)
        elif type(auto.model).__name__ == "ParaformerStreaming":
            decode = StreamingDecoder(auto)
        else:
            decode = _Generate(auto)
            if type(auto.model).__name__ == "SenseVoiceSmall":
                tap = _emotion(auto, Path(path))
        decode(np.zeros(SAMPLE_RATE, np.float32), None)  # the first inference is slow: not in somebody's turn
    return decode, tap


def _emotion(auto: Any, path: Path) -> EmotionTap:
    try:
        return TagPosterior(auto, read_calibration(path) if path.is_dir() else Calibration())
    except EmotionModelError as error:
        raise ModelUnavailable(str(error)) from None


class _Generate:
    """SenseVoice and Paraformer through AutoModel.generate; SenseVoice's raw tags are read, not shown."""

    def __init__(self, auto: Any) -> None:
        self._auto = auto
        self._takes_hotwords = type(auto.model).__name__ in _TAKE_HOTWORDS

    def __call__(self, samples: Samples, language: str | None, hotwords: Sequence[str] = ()) -> Transcript:
        words = tamed(hotwords) if self._takes_hotwords else ()
        known = language if language in _SENSEVOICE_LANGUAGES else "auto"
        heard = [self._piece(piece, known, words) for piece in pieces(samples)]
        told = [t.language for t in sorted(heard, key=lambda t: not t.text) if t.language]  # with words first
        return joined(heard, told[0] if told else language)

    def _piece(self, samples: Samples, language: str, hotwords: Sequence[str]) -> Transcript:
        if samples.size < _SHORTEST:
            return Transcript("")
        options = {"hotword": " ".join(hotwords)} if hotwords else {}
        with _unlogged() if hotwords else nullcontext():
            (result,) = self._auto.generate(
                input=samples, language=language, use_itn=True, disable_pbar=True, **options
            )
        return read_tags(str(result.get("text", "")))


@contextmanager
def _unlogged() -> Iterator[None]:
    """FunASR writes the hotwords, which are people's names, into the root logger at INFO: not into ours."""
    root, here = logging.getLogger(), threading.get_ident()

    def others(record: logging.LogRecord) -> bool:
        return record.thread != here or record.levelno > logging.INFO

    root.addFilter(others)  # sees only what is logged to the root itself
    try:
        yield
    finally:
        root.removeFilter(others)


def read_tags(raw: str) -> Transcript:
    """SenseVoice's `<|zh|><|HAPPY|><|Speech|><|withitn|>words` -> words and language; nospeech has no words."""
    tags = _TAG.findall(raw)
    if "nospeech" in tags:
        return Transcript("")
    return Transcript(_TAG.sub("", raw).strip(), next((tag for tag in tags if tag in _SENSEVOICE_LANGUAGES), None))
