"""SQL truth: each memory with its evidence, validity and vector; what it says is sealed with the person's key."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import JSON, Column, Double, ForeignKey, Integer, LargeBinary, String, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from memory.types import Claim, Felt, Memory, MemoryKind, Sensitivity, Slot, Source

T = TypeVar("T")
Work = Callable[[AsyncSession], Awaitable[T]]


class Cipher(Protocol):
    """Seals words with the key of their person."""

    def seal(self, user_id: str, text: str) -> bytes: ...

    def open(self, user_id: str, blob: bytes) -> str: ...


class Store(Protocol):
    """Runs work in one transaction, again where the database was locked."""

    async def transaction(self, work: Work[T]) -> T: ...


class MemoryRow(SQLModel, table=True):
    """A memory at rest. sealed: what it says and how it felt. vector: float32 bytes of the embedder beside it."""

    __tablename__: ClassVar[str] = "memory"

    id: str = Field(sa_column=Column(String(128), primary_key=True))
    user_id: str = Field(
        sa_column=Column(
            String(128), ForeignKey("user.id", name="fk_memory_user", ondelete="CASCADE"), nullable=False, index=True
        )
    )
    kind: str = Field(sa_column=Column(String(16), nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    session_id: str | None = Field(default=None, sa_column=Column(String(128)))
    evidence: list[str] = Field(sa_column=Column(JSON, nullable=False))
    learned_at: float = Field(sa_column=Column(Double, nullable=False))
    valid_from: float = Field(sa_column=Column(Double, nullable=False))
    valid_to: float | None = Field(default=None, sa_column=Column(Double))
    superseded_by: str | None = Field(default=None, sa_column=Column(String(128)))
    confidence: float = Field(sa_column=Column(Double, nullable=False))
    salience: float = Field(sa_column=Column(Double, nullable=False))
    source: str = Field(sa_column=Column(String(16), nullable=False))
    recalls: int = Field(default=0, sa_column=Column(Integer, nullable=False))
    last_recalled: float | None = Field(default=None, sa_column=Column(Double))
    language: str | None = Field(default=None, sa_column=Column(String(16)))
    embedder: str = Field(sa_column=Column(String(200), nullable=False))
    vector: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


@dataclass(frozen=True, slots=True)
class Changes:
    """What one batch of turns does to a person's memories.

    added: new memories; vectors: theirs, float32, shape (len(added), d). updated: known ones as they are from now on
    (their words and vectors stay).
    """

    added: tuple[Memory, ...] = ()
    vectors: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    updated: tuple[Memory, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.updated)


class Ledger:
    """Memories of all people, one person at a time. Raises what the store raises."""

    def __init__(self, store: Store, cipher: Cipher) -> None:
        self._store, self._cipher = store, cipher

    async def apply(self, user_id: str, changes: Changes, embedder: str, also: Work[None] | None = None) -> None:
        """Keep the changes, and do `also` in the same transaction: either all of it is kept or nothing."""

        async def work(session: AsyncSession) -> None:
            if also is not None:
                await also(session)
            session.add_all(
                self._row(memory, vector, embedder)
                for memory, vector in zip(changes.added, changes.vectors, strict=True)
            )
            for memory in changes.updated:
                values = {name: getattr(memory, name) for name in _UPDATED} | {"evidence": list(memory.evidence)}
                await session.execute(
                    update(MemoryRow).where(_of(user_id), col(MemoryRow.id) == memory.id).values(**values)
                )

        await self._store.transaction(work)

    async def of(self, user_id: str, embedder: str) -> tuple[list[Memory], dict[str, NDArray[np.float32]]]:
        """All memories of a person, oldest first, and the vectors (by memory id) that this embedder made."""

        async def work(session: AsyncSession) -> Sequence[MemoryRow]:
            query = select(MemoryRow).where(_of(user_id)).order_by(col(MemoryRow.learned_at), col(MemoryRow.id))
            return (await session.execute(query)).scalars().all()

        rows = await self._store.transaction(work)
        vectors = {r.id: np.frombuffer(r.vector, np.float32) for r in rows if r.embedder == embedder}
        return [self._memory(row) for row in rows], vectors

    async def texts(self, user_id: str, ids: Sequence[str]) -> dict[str, str]:
        """What memories of a person say, by id; those that were forgotten are not there."""

        async def work(session: AsyncSession) -> list[tuple[str, bytes]]:
            query = select(col(MemoryRow.id), col(MemoryRow.sealed)).where(_of(user_id), col(MemoryRow.id).in_(ids))
            return [(row[0], row[1]) for row in await session.execute(query)]

        rows = await self._store.transaction(work) if ids else []
        return {memory_id: _opened(self._cipher.open(user_id, sealed))["text"] for memory_id, sealed in rows}

    async def vectors(self, user_id: str, embedder: str) -> tuple[dict[str, NDArray[np.float32]], list[str]]:
        """Vectors by memory id, without opening any words; and the ids whose vectors another embedder made."""

        async def work(session: AsyncSession) -> list[tuple[str, str, bytes]]:
            query = select(col(MemoryRow.id), col(MemoryRow.embedder), col(MemoryRow.vector)).where(_of(user_id))
            return [(row[0], row[1], row[2]) for row in await session.execute(query)]

        rows = await self._store.transaction(work)
        made = {memory_id: np.frombuffer(vector, np.float32) for memory_id, by, vector in rows if by == embedder}
        return made, [memory_id for memory_id, by, _ in rows if by != embedder]

    async def recalled(self, user_id: str, ids: Sequence[str], now: float) -> None:
        """These were brought back."""

        async def work(session: AsyncSession) -> None:
            values: dict[str, Any] = {"recalls": col(MemoryRow.recalls) + 1, "last_recalled": now}
            await session.execute(update(MemoryRow).where(_of(user_id), col(MemoryRow.id).in_(ids)).values(**values))

        await self._store.transaction(work)

    async def forget(self, user_id: str, ids: Sequence[str]) -> None:
        """Delete these memories."""

        async def work(session: AsyncSession) -> None:
            await session.execute(delete(MemoryRow).where(_of(user_id), col(MemoryRow.id).in_(ids)))

        await self._store.transaction(work)

    async def embedded(self, user_id: str, vectors: Mapping[str, NDArray[np.float32]], embedder: str) -> None:
        """Keep vectors that another embedder made, by memory id."""

        async def work(session: AsyncSession) -> None:
            for memory_id, vector in vectors.items():
                values: dict[str, Any] = {"vector": vector.astype(np.float32).tobytes(), "embedder": embedder}
                await session.execute(
                    update(MemoryRow).where(_of(user_id), col(MemoryRow.id) == memory_id).values(**values)
                )

        await self._store.transaction(work)

    async def erase(self, user_id: str) -> None:
        """Delete all memories of a person."""

        async def work(session: AsyncSession) -> None:
            await session.execute(delete(MemoryRow).where(_of(user_id)))

        await self._store.transaction(work)

    async def users(self) -> list[str]:
        """Everybody of whom something is known."""

        async def work(session: AsyncSession) -> list[str]:
            return list((await session.execute(select(col(MemoryRow.user_id)).distinct())).scalars())

        return await self._store.transaction(work)

    def _row(self, memory: Memory, vector: NDArray[np.float32], embedder: str) -> MemoryRow:
        return MemoryRow(
            id=memory.id,
            user_id=memory.user_id,
            kind=memory.kind.value,
            sealed=self._cipher.seal(memory.user_id, _body(memory)),
            session_id=memory.session_id,
            source=memory.source.value,
            learned_at=memory.learned_at,
            language=memory.language,
            embedder=embedder,
            vector=vector.astype(np.float32).tobytes(),
            evidence=list(memory.evidence),
            **{name: getattr(memory, name) for name in _UPDATED},
        )

    def _memory(self, row: MemoryRow) -> Memory:
        memory = Memory(
            id=row.id,
            user_id=row.user_id,
            kind=MemoryKind(row.kind),
            text="",
            learned_at=row.learned_at,
            language=row.language,
            source=Source(row.source),
            session_id=row.session_id,
            evidence=tuple(row.evidence),
            **{name: getattr(row, name) for name in _UPDATED},
        )
        return replace(memory, **_opened(self._cipher.open(row.user_id, row.sealed)))


# What changes after a memory was made, beside its evidence.
_UPDATED = ("valid_from", "valid_to", "superseded_by", "confidence", "salience", "recalls", "last_recalled")


def _body(memory: Memory) -> str:
    return json.dumps(
        {
            "text": memory.text,
            "felt": asdict(memory.felt),
            "slot": memory.slot,
            "claim": memory.claim and asdict(memory.claim),
            "about": memory.about,
            "sensitivity": memory.sensitivity,
        },
        ensure_ascii=False,
    )


def _opened(body: str) -> dict[str, Any]:
    if not body.startswith('{"text"'):  # before revision 0002 the words alone were sealed
        return {"text": body}
    kept = json.loads(body)
    return {
        "text": kept["text"],
        "felt": Felt(**kept["felt"]),
        "slot": kept["slot"] and Slot(kept["slot"]),
        "claim": kept["claim"] and Claim(**kept["claim"]),
        "about": kept["about"] and tuple(kept["about"]),
        "sensitivity": Sensitivity(kept["sensitivity"]),
    }


def _of(user_id: str) -> Any:
    return col(MemoryRow.user_id) == user_id
