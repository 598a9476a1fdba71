"""Whom a question is about: the relatives, partners, animals and named people it takes for granted. Pure; zh and en.

Who asks how their brother is takes it that they have one. Where no memory ever spoke of a brother, by whatever word,
nothing is known of him, however near the sentences about other people's health stand. The words are authored.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from memory.rows import Column, Rows
from memory.terms import terms

_PARTNER = "爱人 对象 老伴 在一起 结婚 恋爱 谈了 partner married dating spouse"
_MEN = f"先生 男人 老公 男朋友 孩子爸 老头 husband boyfriend {_PARTNER}"
_WOMEN = f"太太 女人 老婆 媳妇 女朋友 孩子妈 老太 wife girlfriend {_PARTNER}"
_CHILD = "孩子 娃 宝宝 宝 老大 老二 老三 双胞胎 小子 丫头 kid child baby twin"
# What a question calls them, and all the words by which a memory may speak of one of them.
_SORTS = (
    (r"爸|父亲|老爹|\bdad(?:dy)?\b|\bfather\b(?!-in)", "爸 爹 老头 父母 dad parents folks"),
    (r"妈|母亲|老娘|\bm[uo]m(?:my)?\b|\bmother\b(?!-in)", "妈 娘 父母 老太太 mum parents folks"),
    (r"(?<![徒兄表堂])弟(?!子)|\bbrother\b(?!-in)", "弟 哥 兄 双胞胎 brother sibling twin"),
    (r"(?<![表堂])哥(?![们儿])", "哥 兄 双胞胎 brother sibling twin"),
    (r"(?<![表堂师学大])姐(?![夫们])|(?<![表堂])妹(?![夫子])|\bsister\b(?!-in)", "姐 妹 双胞胎 sister sibling twin"),
    (r"姐夫|妹夫|嫂|弟妹|\b(?:sister|brother)-in-law\b", "姐 妹 哥 弟 嫂 sister brother"),
    (r"爷爷|\bgrand(?:father|pa|ad|dad)\b", "爷 老爷子 祖父 爸 grandfather dad grandparents"),
    (r"奶奶|\bgrand(?:mother|ma)\b|\bgran(?:ny)?\b|\bnana?\b", "奶奶 老太太 祖母 妈 grandmother gran mum grandparents"),
    (r"外公|姥爷", "外公 姥爷 老爷子 grandfather"),
    (r"外婆|姥姥", "外婆 姥姥 老太太 grandmother"),
    (r"公公|\bfather-in-law\b", "公公 公婆 law"),
    (r"婆婆|\bmother-in-law\b", "婆婆 公婆 老太太 law"),
    (r"岳父|老?丈人|\bfather-in-law\b", "岳父 丈人 岳 law"),
    (r"岳母|丈母娘|\bmother-in-law\b", "岳母 丈母 岳 law"),
    (r"舅|叔(?!叔阿姨)|伯|\buncle\b", "舅 叔 伯 姑父 姨父 uncle"),
    (r"姑(?!娘)|(?<!阿)姨|\baunt(?:ie)?\b", "姑 姨 婶 舅妈 aunt"),
    (r"表[哥弟姐妹]|堂[哥弟姐妹]|\bcousin\b", "表 堂 cousin"),
    (r"儿子|\bsons?\b", f"儿子 {_CHILD} son boy"),
    (r"女儿|闺女|\bdaughters?\b", f"女儿 闺女 {_CHILD} daughter girl"),
    (r"(?<!毛)孩子|娃|\bkids?\b|\bchild(?:ren)?\b", f"儿子 女儿 闺女 {_CHILD} son daughter boy girl"),
    (r"孙子|孙女|外孙|\bgrand(?:son|daughter|child|kids?)\b", "孙 grandson granddaughter grandchild grandkid"),
    (r"侄|外甥|\bnephew\b|\bniece\b", "侄 外甥 哥 弟 姐 妹 nephew niece uncle aunt brother sister"),
    (r"老公|丈夫|男朋友|男友|未婚夫|\bhusband\b|\bboyfriend\b", _MEN),
    (r"老婆|妻子|媳妇|女朋友|女友|未婚妻|\bwife\b|\bgirlfriend\b", _WOMEN),
    (
        r"前任|前男友|前女友|前夫|前妻|\bex(?:-(?:husband|wife|boyfriend|girlfriend))?\b",
        "前任 前夫 前妻 前男 前女 分手 分开 离婚 离了 ex divorced broke split",
    ),
    (r"室友|舍友|\b(?:room|flat|house)mate\b", "室友 舍友 合租 宿舍 同住 roommate flatmate housemate mate share"),
    (
        r"狗|\b(?:dog|puppy)\b",
        "狗 犬 毛孩子 金毛 柯基 泰迪 柴犬 哈士奇 边牧 拉布拉多 宠物 dog hound greyhound retriever poodle corgi puppy "
        "pet",
    ),
    (r"猫|\b(?:cat|kitten)\b", "猫 喵 毛孩子 英短 布偶 橘 宠物 cat kitten tabby pet"),
    (r"(?<![菜候])鸟|鹦鹉|\b(?:parrot|budgie)\b", "鸟 鹦鹉 八哥 画眉 宠物 bird parrot budgie pet"),
    (r"仓鼠|兔子|\b(?:hamster|rabbit|bunny)\b", "仓鼠 兔 宠物 hamster rabbit bunny pet"),
)
# People by what they do. That nobody of the sort ever came up means little: they have many names.
_ROLES = (
    (r"老师|班主任|导师|教授|\bteacher\b|\bprofessor\b", "老师 班主任 导师 教授 teacher professor"),
    (r"律师|\blawyer\b", "律师 lawyer"),
    (r"医生|大夫|\bdoctor\b", "医生 大夫 doctor"),
    (r"保姆|月嫂|阿姨|\bnanny\b|\bcarer\b", "保姆 月嫂 阿姨 nanny carer"),
    (r"房东|\bland(?:lord|lady)\b", "房东 landlord landlady"),
    (r"教练|\bcoach\b", "教练 coach"),
    (r"老板|领导|主管|上司|经理|\bboss\b|\bmanager\b", "老板 主管 经理 boss manager"),
    (r"邻居|\bneighbou?r\b", "邻居 楼上 楼下 隔壁 neighbour"),
    (r"徒弟|学徒|\bapprentice\b", "徒弟 学徒 apprentice"),
)
_PRONOUN = re.compile(r"[他她它]|\b(?:he|she|it|they|his|her|their|him|them)\b", re.IGNORECASE)
_OWNED = re.compile(rf"(?:的|家的?|[他她]|['’]s )(?:{'|'.join(asked for asked, _ in _SORTS)})", re.IGNORECASE)
_SOMEBODY = re.compile("|".join(asked for asked, _ in _SORTS), re.IGNORECASE)
_ANYBODY = re.compile(rf"(?:我们?家?的?|my |our )?(?:{'|'.join(asked for asked, _ in _SORTS)})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Sort:
    asked: re.Pattern[str]
    words: tuple[tuple[str, ...], ...]  # each as search terms
    relied_on: bool


@cache
def _sorts() -> tuple[_Sort, ...]:
    return tuple(
        _Sort(re.compile(asked, re.IGNORECASE), tuple(_terms(word) for word in words.split()), relied_on)
        for table, relied_on in ((_SORTS, True), (_ROLES, False))
        for asked, words in table
    )


def unknown(query: str, rows: Rows) -> bool:
    """Whether the query speaks of relatives, partners or animals of whom no row does."""
    return _SOMEBODY.search(query) is not None and any(
        one.relied_on and one.asked.search(query) and not any(_holding(word, rows) for word in one.words)
        for one in _sorts()
    )


def of_another(text: str) -> bool:
    """Whether the text begins with a relative, a partner or an animal: what it says is of them."""
    return _ANYBODY.match(text) is not None


def somebody_of_somebody(query: str, rows: Rows) -> str:
    """The part of the query that speaks of a relative of another: 老孟的儿子, Femi's father; "" where none does."""
    owned = _OWNED.search(query)
    if owned is None:
        return ""
    owner = query[: owned.start()]
    starts = [len(owner) - len(name) for name in rows.names if owner.endswith(name)]
    starts += [found.start() for one in _sorts() for found in one.asked.finditer(owner) if found.end() == len(owner)]
    return query[min(starts) : owned.end()] if starts else ""


def asked_of(query: str, rows: Rows) -> list[set[int]]:
    """For each of those whom the query asks after: the rows that speak of them or that they say."""
    somebody = []
    for one in _sorts():
        if one.asked.search(query):
            named = (_terms(name) for name, at in rows.names.items() if one.asked.search(rows.memories[at].text))
            somebody.append(set().union(*(_holding(word, rows) for word in (*one.words, *named))))
    for name in rows.names:
        if name in query:
            said = {int(n) for n in (rows.columns[Column.SPEAKER] == rows.speakers.get(name, -2)).nonzero()[0]}
            somebody.append(said | _holding(_terms(name), rows))
    return somebody


def speaking_of(somebody: Sequence[set[int]], rows: Rows) -> set[int]:
    """Rows that speak of all of them: by themselves, or by a pronoun right after a row that does."""
    found = set.intersection(*somebody)
    before = rows.columns[Column.BEFORE].astype(int).tolist()
    for n in range(len(rows.memories)):
        near = n not in found and before[n] >= 0 and all(n in one or before[n] in one for one in somebody)
        if near and _PRONOUN.search(rows.memories[n].text):
            found.add(n)
    return found


@cache
def _terms(word: str) -> tuple[str, ...]:
    """The search terms that stand for a word: its pairs, or the word itself where it is one character."""
    found = [term for term in terms(word) if term.isascii() or term.isalpha()]
    return tuple(term for term in found if len(term) > 1 or len(word) == 1) or tuple(found)


def _holding(word: Sequence[str], rows: Rows) -> set[int]:
    """The rows that hold all terms of a word."""
    if not word:
        return set()
    first, *rest = (set(rows.holding(term)[0].tolist()) for term in word)
    return first.intersection(*rest)
