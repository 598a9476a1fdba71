"""What one person said before that matters for what they say now. Pure; exact search over that person's rows.

Score = .5 nearness + .25 shared words + .1 recency + .1 salience + .05 likeness of mood, each 0..1. A memory that is
neither near nor shares words is left out, however fresh: recalling nothing is a result. All weights are authored.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memory.types import Memory, MemoryKind, Recall

_NEAR, _SHARED, _RECENT, _SALIENT, _MOOD = 0.5, 0.25, 0.1, 0.1, 0.05
_HALF_LIFE_S = 14 * 86_400.0
_NOWHERE = np.zeros(0, np.intp)
_K1, _B = 1.2, 0.75  # BM25 (Robertson & Zaragoza 2009)
_TERM = re.compile(r"[\u4e00-\u9fff]+|[a-z0-9']+")
_EVERYWHERE = frozenset(
    [
        "i",
        "i'm",
        "my",
        "me",
        "the",
        "a",
        "an",
        "is",
        "was",
        "am",
        "are",
        "to",
        "of",
        "and",
        "in",
        "it",
        "that",
        "you",
        "do",
        "did",
        "s",
        "我的",
        "我在",
        "我有",
        "我是",
        "我们",
    ]
)
_BACK = re.compile(
    r"我(?:又)?(?:回来|来)(?:了|啦)|在吗|还记得|记不记得|你好|晚上好|早上好|我们上次|"
    r"\b(?:i'm back|i am back|back again|remember|hello|hi|hey|good (?:morning|evening)|last time)\b",
    re.IGNORECASE,
)
_OPEN = (MemoryKind.EVENT, MemoryKind.WORRY)


@dataclass(frozen=True, slots=True)
class Rows:
    """One person's memories, made ready once when the person is loaded. vectors: unit rows, float32, shape (n, d).

    postings: term -> (rows that hold it, how often); lengths: terms of each row. The others are columns of the
    memories, shape (n,): unix seconds (never: infinity), 0..1, and valence -1..1 with NaN where it is unknown.
    """

    memories: tuple[Memory, ...]
    vectors: NDArray[np.float32]
    postings: Mapping[str, tuple[NDArray[np.intp], NDArray[np.float64]]]
    lengths: NDArray[np.float64]
    valid_from: NDArray[np.float64]
    valid_to: NDArray[np.float64]
    salience: NDArray[np.float64]
    valence: NDArray[np.float64]
    open_topic: NDArray[np.bool_]

    @classmethod
    def of(cls, memories: Sequence[Memory], vectors: NDArray[np.float32]) -> Rows:
        """Memories with their vectors, in the same order."""
        held: dict[str, list[tuple[int, int]]] = {}
        lengths = np.zeros(len(memories))
        for n, memory in enumerate(memories):
            counts = Counter(terms(memory.text))
            lengths[n] = counts.total()
            for term, count in counts.items():
                held.setdefault(term, []).append((n, count))
        return cls(
            tuple(memories),
            vectors,
            {t: (np.array([n for n, _ in at]), np.array([c for _, c in at], float)) for t, at in held.items()},
            lengths,
            np.array([m.valid_from for m in memories], float),
            np.array([math.inf if m.valid_to is None else m.valid_to for m in memories], float),
            np.array([m.salience for m in memories], float),
            np.array([math.nan if m.valence is None else m.valence for m in memories], float),
            np.array([m.kind in _OPEN for m in memories], bool),
        )


def terms(text: str) -> list[str]:
    """Search terms: words of Latin script, pairs of neighbouring Han characters."""
    found: list[str] = []
    for run in _TERM.findall(text.lower()):
        found += [run] if run[0].isascii() else [run[i : i + 2] for i in range(max(1, len(run) - 1))]
    return [term for term in found if term not in _EVERYWHERE]


def recall(
    query: str,
    query_vector: NDArray[np.float32],
    rows: Rows,
    *,
    now: float,
    valence: float | None = None,
    k: int = 4,
    floor: float = 0.42,
) -> list[Recall]:
    """The best k, best first. query_vector: unit, shape (d,). floor: nearness (dot product) that counts on its own.

    A greeting or a question about the past brings back what is open and weighs most, since it names nothing itself.
    """
    if not rows.memories or k <= 0:
        return []
    near = (rows.vectors @ query_vector).astype(float)
    shared = _bm25(terms(query), rows)
    parts = {
        "near": _NEAR * np.maximum(0.0, near),
        "shared": _SHARED * shared,
        "recent": _RECENT * 0.5 ** (np.maximum(0.0, now - rows.valid_from) / _HALF_LIFE_S),
        "salient": _SALIENT * rows.salience,
        "mood": _MOOD * np.nan_to_num(1 - np.abs((math.nan if valence is None else valence) - rows.valence) / 2),
    }
    fits = (near >= floor) | (shared >= 0.2)
    if _BACK.search(query):
        parts["open"] = np.where(rows.open_topic, 0.3 * rows.salience, 0.0)
        fits |= rows.open_topic
    score = np.minimum(1.0, sum(parts.values()))
    found = np.flatnonzero(fits & (rows.valid_to > now))
    best = found[np.lexsort((-rows.valid_from[found], -score[found]))][:k]  # equals stay in the order of the rows
    return [
        Recall(rows.memories[n], float(score[n]), {name: float(part[n]) for name, part in parts.items()}) for n in best
    ]


def _bm25(query: Sequence[str], rows: Rows) -> NDArray[np.float64]:
    """BM25 of each memory as a share of what one equal to the query would reach, 0..1."""
    scores, best = np.zeros(len(rows.memories)), 0.0
    mean = float(rows.lengths.mean()) or 1.0
    weight = _K1 * (1 - _B + _B * rows.lengths / mean)
    for term in set(query):
        at, counts = rows.postings.get(term, (_NOWHERE, _NOWHERE))
        idf = math.log(1 + (len(rows.memories) - at.size + 0.5) / (at.size + 0.5))
        best += idf * (_K1 + 1) / (1 + _K1 * (1 - _B + _B * len(query) / mean))
        if at.size:
            scores[at] += idf * counts * (_K1 + 1) / (counts + weight[at])
    return np.minimum(1.0, scores / best) if best else scores
