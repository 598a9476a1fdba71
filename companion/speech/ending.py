"""Samples before a silence -> how they ended."""

from __future__ import annotations

import numpy as np
from scipy.signal import find_peaks

from affect.tracks import HOP_S, SHORTEST_S, Array, Tracks, runs, track
from companion.speech.endpointing import Ending

_LAST = int(0.15 / HOP_S)  # frames of voice at the end
_NUCLEUS_DB, _NUCLEUS_GAP = 2.0, int(0.1 / HOP_S)  # a syllable stands out by so much, and is so far from the next
_LEAST_RANGE_ST = 2.0
_HELD_S, _STEADY_ST = 0.3, 1.0  # a vowel is not sung so long, and never so evenly, but by who thinks
_DEEPEST_ST = 1.5  # what swings further is a melody, or two tones
_TREMBLING_S, _TREMOR_HZ, _PERIODIC = 0.5, (4.0, 12.0), 0.75


def read_ending(samples: Array) -> Ending:
    """What the end of a stretch of speech sounds like. samples: float, 16 kHz, LOOK_BACK_S up to the silence."""
    if samples.size < SHORTEST_S * 16_000 or not np.isfinite(samples).all():
        return Ending()
    tracks = track(samples)
    voiced, speech = np.flatnonzero(tracks.voiced), np.flatnonzero(tracks.speech)
    if voiced.size < _LAST:
        return Ending(breath=_breath(tracks))
    st = 12 * np.log2(tracks.f0_hz / 55.0)
    low, median, high = np.percentile(st[voiced], (10, 50, 90))
    level = np.convolve(tracks.level_db, np.hanning(9) / np.hanning(9).sum(), "same")
    peaks, _ = find_peaks(level, prominence=_NUCLEUS_DB, distance=_NUCLEUS_GAP)
    peaks = peaks[tracks.voiced[peaks]]
    nuclei = peaks if peaks.size else voiced[[int(np.argmax(level[voiced]))]]
    return Ending(
        low=float(np.median(st[voiced[-_LAST:]]) - median) / max(float(high - low), _LEAST_RANGE_ST),
        nucleus_db=float(level[nuclei[-1]] - np.median(level[nuclei])),
        tail_s=float(speech[-1] - nuclei[-1]) * HOP_S,
        unvoiced_s=float(speech[-1] - voiced[-1]) * HOP_S,
        held=_held(st, tracks),
        tremor_st=_tremor(st, tracks),
        breath=_breath(tracks),
    )


def _held(st: Array, tracks: Tracks) -> float:
    """How evenly the last voice is held, 0..1; 0 where it is shorter than _HELD_S."""
    start, end = runs(tracks.voiced)[-1]
    if (end - start) * HOP_S < _HELD_S:
        return 0.0
    last = st[end - int(_HELD_S / HOP_S) + 2 : end - 2]
    return float(np.clip(1 - last.std() / _STEADY_ST, 0, 1))


def _breath(tracks: Tracks) -> float:
    speech = int(tracks.speech.sum())
    return float((tracks.speech & ~tracks.voiced).sum() / speech) if speech else 0.0


def _tremor(st: Array, tracks: Tracks) -> float:
    """Depth (semitones, RMS) of a regular 4-12 Hz tremor of pitch in the longest voiced run; 0 where there is none."""
    start, end = max(runs(tracks.voiced), key=lambda run: run[1] - run[0])
    if (end - start) * HOP_S < _TREMBLING_S:
        return 0.0
    at = np.arange(end - start)
    run = st[start:end] - np.polyval(np.polyfit(at, st[start:end], 2), at)
    power = np.abs(np.fft.rfft(run * np.hanning(run.size), 256)) ** 2
    hz = np.fft.rfftfreq(256, HOP_S)
    inside = np.flatnonzero((hz >= _TREMOR_HZ[0]) & (hz <= _TREMOR_HZ[1]))
    peak = hz[inside[int(np.argmax(power[inside]))]]
    near = np.abs(hz - peak) <= 1 / (run.size * HOP_S) + 1.0
    depth = float(run.std())
    return depth if depth <= _DEEPEST_ST and power[near].sum() > _PERIODIC * power.sum() else 0.0
