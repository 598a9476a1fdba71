"""What lies in Chroma's files beside the vectors that it holds: rows it only hides, and pieces of the process's memory.

Its graph library (hnswlib, HierarchicalNSW::initPersistentIndex) begins a segment by writing room for a hundred vectors
just as malloc returned it. Whatever this process freed before may stand there, an erased person's vectors among it.
So all beyond the vectors that a segment holds is overwritten, each time that Chroma began it anew.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

from memory.errors import IndexFilesError

_HEADER = struct.Struct("<i4Q")  # version, offset of the links, room, vectors held, bytes of a vector and its links
_VERSION = 1
_LENGTH = 4  # bytes
_TIMEOUT_S = 30.0


class IndexFiles:
    """The folder of an embedded Chroma. Whoever calls keeps everybody from writing to the segments concerned."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folders: dict[str, Path] = {}  # id of a collection -> folder of its vectors
        self._blank: dict[Path, int] = {}  # folder -> st_mtime_ns of its vectors when nothing else was in it

    def blank(self, collection_id: str) -> None:
        """Overwrite what is no vector of a collection, where Chroma began its files since. Raises IndexFilesError."""
        if (folder := self._folders.get(collection_id)) is None:
            query = "SELECT id FROM segments WHERE collection = ? AND scope = 'VECTOR'"
            with closing(self._connect()) as connection:
                (segment,) = connection.execute(query, (collection_id,)).fetchone()
            folder = self._folders[collection_id] = self._path / segment
        vectors = folder / "data_level0.bin"
        if vectors.exists() and vectors.stat().st_mtime_ns != self._blank.get(folder):
            blank(folder)
            self._blank[folder] = vectors.stat().st_mtime_ns

    def vacuum(self) -> None:
        """Folders of no collection go, what is no vector is overwritten, and so are free pages of Chroma's database.

        Raises IndexFilesError.
        """
        with closing(self._connect()) as connection:
            segments = {row[0] for row in connection.execute("SELECT id FROM segments")}
            for folder in [one for one in self._path.iterdir() if one.is_dir()]:
                if folder.name not in segments:
                    shutil.rmtree(folder)
                elif (folder / "header.bin").exists():
                    blank(folder)
            self._folders.clear()
            self._blank.clear()
            for pragma in ("PRAGMA secure_delete=ON", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                connection.execute(pragma)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path / "chroma.sqlite3", timeout=_TIMEOUT_S)


def blank(folder: Path) -> None:
    """Zeros behind the last vector of a segment and behind its last length. Raises IndexFilesError for other files."""
    with (folder / "header.bin").open("rb") as file:
        header = file.read(_HEADER.size)
    if len(header) < _HEADER.size or header[:4] != _VERSION.to_bytes(4, "little"):
        raise IndexFilesError("Chroma's vector files have another format: use the version in constraints.txt")
    _, _, _, held, size = _HEADER.unpack(header)
    for name, width in (("data_level0.bin", size), ("length.bin", _LENGTH)):
        with (folder / name).open("r+b") as file:
            rest = file.seek(0, 2) - held * width
            if rest > 0:
                file.seek(held * width)
                file.write(bytes(rest))
                file.flush()
                os.fsync(file.fileno())
