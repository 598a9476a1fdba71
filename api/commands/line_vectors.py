"""Sentence vectors of lines, for the commands that read text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_AT_ONCE = 64


async def line_vectors(lines: Sequence[str]) -> tuple[str, list[NDArray[np.float32]]]:
    """Name of the default embedder, and the vector of each line."""
    from memory.backends.use import create

    embedder = await create(None, Path)
    try:
        found: list[NDArray[np.float32]] = []
        for at in range(0, len(lines), _AT_ONCE):
            found += list(await embedder.embed([line or " " for line in lines[at : at + _AT_ONCE]]))
        return embedder.name, found
    finally:
        await embedder.close()
