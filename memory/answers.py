"""Whether what is remembered can hold the answer to a question at all. Pure; authored rules, zh and en.

Who asks how old somebody is wants an age, and of that somebody; five rows about them without one are no answer, and a
model that is given them makes one up. Only questions whose answers look alike in whatever words they are told are
checked: for all others what is near is told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from memory.referents import asked_of, of_another, somebody_of_somebody, speaking_of
from memory.rows import Column, Rows
from memory.terms import content, terms

_SUM = (
    r"\d[\d,.]*\s?(?:块|元|[万千百]|[kKwW]\b|美?刀)|[\$£€￥]\s?\d|"
    r"[一二两三四五六七八九十几百千万半]+[百千万](?![般般])|"
    r"[一二两三四五六七八九十几百半]+[块元毛]|涨[一二两三四五六七八九]|免费|"
    r"\b(?:free|hundred|thousand|grand|dollars?|pounds?|quid|bucks|euros?)\b"
)
_NUMERAL = (
    r"\d|[一二两三四五六七八九十百千万半]+(?:[个年月天号点块元岁次分斤公里]|多)|[百千万](?![般般])|"
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|a couple|several|few|twice|once)\b"
)
_INSTITUTIONS = (
    ("酒店|宾馆|饭店", "hotel"),
    ("医院|诊所", "hospital|clinic|surgery"),
    ("银行", "bank"),
    ("区|县|镇", "district|borough"),
)
_OF_KINDS = frozenset(terms("living work name called old age much cost pay charge born birthday met company"))
_TURNS_TO_ANSWER = 2
_HINT = re.compile(r"[几多哪什啥嘛叫姓岁怎咋如属职行]|[a-zA-Z]")  # one of them is in every question of a kind
_PRONOUN = re.compile(r"[他她]|\b(?:he|she|they|his|her|their)\b", re.IGNORECASE)


def _which(han: str, latin: str) -> tuple[str, str]:
    """The question for the name of one of many such places, and what an answer to it speaks of."""
    return rf"哪(?:个|一?家|所|条|座)(?:{han})|\b(?:which|what) (?:{latin})\b", rf"{han}|\b(?:{latin})s?\b"


_KINDS = tuple(
    (re.compile(asks, re.IGNORECASE), re.compile(holds))
    for asks, holds in (
        (
            r"多大(?:了|岁数|年纪|年龄)?(?=$|[ 啊呢呀？?])|几岁|岁数|什么年纪|属什么|\bhow old\b|\bwhat age\b",
            r"岁|属[鼠牛虎兔龙蛇马羊猴鸡狗猪]|[0689七八九]0后|\d{4}年的?生|(?i:\byears? old\b|\bturn(?:s|ed|ing)? \d|"
            r"\baged? \d|birthday|\b(?:is|are|'s|'m|am|turn(?:s|ed|ing)?|just) (?:\d+|(?:twen|thir|for|fif|six|seven|"
            r"eigh|nine)\w*|two|three|four|five|six|ten|eleven|twelve)\b)",
        ),
        (
            r"哪年(?:出生|生)|(?:出生|生日)(?:是)?(?:哪|几|什么)|哪天(?:的)?生日?|"
            r"\bwhen (?:was|is) .{1,30}(?:born|birthday)\b",
            r"出生|生日|生于|(?i:\bborn\b|\bbirthday\b)",
        ),
        (
            r"(?:做|干)(?:什么|啥|嘛)(?:工作)?的|是干(?:什么|啥|嘛)的|做什么工作|什么工作|什么职业|做哪一?行|"
            r"\bwhat (?:does|do|did) .{1,30} do (?:for (?:a living|work))|\bwhat (?:does|do|did) [\w' ]{1,30} do\?|"
            r"\bwhat(?:'s| is| was) .{1,30} job\b",
            r"上班|工作|公司|单位|当.{0,6}(?:师|员|医|护士|兵|官|老板|司机|学徒|助理)|老师|教练|医|护士|程序员|司机|会计|律师|"
            r"[店厂]|工地|退休|职|offer|实习|岗|生意|打工|做[^，。 ]{1,8}的|做\w{1,4}$|卖|教|开.{0,4}(?:店|车|超市|馆)|"
            r"干[^，。 ]{0,6}(?:行|活)|跑[^，。 ]{1,8}的|(?i:\bworks?\b|\bjob\b|\bcompany\b|\bbusiness\b|"
            r"\b\w{3,}(?:er|or|ist|ian)\b|\bteach|\bdrives?\b|\bruns?\b|\brepairs?\b)",
        ),
        (
            r"(?:哪家|哪个|什么)(?:单位|公司|厂|店|诊所|医院)(?:上班|工作|实习)|在哪儿?(?:上班|工作|打工|实习|兼职)|"
            r"(?:哪家|哪个|什么)(?:单位|公司)|\bwhere (?:does|do|did) .{1,30} work\b|\bwhich company\b",
            r"在.{1,10}(?:上班|工作|打工|实习|当)|公司|单位|[店厂]|医院|学校|跳槽|入职|offer|"
            r"(?i:\bworks? (?:at|for|in)\b|\bcompany\b|\bjob\b)",
        ),
        (
            r"(?:哪个|什么|哪所|哪家)(?:大学|学校|学院|中学|高中|小学|初中|幼儿园)|大学.{0,4}在哪|"
            r"(?:在|上)哪儿?(?:念|读|上学|当的?兵)|哪里(?:念|读|当的兵)|"
            r"\b(?:which|what|name of .{1,20}) (?:school|university|college)\b|"
            r"\bwhere did .{1,20} (?:study|go to (?:school|college))\b",
            r"大学|学院|[^上读念在到入开了的转说去来 ]{2}(?:中学|高中|小学|初中|幼儿园)|"
            r"[一二三四五六七八九十]中(?!学生)|部队|当兵|(?:考上|考到|录取)|"
            r"(?i:\b[A-Z]\w+ (?:university|college|school|primary|academy)\b)",
        ),
        (
            r"叫(?:什么|啥)|姓(?:什么|啥)|名字(?:是|叫)?(?:什么|啥)|\bwhat(?:'s| is| was) .{1,40} (?:name|called)\b|"
            r"\bwhat(?:'s| is) the name of\b|\bwho(?:'s| is) .{1,20} called\b",
            r"(?<!我)叫(?![我人他她你了得])|姓|名字|取名|是我|在一起|"
            r"(?:[a-z,] |^)(?!I\b)[A-Z][a-z]+|(?i:\bnamed?\b|\bcalled\b)",
        ),
        (
            r"(?:多少|几)(?:钱|块|万|千)|[挣赚]多少|(?:工资|学费|房租|月薪|租金)(?:是)?多少|花了?(?:我|你)?多少|"
            r"\bhow much (?:did|does|do|is|was|are|were)\b",
            _SUM,
        ),
        (r"(?:还有|还剩)?(?:多少|几)(?:年|个月|天|次|公里|斤|个小时)", _NUMERAL),
        (
            r"老家(?:是|在)?(?:哪|什么地方)|是哪里人|[家人][是在]哪(?:里|儿)?的?$|\bwhere .{1,20} from\b|\bhometown\b",
            r"老家|籍贯|人$|.{2}人[ ，,]|来自|家[是在]|(?i:\bfrom [A-Z]|\bborn in\b|\bgrew up\b|\bhometown\b)",
        ),
        (
            r"(?:怎么|在哪儿?里?|咋|如何|什么时候)认识|\bhow did .{1,30} meet\b|\bwhere did .{1,30} meet\b",
            r"认识|相亲|介绍|同学|遇|碰见|(?i:\bmet\b|\bmeet\b|introduced)",
        ),
        *(_which(han, latin) for han, latin in _INSTITUTIONS),
    )
)


def lacks_answer(query: str, rows: Rows, likely: Sequence[int]) -> bool:
    """Whether the query asks for what no row can tell: of that kind, or of that somebody. likely: rows near to it."""
    if (far := somebody_of_somebody(query, rows)) and not speaking_of(asked_of(far, rows), rows):
        return True
    if _HINT.search(query) is None:
        return False
    kinds = [(asks, holds) for asks, holds in _KINDS if asks.search(query)]
    if not kinds:
        return False
    candidates = _that_may_tell(query, [asks for asks, _ in kinds], rows, likely)
    if candidates is None:
        return False
    named = [name for name in rows.names if name in query]  # what the question gives is no answer to it
    return not all(any(holds.search(_without(rows.memories[n].text, named)) for n in candidates) for _, holds in kinds)


def _that_may_tell(query: str, kinds: Sequence[re.Pattern[str]], rows: Rows, likely: Sequence[int]) -> set[int] | None:
    """Where the query names somebody, the rows that speak of them; else those of the likely that share anything with
    it, and all that hold a word of it. None where it asks after somebody who was named before it."""
    if somebody := asked_of(query, rows):
        found = speaking_of(somebody, rows)
    else:
        for asks in kinds:  # "how old", unlike 几岁, leaves no words of its own behind
            query = asks.sub(lambda match: match[0] if match[0].isascii() else " ", query)
        if _PRONOUN.search(query):
            return None
        words = set(terms(query)) - _OF_KINDS
        found = {n for n in likely if not words or any(rows.has(n, word) for word in words)}
        if naming := content(words):
            found.update(int(n) for word in naming for n in rows.holding(word)[0])
        else:
            found.update(range(len(rows.memories)))
        found = {n for n in found if not of_another(rows.memories[n].text)}
    if rows.speakers:  # in a talk, what one turn asks another answers
        before = rows.columns[Column.BEFORE].astype(int).tolist()
        found.update(likely)
        for _ in range(_TURNS_TO_ANSWER):
            found |= {n for n, earlier in enumerate(before) if earlier in found}
    return found


def _without(text: str, names: Sequence[str]) -> str:
    for name in names:
        text = text.replace(name, "")
    return text
