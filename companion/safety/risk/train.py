"""Marked and everyday lines -> the head. Deterministic; thresholds are set on lines that a fold has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from companion.safety.risk.grammar import doubtful, excused, mask
from companion.safety.risk.head import CLASSES, Head, Thresholds
from companion.safety.risk.head_features import BUCKETS, NAMES, concepts, hashed
from companion.safety.risk.lines import Line, digest
from companion.safety.risk.normal import normal
from companion.safety.risk.types import RiskKind

_VECTOR, _PIECES = 2.0, 2.0  # weight of each block before one common L2 penalty; that of the concepts is 1
_C = 2.0  # inverse of that penalty; all three were chosen by the folds
_MARKED = 2.0  # what a marked line counts beside an everyday one
_FOLDS = 5
# Shares of everyday lines that may be raised, of those that nothing near them puts in doubt: by the head alone to 2,
# beside distress to 2, a 2 to 3, alone to 3. Authored: under the goals of 1 % and .2 %, since strangers talk otherwise.
_FALSE_ALONE, _FALSE_BESIDE, _FALSE_ACTIVE, _FALSE_SURELY = 0.0035, 0.006, 0.003, 0.0012
_LEAST = 0.3  # no threshold lies under it
_OURS = (RiskKind.SUICIDE, RiskKind.SELF_HARM, RiskKind.DISTRESS, None)


def fit(
    marked: Sequence[Line], everyday: Sequence[Line], vectors: Sequence[NDArray[np.float32]], *, embedder: str
) -> tuple[Head, str]:
    """The head and a note on what the folds show. vectors: unit, of all marked lines, then of all everyday ones.

    Lines of kinds that are not about ending or harming oneself teach it nothing and are left out. Raises ValueError
    where a class or everyday lines are missing.
    """
    lines = [*marked, *everyday]
    keep = [i for i, line in enumerate(lines) if line.kind in _OURS]
    y = np.array([min(3, lines[i].level) for i in keep])
    own = np.array([i < len(marked) for i in keep])
    if not everyday or set(y.tolist()) != set(range(len(CLASSES))):
        raise ValueError("training wants everyday lines (--everyday FILE) and marked ones of each level")
    x = _matrix([lines[i].text for i in keep], np.stack([vectors[i] for i in keep]))
    weights = np.where(own, _MARKED, 1.0)
    unseen = np.zeros((len(keep), len(CLASSES)))
    fold = np.arange(len(keep)) % _FOLDS
    for n in range(_FOLDS):
        out = fold == n
        unseen[out] = _model(x[~out], y[~out], weights[~out]).predict_proba(x[out])
    wish, active = unseen[:, 2] + unseen[:, 3], unseen[:, 3]
    plain = ~own & np.array([own[n] or not _in_doubt(lines[i].text) for n, i in enumerate(keep)])
    limits = Thresholds(
        _threshold(wish[plain], _FALSE_ALONE),
        _threshold(wish[plain], _FALSE_BESIDE),
        _threshold(active[plain], _FALSE_ACTIVE),
        _threshold(active[plain], _FALSE_SURELY),
    )
    head = _head(_model(x, y, weights), embedder, digest(lines), limits)
    told = [f"{name} {np.mean(wish[own & (y == n)] >= limits.alone):.3f}" for n, name in enumerate(CLASSES)]
    note = (
        f"{len(marked)} marked, {len(everyday)} everyday lines. By the head alone, unseen, read as 2 or more: "
        f"{', '.join(told)}; as 3: active {np.mean(active[own & (y == 3)] >= limits.surely):.3f}"
    )
    return head, note


def _in_doubt(text: str) -> bool:
    """Whether the reader would not believe the head alone."""
    form = normal(text).text
    masked = mask(form)
    return doubtful(form, masked) or excused(form, masked)


def _matrix(texts: Sequence[str], vectors: NDArray[np.float32]) -> Any:
    from scipy.sparse import csr_matrix, hstack

    masked = [mask(normal(text).text) for text in texts]
    found = [hashed(text) for text in masked]
    pieces = csr_matrix(
        (
            np.concatenate([np.full(len(b), w) for b, w in found]),
            np.concatenate([b for b, _ in found]),
            np.concatenate([[0], np.cumsum([len(b) for b, _ in found])]),
        ),
        shape=(len(texts), BUCKETS),
    )
    dense = np.stack([concepts(text) for text in masked])
    return hstack([csr_matrix(vectors * _VECTOR), csr_matrix(dense), pieces * _PIECES]).tocsr().astype(np.float64)


def _model(x: Any, y: NDArray[np.int64], weights: NDArray[np.float64]) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=_C, max_iter=300, tol=1e-3).fit(x, y, sample_weight=weights)


def _head(model: Any, embedder: str, corpus: str, limits: Thresholds) -> Head:
    weights = np.asarray(model.coef_.T, np.float64)
    at = len(weights) - BUCKETS
    pieces = weights[at:] * _PIECES
    scale = np.maximum(np.abs(pieces).max(0), 1e-9) / 127
    return Head(
        embedder,
        corpus,
        np.asarray(weights[: at - len(NAMES)] * _VECTOR, np.float32),
        np.asarray(weights[at - len(NAMES) : at], np.float32),
        np.asarray(np.rint(pieces / scale), np.int8),
        np.asarray(scale, np.float32),
        np.asarray(model.intercept_, np.float32),
        limits,
    )


def _threshold(shares: NDArray[np.float64], false: float) -> float:
    """The least threshold, of _LEAST to 1, that at most this share of `shares` reaches."""
    return float(np.clip(np.quantile(shares, 1 - false) + 1e-6, _LEAST, 0.999))
