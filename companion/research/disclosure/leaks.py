"""The leak test: everything known of each person, replayed against the files of an export, which must not hold it.

One pass over the files, in bounded memory. A file that cannot be read through is refused, not passed over.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from companion.research.deidentify.digits import runs
from companion.research.deidentify.reading import Reading, read
from companion.research.disclosure.files import lines_of
from companion.research.disclosure.known import Known, plain, squeezed

__all__ = ["Known", "Leak", "search"]

_SHORT, _LONG = 2, 4  # characters that needles are looked up by
_NUMBER = 5  # digits that numbers are looked up by: the shortest that is searched for
_INSIDE = 8  # digits from which a number is also found within a longer one


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """Something known of a person stands in a line of a file (rows of Parquet count from 1; 0 is its schema).

    kind: "text" (a name, a place, an account), "number" (however written or said), "code" (letters and digits, with
    whatever stands between them). The words themselves are not kept.
    """

    file: Path
    line_no: int
    user_id: str
    kind: str


def search(files: Iterable[Path], known: Mapping[str, Collection[str] | Known]) -> list[Leak]:
    """Every line that holds something known of somebody, once a line, person and kind; in order.

    known: by user id, all words that tell who they are. Reads text of any kind as UTF-8 (JSON and HTML with their
    escapes undone), .gz of it, .parquet. Raises InputError (unsearchable_file) for a file that it cannot read.
    """
    index = _Index({user: words if isinstance(words, Known) else Known(words) for user, words in known.items()})
    found: set[Leak] = set()
    if index.empty:
        return []
    for file in files:
        for line_no, line in lines_of(file, overlap=index.longest * 4):
            found.update(Leak(file, line_no, user, kind) for user, kind in index.found(line))
    return sorted(found)


class _Index:
    """All needles of all people, by their first characters."""

    def __init__(self, known: Mapping[str, Known]) -> None:
        self._short, self._long, self._codes = _Table(_SHORT), _Table(_LONG), _Table(_LONG)
        self._numbers: dict[str, dict[str, set[str]]] = {}
        self.longest = 0
        for user, words in known.items():
            for needle in words.texts:
                (self._long if len(needle) >= _LONG else self._short).add(needle, user)
            for needle in words.codes:
                self._codes.add(needle, user)
            for needle in words.numbers:
                self._numbers.setdefault(needle[:_NUMBER], {}).setdefault(needle, set()).add(user)
            self.longest = max([self.longest, *map(len, (*words.texts, *words.codes, *words.numbers))])

    @property
    def empty(self) -> bool:
        return not (self._short.heads or self._long.heads or self._codes.heads or self._numbers)

    def found(self, line: str) -> Iterator[tuple[str, str]]:
        """(user id, kind) of what stands in a line."""
        reading = read(line)
        told = plain(reading.lower)
        for table in (self._short, self._long):
            for user in table.found(told, bounded=True):
                yield user, "text"
        if self._codes.heads:
            for user in self._codes.found(squeezed(reading), bounded=False):
                yield user, "code"
        if self._numbers:
            yield from self._said(reading)

    def _said(self, reading: Reading) -> Iterator[tuple[str, str]]:
        for run in runs(reading):
            value = "".join(digit.value for digit in run)
            for at in range(len(value) - _NUMBER + 1):
                for needle, users in self._numbers.get(value[at : at + _NUMBER], {}).items():
                    end = at + len(needle)
                    if not value.startswith(needle, at):
                        continue
                    alone = (at == 0 or run[at].gap) and (end == len(run) or run[end].gap)
                    outside = _joined(reading.lower, run[at].start, run[end - 1].end)
                    if len(needle) >= _INSIDE or (alone and not outside):
                        for user in users:
                            yield user, "number"


class _Table:
    """Needles by their first characters, `size` of them."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.heads: dict[str, dict[str, set[str]]] = {}

    def add(self, needle: str, user: str) -> None:
        self.heads.setdefault(needle[: self._size], {}).setdefault(needle, set()).add(user)

    @cached_property
    def _first(self) -> re.Pattern[str]:
        return re.compile("[" + "".join(map(re.escape, sorted({head[0] for head in self.heads}))) + "]")

    def found(self, told: str, *, bounded: bool) -> Iterator[str]:
        """Whose needles stand there; bounded: not those of letters within a longer word."""
        if not self.heads:
            return
        for first in self._first.finditer(told):
            at = first.start()
            for needle, users in self.heads.get(told[at : at + self._size], {}).items():
                if told.startswith(needle, at) and not (bounded and _within_word(told, at, at + len(needle))):
                    yield from users


def _within_word(told: str, start: int, end: int) -> bool:
    """A needle of letters within a longer word, ann in planned."""
    return _joined(told, start, end) and _letter(told[start]) and _letter(told[end - 1])


def _joined(told: str, start: int, end: int) -> bool:
    before = start > 0 and _letter(told[start - 1]) and _letter(told[start])
    return before or (end < len(told) and _letter(told[end]) and _letter(told[end - 1]))


def _letter(char: str) -> bool:
    return char.isascii() and char.isalnum()
