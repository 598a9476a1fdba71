"""A chat model as memory asks it: memory knows neither messages nor models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from companion.llm.chat_model import ChatModel
from prompts.types import Message, Role


class ChatCompleter:
    """memory.model_extraction.Completer over a chat model."""

    def __init__(self, chat: ChatModel) -> None:
        self._chat = chat

    async def complete(self, messages: Sequence[tuple[str, str]], schema: Mapping[str, Any], max_tokens: int) -> str:
        """messages: (role, content). Raises ChatError."""
        asked = [Message(cast("Role", role), content) for role, content in messages]
        return await self._chat.complete(asked, schema=schema, max_tokens=max_tokens)
