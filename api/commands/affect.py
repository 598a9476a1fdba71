"""`companion affect`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from affect.acoustics import learn
from affect.backends.lexicon import LexiconClassifier
from affect.baseline import Usual
from affect.fusion import fuse
from affect.voice import read_voice
from companion.audio.decode import decode_file
from companion.errors import AudioError


@click.command()
@click.argument("files", nargs=-1, required=True)
@click.option("--text", default=None, help="The words that were said, to read both channels together.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a file.")
def affect(files: tuple[str, ...], text: str | None, as_json: bool) -> None:
    """How recordings of one person sound, each beside the usual voice of those before it."""
    usual: dict[str, Usual] = {}
    words = LexiconClassifier().read(text) if text else None
    for file in files:
        samples = decode_file(file)
        try:
            voice, prosody = read_voice(samples, usual)
        except ValueError as error:
            raise AudioError(f"{file}: {error}") from None
        usual = learn(usual, prosody)
        fused = fuse(words, voice)
        if as_json:
            click.echo(
                json.dumps({"file": file, "prosody": asdict(prosody), "affect": asdict(fused)}, ensure_ascii=False)
            )
            continue
        click.echo(file)
        measured = {name: value for name, value in asdict(prosody).items() if value is not None}
        click.echo("  prosody  " + "  ".join(f"{name} {value:.2f}" for name, value in measured.items()))
        arousal = "unknown" if fused.arousal is None else f"{fused.arousal:+.2f}"
        click.echo(
            f"  arousal  {arousal}, uncertainty {fused.uncertainty:.2f}, {voice.n} utterances behind the usual voice"
        )
        click.echo(f"  evidence {'; '.join(voice.evidence)}")
        if fused.incongruence:
            click.echo(f"  voice and words disagree: {fused.incongruence.kind} {fused.incongruence.score:.2f}")
