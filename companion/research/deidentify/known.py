"""What is known of one person (profile, memory, contacts, account), found again in their talk however it is written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from companion.errors import InputError
from companion.research.deidentify.digits import runs
from companion.research.deidentify.lexicon import lexicon
from companion.research.deidentify.reading import Reading, read
from companion.research.deidentify.types import Entity, Span

_SHORTEST_DIGITS = 4  # of a number that is looked for within longer ones
_HAN = re.compile(r"[\u4e00-\u9fff]+")
_PREFIX = re.compile(r"(?:00)?86(?=1[3-9]\d{9}$)")


@dataclass(frozen=True)
class KnownOf:
    """A person's dictionary. names: theirs and those of people and animals in their life, also nicknames; places: home,
    work, school as addresses; bodies: employer, school, clinic; numbers: phones, identity cards, cards, plates, with or
    without separators; accounts: user name, e-mail, WeChat. Empty and one-letter entries are passed over.
    """

    names: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    bodies: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, told: str) -> KnownOf:
        """From an object of lists of strings under the names of the fields. Raises InputError."""
        try:
            given = json.loads(told)
        except json.JSONDecodeError as error:
            raise InputError(f"no JSON at line {error.lineno}, column {error.colno}") from None
        fields = cls.__dataclass_fields__
        right = isinstance(given, dict) and all(
            key in fields and isinstance(value, list) and all(isinstance(entry, str) for entry in value)
            for key, value in given.items()
        )
        if not right:
            raise InputError(f"wanted an object of lists of strings under {', '.join(fields)}")
        return cls(**{key: tuple(value) for key, value in given.items()})

    @cached_property
    def _literals(self) -> tuple[re.Pattern[str], dict[str, Entity]] | None:
        kinds: dict[str, Entity] = {}
        listed = (
            (self.accounts, Entity.ACCOUNT), (self.numbers, Entity.NUMBER), (self.bodies, Entity.ORGANIZATION),
            (self.places, Entity.ADDRESS), (self.names, Entity.PERSON),
        )  # fmt: skip
        for entries, entity in listed:
            for entry in entries:
                for form in _forms(entry, entity):
                    kinds[form] = entity
        if not kinds:
            return None
        ranked = sorted(kinds, key=len, reverse=True)
        return re.compile("|".join(map(_bounded, ranked))), kinds

    @cached_property
    def _digits(self) -> tuple[str, ...]:
        found = {_PREFIX.sub("", re.sub(r"\D", "", read(number).digits)) for number in self.numbers}
        return tuple(sorted((d for d in found if len(d) >= _SHORTEST_DIGITS), key=len, reverse=True))

    def spans(self, text: str) -> list[Span]:
        """The same, in the offsets of a text."""
        reading = read(text)
        return [
            Span(*reading.original(span.start, span.end), span.type, span.score, span.rule)
            for span in self.find(reading)
        ]

    def find(self, reading: Reading) -> Iterator[Span]:
        """Every place where something of it stands, in the offsets of the reading."""
        if self._literals is not None:
            pattern, kinds = self._literals
            for found in pattern.finditer(reading.lower):
                yield Span(found.start(), found.end(), kinds[found[0]], 1.0, "known")
        if not self._digits:
            return
        for run in runs(reading):
            said = "".join(digit.value for digit in run)
            for number in self._digits:
                at = said.find(number)
                while at >= 0:
                    yield Span(run[at].start, run[at + len(number) - 1].end, Entity.NUMBER, 0.999, "known")
                    at = said.find(number, at + 1)


def _forms(entry: str, entity: Entity) -> set[str]:
    """How an entry may stand in a text: whole, a Chinese name without its surname, an English one by its parts."""
    whole = read(entry).lower.strip()
    forms = {whole}
    if entity is Entity.PERSON:
        if _HAN.fullmatch(whole) and len(whole) == 3 and whole[0] in lexicon().surnames:
            forms |= {whole[1:]}
        elif _HAN.fullmatch(whole) and len(whole) == 4 and whole[:2] in lexicon().compound:
            forms |= {whole[2:]}
        elif whole.isascii():
            forms |= {part for part in re.split(r"[\s.]+", whole) if len(part) > 2}
    if entity is Entity.ACCOUNT:
        forms.add(whole.lstrip("@"))
    return {form for form in forms if len(form) > 1}


def _bounded(form: str) -> str:
    """A literal; one that begins or ends with a letter or digit does not match within a longer word."""
    left = r"(?<![a-z0-9])" if re.match(r"[a-z0-9]", form) else ""
    right = r"(?![a-z0-9])" if re.search(r"[a-z0-9]$", form) else ""
    return left + re.escape(form) + right
