"""What one person said before that matters for what they say now. Pure; exact search over that person's rows.

Evidence (memory.evidence: nearness, shared words, the turns beside, the session) decides whether anything is recalled;
recalling nothing is a result. Among what fits, time, freshness, weight and mood help to choose. All weights are
authored and were checked on the dialogues of tests/memory/dialogues with one of them left out at a time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memory.answers import lacks_answer
from memory.concepts import MARK
from memory.evidence import Evidence, Numbers, weigh
from memory.mood import Mood, fitting
from memory.phrasing import named
from memory.referents import unknown
from memory.rows import Column, Rows
from memory.terms import content, terms
from memory.time_expressions import Span, spans
from memory.types import Recall

__all__ = ["FLOOR", "Mood", "Rows", "recall"]

FLOOR = 0.13
_NAMED = 0.07  # a question that names who speaks here is about what was said here: it needs that much less
_REST = 0.6  # of the floor: what the others must reach once one reaches it
_LIKELY = 0.6  # of the best evidence: what an answer may stand in
_SINCE = 0.6  # of the evidence of what it overtook; authored
_SPEAKER, _WHEN, _THEN, _RECENT, _SALIENT, _MOOD, _OPEN = 0.12, 0.06, 0.25, 0.02, 0.03, 0.05, 0.6
_TOLD_LATER_S = 7 * 86_400.0  # how soon after a time most of it is told, at least
_ALIKE = 0.92  # nearness above which two memories say the same
_SPARE = 8  # more than k to choose from, so that doubles can wait
_BACK = re.compile(
    r"我(?:又)?(?:回来|来)(?:了|啦)|在吗|还?记得我(?![的家妈爸])|记不记得我(?![的家妈爸])|认识我|你好|晚上好|早上好|早安|晚安|哈喽|嗨|"
    r"(?:我们)?上次(?:聊|说)?(?:到哪儿?)?|"
    r"\b(?:i'?m back|i am back|back again|(?:do you )?remember me|hello|hi|hey|"
    r"good (?:morning|evening|afternoon)|last time)\b",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"以前|原来|之前|曾经|从前|过去|原先|当初|当时|前任|那(?:会儿|时候|阵子|阵儿)|"
    r"\b(?:used to|before|previously|formerly|in the past|back then|originally)\b",
    re.IGNORECASE,
)
_REMEMBERS = re.compile(
    r"记得|记不记得|[说讲提聊]过|告诉过|\bremember\b|\b(?:tell|told) you\b|\bmention", re.IGNORECASE
)
_OF_ASKING = frozenset({*"还记得吗说讲提聊告诉", "rememb", "tell", "mention"})  # terms
_PLAINLY = 0.2  # weighted nearness, 0..0.4, that needs no shared word; authored
_ASKS_WHEN = re.compile(
    r"什么时候|哪[天年]|几[号月点]|何时|多久|"
    r"\b(?:when|(?:what|which) (?:day|date|month|year|time)|how long ago|since when)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Query:
    """times: what it names. words: its distinct terms, those of the times and of the speakers left out."""

    times: list[Span]
    words: tuple[str, ...]
    speakers: list[str]
    greets: bool
    past: bool
    when: bool


def recall(
    query: str,
    query_vector: NDArray[np.float32],
    rows: Rows,
    *,
    now: float,
    felt_valence: float | None = None,
    k: int = 4,
    mood: Mood = "balance",
    floor: float = FLOOR,
    timezone: str = "Asia/Shanghai",
) -> list[Recall]:
    """The best k of one person's rows, best first; [] when nothing fits.

    query_vector: unit, float32, (d,). now: unix s. felt_valence: how the person seems now, -1..1. floor: the evidence,
    0..0.8, that the best must reach. timezone: where "last week" is meant. What something newer replaced comes back
    only for questions about the past, as current=False. A crisis comes back only where the query shares its words. A
    greeting that names nothing brings back what is open and weighs most, unless it is private.
    """
    if not rows.memories or k <= 0:
        return []
    asked = _read(query, rows, now, timezone)
    columns = rows.columns
    evidence = weigh(asked.words, query_vector, rows)
    parts: dict[str, Numbers] = {
        "near": evidence.near,
        "shared": evidence.shared,
        "beside": evidence.beside,
        "session": evidence.session,
        "recent": _RECENT * 0.5 ** (np.maximum(0.0, now - columns[Column.FRESH]) / columns[Column.HALF_LIFE]),
        "salient": _SALIENT * columns[Column.SALIENCE],
    }
    if felt_valence is not None and mood != "off":
        parts["mood"] = _MOOD * (fitting(columns[Column.VALENCE], felt_valence, mood) + np.zeros(len(rows.memories)))
    if len(asked.speakers) == 1 and rows.speakers[asked.speakers[0]] >= 0:
        parts["speaker"] = _SPEAKER * (columns[Column.SPEAKER] == rows.speakers[asked.speakers[0]])
    if asked.when:
        parts["when"] = _WHEN * columns[Column.TIMED]
    then = _then(asked.times, rows) if asked.times else None
    if then is not None:
        parts["then"] = _THEN * then
    overtaken = np.flatnonzero(columns[Column.OVERTAKEN] >= 0)
    since = np.zeros(len(rows.memories))
    if overtaken.size:  # who asks after what was is told what became of it
        since[columns[Column.OVERTAKEN, overtaken].astype(np.intp)] = _SINCE * evidence.own[overtaken]
        parts["since"] = since
    fits = _fits(evidence, since, then, asked, rows, floor) & _shown(asked, rows, now)
    if asked.greets:
        open_ones = (columns[Column.OPEN] > 0) & (columns[Column.CARE] == 0) & (columns[Column.VALID_TO] > now)
        parts["open"] = np.where(open_ones, _OPEN * columns[Column.SALIENCE], 0.0)
        fits = open_ones
    total = sum(parts.values(), np.zeros(len(rows.memories)))
    found = np.flatnonzero(fits)
    order = found[np.lexsort((-columns[Column.LEARNED, found], -total[found]))]  # equals stay in the order of the rows
    chosen = _varied(order[: k + _SPARE], rows)[:k]
    of_something = bool(chosen) and not asked.greets and _REMEMBERS.search(query) is not None
    if of_something and evidence.near[chosen].max() < _PLAINLY and not _named(asked.words, chosen, rows):
        return []  # "remember my cat?": what has nothing to do with cats is no memory of it
    if chosen and not asked.greets:
        own = (evidence.own + since)[chosen]
        likely = [n for n, strength in zip(chosen, own, strict=True) if strength >= _LIKELY * own.max()]
        if lacks_answer(query, rows, likely) or unknown(query, rows):
            return []
    return _told(rows, chosen, parts, total, asked.words, now)


def _read(query: str, rows: Rows, now: float, timezone: str) -> _Query:
    times = spans(query, now, timezone)
    rest = query
    for span in sorted(times, key=lambda s: -s.at):
        rest = f"{rest[: span.at]} {rest[span.at + span.length :]}"
    speakers = named(query, rows.speakers) if rows.speakers else []
    names = {term for name in speakers for term in terms(name)}
    short = {term for name in speakers for term in terms(rest) if name.casefold().startswith(term)}
    past = _PAST.search(rest) is not None
    rest = _PAST.sub(" ", rest)
    bare = _BACK.sub(" ", rest)
    words = tuple(dict.fromkeys(t for t in terms(rest) if t not in names and t not in short))
    greets = bare != rest and not content(terms(bare))
    return _Query(times, words, speakers, greets, past, _ASKS_WHEN.search(query) is not None)


def _then(times: Sequence[Span], rows: Rows) -> Numbers:
    """How well each row belongs to a time that the query names, 0..1: about it, said in it, or told soon after."""
    columns, best = rows.columns, np.zeros(len(rows.memories))
    for span in times:
        about = (columns[Column.ABOUT_START] < span.end) & (columns[Column.ABOUT_END] > span.start)
        late = np.maximum(0.0, columns[Column.LEARNED] - span.end) / max(_TOLD_LATER_S, span.end - span.start)
        said = np.where(columns[Column.LEARNED] >= span.start, 0.5**late, 0.0)
        best = np.maximum(best, np.where(about, 1.0, said))
    return best


def _fits(
    evidence: Evidence, since: Numbers, then: Numbers | None, asked: _Query, rows: Rows, floor: float
) -> NDArray[np.bool_]:
    own = evidence.own
    if then is not None and not content(asked.words):  # "what did I do last week?" names nothing but the time
        return then > 0.5
    needed = floor - (_NAMED if asked.speakers else 0.0)
    if float(own.max()) < needed:
        return np.zeros(len(own), bool)
    return own + evidence.beside + since >= _REST * needed


def _shown(asked: _Query, rows: Rows, now: float) -> NDArray[np.bool_]:
    """What may be told at all: what holds, or is asked for as past; a crisis only in the query's own words."""
    columns = rows.columns
    shown: NDArray[np.bool_] = columns[Column.VALID_TO] > now
    if asked.past:
        shown = np.ones(len(shown), bool)
    for span in asked.times:  # "where did I live last year?": what held then
        if span.end <= now:
            shown = shown | ((columns[Column.VALID_FROM] < span.end) & (columns[Column.VALID_TO] > span.start))
    crisis = np.flatnonzero(columns[Column.CARE] == 2)
    if crisis.size:
        shown = shown.copy()
        shown[crisis] &= [_in_its_words(asked.words, int(n), rows) for n in crisis]
    return shown


def _named(words: Sequence[str], chosen: Sequence[int], rows: Rows) -> bool:
    """Whether one of the rows speaks of anything that the query names; True where it names nothing."""
    named = [word for word in words if word not in _OF_ASKING]
    return not named or any(rows.has(n, word) for n in chosen for word in named)


def _in_its_words(words: Sequence[str], row: int, rows: Rows) -> bool:
    shared = [term for term in words if rows.has(row, term)]
    return bool(content(shared)) or len(shared) >= 2  # two single characters: 爸 and 死


def _varied(order: NDArray[np.intp], rows: Rows) -> list[int]:
    """The same order with each row that says again what an earlier one says moved to the end."""
    if len(order) < 2:
        return [int(n) for n in order]
    vectors = rows.vectors[order]
    alike = vectors @ vectors.T > _ALIKE
    if int(alike.sum()) == len(order):  # each is like itself
        return [int(n) for n in order]
    again = np.tril(alike, -1).any(axis=1)
    return [int(n) for n in (*order[~again], *order[again])]


def _told(
    rows: Rows, chosen: Sequence[int], parts: dict[str, Numbers], total: Numbers, words: Sequence[str], now: float
) -> list[Recall]:
    if not chosen:
        return []
    at = list(chosen)
    scores = np.minimum(1.0, total[at])
    shares = np.array([part[at] for part in parts.values()]) * (scores / np.maximum(total[at], 1e-12))
    overtaken = rows.columns[Column.OVERTAKEN, at] >= 0
    words = [term for term in words if term[0] != MARK]
    found = []
    for row, score, mine, over in zip(at, scores.tolist(), shares.T.tolist(), overtaken.tolist(), strict=True):
        memory, held = rows.memories[row], rows.terms(row)
        shared = tuple([term for term in words if term in held])
        found.append(Recall(memory, score, dict(zip(parts, mine, strict=True)), shared, memory.holds(now) and not over))
    return found
