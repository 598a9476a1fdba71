"""One person's memories, ready for search: columns of numbers, vectors, and which row holds which word.

Built once when the person is loaded; a turn appends to it. Each Rows is a frozen view of the first n rows of a store
that only grows, so that a person with ten thousand memories is not read again after each turn. What is deleted leaves
a new store that never held it. Not for several threads at once.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from memory.names import names
from memory.phrasing import CALLED_OFTEN, called, told
from memory.terms import terms
from memory.turning import tells_a_turn
from memory.types import Memory, MemoryKind, Sensitivity

_Number = TypeVar("_Number", bound=np.generic)
_OPEN = (MemoryKind.EVENT, MemoryKind.WORRY)
_CARE = {Sensitivity.ORDINARY: 0.0, Sensitivity.PRIVATE: 1.0, Sensitivity.CRISIS: 2.0}
_SAME_MATTER, _SURELY_THE_SAME = 0.42, 0.55  # nearness from which the nearest older row is meant, and all; authored
_HALF_LIFE_S = 30 * 86_400.0
_TIMED = re.compile(
    r"\b(?:yesterday|today|tonight|tomorrow|last|next|ago|since|week|month|year|(?:mon|tues|wednes|thurs|fri|satur|sun)day|"
    r"january|february|march|april|may|june|july|august|september|october|november|december|spring|summer|autumn|winter|"
    r"(?:19|20)\d\d)\b|[昨今明前后去]天|[去今明前后]年|[上下这]个?(?:周|星期|月|礼拜)|[月号日]\b|周[一二三四五六日末]|星期|礼拜|小时候|[春夏秋冬]天",
    re.IGNORECASE,
)
_NOWHERE = (np.zeros(0, np.intp), np.zeros(0, np.float32))


class Column(IntEnum):
    """Rows of Rows.columns. Times are unix seconds; never is infinity, and an interval that is not known is empty."""

    LEARNED = 0
    VALID_FROM = 1
    VALID_TO = 2
    ABOUT_START = 3
    ABOUT_END = 4
    FRESH = 5  # when it was said or last recalled
    HALF_LIFE = 6  # s, see half_life
    SALIENCE = 7  # 0..1
    VALENCE = 8  # -1..1, NaN where it is unknown
    CARE = 9  # 0 ordinary, 1 private, 2 crisis
    OPEN = 10  # 1 for what may be asked after: events and worries
    TIMED = 11  # 1 where it says when
    SESSION = 12  # number of the session, -1 without one
    BEFORE = 13  # row that was said right before in the same session, -1 without one
    SPEAKER = 14  # number of the speaker, -1 without one
    OVERTAKEN = 15  # newest row that tells of a turn in what this one says, -1 without one


def half_life(memory: Memory) -> float:
    """Seconds until a memory is half as fresh: 30 days, up to twice that for strong feeling, and longer when recalled.

    30 d * (1 + |valence|) * (1 + ln(1 + recalls)); authored.
    """
    return _HALF_LIFE_S * (1 + abs(memory.felt.valence or 0.0)) * (1 + math.log1p(memory.recalls))


@dataclass(slots=True)
class _Posting:
    at: NDArray[np.intp]
    counts: NDArray[np.float32]
    size: int = 0

    def add(self, row: int, count: int) -> None:
        if self.size == len(self.at):
            self.at = _grown(self.at, self.size + 1)
            self.counts = _grown(self.counts, self.size + 1)
        self.at[self.size], self.counts[self.size] = row, count
        self.size += 1


@dataclass(slots=True)
class _Store:
    """What only grows. words: the terms of each row; seen: session -> (number, its last row); names: see Rows."""

    vectors: NDArray[np.float32]
    turns: bool = False
    words: list[Counter[str]] = field(default_factory=list)
    lengths: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    postings: dict[str, _Posting] = field(default_factory=dict)
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)
    speakers: dict[str, int] = field(default_factory=dict)
    called: Counter[str] = field(default_factory=Counter)
    names: dict[str, int] = field(default_factory=dict)
    wide: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))

    def append(self, memory: Memory, words: Counter[str] | None, speaker: str | None) -> NDArray[np.float64]:
        """Take one row in; its columns."""
        row = len(self.words)
        if words is None:
            words = Counter(terms(told(memory.text)[1]))
        self.words.append(words)
        self.lengths = _grown(self.lengths, row + 1)
        self.lengths[row] = words.total()
        for term, count in words.items():
            posting = self.postings.get(term)
            if posting is None:
                posting = self.postings[term] = _Posting(np.zeros(1, np.intp), np.zeros(1, np.float32))
            posting.add(row, count)
        columns = _columns(memory)
        if memory.session_id is not None:
            number, before = self.seen.get(memory.session_id, (len(self.seen), -1))
            self.seen[memory.session_id] = (number, row)
            columns[Column.SESSION], columns[Column.BEFORE] = number, before
        for name in names(memory.text):
            self.names.setdefault(name, row)
        if self.turns:
            self.called.update(called(memory.text))
        if speaker is not None:
            columns[Column.SPEAKER] = self.speakers.setdefault(speaker, len(self.speakers))
        return columns


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """memories, and in the same order: vectors, unit rows, float32, (n, d); columns, float64, (len(Column), n)."""

    memories: tuple[Memory, ...]
    vectors: NDArray[np.float32]
    columns: NDArray[np.float64]
    _store: _Store

    @classmethod
    def of(cls, memories: Sequence[Memory], vectors: NDArray[np.float32], *, turns: bool = False) -> Rows:
        """Memories, oldest first, with their vectors in the same order.

        turns: they are the turns of a talk of several people, not what one person said.
        """
        empty = np.zeros((0, vectors.shape[1] if vectors.ndim == 2 else 0), np.float32)
        return cls((), empty, np.zeros((len(Column), 0)), _Store(empty, turns)).with_(memories, vectors)

    def with_(self, memories: Sequence[Memory], vectors: NDArray[np.float32]) -> Rows:
        """These rows and newer ones. Costs what the new ones cost, and a copy of the columns."""
        if not memories:
            return self
        n, total = len(self.memories), len(self.memories) + len(memories)
        store = self._store
        if len(store.words) != n:  # another Rows has grown from the same store
            store = self._rebuilt(range(n))._store
        if store.vectors.shape[1] != vectors.shape[1]:
            store.vectors = np.zeros((0, vectors.shape[1]), np.float32)
        store.vectors = _grown(store.vectors, total)
        store.vectors[n:total] = vectors
        fresh = np.array([store.append(m, None, told(m.text)[0]) for m in memories]).T
        columns = np.hstack([self.columns, fresh])
        all_of_them = (*self.memories, *memories)
        _overtake(columns, all_of_them, store.vectors, range(n, total))
        return Rows(all_of_them, store.vectors[:total], columns, store)

    def replaced(self, memory: Memory) -> Rows:
        """These rows with one memory's new state, found by its id.

        Raises KeyError where there is none with its id, ValueError where its text or session differs.
        """
        at = next((n for n, m in enumerate(self.memories) if m.id == memory.id), None)
        if at is None:
            raise KeyError("no row has this memory's id: add it by with_")
        old = self.memories[at]
        if memory.text != old.text or memory.session_id != old.session_id:
            raise ValueError("a memory's text and session stay as they are: end the old one and add the new by with_")
        columns = self.columns.copy()
        columns[: Column.SESSION, at] = _columns(memory)[: Column.SESSION]
        if memory.superseded_by is not None:
            by = (n for n, m in enumerate(self.memories) if m.id == memory.superseded_by)
            columns[Column.OVERTAKEN, at] = next(by, -1)
        return Rows((*self.memories[:at], memory, *self.memories[at + 1 :]), self.vectors, columns, self._store)

    def without(self, ids: Iterable[str]) -> Rows:
        """The rows whose ids are not among these, in a store that never held the others."""
        gone = set(ids)
        return self._rebuilt([n for n, m in enumerate(self.memories) if m.id not in gone])

    def _rebuilt(self, kept: Sequence[int]) -> Rows:
        memories = tuple(self.memories[n] for n in kept)
        store = _Store(self.vectors[list(kept)].copy(), self._store.turns)
        made = [store.append(m, self._store.words[n], told(m.text)[0]) for n, m in zip(kept, memories, strict=True)]
        columns = np.array(made).reshape(-1, len(Column)).T.copy()
        _overtake(columns, memories, store.vectors, range(len(memories)))
        return Rows(memories, store.vectors, columns, store)

    @property
    def speakers(self) -> dict[str, int]:
        """Name as written before the turns -> its number in Column.SPEAKER.

        Where no turn of a talk has a name before it: those who are often called by name, with -1, since whose turn it
        is is unknown.
        """
        if self._store.speakers:
            return self._store.speakers
        return {name: -1 for name, times in self._store.called.items() if times >= CALLED_OFTEN}

    @property
    def names(self) -> dict[str, int]:
        """Name of somebody -> the first row that gives it."""
        n = len(self.memories)
        return {name: row for name, row in self._store.names.items() if row < n}

    def wide(self, k: float, b: float) -> NDArray[np.float32]:
        """BM25's k * (1 - b + b * length / mean length) of each row, (n,); a length is how many terms a row has."""
        store, n = self._store, len(self.memories)
        if len(store.wide) != n:
            lengths = store.lengths[:n]
            store.wide = k * (1 - b + b / (float(lengths.mean()) or 1.0) * lengths)
        return store.wide

    def terms(self, row: int) -> Counter[str]:
        """The terms that a row holds, and how often."""
        return self._store.words[row]

    def holding(self, term: str) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """The rows that hold a term, ascending, and how often each does."""
        posting = self._store.postings.get(term)
        if posting is None:
            return _NOWHERE
        n = len(self.memories)
        size = posting.size
        if size and posting.at[size - 1] >= n:  # rows of a longer view
            size = int(np.searchsorted(posting.at[:size], n))
        return posting.at[:size], posting.counts[:size]

    def has(self, row: int, term: str) -> bool:
        """Whether a row holds a term."""
        return term in self._store.words[row]


def _overtake(
    columns: NDArray[np.float64], memories: Sequence[Memory], vectors: NDArray[np.float32], fresh: range
) -> None:
    """Mark each row with what took its place.

    That is what the ledger says; and a fresh row that tells of a turn overtakes the older row of the same speaker that
    says most nearly the same, and any that surely does.
    """
    ended = {row: by for row in fresh if (by := memories[row].superseded_by) is not None}
    if ended:
        at = {m.id: n for n, m in enumerate(memories)}
        for row, by in ended.items():
            columns[Column.OVERTAKEN, row] = at.get(by, -1)
    for row in fresh:
        if row == 0 or not tells_a_turn(memories[row].text):
            continue
        near = vectors[:row] @ vectors[row]
        near[columns[Column.SPEAKER, :row] != columns[Column.SPEAKER, row]] = 0.0
        near[columns[Column.LEARNED, :row] >= columns[Column.LEARNED, row]] = 0.0
        best = float(near.max())
        if best >= _SAME_MATTER:
            columns[Column.OVERTAKEN, np.flatnonzero(near >= min(best, _SURELY_THE_SAME))] = row


def _columns(memory: Memory) -> NDArray[np.float64]:
    start, end = memory.about or (math.inf, -math.inf)
    row = np.full(len(Column), -1.0)
    row[: Column.SESSION] = (
        memory.learned_at,
        memory.valid_from,
        math.inf if memory.valid_to is None else memory.valid_to,
        start,
        end,
        max(memory.learned_at, memory.last_recalled or -math.inf),
        half_life(memory),
        memory.salience,
        math.nan if memory.felt.valence is None else memory.felt.valence,
        _CARE[memory.sensitivity],
        float(memory.kind in _OPEN),
        float(memory.about is not None or _TIMED.search(memory.text) is not None),
    )
    return row


def _grown(old: NDArray[_Number], least: int) -> NDArray[_Number]:
    """An array with the same beginning that has room for `least` rows; room doubles, so that growing stays cheap."""
    if len(old) >= least:
        return old
    new = np.zeros((max(least, 2 * len(old)), *old.shape[1:]), old.dtype)
    new[: len(old)] = old
    return new
