"""`companion prompt`: what a model read."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import click

from companion.errors import ConfigurationError
from companion.settings import Settings


@click.group()
def prompt() -> None:
    """What the chat model read for a turn, and why."""


@prompt.command()
@click.argument("turn_id")
@click.option("--json", "as_json", is_flag=True, help="All of it as one JSON object.")
def show(turn_id: str, as_json: bool) -> None:
    """The exact prompt of a stored turn: blocks, sizes, hashes and reasons. It shows a person's words."""
    kept = asyncio.run(_kept(turn_id))
    if as_json:
        click.echo(json.dumps(kept, ensure_ascii=False))
        return
    click.echo(f"prompt {kept['id']}")
    for message in kept["messages"]:
        click.echo(f"\n[{message['role']}]\n{message['content']}")
    click.echo("\nblock      tokens  sha256        why")
    for block in kept["blocks"]:
        click.echo(f"{block['name']:<10} {block['tokens']:>6}  {block['sha256'][:12]}  {block['why']}")
    if strategy := kept["strategy"]:
        click.echo(f"\nstrategy: {strategy['stage']} / {strategy['skill']} ({', '.join(strategy['reasons'])})")
    for recalled in kept["recalls"]:
        parts = ", ".join(f"{name} {share:.2f}" for name, share in recalled["reasons"].items() if share)
        terms = f"; words {' '.join(recalled['terms'])}" if recalled["terms"] else ""
        click.echo(f"recalled {recalled['id']}: {recalled['score']:.2f} = {parts}{terms}")


async def _kept(turn_id: str) -> dict[str, Any]:
    from companion.records.repository import open_records

    async with open_records(Settings()) as records:
        found = await records.turn(turn_id)
    if found is None:
        raise ConfigurationError("there is no such turn in this database: give the id of a user item, such as item_...")
    if found[1] is None:
        raise ConfigurationError(
            "this turn has no prompt on record: it was not answered, or another item of the same reply carries it"
        )
    kept: dict[str, Any] = json.loads(found[1])
    return kept
