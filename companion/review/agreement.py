"""How far reviewers agree beyond chance: Cohen's kappa, Krippendorff's alpha with an interval. Pure.

kappa = (po - pe) / (1 - pe): Cohen 1960, "A coefficient of agreement for nominal scales", Educ Psychol Meas 20:37;
with quadratic weights: Cohen 1968, Psychol Bull 70:213. alpha = 1 - Do / De over the coincidences of values within
units: Krippendorff 2011, "Computing Krippendorff's alpha-reliability", which takes missing answers as they are. Its
interval is that of a bootstrap over units: Zapf et al. 2016, BMC Med Res Methodol 16:93.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Metric = Literal["nominal", "ordinal", "interval"]
_DRAWS = 1000
_CONFIDENCE = 0.95
_LEAST_UNITS = 2  # under which no interval is told
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Agreement:
    """units: that two or more answered; reviewers: who did. percent: of pairs of answers that are the same, 0..100.

    kappa: of exactly two reviewers. None: it cannot be told. ci95: of alpha.
    """

    units: int
    reviewers: int
    kappa: float | None
    alpha: float | None
    percent: float | None
    ci95: tuple[float, float] | None


def agreement(answers: Sequence[Mapping[str, Hashable]], values: Sequence[Hashable], metric: Metric) -> Agreement:
    """Of units, each reviewer -> answer. values: all that can be answered, in order where there is one.

    Raises ValueError for an answer that is none of them.
    """
    place = {_typed(value): number for number, value in enumerate(values)}
    try:
        coded = [{who: place[_typed(value)] for who, value in unit.items()} for unit in answers if len(unit) > 1]
    except KeyError:
        raise ValueError("an answer is not among the values") from None
    who = sorted({reviewer for unit in coded for reviewer in unit})
    pairs = [pair for unit in coded for pair in combinations(unit.values(), 2)]
    numbers = [float(v) if isinstance(v, int | float) else float(i) for i, v in enumerate(values)]
    kappa = None
    if len(who) == 2:
        weights: Literal["none", "quadratic"] = "none" if metric == "nominal" else "quadratic"
        kappa = cohen_kappa([(unit[who[0]], unit[who[1]]) for unit in coded], len(values), weights=weights)
    units = [list(unit.values()) for unit in coded]
    return Agreement(
        len(coded),
        len(who),
        kappa,
        krippendorff_alpha(units, numbers, metric),
        100 * sum(a == b for a, b in pairs) / len(pairs) if pairs else None,
        alpha_interval(units, numbers, metric),
    )


def cohen_kappa(
    pairs: Sequence[tuple[int, int]], k: int, *, weights: Literal["none", "quadratic"] = "none"
) -> float | None:
    """Of two reviewers' answers (0 .. k - 1) to the same units; None where chance alone would agree always.

    quadratic: a disagreement weighs as the square of its distance in steps.
    """
    if not pairs:
        return None
    table = np.zeros((k, k))
    for a, b in pairs:
        table[a, b] += 1
    table /= len(pairs)
    steps = np.arange(k, dtype=np.float64)
    apart = (steps[:, None] != steps).astype(np.float64) if weights == "none" else (steps[:, None] - steps) ** 2
    expected = float((np.outer(table.sum(1), table.sum(0)) * apart).sum())
    return None if expected == 0 else 1 - float((table * apart).sum()) / expected


def krippendorff_alpha(units: Sequence[Sequence[int]], values: Sequence[float], metric: Metric) -> float | None:
    """Of units' answers, each a place in `values`; units of fewer than two count for nothing. None: nobody varies.

    values: what the places stand for, upwards; only `interval` looks at them.
    """
    patterns, counts = _coincidences(units, len(values))
    if not counts.size:
        return None
    alpha = _alphas((counts @ patterns)[None], np.array(values), metric)[0]
    return None if np.isnan(alpha) else float(alpha)


def alpha_interval(
    units: Sequence[Sequence[int]], values: Sequence[float], metric: Metric, *, seed: int = 0
) -> tuple[float, float] | None:
    """The middle 95 % of alpha over units drawn again; None under two units, or where it cannot be told.

    seed: fixes the draws. Draws in which nobody varies are left out, as alpha is not defined there.
    """
    patterns, counts = _coincidences(units, len(values))
    n = int(counts.sum())
    if n < _LEAST_UNITS:
        return None
    draws = np.random.default_rng(seed).multinomial(n, counts / n, size=_DRAWS).astype(np.float64)
    alphas = _alphas(draws @ patterns, np.array(values), metric)
    alphas = alphas[~np.isnan(alphas)]
    if not alphas.size:
        return None
    low, high = np.quantile(alphas, [(1 - _CONFIDENCE) / 2, (1 + _CONFIDENCE) / 2])
    return float(low), float(high)


def _coincidences(units: Sequence[Sequence[int]], k: int) -> tuple[Floats, Floats]:
    """Coincidence matrices, flat, (patterns, k * k): of m answers each pair 1 / (m - 1); how many units have each."""
    seen = Counter(tuple(sorted(unit)) for unit in units if len(unit) > 1)
    matrices = np.zeros((len(seen), k * k))
    for row, answers in enumerate(seen):
        n = np.bincount(answers, minlength=k).astype(np.float64)
        matrices[row] = ((np.outer(n, n) - np.diag(n)) / (len(answers) - 1)).ravel()
    return matrices, np.array(list(seen.values()), np.float64)


def _alphas(flat: Floats, values: Floats, metric: Metric) -> Floats:
    """alpha of each coincidence matrix, (draws, k * k); nan where everybody gave one answer throughout."""
    k = values.size
    o = flat.reshape(-1, k, k)
    n = o.sum(2)  # of each value, (draws, k)
    total = n.sum(1)
    apart = _apart(n, values, metric)
    observed = (o * apart).sum((1, 2))
    expected = (n[:, :, None] * n[:, None, :] * apart).sum((1, 2)) / np.maximum(total - 1, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(expected > 0, 1 - observed / expected, np.nan), np.float64)


def _apart(n: Floats, values: Floats, metric: Metric) -> Floats:
    """Squared differences between values, (draws or 1, k, k). n: of each value, (draws, k); ordinal hangs on them."""
    if metric == "nominal":
        return (1 - np.eye(values.size))[None]
    if metric == "interval":
        return ((values[:, None] - values) ** 2)[None]
    up_to = np.cumsum(n, 1) - n / 2  # so that the difference of two is what lies between, and half of each end
    return np.asarray((up_to[:, :, None] - up_to[:, None, :]) ** 2)


def _typed(value: Hashable) -> tuple[str, Hashable]:
    return type(value).__name__, value
