"""Chroma: vectors and ids, no words. An index: it can be thrown away and rebuilt from the ledger."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from memory.index_files import IndexFiles

T = TypeVar("T")
_PAGE = 1000  # rows moved at once
_COPY = "-new"  # ends the name of a shard that is being copied


class VectorIndex(Protocol):
    """Where vectors are kept for whoever searches over many people."""

    async def upsert(self, user_id: str, ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """vectors: float32, shape (len(ids), d)."""
        ...

    async def erase(self, user_id: str, ids: Sequence[str]) -> None: ...

    async def ids(self, user_id: str) -> list[str]: ...

    async def erase_person(self, user_id: str) -> int:
        """Erase all of a person, also what other embedders made, and leave no bytes of it; how many vectors."""
        ...

    async def compact(self) -> None:
        """Leave no bytes of what was erased."""
        ...


class ChromaIndex:
    """People are spread over a fixed number of collections by the hash of their id, and known there by another."""

    def __init__(self, client: Any, embedder: str, shards: int, path: Path | None = None) -> None:
        self._client, self._shards = client, shards
        self._files = None if path is None else IndexFiles(path)
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

    async def erase_person(self, user_id: str) -> int:
        """See VectorIndex."""

        def work() -> int:
            gone = 0
            for name in self._names():
                collection = self._client.get_collection(name, embedding_function=None)
                ids = collection.get(where={"owner": _owner(user_id)}, include=[])["ids"]
                if ids:
                    collection.delete(ids)
                    self._copy(name)
                    gone += len(ids)
            self._vacuum()
            return gone

        return await asyncio.to_thread(self._alone, work)

    async def compact(self) -> None:
        """See VectorIndex. Chroma hides what is deleted and keeps its bytes: shards are copied, its file vacuumed.

        A server's files are its own: there the copies are made, and `chroma vacuum` is left to whoever runs it.
        """

        def work() -> None:
            for name in self._names():
                self._copy(name)
            self._vacuum()

        await asyncio.to_thread(self._alone, work)

    def _names(self) -> list[str]:
        """Collections of memories, of this embedder and of others; leavings of a compaction that was cut off go."""
        names = [c.name for c in self._client.list_collections() if c.name.startswith("memory-")]
        for name in names:
            if name.endswith(_COPY):
                self._client.delete_collection(name)
        return [name for name in names if not name.endswith(_COPY)]

    def _copy(self, name: str) -> None:
        old = self._client.get_collection(name, embedding_function=None)
        new = self._client.create_collection(name + _COPY, embedding_function=None)
        for at in range(0, old.count(), _PAGE):
            rows = old.get(limit=_PAGE, offset=at, include=["embeddings", "metadatas"])
            new.upsert(rows["ids"], embeddings=rows["embeddings"], metadatas=rows["metadatas"])
        self._client.delete_collection(name)
        new.modify(name=name)

    def _vacuum(self) -> None:
        if self._files is not None:
            self._files.vacuum()

    def _alone(self, work: Callable[[], T]) -> T:
        """Do it while nobody else writes."""
        for lock in self._locks:
            lock.acquire()
        try:
            return work()
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
                collection = self._client.get_or_create_collection(self._name(shard), embedding_function=None)
                done = work(collection)
                if self._files is not None:
                    self._files.blank(str(collection.id))
                return done

        return await asyncio.to_thread(locked)


def _owner(user_id: str) -> str:
    return hashlib.sha256(user_id.encode()).hexdigest()[:32]
