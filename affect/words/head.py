"""The trained head: features of a text, and its sentence vector where there is one -> probabilities. numpy only.

Two multinomial logistic regressions lie in one file: one that also takes a sentence vector, and one for where none is
at hand. Weights of the hashed pieces are int8 with one scale a class; the rest is float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from affect.labels import EMOTIONS
from affect.words.features import BUCKETS, NAMES, dense, hashed
from affect.words.scan import Scan

Vector = NDArray[np.float32]
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Regression:
    """One logistic regression. Columns are labels.EMOTIONS, k of them.

    dense: (len(NAMES), k); pieces: (BUCKETS, k) int8 times scale (k,); bias: (k,); embedding: (d, k), None for the
    one that needs no vector. temperature: what the logits are divided by, above 0.
    """

    dense: NDArray[np.float32]
    pieces: NDArray[np.int8]
    scale: NDArray[np.float32]
    bias: NDArray[np.float32]
    temperature: float
    embedding: NDArray[np.float32] | None = None

    def logits(self, scan: Scan, vector: Vector | None) -> NDArray[np.float32]:
        """(k,) before the temperature. vector: (d,), taken only where embedding is set."""
        buckets, weight = hashed(scan.text)
        out = self.bias + dense(scan) @ self.dense
        if len(buckets):
            out = out + weight * self.scale * self.pieces[buckets].sum(0, dtype=np.int32)
        if self.embedding is not None and vector is not None:
            out = out + vector @ self.embedding
        return np.asarray(out, np.float32)


@dataclass(frozen=True, slots=True)
class Head:
    """Both regressions and what they were trained on.

    embedder: name of the embedder whose vectors it knows; corpus: digest of the lines (see corpus.digest).
    """

    embedder: str
    corpus: str
    with_vector: Regression
    without: Regression

    @property
    def dimensions(self) -> int:
        """Length of the vectors it knows."""
        embedding = self.with_vector.embedding
        return 0 if embedding is None else len(embedding)

    def probabilities(self, scan: Scan, vector: Vector | None = None) -> NDArray[np.float32]:
        """(7,) over labels.EMOTIONS, summing to 1. vector: unit, (dimensions,), from `embedder`, or None.

        Raises ValueError for a vector of another shape.
        """
        if vector is not None and vector.shape != (self.dimensions,):
            raise ValueError(f"a vector of shape {vector.shape}: this head knows ({self.dimensions},)")
        regression = self.without if vector is None else self.with_vector
        return softmax(regression.logits(scan, vector) / regression.temperature)


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Along the last axis."""
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(-1, keepdims=True), np.float32)


def to_arrays(head: Head) -> dict[str, NDArray[np.generic]]:
    """What `save` writes."""
    arrays: dict[str, NDArray[np.generic]] = {
        "format": np.array(FORMAT),
        "embedder": np.array(head.embedder),
        "corpus": np.array(head.corpus),
        "categories": np.array(EMOTIONS),
        "features": np.array(NAMES),
    }
    for name, part in (("vector", head.with_vector), ("text", head.without)):
        arrays[f"{name}_dense"], arrays[f"{name}_pieces"] = part.dense, part.pieces
        arrays[f"{name}_scale"], arrays[f"{name}_bias"] = part.scale, part.bias
        arrays[f"{name}_temperature"] = np.array(part.temperature)
        if part.embedding is not None:
            arrays[f"{name}_embedding"] = part.embedding
    return arrays


def save(head: Head, path: Path) -> None:
    """Write the head; the same head gives the same bytes."""
    with path.open("wb") as out:
        np.savez_compressed(out, **to_arrays(head))  # type: ignore[arg-type]


def load(path: Path) -> Head:
    """Read a head. Raises ValueError when the file is not one, or is of other features, and OSError."""
    with np.load(path, allow_pickle=False) as stored:
        arrays = dict(stored)
    if "format" not in arrays or int(arrays["format"]) != FORMAT:
        raise ValueError(f"{path.name} holds no head of format {FORMAT}: train it again")
    if tuple(arrays["features"]) != NAMES or tuple(arrays["categories"]) != EMOTIONS:
        raise ValueError(f"{path.name} was trained on other features or categories: train it again")
    head = Head(str(arrays["embedder"]), str(arrays["corpus"]), _part(arrays, "vector"), _part(arrays, "text"))
    if any(len(part.pieces) != BUCKETS for part in (head.with_vector, head.without)):
        raise ValueError(f"{path.name} was trained with another number of buckets: train it again")
    return head


def _part(arrays: Mapping[str, NDArray[np.generic]], name: str) -> Regression:
    return Regression(
        np.asarray(arrays[f"{name}_dense"], np.float32),
        np.asarray(arrays[f"{name}_pieces"], np.int8),
        np.asarray(arrays[f"{name}_scale"], np.float32),
        np.asarray(arrays[f"{name}_bias"], np.float32),
        float(np.asarray(arrays[f"{name}_temperature"], np.float64)),
        np.asarray(arrays[f"{name}_embedding"], np.float32) if f"{name}_embedding" in arrays else None,
    )


@cache
def default_head() -> Head:
    """The head that ships, read once."""
    with as_file(files("affect.backends").joinpath("words.npz")) as path:
        return load(path)
