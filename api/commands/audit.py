"""`companion audit verify | list | head`."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from companion.errors import ConfigurationError
from companion.records.audit import Audit, Entry
from companion.records.audit_head import HEAD_FILE
from companion.settings import Settings

_PROMINENT = ("break_glass", "refused", "staff.refused")
_WHAT = {
    "altered": "was altered, or put in by somebody without the key",
    "missing": "is missing",
    "unlinked": "does not follow the row before it",
    "truncated": "and all after it were cut off",
    "replaced": "is not the row that the signed head saw",
    "no_head": "is the last, but there is no signed head: whether rows were cut off cannot be told",
    "forged_head": "is the last, but the head was not signed with this master key",
}


@click.group()
def audit() -> None:
    """What staff did, and whether that record is whole."""


@audit.command()
@click.option("--head", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A head kept elsewhere.")
def verify(head: Path | None) -> None:
    """Look for rows that were altered, deleted, put in, reordered or cut off. Exit code 1 when there are some."""

    async def work() -> None:
        from companion.records.repository import open_records

        settings = Settings()
        async with open_records(settings) as records:
            kept = head or settings.data_dir / HEAD_FILE
            verdict = await Audit(records.store, records.ring.receipt_key, kept).verify()
        for fault in verdict.faults:
            click.echo(f"row {fault.seq} {_WHAT[fault.kind]}", err=True)
        if not verdict.sound:
            click.echo(f"{verdict.rows} rows read; the audit is NOT whole")
            raise SystemExit(1)
        click.echo(f"{verdict.rows} rows, whole up to row {verdict.last_seq}")

    asyncio.run(work())


@audit.command("list")
@click.option("--about", "user_id", help="Rows about this person.")
@click.option("--by", "name", help="Rows of this member of staff.")
@click.option("--action", help="Such as break_glass.")
@click.option("--last", default=50, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--json", "as_json", is_flag=True)
def list_(user_id: str | None, name: str | None, action: str | None, last: int, as_json: bool) -> None:
    """What staff did, newest last. What was refused and what glass was broken stands out (`!`)."""
    from api.commands.staff import opened

    async def work() -> None:
        async with opened() as access:
            by = None if name is None else (await access.accounts.find(name)).id
            names = {account.id: account.name for account in await access.accounts.accounts()}
            entries = await access.audit.entries(user_id=user_id, staff_id=by, action=action, latest=last)
        for entry in entries:
            click.echo(json.dumps(asdict(entry)) if as_json else _line(entry, names))

    asyncio.run(work())


@audit.command()
def head() -> None:
    """Sign the head and print it, to be kept where nobody of this machine can write."""
    from api.commands.staff import opened

    async def work() -> None:
        settings = Settings()
        async with opened() as access:
            fault = await access.audit.sign_head(access.now())
        if fault is not None:
            raise ConfigurationError(f"the head was not signed: row {fault.seq} {_WHAT[fault.kind]}")
        path = settings.data_dir / HEAD_FILE
        if not path.exists():
            raise ConfigurationError("the audit has no rows yet")
        click.echo(path.read_text("utf-8"))

    asyncio.run(work())


def _line(entry: Entry, names: dict[str, str]) -> str:
    at = datetime.fromtimestamp(entry.at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    mark = "!" if entry.action in _PROMINENT else " "
    about = "" if entry.subject is None else f" person {entry.subject[:12]}"
    what = "" if entry.object_id is None else f" object {entry.object_id[:38]}"
    detail = "".join(f" {name}={str(value)[:38]}" for name, value in entry.detail.items())
    return f"{mark} {entry.seq} {at} {names.get(entry.staff_id, entry.staff_id)} {entry.action}{about}{what}{detail}"
