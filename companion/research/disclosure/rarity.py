"""Words that one person of a corpus says again and again and no other says: names of things that no list knows."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from companion.research.deidentify.reading import Reading
from companion.research.disclosure.phrases import listed

FEWEST_PEOPLE = 50  # below, nearly every longer word is one person's; authored
_TURNS = 2  # in which the person says it: what is said once is mostly chance; authored
_MOST = 300_000  # words kept at once; a corpus with more has no more of them looked at
_OFTEN = 20  # times in the corpus of jieba's dictionary from which on a noun is common; authored
_HAN = re.compile(r"[\u4e00-\u9fff]{2,}")
_RUN = re.compile(r"[\u4e00-\u9fff]{2,200}")  # jieba takes time by the square of a run
_PROPER = re.compile(
    r"(?<=[a-z,'\u4e00-\u9fff] )(?!I['’ ])[A-Z][A-Za-z&-]{2,}(?: [A-Z][A-Za-z&-]{2,})*"
    r"|(?<=[\u4e00-\u9fff,])[A-Za-z][A-Za-z&-]{3,}"
)
_MANY = ""

_Place = tuple[int, int, int, int]  # dialogue, turn, start, end


class Rarity:
    """Reads a corpus once. Holds candidates only: Chinese nouns that the dictionary hardly knows, words that it does
    not know, and English names within a sentence."""

    def __init__(self) -> None:
        self._said_by: dict[str, str] = {}
        self._places: dict[str, list[_Place]] = {}
        self._people: set[str] = set()

    @property
    def people(self) -> int:
        """How many spoke."""
        return len(self._people)

    def read(self, reading: Reading, person: str, dialogue: int, turn: int) -> None:
        """Take a turn in."""
        self._people.add(person)
        for word, start, end in _candidates(reading):
            if word not in self._said_by and len(self._said_by) >= _MOST:
                continue
            said_by = self._said_by.setdefault(word, person)
            if said_by == person:
                self._places.setdefault(word, []).append((dialogue, turn, *reading.original(start, end)))
            elif said_by != _MANY:
                self._said_by[word] = _MANY
                self._places.pop(word, None)

    def places(self) -> Iterator[_Place]:
        """Where words stand that one person says, in two turns or more."""
        for found in self._places.values():
            if len({place[:2] for place in found}) >= _TURNS:
                yield from found


def _candidates(reading: Reading) -> Iterator[tuple[str, int, int]]:
    for found in _PROPER.finditer(reading.text):
        if found[0].lower() not in listed("en", "calendar"):
            yield found[0].lower(), found.start(), found.end()
    if not reading.is_chinese:
        return
    tokenizer = _tokenizer()
    for run in _RUN.finditer(reading.text):
        for word, start, end in tokenizer.tokenize(run[0]):
            if _HAN.fullmatch(word) and (not tokenizer.FREQ.get(word) or word in _rare_nouns()):
                yield word, run.start() + start, run.start() + end


@cache
def _tokenizer() -> Any:
    import jieba

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.initialize()
    return tokenizer


@cache
def _rare_nouns() -> frozenset[str]:
    with (files("jieba") / "dict.txt").open("r", encoding="utf-8") as rows:
        told = (row.split() for row in rows)
        return frozenset(word for word, often, tag in told if tag[0] == "n" and int(often) < _OFTEN)
