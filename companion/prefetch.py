"""Recall before the words are final: what a partial transcript brings to mind is at hand when it turns out right."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from companion.engine import Engine
from companion.turn import Heard, Vector
from memory.errors import EmbedderError
from memory.memories import PersonMemory
from memory.types import Recall

_log = logging.getLogger(__name__)
_SAME_MOOD = 0.1  # valence by which a recall may be off, of a scale from -1 to 1; authored


class Prefetch:
    """One session's. hits, misses: how often the newest words were at hand when they were asked for."""

    def __init__(self, engine: Engine, person: PersonMemory) -> None:
        self._engine, self._person = engine, person
        self._task: asyncio.Task[None] | None = None
        self._text = ""
        self._vector: Vector | None = None
        self._valence: float | None = None
        self._rows: object = None  # of the person, that the recalls were found in
        self._recalls: Sequence[Recall] | None = None
        self.hits = self.misses = 0

    def start(self, text: str) -> None:
        """Recall for words that may not be all; what was fetched for others is dropped."""
        if not text or text == self._text:
            return
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.create_task(self._fetch(text, None, None))

    async def follow(self, listening: asyncio.Task[Heard]) -> None:
        """Recall for what is heard, once it is."""
        await asyncio.wait((listening,))
        if listening.cancelled() or listening.exception() is not None:
            return
        heard = listening.result()
        if heard.transcript.text:
            await self._fetch(heard.transcript.text, heard.vector, heard.affect.valence)

    async def take(self, text: str, vector: Vector | None, valence: float | None) -> Sequence[Recall]:
        """What the final words bring to mind, best first; nothing where they do not want to be remembered.

        Raises EmbedderError.
        """
        if not await self._may():
            return ()
        same = text == self._text and self._rows is self._person.rows
        if same and self._recalls is not None and _near(valence, self._valence):
            self.hits += 1
            return self._recalls
        self.misses += 1
        if vector is None and text == self._text:
            vector = self._vector
        return await self._recall(text, vector, valence)

    async def _fetch(self, text: str, vector: Vector | None, valence: float | None) -> None:
        if not await self._may():
            return
        try:
            if vector is None:
                vector = await self._engine.memories.vector(text)
            rows = self._person.rows
            recalls = await self._recall(text, vector, valence)
        except EmbedderError as error:  # asked for again when the words are final
            _log.warning("nothing was recalled ahead: %s", error)
            return
        self._text, self._vector, self._valence, self._recalls, self._rows = text, vector, valence, recalls, rows

    async def _may(self) -> bool:
        return await self._engine.consents.permits(self._person.user_id, "memory")

    async def _recall(self, text: str, vector: Vector | None, valence: float | None) -> Sequence[Recall]:
        engine = self._engine
        return await engine.memories.recall(
            self._person, text, engine.now(), vector=vector, valence=valence, k=engine.settings.memory.recalls
        )


def _near(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= _SAME_MOOD
