"""Sixty authored dialogues with 600 planted identifiers, through a real export: what is still read in its files.

`dialogues.jsonl` was written before anybody looked at the rules: 25 zh, 20 en, 15 mixed, 984 turns; 300 direct
identifiers (names, phones, identity cards, addresses, bodies, accounts, plates, dates of birth, bank cards) and 300
indirect ones (occupation, event, award, illness, family, what only one is, media, office). Numbers with a check digit
were made up: identity cards are of counties that do not exist.

First figures, by the rules as they stood: 17 of 300 direct ones could be read whole in what the de-identifier left (12
in the export, where masked rare content covered five more), 254 of 300 indirect ones were masked as rare content
(.847), 235 pieces in the 684 turns without an indirect one (34 per 100 turns). Most of those were words that only one
person said; since that counts for less, 202 are masked (.673) and 47 pieces elsewhere (7 per 100 turns, some of which
tell something all the same). With the head's threshold lowered, on these dialogues, it is .80, and 14 pieces per 100.

Then general faults of the de-identifier were mended until no direct one could be read whole. How far that carries to
other talk say the 145 identifiers of `direct_fresh.txt`, written afterwards: 21 could be read whole by the rules of
before, 11 by the mended ones when the lines were first read; two after the general faults that these showed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from companion.research.deidentify import KnownOf, Surrogates
from companion.research.export.request import Request
from memory.types import Slot
from tests.companion.research.export.people import World, consent, deidentifier, memory, remember, talk

DIALOGUES = Path(__file__).parent / "dialogues.jsonl"
FLAGGED = 0.79  # of the indirect ones
FALSE = 0.15  # flags a turn without an indirect one
_MARK = re.compile(r"〔[^〕]*〕")
_RARE = "〔…〕"
_SIGNS = re.compile(r"[\W_]+")
_TITLE = re.compile(r"^(?:mrs?|ms|dr|nurse|sister|big|the)\b\.? |(?:博士|先生|老师|阿姨|经理)$", re.IGNORECASE)
FRESH = Path(__file__).parent / "direct_fresh.txt"
_KNOWN: Mapping[str, tuple[str, Slot | None]] = {
    "name": ("我叫{}", Slot.ADDRESS),
    "contact": ("我的家人叫{}", Slot.PEOPLE),
    "phone": ("我的电话是{}", None),
    "email": ("我的邮箱是{}", None),
    "wechat": ("我的微信号是{}", None),
}


def dialogues() -> list[dict[str, Any]]:
    return [json.loads(line) for line in DIALOGUES.read_text("utf-8").splitlines()]


@dataclass
class Figures:
    """whole: direct ones that can be read anywhere in their dialogue; half: of which more than half is left in place,
    titles apart.
    flagged: indirect ones of which rare content was masked, by type; false: flags in turns without an indirect one.
    """

    whole: list[tuple[str, str]] = field(default_factory=list)
    half: list[tuple[str, str]] = field(default_factory=list)
    flagged: Counter[str] = field(default_factory=Counter)
    planted: Counter[str] = field(default_factory=Counter)
    plain_turns: int = 0
    false: int = 0


def marks(said: str, masked: str) -> list[tuple[int, int, str]] | None:
    """Where marks stand in the words as they were said; None where the masked ones were never these."""
    found = _MARK.findall(masked)
    pattern = "(.+?)".join(re.escape(piece) for piece in _MARK.split(masked))
    match = re.fullmatch(pattern, said, re.DOTALL)
    return None if match is None else [(*match.span(k + 1), mark) for k, mark in enumerate(found)]


def source(exported: Mapping[str, Any], written: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], list[Any]]:
    """Whose dialogue this is, with the marks in each of their turns."""
    said = [message["content"] for message in exported["messages"] if message["role"] == "user"]
    fits = []
    for one in written:
        if len(one["turns"]) == len(said):
            found = [marks(turn["user"], masked) for turn, masked in zip(one["turns"], said, strict=True)]
            if None not in found:
                fits.append((one, found))
    assert len(fits) == 1
    return fits[0]


def letters(text: str) -> int:
    return len(_SIGNS.sub("", text))


def read(exported: Sequence[Mapping[str, Any]], written: Sequence[Mapping[str, Any]]) -> Figures:
    figures = Figures()
    for dialogue in exported:
        one, found = source(dialogue, written)
        told = "\n".join(message["content"] for message in dialogue["messages"]).casefold()
        telling = set()
        for planted in one["planted"]:
            turn, text = planted["turn"], planted["text"]
            start = one["turns"][turn]["user"].index(text)
            end = start + len(text)
            if planted["kind"] == "indirect":
                telling.add(turn)
                figures.planted[planted["type"]] += 1
                hit = any(a < end and b > start for a, b, mark in found[turn] if mark == _RARE)
                figures.flagged[planted["type"]] += hit
                continue
            left = "".join(c for at, c in enumerate(text, start) if not any(a <= at < b for a, b, _ in found[turn]))
            if text.casefold() in told:
                figures.whole.append((one["id"], text))
            elif 2 * letters(left) > letters(text) and letters(_TITLE.sub("", left)):
                figures.half.append((one["id"], text))
        for turn, inside in enumerate(found):
            if turn not in telling:
                figures.plain_turns += 1
                figures.false += sum(mark == _RARE for _, _, mark in inside)
    return figures


async def people(world: World, written: Sequence[Mapping[str, Any]]) -> None:
    """Each dialogue is a person's; what the product knows of them is in their memories. One class of all: nobody is
    suppressed.
    """
    for number, one in enumerate(written):
        user_id, person = f"person-{one['id']}", one["person"]
        turns = [(turn["user"], turn["reply"]) for turn in one["turns"]]
        await talk(world.records, user_id, 1, turns, language="zh")
        if number % 2:  # every second was in danger once: else what is sensitive of them would be known
            await talk(world.records, user_id, 2, [("今晚很难熬", "我在。")], levels={0: 3}, language="zh")
        told = [memory(user_id, _KNOWN[key][0].format(value), _KNOWN[key][1]) for key, value in person.items()]
        await remember(world.records, user_id, memory(user_id, "我喜欢散步"), *told)
        await consent(world.records, user_id, "research")


def rows(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text("utf-8").splitlines():
        yield json.loads(line)


def test_the_set_is_what_it_says() -> None:
    written = dialogues()
    assert Counter(one["language"] for one in written) == {"zh": 25, "en": 20, "mixed": 15}
    assert all(10 <= len(one["turns"]) <= 24 for one in written)
    planted = [(one, p) for one in written for p in one["planted"]]
    assert Counter(p["kind"] for _, p in planted) == {"direct": 300, "indirect": 300}
    assert all(p["text"] in one["turns"][p["turn"]]["user"] for one, p in planted)


def test_no_direct_identifier_is_left_by_the_deidentifier_alone() -> None:
    """Whatever a human then says of the flags."""
    left = []
    for one in dialogues():
        texts = [text for turn in one["turns"] for text in (turn["user"], turn["reply"])]
        known = KnownOf(names=tuple(one["person"][key] for key in ("name", "contact") if key in one["person"]))
        spans, surrogates = deidentifier().dialogue(texts, known), Surrogates()
        told = "\n".join(surrogates.replaced(text, found) for text, found in zip(texts, spans, strict=True)).casefold()
        left += [
            (one["id"], planted["text"])
            for planted in one["planted"]
            if planted["kind"] == "direct" and planted["text"].casefold() in told
        ]
    assert not left


def test_lines_written_afterwards() -> None:
    planted, whole = 0, []
    for line in FRESH.read_text("utf-8").splitlines()[1:]:
        said = re.sub(r"[{}]", "", line)
        spans = deidentifier().spans(said)
        for text in re.findall(r"{(.+?)}", line):
            at = said.index(text)
            planted += 1
            if not any(span.start < at + len(text) and span.end > at for span in spans):
                whole.append(text)
    assert planted == 145 and len(whole) <= 2, whole


@pytest.mark.timeout(300)
async def test_no_direct_identifier_leaves_and_indirect_ones_are_flagged(world: World) -> None:
    written = dialogues()
    await people(world, written)
    row = await world.published(Request(formats=("messages",)))
    assert row.state == "published", row.failure
    exported = [one for one in rows(world.ready(row) / "messages.jsonl") if len(one["messages"]) > 2]
    assert len(exported) == len(written)
    figures = read(exported, written)
    flagged = sum(figures.flagged.values()) / sum(figures.planted.values())
    assert not figures.whole and not figures.half, (figures.whole, figures.half)
    assert flagged >= FLAGGED, figures.flagged
    assert figures.false / figures.plain_turns <= FALSE
