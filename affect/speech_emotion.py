"""Samples -> emotion scores of a voice, behind one protocol; and what a score must pass before it is believed.

A classifier's own labels are brought to labels.EMOTIONS, its posterior is tempered, and where it is flat, or the audio
too short or too noisy, its mass goes to "unknown", which is a result and not neutral. Pure, but for read_calibration.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from affect.labels import EMOTIONS, PRIOR, UNKNOWN, category, circumplex, with_unknown
from affect.types import EmotionScores, Prosody, VoiceAffect

Samples = NDArray[np.float32]
SAMPLE_RATE = 16_000
SHORTEST_S = 0.04  # as affect.voice; the convolutions of wav2vec2 and emotion2vec want 25 ms
_LONGEST_S = 20.0  # attention costs its square, and a turn's emotion changes over longer stretches
_NEGATIVE = ("angry", "sad", "fearful", "disgusted")
_GROUPS = {name: _NEGATIVE for name in ("negative", "neg", "消极", "负面")}
_VOICED_S = 1.0  # under this much voice the reading loses weight; so our references put it
_CLEAR_DB, _DEAF_DB = 10.0, 0.0  # SNR at which all, and at which nothing is believed; authored
_MOST = 3  # a conformal set of more labels is no answer; so our references put it


class SpeechEmotionClassifier(Protocol):
    """One classifier, shared by all sessions. Not for the event loop: it computes, so callers use a thread."""

    name: str

    def classify(self, samples: Samples) -> EmotionScores:
        """Scores of one utterance: float32, shape (n,), 16 kHz, full scale +-1; tempered, source = name.

        Raises ValueError under 40 ms, for NaN and for stereo.
        """
        ...


class FakeSpeechEmotion:
    """For tests: checks the samples as a real one does and answers with the scores given."""

    name = "fake"

    def __init__(self, categories: Mapping[str, float] = UNKNOWN, events: tuple[str, ...] = ()) -> None:
        self._scores = EmotionScores(dict(categories), events, self.name)
        self.calls = 0

    def classify(self, samples: Samples) -> EmotionScores:
        """See SpeechEmotionClassifier.classify."""
        checked(samples)
        self.calls += 1
        return self._scores


class EmotionTap(Protocol):
    """Listens in on a model's recognition pass: `with tap: recognise(...)`, then `tap.scores`.

    scores: of what ran since the last `with` began, None when nothing did. One pass at a time, in one thread.
    """

    @property
    def scores(self) -> EmotionScores | None: ...

    def __enter__(self) -> object: ...

    def __exit__(self, *why: object) -> None: ...


class EmotionModelError(Exception):
    """A classifier's model cannot be loaded; the message says which, and what to do."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """temperature: above 0, divides the logits; above 1 makes a model less sure of itself.

    threshold: 0..1, a label is in the prediction set when its share is at least this (1 - the conformal quantile of
    1 - p(true)); 0 never decides, 1 always; 0.1 stands for a model that nobody calibrated. n: recordings behind both.
    """

    temperature: float = 1.0
    threshold: float = 0.1
    n: int = 0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.temperature) and self.temperature > 0):
            raise ValueError(f"the temperature is {self.temperature}: it must be above 0")
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"the threshold is {self.threshold}: it must lie in 0..1")


def read_calibration(model: Path) -> Calibration:
    """calibration.json in a model's directory, or NAME.calibration.json beside a file; the default where there is none.

    Raises EmotionModelError when the file is not {"temperature": ..., "threshold": ..., "n": ...}, all optional.
    """
    path = model / "calibration.json" if model.is_dir() else model.with_suffix(".calibration.json")
    if not path.is_file():
        return Calibration()
    try:
        stored = json.loads(path.read_text("utf-8"))
        wrong = set(stored) - {"temperature", "threshold", "n"}
        if wrong:
            raise ValueError(f"unknown keys {', '.join(sorted(wrong))}")
        default = Calibration()
        return Calibration(
            float(stored.get("temperature", default.temperature)),
            float(stored.get("threshold", default.threshold)),
            int(stored.get("n", default.n)),
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise EmotionModelError(
            f"{path} is no calibration ({error}): give temperature and threshold as numbers"
        ) from None


def checked(samples: NDArray[np.floating]) -> Samples:
    """The samples as float32 of shape (n,). Raises ValueError as SpeechEmotionClassifier.classify."""
    if samples.ndim != 1:
        raise ValueError(f"samples of shape {samples.shape}: give one channel, shape (n,)")
    if samples.size < SHORTEST_S * SAMPLE_RATE:
        raise ValueError(f"{samples.size} samples are under {SHORTEST_S * 1000:.0f} ms: too short for an emotion")
    if not np.isfinite(samples).all():
        raise ValueError("the samples hold NaN or infinity: check the encoder")
    return np.ascontiguousarray(samples, np.float32)


def windows(samples: Samples, longest_s: float = _LONGEST_S) -> list[Samples]:
    """The samples in equal parts of at most longest_s; nothing is lost or repeated."""
    return np.array_split(samples, max(1, int(np.ceil(samples.size / (longest_s * SAMPLE_RATE)))))


def mean(parts: Sequence[tuple[Mapping[str, float], float]]) -> dict[str, float]:
    """Shares under the same names, each with its weight above 0 -> their weighted mean. Raises ValueError for none."""
    if not parts:
        raise ValueError("no part was scored")
    total = sum(weight for _, weight in parts)
    return {name: sum(shares[name] * weight for shares, weight in parts) / total for name in parts[0][0]}


def meant(label: str) -> tuple[str, ...]:
    """The categories that another label set's name means: one, several for "negative", none for one not known."""
    name = label.strip().lower()
    if name in _GROUPS:
        return _GROUPS[name]
    found = category(label)
    return () if found == "unknown" else (found,)


def from_labels(scores: Mapping[str, float]) -> dict[str, float]:
    """Probabilities under a classifier's own labels -> of ours, summing to 1.

    A label that means several categories is shared out by labels.PRIOR. A category that no label means gets its prior
    share: a classifier that was never taught fear has no evidence against it. Labels not known count as "unknown".
    Raises ValueError when a score is negative or none is above 0.
    """
    bad = [label for label, score in scores.items() if not score >= 0]
    total = sum(scores.values())
    if bad or not total > 0:
        raise ValueError(f"no probabilities: {bad[0]!r} is negative" if bad else "no score is above 0")
    found = dict.fromkeys(UNKNOWN, 0.0)
    asked: set[str] = set()
    for label, score in scores.items():
        names = meant(label)
        asked.update(names)
        if not names:
            found["unknown"] += score / total
        whole = sum(PRIOR[name] for name in names)
        for name in names:
            found[name] += score / total * PRIOR[name] / whole
    if not asked:
        return dict(UNKNOWN)
    missing = [name for name in EMOTIONS if name not in asked]
    known, share = 1 - found["unknown"], sum(PRIOR[name] for name in missing)
    return {
        name: score if name == "unknown" else known * PRIOR[name] if name in missing else score * (1 - share)
        for name, score in found.items()
    }


def tempered(categories: Mapping[str, float], temperature: float) -> dict[str, float]:
    """Every probability to the power 1 / temperature, brought to a sum of 1 (Guo et al. 2017, of a softmax's output).

    Raises ValueError when the temperature is not above 0.
    """
    if not temperature > 0:
        raise ValueError(f"the temperature is {temperature}: it must be above 0")
    most = max(categories.values(), default=0.0)
    if most <= 0:
        raise ValueError("no probability is above 0")
    powered = {name: (p / most) ** (1 / temperature) if p > 0 else 0.0 for name, p in categories.items()}
    total = sum(powered.values())
    return {name: p / total for name, p in powered.items()}


def undecided(shares: Mapping[str, float], threshold: float, most: int = _MOST) -> bool:
    """Whether more than `most` labels, or all of them, are in the prediction set; "unknown" is no label.

    The set holds the labels whose share of the known part is at least the threshold: with the threshold fitted on
    other recordings, the true label is in it as often as was asked for (split conformal; arXiv 2503.22712).
    """
    known = {name: share for name, share in shares.items() if name != "unknown"}
    total = sum(known.values())
    if total <= 0:
        return True
    inside = sum(share / total >= threshold for share in known.values())
    return inside > min(most, len(known) - 1)


def abstaining(
    categories: Mapping[str, float],
    *,
    threshold: float | None = None,
    most: int = _MOST,
    voiced_s: float | None = None,
    snr_db: float | None = None,
) -> dict[str, float]:
    """The same with mass moved to "unknown": all of it when the posterior is undecided, a part when the audio is poor.

    threshold: of `undecided`, None leaves that test out. voiced_s: seconds of voice, under 1 s of which the known part
    shrinks in proportion. snr_db: it shrinks from 10 dB down, to nothing at 0 dB. None: not measured, not held back.
    """
    if threshold is not None and undecided(categories, threshold, most):
        return dict(UNKNOWN)
    believed = 1 - categories.get("unknown", 0.0)
    if voiced_s is not None:
        believed *= min(1.0, max(0.0, voiced_s / _VOICED_S))
    if snr_db is not None:
        believed *= min(1.0, max(0.0, (snr_db - _DEAF_DB) / (_CLEAR_DB - _DEAF_DB)))
    return with_unknown(categories, 1 - believed) if believed > 0 else dict(UNKNOWN)


def answer(scores: Mapping[str, float], calibration: Calibration) -> dict[str, float]:
    """A classifier's probabilities under its own labels -> categories, tempered; unknown where undecided.

    Both under its own labels: "negative" is one answer, though it means four categories. Raises as from_labels.
    """
    shares = tempered(scores, calibration.temperature)
    told = {label: share for label, share in shares.items() if meant(label)}
    return dict(UNKNOWN) if undecided(told, calibration.threshold) else from_labels(shares)


def beside(voice: VoiceAffect, prosody: Prosody, scores: EmotionScores) -> VoiceAffect:
    """A reading of prosody with a classifier's categories and events in place of its own.

    The scores count by how long and how clear the voice was; where nothing is left of them the reading keeps its own
    categories. Events are kept from both. A reading that found no voice takes the events only.
    """
    categories = abstaining(scores.categories, voiced_s=prosody.voiced_share * prosody.speech_s, snr_db=prosody.snr_db)
    events = tuple(dict.fromkeys((*scores.events, *voice.events)))
    axes = circumplex(categories)
    if axes is None or voice.arousal is None:
        return replace(voice, events=events)
    return replace(voice, categories=categories, events=events, valence=axes[0])
