"""A person's usual voice, label-free: what this person is known to sound like, shrunk to what people sound like.

Each measure is a normal model with a conjugate prior: before the first utterance the population answers for the
person, and with every utterance it counts for less. Shrinking the deviation matters as well: z-scores over a handful
of clips by their own deviation are worse than centring alone.

Pitch is the measure in which people differ most, by the length of their vocal tract. The length is heard in the
spacing of the resonances, which hardly move with excitement, so a stranger's pitch is compared with that of people
whose tract is as long.

What a microphone and a codec change (level and timbre) is learnt for each device apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from affect.types import Prosody

_HALF_LIFE = 50.0  # utterances after which an old one counts half
_DECAY = 0.5 ** (1 / _HALF_LIFE)
_FURTHEST = 3.0  # deviations: what lies further out is taken as lying there, so that one shout does not move it much
_PRIOR_WEIGHT = 8.0  # utterances that the population's deviation counts for


@dataclass(frozen=True, slots=True)
class Population:
    """mean: of people; within: deviation between one person's utterances; between: of people (and microphones)."""

    mean: float
    within: float
    between: float


# Authored priors in the units of Prosody. Within: raw shifts over Cohen's d of acted English and German speech in our
# references. Means: read and conversational speech; between: people for pitch and rate, also microphones for the rest.
POPULATION: Mapping[str, Population] = {
    "f0_mean_st": Population(29.5, 3.2, 2.5),
    "f0_p95_st": Population(34.0, 3.6, 2.8),
    "f0_sd_st": Population(3.0, 1.3, 0.8),
    "level_db": Population(-24.0, 5.0, 6.0),
    "alpha_ratio_db": Population(10.5, 3.1, 3.5),
    "hammarberg_db": Population(23.0, 4.5, 4.0),
    "rate_hz": Population(3.8, 0.9, 0.5),
    "pause_share": Population(0.08, 0.10, 0.05),
    "voiced_share": Population(0.72, 0.12, 0.08),
    "hnr_db": Population(10.5, 2.5, 2.5),
    "shimmer": Population(0.08, 0.025, 0.015),
    "formant_spacing_hz": Population(1100.0, 50.0, 60.0),
}
_OF_THE_DEVICE = frozenset({"level_db", "alpha_ratio_db", "hammarberg_db", "hnr_db", "shimmer"})

# Spacing of the resonances of long and short tracts, Hz: mean, deviation (17 and 14.6 cm; Fitch & Giedd 1999), and
# their usual pitch, semitones above 27.5 Hz (112 and 200 Hz, and .7 st more, as frames count by amplitude here and loud
# ones are higher: by .5 to .9 st in plain speech of our recordings).
_LONG, _SHORT = (1020.0, 60.0), (1195.0, 80.0)
_LONG_ST, _SHORT_ST, _PITCH_SD = 25.0, 35.1, 5.0
_P95_ABOVE_MEAN = 4.5
_TELLING_ST = 32.0  # 175 Hz


@dataclass(frozen=True, slots=True)
class Usual:
    """Running moments of one measure: n utterances (fading), mean, m2 = sum of squared deviations (Welford 1962)."""

    n: float = 0.0
    mean: float = 0.0
    m2: float = 0.0

    def add(self, value: float, decay: float = _DECAY) -> Usual:
        """The moments after one more utterance; decay: what is left of those before. Raises ValueError for NaN."""
        if not math.isfinite(value):
            raise ValueError(f"a baseline takes finite values, not {value}: leave out what was not measured")
        faded = self.n * decay
        n = faded + 1
        mean = self.mean + (value - self.mean) / n
        return replace(self, n=n, mean=mean, m2=self.m2 * decay + (value - self.mean) * (value - mean))


@dataclass(frozen=True, slots=True)
class Expected:
    """What one measure is expected to be for this person. mean; sd: of one utterance around it, doubt included."""

    mean: float
    sd: float


Baseline = Mapping[str, Usual]


def key(measure: str, device: str) -> str:
    """Under which name a measure is kept."""
    return f"{measure}@{device}" if device and measure in _OF_THE_DEVICE else measure


def on_device(usual: Baseline, device: str) -> Baseline:
    """The baseline as it is heard through one device: what was learnt of level and timbre on others is left out."""
    if not device:
        return usual
    shared = {name: known for name, known in usual.items() if "@" not in name and name not in _OF_THE_DEVICE}
    own = {name: usual[key(name, device)] for name in _OF_THE_DEVICE if key(name, device) in usual}
    return {**shared, **own}


def learn(usual: Baseline, prosody: Prosody, device: str = "") -> dict[str, Usual]:
    """The baseline after one more utterance; what was not measured leaves its moments as they were.

    Callers leave it out while a risk is raised: a crisis is nobody's usual voice. device: whatever names the
    microphone and codec, "" when it is not known.
    """
    learnt, here = dict(usual), on_device(usual, device)
    if prosody.f0_mean_st is None:  # noise has a level and a timbre too: nothing is learnt without a voice
        return learnt
    for measure in POPULATION:
        value = getattr(prosody, measure)
        if value is not None:
            known = learnt.get(key(measure, device), Usual())
            there = expected(measure, here, prosody)
            far = _FURTHEST * there.sd
            learnt[key(measure, device)] = known.add(min(max(value, there.mean - far), there.mean + far))
    return learnt


def label_free(prosodies: Iterable[Prosody]) -> dict[str, Usual]:
    """The baseline of all of a person's recordings at once, whatever they felt in each: their order does not matter."""
    learnt: dict[str, Usual] = {}
    for prosody in prosodies:
        if prosody.f0_mean_st is None:
            continue
        for measure in POPULATION:
            value = getattr(prosody, measure)
            if value is not None:
                learnt[measure] = learnt.get(measure, Usual()).add(value, decay=1.0)
    return learnt


def utterances(usual: Baseline) -> float:
    """How many utterances stand behind the baseline (old ones fade): those that had a pitch."""
    return usual.get("f0_mean_st", Usual()).n


def expected(measure: str, usual: Baseline, prosody: Prosody) -> Expected:
    """What this person's utterances are expected to measure; for a stranger, what people like them do."""
    people = POPULATION[measure]
    mean, between = people.mean, people.between**2
    if measure in ("f0_mean_st", "f0_p95_st"):
        share = short_tract(usual, prosody)
        above = _P95_ABOVE_MEAN if measure == "f0_p95_st" else 0.0
        mean = share * _SHORT_ST + (1 - share) * _LONG_ST + above
        between += share * (1 - share) * (_SHORT_ST - _LONG_ST) ** 2
    elif measure == "formant_spacing_hz":
        share = short_tract(usual, prosody)
        mean = share * _SHORT[0] + (1 - share) * _LONG[0]
    known = usual.get(measure, Usual())
    within = (known.m2 + _PRIOR_WEIGHT * people.within**2) / (known.n + _PRIOR_WEIGHT)
    doubt = 1 / (1 / between + known.n / within)  # variance of the person's mean
    centre = doubt * (mean / between + known.n * known.mean / within)
    return Expected(centre, math.sqrt(within + doubt))


def short_tract(usual: Baseline, prosody: Prosody) -> float:
    """Probability that this vocal tract is a short one, as most women's and children's are, 0..1."""
    heard = usual.get("formant_spacing_hz", Usual())
    spacing = prosody.formant_spacing_hz if heard.n < 1 else heard.mean
    pitched = usual.get("f0_mean_st", Usual())
    pitch = prosody.f0_mean_st if pitched.n < 1 else pitched.mean
    odds = 0.0
    if spacing is not None:
        odds += _log_normal(spacing, *_SHORT) - _log_normal(spacing, *_LONG)
    if pitch is not None:  # a low pitch needs a long tract; a high one may be an excited person's with either
        pitch = min(pitch, _TELLING_ST)
        odds += _log_normal(pitch, _SHORT_ST, _PITCH_SD) - _log_normal(pitch, _LONG_ST, _PITCH_SD)
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))


def _log_normal(value: float, mean: float, sd: float) -> float:
    return -0.5 * ((value - mean) / sd) ** 2 - math.log(sd)


def to_json(usual: Baseline) -> dict[str, list[float]]:
    """measure -> [n, mean, m2], for keeping."""
    return {measure: [known.n, known.mean, known.m2] for measure, known in usual.items()}


def from_json(kept: Mapping[str, Sequence[float]]) -> dict[str, Usual]:
    """The inverse of to_json."""
    return {measure: Usual(float(n), float(mean), float(m2)) for measure, (n, mean, m2) in kept.items()}
