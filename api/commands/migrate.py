"""`companion migrate`."""

from __future__ import annotations

import click

from companion.records import database
from companion.settings import Settings


@click.command()
@click.option("--to", "revision", default="head", show_default=True, help="The revision to go to.")
@click.option("--down", is_flag=True, help="Go down to that revision (`base`: nothing is left).")
@click.option("--check", is_flag=True, help="Only compare the database with the tables in the code.")
def migrate(revision: str, down: bool, check: bool) -> None:
    """Bring the database to a revision of its schema."""
    settings = Settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    url = settings.database_url
    if check:
        database.check(url)
    elif down:
        database.downgrade(url, revision)
    else:
        database.upgrade(url, revision)
    click.echo("the database is as wanted")
