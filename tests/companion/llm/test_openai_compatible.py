"""The openai backend against a small server of the same protocol."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from companion.errors import ChatError, ConfigurationError
from companion.llm.backends.openai_compatible import create
from companion.settings import Chat
from prompts.types import Message

HELLO = [Message("user", "你好")]


class Stub:
    """Answers with `statuses` in turn, the last for ever; a 200 streams `pieces` and then goes on, ends or breaks."""

    def __init__(self, *statuses: int, end: str = "done") -> None:
        self.statuses, self.end, self.calls = statuses, end, 0
        self.left = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(int(x.split(":")[1]) for x in head.splitlines() if x.lower().startswith("content-length"))
        await reader.readexactly(length)
        status = self.statuses[min(self.calls, len(self.statuses) - 1)]
        self.calls += 1
        kind = "text/event-stream" if status == 200 else "application/json"
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\nconnection: close\r\n\r\n".encode())
        if status == 200:
            for text in ("你", "", "好呀"):
                chunk: dict[str, Any] = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
                chunk["choices"] = [{"index": 0, "delta": {"content": text}, "finish_reason": None}]
                writer.write(f"data: {json.dumps(chunk)}\n\n".encode())
            await writer.drain()
            if self.end == "hang":
                await reader.read()  # until the client goes
                self.left.set()
            elif self.end == "done":
                writer.write(b"data: [DONE]\n\n")
            else:
                writer.transport.abort()
                return
        writer.close()


@asynccontextmanager
async def chatting(stub: Stub, **settings: Any) -> AsyncIterator[Any]:
    server = await asyncio.start_server(stub.serve, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    chat = await create(Chat(backend="openai", model="m", base_url=address, **settings), Path)
    try:
        yield chat
    finally:
        await chat.close()
        server.close()


async def reply(chat: Any) -> list[str]:
    return [piece async for piece in chat.stream(HELLO, max_tokens=8, temperature=0.5)]


async def test_pieces_come_as_they_are_streamed_and_none_is_empty() -> None:
    async with chatting(Stub(200)) as chat:
        assert await reply(chat) == ["你", "好呀"]


async def test_a_server_that_stumbles_before_the_first_piece_is_asked_again() -> None:
    stub = Stub(503, 200)
    async with chatting(stub, retries=1) as chat:
        assert await reply(chat) == ["你", "好呀"] and stub.calls == 2


async def test_a_refused_key_says_which_setting_to_check() -> None:
    async with chatting(Stub(401), api_key=SecretStr("wrong")) as chat:
        with pytest.raises(ChatError, match="COMPANION_CHAT__API_KEY") as caught:
            await reply(chat)
    assert not caught.value.retryable


async def test_closing_the_iterator_closes_the_request() -> None:
    stub = Stub(200, end="hang")
    async with chatting(stub) as chat:
        async with aclosing(chat.stream(HELLO, max_tokens=8, temperature=0.5)) as pieces:
            assert await anext(pieces) == "你"
        async with asyncio.timeout(5):
            await stub.left.wait()


async def test_a_server_that_hangs_or_has_gone_is_an_error_that_may_be_retried() -> None:
    async with chatting(Stub(200, end="hang"), timeout_s=0.3, retries=0) as chat:
        with pytest.raises(ChatError) as caught:
            await reply(chat)
    assert caught.value.retryable
    gone = await create(Chat(backend="openai", model="m", base_url="http://127.0.0.1:9/v1", retries=0), Path)
    with pytest.raises(ChatError, match="went away"):
        await reply(gone)
    await gone.close()


async def test_without_a_base_url_the_error_names_the_setting() -> None:
    with pytest.raises(ConfigurationError, match="COMPANION_CHAT__BASE_URL"):
        await create(Chat(backend="openai", model="m"), Path)
