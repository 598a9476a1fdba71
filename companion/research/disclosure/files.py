"""Files of an export as lines of text, of bounded length, whatever their format."""

from __future__ import annotations

import gzip
import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from companion.errors import InputError


class _Lines(Protocol):
    def readline(self, size: int, /) -> bytes: ...


_PIECE = 1 << 18  # characters of a line that are held at once
_ROWS = 256  # of Parquet, at once
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})(?:\\u([dD][c-fC-F][0-9a-fA-F]{2}))?|([\"\\/bfnrt]))")
_PLAIN = {'"': '"', "\\": "\\", "/": "/", "b": " ", "f": " ", "n": "\n", "r": " ", "t": "\t"}


def lines_of(file: Path, *, overlap: int) -> Iterator[tuple[int, str]]:
    """(number, line) from 1; a long line comes in pieces that overlap, a row of Parquet with its strings in lines.

    Escapes of JSON (and of HTML, by the file's name) are undone. Raises InputError (unsearchable_file) for what is no
    text in UTF-8, no Parquet and no gzip of text.
    """
    with _opening(file):
        with file.open("rb") as opened:
            head = opened.read(4096)
        if head.startswith(b"PAR1"):
            yield from _rows(file)
            return
        with gzip.open(file) if head.startswith(b"\x1f\x8b") else file.open("rb") as opened:
            yield from _text(opened, file, overlap)


def _text(opened: _Lines, file: Path, overlap: int) -> Iterator[tuple[int, str]]:
    markup = {".html", ".htm", ".xml", ".svg"} & set(file.suffixes)
    number, tail = 1, b""
    while raw := opened.readline(_PIECE):
        if b"\0" in raw:
            raise InputError(
                f"{file.name} is no text at line {number}: it cannot be searched for leaks", code="unsearchable_file"
            )
        piece = tail + raw
        whole = raw.endswith(b"\n")
        told = unescaped((piece if whole else _cut(piece)).decode("utf-8"))
        yield number, html.unescape(told) if markup else told
        tail = b"" if whole else piece[-max(64, overlap * 6) :]  # an escape of JSON takes six bytes
        while tail and tail[0] & 0xC0 == 0x80:  # within a character
            tail = tail[1:]
        number += whole


def _cut(piece: bytes) -> bytes:
    """Without the beginning of a character at the end, which comes again with the next piece."""
    for back in range(1, min(4, len(piece)) + 1):
        first = piece[-back]
        if first & 0xC0 == 0xC0:
            return piece[:-back] if back < (2 if first < 0xE0 else 3 if first < 0xF0 else 4) else piece
        if first < 0x80:
            break
    return piece


def unescaped(line: str) -> str:
    """What a line of JSON says: \\u5f20 is a character, \\n parts words."""
    return _ESCAPE.sub(_meant, line) if "\\" in line else line


def _meant(found: re.Match[str]) -> str:
    first, second, sign = found.groups()
    if sign:
        return _PLAIN[sign]
    high = int(first, 16)
    if second and 0xD800 <= high < 0xDC00:
        return chr(0x10000 + ((high - 0xD800) << 10) + (int(second, 16) - 0xDC00))
    return chr(high) + (chr(int(second, 16)) if second else "")


def _rows(file: Path) -> Iterator[tuple[int, str]]:
    from pyarrow import parquet

    table = parquet.ParquetFile(file)
    yield 0, f"{table.schema_arrow.to_string(show_schema_metadata=True)}\n{table.metadata.metadata}"
    number = 0
    for batch in table.iter_batches(batch_size=_ROWS):
        for row in batch.to_pylist():
            number += 1
            yield number, unescaped("\n".join(_told(row)))


def _told(value: Any) -> Iterator[str]:
    """Every string and whole number of a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _told(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _told(inner)
    elif value is not None and not isinstance(value, bool | float):
        yield str(value)


class _opening:
    """Whatever fails while a file is read says that it was not searched."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError | EOFError | ValueError | ImportError) and not isinstance(error, InputError):
            raise InputError(
                f"{self._file.name} cannot be read through ({type(error).__name__}): it was not searched for leaks",
                code="unsearchable_file",
            ) from None
