"""How strongly each row answers a query by what it says: nearness, shared words, the turns beside it, its session."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memory.rows import Column, Rows
from memory.terms import weight

Numbers = NDArray[np.float64]
NEAR, SHARED = 0.4, 0.4
_FOLLOWS, _PRECEDES, _SESSION = 0.3, 0.15, 0.5  # of the evidence of the turn before, the turn after, the session
_BEST_OF_SESSION = 3
_K1, _B = 1.2, 0.75  # BM25 (Robertson & Zaragoza 2009)
_TELLS = 0.005  # idf of a word that all of a hundred rows hold: no row gains by it


@dataclass(frozen=True, slots=True)
class Evidence:
    """Per row, (n,). near, shared: weighted, 0..0.4. own: their sum. beside, session: what others lend it, >= 0."""

    near: Numbers
    shared: Numbers
    own: Numbers
    beside: Numbers
    session: Numbers


def weigh(words: Collection[str], vector: NDArray[np.float32], rows: Rows) -> Evidence:
    """words: the query's distinct terms; vector: the query's, unit, (d,). All weights are authored."""
    near = NEAR * np.maximum(0.0, (rows.vectors @ vector).astype(float))
    shared = SHARED * _bm25(words, rows)
    own = near + shared
    before = rows.columns[Column.BEFORE].astype(np.intp)
    later = np.flatnonzero(before >= 0)  # a turn that follows another in its session
    earlier = before[later]
    beside = np.zeros(len(own))
    if later.size:
        beside[later] = _FOLLOWS * own[earlier]
        beside[earlier] += _PRECEDES * own[later]
    return Evidence(near, shared, own, beside, _SESSION * _of_sessions(own, rows))


def _of_sessions(own: Numbers, rows: Rows) -> Numbers:
    """The mean of the three strongest rows of each row's session, missing ones as 0: several hits lift a session."""
    number = rows.columns[Column.SESSION].astype(np.intp)
    if number.max() < 0:
        return np.zeros(len(own))
    order = np.lexsort((-own, number))
    ordered = number[order]
    first = np.flatnonzero(np.diff(ordered, prepend=ordered[0] - 1))
    rank = np.arange(len(own)) - np.repeat(first, np.diff(first, append=len(own)))
    top = order[(rank < _BEST_OF_SESSION) & (ordered >= 0)]
    sums = np.bincount(number[top], own[top], minlength=int(number.max()) + 1) / _BEST_OF_SESSION
    return np.where(number >= 0, sums[number], 0.0)


def _bm25(words: Collection[str], rows: Rows) -> Numbers:
    """BM25 of each row as a share of what a row with all the words, once each and of mean length, would reach; 0..1."""
    n, best = len(rows.memories), 0.0
    holders: list[NDArray[np.intp]] = []
    often: list[NDArray[np.float32]] = []
    worth: list[float] = []
    sizes: list[int] = []
    for term in words:
        at, counts = rows.holding(term)
        size = len(at)
        idf = weight(term) * math.log(1 + (n - size + 0.5) / (size + 0.5))
        best += idf
        if size and idf > _TELLS:
            holders.append(at)
            often.append(counts)
            worth.append(idf)
            sizes.append(size)
    if not holders:
        return np.zeros(n)
    at, counts = np.concatenate(holders), np.concatenate(often)
    idfs = np.repeat(np.array(worth) * ((_K1 + 1) / best), sizes)
    scores = np.bincount(at, idfs * counts / (counts + rows.wide(_K1, _B)[at]), minlength=n)
    return np.minimum(1.0, scores)
