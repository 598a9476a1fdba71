"""The index beside the ledger: how far they are apart, and how to bring them together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import numpy as np

from memory.memories import Memories


@dataclass(frozen=True, slots=True)
class Drift:
    """One person's. missing: in the ledger and not in the index; surplus: the other way round; held: in the ledger."""

    user_id: str
    held: int
    missing: tuple[str, ...]
    surplus: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.missing or self.surplus)


async def drift(memories: Memories) -> AsyncIterator[Drift]:
    """Everybody of whom something is in the ledger."""
    for user_id in await memories.ledger.users():
        made, foreign = await memories.ledger.vectors(user_id, memories.embedder.name)
        held, found = {*made, *foreign}, set(await memories.index.ids(user_id))
        yield Drift(user_id, len(held), tuple(sorted(held - found)), tuple(sorted(found - held)))


async def reindex(
    memories: Memories, load_key: Callable[[str], Awaitable[None]], *, everything: bool = False
) -> AsyncIterator[Drift]:
    """Put in what is missing and take out what is surplus; everything: write every vector again. Yields what was apart.

    Words are opened only where vectors were made by another embedder. Raises EmbedderError, StorageError.
    """
    async for apart in drift(memories):
        user_id = apart.user_id
        wanted = set(apart.missing)
        made, foreign = await memories.ledger.vectors(user_id, memories.embedder.name)
        if foreign:
            await load_key(user_id)
            await memories.open(user_id)  # embeds them anew and keeps the vectors
            made, _ = await memories.ledger.vectors(user_id, memories.embedder.name)
            wanted |= set(foreign)
        if everything:
            wanted = set(made)
        if ids := sorted(wanted & set(made)):
            await memories.index.upsert(user_id, ids, np.array([made[i] for i in ids], np.float32))
        await memories.index.erase(user_id, apart.surplus)
        yield apart
