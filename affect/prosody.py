"""Tracks -> Prosody: what one utterance, or one stretch of it, sounds like.

Everything is measured between the first and the last sound, so that silence before or after changes nothing, and
relative to the loud frames, so that the microphone's gain changes no measure but the level.
Alpha ratio and Hammarberg index follow the definitions in eGeMAPS (Eyben et al. 2016).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from affect.tracks import HOP_S, SAMPLE_RATE, Array, Tracks, band, quantiles, runs, track
from affect.types import Prosody
from affect.voice_quality import formant_spacing_hz, hnr_db, perturbation

_MIN_VOICED_S = 0.2
_MIN_PAUSE_S = 0.2
_END_S, _END_FRAMES = 0.3, 12
_NUCLEUS_DB, _NUCLEUS_GAP_S = (
    2.0,
    0.08,
)  # a syllable's rise, and least distance (de Jong & Wempe 2009)
_NOISY_DB = 6.0  # speech no more than this above the floor is not measured
_NARROW_DB = -45.0  # 4.2-7 kHz under 0.3-3 kHz by more than this: a telephone's band
_CLIPPED_SHARE = 0.02
_DIGITAL_DB = -95.0

_PITCH = ("f0_median_st", "f0_mean_st", "f0_p5_st", "f0_p95_st", "f0_range_st", "f0_sd_st", "f0_end_slope_st_s")
_QUALITY = ("hnr_db", "jitter", "shimmer", "formant_spacing_hz")
_TIMBRE = ("alpha_ratio_db", "hammarberg_db")
_LEVELS = ("level_db", "level_range_db")


def analyse(samples: Array) -> Prosody:
    """Measure the prosody of one utterance.

    samples: float, shape (n,), 16 kHz, mono, full scale +-1.
    Raises ValueError when the array is not one-dimensional, holds NaN or infinity, or is under 40 ms.
    """
    return measure(track(samples))


def measure(tracks: Tracks) -> Prosody:
    """The prosody of tracks, or of a slice of them."""
    duration = tracks.samples.size / SAMPLE_RATE
    sounding = np.flatnonzero(tracks.speech)
    if sounding.size == 0:
        silent = dict.fromkeys((*_PITCH, *_QUALITY, *_TIMBRE, *_LEVELS, "rate_hz", "snr_db", "pause_mean_s"), "silent")
        return Prosody(duration, invalid=silent)
    snr = _snr_db(tracks)
    spoken = tracks.part(int(sounding[0]), int(sounding[-1]) + 1)
    gaps = [end - start for start, end in runs(~spoken.speech) if (end - start) * HOP_S >= _MIN_PAUSE_S]
    speech_s = spoken.speech.size * HOP_S
    found = Prosody(
        duration_s=duration,
        speech_s=speech_s,
        voiced_share=float(spoken.voiced.sum() / spoken.speech.sum()),
        pauses=len(gaps),
        pause_share=float(sum(gaps) / spoken.speech.size),
        pause_mean_s=float(np.mean(gaps)) * HOP_S if gaps else None,
        snr_db=snr,
    )
    why = {} if gaps else {"pause_mean_s": "no pause"}
    if snr is not None and snr < _NOISY_DB:
        noisy = (*_PITCH, *_QUALITY, *_TIMBRE, *_LEVELS, "rate_hz")
        return replace(found, invalid=why | dict.fromkeys(noisy, "too noisy"))
    voiced_s = spoken.voiced.sum() * HOP_S
    if voiced_s < _MIN_VOICED_S:
        reason = "too short" if speech_s < 2 * _MIN_VOICED_S else "unvoiced"
        return replace(found, invalid=why | dict.fromkeys((*_PITCH, *_QUALITY, *_TIMBRE, *_LEVELS, "rate_hz"), reason))
    values = _pitch(spoken) | _timbre(spoken) | _loudness(spoken) | _quality(spoken)
    values["rate_hz"] = _rate_hz(spoken)
    if _clipped(spoken.samples):
        values |= dict.fromkeys((*_TIMBRE, *_LEVELS, "shimmer"))
        why |= dict.fromkeys((*_TIMBRE, *_LEVELS, "shimmer"), "clipped")
    elif _narrow(spoken):
        values |= dict.fromkeys((*_TIMBRE, "formant_spacing_hz"))
        why |= dict.fromkeys((*_TIMBRE, "formant_spacing_hz"), "narrow band")
    why |= {name: "too short" for name, value in values.items() if value is None and name not in why}
    return replace(found, **values, invalid=why)  # type: ignore[arg-type]


def _pitch(tracks: Tracks) -> dict[str, float | None]:
    """Frames count by their amplitude: weak ones at the edges of voice are where trackers err."""
    st = 12 * np.log2(tracks.f0_hz[tracks.voiced] / 27.5)
    weight = 10 ** (tracks.level_db[tracks.voiced] / 20)
    weight /= weight.sum()
    p5, median, p95 = quantiles(st, weight, (0.05, 0.5, 0.95))
    mean = float(st @ weight)
    last = np.flatnonzero(tracks.voiced)
    last = last[last > last[-1] - _END_S / HOP_S]
    slope = None
    if last.size >= _END_FRAMES:
        ends = 12 * np.log2(tracks.f0_hz[last] / 27.5)
        slope = float(np.polyfit(last * HOP_S, ends, 1)[0])
    return {
        "f0_median_st": median,
        "f0_mean_st": mean,
        "f0_p5_st": p5,
        "f0_p95_st": p95,
        "f0_range_st": p95 - p5,
        "f0_sd_st": float(np.sqrt((st - mean) ** 2 @ weight)),
        "f0_end_slope_st_s": slope,
    }


def _loudness(tracks: Tracks) -> dict[str, float | None]:
    voiced = tracks.level_db[tracks.voiced]
    power = 10 ** (tracks.level_db[tracks.speech] / 10)
    low, high = np.percentile(voiced, [5, 95])
    return {"level_db": float(10 * np.log10(power.mean())), "level_range_db": float(high - low)}


def _timbre(tracks: Tracks) -> dict[str, float | None]:
    rows = tracks.voiced
    low, high = band(tracks, rows, 50, 1000).sum(), band(tracks, rows, 1000, 5000).sum()
    under, over = band(tracks, rows, 0, 2000).max(), band(tracks, rows, 2000, 5000).max()
    return {"alpha_ratio_db": float(10 * np.log10(low / high)), "hammarberg_db": float(10 * np.log10(under / over))}


def _quality(tracks: Tracks) -> dict[str, float | None]:
    jitter, shimmer = perturbation(tracks) or (None, None)
    return {
        "hnr_db": hnr_db(tracks),
        "jitter": jitter,
        "shimmer": shimmer,
        "formant_spacing_hz": formant_spacing_hz(tracks),
    }


def _rate_hz(tracks: Tracks) -> float | None:
    """Peaks of the smoothed level over voice, that stand _NUCLEUS_DB above the valleys, a second of speech."""
    from scipy.signal import find_peaks

    speaking_s = float(tracks.speech.sum()) * HOP_S
    if speaking_s < 2 * _MIN_VOICED_S:
        return None
    smooth = np.convolve(tracks.level_db, np.hanning(7) / np.hanning(7).sum(), "same")
    peaks, _ = find_peaks(smooth, prominence=_NUCLEUS_DB, distance=int(_NUCLEUS_GAP_S / HOP_S))
    return float(tracks.voiced[peaks].sum() / speaking_s)


def _snr_db(tracks: Tracks) -> float | None:
    """How clean a recording is, dB: loud frames above the floor, or harmonics above noise where that is more.

    The second is for voice without a pause in it, which has no floor to be seen. None under 0.2 s.
    """
    real = tracks.level_db[tracks.level_db > _DIGITAL_DB]
    if real.size < 20:
        return None
    loud, floor = (10 ** (float(np.percentile(real, share)) / 10) for share in (80, 5))
    r = min(max(float(np.median(tracks.clarity[tracks.speech])), 1e-3), 1 - 1e-6)
    return max(float(10 * np.log10(max(loud - floor, 1e-12) / floor)), float(10 * np.log10(r / (1 - r))))


def _clipped(samples: Array) -> bool:
    """Whether much of the wave lies flat against its own extremes."""
    top = float(np.abs(samples).max())
    flat = np.abs(samples) > 0.985 * top
    return bool(top > 0.05 and (flat[1:] & flat[:-1]).mean() > _CLIPPED_SHARE)


def _narrow(tracks: Tracks) -> bool:
    high, low = (band(tracks, tracks.speech, *edges).mean() for edges in ((4200, 7000), (300, 3000)))
    return bool(10 * np.log10(high / low) < _NARROW_DB)
