"""The purposes that people are asked for, and the texts that they read: data files, versioned by day and hash."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from companion.errors import InputError

Purpose = Literal[
    "chat",
    "voice_analysis",
    "audio_retention",
    "memory",
    "counsellor_review",
    "training",
    "research",
    "emergency_contact",
]
Language = Literal["zh", "en"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
LANGUAGES: tuple[Language, ...] = get_args(Language)
# What holds before anybody was asked, unless the operator requires asking; everything else takes an explicit yes.
UNASKED: frozenset[Purpose] = frozenset({"chat", "voice_analysis", "memory"})
_TEXTS = Path(__file__).parent / "texts"
_HASH = 12  # hexadecimal digits: 48 bits tell the few versions of one text apart


@dataclass(frozen=True, slots=True)
class Text:
    """One purpose in one language, in plain words."""

    title: str
    what: str
    why: str
    how_long: str
    withdraw: str


@dataclass(frozen=True, slots=True)
class Wording:
    """A purpose's text in force. version: YYYY-MM-DD.HASH, of all languages; same_as: earlier that mean the same."""

    purpose: Purpose
    version: str
    same_as: frozenset[str]
    texts: Mapping[Language, Text]


def purpose_of(name: str) -> Purpose:
    """The purpose of this name. Raises InputError (unknown_purpose)."""
    for purpose in PURPOSES:
        if purpose == name:
            return purpose
    raise InputError(f"no such purpose: choose one of {', '.join(PURPOSES)}", code="unknown_purpose")


@cache
def wordings(audio_days: float) -> Mapping[Purpose, Wording]:
    """Each purpose's text in force. audio_days: how long recordings are kept; another number is another text."""
    versions = tomllib.loads((_TEXTS / "versions.toml").read_text("utf-8"))
    by_language = {language: _read(language) for language in LANGUAGES}
    made = {}
    for purpose in PURPOSES:
        texts = {
            language: Text(**{part: words.format(audio_days=f"{audio_days:g}") for part, words in of[purpose].items()})
            for language, of in by_language.items()
        }
        content = json.dumps({language: asdict(text) for language, text in texts.items()}, sort_keys=True)
        version = f"{versions[purpose]['since']}.{hashlib.sha256(content.encode()).hexdigest()[:_HASH]}"
        made[purpose] = Wording(purpose, version, frozenset(versions[purpose]["same_as"]), texts)
    return made


@cache
def guardian_note(language: Language, below: int) -> str:
    """Who agrees for a child. below: years."""
    note: str = _read(language)["guardian"]["note"]
    return note.format(guardian_below=below)


def _read(language: Language) -> dict[str, Any]:
    return tomllib.loads((_TEXTS / f"{language}.toml").read_text("utf-8"))
