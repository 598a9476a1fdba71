"""`companion token`."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import click

from api.auth import ROLES, issue, signing_secret
from companion.errors import AuthenticationError, ConfigurationError
from companion.settings import Settings


@click.command()
@click.option("--user", default="dev", show_default=True, help="Whom the token speaks for.")
@click.option("--ttl", type=float, default=None, help="Seconds it is good for (COMPANION_AUTH__TOKEN_TTL_S).")
@click.option("--role", type=click.Choice(ROLES), default="user", show_default=True, help="What it may do.")
@click.option("--guardian-of", "wards", metavar="USER", multiple=True, help="A child for whom they may consent.")
@click.option(
    "--key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Sign it as the issuer, with a private key of `companion keys new`.",
)
@click.option("--revoke", metavar="TOKEN", help="Revoke a token, or its jti; `-` reads it from standard input.")
@click.option("--revoke-user", metavar="USER", help="Revoke all tokens that were issued to a person until now.")
def token(
    user: str,
    ttl: float | None,
    role: str,
    wards: tuple[str, ...],
    key: Path | None,
    revoke: str | None,
    revoke_user: str | None,
) -> None:
    """Print a user token, signed with this server's secret; or revoke tokens.

    A running server refuses a revoked token, and ends its sessions, within seconds.
    """
    settings, now = Settings(), time.time()
    if revoke is not None or revoke_user is not None:
        revoke = sys.stdin.read().strip() if revoke == "-" else revoke
        asyncio.run(_revoke(settings, now, revoke, revoke_user))
        click.echo("revoked")
        return
    ttl = settings.auth.token_ttl_s if ttl is None else ttl
    if key is not None:
        click.echo(_issued(settings, key, user, ttl, now, role, wards))
    else:
        click.echo(issue(signing_secret(settings), user, ttl, now, role, wards))


def _issued(settings: Settings, key: Path, user: str, ttl: float, now: float, role: str, wards: tuple[str, ...]) -> str:
    import jwt

    from api.auth.tokens import user_claims
    from api.commands.keys import algorithm_of, load_private

    private = load_private(key)
    claims = {**user_claims(user, ttl, now, role, wards), "iss": settings.auth.issuer}
    if settings.auth.audience is not None:
        claims["aud"] = settings.auth.audience
    return jwt.encode(claims, private, algorithm=algorithm_of(private), headers={"kid": key.stem})


async def _revoke(settings: Settings, now: float, token: str | None, user_id: str | None) -> None:
    from api.auth.tokens import LONGEST_TOKEN_S, token_id_of
    from companion.records.repository import open_records
    from companion.records.revocations import Revocations

    async with open_records(settings) as records:
        revocations = Revocations(records.store, records.ring.receipt_key)
        if token is not None:
            try:
                token_id = token_id_of(token)
            except AuthenticationError as error:
                raise ConfigurationError(f"nothing was revoked: {error}") from None
            await revocations.revoke_token(token_id, now + LONGEST_TOKEN_S)
        if user_id is not None:
            await revocations.revoke_user(user_id, now, now + LONGEST_TOKEN_S)
