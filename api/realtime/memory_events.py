"""companion.v1, server to client: what is remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import UNSET, Struct, UnsetType

from api.realtime.server_events import ServerEvent
from memory.types import Memory, Recall


class MemoryLabel(Struct, frozen=True, kw_only=True):
    """A memory as an app shows it. score, why: of a recall only: 0..1, and each part's share of it.

    current: false where something newer has taken its place.
    """

    id: str
    kind: str
    text: str
    current: bool = True
    score: float | UnsetType = UNSET
    why: Mapping[str, float] | UnsetType = UNSET


class MemoryEvent(ServerEvent, frozen=True, kw_only=True, tag="companion.memory"):
    """used: recalled for this response; saved: learnt in this turn, or, without a response_id, some time after it.

    forgotten: ids of what was deleted at the person's wish.
    """

    response_id: str | None = None
    used: Sequence[MemoryLabel] = ()
    saved: Sequence[MemoryLabel] = ()
    forgotten: Sequence[str] = ()


class KnownMemory(Struct, frozen=True, kw_only=True):
    """A memory as its person reads it. Times are unix seconds; valid_to null while it holds."""

    id: str
    kind: str
    slot: str | None
    text: str
    learned_at: float
    valid_from: float
    valid_to: float | None
    superseded_by: str | None
    confidence: float
    source: str


class MemoryList(ServerEvent, frozen=True, kw_only=True, tag="companion.memories"):
    """All that is known of the person, oldest first, what holds no more included."""

    memories: Sequence[KnownMemory]


def memories_used(response_id: str, recalls: Sequence[Recall]) -> MemoryEvent:
    """The event for what was recalled."""
    return MemoryEvent(
        response_id=response_id,
        used=[
            MemoryLabel(
                id=recall.memory.id,
                kind=str(recall.memory.kind),
                text=recall.memory.text,
                current=recall.current,
                score=recall.score,
                why=recall.reasons,
            )
            for recall in recalls
        ],
    )


def memories_saved(response_id: str | None, memories: Sequence[Memory]) -> MemoryEvent:
    """The event for what was learnt."""
    return MemoryEvent(response_id=response_id, saved=[_label(memory) for memory in memories])


def known_memory(memory: Memory) -> KnownMemory:
    """A memory as its person reads it."""
    return KnownMemory(
        id=memory.id,
        kind=str(memory.kind),
        slot=memory.slot,
        text=memory.text,
        learned_at=memory.learned_at,
        valid_from=memory.valid_from,
        valid_to=memory.valid_to,
        superseded_by=memory.superseded_by,
        confidence=memory.confidence,
        source=str(memory.source),
    )


def _label(memory: Memory) -> MemoryLabel:
    return MemoryLabel(id=memory.id, kind=str(memory.kind), text=memory.text, current=memory.valid_to is None)
