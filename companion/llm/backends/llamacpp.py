"""llama.cpp in this process, through xllamacpp: a GGUF file, no server to run beside it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path
from typing import Any

from companion.errors import ChatError, ConfigurationError, ModelUnavailable
from companion.images import Image
from companion.llm.chat_model import THOUGHT_TOKENS, ChatModel
from companion.llm.thoughts import speech
from companion.llm.token_count import TokenCount
from companion.settings import Chat
from prompts import budget
from prompts.types import Message

_SLOTS = 2  # KV caches kept side by side, so that two people who alternate do not recompute each other's prefix
_TOKENIZE_S = 1.0  # a count takes under 1 ms; an estimate is better than waiting
_CACHE_MIB = 512  # of finished prefixes in memory, for people beyond the slots


class LlamaCpp:
    """One model. Streams run in worker threads; llama.cpp batches those that run at once."""

    in_process = keeps_prefix = True
    vision = False

    def __init__(self, name: str, server: Any, pool: ThreadPoolExecutor, key: str) -> None:
        """key: what the server's port asks for."""
        self.name, self._server, self._pool = name, server, pool
        self._tokens, self._tokenizer = TokenCount(self._count), _tokenizer(server, key)

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        temperature: float,
        thinking: bool = False,
        images: Sequence[Image] = (),
    ) -> AsyncGenerator[str]:
        """See ChatModel.stream; images are not seen."""
        return speech(lambda thinks: self._content(_request(messages, max_tokens, temperature, thinks)), thinking)

    async def complete(
        self, messages: Sequence[Message], *, schema: Mapping[str, Any], max_tokens: int, temperature: float = 0.0
    ) -> str:
        """See ChatModel.complete; a grammar holds the model to the schema."""
        request = _request(messages, max_tokens, temperature, False)
        request["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": dict(schema)}}
        async with aclosing(self._content(request)) as pieces:
            return "".join([piece async for piece in pieces])

    def tokens(self, text: str) -> int:
        """See ChatModel.tokens; an estimate where the server's tokenizer does not answer."""
        from httpx import HTTPError

        try:
            return self._tokens(text)
        except (HTTPError, RuntimeError):  # gone, or closed
            return budget.tokens(text)

    def _count(self, text: str) -> int:
        answer = self._tokenizer.post("/tokenize", json={"content": text})
        answer.raise_for_status()
        return len(answer.json()["tokens"])

    async def _content(self, request: dict[str, Any]) -> AsyncGenerator[str]:
        """Content as it streams; closing it stops the generation."""
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[str | Exception | None] = asyncio.Queue()  # bounded by max_tokens
        stopped = False

        def on_chunk(chunk: Any) -> bool:
            if stopped:
                return True
            if isinstance(chunk, dict) and "error" in chunk:
                failure = ChatError("llama.cpp could not answer: the prompt may be longer than the context")
                loop.call_soon_threadsafe(pieces.put_nowait, failure)
                return True
            for choice in chunk.get("choices", ()):
                if text := choice.get("delta", {}).get("content"):
                    loop.call_soon_threadsafe(pieces.put_nowait, text)
            return False

        def generate() -> None:
            try:
                if not stopped:
                    self._server.handle_chat_completions(request | {"stream": True}, on_chunk)
            except Exception as error:
                loop.call_soon_threadsafe(pieces.put_nowait, ChatError(f"llama.cpp failed ({type(error).__name__})"))
            else:
                loop.call_soon_threadsafe(pieces.put_nowait, None)

        running = loop.run_in_executor(self._pool, generate)
        try:
            while (piece := await pieces.get()) is not None:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            stopped = True
            running.cancel()

    async def warm(self, messages: Sequence[Message]) -> None:
        """Prefill `messages`; the prefix stays in a slot or in the prompt cache."""
        request = _request(messages, 1, 0.0, False)
        await asyncio.get_running_loop().run_in_executor(self._pool, self._server.handle_chat_completions, request)

    async def close(self) -> None:
        """Wait for streams that are being stopped, then let the model go."""
        await asyncio.to_thread(self._pool.shutdown, True, cancel_futures=True)
        self._tokenizer.close()
        self._server = None


def _tokenizer(server: Any, key: str) -> Any:
    """A client of the server's own port: there is no other way to its tokenizer."""
    import httpx

    return httpx.Client(
        base_url=server.listening_address,
        headers={"Authorization": f"Bearer {key}"},
        timeout=_TOKENIZE_S,
        trust_env=False,
    )


def _request(messages: Sequence[Message], max_tokens: int, temperature: float, thinking: bool) -> dict[str, Any]:
    return {
        "messages": [{"role": m.role, "content": m.content} for m in messages],
        "max_tokens": max_tokens + THOUGHT_TOKENS * thinking,
        "temperature": temperature,
        "cache_prompt": True,
        "chat_template_kwargs": {"enable_thinking": thinking},  # templates that do not know it leave it
    }


async def create(section: Chat, locate: Callable[[str], Path]) -> ChatModel:
    """Load the GGUF. Raises ModelUnavailable when there is none, ConfigurationError when it does not load."""
    path = locate(section.model)
    if path.is_dir():
        found = sorted(path.glob("*.gguf"))
        if len(found) != 1:
            raise ModelUnavailable(f"{path} holds {len(found)} .gguf files: name one of them")
        path = found[0]
    pool = ThreadPoolExecutor(_SLOTS, thread_name_prefix="llama")
    try:
        key = secrets.token_hex(32)
        server = await asyncio.get_running_loop().run_in_executor(pool, _load, path, section, key)
    except BaseException:
        pool.shutdown(wait=False)
        raise
    return LlamaCpp(f"llamacpp:{path.stem}", server, pool, key)


def _load(path: Path, section: Chat, key: str) -> Any:
    try:
        import xllamacpp
    except ImportError as error:
        raise ConfigurationError(f"xllamacpp does not import ({error}): run `companion doctor`") from error
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = section.context_tokens * _SLOTS
    params.n_parallel = _SLOTS
    params.cpuparams.n_threads = section.threads
    params.cpuparams_batch.n_threads = section.threads
    params.cache_ram_mib = _CACHE_MIB
    params.slot_prompt_similarity = 0.5
    params.hostnames = ["127.0.0.1"]  # it opens a port even in process: loopback, a free one, and a key of ours alone
    params.port = 0
    params.api_keys = [key]
    params.verbosity = -1
    params.ui = False
    try:
        return xllamacpp.Server(params)
    except RuntimeError:
        raise ConfigurationError(f"{path} does not load as a GGUF model: fetch it again or name another") from None
