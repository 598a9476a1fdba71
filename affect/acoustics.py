"""Prosody against a person's usual voice -> arousal, with every term of the sum as evidence.

A fixed, transparent formula: the measures, their signs and their order of weight are those of our references (acted
English and German speech: level tells most where the gain is fixed, pitch where it is not); the weights are rounded
by hand and fitted to no recording.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from affect.baseline import Baseline, expected, utterances
from affect.types import Prosody

WEIGHTS: Mapping[str, float] = {
    "level_db": 1.7,
    "f0_mean_st": 1.0,
    "f0_p95_st": 0.5,
    "alpha_ratio_db": -0.6,
    "hammarberg_db": -0.3,
    "f0_sd_st": 0.3,
}
_WEIGHT = sum(abs(weight) for weight in WEIGHTS.values())
_STRANGER = 0.75  # of certainty that a stranger's voice lacks; it falls with the root of the utterances heard
_SHORT_S = 0.5  # seconds of voice at which half the certainty is there
_SNR_DB = (6.0, 18.0)  # certainty rises from none to all between these
_STEEP = 0.8  # mean z at which arousal is tanh(.8) = .66


@dataclass(frozen=True, slots=True)
class Term:
    """One term of the sum: measure, its value less the usual (same unit as in Prosody), z, weight * z."""

    measure: str
    difference: float
    z: float
    contribution: float


@dataclass(frozen=True, slots=True)
class Arousal:
    """value in [-1, 1], None when unknown; uncertainty in [0, 1]; terms by falling size of contribution."""

    value: float | None
    uncertainty: float
    terms: tuple[Term, ...] = ()


def deviations(prosody: Prosody, usual: Baseline, measures: Mapping[str, float]) -> list[Term]:
    """How far each measure lies from usual; measures: name -> weight. What was not measured is left out."""
    terms = []
    for measure, weight in measures.items():
        value = getattr(prosody, measure)
        if value is not None:
            there = expected(measure, usual, prosody)
            z = (value - there.mean) / there.sd
            terms.append(Term(measure, value - there.mean, z, weight * z))
    return terms


def arousal(prosody: Prosody, usual: Baseline) -> Arousal:
    """How excited the voice is beside this person's usual one, a stranger's beside people with such a vocal tract.

    Unknown (value None, uncertainty 1) for audio in which no voice could be measured. Certainty is the product of
    the share of weight that was measured, of seconds of voice, of the signal-to-noise ratio and of acquaintance:
    1 - .75 / sqrt(n + 1) for n utterances.
    """
    if prosody.f0_mean_st is None:
        return Arousal(None, 1.0)
    terms = deviations(prosody, usual, WEIGHTS)
    heard = sum(abs(WEIGHTS[term.measure]) for term in terms)
    value = math.tanh(_STEEP * sum(term.contribution for term in terms) / heard)
    certainty = heard / _WEIGHT * quality(prosody) * (1 - _STRANGER / math.sqrt(utterances(usual) + 1))
    return Arousal(value, 1 - certainty, tuple(sorted(terms, key=lambda term: -abs(term.contribution))))


def quality(prosody: Prosody) -> float:
    """How well a recording can be measured, 0..1: seconds of voice and signal-to-noise ratio."""
    voiced_s = prosody.voiced_share * prosody.speech_s * (1 - prosody.pause_share)
    clean = 1.0
    if prosody.snr_db is not None:
        low, high = _SNR_DB
        clean = min(1.0, max(0.0, (prosody.snr_db - low) / (high - low)))
    return voiced_s**2 / (voiced_s**2 + _SHORT_S**2) * clean
