"""`companion seed`."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING

import click

from companion.settings import Settings

if TYPE_CHECKING:
    from companion.seeding.writing import Amount


@click.command()
@click.option("--sessions", default=200, show_default=True, type=click.IntRange(1, 1_000_000))
@click.option("--turns", type=click.IntRange(1), help="Of all sessions together; without it, 40 for each.")
@click.option("--people", type=click.IntRange(1), help="Without it, one for every 20 sessions.")
@click.option("--seed", "number", default=0, show_default=True, help="Another number makes other people.")
@click.option("--force", is_flag=True, help="Although the database holds real people.")
def seed(sessions: int, turns: int | None, people: int | None, number: int, force: bool) -> None:
    """Fill the database with people who never were, for trying the desk out. All their ids begin with `seed`.

    85 % of them agreed that a counsellor reads. What they say is authored; their affect, risk and cases are drawn.
    """
    from companion.seeding.writing import Amount

    amount = Amount(sessions, turns or 40 * sessions, people or max(1, sessions // 20), number)
    asyncio.run(_seed(Settings(), amount, force=force))


async def _seed(settings: Settings, amount: Amount, *, force: bool) -> None:
    from api.staff.access import Access
    from companion.records.audit_head import HEAD_FILE
    from companion.records.repository import open_records
    from companion.seeding.writing import seed

    begun = time.monotonic()

    def done(written: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{written} of {amount.sessions} sessions", nl=False, err=True)

    async with open_records(settings) as records:
        access = Access(records, settings.data_dir / HEAD_FILE)
        days = settings.consent.audio_days
        await seed(
            *(records, access.accounts, access.audit, amount, time.time()), audio_days=days, force=force, done=done
        )
        await access.sign_head()
    took = time.monotonic() - begun
    if sys.stderr.isatty():
        click.echo(err=True)
    click.echo(f"{amount.people} people, {amount.sessions} sessions, {amount.turns} turns in {took:.0f} s")
