"""Sounds that people make over a reply, synthesised: what a recording of them would have that matters here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

RATE = 16_000
Samples = NDArray[np.float32]


def level(samples: Samples, db: float) -> Samples:
    """The same at an RMS level of its loud part, dB re full scale."""
    loud = samples[np.abs(samples) > 0.1 * np.abs(samples).max()]
    return (samples * 10 ** (db / 20) / np.sqrt((loud**2).mean())).astype(np.float32)


def resonant(source: Samples, *formants: tuple[float, float]) -> Samples:
    """Through resonances of (Hz, bandwidth in Hz)."""
    for hz, wide in formants:
        r = np.exp(-np.pi * wide / RATE)
        source = lfilter([1 - r], [1, -2 * r * np.cos(2 * np.pi * hz / RATE), r * r], source)
    return source.astype(np.float32)


def glottis(seconds: float, f0: float, fall: float = 0.95, seed: int = 1) -> Samples:
    """Pulses, falling to f0 * fall, with a trace of breath."""
    n = int(seconds * RATE)
    phase = np.cumsum(np.linspace(f0, f0 * fall, n) / RATE)
    pulses = np.diff(np.floor(phase), prepend=0.0)
    tilted = lfilter([1], [1, -0.9], pulses)
    return (tilted + 0.01 * np.random.default_rng(seed).normal(size=n)).astype(np.float32)


def faded(samples: Samples, rise_s: float, fall_s: float) -> Samples:
    """With a soft beginning and end."""
    shape = np.ones(samples.size, np.float32)
    rise, fall = int(rise_s * RATE), int(fall_s * RATE)
    shape[:rise] = np.sin(np.linspace(0, np.pi / 2, rise)) ** 2
    shape[-fall:] *= np.cos(np.linspace(0, np.pi / 2, fall)) ** 2
    return samples * shape


def hum(seconds: float, f0: float = 140.0) -> Samples:
    """嗯, mm: a nasal murmur; what the nose lets through above 1 kHz is some 25 dB below its resonance at 250 Hz."""
    source = glottis(seconds, f0)
    murmur, rest = resonant(source, (250, 60), (300, 120)), resonant(source, (1100, 250), (2200, 350))
    return faded(level(murmur, -20.0) + level(rest, -41.0), 0.05, 0.1)


def sigh(seconds: float = 1.2, seed: int = 2) -> Samples:
    """Breath through an open mouth: noise with formants, swelling and dying away."""
    noise = np.random.default_rng(seed).normal(size=int(seconds * RATE)).astype(np.float32)
    return faded(resonant(noise, (600, 200), (1400, 300), (2600, 400)), seconds / 4, seconds / 2)


def sob(bursts: int = 8, period_s: float = 0.28, voiced_s: float = 0.13) -> Samples:
    """Short bursts of voice with breath between them, four in a second."""
    out = []
    for n in range(bursts):
        voice = faded(resonant(glottis(voiced_s, 260, 0.85, n), (700, 120), (1300, 150)), 0.02, 0.05)
        breath = faded(sigh(period_s - voiced_s, n), 0.03, 0.05)
        out += [level(voice, -20.0), level(breath, -45.0)]
    return np.concatenate(out).astype(np.float32)


def quiet(seconds: float, db: float = -65.0, seed: int = 3) -> Samples:
    """Room tone."""
    return (np.random.default_rng(seed).normal(size=int(seconds * RATE)) * 10 ** (db / 20)).astype(np.float32)
