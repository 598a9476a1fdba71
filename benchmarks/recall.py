"""Recall over one person's rows in process, beside Chroma's filter by user over everybody's (embedding left out)."""

from __future__ import annotations

import statistics
import time
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.result import Result
from memory.recall import Rows, recall
from memory.types import Memory, MemoryKind

_PEOPLE, _EACH, _D, _K = 500, 200, 512, 8
_BATCH, _PEER_QUERIES = 5_000, 40
_ASKED = "what about it"  # no word of content: the score follows nearness, and can be checked by brute force


def run(n: int = 1_000) -> Result:
    """100,000 memories of 500 people, clustered by person; n queries to us, every few of them to the peer as well.

    Raises AssertionError where recall differs from exact search.
    """
    import chromadb
    from chromadb.config import Settings

    random = np.random.default_rng(7)
    centres = random.normal(size=(_PEOPLE, 1, _D)).astype(np.float32)
    vectors = centres + random.normal(size=(_PEOPLE, _EACH, _D)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    rows = [Rows.of([_memory(u, m) for m in range(_EACH)], vectors[u]) for u in range(_PEOPLE)]
    ours: list[float] = []
    peers: list[float] = []
    with TemporaryDirectory() as folder:
        client = chromadb.PersistentClient(folder, settings=Settings(anonymized_telemetry=False))
        everybody = client.create_collection("all", embedding_function=None)
        ids = [m.id for of in rows for m in of.memories]
        flat = vectors.reshape(-1, _D)
        users: Any = [{"user": i // _EACH} for i in range(_PEOPLE * _EACH)]
        for at in range(0, len(ids), _BATCH):
            part = slice(at, at + _BATCH)
            everybody.add(ids[part], embeddings=flat[part], metadatas=users[part])
        for turn in range(n):
            u = (turn * 37) % _PEOPLE
            query = vectors[u, turn % _EACH] + 0.02 * random.normal(size=_D).astype(np.float32)
            query /= np.linalg.norm(query)
            started = time.perf_counter()
            recall("第七件事情和工作有关吗", query, rows[u], now=1.0, k=_K)
            ours.append(time.perf_counter() - started)
            _check(rows[u], query, u, flat)
            if turn % (n // min(n, _PEER_QUERIES)) == 0:
                started = time.perf_counter()
                everybody.query([query], n_results=_K, where={"user": u})
                peers.append(time.perf_counter() - started)
    value, peer = 1000 * statistics.median(ours), 1000 * statistics.median(peers)
    return Result("recall", value, "ms p50", "chromadb where-filter, 100k rows", peer,
                  "<= 0.5 ms and <= 1/50 of the filter, equal to exact search", value <= min(0.5, peer / 50), n,
                  {"p95_ms": 1000 * float(np.percentile(ours, 95)), "peer_n": len(peers), "exact": True})  # fmt: skip


def _memory(user: int, number: int) -> Memory:
    text = f"第{number}件事情，和工作有关"
    return Memory(id=f"{user}-{number}", user_id=str(user), kind=MemoryKind.EVENT, text=text)


def _check(rows: Rows, query: NDArray[np.float32], user: int, everybody: NDArray[np.float32]) -> None:
    """The same rows in the same order, with the same nearness, as brute force over everybody's, cut to the person's."""
    near = everybody[user * _EACH : (user + 1) * _EACH] @ query
    nearest = np.argsort(-near, kind="stable")[:_K]
    found = recall(_ASKED, query, rows, now=1.0, k=_K)
    if [r.memory.id for r in found] != [f"{user}-{n}" for n in nearest]:
        raise AssertionError("recall is not exact: it left out a nearer memory")
    scale = found[0].reasons["near"] / near[nearest[0]]
    if not np.allclose([r.reasons["near"] for r in found], scale * near[nearest], rtol=1e-4):
        raise AssertionError("recall is not exact: its score of nearness differs from the dot product")
