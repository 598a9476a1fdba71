"""What one person said before that matters for what they say now. Pure; exact search over that person's rows.

Score = .5 nearness + .25 shared words + .1 recency + .1 salience + .05 likeness of mood, each 0..1. A memory that is
neither near nor shares words is left out, however fresh: recalling nothing is a result. All weights are authored.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memory.types import Memory, MemoryKind, Recall

_NEAR, _SHARED, _RECENT, _SALIENT, _MOOD = 0.5, 0.25, 0.1, 0.1, 0.05
_HALF_LIFE_S = 14 * 86_400.0
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
    """One person's memories. vectors: unit rows, float32, shape (len(memories), d); counts: each one's terms."""

    memories: tuple[Memory, ...]
    vectors: NDArray[np.float32]
    counts: tuple[Counter[str], ...]

    @classmethod
    def of(cls, memories: Sequence[Memory], vectors: NDArray[np.float32]) -> Rows:
        """The terms are counted once, when a person is loaded, and not for every query."""
        return cls(tuple(memories), vectors, tuple(Counter(terms(memory.text)) for memory in memories))


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
    near = rows.vectors @ query_vector
    shared = _bm25(terms(query), rows.counts)
    back = bool(_BACK.search(query))
    found = []
    for n, memory in enumerate(rows.memories):
        if memory.valid_to is not None and memory.valid_to <= now:
            continue
        open_topic = back and memory.kind in _OPEN
        if near[n] < floor and shared[n] < 0.2 and not open_topic:
            continue
        mood = 0.0 if valence is None or memory.valence is None else 1 - abs(valence - memory.valence) / 2
        recent = 0.5 ** (max(0.0, now - memory.valid_from) / _HALF_LIFE_S)
        reasons = {
            "near": _NEAR * max(0.0, float(near[n])),
            "shared": _SHARED * shared[n],
            "recent": _RECENT * recent,
            "salient": _SALIENT * memory.salience,
            "mood": _MOOD * mood,
        }
        if open_topic:
            reasons["open"] = 0.3 * memory.salience
        found.append(Recall(memory, min(1.0, sum(reasons.values())), reasons))
    return sorted(found, key=lambda r: (-r.score, -r.memory.valid_from, r.memory.id))[:k]


def _bm25(query: Sequence[str], documents: Sequence[Counter[str]]) -> list[float]:
    """BM25 of each document as a share of what a document equal to the query would reach, 0..1."""
    wanted = set(query)
    lengths = [document.total() for document in documents]
    mean = sum(lengths) / len(documents) or 1.0
    holding = {term: sum(term in document for document in documents) for term in wanted}
    idf = {t: math.log(1 + (len(documents) - holding[t] + 0.5) / (holding[t] + 0.5)) for t in wanted}
    best = sum(idf.values()) * (_K1 + 1) / (1 + _K1 * (1 - _B + _B * len(query) / mean)) if query else 0.0
    scores = []
    for document, length in zip(documents, lengths, strict=True):
        weight = _K1 * (1 - _B + _B * length / mean)
        score = sum(idf[t] * document[t] * (_K1 + 1) / (document[t] + weight) for t in wanted if t in document)
        scores.append(min(1.0, score / best) if best else 0.0)
    return scores
