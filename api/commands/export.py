"""`companion export`."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from companion.research.export.request import FORMATS, K_INTERNAL, Filters, L, Request
from companion.settings import Settings

if TYPE_CHECKING:
    from api.research import Exporting
    from api.staff import Access
    from companion.records.exports import ExportRow
    from companion.records.staff import Staff

_Work = Callable[["Exporting", "Access"], Awaitable[None]]


@asynccontextmanager
async def _opened() -> AsyncIterator[tuple[Exporting, Access]]:
    from api.research import Exporting
    from api.staff import Access
    from companion.records.audit_head import HEAD_FILE
    from companion.records.repository import open_records

    settings = Settings()
    async with open_records(settings) as records:
        access = Access(records, settings.data_dir / HEAD_FILE)
        yield Exporting(settings, records, access.audit, access.now), access
        await access.sign_head()


def _run(work: _Work) -> None:
    async def main() -> None:
        async with _opened() as (exporting, access):
            await work(exporting, access)

    asyncio.run(main())


@click.group(invoke_without_command=True)
@click.option("--purpose", help="What it is for, in 20 characters or more.")
@click.option("--out", type=click.Path(path_type=Path), help="A folder that is not there yet: the files are put there.")
@click.option("--requested-by", metavar="NAME", help="A researcher's account.")
@click.option("--approved-by", metavar="NAME", help="The account of a supervisor or an admin who has agreed.")
@click.option("--format", "formats", type=click.Choice(FORMATS), multiple=True, help="May be given more than once.")
@click.option("-k", "k", default=K_INTERNAL, show_default=True, help="People at least who look alike.")
@click.option("-l", "l", default=L, show_default=True, help="Levels of risk at least among them.")
@click.option("--public", is_flag=True, help="To be published: k is 11 at least.")
@click.option("--crisis-text", is_flag=True, help="Words of turns in danger too.")
@click.option("--realistic", is_flag=True, help="Made-up names instead of marks.")
@click.option("--since", help="Talks that began on this day or later, YYYY-MM-DD (UTC).")
@click.option("--until", help="Talks that began before this day.")
@click.option("--language")
@click.option("--persona")
@click.option("--model")
@click.option("--rated", type=click.Choice(["like", "dislike"]))
@click.option("--min-turns", default=1, show_default=True)
@click.option("--expires-days", default=90, show_default=True)
@click.option("--key-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="32 bytes at least.")
@click.option("--mask-flags", is_flag=True, help="Mask all rare content instead of waiting for a human.")
@click.pass_context
def export(ctx: click.Context, /, **options: Any) -> None:
    """Exports in which nobody can be recognised. Without a subcommand: ask, agree and make one at once.

    That takes the names of two accounts, and both stand in the audit; where rare content waits for a human, it ends
    with exit code 3 and tells how to go on.
    """
    if ctx.invoked_subcommand is None:
        if missing := [name for name in ("purpose", "out", "requested_by", "approved_by") if not options[name]]:
            raise click.UsageError("give " + ", ".join("--" + name.replace("_", "-") for name in missing))
        if options["out"].exists():
            raise click.UsageError("--out is there already: name a folder that is not")
        _run(lambda exporting, access: _at_once(exporting, access, **options))


async def _at_once(exporting: Exporting, access: Access, **options: Any) -> None:
    asks, agrees = await _staff(access, options["requested_by"]), await _staff(access, options["approved_by"])
    filters = Filters(
        since=_day(options["since"]),
        until=_day(options["until"]),
        **{name: options[name] for name in ("language", "persona", "model", "rated", "min_turns")},
    )
    request = Request(
        formats=options["formats"] or ("messages", "turns"),
        filters=filters,
        **{name: options[name] for name in ("k", "l", "public", "crisis_text", "realistic", "expires_days")},
    )
    row = await exporting.exports.ask(asks, options["purpose"], request)
    if options["key_file"] is not None:
        exporting.job.folders.keys.put(row.lineage, options["key_file"].read_bytes())
    await exporting.exports.approve(agrees, row.id, crisis_text=request.crisis_text)
    await _make(exporting, row.id, agrees if options["mask_flags"] else None)
    for name in exporting.exports.files(await exporting.exports.see(asks, row.id)):
        path = await exporting.exports.download(asks, row.id, name)
        options["out"].mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, options["out"] / name)
    click.echo(f"wrote {options['out']}")


@export.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(as_json: bool) -> None:
    """All exports, newest first."""

    async def work(exporting: Exporting, _: Access) -> None:
        for row in await exporting.job.register.all():
            if as_json:
                told = {"id": row.id, "version": row.version, "state": row.state, "progress": row.progress}
                click.echo(json.dumps({**told, "failure": row.failure, "counts": row.counts}, ensure_ascii=False))
            else:
                click.echo(
                    f"{row.id} v{row.version} {_when(row.requested_at)} {row.state} {row.failure or ''}".rstrip()
                )

    _run(work)


@export.command()
@click.argument("export_id")
def run(export_id: str) -> None:
    """Make an export that was approved, or go on with one that was cut off."""
    _run(lambda exporting, _: _make(exporting, export_id, None))


@export.command()
@click.argument("export_id")
def flags(export_id: str) -> None:
    """Rare content that waits for a human: id, kind and the words, one a line."""

    async def work(exporting: Exporting, _: Access) -> None:
        from companion.research.export.rarities import read_flags

        row = await exporting.job.register.get(export_id)
        if row is None:
            raise click.UsageError("no export has this id: companion export list")
        decided = await exporting.job.register.decisions(row.lineage)
        for flag in read_flags(exporting.job.folders.work(row.id) / "flags.jsonl"):
            shown = "".join(c if c.isprintable() else " " for c in f"{flag.before}[{flag.words}]{flag.after}")
            click.echo(f"{flag.id} {decided.get(flag.id, 'waits')} {flag.kind} {shown}")

    _run(work)


@export.command()
@click.argument("export_id")
@click.option("--by", required=True, metavar="NAME", help="The account of a supervisor or an admin.")
@click.option("--keep", multiple=True, metavar="FLAG", help="Let it pass; may be given more than once.")
@click.option("--rest", type=click.Choice(["mask", "keep"]), default="mask", show_default=True)
def decide(export_id: str, by: str, keep: tuple[str, ...], rest: Any) -> None:
    """Decide on all rare content of an export; then `companion export run ID`."""

    async def work(exporting: Exporting, access: Access) -> None:
        staff = await _staff(access, by)
        row = await exporting.exports.decide(staff, export_id, dict.fromkeys(keep, "keep"), rest=rest)
        click.echo(row.state)

    _run(work)


@export.command()
def sweep() -> None:
    """Delete what expired; make new versions without whoever took their consent back or was erased."""

    async def work(exporting: Exporting, _: Access) -> None:
        changed = await exporting.upkeep.sweep()
        while await exporting.job.next() is not None:
            pass
        click.echo(f"{changed} exports changed")

    _run(work)


async def _make(exporting: Exporting, export_id: str, masks: Staff | None) -> None:
    """Run it, with its progress on a terminal. masks: who has all rare content masked."""
    shown = asyncio.create_task(_show_progress(exporting, export_id)) if sys.stderr.isatty() else None
    try:
        row = await exporting.job.next(export_id)
        if row is not None and row.state == "review" and masks is not None:
            await exporting.exports.decide(masks, export_id, {}, rest="mask")
            row = await exporting.job.next(export_id)
    finally:
        if shown is not None:
            shown.cancel()
            click.echo(err=True)
    _tell(row)


@export.command()
@click.option("--by", required=True, metavar="NAME", help="A researcher's account.")
@click.option("--purpose", required=True, help="What the numbers are for, in 20 characters or more.")
@click.option("--epsilon", required=True, type=float, help="Spent of COMPANION_RESEARCH__EPSILON_PER_QUARTER.")
def release(by: str, purpose: str, epsilon: float) -> None:
    """Numbers that may be published, with the noise of differential privacy; each run spends epsilon."""

    async def work(exporting: Exporting, access: Access) -> None:
        from companion.research.aggregates import Overview
        from companion.research.disclosure.budget import Ledger
        from companion.research.release import release as draw

        staff, now, settings = await _staff(access, by), access.now(), Settings()
        sources = exporting.job.sources
        ledger = Ledger(sources.store, settings.research.epsilon_per_quarter)
        await access.audit.write(now, staff.id, "research.release", epsilon=epsilon)
        drawn = await draw(Overview(sources, exporting.job.register), ledger, staff.name, purpose, epsilon, now)
        click.echo(json.dumps({"people": drawn.people, "training": drawn.training, "left": drawn.spent.left}))

    _run(work)


async def _show_progress(exporting: Exporting, export_id: str) -> None:
    while True:
        await asyncio.sleep(2.0)
        row = await exporting.job.register.get(export_id)
        told = (row.progress if row else None) or {}
        click.echo(f"\r{told.get('stage', '')} {told.get('done', '')}/{told.get('people', '')}   ", nl=False, err=True)


def _tell(row: ExportRow | None) -> None:
    if row is None:
        raise click.UsageError("this export waits for nothing: companion export list")
    click.echo(f"{row.id} {row.state}")
    if row.state == "review":
        click.echo(f"rare content waits for a human: companion export flags {row.id}, then decide, then run", err=True)
        sys.exit(3)
    if row.state != "published":
        click.echo(f"companion: the export failed: {row.failure}", err=True)
        sys.exit(2)


async def _staff(access: Access, name: str) -> Staff:
    """The account as a principal. Raises InputError for a name that nobody has, or that is disabled."""
    from companion.errors import InputError
    from companion.records.staff import Staff

    account = await access.accounts.find(name)
    if account.disabled_at is not None:
        raise InputError("this account is disabled: companion staff enable NAME", code="forbidden")
    return Staff(account.id, account.name, frozenset(account.roles))


def _day(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise click.UsageError("days are written YYYY-MM-DD") from None


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
