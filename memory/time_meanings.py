"""What each kind of time expression means at a moment. Pure; the grammar that finds them is time_expressions.

A meaning takes the named groups of the expression (lower case, single spaces, only those that matched) and where it
stands. It returns None for what is no time after all, and raises ValueError or OverflowError for dates that do not
exist.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from memory.time_calendar import DAY, Interval, months, number, part, third, weekday, within

Groups = Mapping[str, str]

_SHIFT = {
    **{"上上": -2, "上": -1, "last": -1, "past": -1, "this past": -1, "这": 0, "本": 0, "this": 0, "the": 0},
    **{"coming": 0, "this coming": 0, "下": 1, "next": 1, "下下": 2},
}
_YEARS = {
    **{"大前年": -3, "前年": -2, "去年": -1, "今年": 0, "明年": 1, "后年": 2},
    **{"last year": -1, "this year": 0, "the year": 0, "next year": 1},
}
_DAYS = {
    **{"大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3},
    **{"today": 0, "yesterday": -1, "tomorrow": 1, "day before yesterday": -2, "day after tomorrow": 2},
}
_LENGTH = {
    **dict.fromkeys(("分钟", "minute"), 1 / 1440),
    **dict.fromkeys(("小时", "钟头", "hour"), 1 / 24),
    **dict.fromkeys(("天", "day", "night"), 1.0),
    **dict.fromkeys(("周", "星期", "礼拜", "week", "weekend"), 7.0),
    **dict.fromkeys(("月", "month"), 30.44),
    **dict.fromkeys(("年", "year"), 365.25),
}
# Days from today on, for what is said of a wide time (authored).
_WIDE = {
    **dict.fromkeys(("最近", "近来", "近期", "这阵子", "这一阵", "这段时间", "这段日子", "这些天"), (-30, 1)),
    **dict.fromkeys(("recently", "lately", "these days"), (-30, 1)),
    **dict.fromkeys(("前阵子", "前一阵子", "前一阵", "前段时间", "前一段时间", "前段日子", "前些日子"), (-90, -7)),
    **dict.fromkeys(("a while ago", "a while back"), (-180, -7)),
    **dict.fromkeys(("过阵子", "过一阵子", "过段时间", "过一段时间", "过些日子", "过些时候"), (7, 90)),
    **{"前些天": (-12, 0), "前些年": (-2920, -365), "过些天": (3, 15)},
    **{"the other day": (-10, 0), "the other night": (-10, 0), "the other week": (-30, -4)},
}
WIDE = sorted(_WIDE, key=len, reverse=True)
_SOON = 60 * DAY  # a month or holiday that begins within this is the coming one

_CLAUSE_END = re.compile(r"[，。！？；,!?;\n]|\.\s")
_DUE = re.compile(r"\b(?:by|until|till)\s+(?:the\s+)?$|^(?:by|until|till)\s", re.IGNORECASE)
_FUTURE = re.compile(
    r"要(?!是)|马上|快到|(?<![开约聚机社晚年不])会(?!议)|将|打算|准备|计划|想(?![起到念法过])|得去"
    r"|\b(?:will|won't|gonna|(?:going|have|has|need|plan|planning|about|want) to|should|due|upcoming)\b|\w'll\b"
    r"|(?:\b(?:am|are|is)|'m|'re|'s) (?!going\b)\w+ing\b",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"了|过(?![年几两])|记得|当时|那天|没|\b(?:was|were|did|didn't|ha(?:ve|s)n't|had|been|went|got|said|told|saw|took|came|made|felt|met"
    r"|left|spent|bought|gave|broke|lost|ate|ran|wrote|remember|[a-z]+[^e\W]ed)\b",
    re.IGNORECASE,
)
_WAS = re.compile(r"\b(?:was|were)\b", re.IGNORECASE)
_HABIT = re.compile(
    r"(?:\b(?:every|each|most|black|good)\s+|每年?个?|[一两二三四五六七八九十几半\d]个?)$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Here:
    """Where an expression stands: text[at:end], at a moment (naive, on the person's clock)."""

    text: str
    at: int
    end: int
    now: datetime

    @property
    def today(self) -> datetime:
        """Midnight."""
        return self.now.replace(hour=0, minute=0, second=0, microsecond=0)

    def leaning(self) -> int:
        """-1 where its clause tells of the past, 1 of the future, 0 where it shows neither."""
        before = _CLAUSE_END.split(self.text[max(0, self.at - 60) : self.at])[-1]
        after = _CLAUSE_END.split(self.text[self.end : self.end + 60])[0]
        clause = f"{before} {after}"
        if (
            _DUE.search(before)
            or _DUE.match(self.text[self.at : self.end])
            or re.match(r"之?前(?!面)", after)
            or (_FUTURE.search(clause) and not _WAS.search(clause))
        ):
            return 1
        return -1 if _PAST.search(clause) else 0


def day(g: Groups, here: Here) -> Interval:
    """昨天, 今晚, tomorrow morning."""
    if g["word"] == "tonight":
        return part(here.today, "night")
    return part(here.today + _DAYS[g["word"]] * DAY, g.get("part"))


def year(g: Groups, here: Here) -> Interval:
    """去年, 2023年5月, May 7, 2023: a year and what is named in it."""
    word = g["year"]
    if word in _YEARS:
        which = here.now.year + _YEARS[word]
        if g.get("season") in ("冬", "winter") and _YEARS[word] == 0 and here.now.month <= 2:
            which -= 1  # the winter that is on
    else:
        which = int(number(word)[0])
        if which < 100:
            which += 2000 if which <= here.now.year % 100 + 10 else 1900
    return within(which, g)


def recurring(g: Groups, here: Here) -> Interval | None:
    """3月5号, 春节, in May (2023): in its year, or else in the one that the sentence leans to. None for 每年春节."""
    if "year" in g:
        return year(g, here)
    if _HABIT.search(here.text[max(0, here.at - 12) : here.at]):
        return None
    return _choose([within(here.now.year + n, g) for n in (-1, 0, 1)], here)


def _choose(ones: list[Interval], here: Here) -> Interval:
    past = [one for one in ones if one[0] <= here.now]
    ahead = [one for one in ones if one[1] > here.now]
    leaning = here.leaning()
    if not past or (leaning > 0 and ahead):
        return ahead[0]
    return ahead[0] if leaning == 0 and ahead and ahead[0][0] - here.now < _SOON else past[-1]


def shifted(g: Groups, here: Here) -> Interval:
    """上周三, 下个月5号, last night, this weekend, next summer: the one before, the one that is on, the one after."""
    by, unit = _SHIFT[g["shift"]], g.get("unit", "")
    monday = here.today + (7 * by - here.today.weekday()) * DAY
    if "weekday" in g:
        which = weekday(g["weekday"])
        start = monday + which * DAY
        if not unit and by < 0:  # "last Friday"; 上周五 names its week
            start = here.today - ((here.today.weekday() - which - 1) % 7 + 1) * DAY
        elif not unit and by == 0 and start < here.today and here.leaning() > 0:
            start += 7 * DAY
        return part(start, g.get("part"))
    if unit in ("周末", "weekend"):
        return monday + 5 * DAY, monday + 7 * DAY
    if unit in ("周", "星期", "礼拜", "week"):
        whole = monday, monday + 7 * DAY
    elif unit in ("morning", "afternoon", "evening", "night"):
        return part(here.today + by * DAY, unit)
    elif unit in ("季度", "quarter"):
        whole = months(here.now.year, (here.now.month - 1) // 3 * 3 + 1 + 3 * by, 3)
    elif unit in ("月", "month"):
        whole = months(here.now.year, here.now.month + by)
        if "day" in g:
            return within(whole[0].year, {"month": str(whole[0].month), "day": g["day"]})
    elif unit == "year":
        return within(here.now.year + by, g)
    else:  # a season, a month or a holiday
        return _shifted_year(by, [within(here.now.year + n, g) for n in (-2, -1, 0, 1, 2)], here.now)
    return third(whole, g["third"]) if "third" in g else whole


def _shifted_year(by: int, ones: list[Interval], now: datetime) -> Interval:
    if by < 0:
        return [one for one in ones if one[1] <= now][-1]
    if by > 0:
        return next(one for one in ones if one[0] > now)
    return next((one for one in ones if one[0] <= now < one[1]), ones[2])


def bare_weekday(g: Groups, here: Here) -> Interval | None:
    """周三, on Friday night, the weekend, without a week. None for every Wednesday and for 一周三次."""
    if _HABIT.search(here.text[max(0, here.at - 12) : here.at]):
        return None
    today, leaning, word = here.today, here.leaning(), g["weekday"]
    if word in ("末", "weekend"):
        ahead = 5 - today.weekday()  # -1 on a Sunday: the weekend that is on
        back = ahead > 0 and (leaning < 0 or (leaning == 0 and ahead > 3))
        start = today + (ahead - 7 * back) * DAY
        return start, start + 2 * DAY
    ahead = (weekday(word) - today.weekday()) % 7
    if leaning > 0:
        ahead = ahead or 7  # who means today says today
    elif leaning < 0 or ahead > 3:
        ahead -= 7
    return part(today + ahead * DAY, g.get("part"))


def day_of_month(g: Groups, here: Here) -> Interval | None:
    """15号, without a month."""
    which = int(number(g["day"])[0])
    around = [months(here.now.year, here.now.month + n) for n in (-1, 0, 1)]
    ones = [(s + (which - 1) * DAY, s + which * DAY) for s, e in around if 1 <= which <= (e - s).days]
    if not ones:
        return None
    return _choose(ones, here) if here.leaning() else min(ones, key=lambda one: abs(one[0] - here.today))


def distant(g: Groups, here: Here) -> Interval | None:
    """三天前, 半年前, in two weeks, as exactly as people mean it.

    Half a unit to either side of hours and months, three days of weeks, a quarter of one year, half of several
    (authored).
    None for an "in two days" of the past. 过两天 is a few days.
    """
    if g.get("way") == "in" and here.leaning() < 0:  # "I read it in two days", "I haven't slept in two days"
        return None
    low, high = (n + 0.5 * ("half" in g) for n in number(g["n"]))
    unit = _LENGTH[g["unit"]]
    if g["n"] == "两" and unit == 1 and "way" not in g:
        low, high = 1, 4
    sign = -1 if g.get("way") in ("前", "ago", "back") else 1
    first, last = sorted(here.now + timedelta(days=sign * n * unit) for n in (low, high))
    if unit < 1:
        return first - timedelta(days=unit / 2), last + timedelta(days=unit / 2)
    slack = int(low) // 6 if unit == 1 else {7.0: 3, 30.44: 15}.get(unit, round(91 * min(low, 2)))
    first, last = (at.replace(hour=0, minute=0, second=0, microsecond=0) for at in (first, last))
    return first - slack * DAY, last + (slack + 1) * DAY


def about_then(g: Groups, here: Here) -> Interval:
    """去年这个时候, this time last year: three weeks around the day."""
    then = here.today + timedelta(days=round(365.25 * _YEARS[g["year"]]))
    return then - 21 * DAY, then + 22 * DAY


def stretch(g: Groups, here: Here) -> Interval:
    """最近三个月, the past two weeks: up to and with today. 前几天: a little more, and without today."""
    high, unit = number(g["n"])[1], _LENGTH[g["unit"]]
    if g["shift"] == "前":
        until = 0 if unit == 1 else round(unit / 2)
        return here.today - round((high + 2) * unit) * DAY, here.today - until * DAY
    return here.today - round(high * unit) * DAY, here.today + DAY


def wide(g: Groups, here: Here) -> Interval:
    """最近, 前阵子, the other day."""
    first, last = _WIDE[g["word"]]
    return here.today + first * DAY, here.today + last * DAY
