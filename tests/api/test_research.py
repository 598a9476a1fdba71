"""/v1/research by a real server: asked for, agreed to, made in the background, downloaded by one person only."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from api.commands.export import export as export_command
from companion.settings import Research
from tests.api.desk import desk_of
from tests.companion.records.staffing import hire, signed_in
from tests.companion.research.export.people import PURPOSE, crowd, deidentifier

Serve = Callable[..., Any]
NOT_MINE = f"export_{'0' * 32}"


class People:
    """Staff who have signed in, by name."""

    def __init__(self, server: Any, tokens: dict[str, str]) -> None:
        self.server, self.tokens = server, tokens

    async def call(self, who: str, method: str, path: str, status: int = 200, **more: Any) -> Any:
        headers = {"authorization": f"Bearer {self.tokens[who]}"}
        async with httpx.AsyncClient(base_url=f"{self.server.url}/v1/research", headers=headers, timeout=30) as http:
            answer = await http.request(method, path, **more)
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        if status >= 400:
            return answer.json().get("error", {}).get("code")
        return answer.content if "files/" in path else answer.json()

    async def until(self, export_id: str, *states: str) -> dict[str, Any]:
        """The export once it is in one of these states."""
        async with asyncio.timeout(60):
            while True:
                told = await self.call("ruth", "GET", f"/exports/{export_id}")
                if told["state"] in states:
                    return dict(told)
                await asyncio.sleep(0.1)


@asynccontextmanager
async def staffed(serve: Serve, folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[People]:
    monkeypatch.setattr("companion.research.export.job._shipped", deidentifier)
    async with serve(settings={"research": Research(every_s=0.05, sweep_s=0.2)}) as server:
        desk = desk_of(server, folder)
        names = {"ruth": "researcher", "otto": "researcher", "sam": "supervisor", "ada": "admin", "carl": "counsellor"}
        tokens = {name: await signed_in(desk, await hire(desk, name, role)) for name, role in names.items()}
        await crowd(server.engine.records, 6, now=time.time())
        yield People(server, tokens)


async def asked(staff: People, **more: Any) -> str:
    told = await staff.call("ruth", "POST", "/exports", 201, json={"purpose": PURPOSE, **more})
    assert told["state"] == "requested" and told["requested_by"] == "ruth"
    return str(told["id"])


async def published(staff: People, **more: Any) -> dict[str, Any]:
    export_id = await asked(staff, **more)
    await staff.call("sam", "POST", f"/exports/{export_id}/approval", json={})
    told = await staff.until(export_id, "review", "published", "failed")
    if told["state"] == "review":
        await staff.call("ada", "POST", f"/exports/{export_id}/flags", json={"rest": "mask"})
        told = await staff.until(export_id, "published", "failed")
    assert told["state"] == "published", told
    return told


async def test_asked_for_agreed_to_made_and_downloaded(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with staffed(serve, tmp_path, monkeypatch) as staff:
        told = await published(staff, formats=["messages", "sharegpt", "turns"])
        assert told["approved_by"] == "sam" and told["counts"]["people"] == 6 and told["report"]["k"] >= 5
        assert told["files"] == [
            *("messages.jsonl", "sharegpt.jsonl", "turns.parquet", "manifest.json", "README.md", "croissant.json")
        ]
        path = f"/exports/{told['id']}"
        manifest = json.loads(await staff.call("ruth", "GET", f"{path}/files/manifest.json"))
        content = await staff.call("ruth", "GET", f"{path}/files/messages.jsonl")
        assert len(content) == manifest["files"]["messages.jsonl"]["bytes"] and "王建国".encode() not in content
        for who in ("sam", "ada", "carl"):
            assert await staff.call(who, "GET", f"{path}/files/messages.jsonl", 403) == "forbidden"
        for name in ("nothing.txt", "..%2F..%2Fmaster.key", "manifest.json%00"):
            await staff.call("ruth", "GET", f"{path}/files/{name}", 404)
        assert [one["id"] for one in (await staff.call("sam", "GET", "/exports"))["items"]] == [told["id"]]


async def test_somebody_elses_export_is_not_there(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with staffed(serve, tmp_path, monkeypatch) as staff:
        told = await published(staff)
        for export_id in (told["id"], NOT_MINE):
            for method, path in (
                ("GET", f"/exports/{export_id}"),
                ("GET", f"/exports/{export_id}/files/manifest.json"),
                ("POST", f"/exports/{export_id}/cancellation"),
            ):
                assert await staff.call("otto", method, path, 404) == "not_found"
        assert (await staff.call("otto", "GET", "/exports"))["items"] == []
        await staff.call("otto", "POST", f"/exports/{told['id']}/approval", 403, json={})
        await staff.call("carl", "GET", "/exports", 403)


async def test_few_people_are_refused_without_their_number(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with staffed(serve, tmp_path, monkeypatch) as staff:
        for filters in ({"language": "en"}, {"min_turns": 5}):
            body = {"purpose": PURPOSE, "filters": filters}
            assert await staff.call("ruth", "POST", "/exports", 409, json=body) == "too_few_people"
        unfit: dict[str, Any]
        for unfit in (
            {"k": 2},
            {"formats": ["audio"]},
            {"formats": []},
            {"filters": {"user_id": "x"}},
            {"filters": {"since": time.time()}},
            {"public": 1},
        ):
            code = await staff.call("ruth", "POST", "/exports", 400, json={"purpose": PURPOSE, **unfit})
            assert code == "invalid_request"


async def test_a_withdrawal_is_told_to_who_holds_it(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with staffed(serve, tmp_path, monkeypatch) as staff:
        told = await published(staff)
        ids = [line async for line in _users(staff.server)]
        await staff.server.agreed("research", ids[0], given=False)
        old = await staff.until(told["id"], "superseded")
        assert old["files"] == []
        (notice,) = old["notices"]
        assert notice["kind"] == "superseded" and notice["tombstones"] == 1
        await staff.call("ruth", "GET", f"/exports/{told['id']}/files/manifest.json", 404)
        new = await staff.until(notice["successor"], "review", "published", "failed")
        assert new["version"] == 2 and new["state"] in ("published", "review")


async def _users(server: Any) -> AsyncIterator[str]:
    from sqlalchemy import select
    from sqlmodel import col

    from companion.records.tables import UserRow

    async def work(session: Any) -> list[str]:
        return list((await session.execute(select(col(UserRow.id)).order_by(col(UserRow.id)))).scalars())

    for user_id in await server.engine.records.store.transaction(work):
        yield user_id


async def test_what_was_asked_for_can_be_taken_back_or_refused(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with staffed(serve, tmp_path, monkeypatch) as staff:
        first, second = await asked(staff), await asked(staff)
        assert (await staff.call("ruth", "POST", f"/exports/{first}/cancellation"))["state"] == "declined"
        assert (await staff.call("ada", "POST", f"/exports/{second}/refusal"))["state"] == "declined"
        assert await staff.call("sam", "POST", f"/exports/{second}/approval", 409, json={}) == "not_waiting"
        assert await staff.call("sam", "GET", f"/exports/{second}/flags", 409) == "not_waiting"
        for _ in range(5):
            await asked(staff)
        body = {"purpose": PURPOSE}
        assert await staff.call("ruth", "POST", "/exports", 429, json=body) == "too_many_requests"


def test_the_command_asks_agrees_and_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("companion.research.export.job._shipped", deidentifier)
    monkeypatch.setenv("COMPANION_DATA_DIR", str(tmp_path / "data"))
    asyncio.run(_filled())
    run = CliRunner().invoke
    wanted = ["--purpose", PURPOSE, "--out", str(tmp_path / "out"), "--requested-by", "ruth", "--mask-flags"]
    same = run(export_command, [*wanted, "--approved-by", "ruth"])
    assert same.exit_code != 0 and not (tmp_path / "out").exists()
    done = run(export_command, [*wanted, "--approved-by", "sam", "--format", "messages"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("messages.jsonl", "manifest.json", "README.md", "croissant.json")
    }
    assert "published" in run(export_command, ["list"]).output
    assert run(export_command, ["run", NOT_MINE]).exit_code != 0
    assert "0 exports changed" in run(export_command, ["sweep"], catch_exceptions=False).output


async def _filled() -> None:
    from api.staff import Access
    from companion.records import database
    from companion.records.repository import open_records
    from companion.settings import Settings

    settings = Settings()
    settings.data_dir.mkdir(parents=True)
    await asyncio.to_thread(database.upgrade, settings.database_url)
    async with open_records(settings) as records:
        desk = Access(records, settings.data_dir / "audit.head")
        for name, role in (("ruth", "researcher"), ("sam", "supervisor")):
            await hire(desk, name, role)
        await desk.sign_head()
        await crowd(records, 6, now=time.time())
