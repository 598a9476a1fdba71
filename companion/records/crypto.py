"""Words at rest: AES-256-GCM under a random key per person, that key wrapped by the master key.

A sealed blob is: 1 byte format, 12 bytes random nonce, ciphertext with its 16-byte tag; the user id is the
associated data, so one person's blob cannot be passed off as another's. Destroying a person's wrapped key
makes all their blobs unreadable, in backups too. (NIST SP 800-38D: random 96-bit nonces are safe for 2^32
messages under one key; one person does not say that much.)
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from companion.errors import ConfigurationError, StorageError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

    from companion.settings import Settings

_KEY_BYTES, _NONCE_BYTES = 32, 12
_FORMAT = b"\x01"
_KEY_FILE = "master.key"


class KeyRing:
    """Keys of the people who are here. `seal` and `open` are plain calls; `load` a person's key before them."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], master_key: bytes) -> None:
        if len(master_key) != _KEY_BYTES:
            raise ConfigurationError(f"the master key has {len(master_key)} bytes; it must have {_KEY_BYTES}")
        self._sessions = sessions
        self._master = AESGCM(master_key)
        self.receipt_key = hmac.new(master_key, b"receipts of erasure", "sha256").digest()
        self._keys: dict[str, AESGCM] = {}

    def __contains__(self, user_id: str) -> bool:
        return user_id in self._keys

    def new_wrapped_key(self, user_id: str) -> bytes:
        """A fresh random key for a new person, wrapped for the database."""
        return _encrypt(self._master, AESGCM.generate_key(256), _key_context(user_id))

    async def load(self, user_id: str) -> None:
        """Unwrap the person's key into this process. Raises StorageError for nobody's id or a foreign master key."""
        if user_id in self._keys:
            return
        from sqlalchemy import select
        from sqlalchemy.exc import SQLAlchemyError
        from sqlmodel import col

        from companion.records.tables import UserRow

        try:
            async with self._sessions() as session:
                wrapped = await session.scalar(select(col(UserRow.wrapped_key)).where(col(UserRow.id) == user_id))
        except SQLAlchemyError as error:
            raise StorageError(f"a key could not be read ({type(error).__name__}); try again") from None
        if wrapped is None:
            raise StorageError("this person has no key: they were never here, or were erased", retryable=False)
        self.admit(user_id, wrapped)

    def admit(self, user_id: str, wrapped: bytes) -> None:
        """Take a wrapped key that was read from the database."""
        try:
            self._keys[user_id] = AESGCM(_decrypt(self._master, wrapped, _key_context(user_id)))
        except InvalidTag:
            raise StorageError(
                "a person's key does not open with this master key; start with the one that it was wrapped with "
                "(COMPANION_RECORDS__MASTER_KEY, or master.key in the data directory)",
                retryable=False,
            ) from None

    def forget(self, user_id: str) -> None:
        """Drop the unwrapped key from this process."""
        self._keys.pop(user_id, None)

    def seal(self, user_id: str, text: str) -> bytes:
        """Encrypt words. Raises StorageError when the key was not loaded."""
        return self.seal_bytes(user_id, text.encode())

    def open(self, user_id: str, blob: bytes) -> str:
        """Decrypt words. Raises StorageError for a damaged blob, another person's, or a key that is not loaded."""
        return self.open_bytes(user_id, blob).decode()

    def seal_bytes(self, user_id: str, data: bytes) -> bytes:
        """`seal` for bytes, such as audio."""
        return _encrypt(self._key(user_id), data, user_id.encode())

    def open_bytes(self, user_id: str, blob: bytes) -> bytes:
        """`open` for bytes."""
        try:
            return _decrypt(self._key(user_id), blob, user_id.encode())
        except InvalidTag:
            raise StorageError(
                "a sealed record does not open: it is damaged, or it is another person's; restore it from a backup",
                retryable=False,
            ) from None

    def _key(self, user_id: str) -> AESGCM:
        key = self._keys.get(user_id)
        if key is None:
            raise StorageError("this person's key is not loaded: await KeyRing.load first", retryable=False)
        return key


def master_key(settings: Settings) -> bytes:
    """The master key from the settings, else from `master.key` in the data directory, which is made once, mode 0600.

    Raises ConfigurationError for a key of the wrong form or a file that others can read.
    """
    secret = settings.records.master_key
    if secret is not None:
        return _decode(secret.get_secret_value(), "COMPANION_RECORDS__MASTER_KEY")
    path = settings.data_dir / _KEY_FILE
    if not path.exists():
        _create(path)
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise ConfigurationError(f"{path} has mode {mode:o}: others may read the master key; chmod 600 it")
    return _decode(path.read_text("ascii", errors="replace"), str(path))


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.urandom(6).hex()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.urlsafe_b64encode(os.urandom(_KEY_BYTES)))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)  # never replaces: of two processes that start together, one makes the key
        except FileExistsError:
            return
    finally:
        fresh.unlink()
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _decode(text: str, source: str) -> bytes:
    text = text.strip()
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise ConfigurationError(
            f"{source} is not {_KEY_BYTES} bytes in base64url; make one with: "
            "python -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'"
        )
    return key


def _key_context(user_id: str) -> bytes:
    return b"key of " + user_id.encode()


def _encrypt(key: AESGCM, data: bytes, context: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return _FORMAT + nonce + key.encrypt(nonce, data, context)


def _decrypt(key: AESGCM, blob: bytes, context: bytes) -> bytes:
    start = len(_FORMAT)
    if blob[:start] != _FORMAT or len(blob) < start + _NONCE_BYTES + 16:
        raise InvalidTag
    return key.decrypt(blob[start : start + _NONCE_BYTES], blob[start + _NONCE_BYTES :], context)
