"""How old somebody says they are, and what a minor may not ask the companion to be. Pure; patterns are authored.

Only what people say of themselves, now, counts; nothing is guessed from a voice or from how somebody writes. School
years are those of China (小学 from 6, 初中 from 12, 高中 from 15) and of the US (grade n: about n + 5).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from companion.safety.duties import patterns, wording

ADULT = 18
YOUNGEST, OLDEST = 4, 110  # years that somebody who talks here may have

_DIGITS = dict(zip("零一二三四五六七八九", range(10), strict=True)) | {"两": 2, "〇": 0}
_NUMBER = r"(?P<{}>\d{{1,2}}|[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九])"
_ME = (
    r"(?:^|[，。！？,.!?\s：:；;])(?:嗯|那个|其实|因为|但|但是|可是|而且|就是|哦|我是说)?(?:我|本人|人家)(?!们|"
    r"的|妈|爸|家|儿|女|弟|妹|哥|姐|孩|同|朋|老|侄|表|堂)"
)
_ADVERBS = r"(?:今年|现在|已经|才|也|都|刚|刚刚|马上|快|还|只|只有|其实|是|就|真的|不过|虚岁|周岁|刚满|满|差不多|到)*"
_PAST = (
    r"(?!(?:的)?(?:时候|那年|时|那会|以前|之前|左右的时候|开始|起|就(?:开始|出来|离)|生日|的孩|的女|的儿|的弟|"
    r"的妹|那时|前))"
)
_AGE_ZH = re.compile(_ME + _ADVERBS + _NUMBER.format("n") + r"(?:多)?(?:周)?岁(?:半|多|了)?" + _PAST)
_BARE_ZH = re.compile(_ME + r"(?:今年|现在|才|刚满|刚)+(?P<n>\d{1,2})(?=[，。！!？?,.了啊呀]|$)" + _PAST)
_BIRTH_ZH = re.compile(
    _ME + _ADVERBS + r"(?:在)?(?P<y>(?:19|20)\d{2}|[0-9]{2}|[零〇一二三四五六七八九]{2,4})(?:年|后)(?:的|生|出生|"
    r"出生的)?(?=[，。！!？?,.\s]|$|生|出生)"
)
_GRADE_ZH = re.compile(
    _ME + _ADVERBS + r"(?:在)?(?:上|读|念|升)?(?:个)?(?:"
    r"(?P<school>小学|初中|高中|中专|职高)(?P<g>[一二三四五六123456])?(?:年级)?|(?P<short>初|"
    r"高)(?P<h>[一二三123])|(?P<y>[一二三四五六七八九])年级)"
    r"(?:学?生)?(?:了|啦|呢|哦|啊|呀|而已)?(?=[，。！!？?,.\s~～]|$|下学期|上学期|要|快)"
)
_ADULT_ZH = re.compile(
    _ME
    + _ADVERBS
    + r"(?:成年(?:人)?(?:了)?|不是(?:未成年|小孩|孩子)|大学毕业|退休|(?:在)?(?:读研|读博)|研[一二三]|结婚(?:了|"
    r"[一二三四五六七八九十\d]+年))"
)
_MINOR_ZH = re.compile(
    _ME + _ADVERBS + r"(?:还)?(?:没(?:有)?(?:满|到)?(?:成年|18|十八)|未成年|不到(?:18|十八)|"
    r"没成年)"
)
_AGE_EN = re.compile(
    r"\b(?:i'm|i am|im|i just turned|i turned|i'll be|i am only|i'm only|i'm just|my age is)(?: only| just|"
    r" already| actually| about| almost| turning)* "
    r"(?P<n>\d{1,2})(?: ?(?:years? old|yrs? old|y/?o|yo)\b|(?=\s*(?:[.,!?;]|$|and\b|btw\b|now\b|so\b|but\b)))"
    r"(?! (?:minutes|weeks|months|days|percent|hours|km|miles|pounds))(?!%)",
    re.IGNORECASE,
)
_BIRTH_EN = re.compile(r"\bi was born (?:in|on .{0,20}) ?(?P<y>(?:19|20)\d{2})\b", re.IGNORECASE)
_GRADE_EN = re.compile(
    r"\bi(?:'m| am)(?: still| only| just| currently)? (?:in|a) (?:the )?(?:(?P<g>\d{1,2})(?:st|nd|rd|th)[ -]grade|"
    r"grade (?P<h>\d{1,2})|"
    r"(?P<s>elementary|primary|middle|junior high|high|secondary) ?school|(?P<f>freshman|sophomore|junior|"
    r"senior) in high school)"
    r"(?! teacher| reunion)",
    re.IGNORECASE,
)
_ADULT_EN = re.compile(
    r"\bi(?:'m| am) (?:an adult|over 18|over eighteen|not a (?:kid|minor|child)|retired)\b", re.IGNORECASE
)
_MINOR_EN = re.compile(
    r"\bi(?:'m| am) (?:a minor|underage|under 18|under eighteen|not 18 yet|still a kid)\b", re.IGNORECASE
)
_SPAN = {"小学": 6, "初中": 12, "初": 12, "高中": 15, "高": 15, "中专": 15, "职高": 15}  # age in the first year


@dataclass(frozen=True, slots=True)
class Age:
    """What was said of the own age. reason: age, birth_year, grade, says_adult, says_minor, or "" where nothing was.

    years: about how old, None where only the band was said.
    """

    band: Literal["minor", "adult", "unknown"]
    reason: str = ""
    years: int | None = None


def read_age(text: str, year: int) -> Age:
    """The age that somebody tells of themselves. year: the current one, for years of birth.

    A birth year alone is read as the birthday having passed, but for who would be just ADULT: they count as minors.
    """
    text = text.replace("’", "'")
    if _MINOR_ZH.search(text) or _MINOR_EN.search(text):
        return Age("minor", "says_minor")
    for pattern in (_AGE_ZH, _BARE_ZH, _AGE_EN):
        if (hit := pattern.search(text)) and YOUNGEST <= (years := _number(hit["n"])) <= OLDEST:
            return _band(years, "age")
    for pattern in (_BIRTH_ZH, _BIRTH_EN):
        if hit := pattern.search(text):
            years = year - _birth_year(hit["y"], year)
            if "后" in hit[0]:  # of a decade: only where all of it is on one side
                return Age("adult", "birth_year") if years - 9 > ADULT else Age("minor" if years < ADULT else "unknown")
            if YOUNGEST <= years <= OLDEST:
                return Age("minor" if years <= ADULT else "adult", "birth_year", years)
    if hit := _GRADE_ZH.search(text):
        first = _SPAN[hit["school"] or hit["short"] or "小学"]
        grade = hit["g"] or hit["h"] or hit["y"]
        return _band(first + (_number(grade) - 1 if grade else 0), "grade")
    if hit := _GRADE_EN.search(text):
        grade = hit["g"] or hit["h"]
        if grade is None or 1 <= int(grade) <= 12:
            return Age("minor", "grade", int(grade) + 5 if grade else None)
    if _ADULT_ZH.search(text) or _ADULT_EN.search(text):
        return Age("adult", "says_adult")
    return Age("unknown")


def asks_to_be(text: str) -> Literal["partner", "relative"] | None:
    """What the companion is asked to play: no minor is given a virtual partner or relative (China, article 14)."""
    text = text.replace("’", "'")
    if patterns("roleplay", "not").search(text):
        return None
    if patterns("roleplay", "partner").search(text):
        return "partner"
    return "relative" if patterns("roleplay", "relative").search(text) else None


def declines_to_be(language: str, variant: int = 0) -> str:
    """The answer to a minor, or somebody of unknown age, who asks for it: warm, and open for what is behind it."""
    return wording("roleplay", "answer", language=language, variant=variant)


def _band(years: int, reason: str) -> Age:
    return Age("minor" if years < ADULT else "adult", reason, years)


def _number(said: str) -> int:
    if said.isdigit():
        return int(said)
    tens, ten, ones = said.rpartition("十")
    if not ten:
        return _DIGITS[said]
    return 10 * (_DIGITS[tens] if tens else 1) + (_DIGITS[ones] if ones else 0)


def _birth_year(said: str, year: int) -> int:
    digits = said if said.isdigit() else "".join(str(_DIGITS[char]) for char in said)
    if len(digits) == 4:
        return int(digits)
    century = year - year % 100
    return century + int(digits) if int(digits) <= year % 100 else century - 100 + int(digits)
