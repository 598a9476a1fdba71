"""What the talk page reckons with: its modules, asked one by one in the browser that runs them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.console.conftest import Open

pytestmark = pytest.mark.asyncio(loop_scope="session")

FRAME = """async () => {
  const { framed } = await import("/talk/resume.js");
  return [...framed(new Int16Array([1, -2]).buffer, { stream: 7, seq: 0x01020304, captureMs: 0xfffefdfc })];
}"""

OUTGOING = """async () => {
  const { Outgoing } = await import("/talk/resume.js");
  const waiting = (out) => out.waiting().map((each) => each.event_id ?? each[0]);
  const out = new Outgoing(3);
  const told = [];
  for (let seq = 1; seq <= 4; seq += 1) out.audio(seq, new Uint8Array([seq]));
  out.event({ event_id: "commit" }, ({ type }) => type === "input_audio_buffer.committed");
  out.audio(5, new Uint8Array([5]));
  out.event({ event_id: "create" }, ({ type }) => type === "response.created");
  out.event({ event_id: "refused" }, () => false);
  told.push(waiting(out));
  out.settle({ type: "input_audio_buffer.committed", last_audio_seq: 4 });
  told.push(waiting(out));
  out.settle({ type: "error", error: { event_id: "refused" } });
  out.settle({ type: "error", error: { event_id: null } });
  told.push(waiting(out));
  out.settle({ type: "response.created" });
  out.heard(null);
  told.push(waiting(out));
  out.heard(5);
  told.push(waiting(out));
  return told;
}"""

INCOMING = """async () => {
  const { Incoming } = await import("/talk/resume.js");
  const seen = new Incoming();
  return [[1, 2, 2, 9, 1, 3, 9, 4].map((seq) => seen.take({ seq })), seen.lastSeq, seen.take({}), seen.take({})];
}"""

BACKOFF = """async () => {
  const { backoffMs } = await import("/talk/resume.js");
  return [0, 1, 4, 5, 500].flatMap((attempt) => [backoffMs(attempt, 0), backoffMs(attempt, 1)]);
}"""

RESAMPLED = """async ([from, hertz, block]) => {
  const { Resampler } = await import("/talk/resample.js");
  const resampler = new Resampler(from);
  const out = [];
  for (let at = 0; at < from; at += block) {
    const length = Math.min(block, from - at);
    const tone = Float32Array.from({ length }, (_, n) => Math.sin(2 * Math.PI * hertz * (at + n) / from));
    out.push(...resampler.feed(tone));
  }
  const middle = out.slice(2000, 14000);
  const tone = [0, 1].map((part) => middle.reduce((sum, sample, n) => {
    const phase = 2 * Math.PI * hertz * n / 16000;
    return sum + sample * (part ? Math.sin(phase) : Math.cos(phase));
  }, 0) * 2 / middle.length);
  const rms = Math.sqrt(middle.reduce((sum, sample) => sum + sample * sample, 0) / middle.length);
  return { length: out.length, amplitude: Math.hypot(...tone), rms };
}"""

POINTS = """async () => {
  const { Turns, phrases, shapes } = await import("/talk/affect.js");
  const turns = new Turns(3);
  const channel = (name, value, uncertainty = 0.2) => ({ [name]: value, uncertainty });
  const turn = (item_id, words, voice, rest = {}) => turns.add({ item_id, words, voice, baseline: { n: 9 }, ...rest });
  turn("a", channel("valence", 0.5), channel("arousal", 1, 0.9));
  turn("b", channel("valence", null), null, { status: "partial" });
  turn("b", channel("valence", null), channel("arousal", -0.5), { incongruence: { kind: "calm_venting", score: 0.5 } });
  turn("c", channel("valence", -1, 0.5), null, { status: "final" });
  const box = { left: 0, width: 100, top: 0, height: 40, slots: 3 };
  const drawn = { words: shapes(turns.points, "words", box), voice: shapes(turns.points, "voice", box) };
  const said = turns.points.map(phrases);
  turn("d", channel("valence", 0), null);
  return { drawn, said, kinds: turns.points.map(({ kind }) => kind), past: turns.past };
}"""


async def test_a_frame_has_the_header_of_the_protocol(modules: Any) -> None:
    head = [1, 1, 0, 7, 1, 2, 3, 4, 255, 254, 253, 252]
    assert await modules.evaluate(FRAME) == [*head, 1, 0, 254, 255]


async def test_what_is_not_safe_there_is_sent_again_and_nothing_else(modules: Any) -> None:
    everything, committed, refused, answered, heard = await modules.evaluate(OUTGOING)
    assert everything == [3, 4, "commit", 5, "create", "refused"]  # three frames are kept, in their place
    assert committed == [5, "create", "refused"]
    assert refused == [5, "create"] and answered == [5] and heard == []
    taken, last, *without = await modules.evaluate(INCOMING)
    assert taken == [True, True, False, True, False, True, False, True] and last == 4 and without == [True, True]


async def test_attempts_come_ever_slower_and_not_all_at_once(modules: Any) -> None:
    assert await modules.evaluate(BACKOFF) == [500, 250, 1000, 500, 8000, 4000, 15000, 7500, 15000, 7500]


async def test_every_rate_becomes_16_khz_without_folding(modules: Any) -> None:
    for rate in (16_000, 44_100, 48_000):
        heard = await modules.evaluate(RESAMPLED, [rate, 1000, 128])
        assert abs(heard["length"] - 16_000) < 60 and 0.99 < heard["amplitude"] < 1.01
        assert abs(heard["rms"] - 0.5**0.5) < 0.01  # nothing but the tone
    folded = await modules.evaluate(RESAMPLED, [48_000, 10_000, 128])
    assert folded["rms"] < 0.001  # 60 dB down


async def test_what_is_unknown_is_a_gap_and_what_is_unsure_a_wide_band(modules: Any) -> None:
    told = await modules.evaluate(POINTS)
    words, voice = told["drawn"]["words"], told["drawn"]["voice"]
    assert [dot["id"] for dot in words["dots"]] == ["a", "c"] and words["line"] == ""  # no line over the gap
    assert words["band"].count("M") == 2
    assert voice["line"] == "M0 0L50 30"
    assert [(dot["low"], dot["high"]) for dot in voice["dots"]] == [(18, 0), (34, 26)]  # cut at full scale
    first, second, third = told["said"]
    assert (first["words"], first["voice"], first["unsureVoice"]) == ("words.up", "voice.up", True)
    assert (second["words"], second["voice"]) == ("words.unknown", "voice.down")
    assert (third["words"], third["voice"]) == ("words.down", "voice.none")
    assert told["kinds"] == ["calm_venting", None, None] and told["past"] == 1


LINK = """async () => {
  const { Link } = await import("/talk/link.js");
  window.heard = [];
  window.states = [];
  window.link = new Link({
    url: location.origin.replace("http", "ws") + "/v1/realtime", token: "t", framing: "header",
    hears: (event) => window.heard.push(event.type), state: (name) => window.states.push(name),
  });
  link.configure({ type: "realtime" });
  link.connect();
}"""


# How the server begins every socket, before it knows whether an old session is to go on.
BEGINNING = (
    {"type": "session.created", "seq": 1, "session": {}},
    {"type": "companion.session", "session_id": "other", "resume_token": "new", "replayed": 0, "seq": 2},
)


class Script:
    """A server that says what a test tells it to. received: what came over each socket in turn."""

    def __init__(self, page: Any) -> None:
        self.page, self.sockets, self.received = page, [], []

    async def __call__(self, socket: Any) -> None:
        got: list[Any] = []
        self.sockets.append(socket)
        self.received.append(got)
        socket.on_message(lambda frame: got.append(frame if isinstance(frame, bytes) else json.loads(frame)))

    def tell(self, *events: dict[str, Any]) -> None:
        for event in events:
            self.sockets[-1].send(json.dumps(event))

    async def until(self, condition: str) -> None:
        await self.page.evaluate(
            f"async () => {{ while (!({condition})) await new Promise((f) => setTimeout(f, 5)); }}"
        )


async def test_after_a_drop_the_talk_goes_on_where_it_was(opened: Open) -> None:
    async with opened() as page:
        server = Script(page)
        await page.route_web_socket("**/v1/realtime", server)
        await page.evaluate(LINK)
        session = {"type": "companion.session", "session_id": "s", "resume_token": "first", "replayed": 0}
        await server.until("states.length")
        while not server.received or not server.received[0]:
            await server.until("true")
        assert server.received[0][0]["type"] == "session.update"
        assert server.received[0][0]["session"]["companion"]["framing"] == "header"
        server.tell(BEGINNING[0], {**session, "seq": 2}, {"type": "session.updated", "seq": 3})
        await server.until("states.includes('open')")
        await page.evaluate("() => { for (let n = 0; n < 4; n += 1) link.audio(new ArrayBuffer(4), 32 * n); }")
        await page.evaluate("() => link.send({ type: 'response.create' }, ({ type }) => type === 'response.created')")
        server.tell({"type": "input_audio_buffer.committed", "seq": 4, "item_id": "i", "last_audio_seq": 2})
        await server.until("heard.includes('input_audio_buffer.committed')")
        await server.sockets[0].close(code=1011)
        await server.until("states.includes('waiting')")
        await page.evaluate("() => link.audio(new ArrayBuffer(4), 128)")  # still talking

        while len(server.received) < 2 or not server.received[1]:
            await server.until("true")
        first = server.received[1][0]
        assert first == {
            "type": "companion.resume",
            "session_id": "s",
            "resume_token": "first",
            "last_seq": 4,
            "last_audio_seq": 5,
        }
        again = {**session, "seq": 6, "resume_token": "second", "replayed": 2, "last_audio_seq": 3}
        missed = [
            {"type": "input_audio_buffer.committed", "seq": 4, "item_id": "i", "last_audio_seq": 2},
            {"type": "response.created", "seq": 5, "response": {}},
        ]
        server.tell(*BEGINNING, *missed, again)
        await server.until("heard.includes('response.created')")
        server.tell({"type": "session.updated", "seq": 7})
        await server.until("states.filter((name) => name === 'open').length === 2")
        await server.until("true")
        frames = [frame for frame in server.received[1] if isinstance(frame, bytes)]
        assert [int.from_bytes(frame[4:8], "big") for frame in frames] == [4, 5]  # once each, none that is safe there
        assert [e["type"] for e in server.received[1] if isinstance(e, dict)] == ["companion.resume", "session.update"]
        heard = await page.evaluate("() => heard")
        assert heard.count("input_audio_buffer.committed") == heard.count("response.created") == 1
        await page.evaluate("() => link.close()")


async def test_a_session_that_is_over_there_is_begun_anew_with_what_had_not_arrived(opened: Open) -> None:
    async with opened() as page:
        server = Script(page)
        await page.route_web_socket("**/v1/realtime", server)
        await page.evaluate(LINK)
        session = {"type": "companion.session", "session_id": "s", "resume_token": "first", "replayed": 0, "seq": 1}
        while not server.received or not server.received[0]:
            await server.until("true")
        server.tell(session, {"type": "session.updated", "seq": 2})
        await server.until("states.includes('open')")
        await server.sockets[0].close(code=1001)
        await server.until("states.includes('waiting')")
        await page.evaluate("() => link.send({ type: 'conversation.item.create' }, () => false)")
        while len(server.received) < 2 or not server.received[1]:
            await server.until("true")
        server.tell(*BEGINNING, {"type": "error", "seq": 0, "error": {"code": "resume_expired", "message": "gone"}})
        server.tell({"type": "session.updated", "seq": 3})
        await server.until("states.filter((name) => name === 'open').length === 2")
        await server.until("true")
        types = [event["type"] for event in server.received[1]]
        assert types == ["companion.resume", "session.update", "conversation.item.create"]
        await page.evaluate("() => link.close()")


async def test_who_can_help_is_shown_and_can_be_called(opened: Open) -> None:
    async with opened("en-US", 390, 844) as page:
        server = Script(page)
        await page.route_web_socket("**/v1/realtime", server)
        await page.fill("#token", "t")
        await page.keyboard.press("Enter")
        while not server.received or not server.received[0]:
            await server.until("true")
        server.tell(
            {"type": "session.updated", "seq": 1},
            {
                "type": "companion.safety",
                "seq": 2,
                "level": 2,
                "resources": [{"name": "Helpline", "phone": "123 56"}, {"name": "Site", "url": "javascript:alert(1)"}],
            },
            {"type": "companion.notice", "seq": 3, "kind": "break_reminder"},
            {"type": "an.event.of.tomorrow", "seq": 4},
            {"type": "companion.trajectory", "seq": 5, "state": "recovering"},
        )
        call = page.locator("#safety a")
        assert await call.get_attribute("href") == "tel:12356" and await call.count() == 1
        await page.locator("#notices", has_text="Would a break do you good?").wait_for()
        await page.locator("#trajectory", has_text="Lately: finding its way back").wait_for()
        box, stage = await call.bounding_box(), await page.locator("#stage").bounding_box()
        assert stage["y"] < box["y"] < stage["y"] + stage["height"]  # it is in sight
        await server.sockets[0].close(code=1008, reason="out")
