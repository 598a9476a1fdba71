"""The desk as a counsellor meets it: real Chromium, real server, a real sign-in, people who were made up."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.api.desk import asked
from tests.companion.records.staffing import PASSWORD
from tests.console import seen
from tests.console.desk_page import LONG, Desk, row

pytestmark = pytest.mark.asyncio(loop_scope="session")
PAINTED = """([name]) => {
  const canvas = document.querySelector(".plot canvas");
  const style = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const { width, height } = canvas;
  const often = { willReadFrequently: true };
  const paint = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d", often);
  paint.fillStyle = style;
  paint.fillRect(0, 0, 1, 1);
  const [red, green, blue] = paint.getImageData(0, 0, 1, 1).data;
  paint.clearRect(0, 0, width, height);
  paint.drawImage(canvas, 0, 0);
  const { data } = paint.getImageData(0, 0, width, height);
  let found = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (data[at] === red && data[at + 1] === green && data[at + 2] === blue && data[at + 3] === 255) found += 1;
  }
  return found;
}"""


async def _until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not await condition():
            await asyncio.sleep(0.02)


async def test_both_factors_are_asked_for_and_what_is_wrong_is_said(desk: Desk) -> None:
    await desk.hire("wang.fang", "counsellor")
    await desk.hire("researcher", "researcher")
    async with desk.page(locale="en-US", expected="status of 401") as page:
        await page.fill("#name", "wang.fang")
        await page.fill("#password", "not this one at all")
        await page.keyboard.press("Enter")
        await page.locator("#trouble", has_text="is not right").wait_for()
        assert await page.input_value("#password") == "" and await page.input_value("#name") == "wang.fang"
        await page.fill("#password", PASSWORD)
        await page.keyboard.press("Enter")
        await page.locator("#code:focus").wait_for()
        await page.keyboard.insert_text("000000")
        await page.keyboard.press("Enter")
        await page.locator("#trouble", has_text="is not right").wait_for()
        assert await page.locator("#nav").is_hidden()
        await page.locator("button", has_text="Another account").click()
        await desk.sign_in(page, "wang.fang")
        await page.locator("#queue-title", has_text="Who needs me").wait_for()
        assert await page.evaluate("() => document.cookie") == ""  # no script can read it
        assert await page.evaluate("() => localStorage.length + sessionStorage.length") == 0
        await page.click("#leave")
        await page.locator("#name:focus").wait_for()
        await desk.give(page, "researcher")
        await page.locator("#trouble", has_text="neither counsellor nor supervisor").wait_for()
        assert (await page.request.get(f"{desk.server.url}/v1/staff/me")).status == 401


async def test_the_queue_tells_who_waits_and_whoever_claims_reads_them_with_keys_alone(desk: Desk) -> None:
    said = "药已经在手里了"
    late = {"level": 3, "priority": 2, "sla_s": 300.0, "reasons": ["active.method"], "now": time.time() - 301}
    await desk.server.agreed("counsellor_review", "keys")
    await asked(desk.server, "keys-1", "keys", said=said, reasons=["plan.ready"])
    await asked(desk.server, "keys-2", "later", **late)
    async with desk.page("li.wei") as page:
        case, slow = row(page, "keys-1"), row(page, "keys-2")
        text = await case.inner_text()
        assert "有计划或正在发生" in text and "自杀" in text and "应在 60 秒内接手" in text and "已经准备好" in text
        assert said not in text and "接手后能看到" in text  # nobody may read it who has not claimed it
        assert "超时 0:0" in await slow.inner_text()
        first = await page.locator(".case").evaluate_all("rows => rows.map((row) => row.classList.contains('late'))")
        assert first == sorted(first, reverse=True)  # whoever is late comes first
        left = await case.locator(".left").inner_text()
        await _until(lambda: _differs(case.locator(".left"), left))  # it ticks

        for _ in range(await page.locator(".case").count()):
            await page.keyboard.press("j")
            if await page.evaluate("() => document.activeElement.getAttribute('href')") == "#/session/keys-1":
                break
        await page.keyboard.press("c")
        await case.locator(".said", has_text=said).wait_for()
        assert "你接手" in await case.inner_text()
        assert await page.evaluate("() => document.activeElement.getAttribute('href')") == "#/session/keys-1"
        view = await page.evaluate("async () => (await (await fetch('/v1/review/queue?state=mine')).json()).items")
        assert [each["session_id"] for each in view if each["user_id"] == "keys"] == ["keys-1"]

        await page.keyboard.press("r")
        await page.select_option("dialog [name=outcome]", "referred")
        await page.select_option("dialog [name=level]", "2")
        await page.fill("dialog [name=note]", "和妹妹在一起")
        await page.locator("dialog .solid").click()
        await case.wait_for(state="detached")
        await page.locator(".pills a", has_text="已了结").click()
        await case.locator(".standing", has_text="已转介").wait_for()
        items = await page.evaluate("async () => (await (await fetch('/v1/review/queue?state=closed')).json()).items")
        [closed] = [each for each in items if each["session_id"] == "keys-1"]
        assert (closed["outcome"], closed["level"], closed["note"]) == ("referred", 2, "和妹妹在一起")


async def _differs(node: Any, before: str) -> bool:
    return bool(await node.inner_text() != before)


async def test_a_case_that_arrives_stands_on_the_open_page_within_a_second(desk: Desk, record_property: Any) -> None:
    async with desk.page("li.wei") as page:
        took = []
        for number in range(3):
            session = f"arrives-{number}"
            await page.evaluate(
                """(href) => { window.came = new Promise((came) => new MutationObserver(() => {
                  const link = document.querySelector(`a.who[href="${href}"]`);
                  if (link?.checkVisibility()) came(Date.now() / 1000);
                }).observe(document.getElementById("main"), { childList: true, subtree: true })); }""",
                f"#/session/{session}",
            )
            begun = time.time()
            await asked(desk.server, session, f"arriver{number}")
            took.append(await page.evaluate("() => window.came") - begun)
        record_property("seconds", [round(each, 3) for each in took])
        print(f"from the call to the open page: {', '.join(f'{1000 * each:.0f}' for each in took)} ms")
        assert max(took) < 1.0
        assert "新的求助：4 级，自杀" in await page.locator("#alert").inner_text()  # what a screen reader says at once
        assert (await page.title()).startswith("(")


async def test_what_somebody_else_took_leaves_the_page_and_comes_when_it_is_handed_over(desk: Desk) -> None:
    await asked(desk.server, "handed", "handed")
    async with desk.page("li.wei") as mine, desk.page("zhang.min", "en-US") as other:
        await row(mine, "handed").wait_for()
        await row(other, "handed").locator("[data-act=claim]").click()
        await row(mine, "handed").wait_for(state="detached")
        await row(other, "handed").locator("[data-act=hand]").click()
        await other.fill("dialog [name=to]", "li.wei")
        await other.fill("dialog [name=note]", "夜里可能再打来")
        await other.locator("dialog .solid").click()
        await other.locator(".toast", has_text="Handed over to li.wei").wait_for()
        await row(mine, "handed").locator(".standing", has_text="你接手").wait_for()
        await row(mine, "handed").locator("[data-act=release]").click()
        await row(other, "handed").locator(".standing", has_text="Waiting").wait_for()


async def test_whoever_opens_a_case_of_a_stranger_claims_it_first(desk: Desk) -> None:
    await desk.server.agreed("counsellor_review", "stranger")
    await asked(desk.server, "stranger-1", "stranger")
    async with desk.page("li.wei") as page:
        await row(page, "stranger-1").locator("a.who").click()
        await page.locator(".gate h1", has_text="TA 还不在你名下").wait_for()
        done = [entry.action for entry in await desk.access.audit.entries(user_id="stranger")]
        assert "refused" not in done  # what would be refused is not asked for
        await page.keyboard.press("c")
        await page.locator("#summary").wait_for()
        await page.locator(".standing", has_text="li.wei").wait_for()


async def test_forty_turns_are_understood_at_a_glance(desk: Desk) -> None:
    async with desk.page("li.wei") as page:
        turns = await page.evaluate(
            "async (id) => (await (await fetch(`/v1/review/sessions/${id}/turns`)).json()).items", LONG
        )
        worst = max(range(40), key=lambda at: (turns[at]["risk"]["level"], -at))
        apart = [at for at, turn in enumerate(turns) if turn["affect"]["incongruence"] and _kind(turn)]
        voiced = sum(1 for turn in turns if turn["affect"]["voice"] and turn["affect"]["voice"]["valence"] is not None)
        await desk.opened(page, LONG)
        line = await page.locator("#summary").inner_text()
        assert len(turns) == 40 and "40 句，" in line and "心情" in line
        assert f"最高 4 级：自杀，第 {worst + 1} 句" in line and f"{len(apart)} 处声音和话语不一致" in line
        assert await page.locator("#turns .turn").count() == 40
        # it opens where it was worst, and that is in sight
        current = page.locator("#turns .turn[aria-current]")
        assert await current.get_attribute("data-place") == str(worst)
        box, pane = await current.bounding_box(), await page.locator("#transcript").bounding_box()
        assert pane["y"] <= box["y"] and box["y"] + box["height"] <= pane["y"] + pane["height"] + 1
        assert await current.locator("mark").count() == 1  # the words that were flagged

        label = await page.locator(".plot").get_attribute("aria-label")
        assert f"话语 40 句有读数，声音 {voiced} 句有读数；{len(apart)} 处不一致" in label and voiced > 0
        for channel in ("words", "voice", "risk-4"):
            assert await page.evaluate(PAINTED, [channel]) > 20, channel
        rows = page.locator(".numbers tbody tr")
        assert await rows.count() == 40 and await rows.nth(worst).locator("td").last.text_content() == "4"
        assert await page.locator("#turns .signs .apart").count() == len(apart)

        panel = page.locator("#panel")
        text = await panel.inner_text()
        reason = turns[worst]["risk"]["reasons"][0]
        start, end = reason["span"]
        assert reason["rule"] in text and turns[worst]["said"][start:end] in text
        assert "声音" in text and "话语" in text
        recalled = next(at for at, turn in enumerate(turns) if turn["memories"])
        await page.locator(f'#turns [data-place="{recalled}"] .said').click()
        await panel.locator(".part.memories li", has_text=turns[recalled]["memories"][0]["text"]).first.wait_for()
        await panel.locator("dd", has_text=turns[recalled]["models"]["chat"]).wait_for()
        await page.click("#read-prompt")
        await panel.locator("pre", has_text="你是一个温和的陪伴者").first.wait_for()

        plot = await page.locator(".plot .u-over").bounding_box()
        at = plot["x"] + plot["width"] * (10 - 0.4) / 40.2  # of the tenth, on a scale from .4 to 40.6
        await page.mouse.click(at, plot["y"] + plot["height"] / 2)
        await panel.locator("h2", has_text="第 10 句").wait_for()
        assert await page.locator("#turns .turn[aria-current]").get_attribute("data-place") == "9"
        await page.locator("#summary button.risk").click()
        assert await page.locator("#turns .turn[aria-current]").get_attribute("data-place") == str(worst)


def _kind(turn: dict[str, Any]) -> bool:
    return turn["affect"]["incongruence"]["kind"] is not None


async def test_everything_in_a_session_is_done_with_keys(desk: Desk) -> None:
    async with desk.page("li.wei", "en-US") as page:
        await desk.opened(page, LONG)
        place = "() => Number(document.querySelector('.turn[aria-current]').dataset.place)"
        worst = await page.evaluate(place)
        matters = await page.locator(
            ".turn.level-2, .turn.level-3, .turn.level-4, .turn:has(.signs .apart)"
        ).evaluate_all("rows => rows.map((row) => Number(row.dataset.place))")
        await page.keyboard.press("k")
        assert await page.evaluate(place) == worst - 1
        await page.keyboard.press("j")
        await page.keyboard.press("j")
        assert await page.evaluate(place) == worst + 1
        assert await page.evaluate(seen.FOCUS) == "mark"
        await page.keyboard.press("[")
        assert await page.evaluate(place) == max(at for at in matters if at <= worst)
        await page.keyboard.press("[")
        assert await page.evaluate(place) == max(at for at in matters if at < worst)
        await page.keyboard.press("Enter")
        assert await page.evaluate(seen.FOCUS) == "panel"
        await page.keyboard.press("l")
        await page.locator(".labels .pill:focus").first.wait_for()
        await page.keyboard.press("Space")
        await page.locator(".labels .pill[aria-pressed=true]:focus").wait_for()
        await page.keyboard.press("n")
        await page.locator("#note:focus").wait_for()
        await page.keyboard.insert_text("jk?t")  # letters are letters while somebody writes
        await page.keyboard.press("j")
        assert await page.input_value("#note") == "jk?tj"
        await page.keyboard.press("Escape")
        await page.keyboard.press("?")
        await page.locator("dialog.help[open]").wait_for()
        await page.keyboard.press("j")
        await page.keyboard.press("Escape")
        await page.locator("dialog.help").wait_for(state="detached")
        await page.keyboard.press("Escape")
        await page.locator("#sessions-title").wait_for()
        await page.locator("#sessions a.opens").first.wait_for()
        await page.keyboard.press("j")
        await page.keyboard.press("Enter")
        await page.locator("#turns .turn").first.wait_for()
        await page.keyboard.press("3")
        await page.locator("#people .opens").first.wait_for()
        await page.keyboard.press("1")
        await page.locator("#queue-title").wait_for()


async def _slowly(route: Any) -> None:
    await asyncio.sleep(1)
    await route.continue_()


async def test_a_note_is_saved_by_a_page_of_ours_only(desk: Desk) -> None:
    async with desk.page("li.wei", expected="status of 403") as page:
        await page.route("**/label-schema", _slowly)  # it is written while the page still reads
        await desk.opened(page, LONG)
        sent: list[Any] = []
        page.on("request", lambda request: sent.append(request) if request.url.endswith("/notes") else None)
        await page.keyboard.press("n")
        await page.keyboard.insert_text("周三和妹妹见面，周四回访")
        await page.locator(".write .solid").click()
        await page.locator("#notes li", has_text="周四回访").wait_for()
        await page.locator(".labels").first.wait_for()
        assert await page.locator("#notes li", has_text="周四回访").count() == 1
        [post] = [request for request in sent if request.method == "POST"]
        headers = await post.all_headers()
        assert len(headers["x-csrf-token"]) > 20 and "li.wei" in await page.locator("#notes li").first.inner_text()
        path = f"/v1/review/sessions/{LONG}/notes"
        without = """async (path) => (await fetch(path, { method: "POST", headers: {
            "Content-Type": "application/json" }, body: JSON.stringify({ text: "x" }) })).status"""
        assert await page.evaluate(without, path) == 403
        kept = await page.evaluate("async (path) => (await (await fetch(path)).json()).items", path)
        worst = await page.locator(".turn[aria-current]").get_attribute("data-place")
        assert [note["text"] for note in kept if note["by"]["name"] == "li.wei"] == ["周三和妹妹见面，周四回访"]
        assert [note["turn_id"] for note in kept if note["by"]["name"] == "li.wei"] == [f"{LONG}-{int(worst):04d}"]
        assert "✎ 1" in await page.locator(".turn[aria-current]").inner_text()
