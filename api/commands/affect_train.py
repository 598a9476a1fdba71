"""`companion affect train`."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
from numpy.typing import NDArray

from affect.labels import category
from affect.speech_emotion import EmotionModelError, meant
from companion.errors import AudioError, ConfigurationError, InputError

if TYPE_CHECKING:
    from affect.backends.head_training import Figures

_FEW = 10


@dataclass(frozen=True, slots=True)
class Clip:
    """One line of the manifest. speaker: "" when the manifest names none."""

    file: Path
    label: str
    speaker: str = ""


@click.command()
@click.option("--manifest", type=click.Path(path_type=Path), required=True, help="CSV: file,label[,speaker].")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The head to write, .npz.")
@click.option("--layer", default=3, show_default=True, help="Encoder blocks that the states have passed.")
@click.option("--encoder", default=None, help="pack:NAME or a directory; default: the Whisper of the settings.")
@click.option("--coverage", default=0.9, show_default=True, type=click.FloatRange(0.5, 0.99),
              help="How often the true label shall be in the set that decides whether to answer.")  # fmt: skip
def train(manifest: Path, out: Path, layer: int, encoder: str | None, coverage: float) -> None:
    """Fit an emotion head to your own labelled recordings, on the states of the Whisper that recognises the words."""
    clips = read_manifest(manifest)
    if out.suffix != ".npz" or not out.parent.is_dir():
        raise ConfigurationError(f"--out {out}: give a name that ends in .npz, in a directory that exists")
    for label, count in sorted(Counter(clip.label for clip in clips).items()):
        if count < _FEW:
            click.echo(f"warning: only {count} clips of {label}: figures and head will be unsteady", err=True)
    from affect.backends.head import save
    from affect.backends.head_training import train as fit

    speakers = [clip.speaker for clip in clips] if all(clip.speaker for clip in clips) else None
    if speakers is None:
        click.echo("warning: no speaker for every clip: voices on both sides of the split flatter figures", err=True)
    try:
        pooled, fingerprint = _states(clips, layer, encoder)
        head, figures = fit(
            pooled, [clip.label for clip in clips], speakers, encoder=fingerprint, layer=layer, coverage=coverage
        )
        save(head, out)
    except (EmotionModelError, OSError, ValueError) as error:
        raise ConfigurationError(f"the head cannot be trained: {error}") from error
    click.echo(report(figures))
    click.echo(f"{out} written: set COMPANION_EMOTION__BACKEND=whisper_head and COMPANION_EMOTION__MODEL={out}")


def read_manifest(path: Path) -> list[Clip]:
    """Clips of a manifest, files beside it where they are no absolute paths.

    Raises InputError for what is not a manifest: no file, columns missing, a clip that is not there, a label that means
    no emotion, fewer than two labels.
    """
    if not path.is_file():
        raise InputError(f"{path} is not a file: give a CSV with the columns file,label[,speaker]")
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (UnicodeDecodeError, csv.Error):
        raise InputError(f"{path} is no CSV in UTF-8: save it again as one") from None
    missing = {"file", "label"} - set(rows[0] if rows else ())
    if missing:
        raise InputError(f"{path} lacks the columns {', '.join(sorted(missing))}: the first line names file,label")
    clips = [
        Clip(path.parent / (row["file"] or ""), (row["label"] or "").strip(), (row.get("speaker") or "").strip())
        for row in rows
    ]
    for number, clip in enumerate(clips, 2):
        if not clip.file.is_file():
            raise InputError(f"{path}, line {number}: {clip.file} is not a file")
        if not meant(clip.label) and category(clip.label) == "unknown":
            raise InputError(
                f"{path}, line {number}: the label {clip.label!r} means no emotion that we know: use angry, happy, "
                "sad, fearful, surprised, disgusted, neutral, positive or negative"
            )
    if len({clip.label for clip in clips}) < 2:
        raise InputError(f"{path} has one label only: a head tells at least two apart")
    return clips


def _states(clips: Sequence[Clip], layer: int, encoder: str | None) -> tuple[NDArray[np.float32], str]:
    """Pooled states of every clip, and the encoder's fingerprint."""
    from rich.console import Console
    from rich.progress import track

    from affect.backends.whisper_states import WhisperStates, fingerprint
    from companion.audio.decode import decode_file
    from companion.models.packs import PackStore
    from companion.settings import Settings

    settings = Settings()
    directory = PackStore(settings.models).locate(encoder or settings.speech.model)
    states = WhisperStates.open(str(directory), layer, settings.speech.threads)
    pooled = []
    for clip in track(clips, "reading voices", console=Console(stderr=True)):
        try:
            pooled.append(states.pooled(decode_file(clip.file)))
        except ValueError as error:
            raise AudioError(f"{clip.file}: {error}") from None
    return np.stack(pooled), fingerprint(states.net)


def report(figures: Figures) -> str:
    """Figures as lines to print."""
    kept = "speakers kept apart" if figures.grouped else "speakers not known"
    chance = 1 / len(figures.recalls)
    splits = ", ".join(f"{ua:.2f}" for ua in figures.by_split)
    recalls = ", ".join(f"{label} {recall:.2f}" for label, recall in figures.recalls.items())
    return "\n".join(
        (
            f"cross-validation, {figures.n} clips, {kept}",
            f"  UA        {figures.ua:.3f}  (chance {chance:.3f}; splits {splits})",
            f"  recalls   {recalls}",
            f"  ECE       {figures.ece_raw:.3f} -> {figures.ece:.3f} tempered",
            f"  NLL       {figures.nll_raw:.3f} -> {figures.nll:.3f} tempered  (chance {-math.log(chance):.3f})",
            f"  abstains  {figures.undecided:.0%} of clips",
        )
    )
