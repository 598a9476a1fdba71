"""Samples and the usual voice -> what the voice says, with evidence a person can read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from affect.acoustics import Term, arousal
from affect.backends.acoustic import classify
from affect.baseline import Baseline, utterances
from affect.labels import circumplex
from affect.prosody import measure
from affect.segments import cut, two_voices
from affect.tracks import HOP_S, SHORTEST_S, Tracks, track
from affect.types import Prosody, Stretch, VoiceAffect

_READABLE = {
    "f0_mean_st": ("pitch", "st", "above", "below"),
    "f0_p95_st": ("highest pitch", "st", "above", "below"),
    "f0_sd_st": ("melody", "st", "livelier than", "flatter than"),
    "level_db": ("loudness", "dB", "above", "below"),
    "alpha_ratio_db": ("brightness", "dB", "duller than", "brighter than"),
    "hammarberg_db": ("sharpness", "dB", "softer than", "sharper than"),
}
_LONG_S = 12.0  # a longer turn is a curve as well
_NO_SPEECH = 0.04  # share of windows with speech, by a voice activity detector, under which nobody speaks
_TWO_VOICES = 0.9  # uncertainty where two people speak


def read_voice(
    samples: NDArray[np.floating], usual: Baseline, speech_share: float | None = None
) -> tuple[VoiceAffect, Prosody]:
    """How an utterance sounds beside the usual voice, and its prosody. Over 12 s of speech it comes with its curve.

    samples: float, shape (n,), 16 kHz, full scale +-1. speech_share: 0..1, of a voice activity detector where one
    ran; prosody alone takes music for a voice. Raises ValueError under 40 ms, for NaN and for stereo.
    """
    if samples.ndim == 1 and speech_share is not None and speech_share < _NO_SPEECH and np.isfinite(samples).all():
        return _unknown(usual, "no speech found"), Prosody(samples.size / 16_000)
    tracks = track(samples)
    prosody = measure(tracks)
    voice = reading(prosody, usual, several=two_voices(tracks))
    if prosody.speech_s > _LONG_S:
        voice = replace(voice, curve=_curve(tracks, usual))
    return voice, prosody


def reading(prosody: Prosody, usual: Baseline, *, several: bool = False) -> VoiceAffect:
    """What a measured utterance says. several: more than one person speaks in it, so that it is nobody's state."""
    heard = arousal(prosody, usual)
    if heard.value is None:
        why = prosody.invalid.get("f0_mean_st", "no voice found")
        return _unknown(usual, f"no voice measured: {why}")
    uncertainty = max(heard.uncertainty, _TWO_VOICES) if several else heard.uncertainty
    scores = classify(prosody, usual, uncertainty)
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


def _curve(tracks: Tracks, usual: Baseline) -> tuple[Stretch, ...]:
    """The recording in stretches of at most 8 s, each read on its own."""
    found = []
    for first, last in cut(tracks):
        if (last - first) * HOP_S >= SHORTEST_S:
            heard = reading(measure(tracks.part(first, last)), usual)
            found.append(Stretch(first * HOP_S, last * HOP_S, heard.arousal, heard.valence, heard.uncertainty))
    return tuple(found)


def _unknown(usual: Baseline, why: str) -> VoiceAffect:
    return VoiceAffect(None, None, 1.0, round(utterances(usual)), {}, (why,))


def _sentence(term: Term) -> str:
    name, unit, more, less = _READABLE[term.measure]
    return f"{name} {abs(term.difference):.1f} {unit} {more if term.difference >= 0 else less} usual"
