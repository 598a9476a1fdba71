"""Frames of one session -> 16 kHz samples, kept from shortly before speech until they are committed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from companion.audio.arrival import Arrival
from companion.audio.framing import parse
from companion.audio.opus import OpusDecoder
from companion.errors import AudioError

SAMPLE_RATE = 16_000
RATES = (8_000, 16_000, 24_000, 48_000)
Samples = NDArray[np.float32]


class Pcm:
    """PCM16LE of any length at one rate -> float32 at 16 kHz; an odd byte waits for the next frame."""

    def __init__(self, rate: int) -> None:
        _check(rate)
        self.rate, self._odd = rate, b""
        self._resampler = None
        if rate != SAMPLE_RATE:
            import soxr

            self._resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32")

    @property
    def incomplete(self) -> bool:
        """Whether half a sample waits for its other byte."""
        return bool(self._odd)

    def decode(self, frame: bytes) -> Samples:
        """The samples that this frame completes."""
        frame = self._odd + frame if self._odd else frame
        odd = len(frame) % 2
        self._odd = frame[-1:] if odd else b""
        pcm = np.frombuffer(frame, "<i2", count=len(frame) // 2)
        samples: Samples = np.multiply(pcm, np.float32(1 / 32_768), dtype=np.float32)
        if self._resampler is None:
            return samples
        return np.asarray(self._resampler.resample_chunk(samples), dtype=np.float32)


class Intake:
    """What a client sends, in the codec and framing it chose -> float32 at 16 kHz."""

    def __init__(
        self,
        rate: int,
        *,
        codec: Literal["pcm", "opus"] = "pcm",
        framing: Literal["raw", "header"] = "raw",
        clock: Callable[[], float],
        arrival: Arrival | None = None,
    ) -> None:
        """rate: Hz, of PCM; Opus tells its own. clock: seconds, monotonic. arrival: of the intake before this one, so
        that numbers go on where a client changes its codec. Raises AudioError (unsupported_rate, codec_unavailable).
        """
        _check(rate)
        self.rate, self.codec, self.framing = rate, codec, framing
        self.arrival = arrival or Arrival()
        self._clock = clock
        self._decoder = self._fresh()

    def _fresh(self) -> Pcm | OpusDecoder:
        return Pcm(self.rate) if self.codec == "pcm" else OpusDecoder()

    @property
    def last_seq(self) -> int | None:
        """Number of the newest frame taken, 0 to 2^32 - 1; None where frames have no header."""
        return self.arrival.last_seq if self.framing == "header" else None

    def resume_at(self, seq: int | None) -> None:
        """Frames up to `seq` were heard before: they are dropped when they come again."""
        self.arrival.resume_at(seq)

    def frame(self, data: bytes) -> Samples:
        """Samples of one binary frame, none for one that came before or too late.

        What is missing before it is passed over, or, of Opus, made up as far as that sounds well. Raises AudioError
        (invalid_frame_header, invalid_audio).
        """
        if self.framing == "raw":
            return self.append(data)
        frame = parse(data)
        if self.codec == "pcm" and len(frame.payload) % 2:  # half a sample would shift all that follows
            raise AudioError("half a sample in a frame: send whole samples of 2 bytes")
        before = self.arrival.stream
        missing = self.arrival.take(frame, self._clock())
        if before not in (None, frame.stream):
            self._decoder = self._fresh()
        if missing is None:
            return np.zeros(0, np.float32)
        if isinstance(self._decoder, OpusDecoder):
            return self._decoder.decode(frame.payload, missing)
        return self._decoder.decode(frame.payload)

    def append(self, data: bytes) -> Samples:
        """Samples of audio without a header: PCM of any length, or one Opus packet. Raises AudioError."""
        return self._decoder.decode(data)


def _check(rate: int) -> None:
    if rate not in RATES:
        raise AudioError(f"a rate of {rate} Hz is not taken: send one of {RATES}", code="unsupported_rate")


class Buffer:
    """The newest samples of a stream, addressed by their place in it (0 = its first sample).

    Holds at most `capacity` samples; `keep_from` says from where on they may still be needed.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._chunks: list[Samples] = []
        self.start = self.end = 0

    def append(self, samples: Samples) -> None:
        """Add samples. Raises AudioError (audio_overrun) when more is kept than the capacity."""
        if self.end - self.start + samples.size > self._capacity:
            raise AudioError(
                f"more than {self._capacity / SAMPLE_RATE:.0f} s of audio wait: commit or clear the buffer",
                code="audio_overrun",
            )
        if samples.size:
            self._chunks.append(samples)
            self.end += samples.size

    def keep_from(self, position: int) -> None:
        """Forget whole chunks before `position`."""
        count = 0
        while count < len(self._chunks) and self.start + self._chunks[count].size <= position:
            self.start += self._chunks[count].size
            count += 1
        del self._chunks[:count]

    def slice(self, start: int, end: int) -> Samples:
        """Samples of [start, end) that are still here, shape (n,)."""
        start, end = max(start, self.start), min(end, self.end)
        at, wanted = self.start, []
        for chunk in self._chunks:
            if at < end and at + chunk.size > start:
                wanted.append(chunk[max(0, start - at) : end - at])
            at += chunk.size
        return np.concatenate(wanted) if wanted else np.zeros(0, np.float32)

    def clear(self) -> None:
        """Forget everything; positions go on."""
        self._chunks.clear()
        self.start = self.end
