"""`companion models list | fetch | verify`."""

from __future__ import annotations

import click

from companion.models.packs import PackStore
from companion.settings import Settings


def needed(settings: Settings) -> list[str]:
    """The packs that the settings name."""
    chat = settings.chat.model if settings.chat.backend != "openai" else ""
    named = (settings.speech.model, chat, settings.turn.completeness or "")
    return [model.removeprefix("pack:") for model in named if model.startswith("pack:")]


@click.group()
def models() -> None:
    """Model packs: what there is, bringing it here, checking it."""


@models.command("list")
def list_packs() -> None:
    """All packs, with their size, licence and whether they are here."""
    store = PackStore(Settings().models)
    for pack in store.manifest.values():
        state = "here" if store.ready(pack.name) else "not here"
        click.echo(f"{pack.name:14} {pack.size / 1e6:7.0f} MB  {pack.licence:10}  {state:8}  {pack.purpose}")


@models.command()
@click.argument("names", nargs=-1)
def fetch(names: tuple[str, ...]) -> None:
    """Bring packs here; without NAMES those that the settings need."""
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    from companion.models.fetch import fetch as bring

    settings = Settings()
    store = PackStore(settings.models)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
    )
    for name in names or needed(settings):
        with Progress(*columns) as bars:
            task = bars.add_task(name)

            def show(what: str, done: int, total: int, task: TaskID = task) -> None:
                bars.update(task, description=what, completed=done, total=total)

            path = bring(store, name, show)
        click.echo(f"{name} is in {path}")


@models.command()
@click.argument("names", nargs=-1)
def verify(names: tuple[str, ...]) -> None:
    """Check the sha256 of packs; without NAMES of those that the settings need. Exit code 1 when one is wrong."""
    settings = Settings()
    store = PackStore(settings.models)
    wrong = {name: files for name in names or needed(settings) if (files := store.wrong_files(name))}
    for name, files in wrong.items():
        click.echo(f"{name}: missing or wrong: {', '.join(files)}; run `companion models fetch {name}`", err=True)
    if wrong:
        raise SystemExit(1)
    click.echo("all files have their hashes")
