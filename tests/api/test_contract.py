"""The contract: the published document says what goes over the wire, and OpenAI-style sessions go as they expect."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from websockets.asyncio.client import ClientConnection, connect

from api.cli import companion
from api.realtime import asyncapi
from api.realtime.protocol import CLIENT_EVENTS
from companion.audio.framing import Frame, build
from companion.llm.chat_model import FakeChatModel

Serve = Callable[..., Any]
Json = dict[str, Any]
SEQUENCES = sorted((Path(__file__).parent / "sequences").glob("*.jsonl"))
RATE = 24_000  # Hz, what OpenAI's clients send where they do not choose


def nodes(document: Any) -> Iterator[Json]:
    """Every object in it."""
    if isinstance(document, dict):
        yield document
        document = list(document.values())
    if isinstance(document, list):
        for each in document:
            yield from nodes(each)


class Contract:
    """The published JSON Schema. Of what the server sends, a type or a field that it does not name is a breach."""

    def __init__(self, schema: Json) -> None:
        self._open = json.loads(json.dumps(schema["$defs"]))
        self._closed = json.loads(json.dumps(schema["$defs"]))
        for node in nodes(self._closed):
            if isinstance(node.get("properties"), dict) and isinstance(node.get("required"), list):
                node["additionalProperties"] = False
        self.seen: set[str] = set()

    def types(self, side: str) -> set[str]:
        return {each["$ref"].removeprefix("#/$defs/") for each in self._open[side]["oneOf"]}

    def sent_by_client(self, event: Json) -> None:
        Draft202012Validator({"$defs": self._open, "$ref": f"#/$defs/{event['type']}"}).validate(event)

    def sent_by_server(self, event: Json) -> None:
        assert event["type"] in self.types("ServerEvent"), f"{event['type']} is not in the contract"
        Draft202012Validator({"$defs": self._closed, "$ref": f"#/$defs/{event['type']}"}).validate(event)
        self.seen.add(event["type"])


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract(asyncapi.json_schema())


class StallsOnce(FakeChatModel):
    """Its first reply stops in the middle and waits until it is cancelled."""

    async def stream(self, *args: Any, **kwargs: Any) -> AsyncIterator[str]:
        first = not self.seen
        async for piece in super().stream(*args, **kwargs):
            yield piece
            if first:
                await asyncio.Event().wait()


class Replay:
    """One sequence on one socket. A name with $ stands for whatever comes first in its place; * for anything.

    send, invalid: one text frame, which the contract allows, or does not. audio: base64, 100 ms a frame. next: these
    events and no others, ours aside. expect: this event, whatever comes before it. any_order: these events. never:
    types that must not come. An error that is not expected ends the test.
    """

    def __init__(self, socket: ClientConnection, contract: Contract) -> None:
        self._socket, self._contract = socket, contract
        self._names: Json = {}
        self._never: list[str] = []
        self._again: Json | None = None  # read, but not expected yet

    async def step(self, verb: str, what: Any) -> None:
        match verb:
            case "send" | "invalid":
                await self.send(what, valid=verb == "send")
            case "audio":
                await self._speak(**what)
            case "never":
                self._never += what
            case "next":
                for pattern in what:
                    await self._next(**pattern)
            case "expect":
                await self._until([what])
            case "any_order":
                await self._until(what)
            case _:
                raise AssertionError(f"no such step: {verb}")

    async def send(self, event: Json, *, valid: bool = True) -> None:
        event = {name: self._filled(value) for name, value in event.items()}
        if valid:
            self._contract.sent_by_client(event)
        else:
            with pytest.raises(ValidationError):
                self._contract.sent_by_client(event)
        await self._socket.send(json.dumps(event, ensure_ascii=False))

    async def event(self) -> Json:
        if self._again is not None:
            event, self._again = self._again, None
            return event
        event = json.loads(await asyncio.wait_for(self._socket.recv(), 20))
        self._contract.sent_by_server(event)
        assert event["type"] not in self._never, event
        return event

    async def _speak(self, voice_s: float, silence_s: float) -> None:
        t = np.arange(int(RATE * voice_s)) / RATE
        voice = 0.1 * sum(np.sin(2 * np.pi * 160 * k * t) / k for k in range(1, 9))
        pcm = (np.concatenate((voice, np.zeros(int(RATE * silence_s)))) * 32_767).astype("<i2").tobytes()
        for at in range(0, len(pcm), RATE // 5):
            audio = base64.b64encode(pcm[at : at + RATE // 5]).decode()
            await self.send({"type": "input_audio_buffer.append", "audio": audio})

    async def _next(self, many: bool = False, **pattern: Any) -> None:
        while (event := await self.event())["type"].startswith("companion."):
            pass
        assert self._fits(pattern, event), (pattern, event)
        while many and (event["type"] == pattern["type"] or event["type"].startswith("companion.")):
            event = await self.event()
        if many:
            self._again = event

    async def _until(self, patterns: list[Json]) -> None:
        waiting = {pattern["type"]: pattern for pattern in patterns}
        while waiting:
            event = await self.event()
            pattern = waiting.pop(event["type"], None)
            assert pattern is not None or event["type"] != "error", event
            assert pattern is None or self._fits(pattern, event), (pattern, event)

    def _fits(self, pattern: Any, value: Any) -> bool:
        if isinstance(pattern, dict) and isinstance(value, dict):
            return all(
                key not in value if each == "$absent" else key in value and self._fits(each, value[key])
                for key, each in pattern.items()
            )
        if isinstance(pattern, list) and isinstance(value, list):
            return len(pattern) == len(value) and all(map(self._fits, pattern, value))
        if isinstance(pattern, str) and pattern.startswith("$"):
            return bool(self._names.setdefault(pattern, value) == value)
        return bool(pattern == "*" or pattern == value)

    def _filled(self, value: Any) -> Any:
        return self._names[value] if isinstance(value, str) and value.startswith("$") else value


def steps(path: Path) -> tuple[Json, list[Json]]:
    about, *rest = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return about, rest


def replayed(path: Path) -> Any:
    """One case; of what this server is still to do, a failure that must go when it does."""
    about, _ = steps(path)
    owed = [pytest.mark.xfail(reason=about["not_yet"], strict=True)] if "not_yet" in about else []
    return pytest.param(path, id=path.stem, marks=owed)


@pytest.mark.parametrize("path", [replayed(path) for path in SEQUENCES])
async def test_a_session_goes_as_an_openai_client_expects(serve: Serve, path: Path, contract: Contract) -> None:
    about, sequence = steps(path)
    chat = StallsOnce() if about.get("stalls") else FakeChatModel()
    async with serve(chat=chat) as server:
        headers = {"Authorization": f"Bearer {server.token()}"}
        async with connect("ws" + server.url[4:] + "/v1/realtime?model=m", additional_headers=headers) as socket:
            replay = Replay(socket, contract)
            for each in sequence:
                ((verb, what),) = each.items()
                await replay.step(verb, what)
            await replay.step("send", {"type": "companion.ping", "event_id": "over"})
            await replay.step("expect", {"type": "companion.pong", "ping_id": "over"})


async def test_everything_that_a_varied_session_sends_is_in_the_published_schema(serve: Serve) -> None:
    said = [
        "我叫小雨，下周三要面试",
        "我今天特别开心",
        "还行吧",
        "有点累",
        "我很难过",
        "我特别难过，一直在哭",
        "我很伤心",
    ]
    async with serve() as server:
        async with httpx.AsyncClient(base_url=server.url) as http:
            contract = Contract((await http.get("/schema/realtime.json")).json())
        headers = {"Authorization": f"Bearer {server.token()}"}
        async with connect("ws" + server.url[4:] + "/v1/realtime", additional_headers=headers) as socket:
            replay = Replay(socket, contract)
            for text in said:
                item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
                await replay.send({"type": "conversation.item.create", "item": item})
                await replay.send({"type": "response.create"})
                await replay.step("expect", {"type": "companion.timings", "response_id": "*"})
            while "companion.trajectory" not in contract.seen:  # it may have come with an earlier turn
                await replay.event()
            session = {"companion": {"framing": "header"}, "audio": {"input": {"format": {"rate": 16000}}}}
            await replay.send({"type": "session.update", "session": session})
            t = np.arange(24_000) / 16_000
            voice = 0.1 * sum(np.sin(2 * np.pi * 160 * k * t) / k for k in range(1, 9))
            pcm = (np.concatenate((voice, np.zeros(16_000))) * 32_767).astype("<i2")
            for seq, at in enumerate(range(0, pcm.size, 512)):
                await socket.send(build(Frame(0, seq, seq * 32, pcm[at : at + 512].tobytes())))
            await replay.step("expect", {"type": "companion.network", "lost": 0})
            await replay.step("expect", {"type": "companion.timings"})
            await replay.send({"type": "companion.memory.list"})
            await replay.step("expect", {"type": "companion.memories"})
            await replay.send({"type": "companion.sos"})
            while contract.seen.isdisjoint({"error", "companion.safety"}):
                await replay.event()
    ours = {name for name in contract.seen if name.startswith("companion.")}
    assert ours >= {
        "companion.session", "companion.affect", "companion.trajectory", "companion.timings", "companion.memory",
        "companion.memories", "companion.network",
    }  # fmt: skip


def test_the_schema_knows_every_event_and_refuses_what_is_none(contract: Contract) -> None:
    assert contract.types("ClientEvent") == set(CLIENT_EVENTS)
    assert {"session.created", "response.done", "error", "companion.memory"} <= contract.types("ServerEvent")
    whole = Draft202012Validator(asyncapi.json_schema())
    Draft202012Validator.check_schema(asyncapi.json_schema())
    assert whole.is_valid({"type": "companion.pong", "event_id": "e", "seq": 1, "ping_id": None})
    for wrong in ({"type": "companion.pong", "seq": 1}, {"type": "no.such"}, {"type": "session.update"}, [], "x"):
        assert not whole.is_valid(wrong), wrong


def test_the_asyncapi_document_is_whole() -> None:
    result = CliRunner().invoke(companion, ["schema"])
    document = json.loads(result.output)
    assert document["asyncapi"] == "3.0.0" and document["info"]["title"] and document["info"]["version"]
    channel = document["channels"]["realtime"]
    for reference in [node["$ref"] for node in nodes(document) if "$ref" in node]:
        target: Any = document
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]
    sides = {each["action"]: {m["$ref"].split("/")[-1] for m in each["messages"]}
             for each in document["operations"].values()}  # fmt: skip
    assert sides["receive"] == set(CLIENT_EVENTS) | {"audio.raw", "audio.header"}
    assert sides["send"] | sides["receive"] == set(channel["messages"]) and not sides["send"] & sides["receive"]
    assert set(channel["x-close-codes"]) == {"1001", "1008", "1009", "1013"}
    assert {each["type"] for each in document["components"]["securitySchemes"].values()} == {"http", "httpApiKey"}


def test_the_header_in_the_document_is_the_header_on_the_wire() -> None:
    fields = asyncapi.asyncapi()["components"]["messages"]["audio.header"]["x-header"]
    values = {"version": 1, "kind": 1, "stream": 513, "seq": 4_000_000_001, "capture_ms": 77}
    written = b"".join(values[f["name"]].to_bytes(int(f["type"][1:]) // 8, "big") for f in fields)
    assert written + b"audio" == build(Frame(513, 4_000_000_001, 77, b"audio"))


async def test_the_documents_are_served_without_a_token(serve: Serve) -> None:
    async with serve() as server, httpx.AsyncClient(base_url=server.url) as http:
        for path, key in (("/asyncapi.json", "channels"), ("/schema/realtime.json", "$defs")):
            answer = await http.get(path)
            assert answer.headers["content-type"].startswith("application/json") and key in answer.json()


def test_a_schema_is_written_to_a_file(tmp_path: Path) -> None:
    out = tmp_path / "realtime.json"
    assert CliRunner().invoke(companion, ["schema", "--format", "json-schema", "--out", str(out)]).exit_code == 0
    assert json.loads(out.read_text("utf-8")) == json.loads(json.dumps(asyncapi.json_schema()))
