"""Answering one turn: recall -> compose -> stream, with the time of each part."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import cast

from affect.types import Affect
from companion.events import Event, MemoriesUsed, ReplyDelta
from companion.llm.chat_model import ChatModel
from companion.turn import Clock, Heard
from memory.errors import EmbedderError
from memory.memories import Memories, PersonMemory
from memory.types import Recall
from prompts.compose import compose
from prompts.persona import Persona
from prompts.types import Exchange, Prompt

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Reply:
    """One reply while it grows; `pieces` is what was delivered, also after a cancel. Times are seconds."""

    response_id: str
    item_id: str
    started: float
    prompt: Prompt | None = None
    pieces: list[str] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """What was delivered."""
        return "".join(self.pieces)


@dataclass(frozen=True, slots=True)
class Answerer:
    """What every reply needs, shared by all sessions."""

    chat: ChatModel
    memories: Memories
    recalls: int
    max_tokens: int
    temperature: float
    clock: Clock

    async def answer(
        self,
        reply: Reply,
        heard: Sequence[Heard],
        *,
        persona: Persona,
        person: PersonMemory,
        history: Sequence[Exchange],
        now: float,
        max_tokens: int | None,
        emit: Callable[[Event], None],
    ) -> None:
        """Stream the reply to what was heard into `reply` and `emit`. Raises ChatError."""
        text = "\n".join(h.transcript.text for h in heard if h.transcript.text)
        affect = affect_of(heard)
        at = self.clock()
        recalls = await self._recall(person, text, heard, now, affect)
        reply.timings["recall"] = self.clock() - at
        emit(MemoriesUsed(reply.response_id, recalls))
        at = self.clock()
        reply.prompt = compose(
            persona,
            history=history,
            recalls=recalls,
            affect=affect,
            text=text,
        )
        reply.timings["compose"] = self.clock() - at
        stream = self.chat.stream(
            reply.prompt.messages, max_tokens=max_tokens or self.max_tokens, temperature=self.temperature
        )
        async with aclosing(cast("AsyncGenerator[str]", stream)) as pieces:
            async for piece in pieces:
                if not reply.pieces:
                    reply.timings["first_token"] = self.clock() - reply.started
                reply.pieces.append(piece)
                emit(ReplyDelta(reply.response_id, reply.item_id, piece))

    async def _recall(
        self, person: PersonMemory, text: str, heard: Sequence[Heard], now: float, affect: Affect | None
    ) -> list[Recall]:
        """A reply without memories is better than none: an embedder that fails is logged."""
        vector = heard[0].vector if len(heard) == 1 else None
        try:
            return await self.memories.recall(
                person, text, now, vector=vector, valence=affect.valence if affect else None, k=self.recalls
            )
        except EmbedderError as error:
            _log.warning("nothing was recalled: %s", error)
            return []


def affect_of(heard: Sequence[Heard]) -> Affect | None:
    """The affect to answer: that of the newest item with a voice, else of the newest."""
    voiced = [h.affect for h in heard if h.affect.voice is not None]
    return voiced[-1] if voiced else heard[-1].affect if heard else None
