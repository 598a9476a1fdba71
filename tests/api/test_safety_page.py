"""/safety: what is published of the protocol, and the commands of the yearly report and of the numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from api.cli import companion
from api.console.safety_page import LANGUAGES, counts, page, preferred
from companion.records import database
from companion.records.counters import Counters
from companion.records.repository import open_records
from companion.safety.counters import COUNTERS
from companion.safety.resources import everything
from companion.settings import Safety, Settings

Serve = Callable[..., Any]


class Read(HTMLParser):
    """A page as a person reads it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text, self.links, self.attributes = "", list[str](), list[str]()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] != "style":
            self.text += data


async def test_it_is_there_for_everybody_in_both_languages_and_without_script(serve: Serve) -> None:
    async with serve(settings={"safety": Safety(region="CN", counsellors=True)}) as server, httpx.AsyncClient() as web:
        for address, headers, language in (
            ("/safety", {}, "zh"),
            ("/safety/", {"Accept-Language": "en-GB,en;q=0.9,zh;q=0.2"}, "en"),
            ("/safety?lang=en", {"Accept-Language": "zh-CN"}, "en"),
            ("/safety/?lang=zh", {"Accept-Language": "en"}, "zh"),
            ("/safety?lang=<script>", {"Accept-Language": "fr"}, "zh"),
        ):
            answer = await web.get(server.url + address, headers=headers)
            assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
            assert answer.headers["content-language"] == language
            assert "Accept-Language" in answer.headers["vary"]
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy and "script-src" not in policy
            read = Read(answer.text)
            assert "script" not in read.tags and not any(name.startswith("on") for name in read.attributes)
            assert "12356" in read.text and "tel:12356" in read.links and "988" not in read.text
            assert ("有危险的时候" in read.text) is (language == "zh")
            assert not [link for link in read.links if link.startswith("http") and "findahelpline" not in link]
            assert answer.headers.get("set-cookie") is None


@pytest.mark.parametrize(
    ("header", "language"),
    [("", "zh"), ("en", "en"), ("en;q=0.5, zh-TW;q=0.7", "zh"), ("fr, en;q=0.1", "en"), ("zh;q=0, en;q=0.3", "en"),
     ("*", "zh"), (";;q=,,", "zh"), ("en;q=0.5,zh;q=0.5", "zh")],
)  # fmt: skip
def test_the_language_is_the_one_that_is_liked_better(header: str, language: str) -> None:
    assert preferred(header) == language


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("region", ["CN", "HK", "TW", "US", "CA", "GB", "IE", "DE", "AU"])
def test_the_numbers_are_all_those_of_the_region_and_no_others(language: str, region: str) -> None:
    read = Read(page(language, Safety(region=region)))
    served = "EU" if region == "DE" else region
    own = {one.number for one in everything().values() if one.region == served and one.number}
    told = {link.removeprefix("tel:") for link in read.links if link.startswith("tel:")}
    assert told == {re.sub(r"\D", "", number) for number in own} and told
    for one in everything().values():
        if one.region == served and one.number:
            assert one.number in read.text
            if one.verified_on is not None:
                assert one.verified_on.isoformat() in read.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_the_region_is_unknown_there_is_no_number(language: str) -> None:
    read = Read(page(language, Safety()))
    assert not [link for link in read.links if link.startswith("tel:")]
    assert "https://findahelpline.com" in read.links


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_what_is_in_force_here_and_not_what_is_not(language: str) -> None:
    staffed = Read(page(language, Safety(region="CN", counsellors=True, sla_s=(60, 120, 240), cool_down_s=7200)))
    alone = Read(page(language, Safety(region="US", notify_url="https://gateway.example")))
    assert "1 / 2 / 4" in staffed.text and "1 / 2 / 4" not in alone.text
    assert re.search(r"平静 2 小时|2 quiet hours", staffed.text)
    none = ("没有值班的咨询师", "no counsellors on duty")[language == "en"]
    assert none in alone.text and none not in staffed.text
    off = ("没有接通通知联系人", "no way to tell contacts")[language == "en"]
    assert off in staffed.text and off not in alone.text
    for read in (staffed, alone):
        assert "{" not in read.text and "}" not in read.text
        assert all(f"\n{level}" in read.text or level in read.text for level in "01234")


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_is_counted_is_published_in_the_readers_language(language: str) -> None:
    listed = counts(language)
    assert len(listed) == len({name.partition(".")[0] for name in COUNTERS}) and all(listed)
    chinese = [bool(re.search("[\u4e00-\u9fff]", line)) for line in listed]
    assert all(chinese) if language == "zh" else not any(chinese)


def run(folder: Path, *arguments: str) -> Any:
    env = {"COMPANION_DATA_DIR": str(folder), "COMPANION_SAFETY__REGION": "CN"}
    return CliRunner().invoke(companion, ["safety", *arguments], env=env, catch_exceptions=False)


async def test_the_yearly_report_has_all_counts_of_the_year_and_nobody(tmp_path: Path) -> None:
    import asyncio

    settings = Settings(data_dir=tmp_path)
    await asyncio.to_thread(database.upgrade, settings.database_url)
    async with open_records(settings) as records:
        await records.ensure_user("xiaoyu", 1.0)
        counters = Counters(records.store)
        for day in (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, 23, 59, tzinfo=UTC)):
            await counters.add(["referrals", "exits", "turns_at_risk.4"], day.timestamp())
        await counters.add(["referrals"], datetime(2025, 12, 31, 23, 59, tzinfo=UTC).timestamp())
        await counters.add(["referrals"], datetime(2027, 1, 1, tzinfo=UTC).timestamp())
    told = await asyncio.to_thread(run, tmp_path, "report", "--year", "2026", "--json")
    assert told.exit_code == 0
    found = json.loads(told.output)
    assert (found["year"], found["from"], found["until"], found["region"]) == (2026, "2026-01-01", "2026-12-31", "CN")
    assert {name: each["n"] for name, each in found["counts"].items() if each["n"]} == {
        "referrals": 2, "exits": 2, "turns_at_risk.4": 2,
    }  # fmt: skip
    assert set(found["counts"]) == set(COUNTERS) and "xiaoyu" not in told.output
    plain = await asyncio.to_thread(run, tmp_path, "report", "--year", "2026")
    assert re.search(r"^ +2  referrals +resources were said aloud", plain.output, re.MULTILINE)
    assert len(plain.output.splitlines()) == len(COUNTERS) + 1
    empty = await asyncio.to_thread(run, tmp_path, "report", "--year", "2024", "--json")
    assert not any(each["n"] for each in json.loads(empty.output)["counts"].values())


def test_the_numbers_are_listed_with_whether_somebody_checked_them(tmp_path: Path) -> None:
    told = run(tmp_path, "numbers", "--json")
    listed = [json.loads(line) for line in told.output.splitlines()]
    assert told.exit_code == 0 and [one["id"] for one in listed] == list(everything())
    for one in listed:
        known = everything()[one["id"]]
        assert one["number"] == (known.number or None) and one["region"] == known.region
        callable_ = bool(known.number or known.url)
        assert (one["state"] == "unverified") is (known.verified_on is None and callable_)
        assert (one["state"] == "advice") is not callable_
        assert (one["verified_on"] is None) is (known.verified_on is None)
    here = run(tmp_path, "numbers", "--region", "cn")
    assert "12356" in here.output and "988" not in here.output and "unverified" in here.output
    assert re.search(r"of \d+ were not checked", here.output)


def test_strict_fails_while_one_of_the_numbers_is_unchecked(tmp_path: Path) -> None:
    unchecked = [one for one in everything().values() if one.region == "CN" and one.verified_on is None]
    assert run(tmp_path, "numbers", "--region", "CN", "--strict").exit_code == (1 if unchecked else 0)


def test_a_region_without_numbers_is_refused_with_what_to_do(tmp_path: Path) -> None:
    from companion.errors import InputError

    with pytest.raises(InputError, match=r"resources\.toml"):
        run(tmp_path, "numbers", "--region", "ZZ")
