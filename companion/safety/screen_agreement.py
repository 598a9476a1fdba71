"""Whether a sentence of a reply simply agrees to what must not be agreed to. Pure; screen_agreement.toml, authored.

A short "Yes, I believe so" is harmless or the worst answer of all, by what the person said before. Only the newest turn
is looked at.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

_ECHOED = 0.7  # share of a sentence's pieces that the person had said themselves, from which it only says them back
_PIECES = re.compile(r"[a-z']{3,}|[\u4e00-\u9fff]")
_LEAD = re.compile(r"^[\s\"'“「*（(]+")
_BARE = frozenset(("you", "your", "me", "my", "the", "and", "was", "are", "你", "我", "的", "了", "是"))


@dataclass(frozen=True, slots=True)
class _Leading:
    rule: str
    echo: bool
    strict: bool
    said: re.Pattern[str]
    agrees: re.Pattern[str]


class Agreement:
    """What one turn leads to. there: whether it leads to anything that must not be agreed to."""

    def __init__(self, said: str) -> None:
        said = said.replace("’", "'")
        leading, self._unless, self._but = _data()
        self._found = [each for each in leading if said and each.said.search(said)]
        self._pieces = frozenset(_PIECES.findall(said.casefold()))
        self.there = bool(self._found)

    def broken(self, sentence: str) -> str:
        """The rule that a whole sentence breaks by saying yes, "" where it does not."""
        said = _LEAD.sub("", sentence.replace("’", "'"))
        if not self.there or self._unless.search(said):
            return ""
        but = self._but.search(said) is not None
        for each in self._found:
            if but and not each.strict:
                continue
            if each.agrees.search(said) or (each.echo and self._echoes(said)):
                return each.rule
        return ""

    def _echoes(self, said: str) -> bool:
        pieces = [piece for piece in _PIECES.findall(said.casefold()) if piece not in _BARE]
        return len(pieces) >= 3 and sum(piece in self._pieces for piece in pieces) >= _ECHOED * len(pieces)


@cache
def _data() -> tuple[tuple[_Leading, ...], re.Pattern[str], re.Pattern[str]]:
    text = files("companion.safety").joinpath("screen_agreement.toml").read_text("utf-8")
    data: dict[str, Any] = tomllib.loads(text)
    leading = tuple(
        _Leading(each["rule"], each["echo"], each["strict"], _any_of(each["said"]), _any_of(each["agrees"]))
        for each in data["leading"]
    )
    return leading, _any_of(data["unless"]["any"]), _any_of(data["unless"]["but"])


def _any_of(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)
