"""People, their weeks and memories, notes on their sessions, and the deletion of a note by four eyes."""

import io
import json
import time
import zipfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from affect.trajectory import Point
from affect.weekly import weekly
from companion.records.erasure import erase
from companion.review.people import week_means, with_history
from memory.types import Memory, MemoryKind
from tests.api.desk import Counsellor
from tests.api.seeded import filled, pages
from tests.api.test_review_sessions import get

Serve = Callable[..., Any]
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()  # a Wednesday


async def test_the_people_of_a_caseload_and_how_their_weeks_went(serve: Serve, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serve())
        sue = await stack.enter_async_context(Counsellor.at(server, tmp_path, "sue", "supervisor"))
        ann = await stack.enter_async_context(Counsellor.at(server, tmp_path, "ann"))
        await filled(server, sue.desk, 80, 1600, 10)
        everybody = await pages(sue.http, "/people", 3)
        assert len(everybody) == 10 and everybody == await pages(sue.http, "/people", 200)
        last = [person["last_at"] for person in everybody]
        assert last == sorted(last, reverse=True)
        readable = {how: [p for p in everybody if p["readable"] == how] for how in ("agreed", "no")}
        assert readable["agreed"] and readable["no"], "this seed has both"
        for person in readable["no"]:
            assert person["held_level"] is None and set(person["weekly_valence"]) == {None}
            detail = await get(sue, f"/people/{person['user_id']}")
            assert (detail["affect_by_week"], detail["memories"]) == ([], []) and detail["sessions"] > 0
            assert detail["consents"]["counsellor_review"] is not True
        person = readable["agreed"][0]
        detail = await get(sue, f"/people/{person['user_id']}")
        assert detail["sessions"] == person["sessions"] and detail["consents"]["counsellor_review"] is True
        by_week = {week["week_start"]: week for week in detail["affect_by_week"]}
        monday = datetime.now(UTC).date() - timedelta(days=datetime.now(UTC).weekday())
        means = [by_week.get(str(monday - timedelta(weeks=7 - n)), {}).get("valence_mean") for n in range(8)]
        assert person["weekly_valence"] == [m if m is None else pytest.approx(m) for m in means]
        moved = [memory for memory in detail["memories"] if memory["history"]]
        kept = [m for p in readable["agreed"] for m in (await get(sue, f"/people/{p['user_id']}"))["memories"]]
        assert any(memory["history"] for memory in kept) and all(memory["text"] for memory in kept)
        for memory in moved:
            assert memory["valid_to"] is None and memory["history"][0]["valid_to"] == memory["valid_from"]

        assert await pages(ann.http, "/people", 5) == []
        assert await get(ann, f"/people/{person['user_id']}", 404) == "not_found"
        await ann.cares_for(person["user_id"])
        assert await pages(ann.http, "/people", 5) == [person]
        mine = await pages(ann.http, "/sessions", 50)
        assert mine == await pages(sue.http, "/sessions", 50, person=person["user_id"]) and mine
        assert await pages(ann.http, "/sessions", 50, person=everybody[-1]["user_id"]) == []


def test_weeks_of_a_list_are_those_of_the_measure() -> None:
    points = [Point(NOW - 86_400 * 7 + n * 60, 0.1 * n - 0.4, None, 0.1 * (n % 5)) for n in range(9)]
    weights = [1 - p.uncertainty for p in points]
    mean = sum((p.valence or 0) * w for p, w in zip(points, weights, strict=True)) / sum(weights)
    sessions = [
        (points[0].at_s, 9, sum(weights), mean),
        (NOW - 86_400 * 14, 5, 5.0, 0.9),
        (NOW - 86_400 * 70, 9, 9.0, 1.0),
    ]
    means = week_means(sessions, NOW, "UTC")
    assert means[:6] == [None] * 6 and means[7] is None  # five turns are too few; ten weeks ago is too long
    (week,) = weekly([points], 0.0)
    assert week.valence is not None and means[6] == pytest.approx(week.valence.value)


def test_a_week_begins_on_monday_where_the_people_are() -> None:
    sunday_evening_utc = datetime(2026, 11, 22, 17, tzinfo=UTC).timestamp()  # Monday 01:00 in Shanghai
    session = [(sunday_evening_utc, 6, 6.0, 0.5)]
    assert week_means(session, NOW, "Asia/Shanghai")[-1] == 0.5 and week_means(session, NOW, "UTC")[-2] == 0.5


def test_what_took_the_place_of_what() -> None:
    def memory(name: str, since: float, by: str | None = None) -> Memory:
        ended = None if by is None else since + 1
        return Memory(
            id=name, user_id="u", kind=MemoryKind.PROFILE, text=name, valid_from=since, valid_to=ended, superseded_by=by
        )

    chain = [memory("a", 1, "b"), memory("b", 2, "c"), memory("c", 3), memory("lone", 1), memory("orphan", 1, "gone")]
    found = {newest.id: [old.id for old in before] for newest, before in with_history(chain)}
    assert found == {"c": ["b", "a"], "lone": [], "orphan": []}
    assert with_history([memory("x", 1, "y"), memory("y", 2, "x")]) == []  # a ring has no newest, and ends


async def test_a_child_s_own_yes_opens_nothing_and_danger_does(serve: Serve, tmp_path: Path) -> None:
    async def young(user_id: str) -> bool:
        return user_id == "seed0-00000"

    async with serve() as server, Counsellor.at(server, tmp_path, "sue", "supervisor") as sue:
        await filled(server, sue.desk, 8, 60, 2)
        of_child = [s for s in await pages(sue.http, "/sessions", 50) if s["user_id"] == "seed0-00000"]
        assert of_child, "they said yes"
        server.engine.consents.child = young
        server.engine.consents.forget("seed0-00000")
        (child,) = [p for p in await pages(sue.http, "/people", 50) if p["user_id"] == "seed0-00000"]
        assert (child["readable"], child["held_level"]) == ("no", None)
        session_id = of_child[0]["id"]
        assert await pages(sue.http, "/sessions", 3, person="seed0-00000") == []
        assert await get(sue, f"/sessions/{session_id}", 403) == "not_consented"
        await server.engine.records.ring.load("seed0-00000")
        call = {"priority": 1, "sla_s": 60.0, "level": 4, "kinds": ["suicide"], "reasons": ["plan"], "said": "嗯"}
        asked = server.engine.cases.asked(session_id, "seed0-00000", now=time.time(), **call)
        await server.engine.records.store.transaction(asked)
        assert [s["id"] for s in await pages(sue.http, "/sessions", 3, person="seed0-00000")] == [session_id]
        assert (await get(sue, f"/sessions/{session_id}"))["case"]["state"] == "waiting"


async def test_a_note_is_written_read_and_deleted_by_two(serve: Serve, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serve())
        sue, meg = [
            await stack.enter_async_context(Counsellor.at(server, tmp_path, name, "supervisor"))
            for name in ("sue", "meg")
        ]
        ann, ben = [await stack.enter_async_context(Counsellor.at(server, tmp_path, name)) for name in ("ann", "ben")]
        adam = await stack.enter_async_context(Counsellor.at(server, tmp_path, "adam", "admin"))
        await filled(server, sue.desk, 6, 30, 2)
        session = (await pages(sue.http, "/sessions", 50))[0]
        path, turn = f"/sessions/{session['id']}/notes", f"{session['id']}-0000"
        before = await pages(sue.http, path, 50)
        await ann.cares_for(session["user_id"])
        text = "她说周三和妹妹见面 <b>&"
        answer = await ann.http.post(path, json={"text": f"  {text}\n", "turn_id": turn})
        assert answer.status_code == 201, answer.text
        note = answer.json()
        assert (note["text"], note["turn_id"], note["by"]) == (text, turn, {"id": ann.id, "name": "ann"})
        again = (await ann.http.post(path, json={"text": "再想想"})).json()
        assert [n["id"] for n in await pages(sue.http, path, 1)] == [
            *(n["id"] for n in before),
            note["id"],
            again["id"],
        ]
        (shown,) = [t for t in await pages(ann.http, f"/sessions/{session['id']}/turns", 50) if t["id"] == turn]
        assert shown["notes"] == 1 + sum(n["turn_id"] == turn for n in before)
        assert await ann.post(path, 404, text="x", turn_id="of another session") == "not_found"
        for unfit in ("", "   ", "x" * 4001):
            assert await ann.post(path, 400, text=unfit) == "invalid_request"
        assert await ben.post(path, 404, text="not mine") == "not_found"
        assert await get(ben, path, 404) == "not_found"

        token = {"authorization": f"Bearer {server.token(session['user_id'])}"}
        archive = await ann.http.get(f"{server.url}/v1/me/archive", headers=token)
        with zipfile.ZipFile(io.BytesIO(archive.content)) as bundle:
            told = bundle.read("data.json").decode()
        assert text in [row["text"] for row in json.loads(told)["other"]["note"]] and ann.id not in told

        await server.agreed("counsellor_review", session["user_id"], given=False)  # their talks are closed; notes stay
        assert len(await pages(ann.http, path, 50)) == len(before) + 2

        assert await ben.post(f"/notes/{note['id']}/deletion", 404) == "not_found"
        assert await sue.post("/notes/note_0/deletion", 404) == "not_found"
        asked = await sue.http.post(f"/notes/{note['id']}/deletion")
        assert asked.status_code == 201 and asked.json()["kind"] == "note"
        wanted = asked.json()["id"]
        assert [d["id"] for d in (await get(adam, "/deletions"))["items"]] == [wanted]
        assert await get(ann, "/deletions", 403) == "forbidden"
        assert await ann.post(f"/deletions/{wanted}/approval", 403) == "forbidden"
        assert await sue.post(f"/deletions/{wanted}/approval", 403) == "forbidden"  # it was she who asked
        assert await meg.post("/deletions/del_0/approval", 404) == "not_found"
        assert (await meg.post(f"/deletions/{wanted}/approval"))["object_id"] == note["id"]
        assert await meg.post(f"/deletions/{wanted}/approval", 404) == "not_found"
        assert note["id"] not in [n["id"] for n in await pages(ann.http, path, 50)]
        assert (await get(adam, "/deletions"))["items"] == []
        actions = [row.action for row in await sue.desk.audit.entries(user_id=session["user_id"], latest=1000)]
        assert actions[-5:].count("deletion.approve") == 1 and {"note.add", "deletion.request"} <= set(actions)
        assert text not in repr(await sue.desk.audit.entries(latest=1000))
        await sue.desk.sign_head()
        assert (await sue.desk.audit.verify()).sound

        receipt = await erase(server.engine.records, server.engine.memories, session["user_id"], time.time())
        assert receipt.counts["note"] >= 1 and receipt.counts["session_summary"] >= 1
        assert await get(sue, path, 404) == "not_found"
