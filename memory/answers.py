"""Whether what was found can hold the answer to a question at all. Pure; authored rules, zh and en.

Who asks how old somebody is wants an age; five rows about that person without one are no answer, and a model that is
given them makes one up. Only questions whose answers look alike in whatever words they are told are checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_NUMERAL = r"\d|[一二两三四五六七八九十百千万半]+(?:[个年月天号点块元岁次分斤公里]|多)|[百千万](?![般般])"
# (what the question asks, what an answer holds)
_KINDS = tuple(
    (re.compile(asks, re.IGNORECASE), re.compile(holds, re.IGNORECASE))
    for asks, holds in (
        (
            r"多大(?:了|岁数|年纪|年龄)|几岁|岁数|什么年纪|属什么|\bhow old\b|\bwhat age\b",
            r"岁|周岁|属[鼠牛虎兔龙蛇马羊猴鸡狗猪]|[0689七八九]0后|"
            r"\byears? old\b|\bturn(?:s|ed|ing)? \d|\baged? \d|birthday",
        ),
        (
            r"哪年(?:出生|生)|(?:出生|生日)(?:是)?(?:哪|几|什么)|\bwhen (?:was|is) \w+(?:'s)? (?:born|birthday)\b",
            r"出生|生日|生于|\bborn\b|\bbirthday\b",
        ),
        (
            r"(?:做|干)(?:什么|啥|嘛)(?:工作)?的|是干(?:什么|啥|嘛)的|做什么工作|什么工作|什么职业|"
            r"(?:哪家|哪个|什么)(?:单位|公司)|在哪儿?(?:上班|工作)|"
            r"\bwhat (?:does|do) .{1,30} do (?:for (?:a living|work))|\bwhat is .{1,30} job\b|"
            r"\bwhere (?:does|do) .{1,30} work\b",
            r"上班|工作|公司|单位|当.{0,6}(?:师|员|医|护士|兵|官|老板|司机|学徒|助理)|老师|医生|护士|程序员|司机|会计|店|厂|工地|"
            r"退休|职|offer|实习|岗|生意|打工|做[^，。 ]{1,8}的|卖|干[^，。 ]{0,6}(?:行|活)|"
            r"\bworks?\b|\bjob\b|\bcompany\b|\b\w+(?:er|or|ist|ian)\b|\bbusiness\b",
        ),
        (
            r"(?:哪个|什么|哪所|哪家)(?:大学|学校|学院|中学|高中|小学|幼儿园)|大学.{0,4}在哪|(?:在|上)哪儿?(?:念书|读书|上学|当的兵)",
            r"大学|学院|中学|高中|小学|幼儿园|学校|一中|二中|三中|四中|读研|[念读]书|部队|当兵|"
            r"\b(?:university|college|school|kindergarten)\b",
        ),
        (
            r"叫(?:什么|啥)|姓(?:什么|啥)|名字(?:是|叫)?(?:什么|啥)",
            r"叫|姓|名字|是我|[A-Z][a-z]+|在一起|\bnamed?\b|\bcalled\b",
        ),
        (
            r"(?:多少|几)(?:钱|块|万|千)|挣多少|赚多少|工资多少|花了?(?:我|你)?多少|学费多少|房租多少",
            rf"{_NUMERAL}|[\$£€￥]\d",
        ),
        (
            r"(?:还有|还剩)?(?:多少|几)(?:年|个月|天|次|公里|斤|个小时)",
            rf"{_NUMERAL}|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|a couple|several|few|twice|once)\b",
        ),
    )
)


_KIN = tuple(
    re.compile(one)
    for one in (
        "爸|父亲|爹", "妈|母亲|娘", "(?<![徒兄])弟", "妹", "哥", "姐", "男朋友|男友", "女朋友|女友",
        "老公|丈夫|爱人|先生", "老婆|妻子|媳妇|爱人", "儿子", "女儿|闺女", "爷爷", "奶奶",
        "外公|姥爷", "外婆|姥姥", "舅", "姑", "叔", "婆婆", "公公",
    )
)  # fmt: skip


def lacks_answer(query: str, found: Iterable[str]) -> bool:
    """Whether the query asks for what none of the texts found can tell: of that kind, or of those relatives."""
    texts = list(found)
    kinds = [holds for asks, holds in _KINDS if asks.search(query)]
    if not kinds:
        return False
    kin = [one for one in _KIN if one.search(query)]
    return not any(
        any(holds.search(text) for holds in kinds) and all(one.search(text) for one in kin) for text in texts
    )
