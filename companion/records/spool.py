"""Audio of utterances that were committed: sealed files, synced before anybody is told that they are safe."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from companion.errors import InputError, StorageError
from companion.records.crypto import KeyRing


class Spool:
    """One folder a person, named by a hash; one file an utterance: PCM16LE at 16 kHz, sealed with the person's key."""

    def __init__(self, folder: Path, ring: KeyRing) -> None:
        self._folder, self._ring = folder, ring

    def write(self, user_id: str, turn_id: str, samples: NDArray[np.float32]) -> str:
        """The file's name, once it survives a crash. samples: float32, 16 kHz. Raises StorageError (disk full)."""
        pcm = np.clip(np.rint(samples * np.float32(32_768)), -32_768, 32_767).astype("<i2").tobytes()
        return self.write_bytes(user_id, f"{turn_id}.pcm", pcm)

    def write_bytes(self, user_id: str, name: str, data: bytes) -> str:
        """`write` for something else that came with an utterance, such as an image. Raises InputError for its name."""
        if "/" in name or "\0" in name:
            raise InputError("an item id cannot hold a slash or a NUL", code="invalid_item_id")
        folder = self._of(user_id)
        part = folder / f"{name}.part"
        try:
            if not folder.is_dir():
                folder.mkdir(parents=True, exist_ok=True)
                _sync(self._folder)
            with part.open("wb") as file:
                file.write(self._ring.seal_bytes(user_id, data))
                file.flush()
                os.fsync(file.fileno())
            part.replace(folder / name)
            _sync(folder)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise StorageError(
                f"the utterance could not be kept ({os.strerror(error.errno or 0)}): free space in {self._folder}"
            ) from None
        return name

    def read(self, user_id: str, name: str) -> NDArray[np.float32]:
        """The samples of a committed utterance: float32, 16 kHz. Raises StorageError."""
        return np.frombuffer(self.read_bytes(user_id, name), "<i2").astype(np.float32) / np.float32(32_768)

    def read_bytes(self, user_id: str, name: str) -> bytes:
        """What `write_bytes` kept. Raises StorageError."""
        try:
            blob = (self._of(user_id) / name).read_bytes()
        except OSError as error:
            raise StorageError(f"a recording cannot be read ({os.strerror(error.errno or 0)})") from None
        return self._ring.open_bytes(user_id, blob)

    def delete(self, user_id: str, names: Sequence[str]) -> None:
        """Delete these files of a person; one that is not there is deleted already. Raises StorageError."""
        folder = self._of(user_id)
        try:
            for name in names:
                (folder / name).unlink(missing_ok=True)
            if folder.is_dir():
                _sync(folder)
        except OSError as error:
            raise StorageError(f"a recording cannot be deleted ({os.strerror(error.errno or 0)})") from None

    def older_than(self, at: float) -> list[Path]:
        """Every file that was last written before (unix s)."""
        old = []
        for path in self._folder.glob("*/*"):
            with contextlib.suppress(FileNotFoundError):  # it went meanwhile
                if path.stat().st_mtime < at:
                    old.append(path)
        return old

    def erase(self, user_id: str) -> int:
        """Delete all recordings of a person, half-written ones too; how many. Raises StorageError."""
        folder = self._of(user_id)
        if not folder.is_dir():
            return 0
        count = sum(1 for _ in folder.iterdir())
        try:
            shutil.rmtree(folder)
            _sync(self._folder)
        except OSError as error:
            raise StorageError(f"recordings cannot be deleted ({os.strerror(error.errno or 0)})") from None
        return count

    def _of(self, user_id: str) -> Path:
        return self._folder / hashlib.sha256(user_id.encode()).hexdigest()[:32]


def _sync(folder: Path) -> None:
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
