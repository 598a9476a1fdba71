"""Marked lines to measure the flags with: language, kind ("-" for plain), text in which {} mark what tells."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from companion.research.disclosure.rare import rare_flags

_MARK = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Line:
    """text, and the span that tells who somebody is, None for a plain line. kind: as of Flag."""

    language: str
    kind: str
    text: str
    span: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Measured:
    """recall: of the marked spans, how many a flag touches. precision: of the flags, how many touch a marked span.
    plain: how many of the plain lines have a flag."""

    lines: int
    recall: float
    precision: float
    plain: float
    missed: tuple[Line, ...]
    wrong: tuple[Line, ...]


def read_lines(path: Path) -> list[Line]:
    """Lines of a file; "#" starts a remark."""
    lines = []
    for raw in path.read_text("utf-8").splitlines():
        if raw and not raw.startswith("#"):
            language, kind, marked = raw.split("\t")
            found = _MARK.search(marked)
            span = (found.start(), found.end() - 2) if found else (0, len(marked)) if kind != "-" else None
            lines.append(Line(language, kind, _MARK.sub(r"\1", marked), span))
    return lines


def held_out(line: Line) -> bool:
    """Half of the lines, by checksum: for measuring only."""
    return zlib.crc32(line.text.encode()) % 2 == 1


def measured(lines: Sequence[Line], *, by_head: bool = True) -> Measured:
    """Without rarity, each line a dialogue of its own."""
    flags = rare_flags([[line.text] for line in lines], fewest=len(lines) + 1, by_head=by_head)
    right = [
        flag for flag in flags if (span := lines[flag.dialogue].span) and flag.start < span[1] and flag.end > span[0]
    ]
    hit = {flag.dialogue for flag in right}
    flagged = {flag.dialogue for flag in flags}
    marked = [at for at, line in enumerate(lines) if line.span]
    plain = [at for at, line in enumerate(lines) if not line.span]
    return Measured(
        len(lines),
        len(hit) / max(1, len(marked)),
        len(right) / max(1, len(flags)),
        len(flagged & set(plain)) / max(1, len(plain)),
        tuple(lines[at] for at in marked if at not in hit),
        tuple(lines[at] for at in plain if at in flagged),
    )
