"""`companion memory ...` and `companion prompt show`, on what a session left behind."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from api.cli import companion
from api.realtime.client import RealtimeClient
from companion.records.repository import open_records
from companion.settings import Settings
from tests.api.test_memory import saved

Serve = Callable[..., Any]


@pytest.fixture
async def left(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A session is over; the id of its first turn. Commands find the data directory."""
    monkeypatch.setenv("COMPANION_DATA_DIR", str(tmp_path))
    async with serve() as server, RealtimeClient.connect(server.url, server.token("rare-person-id")) as client:
        for text in ("我叫小雨，我的猫叫团子。", "我的猫最近不吃饭"):
            await client.type(text)
            events = [event async for event in client.turn(20)]
            await saved(client, "团子")  # learning comes after the reply
    assert events
    async with open_records(Settings()) as records:
        await records.ring.load("rare-person-id")
        sessions = await records.turns(await _session(records))
    return sessions[-1].id


async def _session(records: Any) -> str:
    from sqlalchemy import select

    from companion.records.tables import SessionRow

    async def work(session: Any) -> str:
        return str((await session.execute(select(SessionRow.id))).scalars().one())

    return await records.store.transaction(work)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(companion, arguments, catch_exceptions=False)


async def test_a_stored_prompt_is_shown_with_its_blocks_and_reasons(left: str) -> None:
    shown = await asyncio.to_thread(run, "prompt", "show", left)
    assert shown.exit_code == 0
    for part in ("[system]", "[user]", "我的猫最近不吃饭", "strategy:", "persona", "recalled mem_"):
        assert part in shown.output
    kept = json.loads((await asyncio.to_thread(run, "prompt", "show", left, "--json")).output)
    assert kept["messages"][0]["role"] == "system" and "我的猫最近不吃饭" in kept["messages"][-1]["content"]
    assert {b["name"] for b in kept["blocks"]} >= {"persona", "history", "affect", "recall", "strategy", "user"}
    assert all(b["why"] and len(b["sha256"]) == 64 for b in kept["blocks"])


async def test_the_index_is_looked_after_and_a_person_erased_to_the_last_byte(left: str, tmp_path: Path) -> None:
    # The server of the test embeds with a fake; the command, with the real one, embeds anew.
    apart = await asyncio.to_thread(run, "memory", "drift")
    assert apart.exit_code == 1 and "missing" in apart.output
    assert (await asyncio.to_thread(run, "memory", "reindex")).exit_code == 0
    assert (await asyncio.to_thread(run, "memory", "drift")).exit_code == 0
    assert (await asyncio.to_thread(run, "memory", "compact")).output == "compacted\n"
    status = await asyncio.to_thread(run, "memory", "status", "--json")
    assert status.exit_code == 0 and json.loads(status.output)["waiting"] == 0
    erased = await asyncio.to_thread(run, "memory", "erase", "rare-person-id", "--yes")
    assert erased.exit_code == 0, erased.output
    receipt = json.loads(erased.output.splitlines()[0])
    assert receipt["counts"]["turns"] == 2 and receipt["counts"]["memories"] >= 2
    assert receipt["counts"]["vectors"] == 2 * receipt["counts"]["memories"]  # those of the test's embedder too
    assert "0 files hold one" in erased.output
    assert [p for p in tmp_path.rglob("*") if p.is_file() and b"rare-person-id" in p.read_bytes()] == []
