"""A Qwen directory through transformers, with a LoRA adapter if there is one."""

from __future__ import annotations

import asyncio
import copy
import threading
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path
from typing import Any

from companion.errors import ChatError, ConfigurationError, ModelUnavailable
from companion.images import Image
from companion.llm.chat_model import THOUGHT_TOKENS, ChatModel
from companion.llm.structured import first_object, told
from companion.llm.thoughts import OPENING, speech
from companion.llm.token_count import TokenCount
from companion.settings import Chat
from prompts.types import Message


class TransformersChat:
    """One generation at a time, in a worker thread of its own."""

    in_process, keeps_prefix, vision = True, False, False

    def __init__(self, name: str, model: Any, tokenizer: Any, pool: ThreadPoolExecutor) -> None:
        self.name, self._model, self._tokenizer, self._pool = name, model, tokenizer, pool
        counting = copy.deepcopy(tokenizer)  # its Rust part refuses two threads at once
        self._tokens = TokenCount(lambda text: len(counting.encode(text, add_special_tokens=False)))

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
        return speech(lambda thinks: self._content(messages, max_tokens, temperature, thinks), thinking)

    async def complete(
        self, messages: Sequence[Message], *, schema: Mapping[str, Any], max_tokens: int, temperature: float = 0.0
    ) -> str:
        """See ChatModel.complete; no grammar holds the model: it is told the schema; its first object is cut out."""
        async with aclosing(self._content(told(messages, schema), max_tokens, temperature, False)) as pieces:
            return first_object("".join([piece async for piece in pieces]))

    def tokens(self, text: str) -> int:
        """See ChatModel.tokens."""
        return self._tokens(text)

    async def _content(
        self, messages: Sequence[Message], max_tokens: int, temperature: float, thinking: bool
    ) -> AsyncGenerator[str]:
        """Content as it streams, with the tags of thoughts; closing it stops the generation."""
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[str | Exception | None] = asyncio.Queue()  # bounded by max_tokens
        stop = threading.Event()

        def deliver(piece: str | Exception | None) -> None:
            loop.call_soon_threadsafe(pieces.put_nowait, piece)

        def generate() -> None:
            try:
                self._generate(messages, max_tokens, temperature, thinking, deliver, stop)
            except Exception as error:
                deliver(ChatError(f"the model failed ({type(error).__name__})"))
            else:
                deliver(None)

        running = loop.run_in_executor(self._pool, generate)
        try:
            while (piece := await pieces.get()) is not None:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            stop.set()
            running.cancel()

    def _generate(
        self,
        messages: Sequence[Message],
        max_tokens: int,
        temperature: float,
        thinking: bool,
        deliver: Callable[[str], None],
        stop: threading.Event,
    ) -> None:
        import torch
        from transformers import StoppingCriteria, StoppingCriteriaList
        from transformers.generation.streamers import TextStreamer

        class Deliver(TextStreamer):  # holds back a character until all its bytes are there
            def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
                if text:
                    deliver(text)

        class Stop(StoppingCriteria):
            def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
                return torch.full((input_ids.shape[0],), stop.is_set(), dtype=torch.bool)

        if stop.is_set():
            return
        rendered = self._tokenizer.apply_chat_template(
            [{"role": m.role, "content": m.content} for m in messages],
            add_generation_prompt=True,
            enable_thinking=thinking,  # templates that do not know it leave it
            tokenize=False,
        )
        inputs = self._tokenizer(rendered, add_special_tokens=False, return_tensors="pt")
        if rendered.rstrip().endswith(OPENING):  # some templates open the thought themselves
            deliver(OPENING)
        with torch.inference_mode():
            self._model.generate(
                **inputs,
                max_new_tokens=max_tokens + THOUGHT_TOKENS * thinking,
                do_sample=temperature > 0,
                temperature=temperature or None,
                streamer=Deliver(self._tokenizer, skip_prompt=True, skip_special_tokens=True),
                stopping_criteria=StoppingCriteriaList([Stop()]),
            )

    async def warm(self, messages: Sequence[Message]) -> None:
        """One token, so that the first turn does not pay for the first inference; no prefix is kept."""
        async for _ in self.stream(messages, max_tokens=1, temperature=0.0):
            pass

    async def close(self) -> None:
        await asyncio.to_thread(self._pool.shutdown, True, cancel_futures=True)


async def create(section: Chat, locate: Callable[[str], Path]) -> ChatModel:
    """Load a model directory and the adapter. Raises ModelUnavailable, ConfigurationError."""
    path = locate(section.model)
    if not (path / "config.json").is_file():
        raise ModelUnavailable(f"{path} holds no config.json: COMPANION_CHAT__MODEL must name a model directory")
    if section.adapter is not None and not (section.adapter / "adapter_config.json").is_file():
        raise ModelUnavailable(f"{section.adapter} holds no adapter_config.json: give a LoRA adapter directory")
    pool = ThreadPoolExecutor(1, thread_name_prefix="transformers")
    try:
        model, tokenizer = await asyncio.get_running_loop().run_in_executor(pool, _load, path, section)
    except BaseException:
        pool.shutdown(wait=False)
        raise
    return TransformersChat(f"transformers:{path.name}", model, tokenizer, pool)


def _load(path: Path, section: Chat) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(section.threads)
    try:
        tokenizer = AutoTokenizer.from_pretrained(path, local_files_only=True)
        model: Any = AutoModelForCausalLM.from_pretrained(path, local_files_only=True, dtype=torch.bfloat16)
        if section.adapter is not None:
            from peft import PeftModel

            model = PeftModel.from_pretrained(model, section.adapter)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} does not load as a chat model ({type(error).__name__})") from None
    return model.eval(), tokenizer
