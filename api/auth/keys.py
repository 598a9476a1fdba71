"""Public keys of an issuer: a JWKS file (RFC 7517) that is read again when it changes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from companion.errors import ConfigurationError

if TYPE_CHECKING:
    from jwt import PyJWK

_log = logging.getLogger(__name__)
# What a key signs with is settled by what it is, never by what a token says (RFC 8725 section 3.1).
ALGORITHMS: Mapping[tuple[str, str | None], str] = {
    ("RSA", None): "RS256",
    ("EC", "P-256"): "ES256",
    ("OKP", "Ed25519"): "EdDSA",
}
RSA_BITS = 2048  # at least: NIST SP 800-131A
_FILE_BYTES = 262_144
_LOOK_S = 1.0  # how often the file is looked at


class KeySet:
    """Keys by their id. Raises ConfigurationError where the file cannot be used at first; later the old keys stay."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = _stamp(path)
        self._keys = read_keys(path)
        self._looked_at = float("-inf")

    def find(self, key_id: str, now: float) -> PyJWK | None:
        """The key of this id at now (unix s)."""
        if abs(now - self._looked_at) >= _LOOK_S:
            self._looked_at = now
            self._look()
        return self._keys.get(key_id)

    def _look(self) -> None:
        stamp = _stamp(self._path)
        if stamp == self._stamp:
            return
        self._stamp = stamp  # taken before reading: a file that is still being written is read once more
        try:
            self._keys = read_keys(self._path)
        except ConfigurationError as error:
            _log.error("the old keys stay in force: %s", error)
        else:
            _log.info("%d keys of the issuer were read", len(self._keys))


def read_keys(path: Path) -> dict[str, PyJWK]:
    """Key id -> public key, of those that sign with RS256, ES256 or EdDSA; others are passed over.

    Raises ConfigurationError for a file that is no JWKS or has none of these, and for a key with a private part, an id
    that is missing or there twice, or RSA of less than 2048 bits.
    """
    import jwt

    found: dict[str, jwt.PyJWK] = {}
    for number, entry in enumerate(read_jwks(path), 1):
        where = f"key {number} of {path}"
        if "d" in entry or entry.get("kty") == "oct":
            raise ConfigurationError(f"{where} is secret: only public keys belong there; replace that key")
        algorithm = ALGORITHMS.get((str(entry.get("kty")), entry.get("crv")))
        if algorithm is None or entry.get("alg", algorithm) != algorithm or entry.get("use", "sig") != "sig":
            continue
        key_id = entry.get("kid")
        if not isinstance(key_id, str) or not key_id:
            raise ConfigurationError(f"{where} has no kid: name it, so that tokens can say which key signed them")
        if key_id in found:
            raise ConfigurationError(f"{where} has the kid of another one: give each its own")
        try:
            key = jwt.PyJWK(entry, algorithm)
        except (jwt.PyJWTError, ValueError, TypeError):
            raise ConfigurationError(f"{where} is not a {entry['kty']} key: make it again") from None
        if algorithm == "RS256" and key.key.key_size < RSA_BITS:
            raise ConfigurationError(f"{where} has {key.key.key_size} bits: make one of at least {RSA_BITS}")
        found[key_id] = key
    if not found:
        raise ConfigurationError(f"{path} has no key for {', '.join(ALGORITHMS.values())}: see companion keys new")
    return found


def read_jwks(path: Path) -> list[dict[str, Any]]:
    """The entries of a JWKS file. Raises ConfigurationError."""
    try:
        with path.open("rb") as file:
            content = file.read(_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"the key file {path} cannot be read ({error.strerror})") from None
    try:
        if len(content) > _FILE_BYTES:
            raise ValueError
        return msgspec.json.decode(content, type=_Jwks).keys
    except (ValueError, RecursionError):
        raise ConfigurationError(f'{path} is no JWKS: {{"keys": [...]}} of less than {_FILE_BYTES} bytes') from None


class _Jwks(msgspec.Struct):
    keys: list[dict[str, Any]]


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
