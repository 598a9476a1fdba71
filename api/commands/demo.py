"""`companion demo`: the main job on real recordings, through a real server. What `make demo` runs."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from api.auth import issue, signing_secret
from api.commands.talk import show
from api.local_server import serving
from api.realtime.client import RealtimeClient
from companion.audio.decode import decode_file
from companion.errors import ServiceError
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
        command = (sys.executable, "-m", "api.cli", "serve", "--port")
        with serving(command, Path(folder) / "server.log", start_s=_START_S) as server:
            click.echo(f"server ready after {time.monotonic() - started:.0f} s at {server.url}")
            for session in SCRIPT:
                token = issue(signing_secret(settings), session.user, 600.0, time.time())
                asyncio.run(_play(server.url, token, session))
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
