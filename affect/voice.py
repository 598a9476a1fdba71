"""Samples and the usual voice -> what the voice says, with evidence a person can read."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from affect.acoustics import WEIGHTS, Term, arousal
from affect.baseline import Usual
from affect.prosody import analyse
from affect.types import Prosody, VoiceAffect

_READABLE = {
    "f0_mean_st": ("pitch", "st", "above", "below"),
    "f0_p95_st": ("highest pitch", "st", "above", "below"),
    "f0_sd_st": ("melody", "st", "livelier than", "flatter than"),
    "level_db": ("loudness", "dB", "above", "below"),
    "alpha_ratio_db": ("brightness", "dB", "duller than", "brighter than"),
    "hammarberg_db": ("sharpness", "dB", "softer than", "sharper than"),
}


def read_voice(samples: NDArray[np.floating], usual: Mapping[str, Usual]) -> tuple[VoiceAffect, Prosody]:
    """float, shape (n,), 16 kHz, full scale +-1. Raises ValueError under 40 ms, for NaN and for stereo.

    Valence is left unknown: prosody alone told it at chance across corpora.
    """
    prosody = analyse(samples)
    heard = arousal(prosody, usual)
    n = min((usual[measure].n for measure in WEIGHTS if measure in usual), default=0)
    if n == 0:
        evidence: tuple[str, ...] = ("usual voice not known yet",)
    elif heard.value is None:
        evidence = ("no voice found",)
    else:
        evidence = tuple(_sentence(term) for term in heard.terms)
    return VoiceAffect(
        heard.value, None, heard.uncertainty, n, {t.measure: t.z for t in heard.terms}, evidence
    ), prosody


def _sentence(term: Term) -> str:
    name, unit, more, less = _READABLE[term.measure]
    return f"{name} {abs(term.difference):.1f} {unit} {more if term.difference >= 0 else less} usual"
