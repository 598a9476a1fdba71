"""Rare content of an export: what was flagged, what a human decided, and how it is masked. Words are in a file only."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from companion.research.export.parts import Parts
from companion.research.export.talks import WITHHELD, Dialogue

Decision = Literal["mask", "keep"]
_LONG = 4  # characters from which flagged words are masked in replies of the same dialogue too; authored
_AROUND = 20  # characters that a human sees before and behind; authored


class Flagged(msgspec.Struct):
    """Something rare. id: the same in every version; before, words, after: as they stand in the masked text."""

    id: str
    dialogue: str
    turn: int
    start: int
    end: int
    kind: str
    reason: str
    before: str
    words: str
    after: str


@dataclass(frozen=True, slots=True)
class _Texts:
    """The words of all dialogues, from the parts, as often as they are asked for."""

    parts: Parts
    people: Sequence[str]

    def __iter__(self) -> Iterator[list[str]]:
        for person in self.people:
            for dialogue in self.parts.read(person):
                yield [turn.said or "" for turn in dialogue.turns]


def flagged(parts: Parts, people: Sequence[str], path: Path) -> int:
    """Look for rare content in the parts of these people and keep it in the file; how many flags."""
    from companion.research.disclosure.rare import rare_flags  # it needs the research extra

    owners = [person for person in people for _ in parts.read(person)]
    found = defaultdict(list)
    for flag in rare_flags(_Texts(parts, people), people=owners):
        found[flag.dialogue].append(flag)
    pending, count, number = path.with_name(path.name + ".part"), 0, 0
    with pending.open("wb") as file:
        for person in people:
            for dialogue in parts.read(person):
                for flag in found.get(number, ()):
                    said = dialogue.turns[flag.turn].said or ""
                    words = said[flag.start : flag.end]
                    place = f"{dialogue.id}\0{dialogue.turns[flag.turn].id}\0{flag.start}\0{flag.end}\0{words}"
                    one = Flagged(
                        id="flag_" + hashlib.sha256(place.encode("utf-8", "replace")).hexdigest()[:24],
                        dialogue=dialogue.id,
                        turn=flag.turn,
                        start=flag.start,
                        end=flag.end,
                        kind=flag.kind,
                        reason=flag.reason,
                        before=said[max(0, flag.start - _AROUND) : flag.start],
                        words=words,
                        after=said[flag.end : flag.end + _AROUND],
                    )
                    file.write(msgspec.json.encode(one) + b"\n")
                    count += 1
                number += 1
        file.flush()
        os.fsync(file.fileno())
    os.replace(pending, path)
    return count


def read_flags(path: Path) -> Iterator[Flagged]:
    """The flags of a file, none where it is not there."""
    if path.exists():
        with path.open("rb") as file:
            for line in file:
                yield msgspec.json.decode(line, type=Flagged)


class Masking:
    """Masks what was flagged and not said to be kept."""

    def __init__(self, flags: Iterable[Flagged], decisions: Mapping[str, Decision]) -> None:
        self._of: dict[str, list[Flagged]] = defaultdict(list)
        for flag in flags:
            if decisions.get(flag.id, "mask") == "mask":
                self._of[flag.dialogue].append(flag)

    def masked(self, dialogue: Dialogue) -> Dialogue:
        """The dialogue, changed in place."""
        flags = self._of.get(dialogue.id)
        if not flags:
            return dialogue
        places: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for flag in flags:
            if (dialogue.turns[flag.turn].said or "")[flag.start : flag.end] == flag.words:
                places[flag.turn].append((flag.start, flag.end))
        for number, found in places.items():
            turn = dialogue.turns[number]
            turn.said = _without(turn.said or "", found)
        again = sorted({flag.words for flag in flags if len(flag.words) >= _LONG}, key=len, reverse=True)
        for turn in dialogue.turns:
            for words in again:
                turn.said = turn.said and turn.said.replace(words, WITHHELD)
                turn.reply = turn.reply and turn.reply.replace(words, WITHHELD)
        return dialogue


def _without(said: str, places: Iterable[tuple[int, int]]) -> str:
    """Words with a mark in each place; places that overlap or touch are one."""
    out, at, gone = [], 0, -1
    for start, end in sorted(places):
        if start > gone:
            out += [said[at:start], WITHHELD]
        at = gone = max(gone, end)
    return "".join([*out, said[at:]])
