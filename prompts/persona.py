"""Personas: one folder a persona, one file a language, versioned by the hash of their content."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Persona:
    """The system message of one persona in one language. version: sha256 of the text."""

    name: str
    language: str
    text: str
    version: str


@cache
def load_persona(name: str, language: str) -> Persona:
    """A persona by name; a language that it does not have falls back to Chinese. Raises ValueError for the name."""
    folder = files("prompts").joinpath("personas")
    known = sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("_"))
    if name not in known:
        raise ValueError(f"there is no such persona; installed: {', '.join(known)}")
    language = language if language in LANGUAGES else "zh"
    text = folder.joinpath(name, f"{language}.md").read_text("utf-8").strip()
    return Persona(name, language, text, hashlib.sha256(text.encode()).hexdigest())
