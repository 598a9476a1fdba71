"""`companion affect`: how recordings sound and what lines say, for researchers; and training on their own material."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from affect.baseline import Usual, label_free, learn
from affect.fusion import fuse
from affect.labels import EMOTIONS
from affect.speech_emotion import SpeechEmotionClassifier, beside
from affect.types import Affect, Prosody, WordAffect
from api.commands.line_vectors import line_vectors
from companion.audio.decode import decode_file
from companion.errors import AudioError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DEFAULT = "read"
_COMMANDS = {
    "train": ("api.commands.affect_train", "Fit a head on Whisper's encoder to labelled recordings."),
    "weekly": ("api.commands.affect_weekly", "Weeks of one person from readings, one JSON object a line."),
    "rescore": ("api.commands.affect_rescore", "Read kept recordings again with another model, keep both."),
    "train-words": ("api.commands.affect_words", "Fit the head of the classifier of words to the corpus again."),
}


class _Group(click.Group):
    """`companion affect FILE...` reads; the other commands stand beside it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in (*_COMMANDS, "--help"):
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [_DEFAULT, *_COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return super().get_command(ctx, cmd_name)
        module, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), cmd_name.replace("-", "_"))
        return command


@click.group(cls=_Group)
def affect() -> None:
    """How recordings sound and what lines say: `companion affect read --help`. `read` may be left out."""


@affect.command(_DEFAULT)
@click.argument("files", nargs=-1)
@click.option("--text", default=None, help="The words that were said, to read both channels together.")
@click.option(
    "--speaker", default=None, help="All files are this person's, in order: each is heard beside those before."
)
@click.option(
    "--baseline",
    type=click.Choice(["running", "label-free"]),
    default="running",
    show_default=True,
    help="label-free: the usual voice is learnt from all files first.",
)
@click.option("--words", is_flag=True, help="Read lines of text from standard input instead of recordings.")
@click.option(
    "--classifier",
    type=click.Path(file_okay=False, path_type=Path),
    help="Read words with this text-classification directory; default: what COMPANION_WORDS__BACKEND names.",
)
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Draw the only file as a PNG.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a file or line.")
def read(
    files: tuple[str, ...],
    text: str | None,
    speaker: str | None,
    baseline: str,
    words: bool,
    classifier: Path | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    """How recordings of people sound, or what lines of text say.

    Without --speaker every file is a stranger's, heard beside people in general.
    """
    if words:
        if files:
            raise click.UsageError("--words reads standard input: leave the files out")
        lines = sys.stdin.read().splitlines()
        for number, (line, read_words) in enumerate(zip(lines, _words(lines, classifier), strict=True), 1):
            _show({"line": number}, fuse(read_words, None), None, as_json, title=line)
        return
    if classifier is not None and text is None:
        raise click.UsageError("--classifier reads words: give --words or --text")
    if not files:
        raise click.UsageError("give a recording, or --words and lines on standard input")
    if plot is not None and len(files) != 1:
        raise click.UsageError("--plot draws one file")
    said = next(_words([text], classifier)) if text else None
    emotion = _emotion_classifier()
    usual: dict[str, Usual] = {}
    if baseline == "label-free":
        usual = _label_free(files)
    for file in files:
        samples = decode_file(file)
        voice, prosody = _read(file, samples, usual)
        if emotion is not None:
            voice = beside(voice, prosody, emotion.classify(samples))
        fused = fuse(said, voice)
        _show({"file": file}, fused, prosody, as_json, title=file)
        if plot is not None:
            from api.commands.affect_plot import draw

            draw(plot, samples, fused, prosody, usual, title=Path(file).name)
        if speaker is not None and baseline == "running":
            usual = learn(usual, prosody)


def _emotion_classifier() -> SpeechEmotionClassifier | None:
    """The one that COMPANION_EMOTION__BACKEND names, None for the acoustic profiles."""
    from companion.engine import emotion_classifier
    from companion.models.packs import PackStore
    from companion.settings import Settings

    settings = Settings()
    return asyncio.run(emotion_classifier(settings, PackStore(settings.models).locate))


def _read(file: str, samples: NDArray[np.float32], usual: dict[str, Usual]) -> tuple[Any, Prosody]:
    from affect.voice import read_voice
    from companion.speech.vad import speech_share

    try:
        return read_voice(samples, usual, speech_share=speech_share(samples))
    except ValueError as error:
        raise AudioError(f"{file}: {error}") from None


def _label_free(files: Sequence[str]) -> dict[str, Usual]:
    """The usual voice of whoever speaks in all files."""
    from affect.prosody import analyse

    def prosodies() -> Iterator[Prosody]:
        for file in files:
            try:
                yield analyse(decode_file(file))
            except ValueError as error:
                raise AudioError(f"{file}: {error}") from None

    return label_free(prosodies())


def _words(lines: Sequence[str], directory: Path | None) -> Iterator[WordAffect]:
    """The classifier of a directory, or of the settings, over lines; ours with vectors of the default embedder."""
    from companion.engine import words_classifier
    from companion.models.packs import PackStore
    from companion.settings import Settings

    settings = Settings()
    if directory is not None:
        chosen = settings.words.model_copy(update={"backend": "transformers", "model": str(directory)})
        settings = settings.model_copy(update={"words": chosen})
    name, vectors = asyncio.run(line_vectors(lines)) if settings.words.backend == "own" else (None, [None] * len(lines))
    classifier = asyncio.run(words_classifier(settings, name, PackStore(settings.models).locate))
    for line, vector in zip(lines, vectors, strict=True):
        yield classifier.read(line, vector=vector)


def as_dict(affect: Affect) -> dict[str, Any]:
    """A reading as researchers get it; unknown numbers are null, incongruence is 0 where a channel is missing."""
    voice, said, odd = affect.voice, affect.words, affect.incongruence
    return {
        "arousal": _rounded(affect.arousal),
        "valence": _rounded(affect.valence),
        "dominance": _rounded(affect.dominance),
        "label": affect.label,
        "categories": {name: _rounded(affect.categories[name]) for name in (*EMOTIONS, "unknown")},
        "uncertainty": _rounded(affect.uncertainty),
        "incongruence": {
            "score": odd.score if odd else 0.0,
            "kind": odd.kind if odd else None,
            "confidence": odd.confidence if odd else 0.0,
        },
        "evidence": [
            *(voice.evidence if voice else ()),
            *(f"{e} {w:+.2f}" for e, w in (said.evidence if said else ())),
        ],
        "events": list(voice.events) if voice else [],
        "curve": [{n: _rounded(v) for n, v in asdict(stretch).items()} for stretch in voice.curve] if voice else [],
        "baseline": {"n": voice.n if voice else 0, "z": {k: _rounded(z) for k, z in voice.z.items()} if voice else {}},
    }


def _show(
    where: dict[str, Any],
    affect: Affect,
    prosody: Prosody | None,
    as_json: bool,
    *,
    title: str,
) -> None:
    found = as_dict(affect)
    if as_json:
        measured = {} if prosody is None else {"prosody": _prosody(prosody)}
        click.echo(json.dumps({**where, **found, **measured}, ensure_ascii=False))
        return
    click.echo(title)
    top = sorted(((share, name) for name, share in affect.categories.items() if share >= 0.1), reverse=True)
    click.echo(f"  {found['label']}: " + ", ".join(f"{name} {share:.2f}" for share, name in top))
    axes = (
        f"{name} {'unknown' if found[name] is None else format(found[name], '+.2f')}" for name in ("arousal", "valence")
    )
    click.echo("  " + ", ".join([*axes, f"uncertainty {affect.uncertainty:.2f}"]))
    if found["evidence"]:
        click.echo("  evidence " + "; ".join(found["evidence"]))
    if affect.incongruence and affect.incongruence.kind:
        click.echo(f"  voice and words disagree: {affect.incongruence.kind} {affect.incongruence.score:.2f}")
    for stretch in found["curve"]:
        if stretch["arousal"] is not None:
            click.echo(f"  {stretch['start_s']:6.1f}-{stretch['end_s']:.1f} s  arousal {stretch['arousal']:+.2f}")


def _prosody(prosody: Prosody) -> dict[str, Any]:
    return {
        name: value if isinstance(value := getattr(prosody, name), dict | int) else _rounded(value)
        for name in prosody.__dataclass_fields__
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
