"""Labelled pooled states -> a head, measured on speakers that it has not heard. Deterministic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affect.backends.head import Head, softmax
from affect.speech_emotion import Calibration, undecided

Floats = NDArray[np.float64]
_SEEDS, _SMALL = range(5), 1000  # under 1,000 recordings one split tells little: five are averaged
_C = 0.003  # inverse of the L2 penalty: more features than recordings want a strong one; authored
_BINS = 15
_TEMPERATURES = np.exp(np.linspace(np.log(0.2), np.log(20.0), 241))


@dataclass(frozen=True, slots=True)
class Figures:
    """What cross-validation shows, of recordings that the head had not seen.

    Averages over several splits where there are few recordings.
    ua: mean of the labels' recalls, 0..1; chance is 1 / labels. recalls: label -> 0..1. by_split: ua of each split.
    ece_raw, ece: expected calibration error, 15 bins, 0..1, labels weighed equally, before and after a temperature that
    was fitted on the other folds. nll_raw, nll: likewise, nats. undecided: share of recordings without an answer.
    grouped: whether speakers were kept apart.
    """

    n: int
    ua: float
    recalls: Mapping[str, float]
    by_split: tuple[float, ...]
    ece_raw: float
    ece: float
    nll_raw: float
    nll: float
    undecided: float
    grouped: bool


def train(
    pooled: NDArray[np.floating],
    labels: Sequence[str],
    groups: Sequence[str] | None = None,
    *,
    encoder: str,
    layer: int,
    folds: int = 5,
    coverage: float = 0.9,
) -> tuple[Head, Figures]:
    """pooled: (n, f), of head.pool; labels: n; groups: the speaker of each, None when they are not known.

    Labels count equally, however many recordings each has. coverage: how often the true label shall be in the
    prediction set that decides whether the head answers. Raises ValueError for fewer than two labels, a label with
    fewer recordings (with groups: speakers) than two, NaN, or lengths that differ.
    """
    x, y = np.asarray(pooled, np.float64), np.asarray(labels, dtype=str)
    names, codes = np.unique(y, return_inverse=True)
    if x.ndim != 2 or len(x) != len(y) or (groups is not None and len(groups) != len(y)):
        raise ValueError(f"pooled of shape {x.shape} and {len(y)} labels: give one row, label and speaker a recording")
    if not np.isfinite(x).all():
        raise ValueError("pooled states hold NaN or infinity")
    if len(names) < 2:
        raise ValueError(f"{len(names)} label: a head tells at least two apart")
    by = np.arange(len(y)) if groups is None else np.unique(np.asarray(groups, dtype=str), return_inverse=True)[1]
    least = min(len(np.unique(by[codes == at])) for at in range(len(names)))
    if least < 2:
        what = "recordings" if groups is None else "speakers"
        raise ValueError(f"a label has fewer than two {what}: it cannot be measured on what the head has not seen")
    seeds = _SEEDS if len(y) < _SMALL else _SEEDS[:1]
    splits = [_folds(codes, None if groups is None else by, min(folds, least), seed) for seed in seeds]
    heard = [_out_of_fold(x, codes, fold_of) for fold_of in splits]
    mean, scale, weights, bias = _fit(x, codes, len(names))
    calibration = _calibrate(np.concatenate(heard), np.tile(codes, len(heard)), coverage, n=len(codes))
    told = [str(name) for name in names]
    figures = _averaged(
        [_figures(out, codes, of, told, coverage, groups is not None) for out, of in zip(heard, splits, strict=True)]
    )
    head = Head(
        tuple(map(str, names)),
        mean.astype(np.float32),
        scale.astype(np.float32),
        weights.astype(np.float32),
        bias.astype(np.float32),
        encoder,
        layer,
        calibration,
    )
    return head, figures


def _out_of_fold(x: Floats, codes: NDArray[np.int64], fold_of: NDArray[np.int64]) -> Floats:
    """Logits (n, k) of each recording from a head that did not see its fold."""
    k = int(codes.max()) + 1
    logits = np.zeros((len(codes), k))
    for fold in range(int(fold_of.max()) + 1):
        seen = fold_of != fold
        if len(np.unique(codes[seen])) < k:
            raise ValueError("a label is spoken by too few speakers to leave any of them out: record more")
        mean, scale, weights, bias = _fit(x[seen], codes[seen], k)
        logits[~seen] = (x[~seen] - mean) / scale @ weights + bias
    return logits


def _folds(codes: NDArray[np.int64], groups: NDArray[np.int64] | None, folds: int, seed: int) -> NDArray[np.int64]:
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    splitter: Any = (StratifiedKFold if groups is None else StratifiedGroupKFold)(
        folds, shuffle=True, random_state=seed
    )
    fold_of = np.zeros(len(codes), np.int64)
    for fold, (_, left_out) in enumerate(splitter.split(codes[:, None], codes, groups)):
        fold_of[left_out] = fold
    return fold_of


def _fit(x: Floats, codes: NDArray[np.int64], k: int) -> tuple[Floats, Floats, Floats, Floats]:
    from sklearn.linear_model import LogisticRegression

    mean, scale = x.mean(0), x.std(0)
    scale = np.where(scale > 1e-6 * max(1.0, float(scale.max())), scale, 1.0)  # a feature that never changes
    model: Any = LogisticRegression(C=_C, class_weight="balanced", max_iter=2000)
    model.fit((x - mean) / scale, codes)
    weights, bias = np.asarray(model.coef_, np.float64).T, np.asarray(model.intercept_, np.float64)
    if k == 2:  # scikit-learn keeps one column for two classes: the log odds of the second
        weights, bias = np.concatenate((-weights, weights), 1) / 2, np.concatenate((-bias, bias)) / 2
    return mean, scale, weights, bias


def _balance(codes: NDArray[np.int64]) -> Floats:
    """Weight of each recording, so that every label counts the same; they sum to 1."""
    weight = 1.0 / np.bincount(codes)[codes]
    return np.asarray(weight / weight.sum(), np.float64)


def nll(logits: Floats, codes: NDArray[np.int64], temperature: float) -> float:
    """Negative log likelihood, nats, labels weighed equally."""
    scaled = logits / temperature
    top = scaled.max(1, keepdims=True)
    log_total = np.log(np.exp(scaled - top).sum(1)) + top[:, 0]
    return float(_balance(codes) @ (log_total - scaled[np.arange(len(codes)), codes]))


def ece(shares: Floats, codes: NDArray[np.int64]) -> float:
    """Expected calibration error, 0..1: 15 bins of equal width of the top share (Guo et al. 2017), labels equal."""
    weight, top = _balance(codes), shares.max(1)
    right = shares.argmax(1) == codes
    bins = np.minimum((top * _BINS).astype(int), _BINS - 1)
    return float(sum(abs(float(weight[bins == b] @ (top - right)[bins == b])) for b in range(_BINS)))


def fit_temperature(logits: Floats, codes: NDArray[np.int64]) -> float:
    """Of 241 temperatures between 0.2 and 20 the one with the lowest nll."""
    return float(min(_TEMPERATURES, key=lambda t: nll(logits, codes, float(t))))


def fit_threshold(shares: Floats, codes: NDArray[np.int64], coverage: float) -> float:
    """1 - the split-conformal quantile of 1 - p(true): the true label reaches it as often as coverage says."""
    rank = int(np.floor((1 - coverage) * (len(codes) + 1) + 1e-9))
    true = np.sort(shares[np.arange(len(codes)), codes])
    return float(true[rank - 1]) if rank >= 1 else 0.0


def _calibrate(logits: Floats, codes: NDArray[np.int64], coverage: float, n: int = 0) -> Calibration:
    temperature = fit_temperature(logits, codes)
    return Calibration(temperature, fit_threshold(softmax(logits / temperature), codes, coverage), n)


def _figures(
    logits: Floats,
    codes: NDArray[np.int64],
    fold_of: NDArray[np.int64],
    names: list[str],
    coverage: float,
    grouped: bool,
) -> Figures:
    right = logits.argmax(1) == codes
    recalls = {name: float(right[codes == at].mean()) for at, name in enumerate(names)}
    shares, silent = np.zeros_like(logits), np.zeros(len(codes), bool)
    for fold in range(int(fold_of.max()) + 1):
        here = fold_of == fold
        calibration = _calibrate(logits[~here], codes[~here], coverage)
        shares[here] = softmax(logits[here] / calibration.temperature)
        silent[here] = [
            undecided(dict(zip(names, row.tolist(), strict=True)), calibration.threshold) for row in shares[here]
        ]
    ua = float(np.mean(list(recalls.values())))
    return Figures(
        len(codes),
        ua,
        recalls,
        (ua,),
        ece(softmax(logits), codes),
        ece(shares, codes),
        nll(logits, codes, 1.0),
        float(_balance(codes) @ -np.log(np.maximum(shares[np.arange(len(codes)), codes], 1e-12))),
        float(silent.mean()),
        grouped,
    )


def _averaged(splits: Sequence[Figures]) -> Figures:
    def of(name: str) -> float:
        return float(np.mean([getattr(split, name) for split in splits]))

    recalls = {label: float(np.mean([s.recalls[label] for s in splits])) for label in splits[0].recalls}
    return replace(
        splits[0],
        recalls=recalls,
        by_split=tuple(split.ua for split in splits),
        ua=of("ua"),
        ece_raw=of("ece_raw"),
        ece=of("ece"),
        nll_raw=of("nll_raw"),
        nll=of("nll"),
        undecided=of("undecided"),
    )
