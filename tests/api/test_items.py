"""What counts as said: a reply as far as it was heard, and nothing that was taken out of the talk."""

import asyncio
from collections.abc import Callable
from typing import Any

from companion.history import heard_part
from companion.llm.chat_model import FakeChatModel
from tests.api.phone import Phone, on_record, online

Serve = Callable[..., Any]
REPLY = "我听见了，这一天真不容易，我在这里陪你。"


class Slow(FakeChatModel):
    """One sign at a time, so that there is time to interrupt."""

    async def stream(self, *args: Any, **kwargs: Any) -> Any:
        async for piece in super().stream(*args, **kwargs):
            yield piece
            await asyncio.sleep(0.05)


async def turn(phone: Phone, text: str) -> str:
    """A typed turn to its end; the item of the reply."""
    await phone.type(text)
    await phone.until("companion.timings")
    return phone.of("response.output_item.added")[-1]["item"]["id"]


def history(chat: FakeChatModel) -> list[str]:
    return [message.content for message in chat.seen[-1]][1:-1]


async def test_of_a_truncated_reply_only_what_was_heard_is_built_on(serve: Serve) -> None:
    phone, chat = Phone(), FakeChatModel(REPLY)
    async with serve(chat=chat) as server, online(phone, server):
        item_id = await turn(phone, "今天好累")
        await phone.send(type="conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=1500)
        assert (await phone.until("conversation.item.truncated"))["audio_end_ms"] == 1500
        await turn(phone, "嗯")
        assert heard_part(REPLY, 1.5) in history(chat) and REPLY not in history(chat)
        assert "我听见了" in heard_part(REPLY, 1.5)


async def test_a_reply_that_was_interrupted_counts_as_far_as_it_was_played(serve: Serve) -> None:
    phone, chat = Phone(), Slow(REPLY)
    async with serve(chat=chat) as server, online(phone, server):
        await phone.type("今天好累")
        started = await phone.until("response.output_item.added")
        while sum(len(e["delta"]) for e in phone.of("response.output_text.delta")) < 10:
            await phone.read()
        await phone.send(type="companion.playback", item_id=started["item"]["id"], played_ms=900)
        await phone.send(type="response.cancel")
        done = await phone.until("response.done")
        assert done["response"]["status"] == "cancelled"
        await phone.until("companion.timings")
        await turn(phone, "等等")
        delivered = done["response"]["output"][0]["content"][0]["text"]
        assert heard_part(delivered, 0.9) in history(chat) and delivered not in history(chat)
        turns = await on_record(server, phone.session_id, ["cancelled", "answered"])
        assert turns[0].heard_ms == 900


async def test_what_is_deleted_is_in_no_prompt_no_record_and_no_memory(serve: Serve) -> None:
    phone, chat = Phone(), FakeChatModel(REPLY)
    async with serve(chat=chat) as server, online(phone, server):
        await turn(phone, "我叫小雨")
        said = phone.of("conversation.item.added")[0]["item"]["id"]
        await phone.send(type="conversation.item.retrieve", item_id=said)
        assert (await phone.until("conversation.item.retrieved"))["item"]["content"][0]["text"] == "我叫小雨"
        await phone.send(type="conversation.item.delete", item_id=said)
        assert (await phone.until("conversation.item.deleted"))["item_id"] == said
        await phone.send(type="conversation.item.retrieve", item_id=said)
        assert (await phone.until("error"))["error"]["code"] == "item_retrieve_invalid_item_id"
        await turn(phone, "你好")
        assert all("小雨" not in content for content in history(chat))
        turns = await on_record(server, phone.session_id, ["deleted", "answered"])
        assert turns[0].user_text is None


def test_never_half_a_word_is_heard() -> None:
    assert heard_part("I am listening to you", 0.5) == "I am"
    assert heard_part("我在听", 0.5) == "我在"
    assert heard_part("我在听", 60) == "我在听" and heard_part("我在听", 0) == ""
