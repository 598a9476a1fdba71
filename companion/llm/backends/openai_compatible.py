"""Any OpenAI-compatible server: vLLM, SGLang, DashScope, Ollama."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any, Literal

from companion.errors import ChatError, ConfigurationError
from companion.images import Image
from companion.llm.chat_model import THOUGHT_TOKENS, ChatModel
from companion.llm.structured import first_object, told
from companion.llm.thoughts import CLOSING, OPENING, speech
from companion.llm.token_count import TokenCount
from companion.settings import Chat
from prompts import budget
from prompts.types import Message

_Form = Literal["json_schema", "json_object", "words"]  # how an answer is held to a schema, the strictest first
_NOT_TAKEN = (400, 422)  # how servers answer to a part of a request that they do not know


class OpenAIChat:
    """POST {base_url}/chat/completions. Retries happen before the first piece, never after it.

    What a server does not take (chat_template_kwargs, json_schema) is found out once and then left out.
    """

    in_process = keeps_prefix = False  # the server keeps its own

    def __init__(
        self, client: Any, model: str, count: Callable[[str], int] = budget.tokens, *, vision: bool = False
    ) -> None:
        """count: the tokens of a text. vision: the model takes images."""
        self.name, self._client, self._model, self.vision = f"openai:{model}", client, model, vision
        self._tokens = TokenCount(count)
        self._kwargs: tuple[bool, ...] = (True, False)  # whether chat_template_kwargs are sent, tried in this order
        self._forms: tuple[_Form, ...] = ("json_schema", "json_object", "words")
        self._marks_thoughts = True  # False once it answered without a mark though it was to think

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        temperature: float,
        thinking: bool = False,
        images: Sequence[Image] = (),
    ) -> AsyncGenerator[str]:
        """See ChatModel.stream; closing the iterator closes the request.

        A server whose template opens the thought itself (Qwen3-Thinking, DeepSeek-R1) must keep thoughts apart, as
        vLLM does with --reasoning-parser: where thinking is off, nothing else tells them from speech.
        """
        sent = _with_images(messages, images if self.vision else ())
        return speech(lambda thinks: self._content(sent, max_tokens, temperature, thinks), thinking)

    async def _content(
        self, messages: Sequence[dict[str, Any]], max_tokens: int, temperature: float, thinking: bool
    ) -> AsyncGenerator[str]:
        """Content as it streams, with the tags of thoughts; a server that keeps thoughts apart has theirs dropped."""
        body = {
            "messages": messages,
            "max_tokens": max_tokens + THOUGHT_TOKENS * thinking,
            "temperature": temperature,
            "stream": True,
        }
        doubtful = thinking and self._marks_thoughts  # the prompt may have opened the thought
        if doubtful:
            yield OPENING
        seen = ""
        with _failures():
            answer, _ = await self._ask([body], thinking)
            async with answer:
                async for chunk in answer:
                    for choice in chunk.choices[:1]:
                        if doubtful and _kept_apart(choice.delta):
                            doubtful = False
                            yield CLOSING
                        if choice.delta.content:
                            seen += choice.delta.content if doubtful else ""
                            yield choice.delta.content
                        if doubtful and choice.finish_reason == "stop" and CLOSING not in seen:
                            self._marks_thoughts = False  # it does not think: what it says need not wait any more

    async def complete(
        self, messages: Sequence[Message], *, schema: Mapping[str, Any], max_tokens: int, temperature: float = 0.0
    ) -> str:
        """See ChatModel.complete; the server's grammar holds the model where it has one."""
        forms = self._forms
        bodies = [
            {
                "messages": [{"role": m.role, "content": m.content} for m in _asked(form, messages, schema)],
                "max_tokens": max_tokens,
                "temperature": temperature,
                **_response_format(form, schema),
            }
            for form in forms
        ]
        with _failures():
            answer, taken = await self._ask(bodies, False)
        self._forms = forms[taken:]
        content = "".join(choice.message.content or "" for choice in answer.choices[:1])
        held = forms[taken] == "json_schema" and content.lstrip().startswith("{")
        return content if held else first_object(content)

    async def _ask(self, bodies: Sequence[dict[str, Any]], thinking: bool) -> tuple[Any, int]:
        """The answer to the first of `bodies` that the server takes, and which that was."""
        from openai import APIStatusError

        ways = list(product(range(len(bodies)), self._kwargs))
        for way in ways:
            at, kwargs = way
            extra = {"extra_body": {"chat_template_kwargs": {"enable_thinking": thinking}}} if kwargs else {}
            try:
                answer = await self._client.chat.completions.create(model=self._model, **bodies[at], **extra)
            except APIStatusError as error:
                if error.status_code not in _NOT_TAKEN or way == ways[-1]:
                    raise
            else:
                if not kwargs:
                    self._kwargs = (False,)
                return answer, at
        raise AssertionError("the last way returned or raised")

    def tokens(self, text: str) -> int:
        """See ChatModel.tokens; an estimate unless COMPANION_CHAT__TOKENIZER names the model's tokenizer.json."""
        return self._tokens(text)

    async def warm(self, messages: Sequence[Message]) -> None:
        """Nothing: such servers keep their own prefix caches, and a start must not depend on them."""

    async def close(self) -> None:
        await self._client.close()


def _with_images(messages: Sequence[Message], images: Sequence[Image]) -> list[dict[str, Any]]:
    """Messages as they are sent; images stand beside the words of the last that is the user's."""
    sent: list[dict[str, Any]] = [{"role": m.role, "content": m.content} for m in messages]
    if images:
        asked = next(m for m in reversed(sent) if m["role"] == "user")
        urls = (f"data:{image.media_type};base64,{b64encode(image.data).decode()}" for image in images)
        shown = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
        asked["content"] = [{"type": "text", "text": asked["content"]}, *shown]
    return sent


def _kept_apart(delta: Any) -> bool:
    """Whether this is a thought that the server tells from speech: vLLM and DeepSeek, or Ollama, by their names."""
    return bool(getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None))


def _asked(form: _Form, messages: Sequence[Message], schema: Mapping[str, Any]) -> Sequence[Message]:
    return messages if form == "json_schema" else told(messages, schema)


def _response_format(form: _Form, schema: Mapping[str, Any]) -> dict[str, Any]:
    if form == "json_schema":
        named = {"name": "answer", "schema": dict(schema), "strict": True}
        return {"response_format": {"type": form, "json_schema": named}}
    return {"response_format": {"type": form}} if form == "json_object" else {}


@contextmanager
def _failures() -> Iterator[None]:
    """The client's errors -> ChatError."""
    from httpx import HTTPError
    from openai import APIStatusError, OpenAIError

    try:
        yield
    except APIStatusError as error:
        refused = error.status_code in (401, 403)
        what = "check COMPANION_CHAT__API_KEY" if refused else "check the server and COMPANION_CHAT__MODEL"
        again = error.status_code in (408, 409, 429) or error.status_code >= 500
        raise ChatError(f"the chat server answered {error.status_code}: {what}", retryable=again) from None
    except (OpenAIError, HTTPError, OSError) as error:
        raise ChatError(f"the chat server went away ({type(error).__name__}): try again") from None


def _counter(path: Path | None) -> Callable[[str], int]:
    """Counts by a tokenizer.json, else estimates. Raises ConfigurationError where the file is none."""
    if path is None:
        return budget.tokens
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception:  # tokenizers raises bare Exception
        raise ConfigurationError(
            f"{path} is not a tokenizer.json: COMPANION_CHAT__TOKENIZER must name the model's own"
        ) from None
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


async def create(section: Chat, locate: Callable[[str], Path]) -> ChatModel:
    """The client; no request is made yet. Raises ConfigurationError without a base URL, or with a wrong tokenizer."""
    if not section.base_url:
        raise ConfigurationError(
            "set COMPANION_CHAT__BASE_URL to the server's address, such as http://127.0.0.1:8000/v1"
        )
    from openai import AsyncOpenAI

    key = section.api_key.get_secret_value() if section.api_key else "none"
    count = _counter(section.tokenizer)
    client = AsyncOpenAI(
        base_url=section.base_url,
        api_key=key,
        timeout=section.timeout_s,
        max_retries=section.retries,
    )
    return OpenAIChat(client, section.model, count, vision=section.vision)
