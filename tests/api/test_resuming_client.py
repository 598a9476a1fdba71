"""The client that never breaks, against a real server: cut off, refused, left by its server."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import numpy as np
import pytest

from api.realtime.outbox import Outbox
from api.realtime.resuming_client import ResumingClient
from benchmarks.spoken_numbers import NumberRecognizer, say
from companion.audio.framing import parse
from companion.errors import AuthenticationError, ServiceError
from companion.llm.chat_model import FakeChatModel
from companion.settings import Admission, Resume, Server

Serve = Callable[..., Any]
LONG = "我听见了，" * 20 + "好。"
NOWHERE = "http://127.0.0.1:9"


def sent(outbox: Outbox) -> list[Any]:
    """All that goes out now: frames as their numbers, events as their types."""
    wires = iter(outbox.next, None)
    return [parse(w).seq if isinstance(w, bytes) else json.loads(w)["type"] for w in wires]


async def until(client: ResumingClient, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(15):
        while (event := await client.event())["type"] != kind:
            pass
        return event


async def test_a_talk_survives_a_network_that_fails_all_the_time(serve: Serve) -> None:
    heard, answered, created = [], [], []
    async with (
        serve(chat=FakeChatModel(LONG, piece=1, delay_s=0.1), recognizer=NumberRecognizer(0.02)) as server,
        ResumingClient.connect(server.url, server.token(), seed=1) as client,
    ):

        async def cut() -> None:
            for pause_s in (0.05, 0.3, 0.45, 0.2, 0.6, 0.33, 0.5, 0.25, 0.4, 0.55):
                await asyncio.sleep(pause_s)
                client.cut()

        cutting = asyncio.create_task(cut())
        for number in (11, 12):
            speaking = asyncio.create_task(client.speak(say(number)))
            async for event in client.turn(15):
                match event["type"]:
                    case "conversation.item.input_audio_transcription.completed":
                        heard.append(event["transcript"])
                    case "response.created":
                        created.append(event["response"]["id"])
                    case "response.done":
                        answered.append((event["response"]["id"], event["response"]["status"]))
            await speaking
        await cutting
        await client.send({"type": "companion.ping"})
        await until(client, "companion.pong")
        turns = await server.engine.records.turns(client.session_id)
        assert heard == ["第11句话。", "第12句话。"]
        assert answered == [(response_id, "completed") for response_id in created] and len(created) == 2
        assert [turn.user_text for turn in turns] == heard
        assert client.resumes >= 5 and (client.restarts, client.gaps, client.doubles, client.dropped) == (0, 0, 0, 0)


async def test_a_dead_server_is_left_for_its_replica(serve: Serve) -> None:
    slow, quick = FakeChatModel(LONG, delay_s=60), FakeChatModel("我在，慢慢说。")
    async with serve(chat=slow) as first, serve(chat=quick, chroma="other") as second:
        urls = [first.url, NOWHERE, second.url]
        async with ResumingClient.connect(urls, first.token(), seed=1, persona="student_coach") as client:
            await client.type("我睡不着")
            lost = (await until(client, "response.created"))["response"]["id"]
            first.sessions.live[client.session_id].writer.moved = True  # as if killed: it writes nothing more
            client._urls[0] = NOWHERE
            client.cut()
            assert (await until(client, "response.created"))["response"]["id"] == lost
            assert (await until(client, "response.output_text.done"))["text"] == "我在，慢慢说。"
            await until(client, "companion.timings")
            assert second.sessions.live[client.session_id].state.companion.persona == "student_coach"
            assert (client.resumes, client.restarts, client.gaps, client.doubles) == (1, 0, 0, 0)


async def test_where_a_session_cannot_be_resumed_a_fresh_one_is_set_up_the_same(serve: Serve) -> None:
    async with (
        serve(settings={"resume": Resume(reattach_s=0)}) as server,
        ResumingClient.connect(server.url, server.token(), seed=1, persona="student_coach") as client,
    ):
        await client.type("你好")
        await until(client, "companion.timings")
        before = client.session_id
        client._resume_token = "of another session"
        client.cut()
        await client.type("还在吗")
        assert (await until(client, "error"))["error"]["code"] == "resume_refused"
        assert (await until(client, "session.created"))["session"]["id"] != before
        await until(client, "response.done")
        assert server.sessions.live[client.session_id].state.companion.persona == "student_coach"
        turns = await server.engine.records.turns(client.session_id)
        assert [turn.user_text for turn in turns] == ["还在吗"]
        assert (client.restarts, client.gaps, client.doubles) == (1, 0, 0)


async def test_who_talks_somewhere_else_is_not_fought_for(serve: Serve) -> None:
    limits = {"server": Server(max_frame_bytes=65_536, sessions_per_person=1)}
    async with serve(settings=limits) as server, ResumingClient.connect(server.url, server.token(), seed=1) as old:
        await until(old, "session.updated")
        async with ResumingClient.connect(server.url, server.token(), seed=1) as new:
            await until(new, "session.updated")
            with pytest.raises(ServiceError, match="1008"):
                while True:
                    await old.event()
            with pytest.raises(ServiceError, match="1008"):
                await old.event()
            assert new.resumes == 0


async def test_who_waits_to_be_let_in_and_is_cut_off_comes_back_at_once(serve: Serve) -> None:
    limits = {"admission": Admission(max_sessions=1, wait_s=30)}
    async with serve(settings=limits) as server, AsyncExitStack() as stack:
        async with ResumingClient.connect(server.url, server.token("first"), seed=1) as first:
            await until(first, "session.updated")
            connecting = ResumingClient.connect(server.url, server.token("second"), seed=1)
            second = await stack.enter_async_context(connecting)
            notice = await until(second, "companion.notice")
            assert (notice["kind"], notice["position"], notice["retry_after_s"]) == ("waiting", 1, 30.0)
            second.cut()
        async with asyncio.timeout(10):  # not the 30 s that are meant for who is sent away
            await until(second, "session.updated")


async def test_it_says_why_it_gave_up(serve: Serve) -> None:
    async with ResumingClient.connect([NOWHERE, NOWHERE], "a token", within_s=0.5, seed=1) as client:
        with pytest.raises(ServiceError, match=r"for 0\.5 s: connect again"):
            await client.event()
    async with serve() as server, ResumingClient.connect(server.url, "no token", seed=1) as client:
        with pytest.raises(AuthenticationError):
            await client.event()


def test_what_was_not_confirmed_is_sent_again_in_order() -> None:
    outbox = Outbox()
    outbox.add_event({"type": "session.update", "session": {}})
    for pcm in (b"\0\0", b"\1\0", b"\2\0"):
        outbox.add_audio(pcm, 0)
    outbox.add_event({"type": "input_audio_buffer.commit"})
    outbox.add_audio(b"\3\0", 0)
    assert sent(outbox) == ["session.update", 1, 2, 3, "input_audio_buffer.commit", 4] and not sent(outbox)
    outbox.see({"type": "session.updated"})
    outbox.rewind(2)
    assert sent(outbox) == [3, "input_audio_buffer.commit", 4]
    outbox.rewind(None)
    assert sent(outbox) == [1, 2, 3, "input_audio_buffer.commit", 4]
    outbox.rewind(None)
    outbox.see({"type": "input_audio_buffer.committed", "last_audio_seq": 3})
    assert sent(outbox) == [4] and outbox.unconfirmed == 0
    outbox.rewind(4, afresh=True)
    assert sent(outbox) == ["session.update"] and outbox.unconfirmed == 1


def test_an_event_is_kept_until_its_own_effect_is_told() -> None:
    outbox = Outbox()
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "你好"}]}
    outbox.add_event({"type": "conversation.item.create", "item": item})
    outbox.add_event({"type": "response.create"})
    asked = outbox.add_event({"type": "companion.feedback", "response_id": "r", "rating": "like"})
    create, respond, feedback, ping = (json.loads(w) for w in iter(outbox.next, None))
    outbox.see({"type": "conversation.item.added", "item": {"id": "another"}})
    assert outbox.unconfirmed == 4
    outbox.see({"type": "companion.pong", "ping_id": ping["event_id"]})  # on record or not, a pong does not say
    outbox.rewind(None)
    assert sent(outbox) == ["conversation.item.create", "response.create"] and feedback["event_id"] == asked
    outbox.see({"type": "conversation.item.added", "item": {"id": create["item"]["id"]}})
    outbox.see({"type": "error", "error": {"event_id": respond["event_id"]}})
    assert outbox.unconfirmed == 0


def test_what_is_cleared_is_not_said_again_and_old_audio_goes() -> None:
    outbox = Outbox(keep_s=0.1)
    outbox.add_audio(bytes(640), 0)
    outbox.add_event({"type": "input_audio_buffer.clear"})
    outbox.add_audio(bytes(640), 20)
    outbox.see({"type": "input_audio_buffer.cleared"})
    outbox.rewind(None)
    assert sent(outbox) == [2] and outbox.dropped == 0
    for _ in range(8):
        outbox.add_audio(bytes(640), 0)
    assert outbox.dropped == 4  # four of 652 bytes are kept; of the five that went, the first had been sent
    assert sent(outbox)[-1] == 10


def test_numbers_are_heard_as_they_were_said() -> None:
    from benchmarks.spoken_numbers import MOST, hear

    quiet = np.zeros(777, np.float32)
    assert hear(np.concatenate((quiet, say(0), quiet, say(MOST - 1)))) == [0, MOST - 1]
    assert hear(say(300)[900:]) == []


async def test_a_cut_while_the_session_begins_costs_nothing(serve: Serve) -> None:
    async with serve(recognizer=NumberRecognizer(0.02)) as server:
        start = server.engine.records.start_session

        async def slow(*args: Any, **kwargs: Any) -> None:
            await asyncio.sleep(0.5)
            await start(*args, **kwargs)

        server.engine.records.start_session = slow
        async with ResumingClient.connect(server.url, server.token(), seed=1) as client:
            speaking = asyncio.create_task(client.speak(say(7)))
            await until(client, "companion.session")
            await asyncio.sleep(0.1)
            client.cut()
            heard = await until(client, "conversation.item.input_audio_transcription.completed")
            await until(client, "companion.timings")
            await speaking
            assert heard["transcript"] == "第7句话。" and (client.restarts, client.gaps, client.doubles) == (0, 0, 0)
            turns = await server.engine.records.turns(client.session_id)
            assert [turn.user_text for turn in turns] == ["第7句话。"]
