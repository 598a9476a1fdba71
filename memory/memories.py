"""The verbs of memory: open a person, recall, learn, correct, forget, erase. Ledger first, index after it."""

from __future__ import annotations

import asyncio
import logging
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from memory.change import judge
from memory.embedder import Embedder
from memory.errors import NoSuchMemory
from memory.index import VectorIndex
from memory.ledger import Changes, Ledger, Work
from memory.mood import Mood
from memory.profile import Profile
from memory.recall import recall
from memory.rows import Rows
from memory.sensitivity import sensitivity
from memory.types import Candidate, Felt, Memory, Recall, Source

Vector = NDArray[np.float32]
_log = logging.getLogger(__name__)
_OWN = re.compile(r"^(?:我们?家?的?|my |our |the )|(?:的?(?:那些|那件|这件)?(?:事情?|事儿|东西))$", re.IGNORECASE)
_SAME_MEANING = 0.75  # cosine; authored
_AGAIN = 0.1  # of the way to 1 that salience and confidence go when something is said again; authored


@dataclass(slots=True, weakref_slot=True)
class PersonMemory:
    """What is known of one person, loaded once and shared by their sessions in this process.

    edits: how often they have corrected or deleted something.
    listeners: called with what was learnt after the turn that it comes from was over. changing: held by whoever changes
    the rows, since the ledger is waited for in between.
    """

    user_id: str
    rows: Rows
    edits: int = 0
    listeners: set[Callable[[Sequence[Memory]], None]] = field(default_factory=set)
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def memories(self) -> tuple[Memory, ...]:
        """All of them, also those that hold no more; oldest first."""
        return self.rows.memories


class Memories:
    """Memories of all people. user_id comes first in every call: nobody is recalled for somebody else."""

    def __init__(
        self,
        ledger: Ledger,
        index: VectorIndex,
        embedder: Embedder,
        *,
        mood: Mood = "balance",
        timezone: str = "Asia/Shanghai",
    ) -> None:
        self.ledger, self.index, self.embedder = ledger, index, embedder
        self._mood, self.timezone = mood, timezone
        self._open: WeakValueDictionary[str, PersonMemory] = WeakValueDictionary()

    async def open(self, user_id: str) -> PersonMemory:
        """The person as they are loaded, else from the ledger; vectors of another embedder are made and kept anew."""
        if (person := self._open.get(user_id)) is not None:
            return person
        memories, vectors = await self.ledger.of(user_id, self.embedder.name)
        if missing := [m for m in memories if m.id not in vectors]:
            made = await self.embedder.embed([m.text for m in missing])
            fresh = {m.id: v for m, v in zip(missing, made, strict=True)}
            vectors |= fresh
            await self.ledger.embedded(user_id, fresh, self.embedder.name)
        rows = np.array([vectors[m.id] for m in memories], np.float32).reshape(len(memories), self.embedder.dimensions)
        return self._open.setdefault(user_id, PersonMemory(user_id, Rows.of(memories, rows)))

    async def vector(self, text: str) -> Vector:
        """The unit vector of one text, float32, (d,). Raises EmbedderError."""
        row: Vector = (await self.embedder.embed([text]))[0]
        return row

    def profile(self, person: PersonMemory, now: float) -> Profile:
        """The slots of the profile, from what holds now."""
        return Profile.of(person.memories, now)

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

        valence: how the person seems now, -1..1. Raises EmbedderError.
        """
        if not person.memories or k <= 0:
            return []
        if vector is None:
            vector = await self.vector(query)
        return recall(
            query, vector, person.rows, now=now, felt_valence=valence, k=k, mood=self._mood, timezone=self.timezone
        )

    async def about(self, person: PersonMemory, words: str, now: float) -> list[Memory]:
        """What the person means by `words` when they ask to have it forgotten; also what holds no more.

        Deleting cannot be undone: only what holds their very words, or is as near as the same said in other words.
        Raises EmbedderError.
        """
        if not person.memories:
            return []
        near = person.rows.vectors @ await self.vector(words)
        named = _OWN.sub("", words).strip().lower()
        return [
            memory
            for memory, nearness in zip(person.memories, near, strict=True)
            if (named and named in memory.text.lower()) or nearness >= _SAME_MEANING
        ]

    async def recalled(self, person: PersonMemory, recalls: Sequence[Recall], now: float) -> None:
        """Note that these were brought back: what is recalled fades more slowly."""
        if not recalls:
            return
        ids = {r.memory.id for r in recalls}
        async with person.changing:
            await self.ledger.recalled(person.user_id, sorted(ids), now)
            for memory in person.memories:
                if memory.id in ids:
                    person.rows = person.rows.replaced(replace(memory, recalls=memory.recalls + 1, last_recalled=now))

    async def learn(
        self,
        person: PersonMemory,
        candidates: Sequence[Candidate],
        *,
        now: float,
        session_id: str | None = None,
        felt: Mapping[str, Felt] | None = None,
        also: Work[None] | None = None,
    ) -> list[Memory]:
        """Keep what is new, end what it replaces, strengthen what was said again; the new ones.

        felt: turn id -> how it felt. also: done in the same transaction, whatever was found. Raises EmbedderError and
        what the store raises; then nothing is kept.
        """
        vectors = await self.embedder.embed([c.text for c in candidates])
        async with person.changing:
            rows, changes = _changed(person, candidates, vectors, now, session_id, felt or {})
            if changes or also is not None:
                await self.ledger.apply(person.user_id, changes, self.embedder.name, also)
            person.rows = rows
        await self._index(person.user_id, [m.id for m in changes.added], changes.vectors)
        return list(changes.added)

    async def correct(self, person: PersonMemory, memory_id: str, text: str, now: float) -> Memory:
        """The person says how it really is: their words take the place of the memory. Raises NoSuchMemory."""
        vector = await self.vector(text)
        async with person.changing:
            new = await self._correct(person, memory_id, text, vector, now)
        await self._index(person.user_id, [new.id], vector[None])
        return new

    async def _correct(self, person: PersonMemory, memory_id: str, text: str, vector: Vector, now: float) -> Memory:
        old = self._find(person, memory_id)
        new = replace(
            old,
            id=_new_id(),
            text=text,
            learned_at=now,
            valid_from=now,
            valid_to=None,
            superseded_by=None,
            confidence=1.0,
            claim=old.claim and replace(old.claim, value=text),
            about=None,
            sensitivity=sensitivity(text, old.kind, old.slot),
            source=Source.PERSON,
            evidence=(),
            session_id=None,
            recalls=0,
            last_recalled=None,
        )
        ended = replace(old, valid_to=now, superseded_by=new.id)
        await self.ledger.apply(person.user_id, Changes((new,), vector[None], (ended,)), self.embedder.name)
        person.rows = person.rows.replaced(ended).with_([new], vector[None])
        person.edits += 1
        return new

    async def forget(self, person: PersonMemory, ids: Sequence[str]) -> None:
        """Delete memories, in the ledger, in this process and in the index. Raises NoSuchMemory, and deletes none."""
        async with person.changing:
            for memory_id in ids:
                self._find(person, memory_id)
            await self.ledger.forget(person.user_id, ids)
            person.rows = person.rows.without(ids)
            person.edits += 1
        await self.index.erase(person.user_id, ids)

    def _find(self, person: PersonMemory, memory_id: str) -> Memory:
        for memory in person.memories:
            if memory.id == memory_id:
                return memory
        raise NoSuchMemory("this person has no such memory: list them first")

    async def _index(self, user_id: str, ids: Sequence[str], vectors: Vector) -> None:
        if not ids:
            return
        try:
            await self.index.upsert(user_id, ids, vectors)
        except Exception as error:  # the ledger holds them: an index that is away must not fail a turn
            _log.warning("the memory index did not take %d vectors: %s", len(ids), type(error).__name__)

    async def erase(self, user_id: str) -> int:
        """Erase all memories of a person, in the ledger, in this process and in the index; how many vectors it held."""
        await self.ledger.erase(user_id)
        if (person := self._open.pop(user_id, None)) is not None:
            person.rows = person.rows.without([m.id for m in person.memories])
        return await self.index.erase_person(user_id)


def _changed(
    person: PersonMemory,
    candidates: Sequence[Candidate],
    vectors: Vector,
    now: float,
    session_id: str | None,
    felt: Mapping[str, Felt],
) -> tuple[Rows, Changes]:
    """The rows after the candidates were judged one by one, and what the ledger has to keep of it."""
    rows, added, updated, kept = person.rows, list[Memory](), dict[str, Memory](), list[Vector]()
    for candidate, vector in zip(candidates, vectors, strict=True):
        known = {m.id: m for m in rows.memories}
        nearness = dict(zip(known, (rows.vectors @ vector).tolist(), strict=True))
        change = judge(candidate, nearness, rows.memories, now)
        if change.repeats is not None:
            touched = [_again(known[change.repeats], candidate)]
        else:
            memory = _memory(person.user_id, candidate, now, session_id, felt)
            added.append(memory)
            kept.append(vector)
            rows = rows.with_([memory], vector[None])
            touched = [_ended(known[old], memory, now) for old in change.supersedes]
        for memory in touched:
            rows = rows.replaced(memory)
            updated[memory.id] = memory
    added = [updated.pop(m.id, m) for m in added]  # said twice within the batch, or ended within it
    shape = (len(added), vectors.shape[1] if len(vectors) else 0)
    return rows, Changes(tuple(added), np.array(kept, np.float32).reshape(shape), tuple(updated.values()))


def _ended(memory: Memory, by: Memory, now: float) -> Memory:
    """The memory after something newer took its place."""
    return replace(memory, valid_to=min(now, max(memory.valid_from, by.valid_from)), superseded_by=by.id)


def _new_id() -> str:
    return f"mem_{uuid.uuid4().hex}"


def _memory(user_id: str, candidate: Candidate, now: float, session_id: str | None, felt: Mapping[str, Felt]) -> Memory:
    moods = [felt[turn] for turn in candidate.evidence if turn in felt]
    since = now
    if candidate.claim is not None and candidate.about is not None:  # "last month I moved": it holds since then
        since = min(now, candidate.about[0])
    return Memory(
        id=_new_id(),
        user_id=user_id,
        kind=candidate.kind,
        text=candidate.text,
        learned_at=now,
        valid_from=since,
        confidence=candidate.confidence,
        salience=candidate.salience,
        felt=min(moods, key=lambda mood: mood.uncertainty, default=Felt()),
        language=candidate.language,
        slot=candidate.slot,
        claim=candidate.claim,
        about=candidate.about,
        sensitivity=candidate.sensitivity,
        source=candidate.source,
        session_id=session_id,
        evidence=candidate.evidence,
    )


def _again(memory: Memory, candidate: Candidate) -> Memory:
    """The memory after it was said once more."""
    return replace(
        memory,
        evidence=(*memory.evidence, *(turn for turn in candidate.evidence if turn not in memory.evidence)),
        salience=memory.salience + _AGAIN * (1 - memory.salience),
        confidence=memory.confidence + _AGAIN * (1 - memory.confidence),
    )
