"""The researchers' page: real Chromium, real server, a real sign-in, people who were made up."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from companion.records.audit import Audit
from companion.research.export.card import card
from companion.research.export.package import Written
from companion.research.export.register import Register
from companion.research.export.request import Request
from tests.console import seen
from tests.console.research_page import FLAGS, PEOPLE, PURPOSE, REPORT, UNASKED, ResearchDesk, cohorts, researched

pytestmark = pytest.mark.asyncio(loop_scope="session")
COHORTS = ((7, 60, 40), (6, 40, 20), (5, 30, 27), (4, 5, 3))  # and up to four of those who were made up
SENTENCES = """async () => {
  const { TEXTS } = await import("/research/texts.js");
  const files = "app ask export exports flags overview plots results signin telling".split(" ");
  const text = async (name) => (await fetch(`/research/${name}.js`)).text();
  const sources = await Promise.all(files.map(text));
  const used = sources.flatMap((source) => [...source.matchAll(/\\bt\\("([a-z_.]+)"/g)].map((each) => each[1]));
  const said = [...document.querySelectorAll("[data-say], [data-say-label]")]
    .map((node) => node.dataset.say ?? node.dataset.sayLabel);
  const filled = (text) => (text.match(/\\{\\w+\\}/g) ?? []).sort().join();
  const differ = ([, [zh, en]]) => !zh || !en || filled(zh) !== filled(en);
  return {
    unknown: [...used, ...said].filter((name) => !Object.hasOwn(TEXTS, name)),
    odd: Object.entries(TEXTS).filter(differ).map(([name]) => name),
    many: used.length,
  };
}"""
HOSTILE = "<script>alert(1)</script> and <b>more</b> of the night"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def research(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ResearchDesk]:
    async with researched(browser, tmp_path_factory.mktemp("research")) as made:
        await cohorts(made.server, COHORTS)
        yield made


async def _go(page: Any, place: str, shown: str) -> None:
    await page.evaluate("(place) => { location.hash = place; }", place)
    await page.locator(shown).first.wait_for()


async def _state(research: ResearchDesk, export_id: str) -> Any:
    row = await Register(research.server.engine.records.store).get(export_id)
    assert row is not None
    return row


async def test_it_takes_both_factors_and_a_role(research: ResearchDesk) -> None:
    await research.hire("chen.lin", "counsellor")
    await research.hire("new.one", "researcher")
    async with research.at(locale="en-US", expected="status of 401") as page:
        await research.give(page, "chen.lin")
        await page.locator("#trouble", has_text="no researcher, supervisor or admin").wait_for()
        assert (await page.request.get(f"{research.server.url}/v1/staff/me")).status == 401
        assert await page.locator("#nav").is_hidden()
        await page.fill("#name", "new.one")
        await page.fill("#password", "not this one at all")
        await page.keyboard.press("Enter")
        await page.locator("#trouble", has_text="is not right").wait_for()
        await research.sign_in(page, "new.one")
        await page.locator("h1", has_text="What is there").wait_for()
        assert await page.evaluate("() => document.cookie") == ""  # no script can read it
        assert await page.evaluate("() => localStorage.length + sessionStorage.length") == 0
        await page.click("#leave")
        await page.locator("#name:focus").wait_for()


async def test_what_is_there_is_told_in_cells_of_eleven_people_at_least(research: ResearchDesk) -> None:
    async with research.at("mei.zhou") as page:
        await page.locator(".tiles").wait_for()
        found = await page.evaluate("async () => (await fetch('/v1/research/overview')).json()")
        extra = sum(people for _, people, _ in COHORTS)
        assert found["totals"]["people"] == (PEOPLE + extra) // 5 * 5  # the others were not asked
        assert (PEOPLE + UNASKED + extra) // 5 * 5 != found["totals"]["people"]
        people = [each["people"] for name in ("languages", "hours", "cohorts", "models") for each in found[name]]
        counted = [each for each in people if each is not None]
        assert counted and min(counted) >= 11 and None in people
        tiles = await page.locator(".tile dd").all_inner_texts()
        assert tiles[0] == f"{found['totals']['people']}+" and tiles[1].startswith(f"{found['totals']['training']}+")

        hidden = [each for each in found["hours"] if each["valence"] is None]
        assert all(each["people"] is None for each in hidden)
        assert await page.locator("#hours circle.gap").count() == len(hidden)
        assert await page.locator("#hours rect.bar").count() == 24 - len(hidden)
        await page.locator("#hours summary").click()
        rows = await page.locator("#hours tbody tr").all_inner_texts()
        assert len(rows) == 24 and sum("少于 11" in row for row in rows) == len(hidden)
        assert "最低在" in str(await page.locator("#hours svg").get_attribute("aria-label"))

        shown = {await row.locator("td").first.inner_text(): row for row in await _rows(page, "#retention")}
        assert "67%" in await shown["60+"].inner_text() and "50%" in await shown["40+"].inner_text()
        assert "%" not in await shown["30+"].inner_text()  # three stayed away: that few are not told of
        assert len(shown) == 3  # five people began four weeks ago
        models = {each["model"]: each["likes"] for each in found["models"]}
        drawn = await page.locator("#ratings svg").get_attribute("aria-label")
        assert all(f"{model}: {likes * 100:.0f}%" in drawn for model, likes in models.items())
        entries = await _audit(research).entries()
        assert any(entry.action == "research.overview" for entry in entries)


async def _rows(page: Any, where: str) -> list[Any]:
    return list(await page.locator(f"{where} tbody tr").all())


def _audit(research: ResearchDesk) -> Audit:
    return research.access.audit


async def test_of_few_people_nothing_is_told(browser: Any, tmp_path: Path) -> None:
    async with researched(browser, tmp_path, agree=10) as few, few.at("mei.zhou", locale="en-US") as page:
        await page.locator(".nothing", has_text="Fewer than 11 people").wait_for()
        assert await page.locator(".tile, svg.plot, tbody").count() == 0
        answer = await page.request.get(f"{few.server.url}/v1/research/overview")
        found = await answer.json()
        assert set(found["totals"].values()) == {None}
        assert {each["people"] for name in ("hours", "cohorts", "languages") for each in found[name]} == {None}


async def test_an_export_is_asked_for_with_keys_alone(research: ResearchDesk) -> None:
    async with research.at("mei.zhou", locale="en-US", expected="status of 409") as page:
        await _go(page, "#/ask", "textarea")
        await page.locator("textarea").focus()
        await page.keyboard.insert_text(HOSTILE)
        await page.keyboard.press("Tab")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Space")  # without the table of turns
        await page.locator("[name=model]").focus()
        await page.keyboard.insert_text("no-such-model")
        await page.locator("[name=use][value=internal]").focus()
        await page.keyboard.press("ArrowRight")  # to be published
        assert await page.input_value("[name=k]") == "11" and await page.locator("[name=crisis_text]").is_disabled()
        await page.locator("#go").press("Enter")
        await page.locator("#trouble", has_text="Fewer than k people").wait_for()
        await page.locator("#language").click()
        assert await page.input_value("textarea") == HOSTILE  # nothing is lost by another language
        assert await page.input_value("[name=model]") == "no-such-model"
        await _go(page, "#/exports", "h1")
        await _go(page, "#/ask", "textarea")  # nor by a look elsewhere
        assert await page.input_value("textarea") == HOSTILE and await page.input_value("[name=k]") == "11"
        assert not await page.locator("[name=formats][value=turns]").is_checked()
        await page.fill("[name=model]", "")
        await page.locator("#go").press("Enter")
        await page.locator(".state-requested").wait_for()
        row = await _state(research, (await page.evaluate("location.hash")).split("/")[-1])
        assert (row.purpose, row.request["formats"], row.request["k"]) == (HOSTILE, ["messages"], 11)
        assert row.request["public"] and row.request["filters"]["model"] is None
        assert await page.locator(".purpose").inner_text() == HOSTILE
        assert await page.locator(".main-part script, .purpose b").count() == 0
        assert await page.locator("[data-key=approve]").count() == 0  # somebody else has to
        await page.locator("[data-key=cancel]").click()
        await page.locator("dialog .danger").click()
        await page.locator(".state-declined").wait_for()
        assert (await _state(research, row.id)).state == "declined"


async def test_a_second_person_agrees_and_the_open_page_of_the_first_follows(research: ResearchDesk) -> None:
    asked = Request(crisis_text=True).to_json()
    made = await research.export(request=asked)
    async with (
        research.at("li.wei", width=820, height=1180) as theirs,
        research.at("mei.zhou", locale="en-US") as page,
    ):
        await _go(page, f"#/export/{made}", ".state-requested")
        await theirs.locator("#count", has_text="1").wait_for()
        assert (await theirs.title()).startswith("(")
        assert await theirs.locator("#to-overview, #to-ask").evaluate_all("all => all.every((one) => one.hidden)")
        await theirs.locator(f'.row[href="#/export/{made}"]').click()
        await theirs.locator("[data-key=approve]").click()
        await theirs.locator("dialog [name=crisis]").check()
        await theirs.locator("dialog .solid").click()
        await theirs.locator(".state-queued").wait_for()
        row = await _state(research, made)
        assert (row.state, row.crisis_text, row.approved_by) == (
            "queued",
            True,
            research.enrolled["li.wei"].staff_id,
        )
        progress = {"stage": "de_identification", "people": 64, "done": 23, "turns": 1800}
        await research.change(made, "queued", "running", progress=progress)
        await page.reload()
        await page.locator("progress").wait_for()
        assert await page.evaluate("() => document.querySelector('progress').position") == pytest.approx(23 / 64)
        assert "De-identification: 23 of 64 people" in await page.locator("#progress-text").inner_text()
        await research.change(made, "running", "running", progress={**progress, "done": 60})
        await page.locator("#progress-text", has_text="60 of 64").wait_for()  # without anybody's doing
        await research.change(made, "running", "failed", failure="leak", finished_at=time.time())
        await page.locator(".trouble", has_text="leak test found").wait_for()
        assert "failed" in await page.locator("#told").inner_text()  # what a screen reader says


async def test_rare_content_is_decided_by_a_human_and_is_never_more_than_text(research: ResearchDesk) -> None:
    made = await research.in_review()
    async with research.at("li.wei", locale="en-US", width=820) as page:
        await _go(page, f"#/export/{made}", ".flag")
        marks = await page.locator(".flag mark").all_text_contents()
        assert marks == [words for _, _, _, words, _ in FLAGS]
        assert await page.locator(".flag img").count() == 0
        places = "(node) => [...node.children].map((each) => each.getBoundingClientRect().x)"
        before, mark, after = await page.locator(".flag-words").nth(2).evaluate(places)
        assert before < mark < after  # what turns the direction round ends with the words
        assert await page.locator("[data-key=send]").is_disabled()
        await page.locator(".flag input[value=keep]").nth(0).focus()
        await page.keyboard.press("Space")
        await page.locator(".flag input[value=mask]").nth(1).check()
        await page.locator("[data-key=send]", has_text="Confirm 2").click()
        await page.locator(".toast", has_text="1 are left").wait_for()
        assert await page.locator(".flag").count() == 1
        await page.locator("[data-key=rest]").click()
        await page.locator("dialog .solid").click()
        await page.locator(".state-queued").wait_for()
        decided = await Register(research.server.engine.records.store).decisions(made)
        assert [decided[f"flag_{number:024x}"] for number in range(3)] == ["keep", "mask", "mask"]


async def test_what_is_published_is_downloaded_by_its_owner_and_shown_with_card_and_risk(
    research: ResearchDesk, tmp_path: Path
) -> None:
    written = Written(people=64, dialogues=480, turns=5210, rows={"messages": 480, "turns": 5210})
    described = card("a1b2", 1, Request(), HOSTILE, written, ["zh", "en"], REPORT, 2).decode()
    line = json.dumps({"messages": [{"role": "user", "content": "〔人名1〕今天来了"}]}, ensure_ascii=False) + "\n"
    files = {"README.md": described, "messages.jsonl": line, "turns.parquet": "-", "manifest.json": "{}"}
    made = await research.published(files)
    async with research.at("mei.zhou", locale="en-US") as page:
        await _go(page, f"#/export/{made}", ".file")
        async with page.expect_download() as caught:
            await page.locator(".file", has_text="messages.jsonl").click()
        download = await caught.value
        assert download.suggested_filename == "messages.jsonl"
        await download.save_as(tmp_path / "got")
        assert (tmp_path / "got").read_text("utf-8") == line
        risk = await page.locator(".risk").inner_text()
        assert all(told in risk for told in ("k = 6, l = 2", "16.7%", "8.0%", "8 people were left out"))
        await page.locator("[data-key=card]").click()
        shown = page.locator(".dataset-card")
        await shown.wait_for()
        text = await shown.inner_text()
        assert HOSTILE in text and "chat_model" in text and await shown.locator("script, b").count() == 0
        assert await shown.locator("tbody tr").count() > 10 and await shown.locator("h3").count() == 1
    async with research.at("li.wei", locale="en-US") as page:
        await _go(page, f"#/export/{made}", ".risk")
        assert await page.locator(".file").count() == 0  # who reads named sessions downloads nothing
        assert "Only the one who asked" in await page.locator("main").inner_text()
    async with research.at("other.one", locale="en-US", expected="status of 404") as page:
        await _go(page, f"#/export/{made}", "main [role=alert]")
        assert "no such export" in await page.locator("main").inner_text()


async def test_whoever_holds_an_old_version_is_told_what_to_delete(research: ResearchDesk) -> None:
    from companion.records.exports import ExportNoticeRow

    newer = await research.published({"manifest.json": "{}"}, version=2)
    old = await research.export(state="superseded")
    values = {"kind": "superseded", "successor": newer, "tombstones": 3, "at": time.time()}

    async def work(session: Any) -> None:
        session.add(ExportNoticeRow(id=f"notice_{old}", export_id=old, staff_id="x", **values))

    await research.server.engine.records.store.transaction(work)
    gone = await research.export(state="expired")
    async with research.at("mei.zhou", locale="en-US") as page:
        await _go(page, f"#/export/{old}", ".notice")
        assert "3 people took their consent back" in await page.locator(".notice").inner_text()
        assert await page.locator(".file, progress, [data-key=cancel]").count() == 0
        await page.locator(".notice a").click()
        await page.locator("h1", has_text=newer.removeprefix("export_")[:8]).wait_for()
        await _go(page, f"#/export/{gone}", ".state-expired")
        assert "Delete your copy too" in await page.locator("#state-hint").inner_text()


@pytest.mark.timeout(180)  # it loads what de-identifies
async def test_one_is_made_from_the_request_to_the_download(research: ResearchDesk, tmp_path: Path) -> None:
    from api.research.exporting import Exporting

    pytest.importorskip("pyarrow", reason="pip install 'companion[research]'")
    server = research.server
    making = Exporting(server.engine.settings, server.engine.records, _audit(research), time.time)
    async with research.at("mei.zhou", locale="en-US") as page, research.at("li.wei", locale="en-US") as theirs:
        await _go(page, "#/ask", "textarea")
        await page.fill("textarea", PURPOSE)
        since = datetime.fromtimestamp(time.time() - 30 * 86_400).strftime("%Y-%m-%d")
        await page.fill("[name=since]", datetime.now().strftime("%Y-%m-%d"))
        await page.locator("#go").click()
        await page.locator("#trouble", has_text="28 days at least").wait_for()
        await page.fill("[name=since]", since)
        await page.fill("[name=min_turns]", "6")
        await page.locator("#go").click()
        await page.locator(".state-requested").wait_for()
        made = (await page.evaluate("location.hash")).split("/")[-1]
        await _go(theirs, f"#/export/{made}", "[data-key=approve]")
        await theirs.locator("[data-key=approve]").click()
        await theirs.locator("dialog .solid").click()
        await theirs.locator(".state-queued").wait_for()
        row = await making.job.next(made)
        assert row is not None and row.state in ("review", "published"), row and row.failure
        if row.state == "review":
            await theirs.reload()
            await theirs.locator("[data-key=rest]").click()
            await theirs.locator("dialog .solid").click()
            await theirs.locator(".state-queued").wait_for()
            row = await making.job.next(made)
        assert row is not None and row.state == "published", row and row.failure
        await page.locator(".state-published").wait_for(timeout=20_000)  # the open page follows
        async with page.expect_download() as caught:
            await page.locator(".file", has_text="messages.jsonl").click()
        await (await caught.value).save_as(tmp_path / "messages.jsonl")
        talks = [json.loads(line) for line in (tmp_path / "messages.jsonl").read_text("utf-8").splitlines()]
        assert len(talks) == row.counts["rows_messages"] > 0 and all(talk["messages"] for talk in talks)
        assert f"k = {row.report['k']}, l = {row.report['l']}" in await page.locator(".risk").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1280, 860), (820, 1180)])
async def test_everybody_can_read_and_reach_it(research: ResearchDesk, scheme: str, width: int, height: int) -> None:
    waiting, done = await research.in_review(), await research.published({"manifest.json": "{}"})
    running = await research.export(state="running", progress={"stage": "package", "people": 64, "done": 3})
    views = {
        "mei.zhou": (
            ("#/overview", ".tiles"),
            ("#/exports", ".row"),
            ("#/ask", "textarea"),
            (f"#/export/{done}", ".file"),
            (f"#/export/{running}", "progress"),
        ),
        "li.wei": (("#/exports", ".row"), (f"#/export/{waiting}", ".flag")),
    }
    faults = []
    for name, places in views.items():
        locale = "zh-CN" if name == "mei.zhou" else "en-US"
        async with research.at(name, locale=locale, width=width, height=height, color_scheme=scheme) as page:
            for place, shown in places:
                await _go(page, place, shown)
                for script in (seen.UNNAMED, seen.SMALL, seen.SIDEWAYS, seen.PALE):
                    faults += [f"{place}: {fault}" for fault in await page.evaluate(script)]
                heads = await page.locator("main h1, main h2").evaluate_all("all => all.map((one) => one.tagName)")
                assert heads[0] == "H1" and heads.count("H1") == 1, place
    assert not faults, "\n".join(faults)


async def test_every_sentence_is_there_in_both_languages(research: ResearchDesk) -> None:
    async with research.at("mei.zhou") as page:
        found = await page.evaluate(SENTENCES)
        assert (found["unknown"], found["odd"]) == ([], []) and found["many"] > 80
