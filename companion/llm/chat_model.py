"""Messages -> a streamed reply, or one JSON text."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Protocol

from companion.errors import ChatError
from companion.images import Image
from prompts import budget
from prompts.types import Message

THOUGHT_TOKENS = 768  # that a model may think on top of max_tokens; authored: some 25 s of a 1.5B on two cores


class ChatModel(Protocol):
    """One chat model, shared by all sessions."""

    name: str
    in_process: bool  # it works on the cores of the sessions, and slows them while it does
    keeps_prefix: bool  # warm() pays
    vision: bool  # it sees images

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        temperature: float,
        thinking: bool = False,
        images: Sequence[Image] = (),
    ) -> AsyncIterator[str]:
        """The reply, piece by piece; pieces joined are the reply. Never yields "".

        thinking: let a model that can think do so first, for THOUGHT_TOKENS more; others answer as ever. Thoughts are
        never yielded. images: they belong to the last message of the user, and there is one; where `vision` is False
        they are left out. Closing the iterator (or cancelling the task that reads it) stops the generation and, for a
        server, closes the request. Raises ChatError when the model fails or goes away; what was yielded stands.
        """
        ...

    async def complete(
        self, messages: Sequence[Message], *, schema: Mapping[str, Any], max_tokens: int, temperature: float = 0.0
    ) -> str:
        """One JSON text of the schema, which is an object's. Cancelling the task stops the generation.

        Where a grammar holds the model to the schema, the text is cut where max_tokens ends it. Where none does, it is
        the first whole object of the answer, which may still miss the schema: parse it strictly. Raises ChatError
        when the model fails or gives no object.
        """
        ...

    def tokens(self, text: str) -> int:
        """Tokens of a text by the model's own tokenizer, or an estimate where that is not at hand; about 1 ms."""
        ...

    async def warm(self, messages: Sequence[Message]) -> None:
        """Compute the prefix that `messages` share with later prompts, where the backend keeps one."""
        ...

    async def close(self) -> None: ...


class FakeChatModel:
    """For tests: streams `reply` in pieces of `piece` characters; completes with `answers` in turn, then the last."""

    name = "fake"
    in_process = keeps_prefix = False

    def __init__(
        self,
        reply: str = "嗯，我在听。",
        *,
        piece: int = 2,
        delay_s: float = 0.0,
        fail_after: int | None = None,
        answers: Sequence[str] = ("{}",),
        vision: bool = False,
    ) -> None:
        self._reply, self._piece, self._delay_s, self._fail_after = reply, piece, delay_s, fail_after
        self._answers, self.vision = answers, vision
        self.seen: list[tuple[Message, ...]] = []
        self.thought: list[bool] = []  # whether each stream was to think
        self.completed: list[tuple[Message, ...]] = []
        self.shown: list[tuple[Image, ...]] = []  # images of each stream
        self.stopped = 0

    async def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        temperature: float,
        thinking: bool = False,
        images: Sequence[Image] = (),
    ) -> AsyncIterator[str]:
        self.seen.append(tuple(messages))
        self.shown.append(tuple(images))
        self.thought.append(thinking)
        finished = False
        try:
            await asyncio.sleep(self._delay_s)
            for count, at in enumerate(range(0, len(self._reply), self._piece)):
                if count == self._fail_after:
                    raise ChatError("the fake model was told to fail")
                yield self._reply[at : at + self._piece]
                await asyncio.sleep(0)
            finished = True
        finally:
            self.stopped += not finished

    async def complete(
        self, messages: Sequence[Message], *, schema: Mapping[str, Any], max_tokens: int, temperature: float = 0.0
    ) -> str:
        self.completed.append(tuple(messages))
        await asyncio.sleep(self._delay_s)
        return self._answers[min(len(self.completed), len(self._answers)) - 1]

    def tokens(self, text: str) -> int:
        return budget.tokens(text)

    async def warm(self, messages: Sequence[Message]) -> None:
        """Nothing to warm."""

    async def close(self) -> None:
        """Nothing to close."""
