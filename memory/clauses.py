"""One utterance -> its clauses: slices of the text, and what each may be taken for. Pure; patterns are authored.

Speech recognition leaves marks out, so a blank between two Han characters parts clauses too, and a question inside
an unmarked sentence (我妈下周手术我该怎么办) is cut off behind the fact that it hangs on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from memory.relations import FAR, MINE, RELATION_EN, RELATION_ZH

_FLAGS = re.IGNORECASE | re.ASCII
_END = re.compile(r"[。！!；;\n…?？]+|(?<!\d)\.(?=\s|$)")
_PART = re.compile(
    r"[，,、：:](?!\d)|(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])|(?=但是|不过|可是|而且|所以|"
    r"结果(?=[我他她就还也没被老又]))|"
    r"(?<![不要])(?=但)(?!但愿)|"
    r"\s(?=(?:but|and|so|because|cause|after that)\s(?:then\s)?(?:after that\s)?(?:i|i['’]\w+|my|we|our|he|she|they|"
    r"it|what|how|should|now)\b)|"
    r"\s(?=and then\b|but\b)",
    _FLAGS,
)
_HEAD = re.compile(
    r"(?:[\s，,、。]|嗯|呃|啊|哦|噢|唉|哎呀?|诶|额|嘿|哈|那个(?![人男女家地时东事孩])|这个(?=[\s，,我])|"
    r"就是说?(?![因为不我他她你]?[^\s，,我]{0,2}$)|对了|"
    r"话说|怎么说呢|你知道吗?(?=[\s，,我])|"
    r"然后(?=[\s，,我])|反正|但是|不过|可是|而且|所以|其实吧|"
    r"\b(?:u+m+|u+h+|er+m*|hm+|oh|ah|well|like|so|and|but|then|yeah|yep|okay|ok|hey|honestly|anyway|basically|"
    r"actually|you know|i mean)\b)+",
    _FLAGS,
)
_TAIL = re.compile(
    r"(?:[\s，,、。]|嗯|呃|啊|呀|哦|嘛|哈|诶|你知道吗|你懂吧|对吧|是吧|那个|就是|"
    r"\b(?:you know|right|i guess|haha+|lol|u+m+|u+h+|or something|and stuff|and|so)\b)+$",
    _FLAGS,
)
_SURE = re.compile(
    r"没(?:有)?(?:什么|谁|多少|怎么)|(?:什么|谁|哪里?|哪儿|怎么)(?:也|都)|不知道(?:为什么|为啥|怎么|该|要|"
    r"去?哪)\S*|(?:纠结|犹豫)\S*|什么的|"
    r"不怎么|多少(?:有)?点|比什么|(?:not sure|don['’]?t know|no idea|unsure|wonder\w*) (?:if|whether|how|what|why)",
    _FLAGS,
)
_ASKS = re.compile(
    r"[?？]|[吗么](?:啊|呀)?$|(?<!没)(?<!不)(?:什么|为啥|干嘛|干啥|咋整|咋办|怎么|怎样|几点|多少|"
    r"哪[里儿个些天年]|多大|多久)|(?<!有)谁|"
    r"(?:是不是|有没有|要不要|能不能|会不会|该不该|好不好|行不行|可不可以|对不对|喜不喜欢)|行吗|好吗|呢$|"
    r"^(?:do|does|did|is|are|was|were|can|could|would|should|will|has|have you|am i|isn['’]t|aren['’]t|don['’]t you)\b|"
    r"^(?:what|why|how|where|who|which)(?!ever)(?: (?:do|does|did|is|are|was|should|would|can|will|if|about|to)\b|"
    r"['’]s\b)|"
    r"^when (?:do|does|did|is|are|should|will|can)\b|\b(?:what|how) (?:should|do|can) (?:i|we)\b",
    _FLAGS,
)
_RESTART = re.compile(
    r"(?:那|接下来|到底)?(?:你说|你觉得|你看|你认为|我到底|我应该|我该|我要不要|我能不能|我是不是|我可不可以|"
    r"我(?:要|得)?怎么|该怎么|怎么办|咋办|咋整|该干嘛)|"
    r"\b(?:what|how) (?:should|do|can) (?:i|we)\b|\bshould i\b|\bdo you think\b",
    _FLAGS,
)
_SUPPOSES = re.compile(
    r"如果|要是|假如|假设|万一|若是|倘若|哪怕|即使|就算|的话(?=$|就|我|[，,])|\b(?:if|unless|suppose|imagine|"
    r"would(?:n['’]t)? have|in case)\b",
    _FLAGS,
)
_WISHES = re.compile(
    r"希望|恨不得|巴不得|但愿|想要|宁愿|(?<![不没理梦幻思着料猜])想(?!起|不|通|念|着|到|过|法|象|我|他|她|它|家|死|"
    r"来想去|了)|(?:好|妙)就好了|"
    r"\b(?:i (?:really |so |just )*(?:wish|hope|want)\b|i['’]?d (?:really )?(?:love|like|rather)\b|i would (?:love|"
    r"like)\b|if only|i wanna)",
    _FLAGS,
)
_ORDERS = re.compile(
    r"^(?:那|那你|你)?(?:请(?!假|客)|帮我|给我(?!妈|爸)|替我|提醒我|别忘|不要忘|记得(?!我)|麻烦|讲[个讲]|告诉我|"
    r"等我?(?:一下|会)|再说一遍|"
    r"(?:能|可以|来|去|先|再)?(?:帮|给)我(?!妈|爸)|换个|播放|放首|停|闭嘴|帮忙|陪我)|"
    r"^(?:please|remind|tell|call|give|write|help|let me|don['’]t forget|play|hold on|wait|read|show|say|sing|set|"
    r"turn|can you|could you|would you)\b",
    _FLAGS,
)
_QUOTES = re.compile(r"[“\"「『][^”\"」』]*[”\"」』]?|‘[^’]*’")
_REPORTS = re.compile(
    rf"(?:他|她|它|他们|她们|人家|别人|有人|大家|(?:我|咱)?(?:的)?{RELATION_ZH})(?:们)?(?:[^我]{{0,4}})(?:跟我|"
    rf"对我|和我|问我|劝我|骂我)?(?:说(?!话|"
    rf"了算)|讲(?!课)|问|喊(?!我))|"
    rf"\b(?:he|she|they|someone|people|everyone|{RELATION_EN})\s(?:\w+\s){{0,2}}?(?:said|says|saying|goes|told|"
    rf"tells|asked|asks|was like|thinks?)\b",
    _FLAGS,
)
_NOBODY = re.compile(
    rf"{FAR}|听说|新闻|网上(?:说|看|有|都)|电视|电影里|剧里|小说里|书里|歌里|视频里|微博|热搜|明星|(?<!所)有人|有个人|"
    rf"别人家|那个(?:男|女)的|"
    r"\b(?:in|from|on) (?:the|a|this|that) (?:movie|show|film|book|news|series|novel|song|podcast)\b|\bon (?:tv|"
    r"the radio|tiktok|youtube|instagram)\b|"
    r"\bi (?:read|heard|saw) (?:that|about|on|in)\b|\bmy favou?rite (?:singer|actor|actress|band|team|player|"
    r"character|writer|author|artist|show|youtuber)\b",
    _FLAGS,
)
_LEANS = re.compile(
    r"^(?:孩子|老板|领导|房东|然后|就(?!是)|才|结果|后来|之后|接着|于是|所以|因此|因为|但|可是|不过|也|还(?!有)|都|"
    r"又|而且|他|她|它|这|"
    r"那(?!个)|陪|一直在|虽然|"
    r"(?:and then|after that|then|because|since|so|which|who|he|she|it|they|this|that|him|her|not anymore|though)\b)|"
    r".*(?:(?:don['’]?t|doesn['’]?t) know|不知道)(?: (?:yet|that))?$",
    _FLAGS,
)
_FEELING = re.compile(
    r"^(?:我|心里|感觉|觉得|有|就|也|真的|现在|都|好|很|挺|特别|太|有点儿?|有些|非常|超|so|really|very|a bit|kinda|"
    r"i['’]m|i am|i feel|feeling|"
    r"just|\s)*"
    r"(?:紧张|慌|难过|难受|累|烦|开心|高兴|激动|害怕|焦虑|伤心|委屈|生气|郁闷|崩溃|压力(?:好|很|挺|特别)?大|担心|"
    r"失落|nervous|scared|sad|anxious|happy|"
    r"excited|tired|stressed|upset|angry|worried|afraid|terrified|overwhelmed)"
    r"(?:得?(?:要死|不行|很|慌)|死了|了|的|啊|呢|right now|about it|\s)*$",
    _FLAGS,
)
_SELF = re.compile(
    r"我|咱|俺|(?<![a-z])(?:i|i['’]m|i['’]ve|i['’]ll|i['’]d|im|my|me|mine|we|our|us|we['’]re|we['’]ve)(?![a-z])", _FLAGS
)
_MINE = re.compile(MINE, _FLAGS)
_OTHER_HEAD = re.compile(
    rf"^(?:{MINE}|{RELATION_ZH}|他|她|它|\b(?:he|she|it|they)\b|(?:家里?)?(?:那只|那条|那个)|一只)", _FLAGS
)


_LINK = re.compile(
    r"^(?:然后|结果|后来|之后|接着|于是|所以|因为|但是?|(?:and|then|after that|because|so|but|since)\b|[\s，,])+",
    _FLAGS,
)
_LONGEST = 240  # characters of a clause that are looked at: the patterns take quadratic time in what nobody says


class Subject(StrEnum):
    """Who a clause is about."""

    SELF = "self"
    OTHER = "other"  # somebody of theirs
    DROPPED = "dropped"  # left out, as Chinese does: whoever the clause before was about, else the speaker
    NOBODY = "nobody"  # a stranger, the listener, the world


@dataclass(frozen=True, slots=True)
class Clause:
    """text: a slice of the utterance from start to end (characters), fillers off its ends.

    fact: False for a question, wish, supposition, order or quotation. reported: somebody else is quoted as saying it.
    leans: it means little without the clause before. feels: a bare feeling, such as 我好紧张. sentence: its number.
    """

    text: str
    start: int
    end: int
    sentence: int
    subject: Subject
    fact: bool
    reported: bool
    leans: bool
    feels: bool


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each sentence; the mark that ends it belongs to it."""
    start = 0
    for mark in _END.finditer(text):
        if text[start : mark.end()].strip():
            yield start, mark.end()
        start = mark.end()
    if text[start:].strip():
        yield start, len(text)


def clauses(text: str, start: int, end: int, sentence: int) -> list[Clause]:
    """The clauses of text[start:end], one sentence, in order."""
    body = text[start:end]
    quoted = [(m.start(), m.end()) for m in _QUOTES.finditer(body)]
    cuts = [m for m in _PART.finditer(body) if not any(a < m.start() < b for a, b in quoted)]
    edges = [0, *(edge for m in cuts for edge in (m.start(), m.end())), len(body)]
    found: list[Clause] = []
    supposed = False
    for left, right in list(pairwise(edges))[::2]:
        for a, b in _asking_apart(body, left, right):
            made = _clause(text, start + a, start + b, sentence)
            if made is None:
                continue
            supposed = supposed or _SUPPOSES.search(_SURE.sub(" ", made.text)) is not None
            found.append(replace(made, fact=False) if supposed else made)
    return found


def _asking_apart(body: str, left: int, right: int) -> list[tuple[int, int]]:
    """One clause, or the fact and the question behind it."""
    piece = body[left:right]
    sure = _SURE.sub(lambda m: "_" * len(m.group()), piece)
    restart = _RESTART.search(sure)
    if restart and _ASKS.search(sure, restart.start()) and len(piece[: restart.start()].strip()) >= 4:
        return [(left, left + restart.start()), (left + restart.start(), right)]
    return [(left, right)]


def _clause(text: str, start: int, end: int, sentence: int) -> Clause | None:
    end = min(end, start + 2 * _LONGEST)
    marked = text[start:end]
    head = _HEAD.match(text, start, end)
    begin = head.end() if head else start
    tail = _TAIL.search(text[begin:end].rstrip("。！!；;\n…?？. "))
    core = text[begin:end].rstrip("。！!；;\n…?？. ")
    finish = begin + (tail.start() if tail else len(core))
    finish = min(finish, begin + _LONGEST)
    body = text[begin:finish]
    if not body:
        return None
    plain = _QUOTES.sub(" ", body)
    sure = _SURE.sub(" ", plain)
    asks = _ASKS.search(_SURE.sub(" ", marked[begin - start :]).strip()) is not None
    fact = not (asks or _WISHES.search(sure) or _ORDERS.search(plain) or _NOBODY.search(plain)) and plain.strip() != ""
    return Clause(
        body,
        begin,
        finish,
        sentence,
        _subject(plain.strip()),
        fact,
        _REPORTS.search(plain) is not None or plain != body,
        _LEANS.match(text[start:finish].lstrip(" ，,、")) is not None or _LEANS.match(body) is not None,
        _FEELING.match(body) is not None,
    )


def _subject(body: str) -> Subject:
    if _NOBODY.search(body):
        return Subject.NOBODY
    body = _LINK.sub("", body)
    if _OTHER_HEAD.match(body):
        return Subject.OTHER
    if _SELF.search(body):
        return Subject.SELF
    if re.match(r"(?:你|您|你们|\b(?:you|your|there|the)\b)", body, _FLAGS) or body.isascii():
        return Subject.NOBODY
    return Subject.DROPPED
