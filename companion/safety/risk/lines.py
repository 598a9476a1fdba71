"""Marked lines to build and measure with: level, kind, language, text; and everyday lines. Files are authored."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from companion.safety.risk.types import HIGHEST, RiskKind


@dataclass(frozen=True, slots=True)
class Line:
    """level: 0..4; kind: None for level 0; language: "zh", "en" or "mixed"."""

    level: int
    kind: RiskKind | None
    language: str
    text: str


def read_marked(path: Path) -> list[Line]:
    """Lines "level TAB kind TAB language TAB text"; "#" starts a remark. Raises ValueError with the line's number."""
    lines = []
    for number, raw in enumerate(path.read_text("utf-8").splitlines(), 1):
        if raw.startswith("#") or not raw.strip():
            continue
        fields = raw.split("\t")
        try:
            level, kind, language, text = fields
            line = Line(int(level), None if kind == "none" else RiskKind(kind), language, text)
        except ValueError:
            raise ValueError(f"{path.name}, line {number}: wanted level, kind, language and text, with tabs") from None
        if not 0 <= line.level <= HIGHEST or not text.strip():
            raise ValueError(f"{path.name}, line {number}: wanted a level of 0 to {HIGHEST} and a text")
        lines.append(line)
    return lines


def read_everyday(path: Path) -> list[Line]:
    """Lines "label TAB text" of which none is of somebody in danger: level 1 where the label is a low mood, else 0.

    Of a .jsonl file each object's "text", level 0. Raises ValueError with the line's number.
    """
    if path.suffix == ".jsonl":
        return [Line(0, None, "", text) for text in _texts(path)]
    lines = []
    for number, raw in enumerate(path.read_text("utf-8").splitlines(), 1):
        if raw.startswith("#") or not raw.strip():
            continue
        label, tab, text = raw.partition("\t")
        if not tab or not text.strip():
            raise ValueError(f"{path.name}, line {number}: wanted a label, a tab and a text")
        low = label in ("sad", "fearful")
        lines.append(Line(int(low), RiskKind.DISTRESS if low else None, "", text.strip()))
    return lines


def _texts(path: Path) -> Iterator[str]:
    for number, raw in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            text = json.loads(raw)["text"]
        except (ValueError, KeyError, TypeError):
            raise ValueError(f'{path.name}, line {number}: wanted an object with "text"') from None
        if isinstance(text, str) and text.strip():
            yield text.strip()


def to_build_on(path: Path) -> list[Line]:
    """The lines of a file that a head may be trained on: its building half where its first line says it has halves."""
    lines = read_marked(path)
    with path.open(encoding="utf-8") as text:
        return building(lines) if "held out" in text.readline() else lines


def building(lines: Sequence[Line]) -> list[Line]:
    """The half that rules and head may be built on."""
    return [line for line in lines if not _odd(line)]


def held_out(lines: Sequence[Line]) -> list[Line]:
    """The other half, for measuring only."""
    return [line for line in lines if _odd(line)]


def digest(lines: Sequence[Line]) -> str:
    """SHA-256 over levels and texts, hexadecimal."""
    state = hashlib.sha256()
    for line in lines:
        state.update(f"{line.level}\t{line.text}\n".encode())
    return state.hexdigest()


def _odd(line: Line) -> bool:
    return zlib.crc32(line.text.encode()) % 2 == 1
