"""The llama.cpp backend on GGUF files written here: one recites known bytes, one has random weights."""

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from companion.errors import ChatError, ConfigurationError, ModelUnavailable
from companion.llm.backends import transformers_local
from companion.llm.backends.llamacpp import LlamaCpp, create
from companion.models.packs import PackStore
from companion.settings import Chat, Models
from prompts.types import Message
from tests.tiny import qwen_gguf

HELLO = [Message("system", "你是一个陪伴者。"), Message("user", "你好")]
SAID = "你🙂"  # seven bytes, seven tokens, two characters


@pytest.fixture(scope="module")
def random_gguf(tiny_qwen: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return qwen_gguf.write(tiny_qwen, tmp_path_factory.mktemp("gguf") / "random.gguf")


@pytest.fixture(scope="module")
def reciting(tiny_qwen: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[bool], Path]:
    folder = tmp_path_factory.mktemp("reciting")
    made = {}
    for name, endless in (("once", False), ("endless", True)):
        made[endless] = qwen_gguf.write(
            qwen_gguf.recite(tiny_qwen, folder / name, SAID, endless=endless), folder / f"{name}.gguf"
        )
    return made.__getitem__


@asynccontextmanager
async def chatting(model: Path, context_tokens: int = 2048) -> AsyncIterator[LlamaCpp]:
    chat = await create(Chat(backend="llamacpp", model=str(model), threads=1, context_tokens=context_tokens), Path)
    assert isinstance(chat, LlamaCpp)
    try:
        yield chat
    finally:
        await chat.close()


def stream(
    chat: Any, messages: Sequence[Message] = HELLO, max_tokens: int = 40, temperature: float = 0.0
) -> AsyncGenerator[str]:
    pieces = chat.stream(messages, max_tokens=max_tokens, temperature=temperature)
    return cast("AsyncGenerator[str]", pieces)


async def reply(chat: Any, **options: Any) -> list[str]:
    async with asyncio.timeout(30):
        return [piece async for piece in stream(chat, **options)]


class Spied:
    """The server, with a look at every chunk in the worker thread before the backend gets it."""

    def __init__(self, server: Any, look: Callable[[int, Any], None]) -> None:
        self._server, self._look = server, look

    def handle_chat_completions(self, request: dict[str, Any], on_chunk: Callable[[Any], bool]) -> None:
        seen = 0

        def looked_at(chunk: Any) -> bool:
            nonlocal seen
            seen += 1
            self._look(seen, chunk)
            return on_chunk(chunk)

        self._server.handle_chat_completions(request, looked_at)


async def test_whole_characters_come_one_by_one_and_the_end_token_ends(reciting: Callable[[bool], Path]) -> None:
    async with chatting(reciting(False)) as chat:
        assert chat.name == "llamacpp:once"
        assert await reply(chat) == ["你", "🙂"]


async def test_no_more_tokens_than_were_asked_for_and_no_half_character(reciting: Callable[[bool], Path]) -> None:
    async with chatting(reciting(True)) as chat:
        wanted = {3: "你", 4: "你", 6: "你", 7: "你🙂", 10: "你🙂你", 70: SAID * 10}
        assert {n: "".join(await reply(chat, max_tokens=n)) for n in wanted} == wanted


async def test_random_weights_say_the_same_twice_and_bytes_that_are_no_character_do_no_harm(random_gguf: Path) -> None:
    async with chatting(random_gguf) as chat:
        first = await reply(chat)
        assert first and all(first) and await reply(chat) == first
        "".join(first).encode()  # no lone surrogates
        assert await reply(chat, messages=[Message("user", "hello")]) != first
        drawn = {"".join(await reply(chat, temperature=1.5)) for _ in range(4)}
        assert len(drawn) > 1


async def test_warming_changes_nothing_of_what_is_said(random_gguf: Path) -> None:
    async with chatting(random_gguf) as cold, chatting(random_gguf) as warm:
        await warm.warm(HELLO[:1])
        await warm.warm(HELLO)
        assert await reply(warm) == await reply(cold)


async def test_closing_the_iterator_stops_the_generation(reciting: Callable[[bool], Path]) -> None:
    async with chatting(reciting(True)) as chat:
        server, closed, seen = chat._server, threading.Event(), []

        def look(count: int, chunk: Any) -> None:
            seen.append(chunk)
            if len(seen) == 5:  # the role, and a few characters: now the reader goes away
                assert closed.wait(10)

        chat._server = Spied(server, look)
        async with asyncio.timeout(10):
            async with aclosing(stream(chat, max_tokens=1900)) as pieces:
                assert await anext(pieces) == "你"
            closed.set()
            chat._server = server
            assert await reply(chat, max_tokens=7) == ["你", "🙂"]
            await chat.close()  # waits for the worker
        assert 1 <= len(seen) <= 6  # of some 500 chunks


async def test_a_cancelled_reader_stops_the_generation(reciting: Callable[[bool], Path]) -> None:
    async with chatting(reciting(True)) as chat:
        begun, stopped, seen = asyncio.Event(), threading.Event(), []
        loop = asyncio.get_running_loop()

        def look(count: int, chunk: Any) -> None:
            seen.append(chunk)
            if count == 5:
                loop.call_soon_threadsafe(begun.set)
                assert stopped.wait(10)

        chat._server = Spied(chat._server, look)
        reading = asyncio.create_task(reply(chat, max_tokens=1900))
        async with asyncio.timeout(10):
            await begun.wait()
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            stopped.set()
            await chat.close()
        assert len(seen) <= 6


async def test_two_streams_run_at_once_and_a_third_waits_its_turn(reciting: Callable[[bool], Path]) -> None:
    async with chatting(reciting(True)) as chat:
        both = threading.Barrier(2, timeout=10)

        def look(count: int, chunk: Any) -> None:
            if count == 3:
                both.wait()  # passes only if the other one is in the middle of its stream as well

        server = chat._server
        chat._server = Spied(server, look)
        assert await asyncio.gather(*(reply(chat, max_tokens=14) for _ in range(2))) == [["你", "🙂"] * 2] * 2
        chat._server = server
        assert await asyncio.gather(*(reply(chat, max_tokens=7) for _ in range(5))) == [["你", "🙂"]] * 5


async def test_a_prompt_longer_than_the_context_is_an_error_and_the_next_is_answered(
    reciting: Callable[[bool], Path],
) -> None:
    async with chatting(reciting(False), context_tokens=512) as chat:
        with pytest.raises(ChatError, match="context"):
            await reply(chat, messages=[Message("user", "x1 " * 600)])
        assert await reply(chat) == ["你", "🙂"]


async def test_a_reply_that_fills_the_context_ends_there(reciting: Callable[[bool], Path]) -> None:
    async with chatting(reciting(True), context_tokens=512) as chat:
        said = "".join(await reply(chat, max_tokens=5_000))
        assert said.startswith(SAID * 40) and len(said.encode()) <= 512


async def test_a_server_that_fails_is_an_error_of_ours(reciting: Callable[[bool], Path]) -> None:
    class Broken:
        def handle_chat_completions(self, request: dict[str, Any], on_chunk: Callable[[Any], bool]) -> None:
            on_chunk({"choices": [{"delta": {"content": "你"}}]})
            raise RuntimeError("你好")

    async with chatting(reciting(False)) as chat:
        chat._server = Broken()
        said = stream(chat)
        assert await anext(said) == "你"
        with pytest.raises(ChatError, match="RuntimeError") as caught:
            await anext(said)
        assert caught.value.retryable and "你好" not in str(caught.value)


async def test_its_port_is_on_loopback_and_asks_for_a_key(reciting: Callable[[bool], Path]) -> None:
    async with chatting(reciting(False)) as chat, httpx.AsyncClient(trust_env=False) as client:
        address = httpx.URL(chat._server.listening_address)
        assert address.host == "127.0.0.1"
        body = {"messages": [{"role": "user", "content": "hi"}]}
        assert (await client.post(address.join("/v1/chat/completions"), json=body)).status_code == 401
        assert (await client.get(address.join("/slots"))).status_code == 401


async def test_a_folder_with_one_gguf_is_that_file_and_with_none_or_two_is_refused(
    reciting: Callable[[bool], Path], tmp_path: Path
) -> None:
    with pytest.raises(ModelUnavailable, match=r"0 \.gguf"):
        await create(Chat(backend="llamacpp", model=str(tmp_path)), Path)
    (tmp_path / "a.gguf").symlink_to(reciting(False))
    async with chatting(tmp_path) as chat:
        assert await reply(chat) == ["你", "🙂"]
    (tmp_path / "b.gguf").symlink_to(reciting(True))
    with pytest.raises(ModelUnavailable, match=r"2 \.gguf"):
        await create(Chat(backend="llamacpp", model=str(tmp_path)), Path)


@pytest.mark.parametrize("kept", [None, 0, 100, 20_000])
async def test_a_file_that_is_no_whole_gguf_is_refused(
    reciting: Callable[[bool], Path], tmp_path: Path, kept: int | None
) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"a letter, not a model" * 100 if kept is None else reciting(False).read_bytes()[:kept])
    with pytest.raises(ConfigurationError, match="does not load as a GGUF"):
        await create(Chat(backend="llamacpp", model=str(path)), Path)


async def test_a_model_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="neither a path"):
        await create(Chat(backend="llamacpp", model=str(tmp_path / "no.gguf")), PackStore(Models()).locate)


async def test_llama_cpp_and_transformers_say_the_same_with_the_same_weights(
    random_gguf: Path, tiny_qwen: Path
) -> None:
    theirs = await transformers_local.create(Chat(backend="transformers", model=str(tiny_qwen), threads=1), Path)
    try:
        theirs._model.float()  # type: ignore[attr-defined]
        async with chatting(random_gguf) as ours:
            for messages in (HELLO, [Message("user", "hello, I am here.")]):
                said = ["".join(await reply(chat, messages=messages, max_tokens=8)) for chat in (ours, theirs)]
                assert len(said[0]) >= 4 and said[0].rstrip("\ufffd") == said[1].rstrip("\ufffd")
    finally:
        await theirs.close()
