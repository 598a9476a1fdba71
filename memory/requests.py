"""What a person asks of the memory itself while they talk: to forget, to correct, to tell what it knows. Pure.

What is deleted does not come back. So only a clear order to the companion is one: a feeling (我想忘掉他), an idiom
(forget it) or a reminder (别忘了) is not. Authored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

_Kind = Literal["forget", "correct", "list"]


@dataclass(frozen=True, slots=True)
class Request:
    """An order to the memory. about: the person's words for what it is about, "" for the last thing said."""

    kind: _Kind
    about: str


_LEAD = (
    r"^(?:嗯|呃|啊|哦|那个|那|好吧|对了|算了|其实|还有|所以|麻烦你?|拜托你?|请你?|求你|帮我|你?能不能|"
    r"你?可不可以|你?可以|可以|你|我(?:想|要|希望)(?:让|要|请)?你|"
    r"我想让你|现在|赶紧|快|[，,、\s])*"
)
_LEAD_EN = (
    r"^(?:(?:um|uh|oh|okay|ok|so|well|hey|also|and|but|actually|sorry|no|wait|please|can you|could you|"
    r"would you|will you|"
    r"i(?:'d| would) like you to|i want you to|i need you to|just|you can|you should|让你|你),?\s+)*"
)
_END = r"\s*(?:吧|好吗|好不好|行吗|可以吗|啊|呀|哦|谢谢你?|了)*$"
_END_EN = r"(?:,?\s*(?:please|okay|ok|thanks|thank you|will you|would you|for me|now))*$"
_LAST = (
    r"(?:我?(?:刚刚?|刚才|方才)(?:跟你)?(?:说|讲|聊|提到?)的?(?:话|那些话?|那句话?|那个|这些|事情?|东西|"
    r"内容)?|刚刚?才?(?:的|那段|那句|那些)话|这(?:个|件事|句话?|些|"
    r"段话?)|这|那(?:句话|件事|段话)|上一句话?)"
)
_LAST_EN = (
    r"(?:what i(?: just)? (?:said|told you)(?: just now)?|(?:that|this)(?: last)?(?: (?:part|bit|conversation|"
    r"thing))?|everything i just said|the last thing i said)"
)
_ABOUT = r"(?P<about>(?!那|我的?(?:事|话|$)|过去|以前|不|所有|一切|伤心|难过|烦)[^，,。]{1,24}?)"
_MEMORY = r"(?:记忆|记录|内容|信息|资料|记住的东西|事情?|话)"

# kind, pattern; a group "about" where the order says what it is about.
_ORDERS_TEXT: tuple[tuple[_Kind, str], ...] = (
    ("forget", rf"{_LEAD}(?:忘掉|忘记掉|删掉|删除|清除){_LAST}{_END}"),
    ("forget", rf"{_LEAD}(?:忘了|忘记|删了){_LAST}吧{_END}"),  # without 吧 it is themselves who forgot
    ("forget", rf"{_LEAD}[把将]{_LAST}(?:都|给|全)*(?:忘掉|忘记|忘了|删掉|删了|删除|清除)(?:掉)?{_END}"),
    (
        "forget",
        rf"{_LEAD}(?:别|不要|不用|不许|不准)(?:再)?(?:记住?|记录|记下来?|存)(?:着|下来)?"
        rf"(?:{_LAST}|我说的(?:这些|那些)?话?)?(?:了)?{_END}",
    ),
    (
        "forget",
        rf"{_LEAD}{_LAST}(?:请)?(?:你)?(?:就)?(?:别|不要|不用)(?:再)?(?:记住?|记录|记下来?|存)(?:着|下来|了)?{_END}",
    ),
    (
        "forget",
        rf"{_LEAD}[把将](?:我?跟你说的)?(?:关于|有关)?{_ABOUT}的?{_MEMORY}(?:都|给|全|也)*(?:忘掉|忘记|忘了|删掉|删了|删除|清除)(?:掉)?{_END}",
    ),
    (
        "forget",
        rf"{_LEAD}(?:忘掉|忘记|忘了|删掉|删了|删除|清除)(?:掉|所有|全部)*(?:我说的|你记得的)?(?:关于|有关|跟|和){_ABOUT}(?:有关)?的(?:所有|全部|一切)?{_MEMORY}{_END}",
    ),
    (
        "forget",
        rf"{_LEAD}(?:删掉|删除|清除)(?:掉|所有|全部)*(?P<about>我[^，,。]{{1,20}}?)的(?:所有|全部)?(?:记忆|记录){_END}",
    ),
    ("forget", rf"{_LEAD}(?:别|不要)(?:再)?(?:记住?|记着)(?:关于|有关){_ABOUT}的?{_MEMORY}{_END}"),
    (
        "forget",
        rf"{_LEAD_EN}(?:forget|delete|erase|don't remember|do not remember|"
        rf"don't (?:save|keep|store|record)) {_LAST_EN}{_END_EN}",
    ),
    (
        "forget",
        rf"{_LEAD_EN}(?:forget|delete|erase|remove|don't remember|do not remember) (?:everything|anything|"
        rf"all|what|whatever)?\s*(?:that )?"
        rf"(?:i(?:'ve)?(?: just)? (?:said|told you|mentioned)|you(?:'ve)? (?:know|remember|saved|stored|"
        rf"have)|(?:your|the|any|all)? ?memor(?:y|ies)) "
        rf"(?:about|of) (?P<about>[^,.?!]{{1,40}}?){_END_EN}",
    ),
    (
        "correct",
        r"^(?:你|您)(?:是不是)?(?:好像)?(?:记|弄|搞)错(?:了)?(?P<about>我的?[^，,。]{1,10})?(?:了)?[，,。!！\s]+(?P<now>.{2,})",
    ),
    ("correct", r"^(?:你|您)?把(?P<about>[^，,。]{1,12})(?:记|弄|搞)错了(?:[，,。!！\s]+(?P<now>.{2,}))?"),
    ("correct", r"^(?:你|您)(?:记|弄|搞)错了$"),
    (
        "correct",
        r"^(?:(?:no|wait|sorry|hey|um|actually|oh),?\s+)*you(?:'ve)? (?:got|have|remembered|"
        r"had) (?P<about>.{1,30}?) wrong(?:[,.;!\s]+(?P<now>(?!about ).{2,}))?$",
    ),
    (
        "correct",
        r"^(?:(?:no|wait|sorry|hey|um|actually|oh),?\s+)*you(?:'re)? (?:remember(?:ed|ing)?(?: (?:it|"
        r"that))? (?:wrong|wrongly|incorrectly)|misremember(?:ed|ing)?)"
        r"(?P<about> [^,.;!]{1,30})?(?:[,.;!\s]+(?P<now>(?!about ).{2,}))?$",
    ),
    (
        "list",
        rf"{_LEAD}(?:都|还|到底|现在|究竟)*(?:记得|记住了?|记着|知道)(?:我|关于我|我的?)(?:的|都)*(?:什么|哪些(?:事情?)?|多少)(?:事情?|东西)?(?:呢|了|啊)*$",
    ),
    ("list", rf"{_LEAD}(?:都|还)*(?:记住?了|记得)(?:关于)?我(?:的)?(?:什么|哪些)(?:事情?|东西)?(?:呢|了|啊)*$"),
    (
        "list",
        rf"{_LEAD}(?:关于|有关)(?P<about>[^，,。]{{1,12}}?)[，,]?(?:你)?(?:都|还)*(?:记得|知道|记住了?)(?:些)?(?:什么|哪些)(?:事情?|东西)?(?:呢|了|啊)*$",
    ),
    (
        "list",
        rf"{_LEAD_EN}(?:what|what all|what else|what exactly|tell me what|show me what|list what|"
        rf"list everything|tell me everything|show me everything)"
        r"(?: do| have)? you (?:know|remember|remembered|saved|stored|have saved|learned) (?:about|"
        r"of) (?P<about>me|my [\w ']{1,30}?)"
        r"(?: so far| now)?$",
    ),
)
_ORDERS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _ORDERS_TEXT)
# Not an order although it looks like one.
_NO_ORDER = re.compile(
    r"别忘|不要忘|忘不|^你(?:又|是不是|都|怎么|已经|怎么又)*(?:忘[了记]|记不)|不会忘|没忘|不能忘|忘了吗|忘了没|忘记了吗|忘了带|(?:如果|要是|假如)|[他她它们]说|"
    r"(?:我妈|我爸|朋友|医生)(?:让|叫|说)|"
    r"\b(?:never|can't|cannot|won't|don't) forget\b|\bif\b|\b(?:he|she|they|\w+'s) (?:said|told|asked|says)\b",
    re.I,
)
_LONGEST = 160  # characters of a sentence that can be an order
_VAGUE = re.compile(r"(?:it|that|this|me|everything|all|it all)$", re.I)  # 'you got that wrong': not what is remembered
# 把这件事忘了吧 is what one says to oneself, unless it is what was said, or the companion that is asked.
_TO_ANYBODY = re.compile(r"^(?!.*(?:[说讲聊话你]|请|帮|麻烦|拜托))(?=.*忘).*(?:这|那)|^不用(?:再)?记(?:了|住)?$")
_SENTENCE = re.compile(r"(?<=[。！!？?；;\n])|(?<=[a-z])\.\s+(?=[A-Z])")


def memory_request(text: str, language: str | None = None) -> Request | None:
    """The first order to the memory in an utterance, None where there is none for certain.

    language: "en" or "zh" where known; both are tried, since orders are mixed too. `about` of a correction is what
    holds instead where that is said (我不叫小雨，我叫小语), else what is wrong.
    """
    return next(_requests(text.replace("’", "'")), None)


def _requests(text: str) -> Iterator[Request]:
    for part in _SENTENCE.split(text):
        sentence = " ".join(part.split()).rstrip("。.！!？?；; ")
        if not sentence or len(sentence) > _LONGEST or _NO_ORDER.search(sentence):
            continue
        for kind, pattern in _ORDERS:
            match = pattern.search(sentence)
            if match is None:
                continue
            groups = match.groupdict()
            about = groups.get("now") or groups.get("about") or ""
            if (kind == "correct" and _VAGUE.match(about)) or (kind == "forget" and _TO_ANYBODY.search(sentence)):
                continue
            if kind == "list" and about.lower() in ("me", "我"):
                about = ""
            yield Request(kind, about.strip(" ，,。.的"))
            break
