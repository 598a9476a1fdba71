"""A socket breaks, a process dies, another one takes over: nothing is lost, nothing is answered twice."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from companion.llm.chat_model import FakeChatModel
from companion.records import database
from companion.records.erasure import files_with
from companion.settings import Database, Redis, Resume, Server
from tests.api.phone import Phone, on_record, online

Serve = Callable[..., Any]
LONG = "我听见了，" * 30 + "好。"
AT_ONCE = {"resume": Resume(reattach_s=0)}


async def test_a_reply_goes_on_while_the_socket_is_away(serve: Serve) -> None:
    phone = Phone()
    async with serve(chat=FakeChatModel(LONG, piece=1, delay_s=0.2)) as server:
        async with online(phone, server):
            await phone.type("我今天有点累")
            await phone.until("response.created")
            phone.drop()
        await asyncio.sleep(0.1)
        async with online(phone, server):
            await phone.resume()
            done = await phone.until("response.done")
            assert done["response"]["status"] == "completed"
            while len(phone.of("companion.session")) < 2:  # where the reply was over first, it comes after it
                await phone.read()
        assert phone.of("response.output_text.done")[0]["text"] == LONG
        deltas = "".join(e["delta"] for e in phone.of("response.output_text.delta"))
        assert deltas == LONG and len(phone.of("response.created")) == 1
        assert [e["seq"] for e in phone.events] == list(range(1, phone.last_seq + 1))
        assert phone.of("companion.session")[-1]["replayed"] > 0


@pytest.mark.parametrize("settings", [{}, AT_ONCE], ids=["still here", "from its records"])
async def test_a_talk_goes_on_as_if_nothing_had_happened(serve: Serve, settings: dict[str, Any]) -> None:
    phone, chat = Phone(), FakeChatModel("嗯，我在听。")
    async with serve(chat=chat, settings=settings) as server:
        async with online(phone, server):
            chosen = {"type": "realtime", "companion": {"persona": "student_coach"}}
            await phone.send(type="session.update", session=chosen)
            await phone.type("我下周要考试")
            await phone.until("companion.timings")
            phone.drop()
        await on_record(server, phone.session_id, ["answered"])
        if settings:
            async with asyncio.timeout(5):
                while (await server.engine.records.counts())["sessions"] and server.sessions.live:
                    await asyncio.sleep(0.02)
        async with online(phone, server):
            await phone.resume()
            await phone.until("companion.session")
            await phone.type("我很紧张")
            await phone.until("response.done")
        history = [m.content for m in chat.seen[-1]]
        assert any("我下周要考试" in content for content in history[1:-1]) and "嗯，我在听。" in history
        assert chat.seen[-1][0].content == chat.seen[0][0].content  # the persona that was chosen
        await on_record(server, phone.session_id, ["answered", "answered"])


async def test_a_reply_that_was_lost_with_its_process_is_made_again_under_its_id(serve: Serve) -> None:
    phone = Phone()
    async with serve(chat=FakeChatModel(LONG, delay_s=60)) as first:
        async with online(phone, first):
            await phone.type("我睡不着", "one")
            created = await phone.until("response.created")
            phone.drop()
        first.sessions.live[phone.session_id].writer.moved = True  # as if killed: it writes nothing more
        second_chat = FakeChatModel("我在，慢慢说。")
        async with serve(chat=second_chat, chroma="other") as second, online(phone, second):
            await phone.resume()
            done = await phone.until("response.done")
            assert done["response"]["id"] == created["response"]["id"] and done["response"]["status"] == "completed"
            assert phone.of("response.output_text.done")[-1]["text"] == "我在，慢慢说。"
            await phone.type("我睡不着", "one")  # a client that was not sure sends it all again
            await phone.send(type="companion.ping")
            await phone.until("companion.pong")
            turns = await on_record(second, phone.session_id, ["answered"])
            assert turns[0].reply_text == "我在，慢慢说。" and len(second_chat.seen) == 1


async def test_the_former_owner_stops_where_another_process_goes_on(serve: Serve) -> None:
    phone = Phone()
    slow = FakeChatModel(LONG, piece=1, delay_s=1.0)
    async with serve(chat=slow) as first, serve(chat=FakeChatModel("我来接着说。"), chroma="other") as second:
        async with online(phone, first):
            await phone.type("你好呀")
            await phone.until("response.created")
            async with online(Phone(), second) as other:
                other.events, other.session_id, other.token = phone.events, phone.session_id, phone.token
                await other.resume()
                await other.until("response.done")
            with pytest.raises(ConnectionClosed):
                while True:
                    await phone.read()
            assert phone.socket is not None and phone.socket.close_code == 1001
        turns = await on_record(second, phone.session_id, ["answered"])
        assert turns[0].reply_text == "我来接着说。"
        assert phone.session_id not in first.sessions.live


async def test_what_nobody_had_replied_to_is_replied_to(serve: Serve) -> None:
    phone = Phone()
    async with serve() as first:
        async with online(phone, first):
            await phone.type("我想你了", ask=False)
            await phone.until("conversation.item.done")
            phone.drop()
        first.sessions.live[phone.session_id].writer.moved = True
        async with serve(chroma="other") as second, online(phone, second):
            await phone.resume()
            await phone.until("response.done")
            assert len(phone.of("conversation.item.added")) == 2  # theirs, once, and the reply
            await on_record(second, phone.session_id, ["answered"])


@pytest.mark.parametrize(
    "other, code",
    [
        ({"resume_token": "x" * 43}, "resume_refused"),
        ({"resume_token": "é\x00"}, "resume_refused"),
        ({"session_id": "sess_of_somebody"}, "resume_refused"),
        ({"last_seq": 10_000_000}, "resume_refused"),
    ],
)
async def test_a_session_that_is_not_theirs_is_refused_and_a_fresh_one_serves(
    serve: Serve, other: dict[str, Any], code: str
) -> None:
    phone = Phone()
    async with serve() as server:
        async with online(phone, server):
            await phone.type("你好")
            await phone.until("response.done")
            phone.drop()
        fresh = Phone()
        async with online(fresh, server):
            fresh.session_id, fresh.token = phone.session_id, phone.token
            fresh.events = [{"seq": 2}]
            await fresh.resume(**{"last_seq": phone.last_seq} | other)
            error = await fresh.until("error")
            assert error["error"]["code"] == code
            await fresh.type("你好")
            await fresh.until("response.done")


async def test_somebody_elses_token_opens_nothing(serve: Serve) -> None:
    phone, thief = Phone(), Phone()
    async with serve() as server:
        async with online(phone, server):
            await phone.type("你好")
            await phone.until("response.done")
        async with online(thief, server, "somebody"):
            thief.session_id, thief.token, thief.events = phone.session_id, phone.token, [{"seq": 2}]
            await thief.resume()
            assert (await thief.until("error"))["error"]["code"] == "resume_refused"


async def test_after_the_window_it_is_said_and_a_new_session_begins(serve: Serve) -> None:
    phone = Phone()
    async with serve(settings=AT_ONCE) as server:
        async with online(phone, server):
            await phone.type("你好")
            await phone.until("companion.timings")
        async with asyncio.timeout(5):
            while server.sessions.live or server.sessions._going:
                await asyncio.sleep(0.02)
        later = server.engine.now() + 3600
        server.engine.now = lambda: later
        fresh = Phone()
        async with online(fresh, server):
            fresh.session_id, fresh.token, fresh.events = phone.session_id, phone.token, [{"seq": 2}]
            await fresh.resume(last_seq=phone.last_seq)
            assert (await fresh.until("error"))["error"]["code"] == "resume_expired"


async def test_a_server_that_goes_away_says_so_and_ends_its_replies_first(serve: Serve) -> None:
    phone, limits = Phone(), {"server": Server(drain_s=5.0)}
    async with serve(settings=limits, chat=FakeChatModel(LONG, piece=1, delay_s=0.3)) as server:
        async with online(phone, server):
            await phone.type("你好")
            await phone.until("response.created")
            server.process.should_exit = True
            await phone.notice("draining")
            assert (await phone.until("response.done"))["response"]["status"] == "completed"
            with pytest.raises(ConnectionClosed):
                while True:
                    await phone.read()
            assert phone.socket is not None and phone.socket.close_code == 1001
        await on_record(server, phone.session_id, ["answered"])


async def test_a_reply_that_takes_too_long_for_a_deploy_is_made_elsewhere(serve: Serve) -> None:
    phone = Phone()
    async with serve(settings={"server": Server(drain_s=0.1)}, chat=FakeChatModel(LONG, delay_s=60)) as first:
        async with online(phone, first):
            await phone.type("你好")
            created = await phone.until("response.created")
            first.process.should_exit = True
            with pytest.raises(ConnectionClosed):
                while True:
                    await phone.read()
        async with serve(chat=FakeChatModel("我在。"), chroma="other") as second, online(phone, second):
            await phone.resume()
            done = await phone.until("response.done")
            assert done["response"]["id"] == created["response"]["id"]
            assert phone.of("response.output_text.done")[-1]["text"] == "我在。"


async def test_who_is_erased_while_they_talk_is_gone_at_once_and_everywhere(serve: Serve, tmp_path: Path) -> None:
    phone = Phone()
    async with serve(chat=FakeChatModel(LONG, piece=1, delay_s=0.2)) as server:
        async with online(phone, server):
            await phone.type("我叫小雨，我有点难过")
            await phone.until("response.created")
            headers = {"Authorization": f"Bearer {server.token()}", "Confirm-Erase": "yes"}
            async with httpx.AsyncClient() as client:
                gone = await client.request("DELETE", f"{server.url}/v1/me", headers=headers)
            assert gone.status_code == 200 and gone.json()["counts"]["events"] >= 1
            with pytest.raises(ConnectionClosed):
                while True:
                    await phone.read()
            assert phone.socket is not None and phone.socket.close_code == 1008
        await asyncio.sleep(0.3)
        assert await server.engine.records.counts() == {"users": 0, "sessions": 0, "turns": 0}
        items = [event["item"]["id"].encode() for event in phone.of("conversation.item.added")]
        needles = [phone.session_id.encode(), b"xiaoyu", *items]
        assert files_with(tmp_path, needles) == []
        again = Phone()
        headers = {"Authorization": headers["Authorization"]}
        async with connect("ws" + server.url[4:] + "/v1/realtime", additional_headers=headers) as again.socket:
            assert (await again.read())["error"]["code"] == "invalid_token"


@pytest.fixture
async def shared() -> AsyncIterator[dict[str, Any]]:
    """Settings of a replica: the database and the Redis that all of them share."""
    urls = [os.environ.get("COMPANION_TEST_POSTGRES"), os.environ.get("COMPANION_TEST_REDIS")]
    if None in urls:
        assert not os.environ.get("COMPANION_CI"), "CI must name the services"
        pytest.skip("COMPANION_TEST_POSTGRES or COMPANION_TEST_REDIS is not set: run `eval $(.ci/services)`")
    await asyncio.to_thread(database.downgrade, urls[0], "base")
    yield {"database": Database(url=urls[0]), "redis": Redis(url=urls[1])}
    await asyncio.to_thread(database.downgrade, urls[0], "base")


async def test_replicas_hand_a_session_over_and_back(serve: Serve, shared: dict[str, Any]) -> None:
    phone, seen = Phone(), []
    async with (
        serve(settings=shared, chat=(one := FakeChatModel("第一个。"))) as first,
        serve(settings=shared, chat=(two := FakeChatModel("第二个。")), chroma="other") as second,
    ):
        for count, server in enumerate([first, second, first, second]):
            async with online(phone, server):
                if count:
                    await phone.resume()
                    await phone.until("companion.session")
                await phone.type(f"这是第{count}句话")
                await phone.until("companion.timings")
                await on_record(server, phone.session_id, ["answered"] * (count + 1))
                phone.drop()
            others = second if server is first else first
            assert phone.session_id not in others.sessions.live  # it was told over Redis, or never had it
            seen.append(phone.of("response.output_text.done")[-1]["text"])
        assert seen == ["第一个。", "第二个。", "第一个。", "第二个。"]
        assert [e["seq"] for e in phone.events] == list(range(1, phone.last_seq + 1))
        history = "".join(m.content for m in two.seen[-1])
        assert all(f"第{count}句话" in history for count in range(4)) and len(one.seen) == len(two.seen) == 2
