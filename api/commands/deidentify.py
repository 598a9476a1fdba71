"""`companion deidentify`: what tells in lines who somebody is; the lines with surrogates; how well it is found."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from companion.errors import ConfigurationError, InputError, ModelUnavailable

if TYPE_CHECKING:
    from companion.research.deidentify import Deidentifier, Span

_DEFAULT = "read"
_COMMANDS = (_DEFAULT, "measure")
_LONGEST = 1_000_000  # characters a line: half a minute


class _Group(click.Group):
    """`companion deidentify` reads; `measure` stands beside it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in (*_COMMANDS, "--help"):
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Group)
def deidentify() -> None:
    """What tells in lines who somebody is: `companion deidentify read --help`. `read` may be left out."""


@deidentify.command(_DEFAULT)
@click.option("--json", "as_json", is_flag=True, help='One JSON object a line: {"spans": [{start, end, type, score}]}.')
@click.option("--dialogue", is_flag=True, help="The lines are the turns of one dialogue.")
@click.option(
    "--realistic", is_flag=True, help="Surrogates that read like names instead of 〔人名1〕; wants --key-file."
)
@click.option(
    "--key-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Secret bytes, 16 or more."
)
@click.option(
    "--known",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='A person\'s dictionary: {"names": [...], "places": [], "bodies": [], "numbers": [], "accounts": []}.',
)
def read(as_json: bool, dialogue: bool, realistic: bool, key_file: Path | None, known: Path | None) -> None:
    """Read lines from standard input. Surrogates are those of one dialogue: who is named twice gets the same one.

    --dialogue reads all lines before it answers: a name told in one line is then known in every other.
    Offsets are code points of the line as it came, end exclusive.
    """
    from companion.research.deidentify import KnownOf, Surrogates

    if realistic and key_file is None:
        raise ConfigurationError("--realistic wants --key-file: 16 random bytes or more, kept apart from the export")
    key = key_file.read_bytes() if key_file is not None else None
    if key is not None and len(key) < 16:
        raise ConfigurationError(f"{key_file}: {len(key)} bytes are too few for a key; 16 or more are wanted")
    dictionary = KnownOf.from_json(known.read_text("utf-8")) if known is not None else None
    finder = _deidentifier()
    surrogates = Surrogates(key if realistic else None)
    each: Iterable[tuple[str, list[Span]]]
    if dialogue:
        turns = list(_lines())
        each = zip(turns, finder.dialogue(turns, dictionary), strict=True)
    else:
        each = ((line, finder.spans(line, dictionary)) for line in _lines())
    for line, spans in each:
        if as_json:
            found = [{"start": s.start, "end": s.end, "type": s.type, "score": round(s.score, 3)} for s in spans]
            click.echo(json.dumps({"spans": found}))
        else:
            _write(surrogates.replaced(line, spans))


@deidentify.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--half", type=click.Choice(["building", "held-out", "all"]), default="all", show_default=True)
@click.option("--misses", "show_misses", is_flag=True, help="Also show what was missed or found in vain.")
@click.option("--generated", "count", default=2000, show_default=True, help="How many identifiers to make up.")
@click.option("--seed", default=7, show_default=True)
def measure(files: tuple[Path, ...], half: str, show_misses: bool, count: int, seed: int) -> None:
    """Recall and precision: of made-up identifiers, and of marked lines ({words|PERSON}) in FILES; lines a second."""
    from companion.research.deidentify.generated import generated
    from companion.research.deidentify.lines import building, held_out, read_lines
    from companion.research.deidentify.measure import HEADER, measured, measured_structured, misses

    finder = _deidentifier()
    click.echo(finder.name)
    if count:
        cases = generated(count, seed)
        started = time.process_time()
        score = measured_structured(cases, finder)
        seconds = time.process_time() - started
        recall, precision = score.recalled / max(1, score.valid), score.right / max(1, score.claimed)
        click.echo(
            f"{len(cases)} made-up identifiers, {score.valid} valid: recall {recall:.4f}, precision {precision:.4f}, "
            f"{len(cases) / seconds:.0f} lines a second of one core"
        )
        if show_misses:
            click.echo("\n".join(score.wrong))
    for path in files:
        try:
            lines = read_lines(path)
        except (ValueError, UnicodeDecodeError) as error:
            raise InputError(f"{path.name}: {error}") from None
        lines = building(lines) if half == "building" else held_out(lines) if half == "held-out" else lines
        started = time.process_time()
        scores = measured(lines, finder)
        speed = len(lines) / max(1e-9, time.process_time() - started)
        click.echo(f"\n{path.name}: {len(lines)} lines, {speed:.0f} a second of one core\n{HEADER}")
        for kind, row in scores.items():
            click.echo(row.row(kind))
        if show_misses:
            click.echo("\n".join(misses(lines, finder)))


def _deidentifier() -> Deidentifier:
    try:
        from companion.research.deidentify import Deidentifier
    except ImportError as error:
        raise ModelUnavailable(f"{error.name} is not installed: pip install 'companion[research]'") from error
    return Deidentifier.shipped()


def _lines() -> Iterator[str]:
    """Lines of standard input, ended by a newline alone; bytes that are no UTF-8 stay as they were."""
    for number, raw in enumerate(sys.stdin.buffer, 1):
        line = raw.decode("utf-8", "surrogateescape").removesuffix("\n").removesuffix("\r")
        if len(line) > _LONGEST:
            raise InputError(f"line {number} has {len(line)} characters; {_LONGEST} are the most: split it")
        yield line


def _write(line: str) -> None:
    sys.stdout.buffer.write(line.encode("utf-8", "surrogateescape") + b"\n")
    sys.stdout.buffer.flush()
