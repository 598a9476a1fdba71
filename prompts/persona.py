"""Personas: one folder a persona, one TOML file a language, checked on load and versioned by the hash of the file."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from prompts.wording import WORDING, Wording

LANGUAGES = ("zh", "en")
DEFAULT = "warm_friend"  # what the name "default" stands for
_FIELDS = frozenset({"title", "description", "max_sentences", "questions_at_most", "never", "text", "examples"})
_EXAMPLE_FIELDS = frozenset({"note", "said", "answer"})
_SENTENCES, _QUESTIONS = range(1, 7), range(0, 4)


class PersonaError(ValueError):
    """A persona that is not there, or a file of one that does not hold what it must. Says which file and field."""


@dataclass(frozen=True, slots=True)
class Example:
    """A turn to show how it is done. note: as the notes of a turn are worded, "" for a turn without one."""

    note: str
    said: str
    answer: str


@dataclass(frozen=True, slots=True)
class Persona:
    """Who speaks, in one language.

    title: the name that the companion goes by. description: one line, for those who choose. max_sentences: 1..6 and
    questions_at_most: 0..3, of one reply. never: what it must not do, for the prompt and for the screen of replies.
    text: who it is. character, rules: the two parts of the system message. version: sha256 hex of the file.
    """

    name: str
    language: str
    title: str
    description: str
    max_sentences: int
    questions_at_most: int
    never: tuple[str, ...]
    text: str
    examples: tuple[Example, ...]
    character: str
    rules: str
    version: str

    @property
    def system(self) -> str:
        """The system message: the same bytes in every turn of everybody's."""
        return f"{self.character}\n{self.rules}"


def installed() -> tuple[str, ...]:
    """Names of the personas that come with the package, sorted."""
    folder = files("prompts").joinpath("personas")
    return tuple(sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("_")))


@cache
def load_persona(name: str, language: str) -> Persona:
    """A persona by name; "default" is DEFAULT, and a language that it does not have falls back to Chinese.

    Raises PersonaError, a ValueError, for a name that is not installed and for a file that is not as it should be.
    """
    known = installed()
    name = DEFAULT if name == "default" else name
    if name not in known:
        raise PersonaError(f"there is no such persona; installed: {', '.join(known)} (default: {DEFAULT})")
    folder = files("prompts").joinpath("personas", name)
    language = language if language in LANGUAGES and folder.joinpath(f"{language}.toml").is_file() else "zh"
    return parse(name, language, folder.joinpath(f"{language}.toml").read_bytes())


def parse(name: str, language: str, content: bytes) -> Persona:
    """A persona from the content of its file. Raises PersonaError with the file, the field and what to write there."""
    where = f"personas/{name}/{language}.toml"
    if language not in LANGUAGES:
        raise PersonaError(f"{where}: the file must be named for its language, {' or '.join(LANGUAGES)}")
    try:
        fields = tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PersonaError(f"{where} is no TOML in UTF-8: {error}") from None
    _only(where, fields, _FIELDS)
    never = fields.get("never", [])
    if not isinstance(never, list) or not all(isinstance(item, str) and item.strip() for item in never):
        raise PersonaError(f"{where}: never must be a list of phrases")
    rows = fields.get("examples", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise PersonaError(f"{where}: examples must be tables, each under [[examples]]")
    persona = Persona(
        name,
        language,
        _text(where, fields, "title"),
        _text(where, fields, "description"),
        _number(where, fields, "max_sentences", _SENTENCES),
        _number(where, fields, "questions_at_most", _QUESTIONS),
        tuple(item.strip() for item in never),
        _text(where, fields, "text"),
        tuple(_example(f"{where}: examples[{n}]", row) for n, row in enumerate(rows)),
        "",
        "",
        hashlib.sha256(content).hexdigest(),
    )
    return _rendered(persona, WORDING[language])


def _rendered(persona: Persona, wording: Wording) -> Persona:
    """With the two parts of its system message: who it is, and the rules with the examples."""
    asks = persona.questions_at_most
    limits = wording.length.format(persona.max_sentences)
    limits += wording.questions.format(asks) if asks else wording.no_questions
    never = wording.never.format(wording.between.join(persona.never)) if persona.never else ""
    character = wording.space.join(part for part in (persona.text, limits, never) if part)
    shown = [
        f"{wording.example.format(n)}\n{wording.said}"
        + (f"〔{wording.note} {example.note}〕" if example.note else "")
        + f"{example.said}\n{wording.answered}{example.answer}"
        for n, example in enumerate(persona.examples, 1)
    ]
    return replace(persona, character=character, rules="\n".join((wording.rules, *shown)))


def _only(where: str, fields: Mapping[str, object], allowed: frozenset[str]) -> None:
    if unknown := sorted(fields.keys() - allowed):
        raise PersonaError(f"{where}: there is no field {unknown[0]}; there are {', '.join(sorted(allowed))}")


def _text(where: str, fields: Mapping[str, object], name: str, *, empty: bool = False) -> str:
    value = fields.get(name, "" if empty else None)
    if not isinstance(value, str) or not (value.strip() or empty):
        raise PersonaError(f"{where}: {name} must be a text" + ("" if empty else " that is not empty"))
    return value.strip()


def _number(where: str, fields: Mapping[str, object], name: str, allowed: range) -> int:
    value = fields.get(name)
    if type(value) is not int or value not in allowed:
        raise PersonaError(f"{where}: {name} must be a whole number from {allowed.start} to {allowed.stop - 1}")
    return value


def _example(where: str, fields: Mapping[str, object]) -> Example:
    _only(where, fields, _EXAMPLE_FIELDS)
    note = _text(where, fields, "note", empty=True)
    return Example(note, _text(where, fields, "said"), _text(where, fields, "answer"))
