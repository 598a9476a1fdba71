"""Samples before a silence -> how they ended."""

from __future__ import annotations

import numpy as np

from affect.tracks import HOP_S, SHORTEST_S, Array, Tracks, runs, track
from companion.speech.endpointing import Ending

_LAST = int(0.2 / HOP_S)


def read_ending(samples: Array) -> Ending:
    """What the end of a stretch of speech sounds like. samples: float, 16 kHz, LOOK_BACK_S up to the silence."""
    if samples.size < SHORTEST_S * 16_000 or not np.isfinite(samples).all():
        return Ending()
    tracks = track(samples)
    if tracks.voiced.sum() < 2 * _LAST // 2:
        return Ending(noise=_noise(tracks))
    st = 12 * np.log2(tracks.f0_hz / 55.0)
    at = np.flatnonzero(tracks.voiced)
    last = at[at > at[-1] - _LAST]
    tail = at[at > at[-1] - int(0.3 / HOP_S)]
    loud = float(np.percentile(tracks.level_db[at], 80))
    start, end = runs(tracks.voiced)[-1]
    speech = np.flatnonzero(tracks.speech)
    return Ending(
        low_st=float(np.median(st[last]) - np.median(st[at])),
        slope_st_s=float(np.polyfit(tail * HOP_S, st[tail], 1)[0]) if tail.size >= 8 else None,
        soft_db=float(tracks.level_db[speech[-12:]].mean()) - loud,
        fade_db=float(np.polyfit(last * HOP_S, tracks.level_db[last], 1)[0]) if last.size >= 8 else None,
        run_s=(end - start) * HOP_S,
        even_st=float(st[start:end].std()) if end - start >= 20 else None,
        tremor_st=_tremor(st, tracks),
        noise=_noise(tracks),
    )


def _noise(tracks: Tracks) -> float:
    speech = int(tracks.speech.sum())
    return float((tracks.speech & ~tracks.voiced).sum() / speech) if speech else 0.0


def _tremor(st: Array, tracks: Tracks) -> float | None:
    """Depth (semitones, RMS) of the 4-12 Hz part of pitch in the longest voiced run, None under 0.4 s."""
    start, end = max(runs(tracks.voiced), key=lambda run: run[1] - run[0])
    if (end - start) * HOP_S < 0.4:
        return None
    x = np.arange(end - start)
    run = st[start:end] - np.polyval(np.polyfit(x, st[start:end], 3), x)
    power = np.abs(np.fft.rfft(run * np.hanning(run.size))) ** 2
    hz = np.fft.rfftfreq(run.size, HOP_S)
    share = power[(hz >= 4) & (hz <= 12)].sum() / max(power.sum(), 1e-12)
    return float(run.std() * share)
