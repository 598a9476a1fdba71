"""What a server gathers while people come, talk, are cut off, and go: memory, tasks, files, rows of the journal.

Thirty people, each in one session after another of a minute or two, their sockets cut now and then. What a session is
kept by is kept for as short as the settings allow (five minutes), so the run is told in two parts: until that much was
talked the server fills up, and from there on it must not grow. Recordings are kept until a person is erased: one a
turn, and none besides. A run that is shorter than the filling up says only what it has seen.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import uvloop

from api.auth import issue
from api.local_server import Running, serving
from api.realtime.resuming_client import ResumingClient
from benchmarks.result import Result
from benchmarks.spoken_numbers import say

_SECRET = "a secret of the benchmark, long enough for HS256"
_KEPT_S = 300.0  # the least that settings.resume allows
_FILLING_S = _KEPT_S + 90.0  # and the journal is pruned once a minute
_LOOK_S, _REPLY_S = 5.0, 60.0
_SESSION_S, _PAUSE_S, _CUT_S = (60.0, 120.0), (1.0, 4.0), 60.0
_ENV = {
    "COMPANION_RESUME__WINDOW_S": str(_KEPT_S),
    "COMPANION_RESUME__MAX_EVENTS": "1000",
    "COMPANION_RESUME__REATTACH_S": "5",
}
_GROWTH = {"pss_kib": 0.05, "tasks": 0.05, "files": 0.05, "journal_rows": 0.10, "sessions": 0.10}  # at most


def run(minutes: float = 15.0, sessions: int = 30, seed: int = 1) -> Result:
    """Growth from the first to the last third of what follows the filling up."""
    with TemporaryDirectory(prefix="companion-bench-") as name:
        folder = Path(name)
        command = (sys.executable, "-m", "benchmarks.fake_server", "--numbers", str(folder / "data"), _SECRET)
        with serving(command, folder / "soak.log", env={**os.environ, **_ENV}) as server:
            seen, turns, unanswered = uvloop.run(_talk(server, 60 * minutes, sessions, random.Random(seed)))
    filling_s = min(_FILLING_S, 20 * minutes)
    grown = growth([probe for probe in seen if filling_s <= probe["at"] < 60 * minutes + 1])
    none_kept = seen[-1]["spool_files"] == 0  # nobody agreed to keeping recordings
    long_enough = 60 * minutes >= 1.5 * _FILLING_S
    met = long_enough and none_kept and not unanswered and all(grown[name] <= most for name, most in _GROWTH.items())
    detail: dict[str, object] = {
        **{f"{name}_growth": grown[name] for name in _GROWTH},
        **{name: seen[-2][name] for name in _GROWTH},
        "turns": turns,
        "unanswered": unanswered,
        "spool_files": seen[-1]["spool_files"],
        "minutes": minutes,
    }
    if not long_enough:
        detail["note"] = f"too short to tell: {1.5 * _FILLING_S / 60:.0f} minutes at least"
    growths = ", ".join(f"{name} <= {most:.0%}" for name, most in _GROWTH.items())
    goal = f"{growths}; one reply a turn, and no recording left"
    return Result("soak", 100 * grown["pss_kib"], f"% growth of memory, {sessions} sessions", "none", None,
                  goal, met, turns, detail)  # fmt: skip


def growth(seen: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """By which share the median of the last third is above that of the first."""
    third = max(1, len(seen) // 3)
    early, late = seen[:third], seen[-third:]
    return {
        name: statistics.median(probe[name] for probe in late)
        / max(1.0, statistics.median(probe[name] for probe in early))
        - 1
        for name in _GROWTH
    }


async def _talk(
    server: Running, seconds: float, sessions: int, chance: random.Random
) -> tuple[list[dict[str, float]], int, int]:
    """Probes, `at` seconds from the beginning; how many turns were said, and how many of them had no reply."""
    started, seen, numbers = time.monotonic(), list[dict[str, float]](), count(1)
    until = started + seconds
    people = [
        asyncio.create_task(_person(server, f"person-{n}", until, numbers, random.Random(chance.random())))
        for n in range(sessions)
    ]

    async def look() -> None:
        told = (await client.get(f"{server.url}/probe", timeout=30.0)).raise_for_status().json()
        seen.append({**told, "at": time.monotonic() - started})

    # Each look on a connection of its own: the server ends idle ones just as often as it is looked at.
    async with httpx.AsyncClient(limits=httpx.Limits(max_keepalive_connections=0)) as client:
        while time.monotonic() < until:
            await asyncio.sleep(min(_LOOK_S, max(0.0, until - time.monotonic())))
            await look()
        said = await asyncio.gather(*people)
        await asyncio.sleep(1.0)  # the last turns are put on record
        await look()
    turns, unanswered = (sum(each) for each in zip(*said, strict=True))
    return seen, turns, unanswered


async def _person(
    server: Running, user: str, until: float, numbers: count[int], chance: random.Random
) -> tuple[int, int]:
    """How many turns they said, and how many of them had no reply in time."""
    turns = unanswered = 0
    await asyncio.sleep(chance.uniform(0, 3))
    while time.monotonic() < until:
        token, going = issue(_SECRET, user, 7200.0, time.time()), time.monotonic() + chance.uniform(*_SESSION_S)
        async with ResumingClient.connect(server.url, token, seed=chance.getrandbits(32)) as client:
            cutting = asyncio.create_task(_cut(client, random.Random(chance.random())))
            while time.monotonic() < min(going, until):
                speaking = asyncio.create_task(client.speak(say(next(numbers))))
                try:
                    async for _ in client.turn(_REPLY_S):
                        pass
                except TimeoutError:
                    unanswered += 1
                await speaking
                turns += 1
                await asyncio.sleep(chance.uniform(*_PAUSE_S))
            cutting.cancel()
    return turns, unanswered


async def _cut(client: ResumingClient, chance: random.Random) -> None:
    while True:
        await asyncio.sleep(chance.expovariate(1 / _CUT_S))
        client.cut()
