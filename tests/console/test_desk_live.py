"""The desk beside a talk that goes on, words of strangers in it, and how it looks: real Chromium, real server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.api.desk import asked
from tests.console import seen
from tests.console.desk_page import LONG, Desk, row, talking

pytestmark = pytest.mark.asyncio(loop_scope="session")
EVIL = '<img src=x onerror="window.ran=1"><script>window.ran=1</script> \'"&amp; ${1} 我撑不下去了'
STRANGE = """() => [...document.querySelectorAll("main img, main script, main iframe, main object, main [onerror]")]
  .map((node) => node.outerHTML)"""


LABEL = """async ([turn, value]) => {
  const { csrf } = await (await fetch("/v1/staff/csrf")).json();
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf };
  const body = JSON.stringify({ name: "distress", value });
  return (await fetch(`/v1/review/turns/${turn}/labels`, { method: "POST", headers, body })).status;
}"""


async def test_a_counsellor_takes_over_speaks_whispers_and_gives_back(desk: Desk) -> None:
    async with talking(desk, "floor") as phone, desk.page("li.wei") as page:
        await asked(desk.server, phone.session_id, "floor")
        floor = desk.server.sessions.live[phone.session_id].session.conversation.floor
        await desk.opened(page, phone.session_id)
        await page.locator("#floor", has_text="AI 在回应").wait_for()
        await page.fill("#whisper", "她提到过姐姐")
        await page.keyboard.press("Enter")
        await page.locator(".toast", has_text="已提示").wait_for()
        async with asyncio.timeout(5):
            while floor.whispered != "她提到过姐姐":
                await asyncio.sleep(0.02)
        await phone.type("你还在吗")
        await phone.until("response.done")
        await page.locator("#turns .said", has_text="你还在吗").wait_for()  # it comes by itself

        await page.locator("#main").focus()
        await page.keyboard.press("t")
        await page.locator("dialog .solid:focus").wait_for()
        await page.keyboard.press("Enter")
        await page.locator("#say:focus").wait_for()
        assert "你在和 TA 对话，AI 已静音" in await page.locator("#floor").inner_text()
        await phone.notice("takeover_started")
        await page.keyboard.insert_text("小雨，我是安，一个真人。")
        await page.keyboard.press("Enter")
        while (await phone.until("response.output_text.done"))["text"] != "小雨，我是安，一个真人。":
            pass
        await page.locator("#turns .by-counsellor", has_text="我是安").wait_for()
        assert "li.wei" in await page.locator("#turns .by-counsellor .by").last.inner_text()

        await page.evaluate("() => { location.hash = '#/queue'; }")  # not by a slip
        await page.locator("dialog", has_text="你正在和 TA 对话").wait_for()
        await page.locator("dialog .plain:focus").wait_for()
        await page.keyboard.press("Enter")
        assert floor.by is not None and await page.locator("#say").is_visible()

        await page.locator("#back").click()
        await page.select_option("dialog [name=level]", "1")
        await page.locator("dialog .solid").click()
        await page.locator("#floor", has_text="AI 在回应").wait_for()
        await phone.notice("takeover_ended")
        assert floor.by is None


async def test_words_of_strangers_are_words(desk: Desk) -> None:
    no_such = "status of 40"  # what these addresses are answered
    async with talking(desk, "evil", EVIL) as phone, desk.page("li.wei", "en-US", expected=no_such) as page:
        await asked(desk.server, phone.session_id, "evil", said=EVIL, reasons=[EVIL], kinds=["suicide", EVIL])
        await page.locator(".case .said", has_text="onerror").wait_for()
        assert await row(page, phone.session_id).locator(".said").inner_text() == EVIL
        await desk.opened(page, phone.session_id)
        assert await page.locator("#turns .said").first.text_content() == EVIL
        await page.click("#read-prompt") if await page.locator("#read-prompt").count() else None
        await page.keyboard.press("n")
        await page.keyboard.insert_text(EVIL)
        await page.locator(".write .solid").click()
        await page.locator("#notes li", has_text="onerror").wait_for()
        await page.click("#tab-person")
        await page.locator("#panel .pairs").wait_for()
        await phone.type(f"{EVIL}!")
        await page.locator("#growing .said, #turns .turn:nth-child(2) .said").first.wait_for()
        await page.locator("#turns .said", has_text="了!").wait_for()
        for where in (f"session/{EVIL}", f"sessions?person={EVIL}", f"person/{EVIL}"):
            await page.evaluate("(to) => { location.hash = `#/${encodeURI(to)}`; }", where)
            await page.locator("main :is(.gate h1, .empty)").first.wait_for()
            assert await page.evaluate(STRANGE) == []
        assert await page.evaluate("() => window.ran") is None


async def test_who_has_not_agreed_is_closed_until_the_glass_is_broken(desk: Desk) -> None:
    async with talking(desk, "glass") as phone:
        pass
    await desk.server.agreed("counsellor_review", "glass", given=False)
    async with desk.page("li.wei", "en-US", expected="status of 403") as page:
        await page.evaluate("(id) => { location.hash = `#/session/${id}`; }", phone.session_id)
        await page.locator(".gate h1", has_text="They have not agreed").wait_for()
        await page.locator(".gate button").click()
        await page.fill("dialog [name=person]", "glass")
        await page.fill("dialog [name=reason]", "called, says pills are taken, no address")
        await page.locator("dialog .solid").click()
        await page.locator("#turns .said").first.wait_for()
    assert [broken.user_id for broken in await desk.access.caseload.broken_glass()] == ["glass"]


async def test_a_session_of_staff_that_is_over_shows_the_sign_in(desk: Desk) -> None:
    await desk.hire("guo.li", "counsellor")
    async with desk.page("guo.li", "en-US", expected="status of 401") as page:
        await page.evaluate(
            """async () => { const { csrf } = await (await fetch("/v1/staff/csrf")).json();
            await fetch("/v1/staff/logout", { method: "POST", headers: { "X-CSRF-Token": csrf } }); }"""
        )
        await page.keyboard.press("2")
        await page.locator("#trouble", has_text="Your session is over").wait_for()
        assert await page.locator("main :is(table, .case)").count() == 0  # nothing of anybody is left on the page


async def test_a_lost_line_is_shown_and_found_again_with_what_came_meanwhile(desk: Desk) -> None:
    async with desk.page("li.wei", "en-US", expected="status of 503") as page:
        lost: list[str] = []

        async def refuse(route: Any) -> None:
            lost.append(route.request.url)
            await route.fulfill(status=503, body="")

        await page.route("**/v1/review/events", refuse)
        await page.reload()
        await page.locator("#wire", has_text="Lost it; connecting again").wait_for()
        await asked(desk.server, "meanwhile", "meanwhile")
        await page.unroute("**/v1/review/events")
        await row(page, "meanwhile").wait_for()
        assert await page.locator("#wire").inner_text() == "Live" and lost


async def test_a_supervisor_settles_what_two_reviewers_said_differently(desk: Desk) -> None:
    await desk.hire("chen.bo", "counsellor", cares_for=(LONG[:-5],))
    await desk.hire("zhou.jie", "supervisor")
    for name, value in (("li.wei", 2), ("chen.bo", 5)):
        async with desk.page(name) as page:
            assert await page.evaluate(LABEL, [f"{LONG}-0002", value]) == 200
    async with desk.page("zhou.jie", "en-US") as page:
        await desk.opened(page, LONG)
        await page.locator('#turns [data-place="2"] .said').click()
        await page.click("#tab-notes")
        distress = page.locator("#labels-turn .question", has_text="Distress")
        await distress.locator(".hint", has_text="what you choose settles it").wait_for()
        assert "li.wei: 2" in await distress.inner_text() and "chen.bo: 5" in await distress.inner_text()
        await distress.locator(".pill", has_text="4").click()
        await distress.locator(".hint", has_text="settled: 4").wait_for()


async def test_the_list_is_filtered_by_the_address(desk: Desk) -> None:
    async with desk.page("li.wei") as page:
        await page.keyboard.press("2")
        await page.locator("#sessions a.opens").first.wait_for()
        everything = await page.locator("#sessions a.opens").count()
        await page.keyboard.press("/")
        await page.locator("#filter-person:focus").wait_for()
        async with page.expect_response("**/v1/review/sessions?level_min=2*"):
            await page.select_option("[name=level_min]", "2")
        await page.locator("#sessions .badge").first.wait_for()
        levels = await page.locator("#sessions .badge").all_inner_texts()
        assert 0 < len(levels) == await page.locator("#sessions a.opens").count() < everything
        assert min(map(int, levels)) >= 2
        await page.fill("#filter-person", "seed0-00001")
        await page.keyboard.press("Enter")
        await page.locator("main :is(#sessions .person, .empty:not(:empty))").first.wait_for()
        assert page.url.endswith("#/sessions?person=seed0-00001&level_min=2")  # so it can be sent to somebody
        await page.reload()
        await page.locator("#sessions-title").wait_for()
        assert await page.input_value("#filter-person") == "seed0-00001"
        await page.locator("main button", has_text="清空").click()
        await page.locator("#sessions a.opens").nth(everything - 1).wait_for()


LOOKS: tuple[tuple[str, str], ...] = (
    ("#/queue", ".case"),
    ("#/sessions", "#sessions a.opens"),
    ("#/people", "#people .opens"),
    ("#/person/seed0-00001", ".portrait .pairs"),
)


async def test_it_reads_well_at_every_width_by_day_and_night_in_both_languages(desk: Desk) -> None:
    async with talking(desk, "looks") as phone, desk.page("li.wei") as page:
        await asked(desk.server, phone.session_id, "looks")
        places = (*LOOKS, (f"#/session/{phone.session_id}", "#take"), ("#/session/seed0-00001-0000", ".channels"))
        for hash_, shown in places:
            await page.evaluate("(to) => { location.hash = to; }", hash_)
            await page.locator(shown).first.wait_for()
            tabs = ("#tab-notes", "#tab-person", "#tab-evidence") if "session/" in hash_ else ("",)
            for tab in tabs:
                if tab:
                    await page.click(tab)
                await _reads_well(page, hash_ + tab)
        await page.keyboard.press("?")
        await _reads_well(page, "help", language=False)


async def _reads_well(page: Any, where: str, *, language: bool = True) -> None:
    for width, height in ((1280, 800), (1024, 768), (768, 1024)):
        await page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            for finding in (seen.SIDEWAYS, seen.PALE, seen.UNNAMED, seen.SMALL):
                assert await page.evaluate(finding) == [], (where, width, scheme)
        if language:
            await page.click("#language")
