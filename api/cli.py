"""`companion`: one command, its subcommands loaded when they are called."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from companion.errors import CompanionError

_COMMANDS = {
    "affect": "How recordings sound and what lines say.",
    "deidentify": "What tells in lines who somebody is; surrogates instead.",
    "export": "Research exports: make, list, decide on rare content, look after.",
    "doctor": "What is there, what is missing, and what mends it.",
    "serve": "Load the models and serve.",
    "audit": "What staff did, and whether that record is whole.",
    "bench": "Measure a part beside a named peer.",
    "complaints": "What people complain about: read, answer.",
    "demo": "Two people talk to a real server, in two languages.",
    "talk": "Stream recordings to a server as a client.",
    "memory": "Evaluate, look after and erase what is remembered.",
    "models": "Model packs: list, fetch, verify.",
    "risk": "Whether lines show somebody in danger, and why.",
    "prompt": "What the model read for a turn, and why.",
    "safety": "What was counted over a year; the numbers that people are given.",
    "schema": "The contract, as AsyncAPI, JSON Schema or OpenAPI.",
    "migrate": "Bring the database up to date.",
    "keys": "Keys of whoever issues user tokens: make, list, remove.",
    "seed": "People who never were, for trying the desk out.",
    "staff": "Accounts of staff, and whom they care for.",
    "token": "Issue a user token for development; revoke tokens.",
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"api.commands.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))


@click.group(cls=_Lazy)
def companion() -> None:
    """Backend of a companion that hears how something is said."""


def main() -> None:
    """The console script: an error of ours is one line on stderr and exit code 2."""
    try:
        companion()
    except CompanionError as error:
        click.echo(f"companion: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
