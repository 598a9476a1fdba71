"""Days and ages that tell of somebody. A year alone, a weekday, an hour or "today" stays."""

from __future__ import annotations

import re
from collections.abc import Iterator

from companion.research.deidentify.reading import Reading
from companion.research.deidentify.types import Entity, Span

_N = r"[0-9〇零一二三四五六七八九十]"
_D = "[〇零一二三四五六七八九]"
_D1 = "[一二三四五六七八九]"
_YEAR = rf"(?:(?:19|20)\d\d|\d\d|[一二][九〇零]{_D}{{2}}|{_D}{{2}}|二千[零〇]?[一二三四五六七八九十]{{1,3}})年"
_MONTH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_FEAST = r"(?:生日|生辰|出生|生于|忌日|祭日|纪念日)"
_DAY = rf"(?:3[01]|[12]\d|0?[1-9]|三十一?|二十{_D1}?|廿{_D1}|十{_D1}?|初[一二三四五六七八九十]|{_D1})"
_ZH = re.compile(
    rf"{_YEAR}(?:的)?(?:农历|阴历)?{_MONTH}月(?:份)?(?:{_DAY}(?:日|号|(?![0-9一二三四五六七八九十个])))?|"
    rf"(?:农历|阴历)?(?<!\d){_MONTH}月{_DAY}(?:日|号|(?=[,。!?;\s的我他她是在那]|$))"
)
_KEPT = re.compile(
    rf"(?P<a>(?:{_YEAR}(?:的)?)?(?:农历|阴历)?[正冬腊]月{_DAY}(?:日|号)?)|"
    rf"{_FEAST}(?:就|都|又|也)?(?:是|在|为|,|:)? ?"
    rf"(?P<b>(?:{_YEAR}(?:的)?)?(?:农历|阴历)?{_MONTH}月(?:份)?{_DAY}(?:日|号)?)"
)  # 腊月初八; behind 生日 also without 号
_NUMERIC = re.compile(
    r"(?<![\d.\-/])(?:(?:19|20)\d\d([-/.])(?:1[0-2]|0?[1-9])\1(?:3[01]|[12]\d|"
    r"0?[1-9])|(?:3[01]|[12]\d|0?[1-9])([-/.])(?:3[01]|[12]\d|0?[1-9])\2(?:19|"
    r"20)\d\d)(?![\d\-/]|\.\d)"
)
_BORN = re.compile(
    rf"(?:我是|生于|出生于|出生在|他是|她是)(?P<d>(?:(?:19|20)\d\d|\d\d|{_D}{{2,4}})年)(?=的|"
    rf"出生|生|属|,|$|。)|(?P<e>(?:(?:19|20)\d\d|{_D}{{2,4}})年)(?:出生|生人|生的|"
    r"的生日)"
)
_MONTHS = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)

_ORDINAL = (
    r"(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?|(?:twenty[ -]|thirty[ -])?(?:first|"
    r"second|third|fourth|fifth|sixth|seventh|eighth|ninth)|tenth|eleventh|twelfth|"
    r"(?:thir|four|fif|six|seven|eigh|nine)teenth|twentieth|thirtieth"
)

_EN = re.compile(
    rf"(?<![a-z]){_MONTHS}\.? (?:the )?(?:{_ORDINAL})(?![a-z\d])(?:,? (?:19|20)\d\d)?|"
    rf"(?<![a-z\d])(?:the )?(?:{_ORDINAL})(?: of)? {_MONTHS}(?![a-z])(?:,? (?:19|"
    r"20)\d\d)?"
)
_CN_AGE = rf"(?:1[01]\d|\d{{1,2}}|(?:两|{_D1})?十{_D1}?|两|{_D1}|一百[零〇一二三四五六七八九十]{{0,4}})"
_AGE_ZH = re.compile(rf"(?<![\d一二三四五六七八九十大小了])(?P<a>{_CN_AGE}(?:多)?(?:周)?岁(?:半)?)(?!月)")
_AGE_BARE = re.compile(
    r"(?:今年|刚满|快|虚岁|年纪|都|年龄(?:是)?|奶奶|爷爷|外婆|外公|姥姥|姥爷|我妈|我爸|妈妈|爸爸)(?P<a>[1-9]\d|"
    r"[二三四五六七八九]十[一二三四五六七八九]?)(?=了|[,。!]|$|毕业|岁)"
)
_TENS = (
    r"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[ -](?:one|"
    r"two|three|four|five|six|seven|eight|nine))?|(?:thir|four|fif|six|seven|"
    r"eigh|nine)teen|twelve|eleven|ten"
)

_AGE_EN = re.compile(
    rf"(?<![a-z\d])(?P<a>(?:\d{{1,3}}|{_TENS}|[a-z]{{3,5}})(?: |-)years?(?: |-)olds?|"
    rf"\d{{1,2}} ?(?:yo|y/o))(?![a-z])|(?:aged?|turned|turning|i'm|i am|(?:s?he)(?:'s|"
    rf" is))(?: of)? (?P<b>[1-9]\d|{_TENS})(?= (?:and|now|next|this|in|today)|"
    r"[,.!;]|$)"
)


def find_dates(reading: Reading) -> Iterator[Span]:
    """DATE and AGE."""
    text = reading.lower
    for pattern in (_ZH, _NUMERIC, _EN):
        for found in pattern.finditer(text):
            yield Span(found.start(), found.end(), Entity.DATE, 0.9, "date")
    for found in _KEPT.finditer(text):
        yield Span(*found.span("a" if found["a"] else "b"), Entity.DATE, 0.88, "kept")
    for found in _BORN.finditer(text):
        yield Span(*found.span("d" if found["d"] else "e"), Entity.DATE, 0.8, "born")
    for pattern in (_AGE_ZH, _AGE_BARE):
        for found in pattern.finditer(text):
            yield Span(*found.span("a"), Entity.AGE, 0.85, "age")
    for found in _AGE_EN.finditer(text):
        yield Span(*found.span("a" if found["a"] else "b"), Entity.AGE, 0.85, "age")
