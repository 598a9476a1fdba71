"""Samples -> Prosody, with numpy alone: frame-wise FFT autocorrelation for pitch, band energies for timbre.

Pitch is the strongest peak of the autocorrelation divided by that of the window (Boersma 1993).
Alpha ratio and Hammarberg index follow the definitions in eGeMAPS (Eyben et al. 2016).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from affect.types import Prosody

SAMPLE_RATE = 16_000
_FRAME = 640  # 40 ms: three periods of the lowest pitch
_HOP = 160  # 10 ms
_F0_MIN, _F0_MAX = 75.0, 500.0  # Hz, adult and child speech
_VOICED_CLARITY = 0.5
_SILENCE_DB = -70.0  # dB re full scale: under this nothing is speech
_PAUSE_DB = 25.0
_MIN_VOICED_FRAMES = 20  # 0.2 s

_Array = NDArray[np.floating]


def analyse(samples: _Array) -> Prosody:
    """Measure the prosody of one utterance.

    samples: float, shape (n,), 16 kHz, mono, full scale +-1.
    Raises ValueError when the array is not one-dimensional, holds NaN or infinity, or is under 40 ms.
    """
    if samples.ndim != 1:
        raise ValueError(f"samples must be mono, shape (n,), not {samples.shape}: mix the channels first")
    if samples.size < _FRAME:
        raise ValueError(f"{samples.size} samples are too short: send at least {_FRAME} (40 ms at 16 kHz)")
    if not np.isfinite(samples).all():
        raise ValueError("samples hold NaN or infinity: check the decoder")
    duration = samples.size / SAMPLE_RATE
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), _FRAME)[::_HOP]
    frames = frames - frames.mean(axis=1, keepdims=True)
    level = 10 * np.log10((frames**2).mean(axis=1) + 1e-12)
    threshold = max(_SILENCE_DB, float(np.percentile(level, 95)) - _PAUSE_DB)
    speech = level > threshold
    pause_share = float(1 - speech.mean())
    if not speech.any():
        return Prosody(duration, 0.0, 1.0, None, None, None, None, None, None, None)

    window = np.hanning(_FRAME)
    windowed = frames[speech] * window
    normal = _autocorrelation(windowed, window)
    f0, clarity = _pitch(normal, _F0_MIN, _F0_MAX)
    voiced = clarity > _VOICED_CLARITY
    if voiced.any():  # second pass in this voice's own range, against octave errors
        q25, q75 = np.percentile(f0[voiced], [25, 75])
        f0, clarity = _pitch(normal, max(_F0_MIN, 0.75 * q25), min(_F0_MAX, 1.5 * q75))
        voiced = clarity > _VOICED_CLARITY
    power = (np.abs(np.fft.rfft(windowed, axis=1)) ** 2).mean(axis=0) + 1e-20
    hz = np.fft.rfftfreq(_FRAME, 1 / SAMPLE_RATE)
    mean = p5 = p95 = sd = None
    if voiced.sum() >= _MIN_VOICED_FRAMES:
        st = 12 * np.log2(f0[voiced] / 27.5)
        mean, sd = float(st.mean()), float(st.std())
        p5, p95 = (float(q) for q in np.percentile(st, [5, 95]))
    return Prosody(
        duration_s=duration,
        voiced_share=float(voiced.mean()),
        pause_share=pause_share,
        f0_mean_st=mean,
        f0_p5_st=p5,
        f0_p95_st=p95,
        f0_sd_st=sd,
        level_db=float(10 * np.log10((frames[speech] ** 2).mean())),
        alpha_ratio_db=_ratio_db(_sum(power, hz, 50, 1000), _sum(power, hz, 1000, 5000)),
        hammarberg_db=_ratio_db(power[hz < 2000].max(), power[(hz >= 2000) & (hz < 5000)].max()),
    )


def _autocorrelation(windowed: _Array, window: _Array) -> _Array:
    """Autocorrelation of each windowed frame over that of the window, up to the longest period."""
    size, lags = 2 * _FRAME, int(SAMPLE_RATE / _F0_MIN) + 3
    auto = np.fft.irfft(np.abs(np.fft.rfft(windowed, size, axis=1)) ** 2, axis=1)
    shape = np.fft.irfft(np.abs(np.fft.rfft(window, size)) ** 2)
    return np.asarray((auto[:, :lags] / (auto[:, :1] + 1e-12)) / (shape[:lags] / shape[0]))


def _pitch(normal: _Array, floor: float, ceiling: float) -> tuple[_Array, _Array]:
    """f0 between floor and ceiling (Hz) and clarity (0..1) of each frame, by interpolated peaks."""
    lo, hi = int(SAMPLE_RATE / ceiling), int(SAMPLE_RATE / floor) + 1
    # A period twice as long fits as well: prefer the shorter unless the longer is clearly better.
    lags = np.arange(lo, hi + 1)
    score = normal[:, lo : hi + 1] - 0.02 * np.log2(lags / lo)
    peak = score.argmax(axis=1) + lo
    rows = np.arange(len(normal))
    left, mid, right = normal[rows, peak - 1], normal[rows, peak], normal[rows, peak + 1]
    curve = left - 2 * mid + right
    shift = np.where(np.abs(curve) > 1e-9, 0.5 * (left - right) / np.where(curve == 0, 1, curve), 0.0)
    return SAMPLE_RATE / (peak + np.clip(shift, -0.5, 0.5)), np.clip(mid, 0, 1)


def _ratio_db(above: float, below: float) -> float:
    return float(10 * np.log10(above / below))


def _sum(power: _Array, hz: _Array, low: float, high: float) -> float:
    return float(power[(hz >= low) & (hz < high)].sum())
