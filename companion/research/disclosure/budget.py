"""Differential privacy for aggregates: integer noise without floating-point leaks, and a ledger of what was spent.

The geometric mechanism (Ghosh, Roughgarden & Sundararajan 2009, doi:10.1145/1536414.1536464) is Laplace noise on
integers. It is sampled exactly, in rational arithmetic (Canonne, Kamath & Steinke 2020, arXiv:2004.00010, algorithms 1
and 2): Laplace noise in doubles gives its input away by its low bits (Mironov 2012, doi:10.1145/2382196.2382264).
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from companion.errors import InputError
from companion.records.database import Store
from companion.records.privacy_spending import PrivacySpending

SMALLEST_CELL = 11  # the CMS rule for cells
_GRID = 1024  # steps a unit that bounded values are rounded to before they are summed
_FINEST = 1_000_000  # epsilon is taken down to a multiple of 1 / this
_SYSTEM = random.SystemRandom()


def noisy_count(count: int, epsilon: float, *, most: int = 1, rng: random.Random = _SYSTEM) -> int | None:
    """A count with epsilon-differential privacy; None where it comes out below 11, which is not published.

    most: by how much one person can change it (1 where people are counted; turns are counted up to `most` a person).
    Whether it is published is decided on the noisy value: by the true one, the gap itself would tell.
    """
    noisy = count + discrete_laplace(_scale(epsilon, most), rng)
    return noisy if noisy >= SMALLEST_CELL else None


def noisy_counts(
    counts: Mapping[str, int], epsilon: float, *, most: int = 1, rng: random.Random = _SYSTEM
) -> dict[str, int | None]:
    """A histogram for one epsilon. most: by how much one person can change all cells together.

    The cells must be named without looking at the data: all bands, not those that occur.
    """
    return {name: noisy_count(counts[name], epsilon, most=most, rng=rng) for name in sorted(counts)}


def noisy_mean(
    values: Iterable[float], low: float, high: float, epsilon: float, *, rng: random.Random = _SYSTEM
) -> float | None:
    """The mean of one value a person with epsilon-differential privacy; None where fewer than about 11 gave one.

    Values are clamped to low..high. Half of epsilon goes to the sum, half to the count. Raises InputError for an empty
    range.
    """
    if not low < high:
        raise InputError(f"no values lie between {low:g} and {high:g}")
    middle, total, n = (low + high) / 2, 0, 0
    for value in values:
        if not math.isnan(value):
            total += round((min(high, max(low, value)) - middle) * _GRID)
            n += 1
    widest = math.ceil((high - low) / 2 * _GRID)
    noisy_total = total + discrete_laplace(_scale(epsilon / 2, widest), rng)
    noisy_n = noisy_count(n, epsilon / 2, rng=rng)
    if noisy_n is None:
        return None
    return min(high, max(low, middle + noisy_total / _GRID / noisy_n))


def discrete_laplace(scale: Fraction, rng: random.Random = _SYSTEM) -> int:
    """P(x) in proportion to exp(-|x| / scale), exactly. Raises InputError unless scale > 0."""
    if scale <= 0:
        raise InputError("noise needs a scale above 0")
    top, bottom = scale.numerator, scale.denominator
    while True:
        low = rng.randrange(top)
        if not _with_exp(Fraction(low, top), rng):
            continue
        high = 0
        while _with_exp(Fraction(1), rng):
            high += 1
        size = (low + top * high) // bottom
        negative = rng.randrange(2) == 1
        if not (negative and size == 0):
            return -size if negative else size


def _with_exp(gamma: Fraction, rng: random.Random) -> bool:
    """True with probability exp(-gamma), 0 <= gamma <= 1."""
    k = 1
    while rng.randrange(gamma.denominator * k) < gamma.numerator:
        k += 1
    return k % 2 == 1


def _scale(epsilon: float, most: int) -> Fraction:
    _check(epsilon)
    if most < 1:
        raise InputError(f"a person changes a count by at least 1, not {most}")
    return Fraction(most * _FINEST, math.floor(epsilon * _FINEST + 1e-6))


def _check(epsilon: float) -> None:
    if not (1 / _FINEST <= epsilon <= 100):
        raise InputError(f"epsilon {epsilon:g}: give one from {1 / _FINEST:g} to 100", code="invalid_epsilon")


@dataclass(frozen=True, slots=True)
class Spent:
    """One release. left: epsilon of its quarter that may still be spent."""

    number: int
    quarter: str
    epsilon: float
    left: float


class Ledger:
    """What was spent of epsilon in a quarter, by whom and for what; sequential composition, so epsilons add up."""

    def __init__(self, store: Store, per_quarter: float) -> None:
        """per_quarter: COMPANION_RESEARCH__EPSILON_PER_QUARTER."""
        self._rows, self._limit = PrivacySpending(store), per_quarter

    async def spend(self, who: str, purpose: str, epsilon: float, now: float) -> Spent:
        """Book epsilon before noise of it is drawn. now: unix s.

        Raises InputError: privacy_budget_spent where less is left, invalid_epsilon. Raises StorageError.
        """
        _check(epsilon)
        number, quarter, before = await self._rows.add(who, purpose, epsilon, now, self._limit)
        return Spent(number, quarter, epsilon, max(0.0, self._limit - before - epsilon))

    async def left(self, now: float) -> float:
        """Epsilon that may still be spent in the quarter of now. Raises StorageError."""
        return max(0.0, self._limit - await self._rows.total(now))
