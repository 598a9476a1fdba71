"""`companion train-words`: the head of the words classifier, from the authored corpus."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

import affect.backends
from affect.labels import EMOTIONS
from affect.words.corpus import CORPUS, read_corpus
from affect.words.head import save
from affect.words.scan import default_lexicon, read_lexicon
from affect.words.train import Figures, train
from companion.errors import ConfigurationError

_SHIPPED = Path(affect.backends.__file__).with_name("words.npz")


@click.command("train-words")
@click.option("--corpus", type=click.Path(path_type=Path), default=CORPUS, help="Folder of .tsv files: label, text.")
@click.option("--lexicon", type=click.Path(path_type=Path), default=None, help="Your own expressions beside ours.")
@click.option("--out", type=click.Path(path_type=Path), default=_SHIPPED, help="Where the weights go.")
def train_words(corpus: Path, lexicon: Path | None, out: Path) -> None:
    """Train the words classifier and say how it reads each file of the corpus without having seen it."""
    try:
        lines = read_corpus(corpus)
        expressions = read_lexicon(lexicon) if lexicon else default_lexicon()
    except (OSError, ValueError) as error:
        raise ConfigurationError(str(error)) from None
    with asyncio.Runner() as runner:
        from memory.backends.use import create

        embedder = runner.run(create(None, Path))

        def embed(texts: Sequence[str]) -> NDArray[np.float32]:
            return runner.run(embedder.embed(texts))

        try:
            head, figures = train(lines, embed, embedder=embedder.name, lexicon=expressions)
        except ValueError as error:
            raise ConfigurationError(str(error)) from None
        finally:
            runner.run(embedder.close())
    save(head, out)
    click.echo(
        "left out       lines  macro-F1  misheard  no vector    ECE  " + "  ".join(n[:7].rjust(7) for n in EMOTIONS)
    )
    for row in figures:
        click.echo(_line(row))
    click.echo(f"{out}: {out.stat().st_size / 1024:.0f} KiB, corpus {head.corpus[:12]}")


def _line(row: Figures) -> str:
    by_label = "  ".join(f"{'-':>7}" if row.f1[n] is None else f"{row.f1[n]:7.3f}" for n in EMOTIONS)
    numbers = f"{row.macro_f1:8.3f}  {row.misheard_f1:8.3f}  {row.without_vector_f1:9.3f}  {row.ece:5.3f}"
    return f"{row.source:<13}  {row.lines:5d}  {numbers}  {by_label}"
