"""Words that one person of a corpus says and no other: names of things that no list knows."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from companion.research.deidentify.reading import Reading

FEWEST_PEOPLE = 50  # below, nearly every longer word is one person's; authored
_MOST = 300_000  # words kept at once; a corpus with more has no more of them looked at
_OFTEN = 20  # of jieba's dictionary: how often a word stands in its corpus that counts as known; authored
_HAN = re.compile(r"[\u4e00-\u9fff]{2,}")
_PROPER = re.compile(
    r"(?<=[a-z,'\u4e00-\u9fff] )[A-Z][A-Za-z'&-]{2,}(?: [A-Z][A-Za-z'&-]{2,})*"
    r"|(?<=[\u4e00-\u9fff])[A-Za-z][A-Za-z'&-]{3,}"
)
_RUN = re.compile(r"[\u4e00-\u9fff]{2,200}")  # jieba takes time by the square of a run
_MANY = ""


class Rarity:
    """Reads a corpus once. Holds candidates only: Chinese words that the dictionary does not know or hardly knows, and
    English names within a sentence."""

    def __init__(self) -> None:
        self._said_by: dict[str, str] = {}
        self._places: dict[str, list[tuple[int, int, int, int]]] = {}
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

    def places(self) -> Iterator[tuple[int, int, int, int]]:
        """(dialogue, turn, start, end) of words that one person says."""
        for found in self._places.values():
            yield from found


def _candidates(reading: Reading) -> Iterator[tuple[str, int, int]]:
    for found in _PROPER.finditer(reading.text):
        yield found[0].lower(), found.start(), found.end()
    if not reading.is_chinese:
        return
    tokenizer = _tokenizer()
    for run in _RUN.finditer(reading.text):
        for word, start, end in tokenizer.tokenize(run[0]):
            if _HAN.fullmatch(word) and tokenizer.FREQ.get(word, 0) < _OFTEN:
                yield word, run.start() + start, run.start() + end


@cache
def _tokenizer() -> Any:
    import jieba  # type: ignore[import-untyped]

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.initialize()
    return tokenizer
