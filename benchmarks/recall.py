"""Recall over one person's rows in process, beside Chroma's filter by user over everybody's (embedding left out)."""

from __future__ import annotations

import statistics
import time
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.result import Result
from memory.recall import Rows, recall
from memory.types import Memory, MemoryKind

_PEOPLE, _EACH, _D = 100, 200, 512


def run(n: int = 50) -> Result:
    """20,000 memories of 100 people, clustered by person; the same queries to both, interleaved."""
    import chromadb
    from chromadb.config import Settings

    random = np.random.default_rng(7)
    centres = random.normal(size=(_PEOPLE, 1, _D))
    vectors = (centres + random.normal(size=(_PEOPLE, _EACH, _D))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    said = "第{}件事情，和工作有关"
    rows = [
        Rows.of(
            [
                Memory(f"{u}-{m}", str(u), MemoryKind.EVENT, said.format(m), (), 0.0, None, 0.5, None, "zh")
                for m in range(_EACH)
            ],
            vectors[u],
        )
        for u in range(_PEOPLE)
    ]
    with TemporaryDirectory() as folder:
        client = chromadb.PersistentClient(folder, settings=Settings(anonymized_telemetry=False))
        everybody = client.create_collection("all", embedding_function=None)
        for u in range(_PEOPLE):
            everybody.add([m.id for m in rows[u].memories], embeddings=vectors[u], metadatas=[{"user": u}] * _EACH)
        ours, theirs = [], []
        for turn in range(n):
            u = turn % _PEOPLE
            query = vectors[u, turn % _EACH]
            started = time.perf_counter()
            recall("工作上的事情", query, rows[u], now=1.0, k=8)
            middle = time.perf_counter()
            everybody.query([query], n_results=8, where={"user": u})
            ours.append(middle - started)
            theirs.append(time.perf_counter() - middle)
    value, peer = statistics.median(ours), statistics.median(theirs)
    return Result("recall", value * 1000, "ms p50", "chromadb where-filter, 20k rows", peer * 1000,
                  "<= 1/50 of the filter", value <= peer / 50, n)  # fmt: skip
