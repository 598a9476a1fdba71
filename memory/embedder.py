"""Sentences -> vectors."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """One sentence embedder. name: changes whenever its vectors are no longer comparable; dimensions: d."""

    name: str
    dimensions: int

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), d); nearness is the dot product. Raises when the model fails."""
        ...

    async def close(self) -> None: ...


class FakeEmbedder:
    """For tests: counts hashed character bigrams, so that texts which share words are near."""

    name = "fake-bigrams"
    dimensions = 64

    async def embed(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for a, b in zip(text, text[1:] + " ", strict=True):
                row[int.from_bytes(hashlib.blake2s((a + b).encode(), digest_size=2).digest()) % len(row)] += 1
            row /= max(float(np.linalg.norm(row)), 1e-9)
        return rows

    async def close(self) -> None:
        """Nothing to close."""
