"""Sentence vectors of lines, for the commands that read text."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_AT_ONCE = 64


async def line_vectors(lines: Sequence[str]) -> tuple[str, list[NDArray[np.float32]]]:
    """Name of the default embedder, and the vector of each line."""
    name, vectors, _ = await timed_line_vectors(lines)
    return name, vectors


async def timed_line_vectors(lines: Sequence[str]) -> tuple[str, list[NDArray[np.float32]], float]:
    """`line_vectors`, and the milliseconds that a line took, without the loading of the model."""
    from memory.backends.use import create

    embedder = await create(None, Path)
    try:
        found: list[NDArray[np.float32]] = []
        started = time.perf_counter()
        for at in range(0, len(lines), _AT_ONCE):
            found += list(await embedder.embed([line or " " for line in lines[at : at + _AT_ONCE]]))
        return embedder.name, found, (time.perf_counter() - started) * 1e3 / max(1, len(lines))
    finally:
        await embedder.close()
