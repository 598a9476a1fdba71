"""A person's usual voice: label-free running mean and deviation of each measure, shrunk to the population.

Shrinking matters: z-scores over a handful of clips by their own deviation are worse than centring alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

# Population spread between utterances of one speaker (same units as Prosody); authored priors, not fitted.
POPULATION_SD = {
    "f0_mean_st": 2.5,
    "f0_p95_st": 3.0,
    "f0_sd_st": 1.2,
    "level_db": 5.0,
    "alpha_ratio_db": 3.0,
    "hammarberg_db": 4.0,
}
_PRIOR_WEIGHT = 8.0  # utterances that the population's deviation counts for


@dataclass(frozen=True, slots=True)
class Usual:
    """Running moments (Welford 1962) of one measure: n utterances, mean, m2 = sum of squared deviations."""

    n: int = 0
    mean: float = 0.0
    m2: float = 0.0

    def add(self, value: float) -> Usual:
        """The moments after one more utterance. Raises ValueError when value is not finite."""
        if not math.isfinite(value):
            raise ValueError(f"a baseline takes finite values, not {value}: leave out what was not measured")
        n = self.n + 1
        mean = self.mean + (value - self.mean) / n
        return replace(self, n=n, mean=mean, m2=self.m2 + (value - self.mean) * (value - mean))

    def z(self, value: float, population_sd: float) -> float | None:
        """Distance from usual in shrunk standard deviations; None before the first utterance."""
        if self.n == 0:
            return None
        variance = (self.m2 + _PRIOR_WEIGHT * population_sd**2) / (self.n + _PRIOR_WEIGHT)
        return (value - self.mean) / math.sqrt(variance)


def to_json(usual: Mapping[str, Usual]) -> dict[str, list[float]]:
    """measure -> [n, mean, m2], for keeping."""
    return {measure: [known.n, known.mean, known.m2] for measure, known in usual.items()}


def from_json(kept: Mapping[str, Sequence[float]]) -> dict[str, Usual]:
    """The inverse of to_json."""
    return {measure: Usual(int(n), float(mean), float(m2)) for measure, (n, mean, m2) in kept.items()}
