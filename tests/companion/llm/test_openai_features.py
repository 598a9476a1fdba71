"""What servers of the same protocol take, refuse and send: thoughts, schemas, token counts."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from companion.errors import ChatError, ConfigurationError
from companion.llm.backends.openai_compatible import create
from companion.llm.chat_model import THOUGHT_TOKENS
from companion.settings import Chat
from prompts import budget
from prompts.types import Message

HELLO = [Message("user", "你好")]
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
Delta = dict[str, str]


class Server:
    """refuses(request): answers 400. deltas(request): what is streamed; the finish reason is `ends`."""

    def __init__(
        self,
        deltas: Callable[[dict[str, Any]], list[Delta]] = lambda _: [{"content": "好"}],
        refuses: Callable[[dict[str, Any]], bool] = lambda _: False,
        ends: str = "stop",
    ) -> None:
        self.deltas, self.refuses, self.ends = deltas, refuses, ends
        self.seen: list[dict[str, Any]] = []
        self.hangs, self.begun, self.left = False, asyncio.Event(), asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(int(x.split(":")[1]) for x in head.splitlines() if x.lower().startswith("content-length"))
        request = json.loads(await reader.readexactly(length))
        self.seen.append(request)
        if self.hangs:
            self.begun.set()
            await reader.read()
            self.left.set()
        elif self.refuses(request):
            writer.write(b"HTTP/1.1 400 X\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{}")
        elif request.get("stream"):
            writer.write(b"HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
            for delta in [*self.deltas(request), None]:
                choice = {"index": 0, "delta": delta or {}, "finish_reason": None if delta else self.ends}
                chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
                writer.write(f"data: {json.dumps(chunk)}\n\n".encode())
            writer.write(b"data: [DONE]\n\n")
        else:
            message = {"role": "assistant", "content": "".join(d["content"] for d in self.deltas(request))}
            choice = {"index": 0, "message": message, "finish_reason": self.ends}
            answer = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
            writer.write(b"HTTP/1.1 200 X\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n")
            writer.write(json.dumps(answer).encode())
        writer.close()


@asynccontextmanager
async def chatting(stub: Server, **settings: Any) -> AsyncIterator[Any]:
    server = await asyncio.start_server(stub.serve, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    chat = await create(Chat(backend="openai", model="m", base_url=address, retries=0, **settings), Path)
    try:
        yield chat
    finally:
        await chat.close()
        server.close()


async def said(chat: Any, thinking: bool = False) -> str:
    pieces = [p async for p in chat.stream(HELLO, max_tokens=8, temperature=0.5, thinking=thinking)]
    assert all(pieces)
    return "".join(pieces)


def thinks(request: dict[str, Any]) -> bool | None:
    return request.get("chat_template_kwargs", {}).get("enable_thinking")


async def test_thinking_is_asked_for_and_has_tokens_of_its_own() -> None:
    server = Server(lambda _: [{"content": "<think>hm</thi"}, {"content": "nk>\n\n我在。"}])
    async with chatting(server) as chat:
        assert await said(chat) == await said(chat, True) == "我在。"
    assert [thinks(r) for r in server.seen] == [False, True]
    assert [r["max_tokens"] for r in server.seen] == [8, 8 + THOUGHT_TOKENS]


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning"])
async def test_thoughts_that_a_server_keeps_apart_are_dropped(key: str) -> None:
    server = Server(lambda _: [{key: "他很累"}, {key: "。"}, {"content": "辛苦"}, {"content": "了。"}])
    async with chatting(server) as chat:
        assert await said(chat, True) == await said(chat) == "辛苦了。"
    assert len(server.seen) == 2


async def test_a_thought_that_the_template_opened_is_not_said() -> None:
    server = Server(lambda _: [{"content": "他很累"}, {"content": "</think>"}, {"content": "辛苦了。"}])
    async with chatting(server) as chat:
        assert await said(chat, True) == "辛苦了。"
    assert len(server.seen) == 1


async def test_a_model_that_cannot_think_is_asked_twice_once_and_then_streams() -> None:
    server = Server(lambda _: [{"content": "我"}, {"content": "在。"}])
    async with chatting(server) as chat:
        assert [await said(chat, True) for _ in range(3)] == ["我在。"] * 3
    assert [thinks(r) for r in server.seen] == [True, False, True, True]


async def test_a_thought_that_fills_its_tokens_is_followed_by_a_plain_answer() -> None:
    server = Server(lambda r: [{"content": "他很累，我" if thinks(r) else "辛苦了。"}], ends="length")
    async with chatting(server) as chat:
        assert [await said(chat, True) for _ in range(2)] == ["辛苦了。"] * 2
    assert [thinks(r) for r in server.seen] == [True, False] * 2


async def test_a_server_that_does_not_know_the_argument_is_asked_without_it_from_then_on() -> None:
    server = Server(refuses=lambda r: "chat_template_kwargs" in r)
    async with chatting(server) as chat:
        assert [await said(chat) for _ in range(2)] == ["好", "好"]
    assert [thinks(r) for r in server.seen] == [False, None, None]


async def test_an_answer_is_held_to_the_schema_by_the_server() -> None:
    server = Server(lambda _: [{"content": '{"n": 1'}])  # cut by max_tokens: as it is
    async with chatting(server) as chat:
        assert await chat.complete(HELLO, schema=SCHEMA, max_tokens=4) == '{"n": 1'
    (request,) = server.seen
    assert request["response_format"]["type"] == "json_schema"
    assert request["response_format"]["json_schema"]["schema"] == SCHEMA
    assert request["messages"] == [{"role": "user", "content": "你好"}]
    assert (request["max_tokens"], request["temperature"], thinks(request)) == (4, 0.0, False)


@pytest.mark.parametrize(("taken", "tries"), [("json_object", 3), (None, 5)])
async def test_a_server_without_schemas_is_told_it_in_words_and_its_first_object_is_taken(
    taken: str | None, tries: int
) -> None:
    server = Server(
        lambda _: [{"content": 'Sure: {"n": 2} and {"n": 3}'}],
        refuses=lambda r: r.get("response_format", {}).get("type") != taken,
    )
    async with chatting(server) as chat:
        assert [await chat.complete(HELLO, schema=SCHEMA, max_tokens=8) for _ in range(2)] == ['{"n": 2}'] * 2
    assert len(server.seen) == tries + 1
    assert server.seen[-1].get("response_format", {}).get("type") == taken
    assert json.dumps(SCHEMA) in server.seen[-1]["messages"][-1]["content"]


async def test_a_request_that_is_refused_in_every_form_teaches_nothing() -> None:
    server = Server(lambda _: [{"content": '{"n": 1}'}], refuses=lambda r: r["max_tokens"] > 100)
    async with chatting(server) as chat:
        with pytest.raises(ChatError, match="400"):
            await chat.complete(HELLO, schema=SCHEMA, max_tokens=200)
        assert await chat.complete(HELLO, schema=SCHEMA, max_tokens=8) == '{"n": 1}'
    assert server.seen[-1]["response_format"]["type"] == "json_schema" and thinks(server.seen[-1]) is False


async def test_cancelling_an_answer_closes_the_request() -> None:
    server = Server()
    server.hangs = True
    async with chatting(server) as chat, asyncio.timeout(10):
        asking = asyncio.create_task(chat.complete(HELLO, schema=SCHEMA, max_tokens=8))
        await server.begun.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await server.left.wait()


async def test_tokens_are_estimated_or_counted_by_the_models_own_tokenizer(tiny_qwen: Path) -> None:
    from tokenizers import Tokenizer

    text = "你好，我在听。hello 🙂"
    async with chatting(Server()) as guessing, chatting(Server(), tokenizer=tiny_qwen / "tokenizer.json") as counting:
        assert guessing.tokens(text) == budget.tokens(text)
        exact = len(Tokenizer.from_file(str(tiny_qwen / "tokenizer.json")).encode(text).ids)
        assert counting.tokens(text) == exact != guessing.tokens(text)


async def test_a_tokenizer_that_is_none_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="COMPANION_CHAT__TOKENIZER"):
        await create(Chat(backend="openai", model="m", base_url="http://x/v1", tokenizer=tmp_path / "no.json"), Path)
