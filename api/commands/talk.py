"""`companion talk`."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable
from typing import Any

import click

from api.auth import issue, signing_secret
from companion.audio.decode import decode_file
from companion.settings import Settings


@click.command()
@click.argument("files", nargs=-1)
@click.option("--text", "texts", multiple=True, help="A typed turn, before the recordings; may be given again.")
@click.option("--url", default=None, help="The server; default: the address in the settings.")
@click.option("--token", default=None, help="A user token; default: one of this machine's own secret.")
@click.option("--user", default="dev", show_default=True, help="Whom that token speaks for.")
@click.option("--json", "as_json", is_flag=True, help="Print every event, one a line.")
@click.option("--fast", is_flag=True, help="Send recordings at once, not as fast as they were spoken.")
def talk(
    files: tuple[str, ...],
    texts: tuple[str, ...],
    url: str | None,
    token: str | None,
    user: str,
    as_json: bool,
    fast: bool,
) -> None:
    """Stream recordings (WAV, FLAC, OGG) to a server as a client, and print what comes back."""
    if not files and not texts:
        raise click.UsageError("give a recording, or --text")
    settings = Settings()
    url = url or f"http://{settings.server.host}:{settings.server.port}"
    token = token or issue(signing_secret(settings), user, 3600.0, time.time())
    recordings = [decode_file(file) for file in files]

    async def run() -> None:
        from api.realtime.client import RealtimeClient

        async with RealtimeClient.connect(url, token) as client:
            for text in texts:
                await client.type(text)
                async for event in client.turn():
                    show(event, as_json)
            for samples in recordings:
                speaking = asyncio.create_task(client.speak(samples, paced=not fast))
                async for event in client.turn():
                    show(event, as_json)
                await speaking

    asyncio.run(run())


def show(event: dict[str, Any], as_json: bool = False) -> None:
    """Print one event: whole, or what a person wants to know of it."""
    if as_json:
        click.echo(json.dumps(event, ensure_ascii=False))
        return
    for line in _lines(event):
        click.echo(line)
    if event["type"] == "response.output_text.delta":
        click.echo(event["delta"], nl=False)


def _lines(event: dict[str, Any]) -> Iterable[str]:
    match event["type"]:
        case "conversation.item.done" if event["item"]["role"] == "user":
            text = event["item"]["content"][0].get("text")
            yield f"typed      {text}" if text else "utterance  committed"
        case "conversation.item.input_audio_transcription.completed":
            yield f"heard      {event['transcript']} [{event['language']}]"
        case "companion.affect":
            known = {k: f"{event[k]:+.2f}" for k in ("valence", "arousal") if event[k] is not None}
            values = " ".join(f"{k} {v}" for k, v in known.items()) or "unknown"
            yield f"affect     {values}, uncertainty {event['uncertainty']:.2f} ({event['status']})"
            yield f"  evidence {'; '.join(event['evidence']) or 'none'}"
            if (odd := event["incongruence"]) and odd["kind"]:
                yield f"  voice and words disagree: {odd['kind']} {odd['score']:.2f}"
        case "companion.memory" if event["saved"]:
            yield "learnt     " + "; ".join(m["text"] for m in event["saved"])
        case "companion.memory":  # what was recalled, told just before the reply begins
            if event["used"]:
                yield "remembered " + "; ".join(m["text"] for m in event["used"])
            yield "reply"
        case "companion.trajectory":
            yield f"trajectory {event['state']}"
        case "response.done":
            yield "" if event["response"]["status"] == "completed" else f" [{event['response']['status']}]"
        case "companion.timings":
            parts = ("asr", "affect", "recall", "compose", "queue", "first_token", "total")
            yield "timings    " + " ".join(f"{p} {event[p]:.3f}" for p in parts if event[p] is not None)
        case "error":
            yield f"error      {event['error']['code']}: {event['error']['message']}"
