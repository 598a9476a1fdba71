"""Any OpenAI-compatible server: vLLM, SGLang, DashScope, Ollama."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

from companion.errors import ChatError, ConfigurationError
from companion.llm.chat_model import ChatModel
from companion.settings import Chat
from prompts.types import Message


class OpenAIChat:
    """POST {base_url}/chat/completions, streamed. Retries happen before the first piece, never after it."""

    def __init__(self, client: Any, model: str) -> None:
        self.name, self._client, self._model = f"openai:{model}", client, model

    async def stream(self, messages: Sequence[Message], *, max_tokens: int, temperature: float) -> AsyncIterator[str]:
        """See ChatModel.stream; closing the iterator closes the request."""
        from httpx import HTTPError
        from openai import APIStatusError, OpenAIError

        try:
            answer = await self._client.chat.completions.create(
                model=self._model,
                messages=[{"role": m.role, "content": m.content} for m in messages],
                max_tokens=max_tokens,
                temperature=temperature,
                stream=True,
            )
            async with answer:
                async for chunk in answer:
                    for choice in chunk.choices[:1]:
                        if choice.delta.content:
                            yield choice.delta.content
        except APIStatusError as error:
            refused = error.status_code in (401, 403)
            what = "check COMPANION_CHAT__API_KEY" if refused else "check the server and COMPANION_CHAT__MODEL"
            again = error.status_code in (408, 409, 429) or error.status_code >= 500
            raise ChatError(f"the chat server answered {error.status_code}: {what}", retryable=again) from None
        except (OpenAIError, HTTPError, OSError) as error:
            raise ChatError(f"the chat server went away ({type(error).__name__}): try again") from None

    async def warm(self, messages: Sequence[Message]) -> None:
        """Nothing: such servers keep their own prefix caches, and a start must not depend on them."""

    async def close(self) -> None:
        await self._client.close()


async def create(section: Chat, locate: Callable[[str], Path]) -> ChatModel:
    """The client; no request is made yet. Raises ConfigurationError without a base URL."""
    if not section.base_url:
        raise ConfigurationError(
            "set COMPANION_CHAT__BASE_URL to the server's address, such as http://127.0.0.1:8000/v1"
        )
    from openai import AsyncOpenAI

    key = section.api_key.get_secret_value() if section.api_key else "none"
    client = AsyncOpenAI(
        base_url=section.base_url,
        api_key=key,
        timeout=section.timeout_s,
        max_retries=section.retries,
    )
    return OpenAIChat(client, section.model)
