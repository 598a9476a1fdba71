"""Sessions, timelines, prompts and recordings: who sees what, as long as the person agrees."""

import asyncio
import io
import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

from api.realtime.client import RealtimeClient
from companion.records.staff import Staff
from tests.api.desk import Counsellor, asked
from tests.api.seeded import filled, pages
from tests.api.test_realtime import one_turn, voice

Serve = Callable[..., Any]
SAID = "我今天特别开心"


async def get(who: Counsellor, path: str, status: int = 200, **params: Any) -> Any:
    answer = await who.http.get(path, params=params)
    assert answer.status_code == status, (path, answer.status_code, answer.text)
    return answer.json() if status == 200 else answer.json()["error"]["code"]


async def listed(who: Counsellor) -> dict[str, Any]:
    """The one session that they may read, once its turn is on record."""
    async with asyncio.timeout(10):
        while not (found := (await get(who, "/sessions"))["items"]):
            await asyncio.sleep(0.02)
    (session,) = found
    return dict(session)


async def test_a_spoken_turn_as_a_counsellor_reads_it_until_the_person_says_no(serve: Serve, tmp_path: Path) -> None:
    async with serve() as server, Counsellor.at(server, tmp_path) as ann, Counsellor.at(server, tmp_path, "ben") as ben:
        await server.engine.records.ensure_user("xiaoyu", time.time())
        for purpose in ("audio_retention", "counsellor_review"):
            await server.agreed(purpose)
        await ann.cares_for("xiaoyu")
        async with RealtimeClient.connect(server.url, server.token()) as client:
            await client.speak(voice(), paced=False)
            await one_turn(client)
            session = await listed(ann)
            assert session["online"] and (session["user_id"], session["turns"], session["level"]) == ("xiaoyu", 1, 0)
            assert session["valence_last"] == session["valence_mean"] > 0 and session["models"] == ["fake"]
            assert await get(ann, f"/sessions/{session['id']}") == session
        assert (await get(ben, "/sessions"))["items"] == []
        of_session = f"/sessions/{session['id']}"
        (turn,) = (await get(ann, f"{of_session}/turns"))["items"]
        assert (turn["said"], turn["modality"], turn["state"]) == (SAID, "voice", "answered")
        assert turn["reply"] and turn["audio"]["available"] and 1 < turn["audio"]["seconds"] < 3
        assert turn["affect"]["words"]["evidence"] and turn["affect"]["voice"]["uncertainty"] > 0.5
        assert (
            turn["trajectory"] == "unknown" and turn["arm"] is None and turn["timings"] and turn["strategy"]["reason"]
        )
        assert {"persona", "user"} <= {block["name"] for block in turn["prompt"]["blocks"]}
        prompt = await get(ann, f"/turns/{turn['id']}/prompt")
        assert prompt["id"] == turn["prompt"]["id"] and prompt["messages"][-1]["role"] == "user"
        played = await ann.http.get(f"/turns/{turn['id']}/audio")
        assert played.headers["content-type"] == "audio/wav" and played.headers["cache-control"] == "no-store"
        with wave.open(io.BytesIO(played.content)) as recording:
            assert (recording.getframerate(), recording.getnchannels(), recording.getsampwidth()) == (16_000, 1, 2)
            assert recording.getnframes() / 16_000 == turn["audio"]["seconds"]
        theirs = (of_session, f"{of_session}/turns", f"/turns/{turn['id']}/prompt", f"/turns/{turn['id']}/audio")
        for path in theirs:
            assert await get(ben, path, 404) == "not_found"
            assert await get(ann, path.replace(session["id"], "no").replace(turn["id"], "no"), 404) == "not_found"

        await server.agreed("audio_retention", given=False)
        assert await get(ann, theirs[3], 403) == "not_consented"
        (turn,) = (await get(ann, theirs[1]))["items"]
        assert turn["said"] == SAID and not turn["audio"]["available"]
        await server.agreed("audio_retention")
        assert await get(ann, theirs[3], 404) == "not_found"  # it was deleted when they took it back

        await server.agreed("counsellor_review", given=False)
        assert (await get(ann, "/sessions"))["items"] == []
        for path in theirs:
            assert await get(ann, path, 403) == "not_consented"
        await asked(server, session["id"])  # a life is in danger
        assert [s["case"]["state"] for s in (await get(ann, "/sessions"))["items"]] == ["waiting"]
        assert (await get(ann, theirs[1]))["items"][0]["said"] == SAID
        assert await get(ann, theirs[3], 403) == "not_consented"
        (case,) = await ann.queue()
        await ann.post(f"/queue/{case['id']}/claim")
        await ann.post(f"/queue/{case['id']}/resolve", outcome="supported", level=0)
        assert await get(ann, theirs[1], 403) == "not_consented"
        staff = Staff(ben.id, "ben", frozenset({"counsellor"}))
        await ben.desk.caseload.break_glass(staff, "xiaoyu", "来电称已服药，地址不明，需要看对话", time.time(), hours=1)
        assert (await get(ben, theirs[1]))["items"][0]["said"] == SAID

        rows = await ann.desk.audit.entries(user_id="xiaoyu", latest=1000)
        acts = {(row.action, row.staff_id) for row in rows}
        for act in ("session.read", "timeline.read", "prompt.read", "audio.play", "audio.withheld"):
            assert (act, ann.id) in acts, act
        assert ("timeline.read.withheld", ann.id) in acts and ("refused", ben.id) in acts
        assert not {row.action for row in rows if row.staff_id == ben.id} & {"prompt.read", "audio.play"}
        assert SAID not in repr(rows) and session["id"] not in repr(rows)


async def test_filters_and_pages_over_many_sessions(serve: Serve, tmp_path: Path) -> None:
    async with serve() as server, Counsellor.at(server, tmp_path, "sue", "supervisor") as sue:
        await filled(server, sue.desk, 120, 1500, 8)
        all_ = await pages(sue.http, "/sessions", 7)
        assert 60 < len(all_) < 120  # some people did not agree
        places = [(s["started_at"], s["id"]) for s in all_]
        assert places == sorted(places, reverse=True) and len(set(places)) == len(places)
        assert all_ == await pages(sue.http, "/sessions", 200)
        middle, person = all_[40]["started_at"], all_[0]["user_id"]
        filters: list[tuple[dict[str, Any], Callable[[dict[str, Any]], bool]]] = [
            ({"person": person}, lambda s: s["user_id"] == person),
            ({"from": middle}, lambda s: s["started_at"] >= middle),
            ({"to": middle}, lambda s: s["started_at"] < middle),
            ({"level_min": 1}, lambda s: max(s["level"], s["held_level"]) >= 1),
            ({"incongruence_min": 0.4}, lambda s: (s["incongruence"] or 0) >= 0.4),
            ({"state": "falling"}, lambda s: s["state"] == "falling"),
            ({"model": "qwen3-4b"}, lambda s: "qwen3-4b" in s["models"]),
            ({"model": "qwen3-4%"}, lambda s: False),
            ({"rating": "like"}, lambda s: s["likes"] > 0),
            ({"rating": "dislike", "level_min": 1}, lambda s: s["dislikes"] > 0 and s["level"] >= 1),
        ]
        for params, wanted in filters:
            expected = [s["id"] for s in all_ if wanted(s)]
            assert [s["id"] for s in await pages(sue.http, "/sessions", 5, **params)] == expected, params
            assert expected or params in ({"model": "qwen3-4%"}, {"rating": "dislike", "level_min": 1}), params
        longest = max(all_, key=lambda s: s["turns"])
        turns = await pages(sue.http, f"/sessions/{longest['id']}/turns", 9)
        assert [turn["index"] for turn in turns] == list(range(longest["turns"]))
        assert turns == await pages(sue.http, f"/sessions/{longest['id']}/turns", 200)
        assert max(turn["risk"]["level"] for turn in turns) == longest["level"]
        flagged = [
            turn for s in all_ if s["level"] for turn in await pages(sue.http, f"/sessions/{s['id']}/turns", 200)
        ]
        spans = [(t["said"][slice(*r["span"])], t) for t in flagged for r in t["risk"]["reasons"]]
        assert spans and all((words and t["answered_by"] == "model") or t["risk"]["level"] > 1 for words, t in spans)
        remembered = [memory for turn in turns for memory in turn["memories"]]
        assert not remembered or all(memory["text"] for memory in remembered)


async def test_nonsense_is_refused_with_a_word_of_what_to_do(serve: Serve, tmp_path: Path) -> None:
    async with serve() as server, Counsellor.at(server, tmp_path, "sue", "supervisor") as sue:
        for params in (
            {"limit": 0},
            {"limit": 201},
            {"cursor": "???"},
            {"cursor": "WzEsMl0"},
            {"cursor": "WzEsIlx1MDAwMCJd"},
            {"state": "happy"},
            {"level_min": 5},
            {"from": "nan"},
            {"person": "a b"},
            {"model": "\x00"},
        ):
            assert await get(sue, "/sessions", 400, **params) in ("invalid_request", "invalid_cursor"), params
        for path in ("/sessions/%00", "/sessions/%00/turns", "/turns/%00/prompt", "/turns/%F0%9F%98%80/audio"):
            assert await get(sue, path, 404) == "not_found"


async def test_words_that_look_like_markup_come_as_the_words_they_are(serve: Serve, tmp_path: Path) -> None:
    said = '<script>alert(1)</script>=HYPERLINK("http://x")"><img src=x onerror=alert(1)>'
    async with serve() as server, Counsellor.at(server, tmp_path, "sue", "supervisor") as sue:
        await server.engine.records.ensure_user("xiaoyu", time.time())
        await server.agreed("counsellor_review")
        async with RealtimeClient.connect(server.url, server.token()) as client:
            await client.type(said)
            await one_turn(client)
        session = await listed(sue)
        answer = await sue.http.get(f"/sessions/{session['id']}/turns")
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["items"][0]["said"] == said
