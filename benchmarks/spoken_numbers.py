"""Utterances that say which one they are: a number in tones, and a recogniser that hears only those.

What was said is known to the speaker, so whether it came through, once and whole, can be counted. A number is eight
tones of 40 ms after a tone that begins it: six hexadecimal digits and two of their check sum.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from companion.speech.recognizer import Transcript

Samples = NDArray[np.float32]
RATE = 16_000
MOST = 1 << 24
_TONE = RATE * 40 // 1000
_DIGITS, _CHECK = 6, 2
_BEGIN = 16  # index of the tone that begins a number
_HZ = 500.0 + 200.0 * np.arange(17)  # 40 ms resolve 25 Hz
_LOUD = 0.05


def say(number: int) -> Samples:
    """The utterance, 0.36 s of tones: float32, 16 kHz, shape (5760,). number: 0 to 2^24 - 1."""
    return np.concatenate([_tone(index) for index in (_BEGIN, *_digits(number))])


def hear(samples: Samples) -> list[int]:
    """The numbers that are said in it, whole ones only, in order. samples: float32, 16 kHz, (n,)."""
    numbers, at, size = [], 0, _TONE * (1 + _DIGITS + _CHECK)
    while (loud := np.flatnonzero(np.abs(samples[at:]) > _LOUD)).size:
        at += int(loud[0])
        heard = [_loudest(samples[at + n * _TONE : at + (n + 1) * _TONE]) for n in range(1 + _DIGITS + _CHECK)]
        number = int("".join(f"{max(0, digit) & 15:x}" for digit in heard[1 : 1 + _DIGITS]), 16)
        if heard == [_BEGIN, *_digits(number)]:
            numbers.append(number)
            at += size
        else:
            at += _TONE
    return numbers


def _digits(number: int) -> list[int]:
    check = zlib.crc32(number.to_bytes(3, "big")) & 0xFF
    return [int(digit, 16) for digit in f"{number:06x}{check:02x}"]


def _tone(index: int) -> Samples:
    wave = 0.3 * np.cos(2 * np.pi * _HZ[index] / RATE * np.arange(_TONE))
    return wave.astype(np.float32)


def _loudest(samples: Samples) -> int:
    """Index of the tone, -1 for none or a piece of one."""
    if samples.size < _TONE or float(np.abs(samples).max()) < _LOUD:
        return -1
    wave = np.exp(-2j * np.pi * _HZ[:, None] / RATE * np.arange(_TONE))
    return int(np.abs(wave @ samples).argmax())


class NumberRecognizer:
    """Hears the numbers of an utterance after `delay_s`: "第12句话。" and so on; "" where none is whole."""

    name = "numbers"

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s

    async def recognize(
        self, samples: Samples, language: str | None = None, hotwords: Sequence[str] = ()
    ) -> Transcript:
        """As the protocol says."""
        await asyncio.sleep(self._delay_s)
        return Transcript("".join(f"第{number}句话。" for number in hear(samples)), "zh", 1.0)

    async def close(self) -> None:
        """Nothing to close."""
