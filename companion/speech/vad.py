"""Is somebody speaking? One Silero model for the process, all sessions' windows in one inference."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from companion.errors import AudioError, ConfigurationError
from companion.speech.sound import Sound, sounds

_log = logging.getLogger(__name__)
SAMPLE_RATE = 16_000
WINDOW = 512  # samples, 32 ms: the only window that Silero takes at 16 kHz
_CONTEXT = 64  # samples of the window before, which the model sees as well
_STATE = (2, 128)
_MAX_BATCH = 64
_MANY, _GATHER_S = 8, 0.008  # with more streams, windows wait so long for others; a window has 32 ms
_NOTHING = np.zeros(0, np.float32)
_SOUNDING = 0.1  # speech probability from which a window's sound may matter to somebody
_MAX_WAITING = 60 * SAMPLE_RATE // WINDOW  # one minute: a client may send faster than real time, not for ever

T = TypeVar("T")
Samples = NDArray[np.float32]
Windows = NDArray[np.float32]
States = NDArray[np.float32]
OnWindow = Callable[[float, int, int, Sound | None], None]


class SpeechDetector(Protocol):
    """Speech probability of windows of several streams at once."""

    def detect(self, windows: Windows, states: States) -> tuple[NDArray[np.float32], States]:
        """windows: float32 (b, 64 + 512); states: float32 (2, b, 128). Gives probabilities (b,) and the new states."""
        ...


class SileroBatch:
    """Silero VAD as ONNX, from the silero-vad package, on one thread."""

    def __init__(self) -> None:
        import onnxruntime

        spec = find_spec("silero_vad")  # found, not imported: the package would load torch
        if spec is None or spec.origin is None:
            raise ConfigurationError("silero-vad is not installed: run `pip install silero-vad`")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(Path(spec.origin).parent / "data" / "silero_vad.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def detect(self, windows: Windows, states: States) -> tuple[NDArray[np.float32], States]:
        rate = np.array(SAMPLE_RATE, np.int64)
        out, state = self._session.run(None, {"input": windows, "state": states, "sr": rate})
        return out[:, 0], state


class LevelDetector:
    """For tests: a window is speech when its RMS level is above -40 dB."""

    def detect(self, windows: Windows, states: States) -> tuple[NDArray[np.float32], States]:
        rms = np.sqrt((windows[:, _CONTEXT:] ** 2).mean(axis=1))
        return (rms > 0.01).astype(np.float32), states


class VadStream:
    """One session's place in the batch. on_window(probability, start, end, sound): samples of the stream; sound: None
    where nobody speaks."""

    def __init__(self, on_window: OnWindow) -> None:
        self.on_window = on_window
        self.waiting: deque[Windows] = deque()
        self.context = np.zeros(_CONTEXT, np.float32)
        self.state = np.zeros(_STATE, np.float32)
        self.position = 0
        self._rest = _NOTHING

    def push(self, samples: NDArray[np.float32]) -> bool:
        """Cut samples (float32, 16 kHz) into windows; whether any waits. Raises AudioError when too many wait."""
        joined = np.concatenate((self._rest, samples)) if self._rest.size else samples
        whole, rest = divmod(joined.size, WINDOW)
        if len(self.waiting) + whole > _MAX_WAITING:
            raise AudioError("audio comes faster than it can be heard: slow down", code="audio_overrun")
        if whole == 1 and not rest:  # a frame is a window: most clients
            self.waiting.append(joined)
        else:
            self.waiting.extend(joined[: whole * WINDOW].reshape(whole, WINDOW))
        self._rest = joined[whole * WINDOW :].copy() if rest else _NOTHING
        return bool(self.waiting)


class VadTicker:
    """Feeds every stream's waiting windows through one detector, a batch at a time, while there are any."""

    def __init__(self, detector: SpeechDetector, batch: int = _MAX_BATCH) -> None:
        """batch: windows in one inference at most."""
        self._detector, self._batch = detector, batch
        self._streams: set[VadStream] = set()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="vad")
        self._reading = ThreadPoolExecutor(1, thread_name_prefix="endpointing")
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task: asyncio.Task[None] | None = None

    def open(self, on_window: OnWindow) -> VadStream:
        """A new stream; it must be closed."""
        stream = VadStream(on_window)
        self._streams.add(stream)
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return stream

    def leave(self, stream: VadStream) -> None:
        """Forget a stream and what waits in it."""
        self._streams.discard(stream)
        stream.waiting.clear()

    def push(self, stream: VadStream, samples: NDArray[np.float32]) -> None:
        """Hand over samples of a stream; its windows are heard soon. Raises AudioError when too many wait."""
        if stream.push(samples):
            self._idle.clear()
            self._wake.set()

    async def drained(self) -> None:
        """Wait until every window that was pushed has been heard."""
        await self._idle.wait()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            ready = [stream for stream in self._streams if stream.waiting]
            if not ready:
                self._wake.clear()
                self._idle.set()
                continue
            if len(self._streams) > _MANY and len(ready) < self._batch and all(len(s.waiting) == 1 for s in ready):
                await asyncio.sleep(_GATHER_S)  # more of them in one inference
                ready = [stream for stream in self._streams if stream.waiting]
                if not ready:  # they left
                    continue
            ready = ready[: self._batch]
            windows = [stream.waiting.popleft() for stream in ready]
            batch = np.empty((len(ready), _CONTEXT + WINDOW), np.float32)
            for n, (stream, window) in enumerate(zip(ready, windows, strict=True)):
                batch[n, :_CONTEXT], batch[n, _CONTEXT:] = stream.context, window
            states = np.stack([s.state for s in ready], axis=1)
            try:
                heard, states, sounding = await loop.run_in_executor(self._pool, self._detect, batch, states)
            except Exception as error:  # one bad batch must not make every session deaf: it is heard as silence
                _log.error("speech detection failed: %s", type(error).__name__)
                heard, sounding = np.zeros(len(ready), np.float32), [None] * len(ready)
            for n, (stream, window) in enumerate(zip(ready, windows, strict=True)):
                stream.context, stream.state = window[-_CONTEXT:], states[:, n]
                start, stream.position = stream.position, stream.position + WINDOW
                if stream in self._streams:
                    stream.on_window(float(heard[n]), start, stream.position, sounding[n])

    def _detect(self, windows: Windows, states: States) -> tuple[NDArray[np.float32], States, list[Sound | None]]:
        heard, states = self._detector.detect(windows, states)
        loud = np.flatnonzero(heard >= _SOUNDING)
        sounding: list[Sound | None] = [None] * len(windows)
        if loud.size:
            for n, sound in zip(loud, sounds(windows[loud]), strict=True):
                sounding[n] = sound
        return heard, states, sounding

    async def read(self, work: Callable[[Samples], T], samples: Samples) -> T:
        """Look at a few samples off the loop, and off the thread that must hear the next window."""
        return await asyncio.get_running_loop().run_in_executor(self._reading, work, samples)

    async def close(self) -> None:
        """Stop hearing."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for pool in (self._pool, self._reading):
            pool.shutdown(wait=False, cancel_futures=True)


def speech_share(samples: NDArray[np.float32], threshold: float = 0.5) -> float:
    """Share of a recording's windows in which somebody speaks, 0..1. samples: float32, 16 kHz, shape (n,)."""
    detector = _detector()
    whole = samples.size // WINDOW
    state, context, loud = np.zeros((2, 1, 128), np.float32), np.zeros(_CONTEXT, np.float32), 0
    for window in samples[: whole * WINDOW].reshape(whole, WINDOW):
        probability, state = detector.detect(np.concatenate((context, window))[None], state)
        context, loud = window[-_CONTEXT:], loud + int(probability[0] >= threshold)
    return loud / whole if whole else 1.0  # too short to tell: not the place to refuse it


@cache
def _detector() -> SileroBatch:
    return SileroBatch()
