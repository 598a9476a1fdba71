"""Values of the affect domain. Levels are dB, pitch distances semitones (st), durations seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Prosody:
    """How one utterance was spoken. A value of None means that it could not be measured, never zero.

    duration_s: length of the samples, s.
    voiced_share: voiced frames / frames of speech, 0..1.
    pause_share: frames more than 25 dB under the 95th level percentile / all frames, 0..1.
    f0_mean_st, f0_p5_st, f0_p95_st, f0_sd_st: pitch, semitones above 27.5 Hz; None when under 0.2 s voiced.
    level_db: RMS level of the speech frames, dB re full scale; None when the audio is silent.
    alpha_ratio_db: energy of 50-1000 Hz minus energy of 1-5 kHz, dB; lower is brighter.
    hammarberg_db: strongest bin of 0-2 kHz minus strongest bin of 2-5 kHz, dB.
    """

    duration_s: float
    voiced_share: float
    pause_share: float
    f0_mean_st: float | None
    f0_p5_st: float | None
    f0_p95_st: float | None
    f0_sd_st: float | None
    level_db: float | None
    alpha_ratio_db: float | None
    hammarberg_db: float | None


@dataclass(frozen=True, slots=True)
class WordAffect:
    """What the words say about the person's state.

    valence, arousal: -1..1, None when the words do not tell ("unknown" is not neutral). uncertainty: 0..1.
    evidence: (expression found, its signed weight after negation and intensifiers), in order of appearance.
    """

    valence: float | None
    arousal: float | None
    uncertainty: float
    evidence: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class VoiceAffect:
    """What the voice says about the person's state, beside their usual voice.

    arousal, valence: -1..1, None when unknown. uncertainty: 0..1. n: utterances behind the baseline.
    z: measure -> distance from usual in shrunk standard deviations.
    evidence: readable terms, largest first, such as "pitch 4.1 st above usual".
    """

    arousal: float | None
    valence: float | None
    uncertainty: float
    n: int
    z: Mapping[str, float]
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Incongruence:
    """Words and voice disagree. score: 0..1; kind: "masked_distress", "calm_venting", "agitated_neutral"."""

    score: float
    kind: str


@dataclass(frozen=True, slots=True)
class Affect:
    """How the person seems this turn: a reading with uncertainty, never a fact.

    valence, arousal: -1..1, None when unknown. uncertainty: 0..1. Both channels are kept as they were read;
    None where there was none (a typed turn has no voice). incongruence: None when they do not disagree.
    status: "final" (all channels read), "partial" (the voice missed the deadline), "none".
    """

    valence: float | None
    arousal: float | None
    uncertainty: float
    words: WordAffect | None
    voice: VoiceAffect | None
    incongruence: Incongruence | None
    status: Literal["final", "partial", "none"] = "final"
