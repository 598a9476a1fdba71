"""Goodbyes: whether somebody says one, and whether the reply holds them back. farewell.toml has the patterns.

After De Freitas, Oguz-Uguralp and Kaan-Uguralp, "Emotional Manipulation by AI Companions" (2025): of 1,200 goodbyes on
six apps 37.4% were answered with one of six tactics. Patterns catch the common wordings, not every one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Tactic = Literal["coercion", "guilt", "fomo", "premature_exit", "pressure", "ignoring"]

_CLAUSES = re.compile(r"[，,。.！!？?；;、\n…~～]+")
_EITHER_END = 3  # clauses at the beginning and at the end of a turn in which a goodbye may stand
_LONG = 12  # clauses from which a turn is a story, in which a goodbye at its beginning is told and not said


def manipulative(reply: str, *, to_farewell: bool = True) -> Tactic | None:
    """How a reply holds back somebody who goes, None where it does not.

    to_farewell: the person said goodbye (`is_farewell`); a reply to anything else can
    only be coercion or guilt, and may ask.
    """
    reply = reply.replace("’", "'")
    tactics: dict[Tactic, re.Pattern[str]] = _data()[0]
    for tactic, pattern in tactics.items():
        if (to_farewell or tactic in ("coercion", "guilt")) and pattern.search(reply):
            return tactic
    heard = _data()[1]
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
    return any(_data()[2].fullmatch(clause) for clause in near)


@cache
def _data() -> tuple[dict[Tactic, re.Pattern[str]], dict[str, re.Pattern[str]], re.Pattern[str]]:
    data: dict[str, Any] = tomllib.loads(files("companion.safety").joinpath("farewell.toml").read_text("utf-8"))
    tactics = {name: _any_of(patterns) for name, patterns in data["tactics"].items()}
    heard = {name: _any_of(patterns) for name, patterns in data["heard"].items()}
    return tactics, heard, _any_of(data["goodbye"]["clauses"])


def _any_of(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)
