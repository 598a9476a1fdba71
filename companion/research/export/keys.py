"""Keys of exports: one file a lineage, outside the database, destroyed when nobody needs to find anybody again."""

from __future__ import annotations

import hmac
import os
from contextlib import suppress
from pathlib import Path

from companion.errors import ConfigurationError
from companion.research.disclosure.pseudonyms import SHORTEST_KEY, new_key


class Keys:
    """In a folder, mode 0700; files 0600. Raises OSError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, lineage: str) -> bytes:
        """The key; made where there is none yet. Raises ConfigurationError for a file that is none."""
        if (found := self.there(lineage)) is not None:
            return found
        with suppress(FileExistsError):  # another process has made it at this moment
            self.put(lineage, new_key())
        found = self.there(lineage)
        assert found is not None
        return found

    def there(self, lineage: str) -> bytes | None:
        """The key, None where there is none (any more)."""
        path = self._path(lineage)
        if not path.exists():
            return None
        key = path.read_bytes()
        if len(key) < SHORTEST_KEY:
            raise ConfigurationError(f"{path} is no key of an export: restore it from a backup")
        return key

    def put(self, lineage: str, key: bytes) -> None:
        """Keep a key that was made elsewhere. Raises FileExistsError where there is one."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._path(lineage)
        fresh = path.with_name(f"{path.name}.{os.urandom(6).hex()}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(key)
                file.flush()
                os.fsync(file.fileno())
            os.link(fresh, path)  # never replaces
        finally:
            fresh.unlink()

    def destroy(self, lineage: str) -> None:
        """Nobody goes from a pseudonym to a person any more; overwritten once, as far as the file system does that."""
        path = self._path(lineage)
        with suppress(FileNotFoundError):
            with path.open("r+b") as file:
                file.write(bytes(SHORTEST_KEY))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()

    def _path(self, lineage: str) -> Path:
        return self._folder / f"{lineage}.key"


def named(key: bytes) -> str:
    """What an export is called in its files: 64 bits that tell nothing."""
    return "e_" + hmac.digest(key, b"companion.export.name", "sha256")[:8].hex()


def surrogate_key(key: bytes) -> bytes:
    """For realistic surrogates."""
    return hmac.digest(key, b"companion.export.surrogates", "sha256")
