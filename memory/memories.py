"""The verbs of memory: open a person, recall, remember, erase. Ledger first, index after it."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from memory.embedder import Embedder
from memory.extraction import extract
from memory.index import VectorIndex
from memory.ledger import Ledger
from memory.recall import Rows, recall
from memory.types import Memory, MemoryKind, Recall

Vector = NDArray[np.float32]
_log = logging.getLogger(__name__)
_SAME = 0.93  # nearness above which a new sentence of the same kind says the same again
_NAME = re.compile(r"我叫|我的名字|\bmy name is\b|\bcall me\b", re.IGNORECASE)


@dataclass(slots=True)
class PersonMemory:
    """What is known of one person, loaded once at the start of a session."""

    user_id: str
    rows: Rows


class Memories:
    """Memories of all people. user_id comes first in every call: nobody is recalled for somebody else."""

    def __init__(self, ledger: Ledger, index: VectorIndex, embedder: Embedder) -> None:
        self.ledger, self.index, self.embedder = ledger, index, embedder

    async def open(self, user_id: str) -> PersonMemory:
        """Load a person; memories whose vectors another embedder made are embedded anew (kept only in process)."""
        memories, vectors = await self.ledger.of(user_id, self.embedder.name)
        missing = [m for m in memories if m.id not in vectors]
        if missing:
            made = await self.embedder.embed([m.text for m in missing])
            vectors |= {m.id: v for m, v in zip(missing, made, strict=True)}
        rows = np.array([vectors[m.id] for m in memories], np.float32).reshape(len(memories), self.embedder.dimensions)
        return PersonMemory(user_id, Rows.of(memories, rows))

    async def vector(self, text: str) -> Vector:
        """The unit vector of one text, float32, (d,). Raises EmbedderError."""
        row: Vector = (await self.embedder.embed([text]))[0]
        return row

    async def recall(
        self,
        person: PersonMemory,
        query: str,
        now: float,
        *,
        vector: Vector | None = None,
        valence: float | None = None,
        k: int = 4,
    ) -> list[Recall]:
        """What matters for `query`, best first. vector: that of the query, where the caller has it already.

        Raises EmbedderError.
        """
        if not person.rows.memories:
            return []
        if vector is None:
            vector = await self.vector(query)
        return recall(query, vector, person.rows, now=now, valence=valence, k=k)

    async def remember(
        self,
        person: PersonMemory,
        turn_id: str,
        text: str,
        *,
        now: float,
        language: str | None = None,
        valence: float | None = None,
    ) -> list[Memory]:
        """Learn from a finished turn; what is new. What said the same before stays; a new name replaces the old."""
        candidates = extract(text, language=language, valence=valence)
        if not candidates:
            return []
        vectors = await self.embedder.embed([c.text for c in candidates])
        fresh, rows = [], []
        for candidate, vector in zip(candidates, vectors, strict=True):
            if self._known(person, candidate.kind, vector):
                continue
            fresh.append(
                Memory(
                    f"mem_{uuid.uuid4().hex}",
                    person.user_id,
                    candidate.kind,
                    candidate.text,
                    (turn_id,),
                    now,
                    None,
                    candidate.salience,
                    valence,
                    language,
                )
            )
            rows.append(vector)
        if fresh:
            await self.ledger.add(person.user_id, fresh, np.array(rows), self.embedder.name)
            await self._supersede(person, fresh, now)
            old = person.rows
            stacked = np.vstack([*([old.vectors] if old.memories else []), *[np.atleast_2d(r) for r in rows]])
            person.rows = Rows.of(old.memories + tuple(fresh), stacked.astype(np.float32))
            await self._index(person.user_id, [m.id for m in fresh], np.array(rows))
        return fresh

    def _known(self, person: PersonMemory, kind: MemoryKind, vector: np.ndarray) -> bool:
        if not person.rows.memories:
            return False
        near = person.rows.vectors @ vector
        return any(
            near[n] > _SAME and m.kind is kind and m.valid_to is None for n, m in enumerate(person.rows.memories)
        )

    async def _supersede(self, person: PersonMemory, fresh: Sequence[Memory], now: float) -> None:
        if not any(m.kind is MemoryKind.PROFILE and _NAME.search(m.text) for m in fresh):
            return
        known = person.rows.memories
        old = [m.id for m in known if m.kind is MemoryKind.PROFILE and m.valid_to is None and _NAME.search(m.text)]
        if old:
            await self.ledger.supersede(person.user_id, old, now)
            ended = tuple(replace(m, valid_to=now) if m.id in old else m for m in known)
            person.rows = Rows.of(ended, person.rows.vectors)

    async def _index(self, user_id: str, ids: Sequence[str], vectors: np.ndarray) -> None:
        try:
            await self.index.upsert(user_id, ids, vectors)
        except Exception as error:  # the ledger holds them: an index that is away must not fail a turn
            _log.warning("the memory index did not take %d vectors: %s", len(ids), type(error).__name__)

    async def erase(self, user_id: str) -> int:
        """Forget a person; how many memories there were."""
        ids = await self.ledger.erase(user_id)
        await self.index.erase(user_id, ids)
        return len(ids)

    async def reindex(self) -> int:
        """Write every vector into the index again; how many."""
        count = 0
        for user_id in await self.ledger.users():
            person = await self.open(user_id)
            await self.index.upsert(user_id, [m.id for m in person.rows.memories], person.rows.vectors)
            count += len(person.rows.memories)
        return count
