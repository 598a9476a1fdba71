"""Train the head of `learnt` on authored lines.

    python -m companion.research.disclosure.learning OUT MARKED... -- PLAIN...

MARKED are files as `measure` reads them; of one that is halved for measuring, the building half only. PLAIN hold a
line of ordinary talk each, the longest column of it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from companion.research.deidentify.reading import read
from companion.research.disclosure.learnt import Floats, Head, vectors
from companion.research.disclosure.measure import Line, held_out, read_lines

HALVED = "indirect.tsv"
_PLAIN_FLAGGED = 0.12  # of the plain lines, in cross-validation: where the threshold lies; authored
_WEIGHT = 0.3  # of a line of ordinary talk, which may hold what nobody has marked; chosen in cross-validation
_C = 3.0  # inverse strength of the penalty; chosen in cross-validation
_FOLDS = 5


def trained(lines: Sequence[Line], plain: Sequence[str]) -> Head:
    """A head for these lines."""
    from sklearn.linear_model import LogisticRegression

    rows, others = vectors([_folded(line.text) for line in lines]), vectors([_folded(told) for told in plain])
    tells = np.array([line.span is not None for line in lines])

    def fitted(at: Sequence[int] | slice) -> LogisticRegression:
        x, y = np.vstack([rows[at], others]), np.r_[tells[at], np.zeros(len(others), bool)]
        weights = np.r_[np.ones(len(y) - len(others)), np.full(len(others), _WEIGHT)]
        return LogisticRegression(C=_C, solver="newton-cholesky").fit(x, y, sample_weight=weights)

    shuffled = np.random.default_rng(0).permutation(len(lines))
    odds = np.zeros(len(lines))
    for fold in range(_FOLDS):
        left_out = shuffled[fold::_FOLDS]
        rest = np.setdiff1d(shuffled, left_out)
        odds[left_out] = fitted(rest.tolist()).decision_function(rows[left_out])
    threshold = float(np.quantile(odds[~tells], 1 - _PLAIN_FLAGGED))
    model = fitted(slice(None))
    kinds = LogisticRegression(C=_C, max_iter=1000).fit(rows[tells], [x.kind for x in lines if x.span])
    return Head(
        _floats(model.coef_[0]),
        float(model.intercept_[0]),
        threshold,
        tuple(kinds.classes_),
        _floats(kinds.coef_),
        _floats(kinds.intercept_),
    )


def saved(head: Head, path: Path) -> None:
    """Write it as `learnt.shipped` reads it."""
    np.savez(
        path,
        weights=head.weights,
        bias=np.float64(head.bias),
        threshold=np.float64(head.threshold),
        kinds=np.array(head.kinds),
        kind_weights=head.kind_weights,
        kind_bias=head.kind_bias,
    )


def building(path: Path) -> list[Line]:
    """The lines of a file that may be built on."""
    lines = read_lines(path)
    return [line for line in lines if not held_out(line)] if path.name == HALVED else lines


def ordinary_talk(path: Path) -> list[str]:
    """One line a line, the longest column of it, marks of types left out."""
    from companion.research.deidentify.lines import read_lines as marked

    if path.suffix == ".txt":
        return [line.text for line in marked(path)]
    raw = path.read_text("utf-8").splitlines()
    return [max(line.split("\t"), key=len) for line in raw if line and not line.startswith("#")]


def _folded(told: str) -> str:
    return read(told).lower


def _floats(told: object) -> Floats:
    return np.asarray(told, np.float32)


if __name__ == "__main__":
    out, *told = sys.argv[1:]
    cut = told.index("--")
    saved(
        trained(
            [line for name in told[:cut] for line in building(Path(name))],
            list(dict.fromkeys(line for name in told[cut + 1 :] for line in ordinary_talk(Path(name)))),
        ),
        Path(out),
    )
