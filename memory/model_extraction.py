"""Finished turns -> what is worth remembering, as a language model reads them; the rules check every word of it.

The model only points: a line, a piece of it, a kind. What the lines do not say is dropped by memory.support.
"""

from __future__ import annotations

import json
import logging
import re
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from memory.claims import claims
from memory.clauses import Subject, clauses, sentences
from memory.extraction import LONGEST, extract, language_of
from memory.extraction_prompt import NOTHING, SCHEMA, messages
from memory.sensitivity import sensitivity
from memory.support import why_not
from memory.time_expressions import spans
from memory.types import Candidate, MemoryKind, Slot, Source

_log = logging.getLogger(__name__)
# Authored. Tokens: an entry is some 45, and a turn seldom has two.
_TURNS_A_CALL, _CALLS = 8, 3
_TOKENS, _TOKENS_A_TURN = 96, 72
_CONFIDENCE = 0.6  # below that of the rules: it was right in its words, but not always in what it made of them
_LEAST, _A_STEP = 0.15, 0.15  # importance 1..5 -> salience .3...9
_ENDS = " 。.，,；;、"
_BREAK = re.compile(r"[。.！!？?；;，,、\n]")  # where a clause may begin
_KINDS = {kind.value: kind for kind in MemoryKind if kind is not MemoryKind.COMPANION}
_SLOTS = {slot.value: slot for slot in Slot}
_BY_ORDER = (Slot.BOUNDARIES, Slot.ADDRESS, Slot.PRONOUNS)  # told by orders: 别问我工作, call me Xia
_TIMELESS = (MemoryKind.PROFILE, MemoryKind.PREFERENCE)


class Completer(Protocol):
    """A language model that answers with JSON."""

    async def complete(self, messages: Sequence[tuple[str, str]], schema: Mapping[str, Any], max_tokens: int) -> str:
        """The answer to (role, content) messages, held to a JSON schema; it may be cut where max_tokens ends it."""
        ...


@dataclass(frozen=True, slots=True)
class SpokenTurn:
    """A turn as it was spoken. said_at: unix s. language: "zh", "en" or "mixed", None where nobody told."""

    id: str
    user_text: str
    reply_text: str
    said_at: float
    language: str | None = None


@dataclass(frozen=True, slots=True)
class _Entry:
    """What the model said of some lines. lines: numbers of them, from 1. kind: None where there is nothing to keep."""

    lines: tuple[int, ...]
    kind: MemoryKind | None = None
    slot: Slot | None = None
    text: str = ""
    importance: int = 1


async def extract_with(
    completer: Completer, turns: Sequence[SpokenTurn], *, now: float, timezone: str, language: str | None
) -> list[Candidate]:
    """Candidates that the turns support, in the order in which the model names them, without repeats.

    One call for up to 8 turns (more a call where there are over 24), at most 3 calls: a second only where an answer
    was cut or could not be read, for what it left out. now: unix s, no turn was said later. timezone: IANA name.
    language: of the turns that do not tell theirs. Replies are not read: a small model takes them for the person's
    words. Raises what the completer raises.
    """
    spoken = [turn for turn in turns if turn.user_text.strip()]
    size = max(_TURNS_A_CALL, -(-len(spoken) // _CALLS))
    waiting = deque[Sequence[SpokenTurn]](spoken[at : at + size] for at in range(0, len(spoken), size))
    found: dict[str, Candidate] = {}
    for _ in range(_CALLS):
        if not waiting:
            break
        part = waiting.popleft()
        asked = messages([turn.user_text for turn in part], language)
        answer = await completer.complete(asked, SCHEMA, _TOKENS + _TOKENS_A_TURN * len(part))
        entries, whole = _read(answer)
        proposed = [c for entry in entries for c in _candidates(entry, part, now, timezone, language)]
        for candidate in _supported(proposed, part):
            found.setdefault(candidate.text.lower(), candidate)
        if not whole:
            waiting.extendleft(reversed(_left(part, entries)))
    return list(found.values())


def _read(answer: str) -> tuple[list[_Entry], bool]:
    """The entries of an answer, and whether it was whole; of one that was cut, those before the cut."""
    start = answer.find("[", answer.find('"memories"'))
    if '"memories"' not in answer or start < 0:
        return [], False
    decoder, at, entries = json.JSONDecoder(), start + 1, list[_Entry]()
    while True:
        while at < len(answer) and answer[at] in " \t\r\n,":
            at += 1
        if at < len(answer) and answer[at] == "]":
            return entries, True
        try:
            value, at = decoder.raw_decode(answer, at)
        except (json.JSONDecodeError, RecursionError):
            return entries, False
        if entry := _entry(value):
            entries.append(entry)


def _entry(value: object) -> _Entry | None:
    """An entry of the schema; None for anything else: a server's grammar is not to be relied on."""
    match value:
        case {"turns": [*lines], "kind": str(kind), **rest}:
            numbers = tuple(dict.fromkeys(n for n in lines if type(n) is int))
            if kind == NOTHING:
                return _Entry(numbers)
            text, importance = rest.get("text"), rest.get("importance")
            if kind in _KINDS and isinstance(text, str) and text.strip() and isinstance(importance, int):
                importance = min(max(importance, 1), 5)
                return _Entry(numbers, _KINDS[kind], _SLOTS.get(str(rest.get("slot"))), text.strip(), importance)
    return None


def _left(part: Sequence[SpokenTurn], entries: Sequence[_Entry]) -> list[Sequence[SpokenTurn]]:
    """The turns that a cut answer did not come to; both halves where it came to none."""
    last = max((n for entry in entries for n in entry.lines if n <= len(part)), default=0)
    if last:
        return [part[last:]] if last < len(part) else []
    middle = (len(part) + 1) // 2
    return [half for half in (part[:middle], part[middle:]) if half]


def _candidates(
    entry: _Entry, part: Sequence[SpokenTurn], now: float, timezone: str, language: str | None
) -> Iterator[Candidate]:
    if entry.kind is None:
        return
    text = entry.text.strip(_ENDS)
    # Small models copy better than they count: the only turn that has the very words is the one.
    having = [turn for turn in part if text.lower() in turn.user_text.lower()]
    named = [part[n - 1] for n in entry.lines if 1 <= n <= len(part)]
    sources = having if len(having) == 1 else named
    text = _from_its_start(text, sources[-1].user_text) if sources else text
    if not sources or not text or len(text) > LONGEST:
        return
    spoken = next((turn.language for turn in sources if turn.language), None) or language or language_of(text)
    ruled = next(iter(extract(text, language=spoken)), None)  # where rules know the words, they know the kind better
    kind, slot = (ruled.kind, ruled.slot) if ruled else (entry.kind, entry.slot)
    times = [s for s in spans(text, min(sources[-1].said_at, now), timezone) if s.end > s.start]
    narrowest = None if kind in _TIMELESS else min(times, key=lambda s: s.end - s.start, default=None)
    yield Candidate(
        kind=kind,
        text=text,
        salience=_LEAST + _A_STEP * entry.importance,
        language=spoken,
        slot=slot,
        claim=ruled.claim if ruled else next(iter(claims(text, spoken)), None),
        about=(narrowest.start, narrowest.end) if narrowest else None,
        confidence=_CONFIDENCE,
        sensitivity=sensitivity(text, kind, slot),
        source=Source.MODEL,
        evidence=tuple(turn.id for turn in sources),
    )


def _from_its_start(text: str, said: str) -> str:
    """The text from the start of its clause in `said`: 住在绵阳 out of 她住在绵阳 would be told of the wrong one."""
    at = said.lower().find(text.lower())
    if at < 0:
        return text
    start = max((mark.end() for mark in _BREAK.finditer(said, 0, at)), default=0)
    return (said[start:at] + text).strip(_ENDS)


def _supported(candidates: Sequence[Candidate], part: Sequence[SpokenTurn]) -> list[Candidate]:
    said = {turn.id: turn.user_text for turn in part}
    reasons = [_why_not(candidate, said) for candidate in candidates]
    if dropped := Counter(reason for reason in reasons if reason):
        _log.debug("a model's memories that the turns do not support: %s", dict(dropped))
    return [candidate for candidate, reason in zip(candidates, reasons, strict=True) if reason is None]


def _why_not(candidate: Candidate, said: Mapping[str, str]) -> str | None:
    """A code, None where the turns support it: memory.support's, "planted" or "no statement"."""
    if reason := why_not(candidate, said):
        return reason
    for turn in candidate.evidence:
        pieces = [said[turn][at : at + LONGEST] for at in range(0, len(said[turn]), LONGEST)]
        if any(why_not(replace(candidate, text=piece), said) == "instruction" for piece in pieces):
            return "planted"  # who gives orders to a model plants facts in the same breath
    return None if _states(candidate) else "no statement"


def _states(candidate: Candidate) -> bool:
    """Whether some clause states a fact of theirs: a small model takes questions and what-ifs for news."""
    if candidate.slot in _BY_ORDER:
        return True
    text = candidate.text
    parts = [c for n, (start, end) in enumerate(sentences(text)) for c in clauses(text, start, end, n)]
    return any(c.fact and c.subject is not Subject.NOBODY for c in parts)
