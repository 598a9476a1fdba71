"""The files of an export, made from the parts in one pass, and published by one rename when all are on the disk."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from companion.research.export.formats import lines
from companion.research.export.parts import removed, synced
from companion.research.export.request import FORMATS, Format
from companion.research.export.table import TurnsTable
from companion.research.export.talks import Dialogue

FILES: Mapping[Format, str] = {
    "messages": "messages.jsonl",
    "sharegpt": "sharegpt.jsonl",
    "kto": "kto.jsonl",
    "dpo": "dpo.jsonl",
    "turns": "turns.parquet",
}
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in the export. user_id: for the leak test only; person: their pseudonym."""

    user_id: str
    person: str
    quasi: Mapping[str, str]
    training: bool


@dataclass(slots=True)
class Written:
    """What is in the files. rows: by format."""

    people: int = 0
    dialogues: int = 0
    turns: int = 0
    withheld: int = 0
    rows: dict[Format, int] = field(default_factory=dict)


class Writer:
    """The data files of a package while they are written; a context manager. Raises OSError."""

    def __init__(self, folder: Path, formats: Sequence[Format]) -> None:
        self.folder, self.formats = folder, formats
        self.written = Written(rows=dict.fromkeys(formats, 0))
        self._stack = ExitStack()
        self._files: dict[Format, IO[bytes]] = {}
        self._table: TurnsTable | None = None

    def __enter__(self) -> Writer:
        removed(self.folder)
        self.folder.mkdir(parents=True, mode=0o700)
        for one in self.formats:
            path = self.folder / FILES[one]
            if one == "turns":
                self._table = self._stack.enter_context(TurnsTable(path))
            else:
                self._files[one] = self._stack.enter_context(path.open("wb"))
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.__exit__(*error)  # type: ignore[arg-type]

    def add(self, member: Member, dialogues: Iterable[Dialogue]) -> None:
        """Everything of one person."""
        text = [one for one in self.formats if one != "turns"]
        before = self.written.dialogues
        for format_, line in lines(
            member.person, member.quasi, self._counted(member, dialogues), text, training=member.training
        ):
            self._files[format_].write(line)
            self.written.rows[format_] += 1
        self.written.people += self.written.dialogues > before

    def _counted(self, member: Member, dialogues: Iterable[Dialogue]) -> Iterator[Dialogue]:
        for dialogue in dialogues:
            if self._table is not None:
                self._table.add(member.person, member.quasi, dialogue)
                self.written.rows["turns"] += len(dialogue.turns)
            self.written.dialogues += 1
            self.written.turns += len(dialogue.turns)
            self.written.withheld += sum(turn.withheld for turn in dialogue.turns)
            yield dialogue


def digest(path: Path) -> str:
    """SHA-256 of a file, hex."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()


def keep(path: Path, content: bytes) -> None:
    """Write a small file of the package."""
    with path.open("wb") as file:
        file.write(content)


def publish(package: Path, target: Path) -> None:
    """Have everything on the disk, then make it the export in one rename. Raises OSError; then nothing is published."""
    for path in sorted(package.iterdir()):
        with path.open("rb") as file:
            os.fsync(file.fileno())
    synced(package)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    removed(target)  # of a run that was cut off between this and its commit
    os.rename(package, target)
    synced(target.parent)


def data_files(formats: Sequence[Format]) -> list[str]:
    """Names of the data files, in order."""
    return [FILES[one] for one in FORMATS if one in formats]
