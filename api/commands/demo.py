"""`companion demo`: the main job on real recordings, through a real server. What `make demo` runs."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from api.auth import issue, signing_secret
from api.commands.talk import show
from api.realtime.client import RealtimeClient
from companion.audio.decode import decode_file
from companion.errors import CompanionError, ServiceError
from companion.settings import Settings

_AUDIO = Path(__file__).resolve().parents[2] / "examples" / "audio"
_START_S = 120.0


@dataclass(frozen=True, slots=True)
class _Session:
    """One session: who, in which language, and what they say; a name that ends in .wav is a recording."""

    user: str
    title: str
    turns: tuple[str, ...]
    recalls: str | None = None


SCRIPT = (
    _Session(
        "xiaoyu",
        "小雨, first session",
        ("我叫小雨，下周三要面试，我有点紧张。", "funasr-asr_example.wav", "aishell-BAC009S0724W0121.wav"),
    ),
    _Session(
        "anna",
        "Anna",
        ("Hi, I'm Anna. I lost my job last week and I can't sleep.", "librispeech-1995-1837-0001.wav"),
    ),
    _Session("xiaoyu", "小雨, second session", ("我回来了，还记得我说过什么吗？",), recalls="面试"),
)


@click.command()
def demo() -> None:
    """Start a server, let two people talk to it in two languages, show what it hears, remembers and answers."""
    with TemporaryDirectory(prefix="companion-demo-") as folder:
        os.environ["COMPANION_DATA_DIR"] = folder
        settings = Settings()
        started = time.monotonic()
        with _server(Path(folder)) as url:
            click.echo(f"server ready after {time.monotonic() - started:.0f} s at {url}")
            for session in SCRIPT:
                token = issue(signing_secret(settings), session.user, 600.0, time.time())
                asyncio.run(_play(url, token, session))
    click.echo(f"\ndone in {time.monotonic() - started:.0f} s")


async def _play(url: str, token: str, session: _Session) -> None:
    click.echo(f"\n=== {session.title} ===")
    remembered: list[str] = []
    async with RealtimeClient.connect(url, token) as client:
        for said in session.turns:
            click.echo(f"\n--- {said}")
            speaking = None
            if said.endswith(".wav"):
                speaking = asyncio.create_task(client.speak(decode_file(_AUDIO / said)))
            else:
                await client.type(said)
            reply = ""
            async for event in client.turn():
                show(event)
                reply += _delta(event)
                remembered += [m["text"] for m in event.get("used", ())]
            if speaking:
                await speaking
            if not reply.strip():
                raise ServiceError("a turn was left without a reply")
    if session.recalls and not any(session.recalls in text for text in remembered):
        raise ServiceError("the second session did not recall what was said in the first")


def _delta(event: dict[str, Any]) -> str:
    return str(event["delta"]) if event["type"] == "response.output_text.delta" else ""


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    """The real server in a process of its own, on a free loopback port, until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "serve", "--port", str(port)], stdout=out, stderr=subprocess.STDOUT
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(process, url, log)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    import httpx

    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise CompanionError(f"the server did not start:\n{log.read_text('utf-8', 'replace')[-2000:]}")
        try:
            if httpx.get(f"{url}/health", timeout=2.0).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise CompanionError(f"the server was not ready after {_START_S:.0f} s")
