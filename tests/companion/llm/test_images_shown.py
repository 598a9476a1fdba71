"""Images beside the words of whoever sent them, for models that see."""

from base64 import b64decode, b64encode
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow

from companion.errors import ChatError
from companion.images import Image, decode_image
from companion.llm.backends import llamacpp, transformers_local
from companion.llm.chat_model import FakeChatModel
from companion.settings import Chat
from prompts.types import Message
from tests.companion.llm.test_openai_features import Server, chatting, thinks
from tests.tiny import qwen_gguf

TALK = [
    Message("system", "你是朋友。"),
    Message("user", "你好"),
    Message("assistant", "嗯"),
    Message("user", "看，我的猫"),
    Message("assistant", "(看着)"),
]


def cats(count: int) -> list[Image]:
    images = []
    for n in range(count):
        file = BytesIO()
        Pillow.new("RGB", (8 + n, 8), "red").save(file, "PNG")
        images.append(decode_image(f"data:image/png;base64,{b64encode(file.getvalue()).decode()}", 10_000))
    return images


async def said(chat: Any, images: list[Image], thinking: bool = False, talk: list[Message] = TALK) -> str:
    stream = chat.stream(talk, max_tokens=8, temperature=0.0, thinking=thinking, images=images)
    return "".join([piece async for piece in stream])


async def test_images_go_with_the_last_words_of_the_user() -> None:
    server, images = Server(), cats(2)
    async with chatting(server, vision=True) as chat:
        assert chat.vision and await said(chat, images) == "好"
    sent = server.seen[0]["messages"]
    assert [m["role"] for m in sent] == [m.role for m in TALK]
    assert [m["content"] for m in sent[:3] + sent[4:]] == [m.content for m in TALK[:3] + TALK[4:]]
    words, *shown = sent[3]["content"]
    assert words == {"type": "text", "text": "看，我的猫"}
    for part, image in zip(shown, images, strict=True):
        assert set(part) == {"type", "image_url"} and part["type"] == "image_url" and set(part["image_url"]) == {"url"}
        head, _, data = part["image_url"]["url"].partition(",")
        assert head == "data:image/jpeg;base64" and b64decode(data) == image.data
        assert Pillow.open(BytesIO(b64decode(data))).format == "JPEG"


async def test_they_are_shown_again_when_the_answer_was_all_thought() -> None:
    server = Server(lambda r: [{"content": "一只猫，我" if thinks(r) else "好可爱。"}], ends="length")
    async with chatting(server, vision=True) as chat:
        assert await said(chat, cats(1), thinking=True) == "好可爱。"
    assert [len(r["messages"][3]["content"]) for r in server.seen] == [2, 2]


async def test_words_alone_are_sent_as_they_always_were() -> None:
    server = Server()
    async with chatting(server, vision=True) as chat:
        assert await said(chat, []) == "好"
    assert server.seen[0]["messages"] == [{"role": m.role, "content": m.content} for m in TALK]


async def test_a_model_that_sees_nothing_is_sent_words_only() -> None:
    server = Server(refuses=lambda r: any(not isinstance(m["content"], str) for m in r["messages"]))
    async with chatting(server) as chat:
        assert not chat.vision and await said(chat, cats(1)) == "好"


async def test_a_server_that_takes_no_images_after_all_is_an_error_that_a_retry_does_not_help() -> None:
    server = Server(refuses=lambda r: any(not isinstance(m["content"], str) for m in r["messages"]))
    async with chatting(server, vision=True) as chat:
        with pytest.raises(ChatError, match="COMPANION_CHAT__MODEL") as caught:
            await said(chat, cats(1))
        assert not caught.value.retryable
        assert await said(chat, []) == "好"


async def test_models_of_this_process_see_nothing_and_answer_as_ever(tiny_qwen: Path, tmp_path: Path) -> None:
    gguf = qwen_gguf.write(qwen_gguf.recite(tiny_qwen, tmp_path / "model", "喵🙂"), tmp_path / "model.gguf")
    for backend, path in ((llamacpp, gguf), (transformers_local, tmp_path / "model")):
        chat = await backend.create(Chat(backend="x", model=str(path), threads=1, context_tokens=512), Path)
        try:
            assert not chat.vision
            assert await said(chat, cats(1), talk=TALK[:2]) == await said(chat, [], talk=TALK[:2]) != ""
        finally:
            await chat.close()


async def test_the_fake_remembers_what_it_was_shown() -> None:
    fake, images = FakeChatModel(vision=True), cats(2)
    await said(fake, images)
    await said(fake, [])
    assert fake.vision and fake.shown == [tuple(images), ()]
