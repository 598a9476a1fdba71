"""Passwords of staff: argon2id, a few at once, as long for a name that nobody has as for any other."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING

from companion.errors import InputError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, _LONGEST = 12, 256  # characters; NIST SP 800-63B section 5.1.1.2 asks for 8 at least and 64 to be allowed
_DISTINCT = 5  # different characters at least; authored
_AT_ONCE = 2  # each takes 64 MiB; authored


class Passwords:
    """Hashes with RFC 9106's second recommended parameters (argon2id, t=3, p=4, 64 MiB), which are argon2-cffi's.

    hasher: another one, for tests.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        from argon2 import PasswordHasher

        self._hasher = hasher or PasswordHasher()
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """Its hash with salt and parameters, as argon2 writes them."""
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, kept: str | None, password: str) -> bool:
        """Whether the password is the one of this hash. kept: None for nobody's, which takes as long and is False."""
        async with self._turn:
            if self._nobodys is None:
                self._nobodys = await asyncio.to_thread(self._hasher.hash, secrets.token_urlsafe(16))
            right = await asyncio.to_thread(self._matches, kept or self._nobodys, password[: _LONGEST + 1])
        return right and kept is not None

    def outdated(self, kept: str) -> bool:
        """Whether a hash was made with other parameters than are used now."""
        return self._hasher.check_needs_rehash(kept)

    def _matches(self, kept: str, password: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError

        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False


def check_password(password: str, name: str) -> None:
    """Raises InputError (weak_password) for one that could be guessed. The message never shows it."""
    if not SHORTEST <= len(password) <= _LONGEST:
        raise InputError(f"a password has {SHORTEST} to {_LONGEST} characters", code="weak_password")
    if len(set(password)) < _DISTINCT or name.casefold() in password.casefold():
        raise InputError(
            f"a password has {_DISTINCT} different characters at least and does not hold the name",
            code="weak_password",
        )


def new_password() -> str:
    """A random one, 120 bits."""
    return secrets.token_urlsafe(15)
