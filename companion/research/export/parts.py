"""What a run has made so far: one file a person, whole or not there, so that a crash loses one person's work at most.

A part holds that person's dialogues, already masked, one JSON object a line; formats are made of it in the end, when it
is known who still agrees. `FILE` in `work/ID/parts/`; its name is the pseudonym.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterable, Iterator
from pathlib import Path

import msgspec

from companion.research.export.talks import Dialogue

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Dialogue).decode
_PENDING = ".part"


class Parts:
    """Of one export. Raises OSError."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def there(self, pseudonym: str) -> bool:
        """Whether the person's part is whole."""
        return self._path(pseudonym).exists()

    async def write(self, pseudonym: str, dialogues: AsyncIterable[Dialogue]) -> int:
        """Keep a person's dialogues; how many turns it was. Whole and on the disk when this returns."""
        path = self._path(pseudonym)
        pending = path.with_name(path.name + _PENDING)
        turns = 0
        try:
            with pending.open("wb") as file:
                async for dialogue in dialogues:
                    file.write(_encode(dialogue) + b"\n")
                    turns += len(dialogue.turns)
                file.flush()
                os.fsync(file.fileno())
            os.replace(pending, path)
        finally:
            pending.unlink(missing_ok=True)
        return turns

    def read(self, pseudonym: str) -> Iterator[Dialogue]:
        """The person's dialogues in order, one in memory at a time; none where there is no part."""
        path = self._path(pseudonym)
        if not path.exists():
            return
        with path.open("rb") as file:
            for line in file:
                yield _decode(line)

    def drop(self, pseudonym: str) -> None:
        """Delete the person's part."""
        self._path(pseudonym).unlink(missing_ok=True)

    def only(self, pseudonyms: frozenset[str]) -> None:
        """Delete what belongs to nobody of these."""
        for path in self.folder.iterdir():
            if path.name not in pseudonyms:
                path.unlink()

    def _path(self, pseudonym: str) -> Path:
        return self.folder / pseudonym


def removed(folder: Path) -> None:
    """Delete a folder and all in it; it may not be there."""
    shutil.rmtree(folder, ignore_errors=True)


def synced(folder: Path) -> None:
    """What was renamed in this folder is on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
