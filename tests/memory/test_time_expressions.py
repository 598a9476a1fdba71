"""What "上周三", "去年冬天", "in May" mean on Wednesday 14 October 2026, three in the afternoon, in Shanghai."""

import time
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.time_expressions import Span, describe, spans

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(*when: int) -> float:
    return datetime(*when, tzinfo=SHANGHAI).timestamp()  # type: ignore[arg-type, misc]


NOW = at(2026, 10, 14, 15)


def read(text: str, now: float = NOW) -> list[str]:
    """Each span as "expression from..until", with the hour where it is not midnight."""

    def day(moment: float) -> str:
        return datetime.fromtimestamp(moment, SHANGHAI).strftime("%y%m%d %H").removesuffix(" 00")

    return [f"{text[s.at : s.at + s.length]} {day(s.start)}..{day(s.end)}" for s in spans(text, now)]


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("昨天我去看了奶奶", "昨天 261013..261014"),
        ("前天晚上没睡好", "前天晚上 261012 17..261013 06"),
        ("大后天要出差", "大后天 261017..261018"),
        ("今晚吃啥", "今晚 261014 17..261015 06"),
        ("昨晚又失眠了", "昨晚 261013 17..261014 06"),
        ("今早地铁挤死了", "今早 261014 05..261014 12"),
        ("明天下午的火车", "明天下午 261015 12..261015 18"),
        ("上周特别忙", "上周 261005..261012"),
        ("上上个星期", "上上个星期 260928..261005"),
        ("上周三开会了", "上周三 261007..261008"),
        ("下周三要面试", "下周三 261021..261022"),
        ("这周日", "这周日 261018..261019"),
        ("上个周末", "上个周末 261010..261012"),
        ("下礼拜五", "下礼拜五 261023..261024"),
        ("下周 Friday 有个 meeting", "下周 Friday 261023..261024"),
        ("下周一会很忙", "下周一 261019..261020"),
        ("上个月", "上个月 260901..261001"),
        ("下个月5号搬家", "下个月5号 261105..261106"),
        ("上个月底", "上个月底 260921..261001"),
        ("这个月初", "这个月初 261001..261011"),
        ("月底要交房租", "月底 261021..261101"),
        ("上个季度", "上个季度 260701..261001"),
        ("去年冬天特别冷", "去年冬天 251201..260301"),
        ("明年春天", "明年春天 270301..270601"),
        ("去年的夏天", "去年的夏天 250601..250901"),
        ("上个冬天", "上个冬天 251201..260301"),
        ("去年年底", "去年年底 251101..260101"),
        ("去年3月", "去年3月 250301..250401"),
        ("前年十二月", "前年十二月 241201..250101"),
        ("去年春节", "去年春节 250126..250213"),
        ("今年过年没回家", "今年过年 260214..260304"),
        ("去年国庆节", "去年国庆节 251001..251008"),
        ("中秋那天", "中秋 260924..260927"),
        ("去年暑假", "去年暑假 250701..250901"),
        ("去年上半年", "去年上半年 250101..250701"),
        ("去年这个时候", "去年这个时候 250923..251105"),
        ("3月5号那天", "3月5号 260305..260306"),
        ("三月初", "三月初 260301..260311"),
        ("2023年5月", "2023年5月 230501..230601"),
        ("二零二三年五月", "二零二三年五月 230501..230601"),
        ("三天前", "三天前 261011..261012"),
        ("两三天前", "两三天前 261011..261013"),
        ("两个月前", "两个月前 260730..260830"),
        ("半年前", "半年前 260228..260601"),
        ("一个半月前", "一个半月前 260814..260914"),
        ("过几天就好", "过几天 261016..261021"),
        ("过两天再说", "过两天 261015..261019"),
        ("三天后出结果", "三天后 261017..261018"),
        ("两周后", "两周后 261025..261101"),
        ("前几天", "前几天 261006..261014"),
        ("前阵子", "前阵子 260716..261007"),
        ("最近老是头疼", "最近 260914..261015"),
        ("最近三个月", "最近三个月 260715..261015"),
        ("十一放假去哪了", "十一 261001..261008"),
        ("五一的时候", "五一 260501..260506"),
    ],
)
def test_chinese(text: str, span: str) -> None:
    assert read(text) == [span]


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("I saw her yesterday morning", "yesterday morning 261013 05..261013 12"),
        ("last night I cried", "last night 261013 17..261014 06"),
        ("the day before yesterday", "the day before yesterday 261012..261013"),
        ("a bad day today", "today 261014..261015"),
        ("this morning", "this morning 261014 05..261014 12"),
        ("last week was hard", "last week 261005..261012"),
        ("next month", "next month 261101..261201"),
        ("last weekend", "last weekend 261010..261012"),
        ("next Wednesday", "next Wednesday 261021..261022"),
        ("last Friday", "last Friday 261009..261010"),
        ("last Wednesday", "last Wednesday 261007..261008"),
        ("on Wednesday last week", "on Wednesday last week 261007..261008"),
        ("what did we paint last summer", "last summer 260601..260901"),
        ("last winter", "last winter 251201..260301"),
        ("next spring", "next spring 270301..270601"),
        ("the summer of 2021", "the summer of 2021 210601..210901"),
        ("last year", "last year 250101..260101"),
        ("in May 2023", "in May 2023 230501..230601"),
        ("in may i felt bad", "in may 260501..260601"),
        ("May of last year", "May of last year 250501..250601"),
        ("May 7", "May 7 260507..260508"),
        ("by May 7", "by May 7 270507..270508"),
        ("7 May 2023", "7 May 2023 230507..230508"),
        ("on the 7th of July", "the 7th of July 260707..260708"),
        ("May 7th, 2023", "May 7th, 2023 230507..230508"),
        ("2023-05-07", "2023-05-07 230507..230508"),
        ("2 weeks ago", "2 weeks ago 260927..261004"),
        ("in three days", "in three days 261017..261018"),
        ("a couple of days ago", "a couple of days ago 261011..261013"),
        ("a year and a half ago", "a year and a half ago 241129..250829"),
        ("half a year ago", "half a year ago 260228..260601"),
        ("the other day", "the other day 261004..261014"),
        ("recently", "recently 260914..261015"),
        ("over the past two weeks", "past two weeks 260930..261015"),
        ("over the holidays", "the holidays 251220..260104"),
        ("Christmas last year", "Christmas last year 251224..251227"),
        ("Halloween is soon", "Halloween 261031..261101"),
        ("since 2022", "since 2022 220101..230101"),
        ("early March", "early March 260301..260311"),
        ("mid-June", "mid-June 260611..260621"),
        ("the end of last month", "the end of last month 260921..261001"),
        ("last quarter", "last quarter 260701..261001"),
        ("我last week去了趟医院", "last week 261005..261012"),
    ],
)
def test_english_and_mixed(text: str, span: str) -> None:
    assert read(text) == [span]


@pytest.mark.parametrize(
    "text",
    """三天两头跑医院
一年四季都冷
第三天就好了
上次你说的
每周三都开会
每个周末都去
一周三次
以前天天加班
前年轻的时候
以前年纪小
难过几天
一天后悔
周杰伦的歌
十一个人
五一路那家店
坐5号线
3号楼
月亮真圆
二月三十号
2026年13月
三十年代
不要紧的
May I ask you something
you may go now
it may rain
march on
we march together
the sun sat there
I fall for it
spring into action
every Friday
on Sundays
5/7/2023
June said hi
I read it and it took me in
last time
the next morning""".splitlines(),
)
def test_what_is_no_time(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("周三要考试", at(2026, 10, 21)),
        ("周三我去了医院", at(2026, 10, 7)),
        ("周五有事", at(2026, 10, 16)),
        ("周日", at(2026, 10, 11)),
        ("15号要面试", at(2026, 10, 15)),
        ("20号去了趟上海", at(2026, 9, 20)),
        ("周末又想去爬那座山了", at(2026, 10, 17)),
        ("周末爬了山", at(2026, 10, 10)),
        ("三月要生了", at(2027, 3, 1)),
        ("I'll see him on Friday", at(2026, 10, 16)),
        ("I saw him on Monday", at(2026, 10, 12)),
        ("I saw him on Friday", at(2026, 10, 9)),
        ("it has to be done by Tuesday", at(2026, 10, 20)),
        ("we are moving in March", at(2027, 3, 1)),
        ("what did she do in July", at(2026, 7, 1)),
    ],
)
def test_a_bare_day_or_month_follows_its_sentence(text: str, start: float) -> None:
    assert [span.start for span in spans(text, NOW)] == [start]


def test_several_in_order_and_apart() -> None:
    assert read("上周一到上周三我都在，今天 I'm off until next Monday") == [
        "上周一 261005..261006",
        "上周三 261007..261008",
        "今天 261014..261015",
        "next Monday 261019..261020",
    ]


def test_winter_that_is_on_and_the_clock_of_the_person() -> None:
    assert read("今年冬天好冷", at(2026, 1, 20)) == ["今年冬天 251201..260301"]
    assert read("去年冬天", at(2026, 1, 20)) == ["去年冬天 251201..260301"]
    [there] = spans("yesterday", NOW, "America/New_York")
    assert there.end - there.start == 86_400
    assert datetime.fromtimestamp(there.start, ZoneInfo("America/New_York")).hour == 0


_WORDS = [
    "昨天",
    "上",
    "下",
    "周三",
    "个",
    "月",
    "5",
    "31",
    "号",
    "三",
    "十",
    "年",
    "前",
    "后",
    "去年",
    "春节",
    "冬天",
    "半",
]
_WORDS += [
    "过",
    "几",
    "last",
    "next",
    "week",
    "in",
    "May",
    "2023",
    "ago",
    "the",
    "of",
    "-",
    "two",
    "两",
    "1",
    "第",
    "每",
]


@given(st.one_of(st.text(), st.lists(st.sampled_from([*_WORDS, " "])).map("".join)), st.floats(0, 4e9))
def test_any_text_is_read_without_an_error(text: str, now: float) -> None:
    found = spans(text, now)
    assert all(isinstance(span, Span) and span.start < span.end and span.length > 0 for span in found)
    assert all(a.at + a.length <= b.at for a, b in pairwise(found))
    assert all(span.at + span.length <= len(text) for span in found)


@pytest.mark.parametrize(
    ("when", "zh", "en"),
    [
        (at(2026, 10, 14, 1), "今天", "today"),
        (at(2026, 10, 13, 23), "昨天", "yesterday"),
        (at(2026, 10, 12), "前天", "two days ago"),
        (at(2026, 10, 7), "上周三", "last Wednesday"),
        (at(2026, 10, 5), "上周一", "Monday last week"),
        (at(2026, 9, 24), "三周前", "three weeks ago"),
        (at(2026, 9, 10), "上个月", "last month"),
        (at(2026, 3, 2), "今年3月", "in March this year"),
        (at(2025, 5, 2), "去年5月", "in May last year"),
        (at(2021, 5, 2), "2021年5月", "in May 2021"),
        (at(2026, 10, 15), "明天", "tomorrow"),
        (at(2026, 10, 18), "这周日", "this Sunday"),
        (at(2026, 10, 21), "下周三", "next Wednesday"),
        (at(2026, 10, 29), "两周后", "in two weeks"),
        (at(2027, 5, 1), "明年5月", "in May next year"),
    ],
)
def test_as_a_friend_would_say_it(when: float, zh: str, en: str) -> None:
    assert (describe(when, NOW, "zh"), describe(when, NOW, "en")) == (zh, en)


def test_a_weekday_further_than_the_last_week() -> None:
    monday, sunday_before_last = at(2026, 10, 12), at(2026, 10, 4)
    assert describe(sunday_before_last, monday, "zh") == "上上周日"
    assert describe(sunday_before_last, monday, "en") == "a week ago"


_WHOLE_SECONDS = st.integers(int(at(2015, 1, 1)), int(at(2033, 1, 1)))  # datetime rounds to microseconds


@given(_WHOLE_SECONDS, st.integers(-900 * 86_400, 900 * 86_400), st.sampled_from(["zh", "en"]))
def test_what_is_told_is_read_back_as_a_time_that_holds_it(now: int, apart: int, language: str) -> None:
    when = now + apart
    told = describe(when, now, "zh" if language == "zh" else "en")
    [span] = spans(told, now)
    assert span.start <= when < span.end, told
    assert span.length == len(told)


@pytest.mark.parametrize(
    ("text", "limit_us"),
    [
        ("我觉得还是不太行吧，他一说这个我就头大，反正大家都这样", 50),
        ("I think she really likes it but I'm not so sure what to say to them about it", 50),
        ("上周三我跟她去了趟医院，昨天结果才出来", 200),
        ("I met her last Friday and we talked about the trip we did in May 2023", 200),
    ],
)
def test_reading_is_quick(text: str, limit_us: float) -> None:
    best = 1.0
    for _ in range(20):
        started = time.perf_counter()
        for _ in range(20):
            spans(text, NOW)
        best = min(best, (time.perf_counter() - started) / 20)
    assert best * 1e6 < limit_us
