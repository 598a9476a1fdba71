"""How a friend would say when something was: 上周三, "three weeks ago", "in May last year". Pure."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from memory.time_calendar import MONTHS, WEEKDAYS

_HAN_DAYS = {-2: "前天", -1: "昨天", 0: "今天", 1: "明天", 2: "后天"}
_ENGLISH_DAYS = {-2: "two days ago", -1: "yesterday", 0: "today", 1: "tomorrow", 2: "in two days"}
_HAN_WEEKS = {-3: "三周前", -2: "两周前", 2: "两周后", 3: "三周后"}
_ENGLISH_WEEKS = {
    -3: "three weeks ago",
    -2: "two weeks ago",
    -1: "a week ago",
    1: "in a week",
    2: "in two weeks",
    3: "in three weeks",
}
_HAN_YEARS = {-2: "前年", -1: "去年", 0: "今年", 1: "明年", 2: "后年"}
_ENGLISH_YEARS = {-1: "last year", 0: "this year", 1: "next year"}


def describe(at: float, now: float, language: Literal["zh", "en"], timezone: str = "Asia/Shanghai") -> str:
    """When `at` is, as seen from `now` (both unix s): the nearer, the more exactly (authored).

    Days within two, then the weekday of last, this or next week, weeks within three, last or next month, the month of a
    year. time_expressions.spans reads it back as a span that holds `at`. Raises ZoneInfoNotFoundError for an unknown
    zone, OverflowError or ValueError for moments outside years 1..9999.
    """
    zone = ZoneInfo(timezone)
    then, today = (datetime.fromtimestamp(moment, zone).date() for moment in (at, now))
    return _chinese(then, today) if language == "zh" else _english(then, today)


def _apart(then: date, today: date) -> tuple[int, int, int, int]:
    """Days, calendar weeks, rounded weeks and calendar months from today to then."""
    days = (then - today).days
    week = (then.toordinal() - 1) // 7 - (today.toordinal() - 1) // 7  # day 1 of the ordinals is a Monday
    return days, week, round(days / 7), 12 * (then.year - today.year) + then.month - today.month


def _chinese(then: date, today: date) -> str:
    days, week, weeks, month = _apart(then, today)
    if abs(days) <= 2:
        return _HAN_DAYS[days]
    if abs(weeks) <= 1 or abs(week) <= 1:
        return ("上上周", "上周", "这周", "下周", "下下周")[week + 2] + "一二三四五六日"[then.weekday()]
    if abs(weeks) <= 3:
        return _HAN_WEEKS[weeks]
    if abs(month) == 1:
        return "上个月" if month < 0 else "下个月"
    return f"{_HAN_YEARS.get(then.year - today.year, f'{then.year}年')}{then.month}月"


def _english(then: date, today: date) -> str:
    days, week, weeks, month = _apart(then, today)
    if abs(days) <= 2:
        return _ENGLISH_DAYS[days]
    if abs(week) <= 1:
        name = WEEKDAYS[then.weekday()].capitalize()
        if week == 0:
            return f"this {name}" if days > 0 else f"{name} this week"
        if week < 0:
            return f"last {name}" if days >= -7 else f"{name} last week"
        return f"next {name}"
    if abs(weeks) <= 3:
        return _ENGLISH_WEEKS[weeks]
    if abs(month) == 1:
        return "last month" if month < 0 else "next month"
    return f"in {MONTHS[then.month - 1].capitalize()} {_ENGLISH_YEARS.get(then.year - today.year, then.year)}"
