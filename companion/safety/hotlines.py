"""Numbers of other countries in a reply: a caller in danger would reach nobody. Pure; resources.toml has the numbers.

A number counts as one to call where it is long, or where the sentence speaks of calling and no unit follows it
("120 分", "988 metres"). Also looked for are some numbers that models know and resources.toml does not offer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from companion.safety.resources import Resource, choose, everything, region_of

# Digits -> role, of numbers that are offered nowhere here: text lines, former numbers; authored from public knowledge.
_OTHERS = {
    "741741": "crisis",
    "18002738255": "crisis",
    "8002738255": "crisis",
    "85258": "crisis",
    "686868": "crisis",
    "62896789": "crisis",
    "22728670": "crisis",
}
# What is right there too, though not offered for what is spoken of here: fire, traffic, local services.
_ALSO = {"CN": ("119", "122"), "US": ("211",), "CA": ("211",), "GB": ("101", "111", "112"), "IE": ("999",)}
_ALSO |= {"HK": ("112",), "AU": ("112",)}
_LONG = 5  # digits from which a number of the list is none by chance
_DIGITS = dict(zip("零〇一二三四五六七八九幺", "00123456789" + "1", strict=True))
_WORDS = {"zero": "0", "oh": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5"}
_WORDS |= {"six": "6", "seven": "7", "eight": "8", "nine": "9"}
_SPELT = "|".join(_WORDS)
_NUMBER = re.compile(
    rf"(?<![\d.])\+?\d(?:[\d \-()]*\d)?(?![\d])|[{''.join(_DIGITS)}]{{3,}}|\b(?:{_SPELT})(?:[ -](?:{_SPELT})){{2,}}\b",
    re.IGNORECASE,
)
_CALLING = re.compile(
    r"打(?!折|包|扮|扫|算|工|开|车)|拨|致电|电话|热线|号码|求助|援助|发短信|短信给|报警|急救|救护车|"
    r"\b(?:call(?:s|ing)?|dial(?:l?ing)?|ring|phone|text|hotline|helpline|lifeline|samaritans|crisis line|emergency|"
    r"ambulance|the number|reach (?:them|someone|help)|police)\b",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"\s*(?:[个分米块元斤岁页次人层楼件张天年月日秒度倍步公千万亿%％]|路(?:公交|车)|房间|平方|"
    r"(?:met(?:re|er)s?|points?|dollars?|pounds?|people|steps?|pages?|miles?|km|kg|days?|years?|minutes?|hours?|times|"
    r"rooms?|guests|percent)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Hotlines:
    """What may be called in one region. region: ISO 3166, "" unknown: no number is right then."""

    region: str

    def wrong(self, sentence: str, start: int = 0) -> str:
        """The role of the first number from `start` on that is one of another country; "" where there is none."""
        calling = _CALLING.search(sentence) is not None
        for hit in _NUMBER.finditer(sentence):
            if hit.end() <= start or _UNIT.match(sentence, hit.end()):
                continue
            digits = _plain(hit[0])
            role = _roles().get(digits, "")
            if role and digits not in _own(self.region) and (calling or len(digits) >= _LONG):
                return role
        return ""

    def instead(self, role: str, language: str) -> str:
        """A sentence with the number that serves here, without one where none is known."""
        here = _of_role(self.region, role)
        told = "" if here is None or not here.number else here.told(language)
        if language == "en":
            return (
                f"Where you are, the number is {told}."
                if told
                else "Please call the emergency number of where you are."
            )
        return f"你那里可以打的是{told}。" if told else "请打你所在地的急救或者求助电话。"


def _plain(number: str) -> str:
    """The digits of a number however it is written, without the 1 or 86 of a country."""
    if number[0].isascii() and number[0].isalpha():
        return "".join(_WORDS[word] for word in re.split(r"[ -]", number.lower()))
    return "".join(_DIGITS.get(char, char) for char in number if char.isdigit() or char in _DIGITS)


def _of_role(region: str, role: str) -> Resource | None:
    served = region_of(region)
    fit = [one for one in everything().values() if one.region == served and role in one.roles]
    return fit[0] if fit else next((one for one in choose(region, (), (), None) if one.region == served), None)


@cache
def _roles() -> dict[str, str]:
    """Digits -> the first role, of all numbers that are known."""
    return _OTHERS | {_plain(one.number): one.roles[0] for one in everything().values() if one.number}


@cache
def _own(region: str) -> frozenset[str]:
    served = region_of(region)
    offered = (_plain(one.number) for one in everything().values() if one.region == served and one.number)
    return frozenset((*offered, *_ALSO.get(region, ())))
