"""The openai Python SDK, unchanged, against a real server: pointing its base URL here is all that it takes."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, get_args

import numpy as np
import pytest
from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai.types.realtime import RealtimeServerEvent
from pydantic import TypeAdapter
from websockets.exceptions import ConnectionClosedError

from tests.api.test_contract import StallsOnce

Serve = Callable[..., Any]
RATE = 24_000  # Hz, what the SDK's types say
REPLY = "嗯，我在听。"
KNOWN = {
    get_args(each.model_fields["type"].annotation)[0]: TypeAdapter(each)
    for each in get_args(get_args(RealtimeServerEvent)[0])
}


@asynccontextmanager
async def client(server: Any, api_key: str | None = None, **how: Any) -> AsyncIterator[AsyncOpenAI]:
    sdk = AsyncOpenAI(api_key=api_key or server.token(), **how or {"base_url": f"{server.url}/v1"})
    try:
        yield sdk
    finally:
        await sdk.close()


@asynccontextmanager
async def connected(server: Any, **how: Any) -> AsyncIterator[AsyncRealtimeConnection]:
    async with client(server, **how) as sdk, sdk.realtime.connect(model="companion") as connection:
        yield connection


async def until(connection: AsyncRealtimeConnection, *kinds: str) -> list[Any]:
    """Events up to the first of each of these kinds; those that OpenAI has are what its own types say."""
    seen: list[Any] = []
    waiting = set(kinds)
    async with asyncio.timeout(20):
        async for event in connection:
            seen.append(event)
            if event.type in KNOWN:
                KNOWN[event.type].validate_python(event.to_dict(mode="python"))
            waiting.discard(event.type)
            if not waiting:
                break
    assert not waiting, f"the iteration ended before {waiting}"
    return seen


def of(events: list[Any], kind: str) -> list[Any]:
    return [event for event in events if event.type == kind]


async def say(connection: AsyncRealtimeConnection, text: str) -> None:
    await connection.conversation.item.create(
        item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
    )
    await connection.response.create()


async def speak(connection: AsyncRealtimeConnection, voice_s: float, silence_s: float = 0.0) -> None:
    t = np.arange(int(RATE * voice_s)) / RATE
    voice = 0.1 * sum(np.sin(2 * np.pi * 160 * k * t) / k for k in range(1, 9))
    pcm = (np.concatenate((voice, np.zeros(int(RATE * silence_s)))) * 32_767).astype("<i2").tobytes()
    for at in range(0, len(pcm), RATE // 5):
        await connection.input_audio_buffer.append(audio=base64.b64encode(pcm[at : at + RATE // 5]).decode())


@pytest.mark.parametrize("scheme", ["base_url", "websocket_base_url"])
async def test_a_typed_turn(serve: Serve, scheme: str) -> None:
    async with serve() as server:
        url = f"{server.url}/v1" if scheme == "base_url" else f"ws{server.url.removeprefix('http')}/v1"
        async with connected(server, **{scheme: url}) as connection:
            (created,) = await until(connection, "session.created")
            assert created.session.type == "realtime" and created.session.model == "companion"
            await connection.session.update(session={"type": "realtime", "output_modalities": ["text"]})
            (updated,) = of(await until(connection, "session.updated"), "session.updated")
            assert updated.session.output_modalities == ["text"] and updated.session.audio.input.format.rate == RATE
            await say(connection, "你好")
            events = await until(connection, "response.done")
            assert "".join(each.delta for each in of(events, "response.output_text.delta")) == REPLY
            assert events[-1].response.status == "completed"
            assert events[-1].response.output[0].content[0].text == REPLY


async def test_audio_with_server_vad(serve: Serve) -> None:
    async with serve() as server, connected(server) as connection:
        detection: Any = {"type": "server_vad", "threshold": 0.5, "silence_duration_ms": 500}
        await connection.session.update(session={"type": "realtime", "audio": {"input": {"turn_detection": detection}}})
        await speak(connection, 1.2, 0.8)
        events = await until(connection, "conversation.item.input_audio_transcription.completed", "response.done")
        (started,) = of(events, "input_audio_buffer.speech_started")
        (heard,) = of(events, "conversation.item.input_audio_transcription.completed")
        assert heard.item_id == started.item_id and heard.transcript == "我今天特别开心"
        assert "".join(each.delta for each in of(events, "response.output_text.delta")) == REPLY


async def test_audio_that_the_client_commits(serve: Serve) -> None:
    async with serve() as server, connected(server) as connection:
        await connection.session.update(session={"type": "realtime", "audio": {"input": {"turn_detection": None}}})
        await speak(connection, 1.0)
        await connection.input_audio_buffer.commit()
        await connection.response.create()
        events = await until(connection, "response.done")
        assert not of(events, "input_audio_buffer.speech_started") and of(events, "input_audio_buffer.committed")
        assert events[-1].response.status == "completed"
        await speak(connection, 1.0)
        await connection.input_audio_buffer.clear()
        await connection.input_audio_buffer.commit()
        (error,) = of(await until(connection, "input_audio_buffer.cleared", "error"), "error")
        assert "audio" in error.error.message


async def test_a_reply_that_is_cancelled(serve: Serve) -> None:
    async with serve(chat=StallsOnce()) as server, connected(server) as connection:
        await say(connection, "你好")
        await until(connection, "response.output_text.delta")
        await connection.response.cancel()
        done = (await until(connection, "response.done"))[-1].response
        assert done.status == "cancelled" and done.status_details.reason == "client_cancelled"
        await say(connection, "还在吗")
        assert (await until(connection, "response.done"))[-1].response.status == "completed"


async def test_items_are_read_truncated_and_deleted(serve: Serve) -> None:
    async with serve() as server, connected(server) as connection:
        await say(connection, "今天好累")
        events = await until(connection, "response.done")
        said, reply = [event.item.id for event in of(events, "conversation.item.added")]
        item = connection.conversation.item
        await item.truncate(item_id=reply, content_index=0, audio_end_ms=600)
        assert (await until(connection, "conversation.item.truncated"))[-1].item_id == reply
        await item.retrieve(item_id=said)
        assert (await until(connection, "conversation.item.retrieved"))[-1].item.content[0].text == "今天好累"
        await item.delete(item_id=said)
        assert (await until(connection, "conversation.item.deleted"))[-1].item_id == said
        await item.retrieve(item_id=said, event_id="mine")
        assert (await until(connection, "error"))[-1].error.event_id == "mine"


async def test_an_error_is_an_event_and_the_session_goes_on(serve: Serve) -> None:
    async with serve() as server, connected(server) as connection:
        for wrong, code in (
            ({"type": "no.such.event"}, "unknown_event"),
            ({"type": "input_audio_buffer.append", "audio": "not base64!"}, "invalid_event"),
            ({"type": "session.update", "session": {"type": "transcription"}}, "invalid_event"),
        ):
            await connection.send(wrong)  # type: ignore[arg-type]
            assert (await until(connection, "error"))[-1].error.code == code
        await say(connection, "你好")
        assert (await until(connection, "response.done"))[-1].response.status == "completed"


async def test_handlers_are_called_for_events_of_ours_as_well(serve: Serve) -> None:
    seen: list[Any] = []
    async with serve() as server, connected(server) as connection:
        connection.on("companion.affect", seen.append)
        connection.on("error", seen.append)
        connection.on("companion.timings", lambda _: asyncio.create_task(connection.close()))
        await say(connection, "我今天特别开心")
        await asyncio.wait_for(connection.dispatch_events(), 20)  # ends as the connection does
    (affect,) = seen
    assert affect.to_dict()["words"]["valence"] > 0 and affect.valence > 0


async def test_what_is_ours_goes_both_ways_and_disturbs_nothing(serve: Serve) -> None:
    async with serve() as server, connected(server) as connection:
        await connection.session.update(
            session={"type": "realtime", "companion": {"language": "zh", "affect_events": False}}  # type: ignore[typeddict-unknown-key]
        )
        updated = (await until(connection, "session.updated"))[-1].to_dict()
        assert updated["session"]["companion"]["language"] == "zh"
        await connection.send({"type": "companion.ping", "event_id": "p1"})  # type: ignore[arg-type, typeddict-item]
        assert (await until(connection, "companion.pong"))[-1].to_dict()["ping_id"] == "p1"
        await say(connection, "你好")
        assert not of(await until(connection, "companion.timings"), "companion.affect")


async def test_the_iteration_ends_when_the_server_goes_away(serve: Serve) -> None:
    async with serve() as server, connected(server) as connection:
        await say(connection, "你好")
        await until(connection, "response.done")
        draining = asyncio.create_task(server.sessions.drain(0.2))
        kinds = [event.type async for event in connection]
        await draining
    assert "companion.notice" in kinds


async def test_a_refused_key_is_an_error_event_and_then_the_end(serve: Serve) -> None:
    async with serve() as server, connected(server, api_key="sk-nothing") as connection:
        seen: list[Any] = []
        with pytest.raises(ConnectionClosedError) as closed:
            async for event in connection:
                seen.append(event)
    assert [event.error.code for event in seen] == ["invalid_token"]
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1008


async def test_a_client_secret_opens_the_session_that_it_was_made_for(serve: Serve) -> None:
    async with serve() as server:
        async with client(server) as sdk:
            secret = await sdk.realtime.client_secrets.create(
                expires_after={"anchor": "created_at", "seconds": 60},
                session={"type": "realtime", "max_output_tokens": 77},
            )
        assert secret.value.startswith("ek_") and secret.session.type == "realtime"
        async with connected(server, api_key=secret.value) as connection:
            created = (await until(connection, "session.created"))[0]
            assert created.session.max_output_tokens == 77
            await say(connection, "你好")
            assert (await until(connection, "response.done"))[-1].response.status == "completed"
