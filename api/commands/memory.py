"""`companion memory`: what is remembered, and how well it is found."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import click

from api.commands.memory_upkeep import UPKEEP
from companion.errors import ConfigurationError
from memory.evaluation import Report, evaluate
from memory.evaluation_files import Line, Question, read_memories, read_questions

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("memory")
def memory() -> None:
    """What is remembered of people, and how well it is found."""


@memory.command("eval")
@click.option("--memories", type=_FILE, required=True, help="JSON lines: id, person, text, time, session.")
@click.option("--queries", type=_FILE, required=True, help="JSON lines: person, text, time, evidence, stale.")
@click.option("--k", type=click.IntRange(min=1), default=10, show_default=True, help="How many a query brings back.")
@click.option("--timezone", default="Asia/Shanghai", show_default=True, help="Of times that name none.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def evaluation(memories: Path, queries: Path, k: int, timezone: str, as_json: bool) -> None:
    """Ask each query of its person's memories and say how much of the evidence comes back."""
    try:
        lines, questions = read_memories(memories, timezone), read_questions(queries, timezone)
    except (OSError, ValueError) as error:
        raise ConfigurationError(str(error)) from None
    figures = asyncio.run(_evaluated(lines, questions, k, timezone)).figures()
    if as_json:
        click.echo(json.dumps(figures))
        return
    for name, value in figures.items():
        click.echo(f"{name:<26}{'-' if value is None else value}")


async def _evaluated(lines: list[Line], questions: list[Question], k: int, timezone: str) -> Report:
    from memory.backends.use import create

    embedder = await create(None, Path)
    try:
        return await evaluate(lines, questions, embedder, k=k, timezone=timezone)
    finally:
        await embedder.close()


for _command in UPKEEP:
    memory.add_command(_command)
