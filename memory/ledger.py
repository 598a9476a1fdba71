"""SQL truth: each memory with its evidence, validity and vector; the words sealed with the person's key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import JSON, Column, Double, ForeignKey, LargeBinary, String, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlmodel import Field, SQLModel

from memory.types import Memory, MemoryKind


class Cipher(Protocol):
    """Seals words with the key of their person."""

    def seal(self, user_id: str, text: str) -> bytes: ...

    def open(self, user_id: str, blob: bytes) -> str: ...


class MemoryRow(SQLModel, table=True):
    """A memory at rest. vector: float32 bytes of the embedder named beside it."""

    __tablename__: ClassVar[str] = "memory"

    id: str = Field(sa_column=Column(String(128), primary_key=True))
    user_id: str = Field(
        sa_column=Column(
            String(128), ForeignKey("user.id", name="fk_memory_user", ondelete="CASCADE"), nullable=False, index=True
        )
    )
    kind: str = Field(sa_column=Column(String(16), nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    evidence: list[str] = Field(sa_column=Column(JSON, nullable=False))
    valid_from: float = Field(sa_column=Column(Double, nullable=False))
    valid_to: float | None = Field(default=None, sa_column=Column(Double))
    salience: float = Field(sa_column=Column(Double, nullable=False))
    valence: float | None = Field(default=None, sa_column=Column(Double))
    language: str | None = Field(default=None, sa_column=Column(String(16)))
    embedder: str = Field(sa_column=Column(String(200), nullable=False))
    vector: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Ledger:
    """Memories of all people, one person at a time."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], cipher: Cipher) -> None:
        self._sessions, self._cipher = sessions, cipher

    async def add(self, user_id: str, memories: Sequence[Memory], vectors: NDArray[np.float32], embedder: str) -> None:
        """Keep memories with their vectors, shape (len(memories), d)."""
        async with self._sessions() as session, session.begin():
            for memory, vector in zip(memories, vectors, strict=True):
                session.add(
                    MemoryRow(
                        id=memory.id,
                        user_id=user_id,
                        kind=memory.kind.value,
                        sealed=self._cipher.seal(user_id, memory.text),
                        evidence=list(memory.evidence),
                        valid_from=memory.valid_from,
                        valid_to=memory.valid_to,
                        salience=memory.salience,
                        valence=memory.valence,
                        language=memory.language,
                        embedder=embedder,
                        vector=vector.astype(np.float32).tobytes(),
                    )
                )

    async def of(self, user_id: str, embedder: str) -> tuple[list[Memory], dict[str, NDArray[np.float32]]]:
        """All memories of a person, oldest first, and the vectors (by memory id) that this embedder made."""
        async with self._sessions() as session:
            query: Any = select(MemoryRow).where(_of(user_id)).order_by(_column("valid_from"), _column("id"))
            rows = (await session.execute(query)).scalars().all()
        memories = [
            Memory(
                row.id,
                user_id,
                MemoryKind(row.kind),
                self._cipher.open(user_id, row.sealed),
                tuple(row.evidence),
                row.valid_from,
                row.valid_to,
                row.salience,
                row.valence,
                row.language,
            )
            for row in rows
        ]
        return memories, {r.id: np.frombuffer(r.vector, np.float32) for r in rows if r.embedder == embedder}

    async def supersede(self, user_id: str, ids: Sequence[str], at: float) -> None:
        """These hold no more since `at` (unix s)."""
        async with self._sessions() as session, session.begin():
            await session.execute(update(MemoryRow).where(_of(user_id), _column("id").in_(ids)).values(valid_to=at))

    async def erase(self, user_id: str) -> list[str]:
        """Delete all memories of a person; their ids."""
        async with self._sessions() as session, session.begin():
            ids = list((await session.execute(select(_column("id")).where(_of(user_id)))).scalars())
            await session.execute(delete(MemoryRow).where(_of(user_id)))
        return ids

    async def users(self) -> list[str]:
        """Everybody of whom something is known."""
        async with self._sessions() as session:
            return list((await session.execute(select(_column("user_id")).distinct())).scalars())


def _column(name: str) -> Any:
    return getattr(MemoryRow, name)


def _of(user_id: str) -> Any:
    return _column("user_id") == user_id
