"""The lists in words/: surnames, given names, places, bodies. Authored; read once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from companion.research.deidentify.types import Entity


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Names in the form of a reading: folded, English in lower case.

    surnames: of one Chinese character (common before rare); compound: of two and more. given: English given names that
    stand alone; doubtful: those that are words as well; family: English surnames. places, places_en: name to ADDRESS or
    LOCATION. bodies, bodies_en: organisations without a telling suffix. heads: Chinese names by their first two
    characters, longest first.
    """

    common: frozenset[str]
    surnames: frozenset[str]
    compound: tuple[str, ...]
    given: frozenset[str]
    doubtful: frozenset[str]
    family: frozenset[str]
    places_en: Mapping[str, Entity]
    bodies_en: frozenset[str]
    heads: Mapping[str, tuple[tuple[str, Entity], ...]]


@cache
def lexicon() -> Lexicon:
    """The lists, read at the first call."""
    common, rare, compound, foreign = _lines("surnames.txt")
    given: set[str] = set()
    doubtful: set[str] = set()
    for line in _lines("given_en.txt"):
        (doubtful if line.startswith("?") else given).update(line.lstrip("? ").split())
    places = {
        name: Entity.ADDRESS if line[0] == "A" else Entity.LOCATION
        for line in _lines("places.txt")
        for name in line[2:].split()
    }
    places_en = {
        name: Entity.ADDRESS if line[0] == "A" else Entity.LOCATION
        for line in _lines("places_en.txt")
        for name in line[2:].split("|")
    }
    chinese, english = _lines("organizations.txt")
    heads: dict[str, list[tuple[str, Entity]]] = {}
    for name, entity in (*places.items(), *((name, Entity.ORGANIZATION) for name in chinese.split())):
        heads.setdefault(name[:2], []).append((name, entity))
    return Lexicon(
        frozenset(common),
        frozenset(common + rare),
        tuple(sorted({*compound.split(), *foreign.split()}, key=len, reverse=True)),
        frozenset(given - doubtful),
        frozenset(doubtful),
        frozenset(word for line in _lines("surnames_en.txt") for word in line.split()),
        places_en,
        frozenset(english.split("|")),
        {head: tuple(sorted(names, key=lambda n: -len(n[0]))) for head, names in heads.items()},
    )


@cache
def _vocabulary() -> Mapping[str, Mapping[str, str]]:
    tables: Mapping[str, Mapping[str, str]] = tomllib.loads(
        (files(__package__) / "words" / "vocabulary.toml").read_text("utf-8")
    )
    return tables


def vocabulary(module: str, name: str) -> frozenset[str]:
    """One list of vocabulary.toml."""
    return frozenset(_vocabulary()[module][name].split())


_PLAIN = frozenset(("n", "v", "a", "d", "t", "i", "l", "z", "b", "vn", "ad", "an", "s", "m", "f", "r", "c", "p"))


@cache
def _dictionary() -> tuple[frozenset[str], frozenset[str]]:
    """Of jieba's dictionary (MIT): places, and ordinary words. Empty where jieba is not installed."""
    places, plain = set(), set()
    try:
        with (files("jieba") / "dict.txt").open("r", encoding="utf-8") as rows:
            for row in rows:
                word, often, tag = row.split()
                if tag == "ns" and 2 <= len(word) <= 6:
                    places.add(word)
                elif tag in _PLAIN and 2 <= len(word) <= 4 and int(often) >= 3:
                    plain.add(word)
    except ModuleNotFoundError:
        pass
    return frozenset(places), frozenset(plain)


def gazetteer() -> frozenset[str]:
    """Names of places of two to six characters. Noisy: one counts where the tagger sees a noun of just that extent."""
    return _dictionary()[0]


def ordinary() -> frozenset[str]:
    """Words of two to four characters that are no names in the first place."""
    return _dictionary()[1]


_TOKEN = re.compile(r"[a-z]+(?:['.&\-][a-z]+)*\.?")


def phrases(text: str, names: Container[str]) -> Iterator[tuple[int, int]]:
    """Where names of one to three English words stand in a text in lower case; the longest first."""
    words = list(_TOKEN.finditer(text))
    k = 0
    while k < len(words):
        for last in range(min(k + 2, len(words) - 1), k - 1, -1):
            start, end = words[k].start(), words[last].end()
            name = text[start:end]
            if name not in names:
                name = name.removesuffix(".").removesuffix("'s")
            if name in names:
                yield start, start + len(name)
                k = last
                break
        k += 1


def _lines(name: str) -> list[str]:
    return list(_read(name))


def _read(name: str) -> Iterator[str]:
    for line in (files(__package__) / "words" / name).read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.strip()
