"""`companion staff add | list | disable | enable | reset | caseload`."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from companion.records.audit import OPERATOR
from companion.records.staff import ROLES, Enrolment
from companion.settings import Settings

if TYPE_CHECKING:
    from api.staff.access import Access


@asynccontextmanager
async def opened() -> AsyncIterator[Access]:
    """Access over the records that the settings name; the audit's head is signed when it closes."""
    from api.staff.access import Access
    from companion.records.audit_head import HEAD_FILE
    from companion.records.repository import open_records

    settings = Settings()
    async with open_records(settings) as records:
        access = Access(records, settings.data_dir / HEAD_FILE)
        yield access
        await access.sign_head()


def _run(work: Callable[[Access], Awaitable[None]]) -> None:
    async def main() -> None:
        async with opened() as access:
            await work(access)

    asyncio.run(main())


@click.group()
def staff() -> None:
    """Accounts of staff, and whom they care for."""


_ASK = click.option("--ask", is_flag=True, help="Ask for the password (or read it from a pipe); else one is made.")


@staff.command()
@click.argument("name")
@click.option("--role", "roles", type=click.Choice(ROLES), multiple=True, required=True, help="May be given twice.")
@_ASK
def add(name: str, roles: tuple[str, ...], ask: bool) -> None:
    """Make an account. What its owner needs is printed once and kept nowhere: hand it over by a safe way."""
    password = _asked() if ask else None

    async def work(access: Access) -> None:
        _tell(await access.accounts.add(name, roles, access.now(), by=OPERATOR, password=password))

    _run(work)


@staff.command()
@click.argument("name")
@_ASK
def reset(name: str, ask: bool) -> None:
    """New password, second factor and recovery codes; the account's sessions end."""
    password = _asked() if ask else None

    async def work(access: Access) -> None:
        _tell(await access.accounts.reset(name, access.now(), by=OPERATOR, password=password))

    _run(work)


@staff.command()
@click.argument("name")
def disable(name: str) -> None:
    """Nobody signs in with an account any more; its sessions end."""
    _run(lambda access: access.accounts.disable(name, access.now(), by=OPERATOR))
    click.echo("disabled")


@staff.command()
@click.argument("name")
def enable(name: str) -> None:
    """A disabled account may be used again."""
    _run(lambda access: access.accounts.enable(name, access.now(), by=OPERATOR))
    click.echo("enabled")


@staff.command("list")
@click.option("--json", "as_json", is_flag=True)
def list_(as_json: bool) -> None:
    """All accounts."""

    async def work(access: Access) -> None:
        for account in await access.accounts.accounts():
            roles = sorted(account.roles)
            if as_json:
                told = {"id": account.id, "name": account.name, "roles": roles, "disabled_at": account.disabled_at}
                click.echo(json.dumps({**told, "recovery_codes": account.recovery_codes}, ensure_ascii=False))
                continue
            state = "" if account.disabled_at is None else f", disabled {_when(account.disabled_at)}"
            made, codes = _when(account.created_at), account.recovery_codes
            click.echo(f"{account.name}  {', '.join(roles)}  {account.id}  since {made}, {codes} recovery codes{state}")

    _run(work)


@staff.group()
def caseload() -> None:
    """Whom a counsellor cares for, and so may see."""


@caseload.command("add")
@click.argument("name")
@click.argument("user_id")
def caseload_add(name: str, user_id: str) -> None:
    """Put a person into a counsellor's care."""

    async def work(access: Access) -> None:
        account = await access.accounts.find(name)
        await access.caseload.add(account.id, user_id, access.now(), by=OPERATOR)

    _run(work)
    click.echo("added")


@caseload.command("remove")
@click.argument("name")
@click.argument("user_id")
def caseload_remove(name: str, user_id: str) -> None:
    """Take a person out of a counsellor's care."""

    async def work(access: Access) -> None:
        account = await access.accounts.find(name)
        await access.caseload.remove(account.id, user_id, access.now(), by=OPERATOR)

    _run(work)
    click.echo("removed")


def _asked() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password: str = click.prompt("password", hide_input=True, confirmation_prompt=True)
    return password


def _tell(enrolment: Enrolment) -> None:
    click.echo(f"account {enrolment.name} ({enrolment.staff_id})")
    if enrolment.password is not None:
        click.echo(f"password {enrolment.password}")
    click.echo(f"authenticator {enrolment.uri}")
    click.echo("recovery codes, each good once:")
    for code in enrolment.recovery_codes:
        click.echo(f"  {code}")


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
