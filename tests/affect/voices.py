"""Voices for tests: synthetic ones with known pitch, and human recordings delivered otherwise."""

from pathlib import Path

import numpy as np
import soxr
from scipy.signal import lfilter

from companion.audio.decode import decode_file

AUDIO = Path(__file__).parents[1] / "audio"
HUMAN = ("aishell-BAC009S0724W0121.wav", "funasr-asr_example.wav", "librispeech-1995-1837-0001.wav")
RATE = 16_000


def human(name: str) -> np.ndarray:
    return decode_file(AUDIO / name)


def vowel(hz: float | np.ndarray, seconds: float = 1.5, level: float = 0.1) -> np.ndarray:
    """Ten harmonics falling 6 dB an octave; hz: a constant, or one value a sample."""
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(hz, int(seconds * RATE))) / RATE
    return (level * sum(np.sin(k * phase) / k for k in range(1, 11))).astype(np.float32)


def faster(samples: np.ndarray, semitones: float) -> np.ndarray:
    """Everything higher by so many semitones, as a tape that runs faster: the pitch shift is exact."""
    return soxr.resample(samples, RATE, RATE / 2 ** (semitones / 12)).astype(np.float32)


def delivered(samples: np.ndarray, *, db: float, tilt_db: float) -> np.ndarray:
    """The same words louder and brighter (tilt_db: gain at 8 kHz over that at 0 Hz), from a soft copy: none clips."""
    spectrum = np.fft.rfft(samples)
    spectrum *= 10 ** (np.linspace(0, tilt_db, spectrum.size) / 20)
    return np.clip(np.fft.irfft(spectrum, samples.size) * 0.2 * 10 ** (db / 20), -1, 1).astype(np.float32)


def phrase(st: float, melody_st: float = 2.0, level: float = 0.05, tract_cm: float = 16.0) -> np.ndarray:
    """Three seconds of vowels with fixed resonances, around `st` semitones above 27.5 Hz, with syllables."""
    t = np.arange(3 * RATE) / RATE
    hz = 27.5 * 2 ** ((st + melody_st * np.sin(2 * np.pi * 0.7 * t)) / 12)
    source = np.diff(np.floor(np.cumsum(hz) / RATE), prepend=0.0)
    for n in range(1, 5):
        f = 35_000 / (4 * tract_cm) * (2 * n - 1)
        r = np.exp(-np.pi * 90 / RATE)
        source = lfilter([1 - r], [1, -2 * r * np.cos(2 * np.pi * f / RATE), r * r], source)
    wave = source * (0.55 - 0.45 * np.cos(2 * np.pi * 4 * t))
    wave *= level / np.sqrt((wave**2).mean())
    return (wave + 1e-4 * np.random.default_rng(2).normal(size=t.size)).astype(np.float32)
