"""What one window of audio sounds like: how loud, how voiced, how bright. Cheap enough for every window with speech."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
_FFT = 1024
_LAGS = slice(SAMPLE_RATE // 500, SAMPLE_RATE // 75 + 1)  # periods of 75..500 Hz
_HZ = np.fft.rfftfreq(_FFT, 1 / SAMPLE_RATE)
_LOW, _HIGH = (_HZ >= 80) & (_HZ < 1000), (_HZ >= 1000) & (_HZ < 4000)


@dataclass(frozen=True, slots=True)
class Sound:
    """level_db: RMS re full scale. clarity: of the pitch, 0..1; voice is above .5. bright_db: power in 1-4 kHz over
    that in 80-1000 Hz; a hum (m, n, 嗯) is far below an open vowel."""

    level_db: float
    clarity: float
    bright_db: float


def sounds(windows: NDArray[np.float32]) -> list[Sound]:
    """One for each row of windows: float32, shape (b, n), 16 kHz, n of 30 to 40 ms.

    Pitch is the peak of the autocorrelation divided by that of the window function (Boersma 1993).
    """
    shape, normal = _window(windows.shape[1])
    centred = windows - windows.mean(axis=1, keepdims=True)
    level = 10 * np.log10((centred**2).mean(axis=1, dtype=np.float64) + 1e-12)
    power = np.abs(np.fft.rfft(centred * shape, _FFT, axis=1)) ** 2
    auto = np.fft.irfft(power, axis=1)[:, : _LAGS.stop]
    clarity = (auto / (auto[:, :1] + 1e-20) / normal)[:, _LAGS].max(axis=1)
    bright = 10 * np.log10((power[:, _HIGH].sum(axis=1) + 1e-20) / (power[:, _LOW].sum(axis=1) + 1e-20))
    return [
        Sound(float(db), float(min(max(r, 0.0), 1.0)), float(b))
        for db, r, b in zip(level, clarity, bright, strict=True)
    ]


def _window(size: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    if size not in _WINDOWS:
        shape = np.hanning(size)
        own = np.fft.irfft(np.abs(np.fft.rfft(shape, 2 * _FFT)) ** 2)[: _LAGS.stop]
        _WINDOWS[size] = (shape.astype(np.float32), (own / own[0]).astype(np.float32))
    return _WINDOWS[size]


_WINDOWS: dict[int, tuple[NDArray[np.float32], NDArray[np.float32]]] = {}
