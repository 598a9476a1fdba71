"""The embedded speech-emotion classifier: no weights, a profile of each emotion in deviations from the usual voice.

The profiles are authored. Where acted speech shifts a measure the same way in our English and German references,
everyday speech is taken to shift it so by about a third. Where those disagree the measure tells nothing: harmonics to
noise, and the spread of pitch, which carries the tones of Mandarin (it is kept for surprise, whose own it is). Positive
speech is quicker, a smile moves the resonances apart (Tartter 1980; Drahota et al. 2008), and laughter in it is half
unvoiced (Bachorowski et al. 2001); disgust and sadness are slower. Signs and sizes were written down and then looked at
on 80 Mandarin development clips; none was fitted.

The posterior is that of normal distributions with a common deviation, its evidence weighed by how surely the voice was
measured: a poor recording moves the prior less. It tells stirred-up from calm and little more, and its flat posteriors
say so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from affect.acoustics import Term, deviations
from affect.baseline import Baseline, Usual
from affect.labels import EMOTIONS, PRIOR, UNKNOWN, with_unknown
from affect.types import EmotionScores, Prosody

MEASURES = (
    "f0_mean_st", "f0_sd_st", "level_db", "alpha_ratio_db", "hammarberg_db", "rate_hz", "pause_share",
    "voiced_share", "formant_spacing_hz",
)  # fmt: skip
_PROFILES: Mapping[str, Sequence[float]] = {
    #              f0    f0sd level alpha  hamm  rate pause voiced formants
    "angry":     ( 0.9,  0.0,  0.9, -0.8, -0.60, -0.2,  0.2,  0.0,  0.1),
    "happy":     ( 0.8,  0.0,  0.6, -0.5, -0.35,  0.3,  0.0, -0.2,  0.4),
    "sad":       (-0.1,  0.0, -0.2,  0.1,  0.10, -0.6,  0.4,  0.0, -0.1),
    "fearful":   ( 0.7,  0.0,  0.5, -0.3, -0.10,  0.2,  0.2,  0.0,  0.0),
    "surprised": ( 0.9,  0.6,  0.6, -0.3, -0.10,  0.1,  0.0,  0.0,  0.1),
    "disgusted": ( 0.1,  0.0,  0.2, -0.2, -0.20, -0.5,  0.2,  0.0, -0.1),
    "neutral":   ( 0.0,  0.0,  0.0,  0.0,  0.00,  0.0,  0.0,  0.0,  0.0),
}  # fmt: skip
_FURTHEST = 2.0  # deviations: further out is an outburst or an error of measurement, and tells no more; authored
_PAUSES_S = 3.0  # of speech, under which hardly anybody pauses, whatever they feel; authored
_WHOLE = 0.2  # certainty of a reading from which the evidence counts in full: a stranger's clean second
_UNKNOWN_POWER = 8  # of what is missing to that: "unknown" leads where a tenth of it is left; authored


def classify(prosody: Prosody, usual: Baseline, uncertainty: float) -> EmotionScores:
    """Posterior over labels.EMOTIONS; uncertainty: 0..1, of the reading.

    Evidence counts by the certainty up to that of a stranger's clean second, so that a poor recording is answered with
    little more than labels.PRIOR, and a very poor one with "unknown".
    """
    if prosody.f0_mean_st is None:
        return EmotionScores(dict(UNKNOWN), source="acoustic")
    terms = {t.measure: t for t in deviations(prosody, usual, dict.fromkeys(MEASURES, 1.0))}
    if usual.get("level_db", Usual()).n < 1:
        terms.pop("level_db", None)  # the gain of a stranger's microphone says nothing of them
    if prosody.speech_s < _PAUSES_S:
        terms.pop("pause_share", None)
    weight = min(1.0, (1 - uncertainty) / _WHOLE)
    scores = {name: math.log(PRIOR[name]) + weight * _fit(_PROFILES[name], terms) for name in EMOTIONS}
    top = max(scores.values())
    posterior = {name: math.exp(score - top) for name, score in scores.items()}
    return EmotionScores(with_unknown(posterior, (1 - weight) ** _UNKNOWN_POWER), source="acoustic")


def _fit(profile: Sequence[float], terms: Mapping[str, Term]) -> float:
    """Log likelihood of the deviations under a profile, less a constant."""
    return sum(
        shift * max(-_FURTHEST, min(_FURTHEST, terms[measure].z)) - shift**2 / 2
        for measure, shift in zip(MEASURES, profile, strict=True)
        if measure in terms
    )
