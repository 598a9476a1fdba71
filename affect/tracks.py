"""Samples -> what is heard every 10 ms: pitch, voicing, level and timbre. numpy, and scipy for its FFT.

Pitch is the strongest peak of the autocorrelation divided by that of the window (Boersma 1993), taken twice: the
second time in the range that the first one found (De Looze & Hirst 2008: .75 of the first quartile to 1.5 of the
third) and along the smoothest path, which removes most octave errors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
HOP_S = 0.01
SHORTEST_S = 0.04
_FRAME = 640  # 40 ms: nearly three periods of the lowest pitch
_HOP = 160
_BLOCK = 1_000  # frames at once: the lags of a long recording are never all held
_F0_MIN, _F0_MAX = 65.0, 650.0  # Hz, from a low creak to a shout or a child
_CLARITY = 0.5  # of the autocorrelation peak, above which a frame is voiced
_OCTAVE_COST = 0.02  # a period twice as long fits as well: the shorter one is preferred by this much an octave
_PEAKS = 5  # candidates a frame
_JUMP_COST = 0.35  # an octave
_SHORTEST_RUN = 3  # frames; a shorter voiced run is a click
_QUIET_DB = -80.0  # re full scale: under this nothing is speech
_SPEECH_DB = 25.0  # frames this far under the loud ones are pause
_HZ = np.fft.rfftfreq(2 * _FRAME, 1 / SAMPLE_RATE)

Array = NDArray[np.floating]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Tracks:
    """Frames of 40 ms every 10 ms, shape (n,) each; spectrum (n, 641): power at 0..8000 Hz in steps of 12.5 Hz.

    f0_hz: NaN where unvoiced. clarity: height of the pitch peak, 0..1. level_db: RMS, dB re full scale.
    speech: not a pause. voiced: speech with a pitch. samples: those that were analysed, full scale +-1.
    """

    samples: Array
    f0_hz: Array
    clarity: Array
    level_db: Array
    speech: Mask
    voiced: Mask
    spectrum: Array

    def part(self, first: int, last: int) -> Tracks:
        """Frames [first, last) with their samples."""
        samples = self.samples[first * _HOP : (last - 1) * _HOP + _FRAME]
        return self.rows(slice(first, last), samples)

    def rows(self, which: slice | NDArray[np.intp], samples: Array) -> Tracks:
        """Some of the frames; samples: what they were cut from."""
        return Tracks(
            samples,
            self.f0_hz[which],
            self.clarity[which],
            self.level_db[which],
            self.speech[which],
            self.voiced[which],
            self.spectrum[which],
        )


def track(samples: Array) -> Tracks:
    """Analyse one recording.

    samples: float, shape (n,), 16 kHz, mono, full scale +-1.
    Raises ValueError when the array is not one-dimensional, holds NaN or infinity, or is under 40 ms.
    """
    if samples.ndim != 1:
        raise ValueError(f"samples must be mono, shape (n,), not {samples.shape}: mix the channels first")
    if samples.size < _FRAME:
        raise ValueError(f"{samples.size} samples are too short: send at least {_FRAME} (40 ms at 16 kHz)")
    if not np.isfinite(samples).all():
        raise ValueError("samples hold NaN or infinity: check the decoder")
    samples = np.ascontiguousarray(samples, np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)[::_HOP]
    level = np.concatenate([_level(frames[at : at + _BLOCK]) for at in range(0, len(frames), _BLOCK)])
    speech = level > _threshold(level)
    f0 = np.full(len(frames), np.nan)
    clarity = np.zeros(len(frames))
    spectrum = np.zeros((len(frames), _HZ.size), np.float32)
    for at in range(0, len(frames), _BLOCK):
        heard = np.flatnonzero(speech[at : at + _BLOCK]) + at
        if heard.size:
            f0[heard], clarity[heard], spectrum[heard] = _analyse(frames[heard])
    voiced = _without_clicks(clarity > _CLARITY)
    f0[~voiced] = np.nan
    return Tracks(samples, f0, clarity, level, speech, voiced, spectrum)


def _level(frames: Array) -> Array:
    centred = frames - frames.mean(axis=1, keepdims=True)
    return np.asarray(10 * np.log10(np.einsum("ij,ij->i", centred, centred, dtype=np.float64) / _FRAME + 1e-12))


def _threshold(level: Array) -> float:
    """Under this a frame is a pause. Silence that is added anywhere does not move it: only loud frames count."""
    loud = level[level > level.max() - 40.0]
    return max(_QUIET_DB, float(np.percentile(loud, 90)) - _SPEECH_DB)


def _analyse(frames: Array) -> tuple[Array, Array, Array]:
    """f0 (Hz) and clarity (0..1) of each frame, and its power spectrum."""
    window = np.hanning(_FRAME).astype(np.float32)
    windowed = (frames - frames.mean(axis=1, keepdims=True)) * window
    power = np.abs(scipy.fft.rfft(windowed, 2 * _FRAME, axis=1)) ** 2
    lags = int(SAMPLE_RATE / _F0_MIN) + 3
    shape = np.fft.irfft(np.abs(np.fft.rfft(window, 2 * _FRAME)) ** 2)[:lags]
    auto = scipy.fft.irfft(power, axis=1)[:, :lags]
    normal = auto / (auto[:, :1] + 1e-20) / (shape / shape[0])
    candidates = _candidates(normal)
    f0, clarity = candidates.f0[:, 0], candidates.clarity[:, 0]
    sure = clarity > _CLARITY
    if sure.any():
        loudness = np.sqrt(auto[sure, 0])
        q25, q75 = quantiles(f0[sure], loudness / loudness.sum(), (0.25, 0.75))
        f0, clarity = _path(candidates, 0.75 * q25, 1.5 * q75)
    return f0, clarity, power.astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Candidates:
    """The best peaks of each frame, best first, shape (n, _PEAKS): f0 (Hz), clarity (0 where there was no peak)."""

    f0: Array
    clarity: Array


def _candidates(normal: Array) -> _Candidates:
    """Peaks of the autocorrelation, compared by their interpolated heights: a short period falls between two lags
    where a multiple of it may not."""
    low, high = int(SAMPLE_RATE / _F0_MAX), int(SAMPLE_RATE / _F0_MIN) + 1
    left, middle, right = normal[:, low - 1 : high], normal[:, low : high + 1], normal[:, low + 1 : high + 2]
    bend = 2 * middle - left - right
    peaks = (middle >= left) & (middle >= right) & (bend > 1e-9)
    bend = np.where(peaks, bend, 1.0)
    height = np.where(peaks, middle + (left - right) ** 2 / (8 * bend), 0.0)
    lags = np.arange(low, high + 1)
    score = height - _OCTAVE_COST * np.log2(lags / low)
    best = np.argpartition(-score, _PEAKS, axis=1)[:, :_PEAKS]
    rows = np.arange(len(normal))[:, None]
    best = best[rows, np.argsort(-score[rows, best], axis=1)]
    shift = 0.5 * (right - left)[rows, best] / bend[rows, best]
    return _Candidates(SAMPLE_RATE / (lags[best] + np.clip(shift, -0.5, 0.5)), np.clip(height[rows, best], 0, 1))


def _path(candidates: _Candidates, floor: float, ceiling: float) -> tuple[Array, Array]:
    """The candidates that are clear, lie in the range, and follow each other without jumps (Viterbi 1967).

    A jump costs _JUMP_COST an octave (Boersma 1993), less where one of the two frames is hardly voiced.
    """
    f0, clarity = candidates.f0, candidates.clarity
    inside = (f0 >= floor) & (f0 <= ceiling)
    gain = np.where(inside, clarity - _OCTAVE_COST * np.log2(_F0_MAX / f0), -1.0)
    octaves = np.log2(f0)
    best = clarity.max(axis=1)
    price = _JUMP_COST * np.concatenate(([0.0], np.minimum(best[1:], best[:-1])))
    came = np.zeros(f0.shape, np.intp)
    total = gain[0]
    for n in range(1, len(f0)):
        reached = total - price[n] * np.abs(octaves[n][:, None] - octaves[n - 1])
        came[n] = reached.argmax(axis=1)
        total = gain[n] + reached.max(axis=1)
    chosen = np.empty(len(f0), np.intp)
    chosen[-1] = total.argmax()
    for n in range(len(f0) - 1, 0, -1):
        chosen[n - 1] = came[n, chosen[n]]
    rows = np.arange(len(f0))
    return f0[rows, chosen], np.where(inside[rows, chosen], clarity[rows, chosen], 0.0)


def quantiles(values: Array, weight: Array, shares: tuple[float, ...]) -> tuple[float, ...]:
    """Weighted quantiles; weight sums to 1."""
    order = np.argsort(values)
    middle = np.cumsum(weight[order]) - weight[order] / 2
    return tuple(float(q) for q in np.interp(shares, middle, values[order]))


def _without_clicks(voiced: Mask) -> Mask:
    kept = voiced.copy()
    for start, end in runs(voiced):
        if end - start < _SHORTEST_RUN:
            kept[start:end] = False
    return kept


def runs(mask: Mask) -> list[tuple[int, int]]:
    """[start, end) of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def band(tracks: Tracks, rows: Mask, low: float, high: float) -> Array:
    """Mean power spectrum of some frames between low and high (Hz)."""
    return np.asarray(tracks.spectrum[rows][:, (low <= _HZ) & (high > _HZ)].mean(axis=0, dtype=np.float64)) + 1e-20
