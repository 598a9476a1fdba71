"""The talk page as a person meets it: real Chromium, real server, a real recording as the microphone."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from api.console.routes import talk
from tests.api.conftest import Served
from tests.console import seen
from tests.console.conftest import BEGUN, REPLY, SAID, Gated, Open

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def enter(page: Any, token: str) -> None:
    await page.fill("#token", token)
    await page.keyboard.press("Enter")
    await page.locator("body[data-state=open]").wait_for()


async def write(page: Any, text: str) -> None:
    await page.fill("#text", text)
    await page.keyboard.press("Enter")


async def test_words_voice_memories_and_reply_of_a_turn_that_was_only_spoken(
    opened: Open, server: Served, chat: Gated
) -> None:
    async with opened() as page:
        session: list[str] = []
        page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: _note(frame, session)))
        await enter(page, server.token("spoken"))
        chat.gate.clear()
        await page.click("#free")
        await page.locator(".said .bubble", has_text=SAID).wait_for()
        growing = page.locator(".reply.growing .text", has_text=BEGUN)
        await growing.wait_for()
        assert await growing.inner_text() != REPLY  # what has come is shown while the rest is on its way
        await page.click("#free")
        chat.gate.set()
        await page.locator(".reply .text", has_text=REPLY).first.wait_for()

        channels = page.locator(".said .felt").first
        assert await channels.locator(".words").text_content() == "话语偏轻快"
        assert "一般人" in await channels.locator(".voice").inner_text()  # nobody's usual voice is known at once
        assert "没把握" in await channels.locator(".voice").inner_text()
        for channel in ("words", "voice"):
            assert await page.locator(f"#curves .dot.{channel}").count() == 1
            assert await page.locator(f"#curves .band.{channel}").get_attribute("d") != ""
        assert "± 0" in await page.locator("#numbers td").nth(1).inner_text()
        await page.locator(".memories.saved .chip", has_text="我叫小雨").wait_for()

        await page.click(".reply .like")
        assert await page.locator(".reply .like").get_attribute("aria-pressed") == "true"
        async with asyncio.timeout(5):
            while [turn.rating for turn in await server.engine.records.turns(session[0])][:1] != ["like"]:
                await asyncio.sleep(0.02)


def _note(frame: str | bytes, session: list[str]) -> None:
    event = json.loads(frame)
    if event["type"] == "companion.session":
        session.append(event["session_id"])


async def test_everything_is_done_with_the_keyboard(opened: Open, server: Served, chat: Gated) -> None:
    async with opened("en-US") as page:
        await page.keyboard.insert_text(server.token("keys"))
        await page.keyboard.press("Enter")
        await page.locator("body[data-state=open]").wait_for()

        await page.keyboard.down("Space")  # held: it talks
        await page.locator("#press[aria-pressed=true]").wait_for()
        await asyncio.sleep(0.9)  # speech cannot be hurried
        await page.keyboard.up("Space")
        await page.locator(".said .bubble", has_text=SAID).wait_for()
        await page.locator(".reply .opinions").wait_for()
        assert await page.locator("#press").get_attribute("aria-pressed") == "false"

        reached = set()
        for _ in range(16):
            await page.keyboard.press("Tab")
            reached.add(await page.evaluate(seen.FOCUS))
        assert {"language", "leave", "stage", "free", "press", "text", "opinion like", "opinion dislike"} <= reached

        await page.locator(".opinion.dislike").focus()
        await page.keyboard.press("Enter")
        assert await page.locator(".opinion.dislike").get_attribute("aria-pressed") == "true"
        await page.keyboard.press("Enter")  # and taken back
        assert await page.locator(".opinion.dislike").get_attribute("aria-pressed") == "false"

        chat.gate.clear()
        await page.locator("#text").focus()
        await page.keyboard.insert_text("are you there?")
        await page.keyboard.press("Enter")
        await page.locator(".reply.growing .text", has_text=BEGUN).wait_for()
        await page.keyboard.press("Escape")
        await page.locator(".reply .text", has_text="stopped here").wait_for()
        told = await page.locator("#told").inner_text()  # what a screen reader says
        assert told.startswith(f"Companion: {BEGUN}") and told != f"Companion: {REPLY}"


async def test_a_slip_of_the_finger_is_no_turn(opened: Open, server: Served) -> None:
    async with opened() as page:
        await enter(page, server.token("slip"))
        await page.locator("#press").press("Enter")  # a tap begins, the next one ends
        await page.locator("#press[aria-pressed=true]").wait_for()
        await page.locator("#press").press("Enter")
        await page.locator("#notices", has_text="太短了").wait_for()
        assert await page.locator(".said").count() == 0


async def test_a_drop_in_mid_reply_loses_nothing_and_doubles_nothing(opened: Open, server: Served, chat: Gated) -> None:
    async with opened() as page:
        sockets: list[tuple[Any, Any]] = []
        await page.route_web_socket(
            "**/v1/realtime", lambda socket: sockets.append((socket, socket.connect_to_server()))
        )
        await enter(page, server.token("dropped"))
        chat.gate.clear()
        await write(page, "你好")
        await page.locator(".reply.growing .text", has_text=BEGUN).wait_for()
        for side in sockets[0]:
            await side.close(code=1011)
        await page.locator("body[data-state=waiting]").wait_for()
        await write(page, "还在吗")  # written while nothing is connected
        chat.gate.set()
        await page.locator("body[data-state=open]").wait_for()
        await page.locator(".reply .opinions").nth(1).wait_for()
        assert await page.locator(".said .bubble").all_inner_texts() == ["你好", "还在吗"]
        assert await page.locator(".reply .text").all_inner_texts() == [REPLY, REPLY]
        assert len(sockets) == 2


async def test_it_reads_well_at_every_width_by_day_and_night_in_both_languages(opened: Open, server: Served) -> None:
    async with opened("en-US", 390, 844) as page:
        for at in ("welcome", "talk"):
            if at == "talk":
                await enter(page, server.token("reader"))
                await write(page, "昨天和男朋友吵架了，我真的很难过，一个人在屋子里坐了很久很久")
                await page.locator(".reply .opinions").wait_for()
            for width, height in ((360, 640), (390, 844), (1280, 800)):
                await page.set_viewport_size({"width": width, "height": height})
                for scheme in ("light", "dark"):
                    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                    for _ in ("en", "zh"):
                        await page.click("#language")
                        for finding in (seen.SIDEWAYS, seen.PALE, seen.UNNAMED, seen.SMALL):
                            assert await page.evaluate(finding) == [], (at, width, scheme)
        assert await page.locator("html").get_attribute("lang") == "en"
        assert "AI" in await page.locator("#disclosure").inner_text()
        assert await page.locator("#curves").get_attribute("aria-label") == (
            "Two curves over the last 1 turns. The latest: words rather heavy, voice written."
        )
        assert await page.locator("#curves .dot.voice").count() == 0  # what was written has no voice: a gap, no zero


async def test_a_refused_token_is_told_and_kept_nowhere(opened: Open, server: Served) -> None:
    async with opened("en-US") as page:
        await page.fill("#token", server.token(ttl_s=1e-6))
        await page.keyboard.press("Enter")
        await page.locator("#trouble", has_text="expired").wait_for()
        assert await page.locator("#token").is_visible() and await page.input_value("#token") == ""
        assert await page.evaluate("() => sessionStorage.length") == 0 and "?" not in page.url
        await enter(page, server.token())  # and a good one is taken
        assert await page.evaluate("() => localStorage.length") == 0
        await page.click("#leave")
        await page.locator("#token:focus").wait_for()
        assert await page.evaluate("() => sessionStorage.length") == 0


async def test_the_page_is_plain_files_under_a_strict_policy() -> None:
    with TestClient(Litestar([talk])) as client:
        page = client.get("/talk")
        policy = page.headers["content-security-policy"]
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'self'" in policy and "unsafe" not in policy and "ws://testserver.local" in policy
        assert page.headers["permissions-policy"].startswith("microphone=(self)")
        assert page.headers["referrer-policy"] == "no-referrer"
        assert not re.search(r"<script(?![^>]*src=)|<style|style=| on\w+=|https?://", page.text)
        again = client.get("/talk", headers={"If-None-Match": page.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        for name in re.findall(r'"(/talk/[\w.-]+)', page.text):
            assert client.get(name).status_code == 200, name
        assert client.get("/talk/capture-worklet.js").headers["content-type"].startswith("text/javascript")
        for path in ("/talk/routes.py", "/talk/..%2froutes.py", "/talk/%2e%2e/pages.py", "/talk/nothing.js"):
            assert client.get(path).status_code == 404
        assert "script-src" not in str(client.get("/talk", headers={"Host": "evil; script-src *"}).headers)


async def test_every_sentence_is_there_in_both_languages() -> None:
    folder = Path(__file__).parents[2] / "api" / "console" / "talk"
    words = (folder / "words.js").read_text("utf-8")
    for name, said in re.findall(r'^  "([\w.]+)": \[(.*?)\],$', words, re.M | re.S):
        chinese, english = re.findall(r'"((?:[^"\\]|\\.)*)"', said)
        assert name == "language.other" or (
            re.search("[\u4e00-\u9fff]", chinese) and not re.search("[\u4e00-\u9fff]", english)
        )
        assert sorted(re.findall(r"\{\w+\}", chinese)) == sorted(re.findall(r"\{\w+\}", english)), name
    page = (folder / "index.html").read_text("utf-8")
    for name in re.findall(r'data-say(?:-label)?="([\w.]+)"', page):
        assert f'"{name}": [' in words, name
