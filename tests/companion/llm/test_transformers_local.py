import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest

from companion.errors import ModelUnavailable
from companion.llm.backends.transformers_local import create
from companion.settings import Chat
from prompts.types import Message

HELLO = [Message("user", "你好")]


async def test_a_model_directory_streams_whole_characters_stops_when_asked_and_keeps_to_its_length(
    tiny_qwen: Path,
) -> None:
    chat = await create(Chat(backend="transformers", model=str(tiny_qwen), threads=1), Path)
    try:
        await chat.warm(HELLO)
        pieces = [p async for p in chat.stream(HELLO, max_tokens=40, temperature=0.0)]
        assert pieces and all(pieces)
        again = [p async for p in chat.stream(HELLO, max_tokens=40, temperature=0.0)]
        assert again == pieces
        short = [p async for p in chat.stream(HELLO, max_tokens=2, temperature=0.0)]
        assert len("".join(short)) < len("".join(pieces))
        async with aclosing(chat.stream(HELLO, max_tokens=1500, temperature=1.0)) as endless:
            await anext(endless)
        async with asyncio.timeout(5):  # 1,500 tokens would take longer: it did stop
            assert [p async for p in chat.stream(HELLO, max_tokens=2, temperature=0.0)] == short
    finally:
        await chat.close()


async def test_a_lora_adapter_changes_what_is_said(tiny_qwen: Path, tmp_path: Path) -> None:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    tuned = get_peft_model(
        AutoModelForCausalLM.from_pretrained(tiny_qwen),
        LoraConfig(r=4, target_modules=["q_proj", "v_proj", "down_proj"]),
    )
    torch.manual_seed(1)
    for name, parameter in tuned.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(parameter, std=0.8)
    tuned.save_pretrained(tmp_path)
    said = []
    for adapter in (None, tmp_path):
        chat = await create(Chat(backend="transformers", model=str(tiny_qwen), adapter=adapter, threads=1), Path)
        said.append([p async for p in chat.stream(HELLO, max_tokens=20, temperature=0.0)])
        await chat.close()
    assert said[0] != said[1]


async def test_a_directory_without_a_model_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="COMPANION_CHAT__MODEL"):
        await create(Chat(backend="transformers", model=str(tmp_path)), Path)
