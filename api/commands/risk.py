"""`companion risk`: the level of danger that lines of text show; its own head again; its figures on marked lines."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

import click

from api.commands.line_vectors import line_vectors, timed_line_vectors
from companion.errors import ConfigurationError, InputError
from companion.safety.risk import Risk, RiskReader

_DEFAULT = "read"
_COMMANDS = {_DEFAULT: "", "train": "", "measure": ""}
_SHOWN = 3  # reasons in the table


class _Group(click.Group):
    """`companion risk` reads; the other commands stand beside it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in (*_COMMANDS, "--help"):
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Group)
def risk() -> None:
    """Whether lines show somebody in danger: `companion risk read --help`. `read` may be left out."""


@risk.command(_DEFAULT)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line: level, kinds, reasons, ms.")
@click.option("--head/--rules", default=True, show_default=True, help="Whether the trained head reads the lines too.")
@click.option("--together", is_flag=True, help="The lines are one person's turns, in order, and not by strangers.")
def read(as_json: bool, head: bool, together: bool) -> None:
    """Read lines from standard input. Reasons point to the words by offsets; ms counts embedding too."""
    lines = sys.stdin.read().splitlines()
    without: tuple[None, list[None], float] = (None, [None] * len(lines), 0.0)
    name, vectors, embedding_ms = asyncio.run(timed_line_vectors(lines)) if head else without
    reader = RiskReader(embedder=name)
    before: list[tuple[str, int]] = []
    if not as_json:
        click.echo("level  kinds                 rules")
    for number, (line, vector) in enumerate(zip(lines, vectors, strict=True), 1):
        started = time.perf_counter()
        found = reader.read(line, before=before, vector=vector)
        ms = (time.perf_counter() - started) * 1e3 + embedding_ms
        if together:
            before.append((line, found.level))
        click.echo(json.dumps(_as_dict(number, found, ms)) if as_json else _row(line, found))


@risk.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--everyday", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), default=None, help="Default: the one that ships."
)
def train(files: tuple[Path, ...], everyday: tuple[Path, ...], out: Path | None) -> None:
    """Fit the head to marked lines (level, kind, language, text) beside everyday ones.

    Of a file whose first line speaks of halves only the building half is taken. --everyday: files of "label TAB text",
    or .jsonl with "text", in which nobody is in danger.
    """
    import companion.safety.risk.head as shipped
    from companion.safety.risk.lines import read_everyday, to_build_on
    from companion.safety.risk.train import fit

    try:
        marked = [line for path in files for line in to_build_on(path)]
        plain = [line for path in everyday for line in read_everyday(path)]
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    name, vectors = asyncio.run(line_vectors([line.text for line in (*marked, *plain)]))
    try:
        head, note = fit(marked, plain, vectors, embedder=name)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    path = out or Path(shipped.__file__).with_name("head.npz")
    shipped.save(head, path)
    click.echo(f"{note}\n{path.name}: {path.stat().st_size / 1024:.0f} KiB, corpus {head.corpus[:12]}")


@risk.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--half", type=click.Choice(["building", "held-out", "all"]), default="all", show_default=True)
@click.option("--head/--rules", default=True, show_default=True, help="With the trained head, or without.")
@click.option("--misses", is_flag=True, help="Also show the lines that were read too low or too high.")
def measure(files: tuple[Path, ...], half: str, head: bool, misses: bool) -> None:
    """Recall and false alarms on marked lines (level, kind, language, text), beside a list of keywords."""
    from companion.safety.risk.lines import building, held_out, read_marked
    from companion.safety.risk.measure import measured

    try:
        lines = [line for path in files for line in read_marked(path)]
    except ValueError as error:
        raise InputError(str(error)) from None
    lines = building(lines) if half == "building" else held_out(lines) if half == "held-out" else lines
    name, vectors = asyncio.run(line_vectors([line.text for line in lines])) if head else (None, [None] * len(lines))
    for row in measured(lines, RiskReader(embedder=name), vectors, misses=misses):
        click.echo(row)


def _as_dict(number: int, found: Risk, ms: float) -> dict[str, object]:
    reasons = [
        {"kind": r.kind, "rule": r.rule, "source": r.source, "level": r.level, "span": r.span} for r in found.reasons
    ]
    return {"line": number, "level": found.level, "kinds": list(found.kinds), "reasons": reasons, "ms": round(ms, 2)}


def _row(line: str, found: Risk) -> str:
    rules = " ".join(dict.fromkeys(r.rule for r in found.reasons[:_SHOWN]))
    return f"{found.level:>5}  {','.join(found.kinds):<20}  {rules or '-':<40}  {line}"
