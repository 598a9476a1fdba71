"""Samples and the usual voice -> what the voice says, with evidence a person can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from affect.acoustics import Term, arousal
from affect.backends.acoustic import classify
from affect.baseline import Baseline, utterances
from affect.labels import circumplex
from affect.prosody import measure
from affect.segments import cut, two_voices
from affect.tracks import HOP_S, SHORTEST_S, Tracks, track
from affect.types import Prosody, VoiceAffect

_READABLE = {
    "f0_mean_st": ("pitch", "st", "above", "below"),
    "f0_p95_st": ("highest pitch", "st", "above", "below"),
    "f0_sd_st": ("melody", "st", "livelier than", "flatter than"),
    "level_db": ("loudness", "dB", "above", "below"),
    "alpha_ratio_db": ("brightness", "dB", "duller than", "brighter than"),
    "hammarberg_db": ("sharpness", "dB", "softer than", "sharper than"),
}
_NO_SPEECH = 0.04  # share of windows with speech, by a voice activity detector, under which nobody speaks
_TWO_VOICES = 0.9  # uncertainty where two people speak


@dataclass(frozen=True, slots=True)
class Stretch:
    """The voice of one stretch of a turn, [start_s, end_s) of the recording."""

    start_s: float
    end_s: float
    voice: VoiceAffect


def read_voice(
    samples: NDArray[np.floating], usual: Baseline, device: str = "", speech_share: float | None = None
) -> tuple[VoiceAffect, Prosody]:
    """How an utterance sounds beside the usual voice, and its prosody.

    samples: float, shape (n,), 16 kHz, full scale +-1. speech_share: 0..1, of a voice activity detector where one
    ran; prosody alone takes music for a voice. Raises ValueError under 40 ms, for NaN and for stereo.
    """
    if samples.ndim == 1 and speech_share is not None and speech_share < _NO_SPEECH and np.isfinite(samples).all():
        return _unknown(usual, "no speech found"), Prosody(samples.size / 16_000)
    tracks = track(samples)
    prosody = measure(tracks)
    return reading(prosody, usual, device, several=two_voices(tracks)), prosody


def reading(prosody: Prosody, usual: Baseline, device: str = "", *, several: bool = False) -> VoiceAffect:
    """What a measured utterance says. several: more than one person speaks in it, so that it is nobody's state."""
    heard = arousal(prosody, usual, device)
    if heard.value is None:
        why = prosody.invalid.get("f0_mean_st", "no voice found")
        return _unknown(usual, f"no voice measured: {why}")
    uncertainty = max(heard.uncertainty, _TWO_VOICES) if several else heard.uncertainty
    scores = classify(prosody, usual, uncertainty, device)
    axes = circumplex(scores.categories)
    n = utterances(usual)
    notes = ["usual voice not known yet, beside other people's"] if n < 1 else []
    notes += ["two voices"] if several else []
    notes += sorted({f"not measured: {why}" for why in prosody.invalid.values() if why in ("clipped", "narrow band")})
    return VoiceAffect(
        heard.value,
        None if axes is None else axes[0],
        uncertainty,
        round(n),
        {term.measure: term.z for term in heard.terms},
        (*notes, *(_sentence(term) for term in heard.terms)),
        scores.categories,
        scores.events,
    )


def curve(samples: NDArray[np.floating], usual: Baseline, device: str = "") -> list[Stretch]:
    """A long turn in stretches of at most 8 s, each read on its own. Raises as read_voice."""
    tracks = track(samples)
    return [_stretch(tracks, first, last, usual, device) for first, last in _long_enough(cut(tracks))]


def _long_enough(stretches: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(first, last) for first, last in stretches if (last - first) * HOP_S >= SHORTEST_S]


def _stretch(tracks: Tracks, first: int, last: int, usual: Baseline, device: str) -> Stretch:
    return Stretch(first * HOP_S, last * HOP_S, reading(measure(tracks.part(first, last)), usual, device))


def _unknown(usual: Baseline, why: str) -> VoiceAffect:
    return VoiceAffect(None, None, 1.0, round(utterances(usual)), {}, (why,))


def _sentence(term: Term) -> str:
    name, unit, more, less = _READABLE[term.measure]
    return f"{name} {abs(term.difference):.1f} {unit} {more if term.difference >= 0 else less} usual"
