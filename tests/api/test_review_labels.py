"""Labels over HTTP: who may ask, two who answer without seeing each other, who settles it, how far they agree."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from tests.api.desk import Counsellor
from tests.api.seeded import filled, pages
from tests.api.test_review_sessions import get

Serve = Callable[..., Any]
SCALE = {"name": "distress", "title_zh": "痛苦", "title_en": "Distress", "kind": "scale", "values": [1, 2, 3]}
FLAG = {"name": "helps", "title_zh": "有用", "title_en": "Helps", "kind": "flag"}
COURSE = {"name": "course", "title_zh": "走向", "title_en": "Course", "kind": "choice", "values": ["好转", "变差"]}


async def put(who: Counsellor, *labels: Any) -> Any:
    return await who.http.put("/label-schema", json={"labels": labels})


async def test_from_the_question_to_the_agreement(serve: Serve, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serve())
        sue = await stack.enter_async_context(Counsellor.at(server, tmp_path, "sue", "supervisor"))
        ann, ben = [await stack.enter_async_context(Counsellor.at(server, tmp_path, name)) for name in ("ann", "ben")]
        await filled(server, sue.desk, 6, 60, 2)
        assert (await get(ann, "/label-schema"))["version"] == 1  # the seed's
        assert (await put(ann, SCALE)).status_code == 403
        answer = await put(sue, SCALE, FLAG, {**COURSE, "per": "session"})
        assert answer.status_code == 200 and answer.json()["version"] == 2
        assert (await get(ann, "/label-schema")) == answer.json()
        assert len((await get(ann, "/label-schema", version=1))["labels"]) == 3
        assert await get(ann, "/label-schema", 404, version=9) == "not_found"

        session = max(await pages(sue.http, "/sessions", 50), key=lambda s: s["turns"])
        ids = [turn["id"] for turn in await pages(sue.http, f"/sessions/{session['id']}/turns", 200)][:8]
        one = f"/turns/{ids[0]}/labels"
        for who in (ann, ben):
            assert await who.post(one, 404, name="helps", value=True) == "not_found"
            await who.cares_for(session["user_id"])
        for body in ({"name": "helps", "value": 1}, {"name": "course", "value": "好转"}, {"name": "no", "value": True}):
            assert await ann.post(one, 400, **body) == "invalid_label"
        assert await ann.post(one, 400, name="helps", value=[1]) == "invalid_request"

        mine = await ann.post(one, name="distress", value=1)
        assert [label["value"] for label in mine["labels"]] == [1] and mine["hidden"] == 0
        unseen = await get(ben, one)
        assert (unseen["labels"], unseen["hidden"]) == ([], 1)
        (turn,) = [t for t in await pages(ben.http, f"/sessions/{session['id']}/turns", 200) if t["id"] == ids[0]]
        assert turn["labels"] == []  # nor does the timeline tell
        assert await sue.post(f"/turns/{ids[0]}/adjudication", 409, name="distress", value=2) == "not_disputed"
        assert await ben.post(f"/turns/{ids[0]}/adjudication", 403, name="distress", value=2) == "forbidden"
        both = await ben.post(one, name="distress", value=3)
        assert [label["value"] for label in both["labels"]] == [1, 3] and both["disputed"] == ["distress"]
        assert await ann.post(one, 409, name="distress", value=3) == "label_final"
        settled = await sue.post(f"/turns/{ids[0]}/adjudication", name="distress", value=2)
        assert [(label["value"], label["adjudicated"]) for label in settled["labels"]][-1] == (2, True)
        assert settled["disputed"] == []
        (turn,) = [t for t in await pages(ben.http, f"/sessions/{session['id']}/turns", 200) if t["id"] == ids[0]]
        assert [label["value"] for label in turn["labels"]] == [1, 3, 2]

        of_session = f"/sessions/{session['id']}"
        await ann.post(f"{of_session}/labels", name="course", value="好转")
        await ben.post(f"{of_session}/labels", name="course", value="变差")
        assert (await get(ann, f"{of_session}/labels"))["disputed"] == ["course"]
        assert (await sue.post(f"{of_session}/adjudication", name="course", value="好转"))["disputed"] == []

        for number, turn_id in enumerate(ids[1:]):
            await ann.post(f"/turns/{turn_id}/labels", name="distress", value=1 + number % 3)
            await ben.post(f"/turns/{turn_id}/labels", name="distress", value=1 + number % 3)
        found = await get(ann, "/labels/agreement", name="distress")
        assert (found["units"], found["reviewers"], found["percent"]) == (8, 2, 87.5)
        assert 0.3 < found["alpha"] < 1 and 0.3 < found["kappa"] < 1 and found["ci95"][0] <= found["alpha"]
        assert (await get(ann, "/labels/agreement", name="helps"))["alpha"] is None
        assert (await get(ann, "/labels/agreement", name="distress", **{"to": 1.0}))["units"] == 0
        assert await get(ann, "/labels/agreement", 404, name="nothing") == "not_found"

        rows = await ann.desk.audit.entries(latest=2000)
        assert {"label.define", "label.add", "label.settle", "label.agreement"} <= {row.action for row in rows}
        assert "变差" not in repr(rows)


async def test_agreement_is_of_people_whom_they_may_see(serve: Serve, tmp_path: Path) -> None:
    async with (
        serve() as server,
        Counsellor.at(server, tmp_path, "sue", "supervisor") as sue,
        Counsellor.at(server, tmp_path, "ann") as ann,
    ):
        await filled(server, sue.desk, 200, 600, 4)  # enough that some sessions were labelled
        assert (await get(sue, "/labels/agreement", name="distress"))["units"] > 0
        assert (await get(ann, "/labels/agreement", name="distress"))["units"] == 0
