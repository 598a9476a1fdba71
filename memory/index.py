"""Chroma: vectors and ids, no words. An index: it can be thrown away and rebuilt from the ledger."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class VectorIndex(Protocol):
    """Where vectors are kept for whoever searches over many people."""

    async def upsert(self, user_id: str, ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """vectors: float32, shape (len(ids), d)."""
        ...

    async def erase(self, user_id: str, ids: Sequence[str]) -> None: ...

    async def ids(self, user_id: str) -> list[str]: ...


class ChromaIndex:
    """People are spread over a fixed number of collections by the hash of their id."""

    def __init__(self, client: Any, embedder: str, shards: int) -> None:
        self._client, self._shards = client, shards
        self._space = hashlib.sha256(embedder.encode()).hexdigest()[:12]  # vectors of two embedders never mix

    @classmethod
    def embedded(cls, path: Path, embedder: str, shards: int) -> ChromaIndex:
        """In this process; no other process may open the same path."""
        import chromadb
        from chromadb.config import Settings

        client = chromadb.PersistentClient(str(path), settings=Settings(anonymized_telemetry=False))
        return cls(client, embedder, shards)

    @classmethod
    def server(cls, host: str, port: int, embedder: str, shards: int) -> ChromaIndex:
        """A `chroma run` server. Raises what chromadb raises when it is not there."""
        import chromadb
        from chromadb.config import Settings

        client = chromadb.HttpClient(host, port, settings=Settings(anonymized_telemetry=False))
        return cls(client, embedder, shards)

    def _collection(self, user_id: str) -> Any:
        shard = int.from_bytes(hashlib.sha256(user_id.encode()).digest()[:4]) % self._shards
        return self._client.get_or_create_collection(f"memory-{self._space}-{shard:04d}", embedding_function=None)

    async def upsert(self, user_id: str, ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        if ids:
            owners = [{"user_id": user_id} for _ in ids]
            await asyncio.to_thread(
                lambda: self._collection(user_id).upsert(list(ids), embeddings=vectors, metadatas=owners)
            )

    async def erase(self, user_id: str, ids: Sequence[str]) -> None:
        if ids:
            await asyncio.to_thread(lambda: self._collection(user_id).delete(list(ids)))

    async def ids(self, user_id: str) -> list[str]:
        found = await asyncio.to_thread(lambda: self._collection(user_id).get(where={"user_id": user_id}, include=[]))
        return list(found["ids"])
