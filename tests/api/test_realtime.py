"""The wire, spoken by a real client to a real server."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from api.auth import issue
from api.realtime.client import RealtimeClient
from companion.errors import AuthenticationError, SpeechError
from companion.llm.chat_model import FakeChatModel
from companion.speech.recognizer import FakeRecognizer, Samples, Transcript

Serve = Callable[..., Any]
SECRET = "a secret of the tests, long enough for HS256"


def voice(seconds: float = 1.5) -> np.ndarray:
    t = np.arange(int(16_000 * seconds)) / 16_000
    return (0.1 * sum(np.sin(2 * np.pi * 160 * k * t) / k for k in range(1, 9))).astype(np.float32)


async def one_turn(client: RealtimeClient) -> list[dict[str, Any]]:
    return [event async for event in client.turn(20)]


async def until(client: RealtimeClient, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while (event := await client.event())["type"] != kind:
            pass
    return event


async def test_a_spoken_turn_goes_from_voice_to_reply_and_onto_record(serve: Serve) -> None:
    async with serve() as server, RealtimeClient.connect(server.url, server.token()) as client:
        await client.speak(voice(), paced=False)
        events = await one_turn(client)
        types = [e["type"] for e in events]
        assert [e["seq"] for e in events] == list(range(events[0]["seq"], events[0]["seq"] + len(events)))
        in_order = [
            "input_audio_buffer.speech_started",
            "input_audio_buffer.speech_stopped",
            "input_audio_buffer.committed",
            "conversation.item.input_audio_transcription.completed",
            "companion.affect",
            "response.output_text.delta",
            "response.done",
            "companion.timings",
        ]
        places = [types.index(t) for t in in_order]
        assert places == sorted(places)
        affect = events[types.index("companion.affect")]
        assert affect["valence"] > 0 and affect["voice"]["uncertainty"] > 0.7 and affect["words"]["evidence"]
        text = "".join(e["delta"] for e in events if e["type"] == "response.output_text.delta")
        assert text == "嗯，我在听。"
        session_id = (await server.engine.records.counts())["sessions"]
        assert session_id == 1
        prompt = server.engine.chat.seen[-1]
        assert prompt[0].role == "system" and prompt[-1].content.endswith("我今天特别开心")


async def test_the_record_holds_both_sides_both_channels_and_no_open_words(serve: Serve, tmp_path: Any) -> None:
    async with serve() as server:
        await server.agreed("audio_retention")
        async with RealtimeClient.connect(server.url, server.token()) as client:
            created = await until(client, "companion.session")
            await client.speak(voice(), paced=False)
            await one_turn(client)
        async with asyncio.timeout(10):
            while not (turns := await server.engine.records.turns(created["session_id"])) or turns[0].prompt_id is None:
                await asyncio.sleep(0.02)
        (turn,) = turns
        assert (turn.user_text, turn.reply_text, turn.state) == ("我今天特别开心", "嗯，我在听。", "answered")
        assert turn.affect is not None and turn.affect["words"]["valence"] > 0 and turn.affect["voice"] is not None
        kept = server.engine.records.spool.read("xiaoyu", turn.audio)
        assert kept.size > 16_000
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert "特别开心".encode() not in path.read_bytes(), path


async def test_what_was_said_in_one_session_is_used_in_the_next(serve: Serve) -> None:
    async with serve() as server:
        async with RealtimeClient.connect(server.url, server.token()) as client:
            await client.type("我叫小雨，下周三要面试")
            await one_turn(client)
            await until(client, "companion.memory")
        async with RealtimeClient.connect(server.url, server.token()) as client:
            await client.type("我回来了，还记得我说过什么吗？")
            events = await one_turn(client)
        used = [m["text"] for e in events if e["type"] == "companion.memory" for m in e["used"]]
        assert "下周三要面试" in used and "下周三要面试" in server.engine.chat.seen[-1][-1].content
        async with RealtimeClient.connect(server.url, server.token("somebody")) as client:
            await client.type("我回来了，还记得我说过什么吗？")
            assert not [m for e in await one_turn(client) if e["type"] == "companion.memory" for m in e["used"]]


async def test_a_trajectory_is_told_when_six_turns_have_a_direction(serve: Serve) -> None:
    said = [
        "我今天特别开心",
        "挺高兴的",
        "还行吧",
        "有点累",
        "我很难过",
        "我特别难过，一直在哭",
        "我真的很伤心，特别痛苦",
    ]
    async with serve() as server, RealtimeClient.connect(server.url, server.token()) as client:
        seen: list[dict[str, Any]] = []
        for text in said:
            await client.type(text)
            seen += await one_turn(client)
        told = next((e for e in seen if e["type"] == "companion.trajectory"), None) or await until(
            client, "companion.trajectory"
        )
        assert told["state"] in ("falling", "low", "volatile") and told["window"]["turns"] >= 6
        assert told["slope"]["low"] <= told["slope"]["value"] <= told["slope"]["high"] < 0


async def test_manual_commit_and_base64_as_openai_clients_send_them(serve: Serve) -> None:
    import base64

    async with serve() as server, RealtimeClient.connect(server.url, server.token()) as client:
        audio = {"input": {"format": {"type": "audio/pcm", "rate": 24_000}, "turn_detection": None}}
        await client.send({"type": "session.update", "session": {"type": "realtime", "audio": audio}})
        pcm = (np.repeat(voice(1.0), 2)[:24_000] * 32_767).astype("<i2").tobytes()
        await client.send({"type": "input_audio_buffer.append", "audio": base64.b64encode(pcm).decode()})
        await client.send({"type": "input_audio_buffer.commit"})
        await client.send({"type": "response.create"})
        types = [e["type"] for e in await one_turn(client)]
        assert "input_audio_buffer.committed" in types and "input_audio_buffer.speech_started" not in types
        await client.send({"type": "input_audio_buffer.commit"})
        assert (await until(client, "error"))["error"]["code"] == "input_audio_buffer_commit_empty"


async def test_a_commit_and_a_request_right_behind_it_are_answered_with_what_was_said(serve: Serve) -> None:
    async with serve() as server, RealtimeClient.connect(server.url, server.token()) as client:
        pcm = (voice(1.0) * 32_767).astype("<i2").tobytes()
        for at in range(0, len(pcm), 1024):
            await client._connection.send(pcm[at : at + 1024])
        await client.send({"type": "input_audio_buffer.commit"})
        await client.send({"type": "response.create"})
        events = await one_turn(client)
        done = next(e for e in events if e["type"] == "response.done")["response"]
        assert done["status"] == "completed" and done["output"][0]["content"][0]["text"] == "嗯，我在听。"


async def test_a_cancelled_reply_says_so_and_the_session_goes_on(serve: Serve) -> None:
    chat = FakeChatModel("很长的回答" * 200, delay_s=0.05)
    async with serve(chat=chat) as server, RealtimeClient.connect(server.url, server.token()) as client:
        await client.type("你好")
        await until(client, "response.output_text.delta")
        await client.send({"type": "response.cancel"})
        done = await until(client, "response.done")
        if done["response"]["status"] != "completed":  # the fake is fast: it may have finished first
            assert done["response"]["status"] == "cancelled"
            assert done["response"]["status_details"] == {
                "type": "cancelled",
                "reason": "client_cancelled",
                "error": None,
            }
        await client.type("还在吗")
        assert (await until(client, "response.done"))["response"]["status"] == "completed"


async def test_a_model_that_goes_away_in_mid_reply_fails_the_turn_and_not_the_session(serve: Serve) -> None:
    chat = FakeChatModel("一二三四五六", fail_after=2)
    async with serve(chat=chat) as server, RealtimeClient.connect(server.url, server.token()) as client:
        await client.type("你好")
        done = (await until(client, "response.done"))["response"]
        assert done["status"] == "failed" and done["output"][0]["content"][0]["text"] == "一二三四"
        await client.send({"type": "companion.ping"})
        assert await until(client, "companion.pong")


async def test_a_recogniser_that_fails_leaves_the_utterance_on_record(serve: Serve) -> None:
    class Broken(FakeRecognizer):
        async def recognize(
            self, samples: Samples, language: str | None = None, hotwords: Sequence[str] = ()
        ) -> Transcript:
            raise SpeechError("the recogniser is broken")

    async with serve(recognizer=Broken()) as server:
        async with RealtimeClient.connect(server.url, server.token()) as client:
            created = await until(client, "companion.session")
            await client.speak(voice(), paced=False)
            await until(client, "conversation.item.input_audio_transcription.failed")
            await until(client, "response.done")
        (turn,) = await server.engine.records.turns(created["session_id"])
        assert turn.audio is not None and turn.user_text is None


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("{not json", "invalid_json"),
        ("[1, 2]", "invalid_event"),
        ('{"type": "no.such.event"}', "unknown_event"),
        ('{"type": "conversation.item.create", "item": {"type": "message"}}', "invalid_event"),
        ('{"type": "session.update", "session": {"audio": {"input": {"format": {"rate": 44100}}}}}', "invalid_event"),
    ],
)
async def test_a_bad_frame_is_an_error_and_the_session_goes_on(serve: Serve, frame: str, code: str) -> None:
    async with serve() as server, RealtimeClient.connect(server.url, server.token()) as client:
        await client._connection.send(frame)
        assert (await until(client, "error"))["error"]["code"] == code
        await client.type("你好")
        assert (await until(client, "response.done"))["response"]["status"] == "completed"


async def test_ten_milliseconds_odd_bytes_and_silence_make_no_turn(serve: Serve) -> None:
    async with serve() as server, RealtimeClient.connect(server.url, server.token()) as client:
        await client._connection.send(b"\x01" * 321)
        await client.speak(np.zeros(16_000 * 20, np.float32), paced=False)
        await client.type("你好")
        types = [e["type"] for e in await one_turn(client)]
        assert "input_audio_buffer.speech_started" not in types


async def test_a_frame_that_is_too_large_closes_with_1009(serve: Serve) -> None:
    async with serve() as server, RealtimeClient.connect(server.url, server.token()) as client:
        with pytest.raises(ConnectionClosed) as closed:
            await client._connection.send(b"\0" * 100_000)
            while True:
                await client._connection.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009


async def test_no_token_and_an_expired_one_are_refused_with_a_reason(serve: Serve) -> None:
    async with serve() as server:
        for token, word in ((issue(SECRET, "xiaoyu", 1.0, time.time() - 60), "expired"), ("nonsense", "token")):
            await asyncio.sleep(0)
            with pytest.raises(AuthenticationError, match=word):
                async with RealtimeClient.connect(server.url, token):
                    pass
        async with connect("ws" + server.url[4:] + "/v1/realtime") as bare:
            assert json.loads(await bare.recv())["type"] == "error"
            with pytest.raises(ConnectionClosed) as closed:
                await bare.recv()
            assert closed.value.rcvd is not None and closed.value.rcvd.code == 1008


async def test_the_openai_sdk_connects_unchanged(serve: Serve) -> None:
    from openai import AsyncOpenAI

    async with serve() as server:
        sdk = AsyncOpenAI(api_key=server.token(), base_url=f"{server.url}/v1")
        async with sdk.realtime.connect(model="companion") as connection:
            item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "你好"}]}
            await connection.send({"type": "conversation.item.create", "item": item})  # type: ignore[arg-type]
            await connection.send({"type": "response.create"})
            text = ""
            async for event in connection:
                text += event.delta if event.type == "response.output_text.delta" else ""
                if event.type == "response.done":
                    break
        await sdk.close()
    assert text == "嗯，我在听。"
