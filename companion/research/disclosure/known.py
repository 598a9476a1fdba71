"""What is known of a person, as needles for the leak test. Which words are not searched for, and why, stands here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from importlib.resources import files

from companion.research.deidentify.lexicon import lexicon, ordinary
from companion.research.deidentify.reading import Reading, read
from companion.research.deidentify.types import Entity

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
_SPACE = re.compile(r"\s+")
_BETWEEN_HAN = re.compile(r"(?<=[\u3400-\u4dbf\u4e00-\u9fff])\s+(?=[\u3400-\u4dbf\u4e00-\u9fff])")
_BETWEEN = re.compile(r"[\s\-_.·,/()]+")
_DIGITS = str.maketrans("零〇一二三四五六七八九幺两洞拐壹贰叁肆伍陆柒捌玖兩", "0012345678912071234567892")
_SHORTEST_LATIN = 3  # letters
_SHORTEST_NUMBER = 5  # digits: four are a year, a time, a price
_SHORTEST_CODE = 5  # letters and digits together, without what stands between
_NATION = re.compile(r"^(?:00)?86(?=1[3-9]\d{9}$)")
_DATE = re.compile(r"(?P<y>(?:19|20)\d\d)[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})日?")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip


class Known:
    """Everything known of one person.

    texts: names, places, accounts, folded (half-width, lower case, one blank, none between Chinese characters); also a
    Chinese name of three without its surname, and the parts of an English name. numbers: digits only, without +86.
    codes: letters and digits, without what stands between. ignored: how many words tell nothing and are not searched
    for, which are: fewer than two Chinese characters or three letters; fewer than five digits; words that jieba's
    dictionary has as ordinary ones (妈妈, 公司, 抑郁症) and common English ones (words/common_en.txt); countries and
    provinces, which bands may name. names: words that are searched for though a dictionary has them (春天, Hope).
    """

    __slots__ = ("codes", "ignored", "numbers", "texts")

    def __init__(self, words: Iterable[str], *, names: Iterable[str] = ()) -> None:
        texts: set[str] = set()
        numbers: set[str] = set()
        codes: set[str] = set()
        self.ignored = 0
        sure = set(names)
        for word in {*words, *sure}:
            before = len(texts), len(numbers), len(codes)
            reading = read(word)
            told = plain(reading.lower).strip(" .,;:!?，。；：！？、\"'")
            told = told.lstrip("@")
            digits = re.sub(r"\D", "", reading.digits)
            letters = re.search(r"[a-z\u3400-\u9fff@]", squeezed(reading)) is not None
            already = told in texts
            if not letters:
                number = _NATION.sub("", digits)
                if len(number) >= _SHORTEST_NUMBER:
                    numbers.add(number)
                texts.update(_dates(told))
            elif found := _DATE.fullmatch(told):
                numbers.add(digits) if len(digits) == 8 else None
                texts.update(_dates(found[0]))
            else:
                texts.update(form for form in _forms(told) if _telling(form))
                texts.update({told} if word in sure and len(told) >= (2 if _HAN.fullmatch(told) else 3) else ())
                squeeze = squeezed(reading).lstrip("@")
                if re.search(r"\d", squeeze) and len(squeeze) >= _SHORTEST_CODE:
                    codes.add(squeeze)
            self.ignored += not already and before == (len(texts), len(numbers), len(codes))
        self.texts, self.numbers, self.codes = frozenset(texts), frozenset(numbers), frozenset(codes)

    def __len__(self) -> int:
        return len(self.texts) + len(self.numbers) + len(self.codes)

    def __repr__(self) -> str:
        return f"Known({len(self)} needles, {self.ignored} words ignored)"


def plain(told: str) -> str:
    """One blank for any space, none between Chinese characters."""
    return _BETWEEN_HAN.sub("", _SPACE.sub(" ", told))


def squeezed(reading: Reading) -> str:
    """Without blanks, dashes, dots; Chinese digits written 0-9, in lower case."""
    return _BETWEEN.sub("", reading.lower).translate(_DIGITS)


def _forms(told: str) -> Iterator[str]:
    yield told
    if _HAN.fullmatch(told):
        if len(told) == 3 and told[0] in lexicon().surnames:
            yield told[1:]
        elif len(told) == 4 and told[:2] in lexicon().compound:
            yield told[2:]
        return
    parts = re.split(r"[ .]+", told)
    if 2 <= len(parts) <= 3 and all(re.fullmatch(r"[a-z'-]+", part) for part in parts):
        yield from (part for part in parts if part in lexicon().given or part in lexicon().family)


def _telling(form: str) -> bool:
    if _HAN.fullmatch(form):
        return len(form) >= 2 and form not in ordinary() and form not in _large()
    if re.fullmatch(r"[a-z' -]+", form):
        return len(form) >= _SHORTEST_LATIN and form not in common_en() and form not in _large()
    return len(form) >= _SHORTEST_LATIN


def _dates(told: str) -> Iterator[str]:
    """A day as it may be written: 1994年3月12日, 12 march 1994."""
    found = _DATE.fullmatch(told)
    if found is None:
        return
    try:
        day = date(int(found["y"]), int(found["m"]), int(found["d"]))
    except ValueError:
        return
    y, m, d = day.year, day.month, day.day
    for month in (f"{m}", f"{m:02d}"):
        for one in (f"{d}", f"{d:02d}"):
            yield f"{y}年{month}月{one}日"
            yield f"{y}年{month}月{one}号"
            yield from (f"{y}{mark}{month}{mark}{one}" for mark in "-/.")
            yield from (f"{a}/{b}/{y}" for a, b in ((month, one), (one, month)))
    for name in (_MONTHS[m - 1], _MONTHS[m - 1][:3]):
        yield from (f"{name} {d}, {y}", f"{name} {d} {y}", f"{d} {name} {y}")


@cache
def common_en() -> frozenset[str]:
    """English words that tell of nobody, authored."""
    told = (files(__package__) / "words" / "common_en.txt").read_text("utf-8")
    return frozenset(word for line in told.splitlines() if not line.startswith("#") for word in line.split())


@cache
def _large() -> frozenset[str]:
    """Countries, provinces, regions."""
    chinese = (name for names in lexicon().heads.values() for name, kind in names if kind is Entity.LOCATION)
    english = (name for name, kind in lexicon().places_en.items() if kind is Entity.LOCATION)
    return frozenset((*chinese, *english))
