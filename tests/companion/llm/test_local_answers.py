"""Thinking, JSON answers and token counts of the two models that run in this process."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from companion.errors import ChatError
from companion.llm.backends import llamacpp, transformers_local
from companion.llm.chat_model import THOUGHT_TOKENS
from companion.settings import Chat
from prompts import budget
from prompts.types import Message
from tests.tiny import qwen_gguf

HELLO = [Message("user", "你好")]
SCHEMA = {
    "type": "object",
    "properties": {"kind": {"enum": ["cat", "dog"]}, "n": {"type": "integer", "minimum": 1, "maximum": 5}},
    "required": ["kind", "n"],
    "additionalProperties": False,
}
SAID = "喵🙂"  # of bytes that this tokenizer merges with nothing
# Ends the prompt in a line break when the model is to think, else in what the line break is followed by.
_THINKING_TEMPLATE = (
    "{% for m in messages %}{{ m.role }}\n{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}"
    "{% if enable_thinking is defined and enable_thinking is false %}喵{% else %}assistant\n{% endif %}{% endif %}"
)


@pytest.fixture(scope="module")
def thinker(tiny_qwen: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recites 喵🙂 when it is to think, and only 🙂 when not."""
    folder = qwen_gguf.recite(tiny_qwen, tmp_path_factory.mktemp("thinker") / "model", SAID)
    (folder / "chat_template.jinja").write_text(_THINKING_TEMPLATE, "utf-8")
    return folder


@asynccontextmanager
async def chatting(kind: str, model: Path, folder: Path) -> AsyncIterator[Any]:
    backend = {"llamacpp": llamacpp, "transformers": transformers_local}[kind]
    if kind == "llamacpp":
        model = qwen_gguf.write(model, folder / "model.gguf")
    chat = await backend.create(Chat(backend=kind, model=str(model), threads=1, context_tokens=2048), Path)
    try:
        yield chat
    finally:
        await chat.close()


@pytest.mark.parametrize("kind", ["llamacpp", "transformers"])
async def test_the_template_is_told_whether_to_think(kind: str, thinker: Path, tmp_path: Path) -> None:
    async with chatting(kind, thinker, tmp_path) as chat, asyncio.timeout(60):
        said = {
            thinking: "".join([p async for p in chat.stream(HELLO, max_tokens=20, temperature=0.0, thinking=thinking)])
            for thinking in (True, False)
        }
    assert said == {True: SAID, False: "🙂"}


@pytest.mark.parametrize("kind", ["llamacpp", "transformers"])
async def test_a_template_that_knows_no_thinking_answers_as_ever(kind: str, tiny_qwen: Path, tmp_path: Path) -> None:
    folder = qwen_gguf.recite(tiny_qwen, tmp_path / "plain", SAID)
    async with chatting(kind, folder, tmp_path) as chat, asyncio.timeout(60):
        said = [p async for p in chat.stream(HELLO, max_tokens=20, temperature=0.0, thinking=True)]
    assert "".join(said) == SAID


@pytest.mark.parametrize("kind", ["llamacpp", "transformers"])
async def test_tokens_are_those_of_the_models_own_tokenizer(kind: str, tiny_qwen: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_qwen)
    texts = ["", "你好，我在听。", "hello, I am here. 🙂", "x" * 300]
    async with chatting(kind, tiny_qwen, tmp_path) as chat:
        wanted = [len(tokenizer.encode(text, add_special_tokens=False)) for text in texts]
        assert [chat.tokens(text) for text in texts] == wanted
        speaking = chat.stream(HELLO, max_tokens=400, temperature=1.0)
        async with aclosing(speaking):  # counting does not wait for a stream, nor disturb it
            await anext(speaking)
            assert chat.tokens("我在听 while it speaks") == len(tokenizer.encode("我在听 while it speaks"))
            assert await anext(speaking)


async def test_without_its_server_llama_cpp_estimates(tiny_qwen: Path, tmp_path: Path) -> None:
    async with chatting("llamacpp", tiny_qwen, tmp_path) as chat:
        known = chat.tokens("你好")
    assert chat.tokens("你好") == known
    assert chat.tokens("我在听。") == budget.tokens("我在听。")


async def test_llama_cpp_is_held_to_the_schema_even_with_random_weights(tiny_qwen: Path, tmp_path: Path) -> None:
    async with chatting("llamacpp", tiny_qwen, tmp_path) as chat, asyncio.timeout(60):
        answers = [
            await chat.complete([Message("user", str(n))], schema=SCHEMA, max_tokens=400, temperature=1.0)
            for n in range(3)
        ]
        for answer in answers:
            if answer.rstrip().endswith("}"):  # random weights may go on with white space until the tokens end
                told = json.loads(answer)
                assert told["kind"] in ("cat", "dog") and 1 <= told["n"] <= 5
            else:
                assert answer.lstrip()[:1] in ("", "{")
        assert any(answer.lstrip().startswith("{") for answer in answers)
        assert len(await chat.complete(HELLO, schema=SCHEMA, max_tokens=3)) <= 12


async def test_a_schema_that_is_none_is_an_error_of_ours(tiny_qwen: Path, tmp_path: Path) -> None:
    async with chatting("llamacpp", tiny_qwen, tmp_path) as chat, asyncio.timeout(60):
        with pytest.raises(ChatError):
            await chat.complete(HELLO, schema={"type": "nonsense"}, max_tokens=8)
        assert chat.tokens("你") >= 1


async def test_cancelling_an_answer_stops_llama_cpp(
    tiny_qwen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = qwen_gguf.recite(tiny_qwen, tmp_path / "endless", SAID, endless=True)
    async with chatting("llamacpp", folder, tmp_path) as chat, asyncio.timeout(30):
        begun, cancelled, seen = asyncio.Event(), threading.Event(), []
        loop, server = asyncio.get_running_loop(), chat._server

        class Slow:
            def handle_chat_completions(self, request: dict[str, Any], on_chunk: Callable[[Any], bool]) -> None:
                def look(chunk: Any) -> bool:
                    seen.append(chunk)
                    if len(seen) == 3:
                        loop.call_soon_threadsafe(begun.set)
                        assert cancelled.wait(10)
                    return on_chunk(chunk)

                del request["response_format"]  # let it recite for ever
                server.handle_chat_completions(request, look)

        monkeypatch.setattr(chat, "_server", Slow())
        asking = asyncio.create_task(chat.complete(HELLO, schema=SCHEMA, max_tokens=1900))
        await begun.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        cancelled.set()
        await chat.close()  # waits for the worker
        assert len(seen) <= 4


async def test_llama_cpp_keeps_thoughts_apart_and_gives_them_tokens(tiny_qwen: Path, tmp_path: Path) -> None:
    asked = []

    class Thinker:
        def handle_chat_completions(self, request: dict[str, Any], on_chunk: Callable[[Any], bool]) -> None:
            asked.append(request)
            for delta in ({"reasoning_content": "他很累"}, {"content": "<think>嗯</think>"}, {"content": "辛苦了。"}):
                on_chunk({"choices": [{"delta": delta}]})

    async with chatting("llamacpp", tiny_qwen, tmp_path) as chat:
        chat._server = Thinker()
        for thinking in (True, False):
            pieces = [p async for p in chat.stream(HELLO, max_tokens=9, temperature=0.0, thinking=thinking)]
            assert pieces == ["辛苦了。"]
    assert [r["max_tokens"] for r in asked] == [9 + THOUGHT_TOKENS, 9]


async def test_transformers_cuts_the_first_object_out_of_what_it_says(
    tiny_qwen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with chatting("transformers", tiny_qwen, tmp_path) as chat, asyncio.timeout(60):
        with pytest.raises(ChatError, match="no JSON object"):  # random weights say none
            await chat.complete(HELLO, schema=SCHEMA, max_tokens=8)
        asked = []

        def generate(messages: list[Message], *options: Any) -> None:
            asked.append(messages)
            *_, deliver, _ = options
            for piece in ("<think>{}</think>Sure: {", '"kind": "cat", "n": 2', "} or {}"):
                deliver(piece)

        monkeypatch.setattr(chat, "_generate", generate)
        assert await chat.complete(HELLO, schema=SCHEMA, max_tokens=8) == '{"kind": "cat", "n": 2}'
        assert '"cat"' in asked[0][-1].content
