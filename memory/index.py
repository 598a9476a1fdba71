"""Chroma: vectors and ids, no words. An index: it can be thrown away and rebuilt from the ledger."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
_PAGE = 1000  # rows moved at once


class VectorIndex(Protocol):
    """Where vectors are kept for whoever searches over many people."""

    async def upsert(self, user_id: str, ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """vectors: float32, shape (len(ids), d)."""
        ...

    async def erase(self, user_id: str, ids: Sequence[str]) -> None: ...

    async def ids(self, user_id: str) -> list[str]: ...

    async def compact(self, user_id: str | None = None) -> None:
        """Leave no bytes of what was erased: of the person's shard, or of all of them."""
        ...


class ChromaIndex:
    """People are spread over a fixed number of collections by the hash of their id, and known there by another."""

    def __init__(self, client: Any, embedder: str, shards: int, path: Path | None = None) -> None:
        self._client, self._shards, self._path = client, shards, path
        self._space = hashlib.sha256(embedder.encode()).hexdigest()[:12]  # vectors of two embedders never mix
        self._locks = [threading.RLock() for _ in range(shards)]

    @classmethod
    def embedded(cls, path: Path, embedder: str, shards: int) -> ChromaIndex:
        """In this process; no other process may open the same path."""
        import chromadb
        from chromadb.config import Settings

        client = chromadb.PersistentClient(str(path), settings=Settings(anonymized_telemetry=False))
        return cls(client, embedder, shards, path)

    @classmethod
    def server(cls, host: str, port: int, embedder: str, shards: int) -> ChromaIndex:
        """A `chroma run` server. Raises what chromadb raises when it is not there."""
        import chromadb
        from chromadb.config import Settings

        client = chromadb.HttpClient(host, port, settings=Settings(anonymized_telemetry=False))
        return cls(client, embedder, shards)

    async def upsert(self, user_id: str, ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """See VectorIndex."""
        owner = [{"owner": _owner(user_id)}]

        def work(collection: Any) -> None:
            for at in range(0, len(ids), _PAGE):
                part = list(ids[at : at + _PAGE])
                collection.upsert(part, embeddings=vectors[at : at + _PAGE], metadatas=owner * len(part))

        if ids:
            await self._in_shard(user_id, work)

    async def erase(self, user_id: str, ids: Sequence[str]) -> None:
        """See VectorIndex. The bytes stay until compact()."""
        if ids:
            await self._in_shard(user_id, lambda collection: collection.delete(list(ids)))

    async def ids(self, user_id: str) -> list[str]:
        """What the index holds of a person."""
        found = await self._in_shard(user_id, lambda c: c.get(where={"owner": _owner(user_id)}, include=[]))
        return list(found["ids"])

    async def compact(self, user_id: str | None = None) -> None:
        """See VectorIndex. Chroma hides what is deleted and keeps its bytes: the shard is copied, its file vacuumed.

        A server's files are its own: there the copy is made, and `chroma vacuum` is left to whoever runs it.
        """
        shards = range(self._shards) if user_id is None else (self._shard(user_id),)
        for shard in shards:
            await asyncio.to_thread(self._copy, shard)
        if self._path is not None:
            await asyncio.to_thread(self._vacuum, self._path)

    def _copy(self, shard: int) -> None:
        name = self._name(shard)
        with self._locks[shard]:
            if name not in {c.name for c in self._client.list_collections()}:
                return
            old, fresh = self._client.get_collection(name, embedding_function=None), f"{name}-new"
            if fresh in {c.name for c in self._client.list_collections()}:  # of a compaction that was cut off
                self._client.delete_collection(fresh)
            new = self._client.create_collection(fresh, embedding_function=None)
            for at in range(0, old.count(), _PAGE):
                rows = old.get(limit=_PAGE, offset=at, include=["embeddings", "metadatas"])
                new.upsert(rows["ids"], embeddings=rows["embeddings"], metadatas=rows["metadatas"])
            self._client.delete_collection(name)
            new.modify(name=name)

    def _vacuum(self, path: Path) -> None:
        """Folders that belong to no collection go, then free pages of Chroma's file are overwritten."""
        for lock in self._locks:
            lock.acquire()
        try:
            connection = sqlite3.connect(path / "chroma.sqlite3", timeout=30)
            try:
                segments = {row[0] for row in connection.execute("SELECT id FROM segments")}
                for folder in path.iterdir():
                    if folder.is_dir() and folder.name not in segments:
                        shutil.rmtree(folder)
                for pragma in ("PRAGMA secure_delete=ON", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                    connection.execute(pragma)
            finally:
                connection.close()
        finally:
            for lock in self._locks:
                lock.release()

    def _shard(self, user_id: str) -> int:
        return int.from_bytes(hashlib.sha256(user_id.encode()).digest()[:4]) % self._shards

    def _name(self, shard: int) -> str:
        return f"memory-{self._space}-{shard:04d}"

    async def _in_shard(self, user_id: str, work: Callable[[Any], T]) -> T:
        shard = self._shard(user_id)

        def locked() -> T:
            with self._locks[shard]:
                return work(self._client.get_or_create_collection(self._name(shard), embedding_function=None))

        return await asyncio.to_thread(locked)


def _owner(user_id: str) -> str:
    return hashlib.sha256(user_id.encode()).hexdigest()[:32]
