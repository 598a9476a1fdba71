"""Indirect identifiers in free text, for a human to confirm: by grammar, a learnt head, and rarity over the corpus."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from companion.errors import InputError
from companion.research.deidentify.reading import Reading, read
from companion.research.disclosure import indirect_en, indirect_zh, learnt
from companion.research.disclosure.phrases import Rule
from companion.research.disclosure.rarity import FEWEST_PEOPLE, Rarity

VERSION = "2"  # of the rules and of the head, for the manifest of an export
_WINDOW, _OVERLAP = 512, 64  # characters that the rules see at once: time in proportion to the length of a turn
_LEAST_ODDS = -0.75  # beside the head's threshold: a human looks, so that more is better; set on sixty dialogues
_BATCH = 128  # sentences that the head judges at once
_ENGLISH = re.compile(r"[A-Za-z]{2}")
_LEARNT = "reads like what few could say"
_RARE = "a word that one person of the corpus says"


@dataclass(frozen=True, slots=True, order=True)
class Flag:
    """turn `turn` of dialogue `dialogue` may tell who somebody is, from start to end (code points, end exclusive).

    kind: work, illness, award, event, media, unique, relation, school, place; rare by rarity. reason: the rule, without
    words of the person.
    """

    dialogue: int
    turn: int
    start: int
    end: int
    kind: str
    reason: str


def rare_flags(
    dialogues: Iterable[Sequence[str]],
    *,
    people: Iterable[str] | None = None,
    fewest: int = FEWEST_PEOPLE,
    by_head: bool = True,
) -> list[Flag]:
    """Flags of all dialogues, in order; overlapping ones of grammar are one, under the kind of the longest.

    people: who speaks in each dialogue; without it, each is somebody else. fewest: people from which on a word is
    called rare that only one of them says. by_head: whole sentences that the learnt head holds for telling, where
    grammar finds nothing in them. Each dialogue is read once, turns are not kept. Raises InputError for fewer people
    than dialogues.
    """
    flags: list[Flag] = []
    rarity, asked = Rarity(), _Asked(flags)
    names = iter(people) if people is not None else None
    for at, dialogue in enumerate(dialogues):
        person = str(at) if names is None else next(names, None)
        if person is None:
            raise InputError(f"dialogue {at} is nobody's: name a person for each dialogue")
        for turn, told in enumerate(dialogue):
            reading = read(told)
            found = list(_merged(grammar(reading)))
            for start, end, kind, reason in found:
                flags.append(Flag(at, turn, *reading.original(start, end), kind, reason))
            if by_head:
                for start, end in learnt.sentences(reading):
                    if not any(a < end and b > start for a, b, _, _ in found):
                        asked.ask(at, turn, reading, start, end)
            rarity.read(reading, person, at, turn)
    asked.answer()
    if rarity.people >= fewest:
        flags += [Flag(*place, "rare", _RARE) for place in rarity.places()]
    return sorted(flags)


class _Asked:
    """Sentences for the head, some at once."""

    def __init__(self, flags: list[Flag]) -> None:
        self._flags = flags
        self._sentences: list[str] = []
        self._places: list[tuple[int, int, int, int]] = []

    def ask(self, dialogue: int, turn: int, reading: Reading, start: int, end: int) -> None:
        self._sentences.append(learnt.without_marks(reading.lower[start:end]))
        self._places.append((dialogue, turn, *reading.original(start, end)))
        if len(self._sentences) >= _BATCH:
            self.answer()

    def answer(self) -> None:
        for place, (odds, kind) in zip(self._places, learnt.judged(self._sentences, learnt.shipped()), strict=True):
            if odds >= _LEAST_ODDS:
                self._flags.append(Flag(*place, kind, _LEARNT))
        self._sentences, self._places = [], []


def grammar(reading: Reading) -> Iterator[tuple[int, int, str, str]]:
    """(start, end, kind, reason) in the offsets of the reading, overlapping, in no order."""
    text = reading.lower
    rules: list[Rule] = []
    if reading.is_chinese:
        rules += indirect_zh.rules()
    if _ENGLISH.search(text):
        rules += indirect_en.rules()
    for base in range(0, max(1, len(text) - _OVERLAP), _WINDOW - _OVERLAP):
        window = text[base : base + _WINDOW]
        for rule in rules:
            for start, end in rule.spans(window):
                trimmed = window[start:end].strip()
                if len(trimmed) > 1:
                    start += window[start:end].index(trimmed[0])
                    yield base + start, base + start + len(trimmed), rule.kind, rule.reason


def _merged(found: Iterable[tuple[int, int, str, str]]) -> Iterator[tuple[int, int, str, str]]:
    cluster: list[tuple[int, int, str, str]] = []
    for span in sorted(found):
        if cluster and span[0] >= max(end for _, end, _, _ in cluster):
            yield _one(cluster)
            cluster = []
        cluster.append(span)
    if cluster:
        yield _one(cluster)


def _one(cluster: list[tuple[int, int, str, str]]) -> tuple[int, int, str, str]:
    _, _, kind, reason = max(cluster, key=lambda span: (span[1] - span[0], span[2], span[3]))
    return min(span[0] for span in cluster), max(span[1] for span in cluster), kind, reason
