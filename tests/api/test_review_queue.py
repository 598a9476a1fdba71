"""The queue through the real application: who sees whom, claims at once, lateness, restarts, how fast it is told."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from companion.records.staff import Staff
from tests.api.desk import SAID, Counsellor, asked, desk_of
from tests.companion.records.staffing import hire

Serve = Callable[..., Any]


async def test_a_call_for_a_counsellor_is_on_the_open_page_within_100_ms(serve: Serve, tmp_path: Path) -> None:
    async with serve() as server, Counsellor.at(server, tmp_path) as ann, ann.stream() as stream:
        took = []
        for number in range(5):
            await server.engine.records.ensure_user(f"person{number}", time.time())
            await server.engine.records.start_session(f"s{number}", f"person{number}", time.time())
            begun = time.perf_counter()
            work = server.engine.cases.asked(
                f"s{number}",
                f"person{number}",
                priority=1,
                sla_s=60.0,
                level=4,
                kinds=["suicide"],
                reasons=["plan"],
                said=SAID,
                now=time.time(),
            )
            await server.engine.records.store.transaction(work)
            server.engine.cases.changed(f"s{number}", f"person{number}")
            case = await stream.case()
            took.append(time.perf_counter() - begun)
            assert case["session_id"] == f"s{number}" and case["state"] == "waiting" and case["kinds"] == ["suicide"]
            assert case["said"] is None  # not one of hers, yet
        print(f"asked -> open page: {[f'{s * 1000:.1f} ms' for s in took]}")
        assert sorted(took)[2] < 0.1


async def test_a_case_from_the_call_to_its_end(serve: Serve, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serve())
        ann = await stack.enter_async_context(Counsellor.at(server, tmp_path, "ann"))
        ben = await stack.enter_async_context(Counsellor.at(server, tmp_path, "ben"))
        sue = await stack.enter_async_context(Counsellor.at(server, tmp_path, "sue", "supervisor"))
        pages = [await stack.enter_async_context(who.stream()) for who in (ann, ben, sue)]
        await asked(server, "s0")
        for page, said in zip(pages, (None, None, SAID), strict=True):
            case = await page.case()
            assert (case["said"], case["level"], case["priority"], case["late"]) == (said, 4, 1, False)
        case_id = case["id"]
        assert [c["said"] for c in await ann.queue()] == [None] and await ann.queue("mine") == []
        mine = await ann.post(f"/queue/{case_id}/claim")
        assert mine["said"] == SAID and mine["claimed_by"] == {"id": ann.id, "name": "ann"}
        assert mine["user_id"] == "xiaoyu" and mine["online"] is False
        assert [c["id"] for c in await ann.queue("mine")] == [case_id]
        for page, said in zip(pages, (SAID, None, SAID), strict=True):
            case = await page.case()
            assert (case["state"], case["said"]) == ("claimed", said)
        assert await ben.queue() == [] and [c["state"] for c in await sue.queue()] == ["claimed"]
        assert await ben.post(f"/queue/{case_id}/claim", 409) == "claimed_by_other"
        note = {"note": "夜里可能再打来"}
        for verb, body in (("release", {}), ("resolve", {"outcome": "supported", "level": 1})):
            assert await ben.post(f"/queue/{case_id}/{verb}", 404, **body) == "not_found"
        assert await ann.post(f"/queue/{case_id}/hand-over", 400, to="sue", **note) == "not_a_counsellor"
        assert await ann.post(f"/queue/{case_id}/hand-over", 404, to="nobody", **note) == "not_found"
        theirs = await ann.post(f"/queue/{case_id}/hand-over", to="Ben", **note)
        assert theirs["claimed_by"]["name"] == "ben"
        assert await ann.post(f"/queue/{case_id}/release", 409) == "claimed_by_other"
        assert [(c["said"], c["note"]) for c in await ben.queue("mine")] == [(SAID, note["note"])]
        end = await ben.post(f"/queue/{case_id}/resolve", outcome="referred", level=1, note="转介成功")
        assert (end["state"], end["outcome"], end["level"], end["note"]) == ("resolved", "referred", 1, "转介成功")
        assert end["resolved_at"] is not None and not end["late"]
        assert await ben.post(f"/queue/{case_id}/claim", 409) == "case_closed"
        assert await ben.queue() == [] and [c["id"] for c in await ben.queue("closed")] == [case_id]
        rows = await ann.desk.audit.entries(user_id="xiaoyu")
        acts = [
            (row.action, row.staff_id) for row in rows if row.action.startswith("case.") and "read" not in row.action
        ]
        assert acts == [("case.claim", ann.id), ("case.hand_over", ann.id), ("case.resolve", ben.id)]
        assert ("refused", ben.id) in [(row.action, row.staff_id) for row in rows]
        assert {row.staff_id for row in rows if row.action == "case.read"} == {ann.id, ben.id, sue.id}
        listed = await ann.desk.audit.entries(action="queue.list")
        assert {row.staff_id for row in listed} == {ann.id, ben.id, sue.id}
        everything = repr(await ann.desk.audit.entries(latest=1000))
        assert SAID not in everything and note["note"] not in everything and "xiaoyu" not in everything


async def test_two_counsellors_claim_at_once(serve: Serve, tmp_path: Path) -> None:
    async with (
        serve() as server,
        Counsellor.at(server, tmp_path, "ann") as ann,
        Counsellor.at(server, tmp_path, "ben") as ben,
    ):
        for number in range(5):
            await asked(server, f"s{number}", f"person{number}")
            (case,) = [c for c in await ann.queue() if c["state"] == "waiting"]
            tries = await asyncio.gather(*(who.http.post(f"/queue/{case['id']}/claim") for who in (ann, ben)))
            assert sorted(answer.status_code for answer in tries) == [200, 409]
            won = (ann, ben)[[answer.status_code for answer in tries].index(200)]
            lost = ben if won is ann else ann
            assert [c["id"] for c in await won.queue("mine")][-1:] == [case["id"]]
            assert await lost.desk.caseload.people(
                Staff(lost.id, lost.name, frozenset({"counsellor"})), time.time()
            ) == [
                c["user_id"] for c in sorted(await lost.queue("mine"), key=lambda c: str(c["user_id"]))
            ]  # who lost has not got the person into their caseload


async def test_who_waits_too_long_stands_first_and_pages_follow_one_another(serve: Serve, tmp_path: Path) -> None:
    async with serve() as server, Counsellor.at(server, tmp_path, "sue", "supervisor") as sue:
        now = time.time()
        await asked(server, "s-soon", "a", now=now)
        await asked(server, "s-late", "b", now=now - 901, priority=3, sla_s=900.0, level=2)
        await asked(server, "s-then", "c", now=now, priority=2, sla_s=300.0, level=3)
        items, cursor, sizes = [], None, []
        while True:
            given = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = (await sue.http.get("/queue", params=given)).json()
            items += page["items"]
            sizes.append(len(page["items"]))
            if (cursor := page["next"]) is None:
                break
        assert sizes == [2, 1]
        assert [(c["session_id"], c["late"]) for c in items] == [("s-late", True), ("s-soon", False), ("s-then", False)]
        for wrong in ("%%%", "e30", "WzEsMiwzXQ", "x" * 301, "WzFlMzAwLDEsMSwiYSJd"):
            answer = await sue.http.get("/queue", params={"cursor": wrong})
            assert answer.status_code == 400, wrong
        for wrong in ({"limit": 0}, {"limit": 201}, {"state": "all"}, {"limit": "many"}):
            assert (await sue.http.get("/queue", params=wrong)).status_code == 400, wrong


async def test_cases_survive_a_restart_and_grow_late_meanwhile(serve: Serve, tmp_path: Path) -> None:
    async with serve() as server, Counsellor.at(server, tmp_path, "ann") as ann:
        await asked(server, "s0")
        await asked(server, "s1", "max", now=time.time() - 59.0)
        (case,) = [c for c in await ann.queue() if c["session_id"] == "s0"]
        await ann.post(f"/queue/{case['id']}/claim")
        token = ann.token
    async with serve() as server:
        server.engine.now = lambda: time.time() + 5.0  # the second one's minute ended while nobody served
        again = Counsellor(server, desk_of(server, tmp_path), ann.id, "ann", token)
        async with again.http, again.stream() as stream:
            (late, mine) = await again.queue()
            assert (late["session_id"], late["late"], late["state"]) == ("s1", True, "waiting")
            assert (mine["id"], mine["said"], mine["claimed_by"]["name"]) == (case["id"], SAID, "ann")
            await again.post(f"/queue/{mine['id']}/resolve", outcome="unreachable", level=3)
            assert (await stream.case())["state"] == "resolved"


@pytest.mark.parametrize("role", ["researcher", "admin", None])
async def test_the_queue_is_for_counsellors(serve: Serve, tmp_path: Path, role: str | None) -> None:
    async with serve() as server, Counsellor.at(server, tmp_path, "tom", role or "counsellor") as tom:
        await asked(server, "s0")
        if role is None:
            tom.http.headers.pop("authorization")
        wanted = 401 if role is None else 403
        for path in ("/queue", "/events"):
            assert (await tom.http.get(path)).status_code == wanted
        for verb in ("claim", "release", "hand-over", "resolve"):
            assert (await tom.http.post(f"/queue/risk_{'0' * 32}/{verb}", json={})).status_code == wanted


async def test_what_does_not_fit_is_refused(serve: Serve, tmp_path: Path) -> None:
    async with serve() as server, Counsellor.at(server, tmp_path) as ann:
        await asked(server, "s0")
        (case,) = await ann.queue()
        await ann.post(f"/queue/{case['id']}/claim")
        bad: list[dict[str, Any]] = [
            {},
            {"outcome": "cured", "level": 1},
            {"outcome": "supported", "level": 5},
            {"outcome": "supported", "level": -1},
            {"outcome": "supported", "level": 1, "note": "x" * 4001},
            {"outcome": "supported", "level": "much"},
        ]
        for body in bad:
            assert await ann.post(f"/queue/{case['id']}/resolve", 400, **body) == "invalid_request"
        for strange in ("risk_none", "%00", "risk_%00", "..%2f", "案"):
            for verb in ("claim", "release"):
                assert await ann.post(f"/queue/{strange}/{verb}", 404) == "not_found", strange
        (same,) = await ann.queue()
        assert same["state"] == "claimed"


async def test_a_page_that_may_no_longer_see_is_closed(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.review.events._PING_S", 0.05)
    monkeypatch.setattr("api.review.events._CHECK_S", 0.15)
    async with serve() as server, Counsellor.at(server, tmp_path) as ann, ann.stream() as stream:
        assert (await stream.next())[0] == "ping"
        await ann.desk.accounts.disable("ann", time.time(), by="operator")
        with pytest.raises(EOFError):
            while True:
                assert (await stream.next())[0] == "ping"
        assert (await ann.http.get("/events")).status_code == 401


async def test_a_page_that_does_not_read_is_cut_and_keeps_nobody_waiting(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.review.events._UNREAD", 4)
    async with (
        serve() as server,
        Counsellor.at(server, tmp_path, "ann") as ann,
        ann.stream() as stream,
    ):
        await hire(ann.desk, "ben")
        await asked(server, "s0")
        await stream.case()
        for _ in range(64):  # faster than the page can look them up
            server.engine.cases.changed("s0", "xiaoyu")
        with pytest.raises(EOFError):
            while True:
                await stream.case()
        async with ann.stream() as again:  # it comes back, and follows
            server.engine.cases.changed("s0", "xiaoyu")
            assert (await again.case())["session_id"] == "s0"
