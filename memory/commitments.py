"""A reply of the companion -> what it bound itself to. Pure, by rules; patterns are authored.

Only what can be kept or broken later counts: to remember a thing, to ask about it, to leave a subject alone. Comfort
(我一直都在, I'm here for you), offers (要我提醒你吗, I can ask you if you like) and advice bind to nothing.
"""

from __future__ import annotations

import re

from memory.clauses import Clause, Subject, clauses, sentences
from memory.sensitivity import harms_self, sensitivity
from memory.types import Candidate, MemoryKind

_FLAGS = re.IGNORECASE | re.ASCII
_BINDS = re.compile(
    r"我(?:都|也|一定|肯定|就)*会(?:帮你|替你|好好|一直|再|去|来)*(?:记得|记住|记着|记下|记在心|提醒你|问你|问问|"
    r"陪你(?:练|准备|聊|去)|找你|回来问)|我(?:都|已经|先|帮你|替你|"
    r"来)*(?:记住|记下|记着)(?:了|$|，)|我(?:会)?不会忘|"
    r"(?:下次|下回|到时候?|明天|后天|明晚|改天|回头|过几天|下周\S?|周[一二三四五六日末]|之后|晚上|等\S{1,10}(?:后|"
    r"了|完|时候|回来))(?:，|,)?(?:我)(?:就|再|会|也|来|"
    r"一定)*(?:问|提醒|陪你(?:聊|说|练)|找你|听你(?:讲|说))|"
    r"我(?:下次|下回|到时候?|明天|后天|明晚|改天|回头|过几天|下周\S?|周[一二三四五六日末]|之后|晚上)(?:就|再|会|也|"
    r"来|一定)*(?:问|提醒|陪你(?:聊|说|练)|找你|听你(?:讲|说))|"
    r"我(?:答应|保证|跟你约定|和你约好)|我(?:以后|再也|之后|都)*不(?:会)?(?:再)?(?:提|问|聊|叫你|催|说(?!话|什么|"
    r"了))(?!不)|(?:以后|之后)(?:我)?(?:就|都)?(?:叫你|"
    r"不(?:再)?(?:提|问|叫))|"
    r"\bi(?:['’]ll| will)(?: (?:definitely|always|also|make sure to|be sure to|just|gladly))* (?:remember|not forget|"
    r"keep (?:that|it|this|\w+ \w+|your \w+) in mind|remind|ask (?:you|how|about|again)|check (?:in|back|on)|"
    r"follow up|"
    r"bring it up|call you (?!if)\w+|stop (?:asking|mentioning|bringing|calling))|"
    r"\bi(?:['’]ll| will) (?:not|never) (?:ask|bring|mention|call|push|forget)|\bi won['’]t (?:ask|bring|mention|"
    r"call you|push|forget|talk about)|\bnext time(?: we talk)?,? i(?:['’]ll| will)|\bi promise(?! you['’]re| it)",
    _FLAGS,
)
_LOOSE = re.compile(
    r"如果|要是|愿意|的话|需要|想(?:要)?我|可以吗|要不要|好吗|记不住|记不得|\b(?:if|whenever|would you like|"
    r"want me to|should i|can i|could|"
    r"may)\b",
    _FLAGS,
)
_LIGHT = re.compile(
    r"^(?:我会(?:记得|记住)的?|我记(?:住|下|得)了|i['’]ll remember(?: that| it| this)?|i won['’]t forget|i promise|"
    r"next time.{0,6})$",
    _FLAGS,
)
_WHEN = re.compile(
    r"^(?:下次|下回|等|到时|回头|明天|后天|明晚|周|下周)|(?:后|完|时候?|之前)$|^(?:next time|when|after|once|"
    r"tomorrow|on \w+day)\b",
    _FLAGS,
)
_SALIENCE = 0.3


def companion_words(reply: str, *, turn_id: str = "", language: str | None = None) -> list[Candidate]:
    """What the companion promised in `reply`, in its own words, as COMPANION candidates of salience .3, in order.

    A promise that means little alone (我会记得, I'll remember) keeps the clause before it.
    """
    found: list[Candidate] = []
    for number, (start, end) in enumerate(sentences(reply)):
        if "?" in reply[start:end] or "？" in reply[start:end] or harms_self(reply[start:end]):
            continue
        parts = clauses(reply, start, end, number)
        if any(_LOOSE.search(part.text) for part in parts):
            continue
        joined = _bound(reply, parts)
        if joined:
            care = sensitivity(joined, MemoryKind.COMPANION)
            found.append(
                Candidate(
                    kind=MemoryKind.COMPANION,
                    text=joined,
                    salience=_SALIENCE,
                    language=language,
                    sensitivity=care,
                    evidence=(turn_id,) if turn_id else (),
                )
            )
    return found


def _bound(reply: str, parts: list[Clause]) -> str:
    """The slice of the sentence from the first binding clause to the last; "" where nothing binds."""
    binding = [n for n, part in enumerate(parts) if _BINDS.search(part.text)]
    if not binding:
        # 下次，我再问你: the time stands apart by a comma.
        pairs = [n for n in range(1, len(parts)) if _BINDS.search(reply[parts[n - 1].start : parts[n].end])]
        if not pairs:
            return ""
        binding = [pairs[0] - 1, pairs[0]]
    first, last = binding[0], binding[-1]
    bare = _LIGHT.match(parts[first].text) or parts[first].subject is Subject.DROPPED
    if first > 0 and (bare or _WHEN.search(parts[first - 1].text)):
        first -= 1
    return reply[parts[first].start : parts[last].end][:200]
