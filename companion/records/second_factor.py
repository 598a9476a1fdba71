"""The second factor: codes of an authenticator app (TOTP, RFC 6238: SHA-1, six digits, 30 s), and recovery codes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from companion.errors import StorageError

_STEP_S = 30
_DRIFT = 1  # steps that a clock may be off, either way: RFC 6238 section 5.2 recommends one
_RECOVERY = 10  # codes an account; authored
_NONCE_BYTES = 12


class SecondFactor:
    """key: 32 bytes, derived from the master key; seals the secrets and hashes the recovery codes."""

    def __init__(self, key: bytes) -> None:
        self._key, self._sealer = key, AESGCM(key)

    def seal(self, staff_id: str, secret: str) -> bytes:
        """A secret as it is stored; it opens for this account only."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._sealer.encrypt(nonce, secret.encode(), staff_id.encode())

    def open(self, staff_id: str, sealed: bytes) -> str:
        """The secret. Raises StorageError for another account's, or under another master key."""
        try:
            return self._sealer.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], staff_id.encode()).decode()
        except InvalidTag:
            raise StorageError(
                "a second factor does not open with this master key: companion staff reset NAME", retryable=False
            ) from None

    def hashed(self, recovery_code: str) -> str:
        """A recovery code as it is stored. Keyed, and of 80 random bits, so that one round of SHA-256 is enough."""
        bare = recovery_code.replace("-", "").replace(" ", "").upper()
        return hmac.new(self._key, b"recovery\n" + bare.encode(), hashlib.sha256).hexdigest()


def new_secret() -> str:
    """A fresh TOTP secret, 160 bits in base32."""
    import pyotp

    return pyotp.random_base32()


def new_recovery_codes() -> list[str]:
    """Ten codes that stand in for the app once each: XXXX-XXXX-XXXX-XXXX, base32."""
    codes = [base64.b32encode(secrets.token_bytes(10)).decode() for _ in range(_RECOVERY)]
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in codes]


def provisioning_uri(secret: str, name: str) -> str:
    """What an authenticator app reads, as text or as a QR code."""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="Companion")


def matching_step(secret: str, code: str, now: float) -> int | None:
    """The step (30 s since 1970) whose code this is, near now (unix s); None for a wrong one."""
    import pyotp

    totp, here = pyotp.TOTP(secret), int(now // _STEP_S)
    found = None
    for step in range(here - _DRIFT, here + _DRIFT + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.strip().encode()):
            found = step
    return found


def without(hashes: Sequence[str], one: str) -> list[str] | None:
    """The hashes but for this one; None where it is not among them."""
    kept = [each for each in hashes if not hmac.compare_digest(each, one)]
    return kept if len(kept) < len(hashes) else None
