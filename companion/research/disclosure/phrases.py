"""Rules for indirect identifiers: patterns of words/rules_LANGUAGE.toml over the lists of words/indirect.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

Match = re.Match[str]
_CLAUSE = re.compile(r"[，。！？；,.!?;\n]")
_PART = re.compile(r"%([a-z_]+(?:\.[a-z_]+)?)%")
_REACH = 40  # characters of a clause that a veto sees


@dataclass(frozen=True, slots=True)
class Rule:
    """pattern: over a folded text in lower case; its group "n", or all of it, is what tells. veto: over what stands
    before in the same clause. accept: over the match, where a pattern does not suffice. reason: says it to a human.
    """

    kind: str
    reason: str
    pattern: re.Pattern[str]
    veto: re.Pattern[str] | None = None
    accept: Callable[[Match], bool] | None = None

    def spans(self, told: str) -> Iterator[tuple[int, int]]:
        """Where it holds."""
        for found in self.pattern.finditer(told):
            start, end = found.span("n") if "n" in self.pattern.groupindex else found.span()
            if start < 0 or (self.accept is not None and not self.accept(found)):
                continue
            if self.veto is None or self.veto.search(_clause_before(told, start)) is None:
                yield start, end


def rules_of(language: str, accepting: Mapping[str, Callable[[Match], bool]]) -> tuple[Rule, ...]:
    """Rules of "zh" or "en". accepting: by the name under `accept`."""
    told = _read(f"rules_{language}.toml")
    parts = {**told["parts"], **told["vetoes"]}

    def whole(pattern: str) -> str:
        while _PART.search(pattern):
            pattern = _PART.sub(lambda found: parts[found[1]] if found[1] in parts else _either(found[1]), pattern)
        return pattern

    return tuple(
        Rule(
            rule["kind"],
            rule["reason"],
            re.compile(whole(rule["pattern"])),
            re.compile(whole(rule["veto"])) if "veto" in rule else None,
            accepting[rule["accept"]] if "accept" in rule else None,
        )
        for rule in told["rules"]
    )


@cache
def listed(language: str, name: str) -> tuple[str, ...]:
    """A list of words/indirect.toml, longest first: of zh parted by blanks, of en by commas and line ends."""
    told: str = _read("indirect.toml")[language][name]
    words = told.split() if language == "zh" else [word.strip() for word in re.split(r"[,\n]", told)]
    return tuple(sorted({word for word in words if word}, key=lambda word: (-len(word), word)))


def part(language: str, name: str) -> str:
    """A part of the rules, as a pattern."""
    told: str = _read(f"rules_{language}.toml")["parts"][name]
    return told


def _either(name: str) -> str:
    return "(?:" + "|".join(map(re.escape, listed(*name.split(".")))) + ")"


def _clause_before(told: str, start: int) -> str:
    return _CLAUSE.split(told[max(0, start - _REACH) : start])[-1]


@cache
def _read(name: str) -> Mapping[str, Any]:
    told: Mapping[str, Any] = tomllib.loads((files(__package__) / "words" / name).read_text("utf-8"))
    return told
