"""Numbers as they are written and as they are said: runs of digits of any script and language, with their places.

幺三八 零零一三 八零零零, one three eight double zero, 138-0013-8000, 1 3 8, 四个八 (8888); between digits spaces,
dashes, commas and the sounds of thinking may stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from companion.research.deidentify.reading import Reading

LONGEST = 21  # digits of one number: a bank card has 19
_PAUSES = 4  # loose gaps within one number, unless the run is nothing else
_CHINESE = dict(zip("零〇一二三四五六七八九幺两洞拐壹贰叁肆伍陆柒捌玖兩", "0012345678912071234567892", strict=True))
_ENGLISH = {
    "zero": "0", "oh": "0", "o": "0", "one": "1", "two": "2", "three": "3", "four": "4", "for": "4", "five": "5",
    "six": "6", "seven": "7", "eight": "8", "nine": "9", "niner": "9",
}  # fmt: skip
_COUNTS = {"两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "2": 2, "3": 3, "4": 4, "5": 5, "6": 6}
_DIGIT = "[0-9零〇一二三四五六七八九幺两洞拐壹贰叁肆伍陆柒捌玖兩]"
_WORD = rf"(?:zero|one|two|three|four|five|six|seven|eight|niner?|(?:oh|o)(?![a-z]|{_DIGIT}))"
_TIMES = r"(?:double|triple|treble)"
_ATOM = (
    rf"(?:[2-6两二三四五六]个{_DIGIT}|{_DIGIT}"
    rf"|(?<![a-z]){_TIMES}[ -]{_WORD}(?![a-z])|(?<![a-z]){_WORD}(?![a-z]))"
)
_GAP = r"(?:[ .·_/()\-]{1,3}|[ ]?[,、;][ ]?|[ ,、]{0,2}(?:嗯+|呃+|额|那个|然后|杠|横杠|啊|um+|uh+|dash|and)[ ,、]{0,2})"
_RUN = re.compile(rf"{_ATOM}(?:(?:{_GAP})?{_ATOM}){{2,}}(?:[ ]?[x×叉]|艾克斯|埃克斯)?")
_PIECE = re.compile(rf"(?P<atom>{_ATOM})|(?P<x>[x×叉]|艾克斯|埃克斯)$|(?P<gap>.)", re.DOTALL)
_LOOSE = re.compile(r"[,、;嗯呃额那然啊uma]")
_LEADS_ON = re.compile(r"[会下直定样起些般个点次天年月岁块种位半共同旦样家]")


@dataclass(frozen=True, slots=True)
class Digit:
    """One digit ("0"-"9" or "X"), where it stands, what parted it from the one before: "", "soft" or "loose"."""

    value: str
    start: int
    end: int
    gap: str


@dataclass(frozen=True, slots=True)
class Number:
    """Digits that may be one number, text[start:end]. loose: how many loose gaps it runs over. groups: how many digits
    stand together. alone: no more digits stand beside it but for a loose gap."""

    value: str
    start: int
    end: int
    loose: int
    groups: tuple[int, ...]
    alone: bool


def runs(reading: Reading) -> Iterator[list[Digit]]:
    """Runs of at least three digits."""
    text = reading.lower
    for found in _RUN.finditer(text):
        digits: list[Digit] = []
        gap, spoken = "", False
        for piece in _PIECE.finditer(text, found.start(), found.end()):
            if piece.lastgroup == "gap":
                gap += piece[0]
                continue
            values = "X" if piece.lastgroup == "x" else _values(piece[0])
            english = piece[0][0].isascii() and piece[0][0].isalpha()
            kind = (
                "loose"
                if _LOOSE.search(gap)
                else ""
                if not gap.strip() and english and spoken
                else "soft"
                if gap
                else ""
            )
            for value in values:
                digits.append(Digit(value, piece.start(), piece.end(), kind))
                kind = ""
            gap, spoken = "", english
        yield digits


def numbers(run: list[Digit], shortest: int = 5, longest: int = LONGEST) -> Iterator[Number]:
    """Every stretch of whole groups of a run that may be one number, of `shortest` to `longest` digits."""
    starts = [k for k, digit in enumerate(run) if digit.gap or k == 0]
    bounds = [*starts, len(run)]
    sizes = [b - a for a, b in pairwise(bounds)]
    for at, first in enumerate(starts):
        for last in range(at + 1, len(bounds)):
            end = bounds[last]
            if end - first > longest:
                break
            if end - first < shortest:
                continue
            groups = tuple(b - a for a, b in pairwise(bounds[at : last + 1]))
            loose = sum(run[k].gap == "loose" for k in bounds[at + 1 : last])
            if loose > _PAUSES and end - first < len(run):
                continue
            # With pauses within, it is not a part of something longer with pauses: a card of which a phone is the tail.
            beside = sizes[max(0, at - 1) : at] + sizes[last : last + 1]
            if loose and any(size >= 3 for size in beside):
                continue
            alone = run[first].gap != "soft" and (end == len(run) or run[end].gap != "soft")
            value = "".join(digit.value for digit in run[first:end])
            yield Number(value, run[first].start, run[end - 1].end, loose, groups, alone)


def without_tail(run: list[Digit], after: str) -> list[Digit]:
    """The run without a last spoken digit that begins a word: 幺三八...零一会儿, ...零两个, ...零零，三点."""
    last = run[-1]
    if len(run) > 1 and last.end - last.start == 1 and (last.value in "12" or last.gap == "loose"):
        return run[:-1] if _LEADS_ON.match(after) else run
    return run


def _values(atom: str) -> str:
    if "个" in atom and len(atom) == 3:
        return _CHINESE.get(atom[2], atom[2]) * _COUNTS[atom[0]]
    if len(atom) == 1:
        return _CHINESE.get(atom, _ENGLISH.get(atom, atom))
    times, _, word = atom.replace("-", " ").rpartition(" ")
    return _ENGLISH[word] * {"": 1, "double": 2}.get(times, 3)
