"""Prosody against a person's usual voice -> arousal, with every term of the sum as evidence.

The weights are those of a fixed formula reported in our references for acted English and German speech:
z(f0 mean) + .5 z(f0 p95) - z(alpha ratio) - .5 z(Hammarberg) + z(level) + .3 z(f0 sd).
Dividing by the weight heard, the tanh, the uncertainty and the deviations of baseline.py are our own choices,
and the whole is not yet measured on recordings.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from affect.baseline import POPULATION_SD, Usual
from affect.types import Prosody

WEIGHTS = {
    "f0_mean_st": 1.0,
    "f0_p95_st": 0.5,
    "f0_sd_st": 0.3,
    "level_db": 1.0,
    "alpha_ratio_db": -1.0,
    "hammarberg_db": -0.5,
}


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
    terms: tuple[Term, ...]


def learn(usual: Mapping[str, Usual], prosody: Prosody) -> dict[str, Usual]:
    """The baseline after one more utterance; what was not measured leaves its moments as they were."""
    learnt = dict(usual)
    if prosody.f0_mean_st is None:  # noise has a level and a timbre too: nothing is learnt without a voice
        return learnt
    for measure in WEIGHTS:
        value = getattr(prosody, measure)
        if value is not None:
            learnt[measure] = learnt.get(measure, Usual()).add(value)
    return learnt


def arousal(prosody: Prosody, usual: Mapping[str, Usual]) -> Arousal:
    """How excited the voice is beside this person's usual one.

    Unknown (value None, uncertainty 1) for a stranger and for audio in which no voice was found.
    Uncertainty falls as 1/sqrt(n + 1) of the baseline and rises with the share of weight not measured.
    """
    terms = []
    for measure, weight in WEIGHTS.items():
        value, known = getattr(prosody, measure), usual.get(measure, Usual())
        if value is None or (z := known.z(value, POPULATION_SD[measure])) is None:
            continue
        terms.append(Term(measure, value - known.mean, z, weight * z))
    if prosody.f0_mean_st is None or not terms:
        return Arousal(None, 1.0, ())
    heard = sum(abs(WEIGHTS[t.measure]) for t in terms)
    share = heard / sum(abs(w) for w in WEIGHTS.values())
    n = min(usual[t.measure].n for t in terms)
    certainty = share * (1 - 1 / math.sqrt(n + 1))
    value = math.tanh(sum(t.contribution for t in terms) / heard)
    return Arousal(value, 1 - certainty, tuple(sorted(terms, key=lambda t: -abs(t.contribution))))
