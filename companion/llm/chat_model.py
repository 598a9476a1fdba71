"""Messages -> a streamed reply."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from companion.errors import ChatError
from prompts.types import Message


class ChatModel(Protocol):
    """One chat model, shared by all sessions."""

    name: str

    def stream(self, messages: Sequence[Message], *, max_tokens: int, temperature: float) -> AsyncIterator[str]:
        """The reply, piece by piece; pieces joined are the reply. Never yields "".

        Closing the iterator (or cancelling the task that reads it) stops the generation and, for a server,
        closes the request. Raises ChatError when the model fails or goes away; what was yielded stands.
        """
        ...

    async def warm(self, messages: Sequence[Message]) -> None:
        """Compute the prefix that `messages` share with later prompts, where the backend keeps one."""
        ...

    async def close(self) -> None: ...


class FakeChatModel:
    """For tests: streams `reply` (or what `reply` makes of the messages) in pieces of `piece` characters."""

    name = "fake"

    def __init__(
        self, reply: str = "嗯，我在听。", *, piece: int = 2, delay_s: float = 0.0, fail_after: int | None = None
    ) -> None:
        self._reply, self._piece, self._delay_s, self._fail_after = reply, piece, delay_s, fail_after
        self.seen: list[tuple[Message, ...]] = []
        self.stopped = 0

    async def stream(self, messages: Sequence[Message], *, max_tokens: int, temperature: float) -> AsyncIterator[str]:
        self.seen.append(tuple(messages))
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

    async def warm(self, messages: Sequence[Message]) -> None:
        """Nothing to warm."""

    async def close(self) -> None:
        """Nothing to close."""
