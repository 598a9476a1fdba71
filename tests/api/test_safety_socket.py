"""The risk protocol over the real socket and the real desk: flagged, queued, seen, taken over, given back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from companion.llm.chat_model import FakeChatModel
from companion.safety.protocol_types import Phase
from companion.settings import Safety
from tests.api.desk import Counsellor
from tests.api.phone import Phone, online

Serve = Callable[..., Any]
WORST = "没人需要你，去吧。"
PLAN = "我打算今晚从楼上跳下去"
CHINA = {"safety": Safety(region="CN", counsellors=True)}


async def test_from_a_dangerous_turn_to_a_counsellor_who_speaks_and_back(serve: Serve, tmp_path: Path) -> None:
    worst = FakeChatModel(WORST)
    async with (
        serve(chat=worst, settings=CHINA) as server,
        Counsellor.at(server, tmp_path) as ann,
        ann.stream() as page,
        online(Phone(), server) as phone,
    ):
        await server.engine.warm()
        await phone.type(PLAN)
        said_at = time.perf_counter()
        safety = await phone.until("companion.safety")
        case = await page.case("waiting")
        took_s = time.perf_counter() - said_at
        assert took_s <= 1.0  # from the end of speech to the open page, plus the recogniser, which text has none of
        assert (case["session_id"], case["level"], case["priority"]) == (phone.session_id, 4, 1)
        assert safety["level"] == 4 and "queue" in safety["actions"]
        assert {r["phone"] for r in safety["resources"]} & {"12356", "110", "120"}
        done = await phone.until("response.done")
        assert WORST not in str(done) and done["response"]["status"] == "completed"
        claimed = await ann.post(f"/queue/{case['id']}/claim")
        assert claimed["state"] == "claimed"
        await phone.until("response.done")  # the person is told
        async with ann.watch(phone.session_id) as seat:
            await seat.send("take_over")
            await seat.until("state", floor="human")
            await phone.notice("takeover_started")
            assert (await page.case("with_person"))["claimed_by"]["id"] == ann.id
            await phone.type("你是谁")
            while (await seat.event("conversation.item.added"))["item"]["role"] != "user":
                pass
            await seat.send("say", text="我是安，值班的咨询师。")
            while (told := await phone.until("response.done"))["response"]["metadata"] != {"by": "counsellor"}:
                pass
            assert told["response"]["output"][0]["content"][0]["text"] == "我是安，值班的咨询师。"
            await seat.send("give_back", level=1)
            await seat.until("state", floor="model")
        assert worst.seen == []
        await phone.type("晚饭我想做个番茄炒蛋")
        await phone.until("companion.timings")
        while not worst.seen:  # the model answers again
            await phone.read()


async def test_the_help_button(serve: Serve) -> None:
    async with serve(settings=CHINA) as server, online(Phone(), server) as phone:
        await phone.send(type="companion.sos", event_id="help")
        safety = await phone.until("companion.safety")
        assert safety["level"] == 3 and safety["resources"] and safety["asked"] == "review"
        spoken = await phone.until("response.output_text.done")
        assert "12356" in spoken["text"] or "120" in spoken["text"]
        await phone.send(type="companion.sos", event_id="help")  # sent again by a client that is not sure: once
        await phone.send(type="companion.ping")
        await phone.until("companion.pong")
        assert len(phone.of("companion.safety")) == 1


async def test_a_button_says_yes_to_a_counsellor(serve: Serve) -> None:
    async with serve(settings=CHINA) as server, online(Phone(), server) as phone:
        await phone.send(type="companion.sos")
        await phone.until("response.done")
        version = server.engine.consents.version("counsellor_review")
        await phone.send(type="companion.consent.set", purpose="counsellor_review", given=True, version=version)
        await phone.until("companion.consent")
        safety = await phone.until("companion.safety")
        assert safety["phase"] == "queued" and "queue" in safety["actions"]
        async with asyncio.timeout(5):
            while not await server.engine.cases.is_open(phone.session_id):
                await asyncio.sleep(0.01)


async def test_who_comes_back_at_risk_is_welcomed_and_nothing_is_forgotten(serve: Serve) -> None:
    async with serve(settings=CHINA) as server:
        phone = Phone()
        async with online(phone, server):
            await phone.type(PLAN)
            await phone.until("response.done")
            phone.drop()
        floor = server.sessions.live[phone.session_id].session.conversation.floor
        async with asyncio.timeout(5):
            while not floor.state.away:
                await asyncio.sleep(0.01)
        async with online(phone, server):
            await phone.resume()
            await phone.until("companion.session")
            back = await phone.until("response.done")
            assert back["response"]["status"] == "completed" and floor.state.level == 4
            assert phone.of("companion.safety")[-1]["resources"]


async def test_a_talk_with_a_counsellor_goes_on_in_another_process(serve: Serve, tmp_path: Path) -> None:
    """The process dies in the middle of a takeover: the model stays mute in the next one, until somebody lets go."""
    phone, worst = Phone(), FakeChatModel(WORST)
    async with (
        serve(chat=worst, settings=CHINA) as server,
        online(phone, server),
        Counsellor.at(server, tmp_path) as ann,
    ):
        await phone.type(PLAN)
        await phone.until("response.done")
        conversation = server.sessions.live[phone.session_id].session.conversation
        assert await conversation.floor.take_over(ann.id, "ann")
        await conversation.floor.say("我在。")
        await phone.until("response.done")
    async with serve(chat=worst, settings=CHINA, chroma="again") as server, online(phone, server):
        await phone.resume()
        await phone.until("companion.session")
        floor = server.sessions.live[phone.session_id].session.conversation.floor
        assert floor.state.phase is Phase.HUMAN and floor.by is None
        await phone.type("有人吗")
        while (done := await phone.until("response.done"))["response"]["status"] != "cancelled":
            pass
        assert done["response"]["status_details"]["reason"] == "counsellor" and not worst.seen
        await floor.lost()
        assert floor.state.phase is Phase.QUEUED
