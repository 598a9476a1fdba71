"""`companion token`."""

from __future__ import annotations

import time

import click

from api.auth import issue, signing_secret
from companion.settings import Settings


@click.command()
@click.option("--user", default="dev", show_default=True, help="Whom the token speaks for.")
@click.option("--ttl", type=float, default=None, help="Seconds it is good for (COMPANION_AUTH__TOKEN_TTL_S).")
def token(user: str, ttl: float | None) -> None:
    """Print a user token, signed with this server's secret."""
    settings = Settings()
    click.echo(issue(signing_secret(settings), user, ttl or settings.auth.token_ttl_s, time.time()))
