"""Long audio in pieces that a recogniser takes, cut where it is quiet, and their transcripts in one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from companion.speech.recognizer import Samples, Transcript

SAMPLE_RATE = 16_000
_LONGEST_S = 29.0  # Whisper has positions for 30 s, and one second is margin; SenseVoice is trained up to 30 s
_FRAME_S = 0.1
_UNSPACED = ("zh", "yue", "ja")


def pieces(samples: Samples, longest_s: float = _LONGEST_S) -> list[Samples]:
    """Cut 16 kHz samples in the quietest 0.1 s of the last third of each `longest_s`; nothing is lost or repeated."""
    longest, hop = int(longest_s * SAMPLE_RATE), int(_FRAME_S * SAMPLE_RATE)
    cut: list[Samples] = []
    while samples.size > longest:
        tail = samples[longest * 2 // 3 : longest]
        frames = tail[: tail.size // hop * hop].reshape(-1, hop)
        at = longest * 2 // 3 + int((frames**2).mean(axis=1).argmin()) * hop + hop // 2
        cut.append(samples[:at])
        samples = samples[at:]
    return [*cut, samples]


def joined(heard: Sequence[Transcript], language: str | None) -> Transcript:
    """One transcript of many; confidence is the mean over the pieces that have words and tell one."""
    spoken = [t for t in heard if t.text]
    told = [t.confidence for t in spoken if t.confidence is not None]
    text, after_unspaced = "", True
    for t in spoken:
        unspaced = (t.language or language) in _UNSPACED
        text += t.text if not text or (unspaced and after_unspaced) else f" {t.text}"
        after_unspaced = unspaced
    return Transcript(text, language, float(np.mean(told)) if told else None)
