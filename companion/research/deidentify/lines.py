"""Marked lines to measure with: text in which {words|TYPE} stand. Files are authored."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from companion.research.deidentify.types import Entity

_SHORT = {"P": Entity.PERSON, "A": Entity.ADDRESS, "L": Entity.LOCATION, "O": Entity.ORGANIZATION}
_MARK = re.compile(r"\{([^{}|]+)\|([A-Z_]+)\}")
_NONE = "NONE"  # marked as a trap: nothing is to be found there


@dataclass(frozen=True, slots=True)
class Line:
    """text, and its true spans (start, end, type) in code points."""

    text: str
    spans: tuple[tuple[int, int, Entity], ...]


def read_lines(path: Path) -> list[Line]:
    """Lines of a file; "#" starts a remark. Raises ValueError with the line's number for an unknown type."""
    lines = []
    for number, raw in enumerate(path.read_text("utf-8").splitlines(), 1):
        if raw.startswith("#") or not raw.strip():
            continue
        text, spans, last = "", [], 0
        for mark in _MARK.finditer(raw):
            text += raw[last : mark.start()]
            try:
                entity = None if mark[2] == _NONE else _SHORT.get(mark[2]) or Entity(mark[2])
            except ValueError:
                raise ValueError(f"{path.name}, line {number}: no type {mark[2]}") from None
            if entity is not None:
                spans.append((len(text), len(text) + len(mark[1]), entity))
            text += mark[1]
            last = mark.end()
        lines.append(Line(text + raw[last:], tuple(spans)))
    return lines


def building(lines: Sequence[Line]) -> list[Line]:
    """The half that rules may be built on."""
    return [line for line in lines if not _odd(line)]


def held_out(lines: Sequence[Line]) -> list[Line]:
    """The other half, for measuring only."""
    return [line for line in lines if _odd(line)]


def _odd(line: Line) -> bool:
    return zlib.crc32(line.text.encode()) % 2 == 1
