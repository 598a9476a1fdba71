"""Fifty people talk while their sockets are cut at random and the server is killed (SIGKILL) again and again.

Every utterance says its number, so what came of it is counted at both ends: in the events that the clients got and in
the records. Nothing may be lost, nothing answered twice, no event missing or told twice after a resume. Models only
sleep; database, spool, journal, sockets and processes are real.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import uvloop
from pydantic import SecretStr

from api.auth import issue
from api.realtime.resuming_client import ResumingClient
from benchmarks.places import ROOT
from benchmarks.result import Result
from benchmarks.spoken_numbers import say
from companion.errors import CompanionError, ServiceError
from companion.records.repository import Turn, open_records
from companion.settings import Auth, Database, Settings

_SECRET = "a secret of the benchmark, long enough for HS256"
_CUT_S = 8.0  # mean time between two cuts of one socket
_REPLY_S = 90.0  # that somebody waits for a reply
_PAUSE_S = (0.5, 3.0)
_NUMBER = re.compile(r"第(\d+)句话")
_ONE_ADDRESS = {"COMPANION_SERVER__SESSIONS_PER_ADDRESS": "100000"}  # everybody comes from there
_STAGES = ("--numbers", "--asr-s", "0.07", "--chat-s", "0.10")


class Process:
    """A server that may be killed and started again, on the same port and folder."""

    def __init__(self, folder: Path, name: str, env: Mapping[str, str]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._env, self._log = {**os.environ, **_ONE_ADDRESS, **env}, folder / f"{name}.log"
        own = (*_STAGES, "--chroma", f"chroma-{name}", str(folder / "data"), _SECRET, str(self.port))
        self._command = (sys.executable, "-m", "benchmarks.fake_server", *own)
        self._running: subprocess.Popen[bytes] | None = None

    async def start(self, within_s: float = 60.0) -> None:
        """Raises CompanionError with the end of its log where it does not answer in time."""
        with self._log.open("ab") as out:
            self._running = subprocess.Popen(self._command, stdout=out, stderr=out, cwd=ROOT, env=self._env)
        until = time.monotonic() + within_s
        async with httpx.AsyncClient() as client:
            while time.monotonic() < until and self._running.poll() is None:
                with suppress(httpx.HTTPError):
                    if (await client.get(f"{self.url}/health", timeout=2.0)).status_code == 200:
                        return
                await asyncio.sleep(0.1)
        raise CompanionError(f"{self._log.stem} did not start:\n{self._log.read_text('utf-8', 'replace')[-2000:]}")

    async def stop(self, how: signal.Signals) -> None:
        """SIGKILL: at once; SIGTERM: as it likes."""
        if self._running is not None:
            self._running.send_signal(how)
            await asyncio.to_thread(self._running.wait)


@dataclass(slots=True)
class _Person:
    """One who talks, and what they were told. said: numbers; items: committed, how often that was told."""

    user_id: str
    said: list[int] = field(default_factory=list)
    sessions: set[str] = field(default_factory=set)
    items: Counter[str] = field(default_factory=Counter)
    heard: dict[str, str] = field(default_factory=dict)  # item -> transcript
    done: Counter[str] = field(default_factory=Counter)  # response -> how often it ended completed
    errors: Counter[str] = field(default_factory=Counter)  # by code
    waited_in_vain: int = 0
    resumes: int = 0
    restarts: int = 0
    gaps: int = 0
    doubles: int = 0
    gave_up: str = ""

    async def talk(
        self,
        urls: Sequence[str],
        numbers: count[int],
        until: float,
        chance: random.Random,
        clients: set[ResumingClient],
    ) -> None:
        """Say one thing after another, waiting for each reply, until then."""
        token = issue(_SECRET, self.user_id, 3600.0, time.time())
        async with ResumingClient.connect(urls, token, within_s=120.0, seed=chance.getrandbits(32)) as client:
            clients.add(client)
            answered = asyncio.Event()
            listening = asyncio.create_task(self._listen(client, answered))
            try:
                await asyncio.sleep(chance.uniform(0, 3))
                while time.monotonic() < until and not listening.done():
                    answered.clear()
                    self.said.append(next(numbers))
                    await client.speak(say(self.said[-1]))
                    try:
                        async with asyncio.timeout(_REPLY_S):
                            await answered.wait()
                    except TimeoutError:
                        self.waited_in_vain += 1
                    await asyncio.sleep(chance.uniform(*_PAUSE_S))
            finally:
                clients.discard(client)
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)
                self.resumes, self.restarts, self.gaps, self.doubles = (
                    client.resumes, client.restarts, client.gaps, client.doubles,
                )  # fmt: skip

    async def _listen(self, client: ResumingClient, answered: asyncio.Event) -> None:
        try:
            while True:
                self._hear(await client.event(), answered)
        except ServiceError as error:
            self.gave_up = str(error)
            answered.set()

    def _hear(self, event: Mapping[str, Any], answered: asyncio.Event) -> None:
        match event["type"]:
            case "companion.session":
                self.sessions.add(event["session_id"])
            case "error":
                self.errors[event["error"]["code"]] += 1
            case "input_audio_buffer.committed":
                self.items[event["item_id"]] += 1
            case "conversation.item.input_audio_transcription.completed":
                self.heard[event["item_id"]] = event["transcript"]
            case "response.done" if event["response"]["status"] == "completed":
                self.done[event["response"]["id"]] += 1
                answered.set()


@dataclass(frozen=True, slots=True)
class Counts:
    """What went wrong; all of it should be 0.

    lost: said, but on no record. committed_lost: told to be committed, but not on record. doubled: on record twice.
    garbled: on record, but not as it was said. unanswered: on record without a reply. answered_twice: a reply that was
    told to be complete twice, or two of them to one utterance. gaps, doubles: of events. restarts: sessions that could
    not be resumed. gave_up: clients that could not come back.
    """

    lost: int
    committed_lost: int
    doubled: int
    garbled: int
    unanswered: int
    answered_twice: int
    gaps: int
    doubles: int
    restarts: int
    gave_up: int

    @property
    def all(self) -> int:
        """Their sum."""
        return sum(getattr(self, name) for name in self.__slots__)


def counted(people: Sequence[_Person], turns: Mapping[str, Sequence[Turn]]) -> Counts:
    """turns: of each session, as they are on record once the servers have stopped."""
    rows = [turn for of in turns.values() for turn in of]
    on_record = Counter(int(number) for turn in rows for number in _NUMBER.findall(turn.user_text or ""))
    said = [number for person in people for number in person.said]
    ids = {turn.id for turn in rows}
    replies = Counter(turn.response_id for turn in rows if turn.state == "answered")
    return Counts(
        lost=sum(number not in on_record for number in said),
        committed_lost=sum(item not in ids for person in people for item in person.items),
        doubled=sum(times - 1 for times in on_record.values()),
        garbled=sum(not _NUMBER.search(turn.user_text or "") for turn in rows),
        unanswered=sum(turn.state != "answered" for turn in rows),
        answered_twice=sum(times - 1 for person in people for times in person.done.values())
        + sum(times - 1 for times in replies.values())
        + sum(times - 1 for person in people for times in person.items.values()),
        gaps=sum(person.gaps for person in people),
        doubles=sum(person.doubles for person in people),
        restarts=sum(person.restarts for person in people),
        gave_up=sum(bool(person.gave_up) for person in people),
    )


def run(sessions: int = 50, seconds: float = 120.0, kills: int = 5, seed: int = 1) -> Result:
    """One server on SQLite, killed and started again."""
    counts, detail = measure({}, 1, sessions=sessions, seconds=seconds, kills=kills, seed=seed)
    return result("chaos", counts, detail)


def result(name: str, counts: Counts, detail: dict[str, object]) -> Result:
    """The line of a run."""
    peer = "none: pipecat and LiveKit's agents keep nothing of a session that loses its process"
    said = detail["utterances"]
    assert isinstance(said, int)
    return Result(name, float(counts.all), "utterances, replies or events lost or doubled", peer, None,
                  "0 of each", counts.all == 0 and said > 0, said, detail)  # fmt: skip


def measure(
    env: Mapping[str, str], replicas: int, *, sessions: int, seconds: float, kills: int, seed: int
) -> tuple[Counts, dict[str, object]]:
    """What went wrong, and how much went on. env: settings of every replica. Raises CompanionError: none starts."""
    with TemporaryDirectory(prefix="companion-bench-") as name:
        return uvloop.run(_measure(Path(name), env, replicas, sessions, seconds, kills, random.Random(seed)))


async def _measure(
    folder: Path,
    env: Mapping[str, str],
    replicas: int,
    sessions: int,
    seconds: float,
    kills: int,
    chance: random.Random,
) -> tuple[Counts, dict[str, object]]:
    servers = [Process(folder, f"server-{n}", env) for n in range(replicas)]
    people = [_Person(f"person-{n}") for n in range(sessions)]
    clients: set[ResumingClient] = set()
    cuts: Counter[str] = Counter()
    async with AsyncExitStack() as stack:
        for server in servers:
            stack.push_async_callback(server.stop, signal.SIGKILL)
            await server.start()
        until, numbers = time.monotonic() + seconds, count(1)
        chaos = asyncio.create_task(_cut(clients, cuts, chance))
        killing = asyncio.create_task(_kill(servers, kills, seconds / (kills + 1)))
        talks = []
        for n, person in enumerate(people):
            urls = [servers[(n + k) % replicas].url for k in range(replicas)]
            talks.append(person.talk(urls, numbers, until, random.Random(chance.random()), clients))
        try:
            await asyncio.gather(*talks)
            await killing
        finally:
            chaos.cancel()
            killing.cancel()
            await asyncio.gather(chaos, killing, return_exceptions=True)
        for server in servers:
            await server.stop(signal.SIGTERM)
    turns = await _on_record(folder / "data", env, people)
    counts = counted(people, turns)
    further: dict[str, object] = {
        **{name: getattr(counts, name) for name in Counts.__slots__},
        "utterances": sum(len(person.said) for person in people),
        "sessions": sessions,
        "cuts": cuts["cut"],
        "kills": kills,
        "resumes": sum(person.resumes for person in people),
        "waited_in_vain": sum(person.waited_in_vain for person in people),
    }
    if errors := sum((person.errors for person in people), Counter[str]()):
        further["errors"] = dict(errors)
    if reasons := {person.gave_up for person in people if person.gave_up}:
        further["why"] = "; ".join(sorted(reasons))
    return counts, further


async def _cut(clients: set[ResumingClient], cuts: Counter[str], chance: random.Random) -> None:
    while True:
        await asyncio.sleep(chance.expovariate(max(1, len(clients)) / _CUT_S))
        if clients:
            chance.choice(sorted(clients, key=id)).cut()
            cuts["cut"] += 1


async def _kill(servers: Sequence[Process], times: int, every_s: float) -> None:
    for n in range(times):
        await asyncio.sleep(every_s)
        server = servers[n % len(servers)]
        await server.stop(signal.SIGKILL)
        await server.start()


async def _on_record(folder: Path, env: Mapping[str, str], people: Sequence[_Person]) -> dict[str, list[Turn]]:
    database = Database(url=env.get("COMPANION_DATABASE__URL"))
    settings = Settings(data_dir=folder, auth=Auth(secret=SecretStr(_SECRET)), database=database)
    async with open_records(settings) as records:
        turns = {}
        for person in people:
            if person.sessions:
                await records.ring.load(person.user_id)
            for session_id in person.sessions:
                turns[session_id] = list(await records.turns(session_id))
        return turns
