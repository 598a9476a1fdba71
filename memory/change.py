"""What a new memory does to those there are: it says one again, takes the place of some, or stands beside them. Pure.

A memory that is wrongly superseded is lost to recall, one that is kept too long can still be corrected: where it is
not certain, both stay. All thresholds are authored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from memory.claim_words import CITIES, digits
from memory.types import Candidate, Claim, Memory, MemoryKind, Source

_SAME = 0.93  # nearness above which two sentences may say the same
_CORRECTED = 0.8  # nearness above which a correction can mean a memory that it shares no claim with
_SHARED = 0.75  # of the words of either, for two near sentences to say the same
_NEWS = 4  # words beyond those of a memory with the same claim, from which on it tells something new
_PLAN_S = 7 * 86_400.0  # "next week" said again after this long is another week
_CORRECTION = re.compile(
    r"^(?:不对|不是的?[，,]|错了|我?说错了|你?记错了|我(?:说的|的意思)是|我是说|更正|应该是)|"
    r"不是.{1,12}[，,]\s*(?:而?是)|"
    r"^(?:no,? |sorry,? |wait,? |actually,? )*(?:i meant|i mis(?:spoke|said)|that's (?:wrong|not right)|"
    r"not .{1,20}, (?:it's|but))\b",
    re.I,
)
_FIXED = re.compile(r"不过|不错|差不多|不好意思|不对|没事|别人|特别|分别|区别|不但|不仅|说错了|记错了")
_NEGATION = re.compile(
    r"不|没|别|无|讨厌|受不了|戒|停|取消|失败|n't\b|\b(?:not|no|never|none|nothing|hate|dislike|stopp?(?:ed)?|"
    r"quit|without|cancell?ed|"
    r"failed|neither)\b",
    re.I,
)
# Words that make two near sentences different things: times, people, and one half of a pair of opposites.
_MARKS = re.compile(
    r"\d+(?:[:.]\d+)*|(?:上上|上|这|本|下下|下)个?(?:周|星期|礼拜|月)[一二三四五六日天末]?|(?:周|星期|"
    r"礼拜)[一二三四五六日天末]|"
    r"[大]?[前昨今明后][天晚年早]|去年|以前|以后|原来|之前|早上|上午|中午|下午|晚上|凌晨|半夜|"
    r"[爸妈哥弟姐妹爷奶叔姨姑舅]|外[公婆]|姥[姥爷]|老[公婆]|"
    r"[男女]|儿子|女儿|同事|同学|室友|老板|老师|前任|入职|离职|辞职|住院|出院|结婚|离婚|分手|复合|升|降|涨|跌|"
    r"赢|输|左|右|开始|结束|去世|出生|得到|失去|"
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day|\b(?:today|tonight|tomorrow|yesterday|last|next|used to|"
    r"before|after|morning|"
    r"afternoon|evening|night|mom|mum|mother|dad|father|brother|sister|son|daughter|husband|wife|boyfriend|"
    r"girlfriend|boss|friend|ex|"
    r"start(?:ed)?|end(?:ed)?|married|divorced|hired|fired|won?|lost|gained|left|right|born|died|in|out|up|down|"
    r"january|february|march|april|may|june|july|august|september|october|november|december)\b|"
    r"(?<=叫)[\u4e00-\u9fff]{2,3}|(?<!^)(?<![.!?] )\b[A-Z][a-z]+\b",
    re.I,
)
_NAMES = re.compile(r"(?<!^)(?<![.!?] )(?<!\w)[A-Z][a-z]+(?!\w)")
_UNITS = re.compile(r"[\u4e00-\u9fff]|[a-z0-9']+")
_FUNCTION = frozenset("的了啊呀呢吧吗嘛哦我你他她它们是在就都也还又很真太挺最着过个这那和跟有一") | frozenset(
    "i i'm i've my me a an the and but so is am are was be been to of in on at it that this very really just".split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a candidate.

    repeats: the id of the memory that says it already. supersedes: ids of those whose place it takes. ends: it only
    says that something is over. What repeats supersedes nothing.
    """

    candidate: Candidate
    repeats: str | None
    supersedes: tuple[str, ...]
    ends: bool


def judge(candidate: Candidate, nearness: Mapping[str, float], memories: Sequence[Memory], now: float) -> Change:
    """What a candidate does to the memories of the same person.

    nearness: memory id -> cosine, -1..1; a missing id is far. now: unix s. Only memories that hold at `now` count, and
    the companion's own words are apart from the person's. A model never replaces what the person put in themselves.
    """
    own = candidate.kind is MemoryKind.COMPANION
    holding = [m for m in memories if m.holds(now) and (m.kind is MemoryKind.COMPANION) is own]
    near = sorted(holding, key=lambda m: nearness.get(m.id, -1.0), reverse=True)
    ends = candidate.claim is not None and not candidate.claim.holds
    for memory in near:
        if _akin(candidate, memory) and _repeats(candidate, memory, nearness.get(memory.id, -1.0)):
            return Change(candidate, memory.id, (), ends)
    if own:
        return Change(candidate, None, (), False)
    corrects = candidate.corrects or bool(_CORRECTION.search(candidate.text))
    open_to_it = [m for m in holding if candidate.source is not Source.MODEL or m.source is not Source.PERSON]
    replaced: list[str] = []
    if candidate.claim is not None:
        claim = replace(candidate.claim, single=True) if corrects else candidate.claim
        replaced = supersedes(claim, open_to_it, now)
    if not replaced and (corrects or candidate.source is Source.PERSON):
        floor = _CORRECTED if corrects else _SAME
        meant = next((m for m in near if m in open_to_it and _akin(candidate, m)), None)
        if meant is not None and nearness.get(meant.id, -1.0) >= floor and not _apart(candidate.claim, meant.claim):
            replaced = [meant.id]
    return Change(candidate, None, tuple(replaced), ends)


def supersedes(claim: Claim, memories: Sequence[Memory], now: float) -> list[str]:
    """Ids of the memories that no longer hold once `claim` does, in their order; memories without a claim never do.

    Of several plans with one key only the newest is meant, and what happens at the same time as it.
    """
    met = [m for m in memories if m.claim is not None and m.holds(now) and _conflict(claim, m.claim)]
    if claim.key.startswith("plan/") and len(met) > 1:
        newest = max(met, key=lambda m: m.learned_at)
        met = [m for m in met if m is newest or _together(m, newest)]
    return [m.id for m in met]


def _conflict(new: Claim, old: Claim) -> bool:
    covers = not new.value or new.key.startswith("plan/")
    if new.key != old.key and not (covers and new.single and old.key.startswith(f"{new.key}/")):
        return False
    if new.holds and old.holds:
        return new.single and not _same_value(new, old) and not _refines(new, old)
    if new.holds:  # was denied, or over, and is again
        return not old.value or _same_value(new, old)
    return old.holds and (not new.value or not old.value or _same_value(new, old))


def _same_value(a: Claim, b: Claim) -> bool:
    return _value(a) == _value(b)


def _value(claim: Claim) -> str:
    low = " ".join(digits(claim.value).lower().split())
    city = next((zh for zh in CITIES if low.startswith(zh)), None)
    return low if city is None else CITIES[city] + low.removeprefix(city)


def _refines(a: Claim, b: Claim) -> bool:
    """北京 and 北京朝阳区, a hospital and that hospital in Hangzhou: more exact, not another."""
    one, two = _value(a), _value(b)
    return a.key in ("home", "from", "job", "study") and bool(one and two) and (one in two or two in one)


def _apart(a: Claim | None, b: Claim | None) -> bool:
    """Claims about different things: a correction of one does not mean the other."""
    return a is not None and b is not None and a.key != b.key


def _together(a: Memory, b: Memory) -> bool:
    return a.about is None or b.about is None or (a.about[0] < b.about[1] and b.about[0] < a.about[1])


def _akin(candidate: Candidate, memory: Memory) -> bool:
    same_slot = candidate.slot is not None and candidate.slot is memory.slot
    same_key = candidate.claim is not None and memory.claim is not None and candidate.claim.key == memory.claim.key
    return candidate.kind is memory.kind or same_slot or same_key


def _repeats(candidate: Candidate, memory: Memory, nearness: float) -> bool:
    new, old = candidate.claim, memory.claim
    if _disjoint(candidate, memory):
        return False
    if new is not None and old is not None:
        if new.key != old.key or new.holds is not old.holds or not _same_value(new, old):
            return False
        if new.key.startswith("plan/") and candidate.about is None:
            return nearness > _SAME and _alike(candidate.text, memory.text)
        return _adds_nothing(candidate.text, memory.text)
    return nearness > _SAME and _alike(candidate.text, memory.text)


def _disjoint(candidate: Candidate, memory: Memory) -> bool:
    """Both say when, and it is not the same time."""
    a, b = candidate.about, memory.about
    return a is not None and b is not None and (a[0] >= b[1] or b[0] >= a[1])


def _adds_nothing(new: str, old: str) -> bool:
    """Of two sentences with one claim: whether the newer tells nothing beyond it."""
    if _script(new) != _script(old):
        return len(_content(new)) <= _NEWS * 2  # 我吃素 and "I'm vegetarian" share no word
    fresh = marks(new) - marks(old)
    return not fresh and len(_content(new) - _content(old)) <= _NEWS


def _alike(a: str, b: str) -> bool:
    """The same polarity, the same numbers, times and names, and most of the words."""
    if polarity(a) != polarity(b) or marks(a) != marks(b):
        return False
    one, two = _content(a), _content(b)
    if not one or not two:
        return one == two
    return len(one & two) / max(len(one), len(two)) >= _SHARED


def polarity(text: str) -> int:
    """How many words of the sentence negate or end something."""
    return len(_NEGATION.findall(_FIXED.sub("", text)))


def marks(text: str) -> frozenset[str]:
    """Numbers, times, people and names in a sentence, lower case: what must not differ where the same is said."""
    plain = digits(text)
    found = {m.group().lower() for m in _MARKS.finditer(plain)}
    return frozenset(found | {n.group().lower() for n in _NAMES.finditer(plain)})


def _content(text: str) -> set[str]:
    return {u for u in _UNITS.findall(digits(text).lower()) if u not in _FUNCTION}


def _script(text: str) -> bool:
    return bool(re.search(r"[\u4e00-\u9fff]", text))
