"""Text -> numbers for the head: what it speaks of, and hashed pieces of it. Pure; patterns are authored."""

from __future__ import annotations

import re
import tomllib
import zlib
from importlib.resources import files
from itertools import pairwise
from math import sqrt

import numpy as np
from numpy.typing import NDArray

BUCKETS = 1 << 14
_PIECES = re.compile(r"[a-z]+|[\u4e00-\u9fff□]+|[!?！？]+|\d+")
_CONCEPTS: dict[str, str] = tomllib.loads(files("companion.safety.risk").joinpath("concepts.toml").read_text("utf-8"))
_COMPILED = tuple(re.compile(pattern) for pattern in _CONCEPTS.values())
_AT = {name: i for i, name in enumerate(_CONCEPTS)}
_MEANS = ("pills", "blade", "rope", "gas", "gun", "high", "water", "tracks")
_TOGETHER = (
    *(
        ("means", other)
        for other in ("death", "jump", "end", "soon", "decided", "wish", "farewell", "rescue", "vanish")
    ),
    *(("death", other) for other in ("wish", "soon", "decided", "me", "not", "play", "sleep", "them", "end")),
    *(("alive", other) for other in ("want_not", "not", "despair", "burden", "end", "wish")),
    *(("sleep", other) for other in ("wish", "not", "want_not")),
    *(("vanish", other) for other in ("wish", "farewell", "alone", "alive", "burden")),
    *(("farewell", other) for other in ("soon", "vanish", "decided", "note")),
    ("jump", "high"), ("jump", "wish"), ("end", "wish"), ("end", "soon"), ("note", "soon"), ("rescue", "not"),
)  # fmt: skip
NAMES = (*_CONCEPTS, "means", *(f"{a} and {b}" for a, b in _TOGETHER))


def concepts(text: str) -> NDArray[np.float32]:
    """(len(NAMES),) of 0 and 1: what a masked text in normal form speaks of, and which two of it together."""
    found = {name: float(pattern.search(text) is not None) for name, pattern in zip(_AT, _COMPILED, strict=True)}
    found["means"] = max(found[name] for name in _MEANS)
    pairs = [found[a] * found[b] for a, b in _TOGETHER]
    return np.array([*found.values(), *pairs], np.float32)


def hashed(text: str) -> tuple[NDArray[np.int64], float]:
    """Buckets of the pieces of a text, each once, and the weight of each: 1 / sqrt(their number)."""
    out: list[str] = []
    last = "^"
    for run in _PIECES.findall(text):
        if "\u4e00" <= run[0] <= "\u9fff":
            out += run
            out += map("".join, pairwise(run))
            out += map("".join, zip(run, run[1:], run[2:], strict=False))
        elif run[0].isalpha():
            out += (run, f"{last} {run}")
        last = run
    buckets = {zlib.crc32(piece.encode()) % BUCKETS for piece in out}
    return np.fromiter(buckets, np.int64, len(buckets)), 1 / sqrt(max(1, len(buckets)))
