"""`companion keys`: private keys to sign user tokens with, and the JWKS file that the server verifies them by."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from companion.errors import ConfigurationError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    PrivateKey = Ed25519PrivateKey | RSAPrivateKey

JWKS = "jwks.json"
_RSA_BITS = 3072  # NIST SP 800-57 part 1: good beyond 2030


@click.group()
def keys() -> None:
    """Keys of whoever issues user tokens: make, list, remove. See docs/auth.md."""


@keys.command()
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Directory for both files."
)
@click.option("--kind", type=click.Choice(["ed25519", "rsa"]), default="ed25519", show_default=True)
def new(out: Path, kind: str) -> None:
    """Make a private key (OUT/KID.pem, mode 0600) and add its public part to OUT/jwks.json; older ones stay there."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

    private: PrivateKey = (
        rsa.generate_private_key(65537, _RSA_BITS) if kind == "rsa" else ed25519.Ed25519PrivateKey.generate()
    )
    public = _public(private)
    thumbprint = hashlib.sha256(json.dumps(public, sort_keys=True).encode()).hexdigest()
    key_id = f"{time.strftime('%Y%m%d', time.gmtime())}-{thumbprint[:12]}"
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    jwks, path = out / JWKS, out / f"{key_id}.pem"
    try:
        out.mkdir(parents=True, exist_ok=True)
        entries = _entries(jwks) if jwks.exists() else []
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
        _write(jwks, [*entries, {**public, "kid": key_id, "use": "sig", "alg": algorithm_of(private)}])
    except OSError as error:
        raise ConfigurationError(f"{out} cannot be written ({error.strerror}): choose another directory") from None
    click.echo(f"private key  {path}\npublic keys  {jwks}  (COMPANION_AUTH__KEYS)\nkid          {key_id}")


@keys.command("list")
@click.argument("jwks", type=click.Path(dir_okay=False, path_type=Path))
def list_keys(jwks: Path) -> None:
    """The keys of a JWKS file that the server would use; exit code 2 with the reason where it would use none."""
    from api.auth.keys import read_keys

    for key_id, key in read_keys(jwks).items():
        click.echo(f"{key_id}  {key.algorithm_name}")


@keys.command()
@click.argument("jwks", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("kid")
def remove(jwks: Path, kid: str) -> None:
    """Take a key out of a JWKS file: within seconds its tokens are refused, and the sessions they opened end."""
    entries = _entries(jwks)
    left = [entry for entry in entries if entry.get("kid") != kid]
    if len(left) == len(entries):
        raise ConfigurationError(f"{jwks} has no key of that kid: see companion keys list {jwks}")
    if not left:
        raise ConfigurationError(
            f"that is the only key of {jwks}: add another one first, or unset COMPANION_AUTH__KEYS"
        )
    try:
        _write(jwks, left)
    except OSError as error:
        raise ConfigurationError(f"{jwks} cannot be written ({error.strerror}): mend its rights") from None
    click.echo(f"{len(left)} keys left")


def load_private(path: Path) -> PrivateKey:
    """A private key in PEM, without a password. Raises ConfigurationError."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise ConfigurationError(f"the key {path} cannot be read ({error.strerror})") from None
    except (ValueError, TypeError):
        raise ConfigurationError(f"{path} is no private key in PEM: see companion keys new") from None
    if not isinstance(private, Ed25519PrivateKey | RSAPrivateKey):
        raise ConfigurationError(f"{path} is neither Ed25519 nor RSA: see companion keys new")
    return private


def algorithm_of(private: PrivateKey) -> str:
    """What it signs with."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    return "RS256" if isinstance(private, RSAPrivateKey) else "EdDSA"


def _public(private: PrivateKey) -> dict[str, Any]:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from jwt.algorithms import OKPAlgorithm, RSAAlgorithm

    if isinstance(private, RSAPrivateKey):
        entry = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
        return {name: entry[name] for name in ("kty", "n", "e")}
    entry = OKPAlgorithm.to_jwk(private.public_key(), as_dict=True)
    return {name: entry[name] for name in ("kty", "crv", "x")}


def _entries(jwks: Path) -> list[dict[str, Any]]:
    from api.auth.keys import read_jwks, read_keys

    read_keys(jwks)  # nothing is added to a file that the server would refuse
    return read_jwks(jwks)


def _write(jwks: Path, entries: list[dict[str, Any]]) -> None:
    """In one step: a server that reads meanwhile sees the old file or the new one."""
    draft = jwks.with_name(f"{jwks.name}.{os.getpid()}.part")
    draft.write_text(json.dumps({"keys": entries}, indent=2) + "\n", "utf-8")
    draft.replace(jwks)
