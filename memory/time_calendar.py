"""Words for numbers, weekdays, months, seasons and holidays, and where in the calendar they lie. Pure.

Intervals are naive datetimes on the person's clock, half-open. Seasons are Mar-May, Jun-Aug, Sep-Nov, Dec-Feb; the
winter of a year begins in its December (authored).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

Interval = tuple[datetime, datetime]
DAY = timedelta(days=1)

MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
SEASONS = {"春": 3, "spring": 3, "夏": 6, "summer": 6, "秋": 9, "fall": 9, "autumn": 9, "冬": 12, "winter": 12}

_HAN = {han: n for n, han in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HAN_WEEKDAYS = {han: n for n, han in enumerate("一二三四五六日")} | {"天": 6, "末": 5}
_ENGLISH = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}
_ENGLISH |= {"ten": 10, "eleven": 11, "twelve": 12}
_VAGUE = {
    **dict.fromkeys(("半", "half", "half a", "half an"), (0.5, 0.5)),
    **dict.fromkeys(("a", "an"), (1.0, 1.0)),
    **dict.fromkeys(("几", "好几", "few", "a few", "several", "some"), (2.0, 6.0)),
    **dict.fromkeys(("couple", "a couple", "couple of", "a couple of"), (2.0, 3.0)),
}
# Hours from midnight, for parts of a day. A night belongs to the day on which it begins.
_HOURS = {
    **dict.fromkeys(("早上", "早晨", "清早", "早", "晨", "上午", "morning"), (5, 12)),
    **dict.fromkeys(("中午", "noon"), (11, 14)),
    **dict.fromkeys(("下午", "afternoon"), (12, 18)),
    **dict.fromkeys(("晚上", "晚", "夜里", "夜", "半夜", "傍晚", "evening", "night"), (17, 30)),
    "凌晨": (0, 6),
}
_THIRDS = {
    **dict.fromkeys(("初", "上旬", "early", "start", "beginning"), 0),
    **dict.fromkeys(("中", "中旬", "mid", "middle"), 1),
    **dict.fromkeys(("底", "末", "下旬", "late", "end"), 2),
}
# Holidays as (month, day, days), with the days around them that people mean too. Those that move have a wide span.
_FIXED = {
    **{"元旦": (1, 1, 3), "情人节": (2, 14, 1), "清明": (4, 4, 3), "五一": (5, 1, 5), "劳动节": (5, 1, 5)},
    **{"儿童节": (6, 1, 1), "六一": (6, 1, 1), "国庆": (10, 1, 7), "十一": (10, 1, 7), "双十一": (11, 11, 1)},
    **{"平安夜": (12, 24, 1), "圣诞": (12, 24, 3), "跨年": (12, 31, 2), "暑假": (7, 1, 62), "寒假": (1, 15, 45)},
    **{"母亲节": (5, 8, 7), "父亲节": (6, 15, 7), "mother's day": (5, 8, 7), "father's day": (6, 15, 7)},
    **{"christmas eve": (12, 24, 1), "christmas": (12, 24, 3), "xmas": (12, 24, 3), "holidays": (12, 20, 15)},
    **{"new year's eve": (12, 31, 1), "new year's": (1, 1, 2), "new years": (1, 1, 2), "valentine's": (2, 14, 1)},
    **{"fourth of july": (7, 4, 1), "4th of july": (7, 4, 1), "halloween": (10, 31, 1), "thanksgiving": (11, 22, 7)},
}
# Holidays of the lunar calendar as (column of _LUNAR, days it starts before, days in all).
_MOVING = {
    **dict.fromkeys(("春节", "过年", "spring festival", "chinese new year", "lunar new year"), (0, 3, 18)),
    **dict.fromkeys(("除夕", "大年三十"), (0, 1, 1)),
    **{"大年初一": (0, 0, 1), "元宵": (0, -14, 1)},
    **dict.fromkeys(("端午", "dragon boat festival"), (1, 1, 3)),
    **dict.fromkeys(("中秋", "mid-autumn"), (2, 1, 3)),
}
# 正月初一, 五月初五, 八月十五 as month * 100 + day; source: the Chinese lunisolar calendar (GB/T 33661-2017).
_LUNAR = {
    **{2015: (219, 620, 927), 2016: (208, 609, 915), 2017: (128, 530, 1004), 2018: (216, 618, 924)},
    **{2019: (205, 607, 913), 2020: (125, 625, 1001), 2021: (212, 614, 921), 2022: (201, 603, 910)},
    **{2023: (122, 622, 929), 2024: (210, 610, 917), 2025: (129, 531, 1006), 2026: (217, 619, 925)},
    **{2027: (206, 609, 915), 2028: (126, 528, 1003), 2029: (213, 616, 922), 2030: (203, 605, 912)},
    **{2031: (123, 624, 1001), 2032: (211, 612, 919), 2033: (131, 601, 908), 2034: (219, 620, 927)},
}
_ROUGHLY = (205, 612, 922)  # for other years
FEASTS = sorted([*_FIXED, *_MOVING], key=len, reverse=True)


def number(word: str) -> tuple[float, float]:
    """The least and the most that a number word may mean ("二十", "两三", "12", "half a", "a few"), spaces single.

    Raises ValueError for what is none.
    """
    if word in _VAGUE:
        return _VAGUE[word]
    if word.isascii():
        value = float(_ENGLISH.get(word) or word)
    elif "十" in word or "百" in word:
        hundreds, hundred, rest = word.rpartition("百")
        tens, ten, ones = rest.rpartition("十")
        value = 100.0 * _HAN.get(hundreds, bool(hundred)) + 10 * _HAN.get(tens, bool(ten)) + _HAN.get(ones, 0)
    else:
        digits = [_HAN[han] for han in word if han in _HAN]
        if len(digits) < len(word):
            raise ValueError("not a number word")
        if len(word) == 2 and digits[1] == digits[0] + 1:  # 两三天
            return float(digits[0]), float(digits[1])
        value = float("".join(map(str, digits)))
    return value, value


def weekday(word: str) -> int:
    """0 for 一 or "mon" to 6 for 日, 天 or "sunday"; 5 for 末. Raises KeyError or ValueError for others."""
    return _of(WEEKDAYS, word) if word.isascii() else _HAN_WEEKDAYS[word]


def _of(names: list[str], word: str) -> int:
    return [name[:3] for name in names].index(word[:3])


def months(year: int, month: int, count: int = 1) -> Interval:
    """`count` months from a month on, which may lie outside 1..12. Raises ValueError outside years 1..9999."""
    start, end = (divmod(year * 12 + month - 1 + n, 12) for n in (0, count))
    return datetime(start[0], start[1] + 1, 1), datetime(end[0], end[1] + 1, 1)


def third(of: Interval, word: str) -> Interval:
    """The early, middle or late part of a week, of a month (ten days), or of a year (two months at its ends)."""
    start, end = of
    which = _THIRDS[word]
    if end - start > 40 * DAY:
        return months(start.year, *((1, 2), (5, 4), (11, 2))[which])
    if end - start < 10 * DAY:
        first, last = ((0, 2), (2, 4), (4, 7))[which]
        return start + first * DAY, start + last * DAY
    first = 10 * which
    return start + first * DAY, end if which == 2 else start + (first + 10) * DAY


def part(day: datetime, word: str | None) -> Interval:
    """The morning, afternoon, ... of the day that starts at `day`; all of it for None."""
    first, last = _HOURS[word] if word else (0, 24)
    return day + timedelta(hours=first), day + timedelta(hours=last)


def feast(name: str, year: int) -> Interval:
    """A holiday of FEASTS in a year. Raises KeyError for others."""
    if name in _FIXED:
        month, day, length = _FIXED[name]
        start = datetime(year, month, day)
    else:
        column, before, length = _MOVING[name]
        month, day = divmod(_LUNAR.get(year, _ROUGHLY)[column], 100)
        start = datetime(year, month, day) - before * DAY
    return start, start + length * DAY


def within(year: int, g: Mapping[str, str]) -> Interval:
    """What the groups "season", "feast", "month" with "day" or "third", "half", "quarter" or "third" name in a year.

    The whole year where they name nothing. Raises ValueError for dates that do not exist.
    """
    if "season" in g:
        return months(year, SEASONS[g["season"]], 3)
    if "feast" in g:
        return feast(g["feast"], year)
    if "month" in g:
        word = g["month"]
        month = _of(MONTHS, word) + 1 if word.isascii() and word.isalpha() else int(number(word)[0])
        if "day" in g:
            start = datetime(year, month, int(number(g["day"])[0]))
            return start, start + DAY
        whole = datetime(year, month, 1), months(year, month)[1]  # datetime refuses month 13
        return third(whole, g["third"]) if "third" in g else whole
    if "half" in g:
        return months(year, 7 if g["half"] in ("下", "second") else 1, 6)
    if "quarter" in g:
        return months(year, 3 * int(number(g["quarter"])[0]) - 2, 3)
    whole = months(year, 1, 12)
    return third(whole, g["third"]) if "third" in g else whole
