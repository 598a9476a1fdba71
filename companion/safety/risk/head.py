"""A small head on the sentence vector and on what a text speaks of: for wordings that no rule has. numpy only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from companion.safety.risk.head_features import BUCKETS, NAMES, concepts, hashed
from companion.safety.risk.types import SERIOUS

FORMAT = 1
CLASSES = ("none", "distress", "passive", "active")  # levels 0, 1, 2 and 3-4
_SHORTEST = 4  # characters; shorter texts have no vector that says anything

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Probabilities, 0..1, from which the head counts.

    alone: of "passive" or "active", to 2 where no rule found anything; beside: the same where a rule found distress.
    active: of "active", to 3 where rules found a 2 or the head one; surely: to 3 where no rule found anything.
    """

    alone: float
    beside: float
    active: float
    surely: float


@dataclass(frozen=True, slots=True)
class Head:
    """A multinomial logistic regression over CLASSES, k of them.

    embedding: (d, k); dense: (len(NAMES), k); pieces: (BUCKETS, k) int8 times scale (k,); bias: (k,).
    embedder: whose vectors it knows; corpus: digest of the lines it was trained on (see lines.digest).
    """

    embedder: str
    corpus: str
    embedding: NDArray[np.float32]
    dense: NDArray[np.float32]
    pieces: NDArray[np.int8]
    scale: NDArray[np.float32]
    bias: NDArray[np.float32]
    thresholds: Thresholds

    @property
    def dimensions(self) -> int:
        """Length of the vectors it knows."""
        return len(self.embedding)

    def probabilities(self, masked: str, vector: Vector) -> NDArray[np.float32]:
        """(4,) over CLASSES. masked: the text in normal form without idioms; vector: unit, (dimensions,)."""
        buckets, weight = hashed(masked)
        logits = self.bias + vector @ self.embedding + concepts(masked) @ self.dense
        if len(buckets):
            logits = logits + weight * self.scale * self.pieces[buckets].sum(0, dtype=np.int32)
        shifted = np.exp(logits - logits.max())
        return np.asarray(shifted / shifted.sum(), np.float32)

    def level(self, masked: str, vector: Vector, found: int, *, doubtful: bool = False) -> int:
        """What it amounts to beside what the rules found (0..4): 0, 2 or 3.

        doubtful: a story, a joke, a trifle or an idiom is near, so that only a sure head counts, and to 2 at most.
        """
        if len(masked) < _SHORTEST or found > SERIOUS:
            return 0
        p = self.probabilities(masked, vector)
        wish, active = float(p[2] + p[3]), float(p[3])
        limits = self.thresholds
        if doubtful:
            return SERIOUS if wish >= limits.surely else 0
        if active >= (limits.active if found == SERIOUS else limits.surely):
            return 3
        if found == SERIOUS:
            return 0
        return 2 if wish >= (limits.beside if found else limits.alone) else 0


def save(head: Head, path: Path) -> None:
    """Write the head; the same head gives the same bytes."""
    limits = head.thresholds
    with path.open("wb") as out:
        np.savez_compressed(
            out,
            format=np.array(FORMAT),
            embedder=np.array(head.embedder),
            corpus=np.array(head.corpus),
            features=np.array(NAMES),
            embedding=head.embedding,
            dense=head.dense,
            pieces=head.pieces,
            scale=head.scale,
            bias=head.bias,
            thresholds=np.array([limits.alone, limits.beside, limits.active, limits.surely], np.float64),
        )


def load(path: Path) -> Head:
    """Read a head. Raises ValueError when the file is not one or is of other features, and OSError."""
    with np.load(path, allow_pickle=False) as stored:
        arrays = dict(stored)
    if "format" not in arrays or int(arrays["format"]) != FORMAT:
        raise ValueError(f"{path.name} holds no head of risk of format {FORMAT}: train it again")
    if tuple(arrays["features"]) != NAMES or len(arrays["pieces"]) != BUCKETS:
        raise ValueError(f"{path.name} was trained on other features: train it again")
    return Head(
        str(arrays["embedder"]),
        str(arrays["corpus"]),
        np.asarray(arrays["embedding"], np.float32),
        np.asarray(arrays["dense"], np.float32),
        np.asarray(arrays["pieces"], np.int8),
        np.asarray(arrays["scale"], np.float32),
        np.asarray(arrays["bias"], np.float32),
        Thresholds(*map(float, arrays["thresholds"])),
    )


@cache
def default_head() -> Head:
    """The one that ships."""
    with as_file(files("companion.safety.risk").joinpath("head.npz")) as path:
        return load(path)
