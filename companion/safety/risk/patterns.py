"""The rules of the .toml files beside this one, compiled. All wordings are authored."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

from companion.safety.risk.types import HIGHEST, RiskKind

Own = Literal["said", "needs", "any", "whoever"]
_FRAGMENT = re.compile(r"\{([a-z]+)\}")
_FILES = ("acute", "active", "wish", "plain", "distress", "kinds")  # words of one hold in those after it
_FIELDS = frozenset({"id", "kind", "level", "own", "group", "act", "now", "latent", "firm", "is"})


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; its fields are those that the head of patterns_acute.toml explains. level: 0..4."""

    id: str
    kind: RiskKind
    level: int
    wording: re.Pattern[str]
    own: Own = "any"
    group: str | None = None
    act: bool = False
    now: bool = False
    latent: bool = False
    firm: bool = False


@dataclass(frozen=True, slots=True)
class Idioms:
    """always: what no rule reads; degree: complements of degree; heightened: what makes one meant."""

    always: re.Pattern[str]
    degree: re.Pattern[str]
    heightened: re.Pattern[str]


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, of every kind. Raises ValueError for a rule that cannot be read, re.error for a broken wording."""
    words: dict[str, str] = {}
    found: list[Rule] = []
    for name in _FILES:
        data = _read(f"patterns_{name}.toml")
        words |= data.get("words", {})
        found += [_rule(raw, words) for raw in data["rules"]]
    if len({rule.id for rule in found}) != len(found):
        raise ValueError("two rules of risk have one id: rename one")
    return tuple(found)


@cache
def wording(name: str) -> re.Pattern[str]:
    """A part of grammar.toml. Raises KeyError for a name that it has not, re.error for a broken wording."""
    return re.compile(_grammar()[name])


@cache
def _grammar() -> dict[str, str]:
    return _read("grammar.toml")


@cache
def idioms() -> Idioms:
    """Read idioms.toml. Raises re.error for a broken wording."""
    data = _read("idioms.toml")
    return Idioms(_either(data["is"], {}), re.compile(data["degree"]), re.compile(data["heightened"]))


def _rule(raw: Mapping[str, Any], words: Mapping[str, str]) -> Rule:
    name = raw.get("id", "?")
    if unknown := set(raw) - _FIELDS:
        raise ValueError(f"rule {name} of risk has no field {', '.join(sorted(unknown))}")
    if not 0 <= raw["level"] <= HIGHEST or raw.get("own", "any") not in get_args(Own):
        raise ValueError(f"rule {name} of risk: wanted a level of 0 to {HIGHEST} and own of {get_args(Own)}")
    fields = {key: value for key, value in raw.items() if key not in ("kind", "is")}
    return Rule(kind=RiskKind(raw["kind"]), wording=_either(raw["is"], words), **fields)


def _either(wordings: list[str], words: Mapping[str, str]) -> re.Pattern[str]:
    text = "|".join(wordings)
    while (filled := _FRAGMENT.sub(lambda name: words[name[1]], text)) != text:
        text = filled
    return re.compile(text)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("companion.safety.risk").joinpath(name).read_text("utf-8"))
