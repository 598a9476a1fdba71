"""How many, how fast, and for how long: said before anybody is cut off."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from companion.llm.chat_model import FakeChatModel
from companion.settings import Admission, Server
from tests.api.phone import Phone, online

Serve = Callable[..., Any]
LONG = "我听见了，" * 30 + "好。"


async def test_one_more_session_than_a_person_may_have_ends_the_oldest(serve: Serve) -> None:
    phones = [Phone() for _ in range(3)]
    limits = {"server": Server(max_frame_bytes=65_536, sessions_per_person=2)}
    async with serve(settings=limits) as server, AsyncExitStack() as stack:
        for phone in phones:
            await stack.enter_async_context(online(phone, server))
        for phone in phones:
            await phone.send(type="companion.ping")
            await phone.until("companion.pong")
        await phones[0].notice("superseded")
        with pytest.raises(ConnectionClosed):
            await phones[0].read()
        assert phones[0].socket is not None and phones[0].socket.close_code == 1008
        for phone in phones[1:]:
            await phone.send(type="companion.ping")
            await phone.until("companion.pong")


async def test_a_client_that_does_not_read_is_cut_and_resumes(serve: Serve) -> None:
    phone = Phone()
    limits = {"server": Server(max_frame_bytes=65_536, outbound_events=16)}
    async with serve(settings=limits, chat=FakeChatModel(LONG * 3, piece=1)) as server:
        async with online(phone, server):
            await phone.type("你好")
            for _ in range(40):
                await phone.send(type="companion.ping")
            with pytest.raises(ConnectionClosed):
                while True:
                    await phone.read()
            assert phone.socket is not None and phone.socket.close_code == 1013
        async with online(phone, server):
            await phone.resume()
            await phone.until("companion.session")
        assert [e["seq"] for e in phone.events] == list(range(1, phone.last_seq + 1))


async def test_when_it_is_full_one_waits_is_told_so_and_comes_in_as_others_leave(serve: Serve) -> None:
    phones = [Phone() for _ in range(3)]
    limits = {"admission": Admission(max_sessions=1, wait_s=3.0, waiting=1)}
    async with (
        serve(settings=limits) as server,
        online(phones[0], server, "ann"),
        online(phones[1], server, "ben"),
        online(phones[2], server),
    ):
        await phones[0].type("你好")
        await phones[0].until("response.done")
        await phones[1].type("你好")
        waiting = await phones[1].until("companion.notice")
        assert waiting["kind"] == "waiting" and waiting["position"] == 1
        await phones[2].type("你好")
        refused = await phones[2].until("companion.notice")
        assert refused["kind"] == "overloaded" and refused["retry_after_s"] > 0
        with pytest.raises(ConnectionClosed):
            await phones[2].read()
        assert phones[2].socket is not None and phones[2].socket.close_code == 1013
        phones[0].drop()
        await phones[1].until("response.done")


async def test_one_address_may_have_only_so_many(serve: Serve) -> None:
    phones = [Phone() for _ in range(2)]
    async with serve(settings={"server": Server(sessions_per_address=1)}) as server, online(phones[0], server):
        await phones[0].until("companion.session")
        async with online(phones[1], server):
            assert (await phones[1].read())["kind"] == "overloaded"
            with pytest.raises(ConnectionClosed):
                await phones[1].read()


async def test_a_token_that_runs_out_is_said_before_and_renewed(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.realtime.connection._LOOK_S", 0.05)
    phone, other = Phone(), Phone()
    async with serve() as server, online(phone, server, ttl_s=30.0), online(other, server, ttl_s=1.0):
        for one in (phone, other):
            assert (await one.until("companion.notice"))["kind"] == "token_expiring"
        await phone.send(type="companion.renew", token=server.token("somebody"))
        assert (await phone.until("error"))["error"]["code"] == "invalid_token"
        await phone.send(type="companion.renew", token=server.token(ttl_s=600.0))
        assert (await phone.until("companion.notice"))["kind"] == "token_renewed"
        assert (await other.until("error"))["error"]["code"] == "invalid_token"
        with pytest.raises(ConnectionClosed):
            await other.read()
        assert other.socket is not None and other.socket.close_code == 1008
        await phone.type("还在")
        await phone.until("response.done")
