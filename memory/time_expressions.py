"""What "上周三", "去年冬天" or "in May 2023" mean at a given moment. Pure.

Readings where speech leaves a choice (authored):
- Weeks start on Monday: 下周三 and "next Wednesday" lie in the week that starts next Monday, 上周三 in the one before.
- "last Friday" is the latest Friday before today, "last summer" the latest summer that is over.
- Seasons are Mar-May, Jun-Aug, Sep-Nov and Dec-Feb, and the winter of a year begins in its December: 去年冬天 is
  December of last year to the end of February; in January and February 今年冬天 is the one that is on.
- A weekday, date, month or holiday without a year or week follows its clause: the next one by 要/会/将/will/going to,
  the last one by 了/过/-ed/was. Where the clause shows neither: the nearest weekday or date, and the month or holiday
  that is on or begins within 60 days, else the past one.
- N weeks, months or years ago reach some way to either side. What recurs (每周三) is no time, nor is 上次.
- Dates in digits are read year first only: 5/7/2023 has two readings.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from memory import time_meanings as meaning
from memory.time_calendar import FEASTS, MONTHS, WEEKDAYS, Interval
from memory.time_meanings import WIDE, Groups, Here
from memory.time_told import describe

__all__ = ["Span", "describe", "spans"]


@dataclass(frozen=True, slots=True)
class Span:
    """A time that a text names: [start, end) in unix s; text[at : at + length] is the expression."""

    start: float
    end: float
    at: int
    length: int


@dataclass(frozen=True, slots=True)
class _Rule:
    """An expression and its meaning. given: groups that go without saying."""

    pattern: re.Pattern[str]
    means: Callable[[Groups, Here], Interval | None]
    given: Groups


def _either(words: list[str], ascii_only: bool) -> str:
    return "|".join(re.escape(w).replace(r"\ ", r"\s+") for w in words if w.isascii() is ascii_only)


_NUMERAL = "〇零一二两三四五六七八九十百几半"
# Pieces of the patterns. {f} etc. are filled in by _add; {e} ends an English word, also before Han.
_PIECES = {
    "e": r"(?![a-z])",
    "n": r"(?:\d{1,3}|[一二两三四五六七八九十百]{1,4}几?|半|几)",
    "part": r"(?:的?(?P<part>早上|早晨|清早|上午|中午|下午|傍晚|晚上|夜里|半夜|凌晨))?",
    "shift": r"(?P<shift>上上|(?<![晚早马网路身加碰赶遇手头床地线])上|下下|(?<![一等乡])下|这|(?<![日基])本)一?个?",
    "weekday": r"(?P<weekday>[一二三四五六日天](?![次遍回节顿个])|\s?(?:" + "|".join(WEEKDAYS) + "))",
    "feast": rf"(?P<feast>{_either(FEASTS, False)})(?:节|小?长假|假期|黄金周)?"
    r"(?<!五一(?=[年月点个号块路万岁〇零\d一二三四五六七八九十]))(?<!六一(?=[年月点个号块路万岁〇零\d一二三四五六七八九十]))"
    r"(?<!(?<!年)十一(?!放|期间|出去|回家|的时候|那几天|那会))(?<!过年(?=[轻少纪龄]))",
    "month": r"(?P<month>\d{1,2}|十[一二]?|[一二三四五六七八九])\s?月(?![亮球经饼光嫂色])(?!一次)份?"
    r"(?:\s?(?P<day>\d{1,2}|[一二三]?十?[一二三四五六七八九十])\s?[号日]|月?(?P<third>初|上旬|中旬|下旬|底|末))?",
    "year": r"(?P<year>大前年|(?<![以之年月天周期])前年|(?<![过回])去年|今年|明年|(?<![以之今])后年|\d{4}(?=\s?年)"
    r"|[一二][〇零一二三四五六七八九]{3}(?=年)|\d\d(?=年\d{1,2}月))(?:\s?年)?(?!代|轻|龄|纪|复|年代)",
    "len": r"(?P<unit>天|周|星期|礼拜|年|小时|分钟)",
    "len2": r"(?P<unit>月|星期|礼拜|小时|钟头)",
    "epart": r"(?:\s+(?P<part>morning|afternoon|evening|night))?(?![a-z])",
    "eweekday": r"(?P<weekday>(?:" + "|".join(WEEKDAYS) + r")|(?:mon|tues?|wed|thu(?:rs?)?|fri)(?![a-z]))",
    "efeast": rf"(?P<feast>{_either([f for f in FEASTS if f != 'holidays'], True)})"
    r"(?:\s+(?:day|break|festival))?(?![a-z])",
    "emonth": rf"(?P<month>{'|'.join(MONTHS)}|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)(?![a-z])\.?",
    "sure": r"(?P<month>january|february|july|september|october|november|december|april|june|august"
    r"|(?-i:March|May))(?![a-z])",
    "season": r"(?P<season>spring|summer|fall|autumn|winter)(?![a-z])",
    "eshift": r"(?P<shift>last|this\s+past|this\s+coming|this|next|coming)\s+",
    "y": r"(?P<year>(?:19|20)\d\d(?!\d)|(?:last|this|next)\s+year)(?![a-z])",
    "prep": r"(?:(?:in|since|by|until|till|during|before|after|from|around|through|of)\s+)",
    "en": r"(?P<n>\d{1,3}|half\s+an?|a\s+couple(?:\s+of)?|couple(?:\s+of)?|a\s+few|few|several|some|an?|one|two|three"
    r"|four|five|six|seven|eight|nine|ten|eleven|twelve)",
    "elen": r"(?P<unit>minute|hour|day|night|weekend|week|month|year)s?(?![a-z])",
    "ord": r"(?:st|nd|rd|th)?"
    r"(?![\d:%]|\s*(?:times|people|miles|km|day|hour|minute|week|month|year|percent|of\s+(?:them|us)))",
    "third": r"(?:the\s+)?(?P<third>early|late|mid|end|beginning|start|middle)(?:\s+of|\s+in)?[\s-]+",
}
_RULES: dict[str, list[_Rule]] = {}
_PIECE = re.compile("{(" + "|".join(_PIECES) + ")}")


def _add(keys: str, pattern: str, means: Callable[[Groups, Here], Interval | None], **given: str) -> None:
    """A rule for texts that begin with one of the keys: an English word, a Han character, # for a numeral."""
    filled = _PIECE.sub(lambda piece: _PIECES[piece[1]], pattern)
    names: set[str] = set()

    def once(group: re.Match[str]) -> str:  # a group that two branches share gets a 2 in the second
        name = group[1] if group[1] not in names else f"{group[1]}2"
        names.add(name)
        return f"(?P<{name}>"

    filled = re.sub(r"\(\?P<(\w+)>", once, filled)
    rule = _Rule(re.compile(filled, re.IGNORECASE | re.ASCII), means, given)
    for key in keys.split():
        _RULES.setdefault(key, []).append(rule)


_YEAR_KEYS, _SHIFT_KEYS, _PREPS = (
    "大 前 去 今 明 后 #",
    "上 下 这 本",
    "in since by until till during before after from around through of",
)
_FEAST_KEYS = " ".join(sorted({f[0] for f in FEASTS if not f.isascii()} - set(_NUMERAL))) + " #"
_EFEAST_KEYS = (
    "christmas xmas new valentine fourth halloween thanksgiving mother father spring chinese lunar dragon mid the #"
)
_THIRD_KEYS = "the early late mid end beginning start middle"
_add(
    "大 前 昨 今 明 后",
    r"(?P<word>大前|大后|(?<![以之年月天])前|昨|今|(?<![光文发证说声聪])明|(?<![今以之])后(?!天性|天努力))(?:天|日|儿个?){part}",
    meaning.day,
)
_add(
    "前 昨 今 明", r"(?P<word>(?<![以之])前|昨|今|(?<![光文发证说声聪])明)(?P<part>晚上|晚|早|夜里|夜|晨)", meaning.day
)
_add(_SHIFT_KEYS, r"{shift}(?:(?P<unit>周|星期|礼拜){weekday}{part}|周末)", meaning.shifted, unit="周末")
_add(_SHIFT_KEYS, r"{shift}(?P<unit>周(?![边围岁年转折期到全杰遭密游])|星期|礼拜|季度)", meaning.shifted)
_add(
    _SHIFT_KEYS,
    r"{shift}(?P<unit>月)(?![亮球经饼光嫂色])份?(?:的?(?P<day>{n})[号日]|的?月?(?P<third>初|上旬|中旬|下旬|底|末))?",
    meaning.shifted,
)
_add(_SHIFT_KEYS, r"{shift}(?<=个)(?:(?P<season>[春夏秋冬])[天季]|{feast})", meaning.shifted)
_add(_YEAR_KEYS, r"{year}(?:的?{month})?", meaning.year)
_add(
    _YEAR_KEYS,
    r"{year}的?(?:{feast}|(?P<season>[春夏秋冬])[天季]|年?(?P<third>初|底|末)|(?P<half>[上下])半年|第?(?P<quarter>[一二三四1-4])个?季度)",
    meaning.year,
)
_add(_YEAR_KEYS, r"{year}的?(?:这个?时候|这会儿|现在|今天)", meaning.about_then)
_add("#", r"(?<![每\d]){month}", meaning.recurring)
_add("# 第", r"第?(?P<quarter>[一二三四1-4])个?季度", meaning.recurring)
_add("上 下 年", r"(?<![一每])(?:(?P<half>[上下])半年|(?<!\d)年(?P<third>初|底|末))", meaning.recurring)
_add(_FEAST_KEYS, r"{feast}", meaning.recurring)
_add("月", r"(?<![一每个])月(?P<third>初|底|末)", meaning.shifted, shift="这", unit="月")
_add(
    "#",
    r"(?<![第\d月])(?P<day>\d{1,2}(?=[号日])|[一二三]?十?[一二三四五六七八九十](?=号))[号日]"
    r"(?![线楼店门出厅桌院馆机床位选球房柜码台车坑人记子本常病])",
    meaning.day_of_month,
)
_FROM_NOW = r"多?(?:以|之)?(?P<way>前|后)(?!悔|来|面|边|台|果|怕|背|院|方|途|期|辈|头)"
_add("#", rf"(?<!第)(?P<n>{{n}})多?{{len}}(?P<half>半)?{_FROM_NOW}", meaning.distant)
_add("#", rf"(?<!第)(?P<n>{{n}})个(?P<half>半)?多?{{len2}}{_FROM_NOW}", meaning.distant)
_add(
    "过",
    r"(?<![难不通超经度熬路好])过个?(?P<n>{n})(?:{len}|个(?P<half>半)?(?P<unit>月|星期|礼拜))(?!算|是一)",
    meaning.distant,
)
_add("最 近 过 这 前", rf"(?P<word>{_either(WIDE, False)})", meaning.wide)
_add(
    "最 近 过 这",
    r"(?P<shift>最近|近|过去|这(?!一天))的?(?P<n>{n})(?:个(?P<unit>月|星期|礼拜)|{len})",
    meaning.stretch,
)
_add("前", r"(?<![以之年月天周])(?P<shift>前)(?P<n>两|几)(?:个(?P<unit>月|星期|礼拜)|{len})", meaning.stretch)
_add("周 星 礼", r"(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天末](?![次遍回节顿个])){part}", meaning.bare_weekday)

_add("yesterday today tonight tomorrow", r"(?P<word>yesterday|today|tonight|tomorrow){epart}", meaning.day)
_add("the day", r"(?:the\s+)?(?P<word>day\s+before\s+yesterday|day\s+after\s+tomorrow){e}", meaning.day)
_add("last this", r"(?P<shift>last(?=\s+night)|this)\s+(?P<unit>morning|afternoon|evening|night){e}", meaning.shifted)
_add("last this next coming", r"{eshift}(?P<unit>weekend|week|month|quarter|year){e}", meaning.shifted)
_add("last this next coming", r"{eshift}{eweekday}{epart}", meaning.shifted)
_add("last this next coming", r"{eshift}(?:{season}|{efeast})", meaning.shifted)
_add("last next", r"(?P<shift>last|next)\s+{emonth}(?!\s+\d)", meaning.shifted)
_add("this coming", r"{eshift}{sure}(?!\s+\d)", meaning.shifted)
_add(_THIRD_KEYS, r"{third}(?P<shift>last|this|next|the)\s+(?P<unit>week|month|year){e}", meaning.shifted)
_add(
    "on " + " ".join(WEEKDAYS),
    r"(?:on\s+)?{eweekday}(?:\s+of)?\s+(?P<shift>last|this|next)\s+(?P<unit>week){e}",
    meaning.shifted,
)
_add("on", r"on\s+{eweekday}{epart}", meaning.bare_weekday)
_add(" ".join(WEEKDAYS), r"(?P<weekday>" + "|".join(WEEKDAYS) + "){epart}", meaning.bare_weekday)
_add("the", r"the\s+(?P<weekday>weekend){e}", meaning.bare_weekday)
_add("#", r"(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})(?!\d)", meaning.year)
_add("#", r"(?P<year>(?:19|20)\d\d)-(?P<month>\d\d)(?![\d-])", meaning.year)
_MONTH_KEYS = " ".join([*MONTHS, *(m[:3] for m in MONTHS), "sept"])
_add(f"{_PREPS} {_MONTH_KEYS}", r"{prep}?{emonth},?\s+(?:of\s+)?{y}", meaning.year)
_add(f"{_PREPS} {_MONTH_KEYS}", r"{prep}?{emonth}\s+(?P<day>\d{1,2}){ord}(?:,?\s+{y})?", meaning.recurring)
_add(
    "the #",
    r"(?:the\s+)?(?P<day>\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+{emonth}|{sure})(?:,?\s+{y})?",
    meaning.recurring,
)
_add(_THIRD_KEYS, r"{third}{emonth}(?:(?:,|\s+of)?\s+{y})?", meaning.recurring)
_add(_PREPS, r"{prep}{emonth}", meaning.recurring)
_add(_MONTH_KEYS, r"(?P<month>january|february|july|september|october|november|december){e}", meaning.recurring)
_add(f"{_PREPS} the spring summer fall autumn winter", r"{prep}?(?:the\s+)?{season}(?:,|\s+of)?\s+{y}", meaning.year)
_add(f"{_PREPS} over", r"(?:{prep}|over\s+)the\s+{season}", meaning.recurring)
_add(_EFEAST_KEYS, r"(?:the\s+)?{efeast}(?:(?:,|\s+of|\s+in)?\s+{y})?", meaning.recurring)
_add("the", r"the\s+(?P<feast>holidays){e}(?:(?:,|\s+of|\s+in)?\s+{y})?", meaning.recurring)
_add(f"{_PREPS} {_THIRD_KEYS}", r"(?:{prep}|{third})(?P<year>(?:19|20)\d\d)(?![\d:%a-z])", meaning.year)
_add(
    "the first second",
    r"(?:the\s+)?(?P<half>first|second)\s+half\s+of\s+(?P<year>(?:last|this|the|next)\s+year|20\d\d)",
    meaning.year,
)
_add("q", r"q(?P<quarter>[1-4])(?:(?:,|\s+of)?\s+{y})?", meaning.recurring)
_add(
    "# a an half some few several couple one two three four five six seven eight nine ten eleven twelve",
    r"{en}(?P<half>\s+and\s+a\s+half)?\s+{elen}(?:\s+or\s+(?:two|so))?\s+(?P<way>ago|back|from\s+now){e}",
    meaning.distant,
)
_add("a an one", r"{en}\s+{elen}(?P<half>\s+and\s+a\s+half)\s+(?P<way>ago|back|from\s+now){e}", meaning.distant)
_add("in", r"(?P<way>in)\s+(?:about\s+|another\s+)?{en}(?P<half>\s+and\s+a\s+half)?\s+{elen}", meaning.distant)
_add("last past", r"(?P<shift>past|last)\s+{en}\s+{elen}", meaning.stretch)
_add("past", r"(?P<shift>past)\s+(?P<unit>week|month|year){e}", meaning.stretch, n="one")
_add("recently lately these the a", rf"(?P<word>{_either(WIDE, True)}){{e}}", meaning.wide)
_WORD = re.compile(
    rf"[a-z]+|\d+|[{_NUMERAL}]+|[{''.join(k for k in _RULES if len(k) == 1 and not k.isascii())}]",
    re.IGNORECASE | re.ASCII,
)


def spans(text: str, now: float, timezone: str = "Asia/Shanghai") -> list[Span]:
    """The times that a text in Chinese, English or both names, in the order of the text, without overlaps.

    now: unix s; timezone: IANA name. At one place the longest expression wins. Never raises for any text; raises
    ZoneInfoNotFoundError for an unknown zone and OverflowError or ValueError for a `now` outside years 1..9999.
    """
    found: list[Span] = []
    here: datetime | None = None
    zone = ZoneInfo(timezone)
    at = 0
    while word := _WORD.search(text, at):
        at = word.end()
        first = word[0].lower()
        rules = _RULES.get("#" if first[0] in _NUMERAL or first[0].isdigit() else first)
        if not rules:
            continue
        hits = [(m, rule) for rule in rules if (m := rule.pattern.match(text, word.start()))]
        for match, rule in sorted(hits, key=lambda hit: -hit[0].end()):
            here = here or datetime.fromtimestamp(now, zone).replace(tzinfo=None)
            interval = _meaning(match, rule, here)
            if interval:
                start, end = (moment.replace(tzinfo=zone).timestamp() for moment in interval)
                found.append(Span(start, end, match.start(), match.end() - match.start()))
                at = match.end()
                break
        else:  # what looked like a time and is none, such as a 31st of June, holds no smaller one
            at = max([at, *(match.end() for match, _ in hits)])
    return found


def _meaning(match: re.Match[str], rule: _Rule, now: datetime) -> Interval | None:
    groups = dict(rule.given)
    for name, value in match.groupdict().items():
        if value is not None:
            groups[name.rstrip("2")] = " ".join(value.lower().split())
    try:
        return rule.means(groups, Here(match.string, match.start(), match.end(), now))
    except (ValueError, OverflowError, IndexError, KeyError):  # a 31st of June, a year 12000
        return None
