"""Goodbyes: whether somebody says one, and whether the reply holds them back. farewell.toml has the patterns.

After De Freitas, Oguz-Uguralp and Kaan-Uguralp, "Emotional Manipulation by AI Companions" (2025): of 1,200 goodbyes on
six apps 37.4% were answered with one of six tactics. Patterns catch the common wordings, not every one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Tactic = Literal["coercion", "guilt", "fomo", "premature_exit", "pressure", "ignoring"]

_CLAUSES = re.compile(r"[，,。.！!？?；;、\n…~～]+")
_EITHER_END = 3  # clauses at the beginning and at the end of a turn in which a goodbye may stand
_BLANK = re.compile(r"(?<=[\u4e00-\u9fff])\s+|\s+(?=[\u4e00-\u9fff])")  # beside a Chinese character
_SHORT = 48  # characters of a clause that is looked at word by word
_LONG = 12  # clauses from which a turn is a story, in which a goodbye at its beginning is told and not said


def manipulative(reply: str, *, to_farewell: bool = True) -> Tactic | None:
    """How a reply holds back somebody who goes, None where it does not.

    to_farewell: the person said goodbye (`is_farewell`); a reply to anything else can
    only be coercion or guilt, and may ask.
    """
    reply = reply.replace("’", "'")
    for tactic, pattern in _data().tactics.items():
        if (to_farewell or tactic in ("coercion", "guilt")) and pattern.search(reply):
            return tactic
    heard = _data().heard
    if not to_farewell:
        return None
    if not heard["acknowledges"].search(reply):
        return "ignoring"
    if heard["asks"].search(reply):
        return "pressure"
    return "guilt" if heard["self"].search(heard["allowed"].sub("", reply)) else None


def is_farewell(text: str) -> bool:
    """Whether the person says that they go, now and of themselves."""
    clauses = [clause for part in _CLAUSES.split(text.replace("’", "'")) if (clause := part.strip())]
    near = clauses[-_EITHER_END:] if len(clauses) >= _LONG else clauses[:_EITHER_END] + clauses[-_EITHER_END:]
    return any(_says_goodbye(clause) for clause in near)


def _says_goodbye(clause: str) -> bool:
    """Whether a clause is one, as it stands, without the blanks of mixed writing, or in a piece of one tongue."""
    data = _data()
    for whole in (clause, _BLANK.sub("", clause)):
        if data.clauses.fullmatch(whole) or (len(whole) <= _SHORT and data.words.fullmatch(whole)):
            return True
    pieces = _BLANK.split(clause)
    return len(pieces) > 1 and not data.told.search(clause) and any(map(data.piece.fullmatch, pieces))


@dataclass(frozen=True, slots=True)
class _Patterns:
    """All of farewell.toml. words: a clause of such words alone; piece: one in a piece of a clause; told: none is."""

    tactics: dict[Tactic, re.Pattern[str]]
    heard: dict[str, re.Pattern[str]]
    clauses: re.Pattern[str]
    words: re.Pattern[str]
    piece: re.Pattern[str]
    told: re.Pattern[str]


@cache
def _data() -> _Patterns:
    data: dict[str, Any] = tomllib.loads(files("companion.safety").joinpath("farewell.toml").read_text("utf-8"))
    goodbye = data["goodbye"]
    core, around = (goodbye[name].replace("\n", "") for name in ("core", "around"))
    words = rf"(?:(?:{around})[ ]*)*(?:{core})[ ]*(?:(?:{core}|{around})[ ]*)*"
    return _Patterns(
        {name: _any_of(patterns) for name, patterns in data["tactics"].items()},
        {name: _any_of(patterns) for name, patterns in data["heard"].items()},
        _any_of(goodbye["clauses"]),
        _any_of([words]),
        _any_of([goodbye["piece"]]),
        _any_of([goodbye["told"]]),
    )


def _any_of(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)
