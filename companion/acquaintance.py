"""What one session knows of its person: profile, memories, what they liked, and what they ask of the memory itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Literal

from companion.engine import Engine
from companion.events import Event, MemoriesForgotten
from companion.prefetch import Prefetch
from memory.memories import PersonMemory
from memory.profile import Profile
from memory.requests import memory_request
from memory.types import Memory
from prompts.of_memory import forgotten, told
from prompts.strategy import Skill


class Acquaintance:
    """One session's. liked: skill -> -1..1. prefetch: what was recalled ahead."""

    def __init__(
        self, engine: Engine, person: PersonMemory, liked: Mapping[Skill, float], emit: Callable[[Event], None]
    ) -> None:
        self._engine, self.person, self.liked, self._emit = engine, person, liked, emit
        self.prefetch = Prefetch(engine, person)
        self.remembering = False  # whether they want to be remembered, as `look` found it
        self._known: Profile | None = None
        self._known_at = (0, "")  # edits of the person, and the summary of what was trimmed, that it stands for

    async def look(self) -> None:
        """Find out whether they want to be remembered."""
        self.remembering = await self._engine.consents.permits(self.person.user_id, "memory")

    async def hotwords(self, trimmed: str) -> Sequence[str]:
        """Names that they are likely to say, for the recogniser."""
        await self.look()
        return self.profile(trimmed).hotwords()

    def profile(self, trimmed: str) -> Profile:
        """What is known, as it stood when the session began, when they changed it, or when more was trimmed.

        Nothing where they do not want to be remembered.
        """
        if not self.remembering:
            return Profile.of((), self._engine.now())
        if self._known is None or self._known_at != (self.person.edits, trimmed):
            self._known_at = (self.person.edits, trimmed)
            self._known = self._engine.memories.profile(self.person, self._engine.now())
        return self._known

    @property
    def memories(self) -> tuple[Memory, ...]:
        """All that is known, with what holds no more, oldest first."""
        return self.person.memories

    async def asked(self, said: str, language: str, forget_last: Callable[[], Awaitable[Sequence[str]]]) -> str | None:
        """The answer where they ask something of the memory itself, after it was done; None for everything else.

        forget_last: awaited where they name nothing; forgets the exchange before and gives the ids of its turns.
        """
        await self.look()
        request = memory_request(said, language)
        engine, now = self._engine, self._engine.now()
        if request is not None and request.kind == "list":
            return told(engine.memories.profile(self.person, now).memories, now, engine.memories.timezone, language)
        if request is None or request.kind != "forget":
            return None
        if request.about:
            ids = [m.id for m in await engine.memories.about(self.person, request.about, now)]
        else:
            ids = await self._of_turns(await forget_last())
        if ids:
            await self.forget(ids)
        return forgotten(len(ids), language)

    async def _of_turns(self, turns: Sequence[str]) -> list[str]:
        await self._engine.learner.outbox.drop(self.person.user_id, turns)
        return [m.id for m in self.person.memories if set(m.evidence) & set(turns)]

    async def forget(self, ids: Sequence[str]) -> None:
        """Delete memories of the person. Raises NoSuchMemory, StorageError."""
        await self._engine.memories.forget(self.person, ids)
        self._emit(MemoriesForgotten(tuple(ids)))

    async def rate(self, response_id: str, rating: Literal["like", "dislike"] | None) -> bool:
        """What the person thinks of a reply that is on record; whether there is such a reply. Raises StorageError."""
        if not await self._engine.records.rate(self.person.user_id, response_id, rating):
            return False
        self.liked = await self._engine.liked(self.person.user_id)
        return True
