"""Numbers of a text, whether in digits, Han numerals or English words. Pure; authored."""

from __future__ import annotations

import re

_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")
_DIGIT = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_UNIT = {"十": 10, "百": 100, "千": 1_000, "万": 10_000}
DIGITS = frozenset(_DIGIT) | frozenset(_UNIT)
_NUMERAL = re.compile(r"\d+(?:[.:：]\d+)*万?|(?<!万)[零〇一二两三四五六七八九十百千万]+")
_NOT_NUMERAL = re.compile(
    r"万一|千万(?!块|元)|十分(?!钟)|一(?![百千万十月号日点年岁周])[\u3400-\u9fff]|(?<=[第同唯统])一|五一|六一|"
    r"十一(?=假|长假|黄金)|八卦|三心二意|乱七八糟|两(?=边|口)|"
    r"百分之|四川|九寨沟|三亚|七夕|双十一"
)
_SMALL = (
    "zero|one|two twice|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|"
    "seventeen|eighteen|nineteen|twenty"
)
_LARGE = "thirty=30 forty=40 fifty=50 sixty=60 seventy=70 eighty=80 ninety=90 hundred=100 thousand=1000"
_WORD_NUMBERS = {word: n for n, words in enumerate(_SMALL.split("|")) for word in words.split()} | {
    word: int(n) for word, n in (pair.split("=") for pair in _LARGE.split())
}
_UNITS = "点号日岁年月天周块元个次斤公楼路岁只"


def numbers(text: str) -> dict[int | str, set[str]]:
    """Each number of the text, in digits, Han numerals or English words, with the units behind it ("" for none)."""
    found: dict[int | str, set[str]] = {}
    plain = _NOT_NUMERAL.sub(" ", text)
    for match in _NUMERAL.finditer(plain):
        after = plain[match.end() : match.end() + 1]
        found.setdefault(_value(match.group()), set()).add(after if after in _UNITS else "")
    for word in _LATIN_WORD.findall(plain):
        for part in word.lower().split("-"):
            if part in _WORD_NUMBERS and part != "one":
                found.setdefault(_WORD_NUMBERS[part], set()).add("")
    return found


def _value(numeral: str) -> int | str:
    if numeral[0].isdigit():
        bare = numeral.removesuffix("万")
        return (int(bare) * (10_000 if bare != numeral else 1)) if bare.isdigit() else numeral
    if all(c in _DIGIT for c in numeral):
        return int("".join(str(_DIGIT[c]) for c in numeral))
    total = section = digit = 0
    for c in numeral:
        if c in _DIGIT:
            digit = _DIGIT[c]
        elif c == "万":
            total, section, digit = (section + digit) * 10_000, 0, 0
        else:
            section, digit = section + (digit or 1) * _UNIT[c], 0
    return total + section + digit


def numbers_fit(said: str, text: str) -> bool:
    """Whether every number of `text` is in `said`, with the same unit where both name one."""
    have = numbers(said)
    for number, units in numbers(text).items():
        if number not in have:
            return False
        named, known = units - {""}, have[number] - {""}
        if named and known and "" not in have[number] and not _one_unit(named, known):
            return False
    return True


def _one_unit(named: set[str], known: set[str]) -> bool:
    return any({*same} & named and {*same} & known for same in ("号日", "块元", *known))
