"""Values of the affect domain. Levels are dB, pitch distances semitones (st), durations seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from affect.labels import UNKNOWN


@dataclass(frozen=True, slots=True)
class Prosody:
    """How one utterance was spoken, from its first to its last sound. None: it could not be measured, never zero.

    duration_s: length of the samples, s; speech_s: from the first to the last sound of speech, s.
    voiced_share: voiced frames / frames of speech, 0..1.
    pauses: gaps of at least 0.2 s, their number; pause_share: their share of speech_s, 0..1; pause_mean_s: s.
    f0_*_st: pitch, semitones above 27.5 Hz, frames counted by amplitude: median, mean, 5th and 95th percentile, sd;
    f0_range_st: p95 - p5.
    f0_end_slope_st_s: slope of the last 0.3 s of voice, semitones a second; falling is negative.
    level_db: RMS level of the speech frames, dB re full scale; level_range_db: its p95 - p5 over voiced frames.
    alpha_ratio_db: energy of 50-1000 Hz minus energy of 1-5 kHz, dB; lower is brighter.
    hammarberg_db: strongest bin of 0-2 kHz minus strongest bin of 2-5 kHz, dB.
    hnr_db: harmonics to noise, dB. jitter, shimmer: mean change of period and of peak amplitude from one pitch
    period to the next, 0..1, of cross-correlated periods; compare them with the person's own, not with clinics.
    rate_hz: syllable nuclei a second of speech (pauses left out).
    snr_db: speech level above the noise floor, dB.
    formant_spacing_hz: mean distance of the resonances of the vocal tract, Hz: some 1030 for a tract of 17 cm.
    invalid: measure -> why it is None: "silent", "too short", "too noisy", "unvoiced", "no pause".
    """

    duration_s: float
    speech_s: float = 0.0
    voiced_share: float = 0.0
    pauses: int = 0
    pause_share: float = 0.0
    pause_mean_s: float | None = None
    f0_median_st: float | None = None
    f0_mean_st: float | None = None
    f0_p5_st: float | None = None
    f0_p95_st: float | None = None
    f0_range_st: float | None = None
    f0_sd_st: float | None = None
    f0_end_slope_st_s: float | None = None
    level_db: float | None = None
    level_range_db: float | None = None
    alpha_ratio_db: float | None = None
    hammarberg_db: float | None = None
    hnr_db: float | None = None
    jitter: float | None = None
    shimmer: float | None = None
    rate_hz: float | None = None
    snr_db: float | None = None
    formant_spacing_hz: float | None = None
    invalid: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EmotionScores:
    """What a speech-emotion classifier says of one utterance.

    categories: probability of each of labels.EMOTIONS and of "unknown"; they sum to 1.
    events: what else was heard, of labels.EVENTS. source: name of the classifier.
    """

    categories: Mapping[str, float]
    events: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class WordAffect:
    """What the words say about the person's state.

    valence, arousal: -1..1, None when the words do not tell ("unknown" is not neutral). uncertainty: 0..1.
    evidence: (expression found, its signed weight after negation and intensifiers), in order of appearance.
    categories: as in EmotionScores.
    """

    valence: float | None
    arousal: float | None
    uncertainty: float
    evidence: tuple[tuple[str, float], ...] = ()
    categories: Mapping[str, float] = field(default_factory=lambda: dict(UNKNOWN))


@dataclass(frozen=True, slots=True)
class Stretch:
    """The voice in one stretch of a long turn, [start_s, end_s) of it. The numbers are those of VoiceAffect."""

    start_s: float
    end_s: float
    arousal: float | None
    valence: float | None
    uncertainty: float


@dataclass(frozen=True, slots=True)
class VoiceAffect:
    """What the voice says about the person's state, beside their usual voice.

    arousal, valence: -1..1, None when unknown. uncertainty: 0..1. n: utterances behind the baseline.
    z: measure -> distance from usual in shrunk standard deviations.
    evidence: readable terms, largest first, such as "pitch 4.1 st above usual".
    categories, events: as in EmotionScores.
    curve: a long turn in stretches, since its mean says little; empty for a short one.
    """

    arousal: float | None
    valence: float | None
    uncertainty: float
    n: int
    z: Mapping[str, float]
    evidence: tuple[str, ...] = ()
    categories: Mapping[str, float] = field(default_factory=lambda: dict(UNKNOWN))
    events: tuple[str, ...] = ()
    curve: tuple[Stretch, ...] = ()


@dataclass(frozen=True, slots=True)
class Incongruence:
    """How far words and voice disagree. score: 0..1. confidence: 0..1, how sure both channels are.

    kind: one of incongruence.KINDS, None while the score is too small to name one.
    """

    score: float
    kind: str | None = None
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Affect:
    """How the person seems this turn: a reading with uncertainty, never a fact.

    valence, arousal, dominance: -1..1, None when unknown. uncertainty: 0..1. categories: as in EmotionScores.
    Both channels are kept as they were read; None where there was none (a typed turn has no voice).
    incongruence: None when a channel is missing or unknown.
    status: "final" (all channels read), "partial" (the voice missed the deadline), "none".
    """

    valence: float | None
    arousal: float | None
    uncertainty: float
    words: WordAffect | None
    voice: VoiceAffect | None
    incongruence: Incongruence | None
    status: Literal["final", "partial", "none"] = "final"
    dominance: float | None = None
    categories: Mapping[str, float] = field(default_factory=lambda: dict(UNKNOWN))

    @property
    def label(self) -> str:
        """The likeliest category, "unknown" where none stands out."""
        name, share = max(self.categories.items(), key=lambda item: item[1])
        return name if share >= _STANDS_OUT and 1 - self.uncertainty >= _STANDS_OUT else "unknown"


_STANDS_OUT = 0.35
