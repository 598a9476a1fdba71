"""How fast a counsellor's desk answers over many talks: queue, session list, timeline, over HTTP by the real server.

The database is filled by `companion seed`: SQLite, and PostgreSQL where COMPANION_TEST_POSTGRES names a server on which
databases can be made. A supervisor and a counsellor (of 30 people) ask, one request after another; each writes its row
of the audit. Value: the worst p95 of queue and session list. There is no peer: nothing open keeps such records.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import numpy as np
import pyotp
import uvloop
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from api.local_server import serving
from api.staff.access import Access
from benchmarks.result import Result
from companion.records import database
from companion.records.audit_head import HEAD_FILE
from companion.records.repository import open_records
from companion.records.staff import Staff
from companion.seeding.writing import Amount, seed
from companion.settings import Settings

_SECRET = "a secret of the benchmark, long enough for HS256"
_LIST_MS, _TIMELINE_MS = 150.0, 250.0
_TIMES, _PAGES, _LONG = 60, 40, 200
_CASELOAD = 30
_FILTERS: tuple[dict[str, Any], ...] = (
    {"level_min": 3},
    {"state": "falling", "incongruence_min": 0.3},
    {"model": "qwen3-4b", "rating": "dislike"},
    {"level_min": 4, "rating": "dislike", "state": "volatile"},
)
_Took = dict[str, list[float]]


def run(sessions: int = 10_000, turns: int = 400_000, folder: Path | None = None) -> Result:
    """Over a database of each kind; folder: where the SQLite one is, or will be, kept (None: for this run only)."""
    amount = Amount(sessions, turns, max(1, sessions // 20))
    with TemporaryDirectory(prefix="companion-bench-") as name:
        found = uvloop.run(_both(folder or Path(name), amount))
    p95 = {
        f"{kind}_{what}": float(np.quantile(took, 0.95)) for kind, all_ in found.items() for what, took in all_.items()
    }
    worst = max(ms for name, ms in p95.items() if "timeline" not in name)
    longest = max((ms for name, ms in p95.items() if "timeline" in name), default=float("inf"))
    n = sum(len(took) for all_ in found.values() for took in all_.values())
    missing = {} if "postgresql" in found else {"note": "COMPANION_TEST_POSTGRES is not set: SQLite only"}
    detail: dict[str, object] = {**p95, "sessions": sessions, "turns": turns, **missing}
    goal = f"p95 of queue and list <= {_LIST_MS:g} ms, of a timeline of {_LONG} turns <= {_TIMELINE_MS:g} ms"
    return Result("desk", worst, "ms", "none", None, goal, worst <= _LIST_MS and longest <= _TIMELINE_MS, n, detail)


async def _both(folder: Path, amount: Amount) -> dict[str, _Took]:
    found = {"sqlite": await _measured(folder / "sqlite", None, amount)}
    if url := os.environ.get("COMPANION_TEST_POSTGRES"):
        async with _own(url) as fresh:
            found["postgresql"] = await _measured(folder / "postgresql", fresh, amount)
    return found


@asynccontextmanager
async def _own(url: str) -> AsyncIterator[str]:
    """A database of our own on the same server; dropped in the end."""
    name = f"companion_bench_{os.getpid()}"
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
        try:
            yield make_url(url).set(database=name).render_as_string(hide_password=False)
        finally:
            await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    await engine.dispose()


async def _measured(folder: Path, url: str | None, amount: Amount) -> _Took:
    folder.mkdir(parents=True, exist_ok=True)
    env = {"COMPANION_DATA_DIR": str(folder)} | ({} if url is None else {"COMPANION_DATABASE__URL": url})
    settings = _settings(env)
    there = url is None and (folder / "companion.db").exists()
    await asyncio.to_thread(database.upgrade, settings.database_url)
    async with open_records(settings) as records:
        access = Access(records, folder / HEAD_FILE)
        if not there:
            begun = time.monotonic()
            days = settings.consent.audio_days
            await seed(records, access.accounts, access.audit, amount, time.time(), audio_days=days)
            print(f"seeded {folder.name} in {time.monotonic() - begun:.0f} s", file=sys.stderr)
        tokens = {role: await _token(access, role) for role in ("supervisor", "counsellor")}
    command = (sys.executable, "-m", "benchmarks.fake_server", str(folder), _SECRET)
    with serving(command, folder / "desk.log", env={**os.environ, **env}) as server:
        took: _Took = defaultdict(list)
        for token in tokens.values():
            headers = {"authorization": f"Bearer {token}"}
            async with httpx.AsyncClient(base_url=f"{server.url}/v1/review", headers=headers, timeout=60) as http:
                await _ask(http, took)
    return took


def _settings(env: dict[str, str]) -> Settings:
    before = dict(os.environ)
    os.environ.update(env)
    try:
        return Settings()
    finally:
        os.environ.clear()
        os.environ.update(before)


async def _token(access: Access, role: str) -> str:
    """Of a new account of this role that has signed in; a counsellor has a caseload."""
    now = time.time()
    hired = await access.accounts.add(f"bench.{role}.{now:.0f}", (role,), now, by="operator")
    assert hired.password is not None
    pending = await access.sign_in.password(hired.name, hired.password, "127.0.0.1", now)
    token, staff = await access.sign_in.second(pending, pyotp.parse_uri(hired.uri).at(int(now)), "127.0.0.1", now)
    if role == "counsellor":
        everybody = await access.caseload.people(Staff(staff.id, staff.name, frozenset(("supervisor",))), now)
        for user_id in everybody[:: max(1, len(everybody) // _CASELOAD)][:_CASELOAD]:
            await access.caseload.add(staff.id, user_id, now, by="operator")
    return token


async def _ask(http: httpx.AsyncClient, took: _Took) -> None:
    long = set[str]()
    for _ in range(_TIMES):
        await _timed(http, took["queue"], "/queue")
        await _timed(http, took["sessions"], "/sessions")
    for wanted in _FILTERS:
        for _ in range(_TIMES // 3):
            await _timed(http, took["sessions_filtered"], "/sessions", **wanted)
    cursor: str | None = None
    for _ in range(_PAGES):
        page = await _timed(
            http, took["sessions_deep"], "/sessions", limit=200, **({"cursor": cursor} if cursor else {})
        )
        long |= {each["id"] for each in page["items"] if each["turns"] >= _LONG}
        if (cursor := page["next"]) is None:
            break
    for _ in range(_TIMES // 3):
        await _timed(http, took["people"], "/people")
    for session_id in sorted(long)[:_TIMES]:
        page = await _timed(http, took["timeline_200"], f"/sessions/{session_id}/turns", limit=_LONG)
        assert len(page["items"]) == _LONG


async def _timed(http: httpx.AsyncClient, took: list[float], path: str, **params: Any) -> Any:
    begun = time.perf_counter()
    answer = await http.get(path, params=params)
    took.append(1000 * (time.perf_counter() - begun))
    answer.raise_for_status()
    return answer.json()


def _main(arguments: Sequence[str]) -> None:
    print(run(folder=Path(arguments[0]) if arguments else None).line())


if __name__ == "__main__":
    _main(sys.argv[1:])
