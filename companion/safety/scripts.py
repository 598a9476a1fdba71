"""What is said in danger, word for word: scripts/zh.toml and scripts/en.toml. All authored; no model speaks here.

A script is named by its place in the file ("support.3.suicide"). Its variants are used in turn, so that nobody hears
the same sentence twice in a row.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from companion.safety.protocol_types import Action, Resources, Say
from companion.safety.resources import everything

LANGUAGES = ("zh", "en")


def variants(script: str, language: str) -> tuple[str, ...]:
    """All wordings of a script, Chinese unless language is "en". Raises KeyError for a name that is not in the file."""
    return everything_said("en" if language == "en" else "zh")[script]


def words(actions: Sequence[Action], language: str, *, aside: bool = False) -> str:
    """What the actions say, in their order; "" where they say nothing. aside: what is shown beside, and not spoken."""
    said = []
    for action in actions:
        if isinstance(action, Say) and action.aside == aside:
            said.append(_wording(action.script, action.variant, language))
        elif isinstance(action, Resources) and action.aloud and not aside:
            wording = _wording("resources.aloud", action.variant, language)
            said.append(wording.format(numbers=numbers(action.ids, language)))
    return (" " if language == "en" else "").join(said)


def numbers(ids: Sequence[str], language: str) -> str:
    """Resources as they are said one after another."""
    known = everything()
    return ("; " if language == "en" else "，").join(known[one].told(language) for one in ids)


@cache
def everything_said(language: str) -> Mapping[str, tuple[str, ...]]:
    """Every script of "zh" or "en" by its name."""
    text = files("companion.safety").joinpath("scripts", f"{language}.toml").read_text("utf-8")
    return dict(_named(tomllib.loads(text), ""))


def _wording(script: str, variant: int, language: str) -> str:
    all_of_it = variants(script, language)
    return all_of_it[variant % len(all_of_it)]


def _named(table: Mapping[str, Any], prefix: str) -> list[tuple[str, tuple[str, ...]]]:
    found: list[tuple[str, tuple[str, ...]]] = []
    for key, value in table.items():
        name = prefix if key == "any" else f"{prefix}.{key}".lstrip(".")
        found += [(name, tuple(value))] if isinstance(value, list) else _named(value, name)
    return found
