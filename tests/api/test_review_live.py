"""A counsellor at a talk through the real application: watching, speaking as a human, being gone, other replicas."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from api.realtime import server_events as wire
from companion.floor import Floor
from companion.safety.protocol_types import Phase
from companion.settings import Redis, Safety
from tests.api.conftest import running
from tests.api.desk import Counsellor, asked, in_danger
from tests.api.phone import Phone, online

Serve = Callable[..., Any]
STAFFED = {"safety": Safety(counsellors=True)}


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Serve]:
    yield lambda **parts: running(tmp_path, **parts | {"settings": STAFFED | parts.get("settings", {})})


@asynccontextmanager
async def talking(server: Any, **floor: Any) -> AsyncIterator[tuple[Phone, Floor]]:
    """A person in the middle of a talk that has grown dangerous, and who agreed to a counsellor."""
    phone = Phone()
    async with online(phone, server):
        await phone.type("我撑不下去了")
        await phone.until("response.done")
        await server.agreed("counsellor_review")
        yield phone, in_danger(server.sessions.live[phone.session_id], **floor)


async def test_a_counsellor_watches_speaks_and_gives_back(serve: Serve, tmp_path: Path) -> None:
    async with serve() as server, Counsellor.at(server, tmp_path) as ann, talking(server) as (phone, floor):
        await ann.cares_for("xiaoyu")
        async with ann.watch(phone.session_id) as seat:
            first = await seat.until("state")
            assert first == {
                "type": "state", "online": True, "floor": "model", "by": None, "level": 3, "phase": "supporting",
            }  # fmt: skip
            await phone.type("你还在吗")
            told = await seat.event("response.output_text.done")
            assert told == await phone.until("response.output_text.done")  # the very event of the phone
            await seat.send("say", text="我在")
            assert (await seat.until("error"))["code"] == "no_floor"
            await seat.send("whisper", text="她提到过姐姐")
            await seat.send("take_over")
            state = await seat.until("state", floor="human")
            assert state["by"] == {"id": ann.id, "name": "ann"} and state["phase"] == "human"
            assert floor.whispered == "她提到过姐姐"
            await phone.until("companion.notice")
            await seat.send("say", text="小雨，我是安，一个真人。")
            assert (await phone.until("response.output_text.done"))["text"] == "小雨，我是安，一个真人。"
            await seat.send("give_back", level=1)
            back = await seat.until("state", floor="model")
            assert (back["by"], back["level"], back["phase"]) == (None, 1, "easing")
            await seat.send("ping")
            await seat.until("pong")
        assert "resume_token" not in json.dumps(seat.seen)
        rows = await ann.desk.audit.entries(user_id="xiaoyu")
        acts = [row.action for row in rows if row.action.startswith("floor.")]
        assert acts == ["floor.say", "floor.whisper", "floor.take_over", "floor.say", "floor.give_back"]
        assert [r.object_id for r in rows if r.action == "session.watch"] == [ann.desk.audit.hashed(phone.session_id)]
        assert "真人" not in repr(rows) and "姐姐" not in repr(rows)


async def test_nothing_is_done_for_watchers_where_nobody_watches(serve: Serve, tmp_path: Path) -> None:
    async with serve() as server, Counsellor.at(server, tmp_path) as ann, talking(server) as (phone, _):
        live = server.sessions.live[phone.session_id]
        assert live.watcher is None
        await ann.cares_for("xiaoyu")
        async with ann.watch(phone.session_id) as seat:
            await seat.until("state")
            assert live.watcher is not None
        async with asyncio.timeout(5):
            while live.watcher is not None:
                await asyncio.sleep(0.01)


async def test_two_counsellors_take_over_at_once(serve: Serve, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serve())
        both = [await stack.enter_async_context(Counsellor.at(server, tmp_path, name)) for name in ("ann", "ben")]
        phone, floor = await stack.enter_async_context(talking(server))
        seats = []
        for who in both:
            await who.cares_for("xiaoyu")
            seats.append(await stack.enter_async_context(who.watch(phone.session_id)))
            await seats[-1].until("state")
        for _ in range(3):
            await asyncio.gather(*(seat.send("take_over") for seat in seats))
            states = await asyncio.gather(*(seat.until("state", floor="human") for seat in seats))
            assert states[0]["by"] == states[1]["by"]
            won = [who.id for who in both].index(states[0]["by"]["id"])
            lost = seats[1 - won]
            assert (await lost.until("error"))["code"] == "claimed_by_other"
            await lost.send("say", text="我也在")
            assert (await lost.until("error"))["code"] == "no_floor"
            await lost.send("give_back", level=0)
            assert (await lost.until("error"))["code"] == "no_floor" and floor.by == both[won].id
            await seats[won].send("give_back", level=3)
            await asyncio.gather(*(seat.until("state", floor="model") for seat in seats))
        assert not [e for e in phone.of("response.output_text.done") if e["text"] == "我也在"]


async def test_a_counsellor_whose_connection_breaks_loses_the_floor_and_the_case_is_back(
    serve: Serve, tmp_path: Path
) -> None:
    async with (
        serve() as server,
        Counsellor.at(server, tmp_path) as ann,
        ann.stream() as queue,
        talking(server) as (phone, floor),
    ):
        await ann.cares_for("xiaoyu")
        async with ann.watch(phone.session_id) as seat:
            await seat.send("take_over")
            await seat.until("state", floor="human")
            seat.socket.transport.abort()  # no close frame
        case = await queue.case("waiting")
        assert (case["session_id"], case["state"], case["priority"]) == (phone.session_id, "waiting", 1)
        assert case["online"] and floor.state.phase is Phase.QUEUED and floor.by is None
        notices = []
        while "takeover_ended" not in notices:
            notices.append((await phone.until("companion.notice"))["kind"])
        async with asyncio.timeout(5):
            while not (rows := await ann.desk.audit.entries(action="floor.lost")):
                await asyncio.sleep(0.01)
        assert [row.staff_id for row in rows] == [ann.id]


async def test_who_goes_in_the_middle_of_taking_over_leaves_no_half_of_it(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve() as server, Counsellor.at(server, tmp_path) as ann, talking(server) as (phone, floor):
        await ann.cares_for("xiaoyu")
        asked_for, may, take_over = asyncio.Event(), asyncio.Event(), floor.take_over

        async def slowly(staff_id: str, name: str) -> bool:
            asked_for.set()
            await may.wait()
            return await take_over(staff_id, name)

        monkeypatch.setattr(floor, "take_over", slowly)
        async with ann.watch(phone.session_id) as seat:
            await seat.send("take_over")
            await asked_for.wait()
            seat.socket.transport.abort()
        may.set()
        notices = []
        while "takeover_ended" not in notices:
            notices.append((await phone.until("companion.notice"))["kind"])
        of_takeover = [kind for kind in notices if kind.startswith("takeover")]
        assert of_takeover == ["takeover_started", "takeover_ended"] and floor.by is None


async def test_a_counsellor_who_goes_after_the_person_has_gone_leaves_the_case_to_be_closed(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.review.live.BEAT_S", 0.05)
    async with serve() as server, Counsellor.at(server, tmp_path) as ann, ann.stream() as queue:
        async with talking(server) as (phone, floor):
            await asked(server, phone.session_id)
            case = await queue.case("waiting")
            await ann.post(f"/queue/{case['id']}/claim")
            async with ann.watch(phone.session_id) as seat:
                await seat.send("take_over")
                await queue.case("with_person")
                assert await ann.post(f"/queue/{case['id']}/hand-over", 409, to="ann") == "with_person"
                await server.sessions._release(server.sessions.live[phone.session_id])
                await seat.until("state", online=False)
        assert (await queue.case("claimed"))["claimed_by"]["id"] == ann.id and floor.by == ann.id
        end = await ann.post(f"/queue/{case['id']}/resolve", outcome="supported", level=1)
        assert end["state"] == "resolved" and not end["online"]


async def test_a_case_that_is_resolved_gives_the_person_back(serve: Serve, tmp_path: Path) -> None:
    async with serve() as server, Counsellor.at(server, tmp_path) as ann, talking(server) as (phone, floor):
        await asked(server, phone.session_id)
        (case,) = await ann.queue()
        assert case["online"]
        await ann.post(f"/queue/{case['id']}/claim")
        async with ann.watch(phone.session_id) as seat:
            await seat.send("take_over")
            await seat.until("state", floor="human")
            await ann.post(f"/queue/{case['id']}/resolve", outcome="supported", level=0)
            back = await seat.until("state", floor="model")
            assert (back["phase"], back["level"], floor.by) == ("calm", 0, None)
        assert [c["state"] for c in await ann.queue("closed")] == ["resolved"] and await ann.queue() == []


async def test_a_counsellor_who_falls_silent_loses_the_floor_but_may_go_on_watching(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.review.live.SILENT_S", 0.3)
    async with serve() as server, Counsellor.at(server, tmp_path) as ann, talking(server) as (phone, floor):
        await ann.cares_for("xiaoyu")
        async with ann.watch(phone.session_id) as seat:
            await seat.send("take_over")
            await seat.until("state", floor="human")
            for _ in range(8):  # who is there is heard
                await seat.send("ping")
                await seat.until("pong")
                await asyncio.sleep(0.05)
            assert floor.by == ann.id
            assert (await seat.until("error"))["code"] == "floor_lost"
            await seat.until("state", floor="model")
            await phone.type("人呢")
            await seat.event("response.output_text.done")


async def test_without_a_basis_nobody_takes_over(serve: Serve, tmp_path: Path) -> None:
    async with (
        serve() as server,
        Counsellor.at(server, tmp_path) as ann,
        talking(server, review="refused") as (phone, floor),
    ):
        await ann.cares_for("xiaoyu")
        async with ann.watch(phone.session_id) as seat:
            await seat.send("take_over")
            assert (await seat.until("error"))["code"] == "not_agreed"
            assert floor.by is None and "human" not in [f.get("floor") for f in seat.seen]


async def test_who_is_not_in_the_caseload_sees_nothing_and_who_leaves_it_is_put_out(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.review.live.CHECK_S", 0.1)
    async with serve() as server, Counsellor.at(server, tmp_path) as ann, talking(server) as (phone, floor):
        for strange in (phone.session_id, "sess_none", "%00"):
            async with ann.watch(strange) as seat:
                with pytest.raises(ConnectionClosed):
                    await seat.until("state")
                assert [f["code"] for f in seat.seen] == ["not_found"] and seat.socket.close_code == 1008
        await ann.cares_for("xiaoyu")
        async with ann.watch(phone.session_id) as seat:
            await seat.send("take_over")
            await seat.until("state", floor="human")
            await ann.desk.caseload.remove(ann.id, "xiaoyu", time.time(), by="operator")
            assert (await seat.until("error"))["code"] == "not_found"
            with pytest.raises(ConnectionClosed):
                await seat.until("pong")
            assert seat.socket.close_code == 1008
        async with asyncio.timeout(5):
            while floor.by is not None:
                await asyncio.sleep(0.01)


async def test_nobody_reads_along_where_the_person_has_not_agreed_and_nobody_was_asked_for(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.review.live.CHECK_S", 0.05)
    async with serve() as server, Counsellor.at(server, tmp_path) as ann, talking(server) as (phone, _):
        await ann.cares_for("xiaoyu")
        async with ann.watch(phone.session_id) as seat:
            await seat.until("state")
            await server.agreed("counsellor_review", given=False)  # while she watches
            assert (await seat.until("error"))["code"] == "not_consented"
        async with ann.watch(phone.session_id) as seat:
            assert (await seat.until("error"))["code"] == "not_consented"
            assert not [frame for frame in seat.seen if frame["type"] != "error"]
        await asked(server, phone.session_id)  # a life may be at stake
        async with ann.watch(phone.session_id) as seat:
            await seat.until("state")


async def test_a_person_who_is_away_is_told_to_be(serve: Serve, tmp_path: Path) -> None:
    async with serve() as server, Counsellor.at(server, tmp_path) as ann:
        await asked(server, "s0")
        await ann.cares_for("xiaoyu")
        async with ann.watch("s0") as seat:
            assert (await seat.until("state"))["online"] is False
            for event in ({"type": "take_over"}, {"type": "say", "text": "在吗"}):
                await seat.socket.send(json.dumps(event))
                assert (await seat.until("error"))["code"] == "person_away"


async def test_what_is_no_event_is_refused_and_the_socket_stays(serve: Serve, tmp_path: Path) -> None:
    async with serve() as server, Counsellor.at(server, tmp_path) as ann, talking(server) as (phone, _):
        await ann.cares_for("xiaoyu")
        async with ann.watch(phone.session_id) as seat:
            for wrong in (
                "", "{", "[]", '{"type":"shout"}', '{"type":"say"}', '{"type":"say","text":"  "}',
                '{"type":"say","text":"' + "x" * 2001 + '"}', '{"type":"give_back","level":9}', b"\0\xff",
            ):  # fmt: skip
                await seat.socket.send(wrong)
                assert (await seat.until("error"))["code"] == "invalid_event", wrong
            await seat.send("ping")
            await seat.until("pong")
            await seat.socket.send("x" * 16_385)
            with pytest.raises(ConnectionClosed):
                await seat.until("state", online=None)
            assert seat.socket.close_code == 1009


async def test_a_page_that_does_not_read_is_cut_and_the_talk_goes_on(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.review.live._UNREAD", 8)
    async with serve() as server, Counsellor.at(server, tmp_path) as ann, talking(server) as (phone, _):
        await ann.cares_for("xiaoyu")
        async with ann.watch(phone.session_id) as seat:
            await seat.until("state")
            live = server.sessions.live[phone.session_id]
            for _ in range(12):  # in one go, so that nothing of it can be sent meanwhile
                live.tell(*[_notice(n) for n in range(4)])
            with pytest.raises(ConnectionClosed):
                await seat.until("state", online=None)
            assert seat.socket.close_code == 1013
        await phone.type("还在说")
        await phone.until("response.done")


@pytest.fixture
def redis() -> dict[str, Any]:
    """Settings of replicas that share a Redis."""
    url = os.environ.get("COMPANION_TEST_REDIS")
    if not url:
        assert not os.environ.get("COMPANION_CI"), "CI must name Redis"
        pytest.skip("COMPANION_TEST_REDIS is not set: run `eval $(.ci/services)`")
    return {"redis": Redis(url=url)}


async def test_the_counsellor_and_the_person_are_on_different_replicas(
    serve: Serve, tmp_path: Path, redis: dict[str, Any]
) -> None:
    async with (
        serve(settings=redis) as here,
        serve(settings=redis, chroma="other") as there,
        Counsellor.at(there, tmp_path) as ann,
        ann.stream() as queue,
        talking(here) as (phone, floor),
    ):
        await ann.cares_for("xiaoyu")
        async with ann.watch(phone.session_id) as seat:
            assert (await seat.until("state"))["online"] is True
            await phone.type("你还在吗")
            assert await seat.event("response.output_text.done") == await phone.until("response.output_text.done")
            await seat.send("take_over")
            assert (await seat.until("state", floor="human"))["by"]["name"] == "ann"
            assert floor.by == ann.id
            await seat.send("say", text="我是安")
            while (await phone.until("response.output_text.done"))["text"] != "我是安":
                pass  # before it, that she has joined
        case = await queue.case("waiting")  # her socket is closed: the other replica's person is queued again
        assert (case["session_id"], case["state"], case["priority"]) == (phone.session_id, "waiting", 1)
        mine = await ann.post(f"/queue/{case['id']}/claim")
        assert mine["online"] and (await queue.case("claimed"))["claimed_by"]["name"] == "ann"
        async with asyncio.timeout(5):
            while not floor.state.claimed:  # told to the talk, over there
                await asyncio.sleep(0.01)
        await here.engine.records.start_session("s-away", "xiaoyu", time.time())
        async with ann.watch("s-away") as seat:
            begun = time.perf_counter()
            await seat.send("take_over")
            assert (await seat.until("error"))["code"] == "person_away"
            assert 1.5 < time.perf_counter() - begun < 4.5


async def test_a_replica_that_dies_with_a_counsellor_on_it_gives_the_floor_back(
    serve: Serve, tmp_path: Path, redis: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.review.watching.LEASE_S", 0.5)
    monkeypatch.setattr("api.review.watching._LOOK_S", 0.05)
    monkeypatch.setattr("api.review.live.BEAT_S", 0.1)
    async with (
        serve(settings=redis) as here,
        serve(settings=redis, chroma="other") as there,
        Counsellor.at(there, tmp_path) as ann,
        talking(here) as (phone, floor),
    ):
        await ann.cares_for("xiaoyu")
        async with ann.watch(phone.session_id) as seat:
            await seat.send("take_over")
            await seat.until("state", floor="human")
            await asyncio.sleep(0.8)  # it beats on
            assert floor.by == ann.id
            there.process._app.state.exchange.bus.publish = lambda *_: True  # nothing gets out of it any more
            async with asyncio.timeout(5):
                while floor.by is not None:
                    await asyncio.sleep(0.02)
            assert floor.state.phase is Phase.QUEUED


def _notice(number: int) -> Any:
    return wire.Notice(kind="break_reminder", message=str(number))
