"""`companion complaints list | answer`."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from api.staff.access import Access
    from companion.records.complaints import Complaints


@click.group()
def complaints() -> None:
    """What people complain about. Every reading and every answer stands in the audit."""


@complaints.command("list")
@click.option("--all", "everything", is_flag=True, help="Those that were answered too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(everything: bool, as_json: bool) -> None:
    """Those that wait for an answer, oldest first."""

    async def work() -> None:
        async with _opened() as (kept, access):
            found = await kept.read(access.now(), access.audit, everything=everything)
        for each in found:
            if as_json:
                click.echo(json.dumps(asdict(each), ensure_ascii=False))
                continue
            at = datetime.fromtimestamp(each.at, UTC).strftime("%Y-%m-%d %H:%M")
            click.echo(f"{each.id} {at} {each.user_id}{' (answered)' if each.answered_at else ''}")
            for line in each.text.splitlines():
                click.echo("    " + "".join(c for c in line if c.isprintable()))  # nothing that moves a cursor

    asyncio.run(work())


@complaints.command()
@click.argument("complaint_id")
def answer(complaint_id: str) -> None:
    """Tell the person what was done; the words are read from standard input."""
    told = sys.stdin.read()

    async def work() -> None:
        async with _opened() as (kept, access):
            await kept.answer(complaint_id, told, access.now(), access.audit)
        click.echo("answered")

    asyncio.run(work())


@asynccontextmanager
async def _opened() -> AsyncIterator[tuple[Complaints, Access]]:
    from api.staff.access import Access
    from companion.records.audit_head import HEAD_FILE
    from companion.records.complaints import Complaints
    from companion.records.repository import open_records
    from companion.settings import Settings

    settings = Settings()
    async with open_records(settings) as records:
        access = Access(records, settings.data_dir / HEAD_FILE)
        yield Complaints(records.store, records.ring), access
        await access.sign_head()
