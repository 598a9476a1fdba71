"""Other names for people, sessions and turns, and another calendar, under a key that lives outside the database.

Whoever has no key can neither tell who a pseudonym is nor link two exports; destroying the key makes that final.
"""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256

from companion.errors import InputError

SHORTEST_KEY = 32  # bytes: what SHA-256 gives, the shortest key that RFC 2104 does not discourage
_WEEKS = 52  # 52 * 7 = 364, the most whole weeks within 365 days


def new_key() -> bytes:
    """A key for one export project: 32 random bytes."""
    return secrets.token_bytes(SHORTEST_KEY)


class Pseudonyms:
    """HMAC-SHA256 under the key of one export project, with a domain for every use.

    A pseudonym has 64 bits: among a million turns two are alike with probability 3e-8 (n^2 / 2^65).
    """

    def __init__(self, key: bytes) -> None:
        """Raises InputError (weak_key) for fewer than 32 bytes."""
        if len(key) < SHORTEST_KEY:
            raise InputError(
                f"the key of an export has {len(key)} bytes; give at least {SHORTEST_KEY}", code="weak_key"
            )
        self._key = bytes(key)

    def __repr__(self) -> str:
        return "Pseudonyms(key not shown)"

    def person(self, user_id: str) -> str:
        """ "p_" and 16 hexadecimal digits."""
        return "p_" + self._keyed("person", user_id)[:8].hex()

    def session(self, session_id: str) -> str:
        """ "s_" and 16 hexadecimal digits."""
        return "s_" + self._keyed("session", session_id)[:8].hex()

    def turn(self, turn_id: str) -> str:
        """ "t_" and 16 hexadecimal digits."""
        return "t_" + self._keyed("turn", turn_id)[:8].hex()

    def day_shift(self, user_id: str) -> int:
        """Days to move everything of a person by: -364..364, whole weeks, never 0. Order, gaps and weekdays stay."""
        drawn = int.from_bytes(self._keyed("day_shift", user_id)[:16], "big") % (2 * _WEEKS)  # bias below 2^-120
        weeks = drawn - _WEEKS if drawn < _WEEKS else drawn - _WEEKS + 1
        return 7 * weeks

    def rank(self, id: str) -> bytes:
        """16 bytes to sort by: an order that tells nothing of time, name or table."""
        return self._keyed("rank", id)[:16]

    def _keyed(self, domain: str, of: str) -> bytes:
        told = b"companion.disclosure.1\0" + domain.encode() + b"\0" + of.encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, told, sha256().name)
