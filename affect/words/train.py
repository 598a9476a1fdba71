"""Corpus -> head: two multinomial logistic regressions, measured by leaving out one file at a time. Deterministic.

Each file of the corpus is by another author, so that what is left out tells how the head reads strangers. Weights of
the blocks, regularisation and the shares of made lines were chosen by these figures, never by the fit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affect.labels import EMOTIONS
from affect.words.corpus import Line, digest, drills, entries_as_lines, misheard
from affect.words.features import BUCKETS, NAMES, dense, hashed
from affect.words.head import Head, Regression, softmax
from affect.words.scan import Lexicon, scan

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
Floats = NDArray[np.float64]

_VECTOR, _DENSE, _PIECES = 2.0, 0.8, 2.5  # weight of each block before one common L2 penalty
_C = 1.0  # inverse of that penalty
_MISHEARD, _ENTRIES, _DRILLS = 0.5, 0.2, 0.3  # what a made line counts beside an authored one
_WRONG = 0.08  # share of wrong characters in misheard lines
# Authored lines speak more plainly than people do: the temperature is fitted on lines as written and as misheard, and
# raised by this much. Authored.
_CAUTION = 1.15
_BINS = 15


@dataclass(frozen=True, slots=True)
class Figures:
    """What leaving out one file shows. Per-category F1 is None where the file has no such line. ece: 15 bins, 0..1."""

    source: str
    lines: int
    macro_f1: float
    f1: dict[str, float | None]
    ece: float
    misheard_f1: float
    without_vector_f1: float


@dataclass(frozen=True, slots=True)
class _Rows:
    """Lines as numbers: blocks for all lines, row by row."""

    lines: Sequence[Line]
    matrix: Any  # scipy.sparse.csr_matrix (n, d + len(NAMES) + BUCKETS)
    labels: NDArray[np.int64]
    weights: Floats
    sources: NDArray[np.str_]


def train(lines: Sequence[Line], embed: Embed, *, embedder: str, lexicon: Lexicon) -> tuple[Head, list[Figures]]:
    """The head and its figures by file. embed: texts -> unit vectors (n, d), of the embedder of this name.

    Raises ValueError when a category has no line, or lines come from fewer than two files.
    """
    missing = set(EMOTIONS) - {line.label for line in lines}
    if missing:
        raise ValueError(f"the corpus has no line for {', '.join(sorted(missing))}")
    names = sorted({line.source for line in lines})
    if len(names) < 2:
        raise ValueError("leaving out one file wants at least two files")
    han = "".join(c for line in lines for c in line.text if "\u4e00" <= c <= "\u9fff") or "的"
    heard = [_misheard(line, Random(at), han) for at, line in enumerate(lines)]
    made = [*heard, *entries_as_lines(lexicon, _ENTRIES), *drills(_DRILLS)]
    own, others = _rows(lines, embed, lexicon), _rows(made, embed, lexicon)
    parts, logits, logits_heard = {}, {}, {}
    for kind in ("vector", "text"):
        logits[kind], logits_heard[kind] = _leave_one_out(own, others, names, vector=kind == "vector")
        both = np.concatenate([logits[kind], logits_heard[kind]])
        temperature = _CAUTION * _temperature(both, np.tile(own.labels, 2))
        fitted = _fit([(own, slice(None)), (others, slice(None))], vector=kind == "vector")
        parts[kind] = replace(_regression(fitted, vector=kind == "vector"), temperature=temperature)
    figures = [
        _figures(name, own, logits, logits_heard["vector"], parts["vector"].temperature) for name in (*names, "all")
    ]
    return Head(embedder, digest(lines), parts["vector"], parts["text"]), figures


def _misheard(line: Line, random: Random, pool: str) -> Line:
    return replace(line, text=misheard(line.text, random, _WRONG, pool) or line.text, weight=line.weight * _MISHEARD)


def _rows(lines: Sequence[Line], embed: Embed, lexicon: Lexicon) -> _Rows:
    from scipy.sparse import csr_matrix, hstack

    vectors = np.concatenate([embed([line.text for line in lines[at : at + 64]]) for at in range(0, len(lines), 64)])
    scans = [scan(line.text, lexicon) for line in lines]
    found = [hashed(s.text) for s in scans]
    pieces = csr_matrix(
        (
            np.concatenate([np.full(len(b), w) for b, w in found]),
            np.concatenate([b for b, _ in found]),
            np.concatenate([[0], np.cumsum([len(b) for b, _ in found])]),
        ),
        shape=(len(lines), BUCKETS),
    )
    blocks = [vectors * _VECTOR, np.stack([dense(s) for s in scans]) * _DENSE]
    return _Rows(
        lines,
        hstack([*map(csr_matrix, blocks), pieces * _PIECES]).tocsr().astype(np.float64),
        np.array([EMOTIONS.index(line.label) for line in lines]),
        np.array([line.weight for line in lines]),
        np.array([line.source for line in lines]),
    )


def _inputs(rows: _Rows, keep: Any, *, vector: bool) -> Any:
    matrix = rows.matrix[keep]
    return matrix if vector else matrix[:, matrix.shape[1] - BUCKETS - len(NAMES) :]


def _fit(parts: Sequence[tuple[_Rows, Any]], *, vector: bool) -> Any:
    from scipy.sparse import vstack
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=_C, max_iter=300, tol=1e-3)
    return model.fit(
        vstack([_inputs(rows, keep, vector=vector) for rows, keep in parts]),
        np.concatenate([rows.labels[keep] for rows, keep in parts]),
        sample_weight=np.concatenate([rows.weights[keep] for rows, keep in parts]),
    )


def _leave_one_out(own: _Rows, others: _Rows, names: Sequence[str], *, vector: bool) -> tuple[Floats, Floats]:
    """Logits (n, 7) of each own line, as written and as misheard, by a model that has not seen its file."""
    written, heard = np.zeros((2, len(own.lines), len(EMOTIONS)))
    for name in names:
        out = own.sources == name
        model = _fit([(own, ~out), (others, others.sources != name)], vector=vector)
        columns = model.classes_  # a category may be missing where it stands in one file only
        written[out] = heard[out] = -20.0
        written[np.ix_(out, columns)] = model.decision_function(_inputs(own, out, vector=vector))
        heard[np.ix_(out, columns)] = model.decision_function(_inputs(others, np.flatnonzero(out), vector=vector))
    return written, heard


def _regression(model: Any, *, vector: bool) -> Regression:
    weights = np.asarray(model.coef_.T, np.float64)
    at = len(weights) - BUCKETS
    pieces = weights[at:] * _PIECES
    scale = np.maximum(np.abs(pieces).max(0), 1e-9) / 127
    return Regression(
        np.asarray(weights[at - len(NAMES) : at] * _DENSE, np.float32),
        np.asarray(np.rint(pieces / scale), np.int8),
        np.asarray(scale, np.float32),
        np.asarray(model.intercept_, np.float32),
        1.0,
        np.asarray(weights[: at - len(NAMES)] * _VECTOR, np.float32) if vector else None,
    )


def _temperature(logits: Floats, labels: NDArray[np.int64]) -> float:
    """The divisor, of a grid of .02, with the least negative log-likelihood (Guo et al. 2017)."""
    grid = np.arange(0.5, 3.0, 0.02)
    rows = np.arange(len(labels))
    losses = [-np.log(softmax_of(logits / t)[rows, labels] + 1e-9).mean() for t in grid]
    return float(grid[int(np.argmin(losses))])


def softmax_of(logits: Floats) -> Floats:
    """head.softmax in float64."""
    return np.asarray(softmax(np.asarray(logits, np.float32)), np.float64)


def _figures(name: str, own: _Rows, logits: dict[str, Floats], heard: Floats, temperature: float) -> Figures:
    keep = np.full(len(own.lines), True) if name == "all" else own.sources == name
    truth = own.labels[keep]
    probabilities = softmax_of(logits["vector"][keep] / temperature)
    by_label = f1_by_label(truth, probabilities.argmax(1))
    return Figures(
        name,
        len(truth),
        _mean(by_label),
        dict(zip(EMOTIONS, by_label, strict=True)),
        expected_calibration_error(probabilities.max(1), probabilities.argmax(1) == truth),
        _mean(f1_by_label(truth, heard[keep].argmax(1))),
        _mean(f1_by_label(truth, logits["text"][keep].argmax(1))),
    )


def f1_by_label(truth: NDArray[np.int64], guess: NDArray[np.int64]) -> list[float | None]:
    """F1 of each category, 0..1, None where the truth has none of it."""
    out: list[float | None] = []
    for label in range(len(EMOTIONS)):
        hits = int(((truth == label) & (guess == label)).sum())
        total = int((truth == label).sum() + (guess == label).sum())
        out.append(2 * hits / total if (truth == label).any() else None)
    return out


def _mean(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None]
    return sum(known) / len(known)


def expected_calibration_error(confidence: Floats, right: NDArray[np.bool_]) -> float:
    """Mean gap between confidence and share of right ones over 15 equal bins, weighed by their size, 0..1."""
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gaps = [abs(float((confidence[bins == b] - right[bins == b]).sum())) for b in range(_BINS)]
    return sum(gaps) / len(confidence)
