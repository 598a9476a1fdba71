"""Whatever a client sends: a typed error that quotes nothing, a session that goes on, and nothing left behind."""

import asyncio
import base64
import copy
import gc
import json
import logging
import math
import random
import re
import struct
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect

from api.realtime import asyncapi
from api.realtime.protocol import CLIENT_EVENTS, FrameError, decode_client_event
from companion.settings import Resume, Server
from tests.api.test_contract import Contract
from tests.api.test_silent_sockets import resident

Json = dict[str, Any]
Serve = Callable[..., Any]
CONTRACT = Contract(asyncapi.json_schema())
MOST = 65_536  # bytes of a frame
OURS = ("api.", "companion.", "memory.", "uvicorn.")
CODES = {"invalid_json", "unknown_event", "invalid_event"}
SECRET = "a-secret-of-hers-她的秘密"  # in every frame that has room for it
_TEXT = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": SECRET}]}
_TURN = {"type": "server_vad", "threshold": 0.5, "silence_duration_ms": 500, "create_response": True}
_INPUT = {"format": {"type": "audio/pcm", "rate": 16000}, "turn_detection": _TURN}
_COMPANION = {"language": "zh", "framing": "header", "thinking": "auto", "affect_events": True, "device": "headset"}
NUMBERED = {"type": "session.update", "session": {"max_output_tokens": "inf", "companion": _COMPANION}}
GOOD: list[Json] = [
    {"type": "session.update", "session": {"type": "realtime", "instructions": SECRET, "audio": {"input": _INPUT}}},
    NUMBERED,
    {"type": "input_audio_buffer.append", "audio": base64.b64encode(bytes(640)).decode()},
    {"type": "input_audio_buffer.commit"},
    {"type": "input_audio_buffer.clear"},
    {"type": "conversation.item.create", "item": _TEXT},
    {"type": "conversation.item.create", "item": _TEXT | {"id": SECRET}, "previous_item_id": SECRET},
    {"type": "conversation.item.delete", "item_id": SECRET},
    {"type": "conversation.item.truncate", "item_id": SECRET, "content_index": 0, "audio_end_ms": 10},
    {"type": "conversation.item.retrieve", "item_id": SECRET},
    {"type": "response.create", "response": {"instructions": SECRET, "metadata": {SECRET: SECRET}}},
    {"type": "response.cancel", "response_id": SECRET},
    {"type": "companion.feedback", "response_id": SECRET, "rating": "like"},
    {"type": "companion.memory.list"},
    {"type": "companion.memory.forget", "ids": [SECRET]},
    {"type": "companion.resume", "session_id": SECRET, "resume_token": SECRET, "last_seq": 3, "last_audio_seq": 4},
    {"type": "companion.playback", "item_id": SECRET, "played_ms": 5},
    {"type": "companion.renew", "token": SECRET},
    {"type": "companion.sos"},
    {"type": "companion.ping"},
]
ODD = (
    None, True, False, 0, -1, 1.5, 2**31, 2**63, 2**64, -(2**70), 10**400, 1e308, math.nan, math.inf, -math.inf, "",
    SECRET, "a\0" + SECRET, "\ud83d", "\u202e" + SECRET, "é" * 300, [], {}, [SECRET], [[]], {SECRET: SECRET},
    {"type": SECRET}, SECRET * 40, "inf", "null", "-1", "0x10", "\0",
)  # fmt: skip


class Fuzz:
    """Frames that nobody should send, drawn from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._last_header = struct.pack(">BBHII", 1, 1, 0, 0, 0)

    def text(self, *, large: int = 2_000) -> str:
        """A text frame: an event that is changed in a place or two, or no event at all."""
        draw = self.random
        event = json.loads(json.dumps(draw.choice(GOOD)))
        if draw.random() < 0.5:
            event["event_id"] = draw.choice(["e1", SECRET, "x" * 512, "x" * 513, "x" * large, 7, None])
        for _ in range(draw.choice([0, 1, 1, 1, 2, 3])):
            self._change(event)
        if draw.random() < 0.05:
            event["type"] = draw.choice(ODD)
        text = json.dumps(event, ensure_ascii=draw.random() < 0.5)
        return self._spoiled(text, large) if draw.random() < 0.4 else text

    def binary(self) -> bytes:
        """A binary frame: noise of any length, or a header that is wrong, old, repeated or from far ahead."""
        draw = self.random
        noise = draw.randbytes(draw.choice([0, 1, 2, 3, 11, 12, 13, 321, 640, 1024]))
        match draw.randrange(4):
            case 0:
                return noise
            case 1:
                return self._last_header + noise
            case 2:
                return self._last_header[: draw.randrange(12)]
        numbers = (draw.choice([1, 1, 1, 0, 255]), draw.choice([1, 1, 1, 2]), draw.choice([0, 0, 1, 65_535]),
                   draw.choice([0, 1, 5, 2**31, 2**32 - 1]), draw.choice([0, 32, 2**32 - 1]))  # fmt: skip
        self._last_header = struct.pack(">BBHII", *numbers)
        return self._last_header + noise

    def frames(self, *, large: int = 2_000) -> list[str | bytes]:
        """Up to eight frames."""
        draw = self.random
        first = [json.dumps(NUMBERED)] if draw.random() < 0.3 else []
        count, share = draw.randint(1, 8 - len(first)), draw.choice([0.1, 0.9]) if first else 0.2
        return [*first, *(self.binary() if draw.random() < share else self.text(large=large) for _ in range(count))]

    def _change(self, event: Json) -> None:
        draw, node = self.random, event
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not keys:
                return
            key = draw.choice(keys)
            if isinstance(node[key], dict | list) and draw.random() < 0.7:
                node = node[key]
                continue
            if isinstance(node, dict) and draw.random() < 0.25:
                node[draw.choice(["type", "id", SECRET, "\0", ""])] = node.pop(key)
            else:
                node[key] = copy.copy(draw.choice(ODD))
            return

    def _spoiled(self, text: str, large: int) -> str:
        draw = self.random
        at = draw.randrange(len(text))
        match draw.randrange(9):
            case 0:
                return text[:at]
            case 1:
                return (
                    text[:at] + draw.choice(['"', "}", "\0", "\ufeff", "\\", ",", "\\ud800", "\n", SECRET]) + text[at:]
                )
            case 2:
                return text[:at] + text[at + 1 :]
            case 3:
                return draw.choice(["[", '{"a":', '{"type":[']) * draw.choice([10, 900, large // 8])
            case 4:
                return text + text
            case 5:
                return text[:-1] + ', "more": ' + draw.choice(["[", '{"":']) * (large // 8)
            case 6:
                return text.replace(SECRET, SECRET * (large // len(SECRET.encode()) // 8))
            case 7:
                return re.sub(r"\d+", draw.choice(["1e999", "-0", "00", "NaN", "1" * 400]), text)
        return draw.choice(["", " ", "null", "1", '"' + SECRET + '"', SECRET, "[]", "{}", '{"type": null}'])


def refused(frame: str) -> FrameError | None:
    try:
        event = decode_client_event(frame)
    except FrameError as error:
        return error
    assert event.__struct_config__.tag in CLIENT_EVENTS
    return None


@given(seed=st.integers(0, 2**64 - 1))
@settings(max_examples=10_000, deadline=None, database=None)
def test_a_text_frame_is_an_event_of_the_contract_or_an_error_that_quotes_nothing(seed: int) -> None:
    for frame in Fuzz(seed).frames():
        if isinstance(frame, bytes):
            continue
        error = refused(frame)
        if error is not None:
            told = f"{error} {error.param}"
            assert error.code in CODES and len(told) < 1_000, (frame, told)
            assert SECRET not in told and "她的" not in told, (frame, told)
            assert error.event_id is None or len(error.event_id) <= 512
        elif seed % 5 == 0:
            CONTRACT.sent_by_client(json.loads(frame))


class Attack:
    """One socket that sends the frames of one seed, and then asks whether anybody is still there."""

    def __init__(self, server: Any, seed: int) -> None:
        self.codes: Counter[str] = Counter()
        self._server, self._seed = server, seed

    async def run(self) -> None:
        headers = {"Authorization": f"Bearer {self._server.token(f'person{self._seed % 7}')}"}
        url = "ws" + self._server.url.removeprefix("http") + "/v1/realtime"
        async with connect(url, additional_headers=headers, max_size=None, compression=None) as socket:
            for frame in Fuzz(self._seed).frames(large=50_000):
                if len(frame) <= MOST:  # a larger one ends the session, with 1009
                    await socket.send(frame if isinstance(frame, bytes) else frame.encode("utf-8", "replace").decode())
            await self._ask(socket)

    async def _ask(self, socket: Any) -> None:
        await socket.send(json.dumps({"type": "companion.ping", "event_id": f"there-{self._seed}"}))
        await self._until(socket, lambda event: event.get("ping_id") == f"there-{self._seed}")
        if self._seed % 5 == 0:
            item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "你好"}]}
            await socket.send(json.dumps({"type": "conversation.item.create", "item": item}))
            await socket.send(json.dumps({"type": "response.create"}))
            await self._until(socket, lambda event: event.get("response", {}).get("status") == "completed")

    async def _until(self, socket: Any, what: Callable[[Json], bool]) -> None:
        async with asyncio.timeout(20):
            while not what(event := json.loads(await socket.recv())):
                if event["type"] == "error":
                    CONTRACT.sent_by_server(event)
                    self.codes[event["error"]["code"]] += 1
                    assert SECRET not in f"{event['error']['message']} {event['error']['param']}", event


async def at_rest(server: Any) -> Counter[str]:
    """How many there are, once no session is left, of tasks and of whatever a session is made of."""
    async with asyncio.timeout(20):
        while server.sessions.live or server.sessions._going or len(asyncio.all_tasks()) > 20:
            await asyncio.sleep(0.02)
    server.engine.chat.seen.clear()  # the fake's
    gc.collect()
    kinds = Counter(type(each) for each in gc.get_objects())
    made = Counter({kind.__qualname__: count for kind, count in kinds.items() if str(kind.__module__).startswith(OURS)})
    return made + Counter({"tasks": len(asyncio.all_tasks())})


async def test_a_server_survives_all_of_it_and_keeps_nothing(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    limits = {"resume": Resume(reattach_s=0), "server": Server(max_frame_bytes=MOST, drain_s=0.2)}
    async with serve(settings=limits) as server:
        codes: Counter[str] = Counter()
        caplog.set_level(logging.INFO)

        async def attack(seeds: range) -> None:
            for seed in seeds:
                one = Attack(server, seed)
                await one.run()
                codes.update(one.codes)

        await asyncio.gather(*(attack(range(n, 60, 4)) for n in range(4)))
        before, memory = await at_rest(server), resident()
        await asyncio.gather(*(attack(range(60 + n, 300, 4)) for n in range(4)))
        left, grown = await at_rest(server) - before, resident() - memory
    print(
        f"{sum(codes.values())} errors {dict(codes)}; after 240 sessions {grown / 1024:.0f} KiB and {dict(left)} more"
    )
    assert "internal_error" not in codes and len(codes) > 8, codes
    assert not [record.name for record in caplog.records if SECRET in record.getMessage()]
    assert not left, "a session is gone, and something of it is not"
    assert grown < 240 * 100_000  # what a session takes while it lives
