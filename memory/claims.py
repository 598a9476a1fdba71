"""What a sentence of a person claims about themselves, their people and their pets. Pure, by rules, zh, en and mixed.

A rule begins where a clause begins and allows only harmless words before its verb: what is wished, guessed, asked,
supposed, long past or said of somebody else does not fit, without a list of all the ways to say that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from memory.claim_rules import PARTS, TABLE
from memory.claim_words import CANONICAL, NORMAL, digits
from memory.pauses import with_commas
from memory.types import Claim

_Who = Literal["self", "other", "unknown"]
_SENTENCE = re.compile(r"(?<=[。！!？?；;\n…])|(?<=[a-zA-Z\u4e00-\u9fff]\.)\s")
_CLAUSE = re.compile(
    r"[，,。！!？?；;：:\n…—]+|(?<!\d)\.(?=\s|$)|(?<!\d)\.$|(?:但是|不过|可是|所以|然后|而且|结果|因为|(?<!不)但)|"
    r"\b(?:and|but|so|because|since|then|though|although)\s+(?=(?:i|i'm|i've|my|we|we're|now|it|he|she|they|the)\b)",
    re.I,
)
# Nothing of such a sentence is claimed.
_SUPPOSED = re.compile(
    r"如果|要是|假如|假设|万一|的话|就算|哪怕|即使|除非|梦见|梦到|做梦|假装|开玩笑|(?:电影|小说|剧|歌|游戏|"
    r"故事|书)里|角色|"
    r"\b(?:if|unless|suppose|imagine|pretend\w*|wish|kidding|joking|whether|hypothetically|as though|dream\w*|"
    r"in (?:the|this|my|a) (?:movie|book|game|show|story|song|novel))\b",
    re.I,
)
# What follows is somebody else's, or only told to somebody.
_REPORTED = re.compile(
    r"(?:[他她它们人妈爸姐哥弟妹友师事板生]|听|你|网上|大家)(?:总|老|又|还|都|一直|常|跟我|对我|和我)*(?:说|"
    r"问|觉得|以为|希望|告诉|建议|让|劝)|"
    r"我(?:骗|[跟和对](?!你)[^，]{1,4}[说讲]|告诉(?!你)|以为|听)|"
    r"\b(?:he|she|they|you|who|people|everyone|some(?:one|body)|my \w+|the \w+|[A-Z][a-z]+)(?: \w+)? "
    r"(?:said|says?|thinks?|thought|told|asked|asks|wants?|claims?|suggested|believes?|heard)\b|"
    r"\b[Ii] (?:told (?!you)|said|lied|heard|read|thought|pretended)\b"
)
_ASKED = re.compile(
    r"[吗么]$|什么|谁|哪|怎么|多少|几[点岁个]|如何|是不是|有没有|要不要|会不会|能不能|该不该|(.)不\1|"
    r"^(?:(?:so|and|but|well) )?(?:do|does|did|is|are|am|can|could|should|shall|would|will|what|where|who|when|"
    r"why|how|have|has)\b",
    re.I,
)
_ASKS_ALL = re.compile(r"^(?:你(?:觉得|说|猜|知道)|(?:do|should|would|could|can|what|will|did|how|is|are) )", re.I)
_UNSURE = re.compile(
    r"(?<!就好)(?<!就行)(?<!就可以)吧$|\bi (?:guess|think|suppose)\b|"
    r"\bor not\b|也许|可能|大概|应该",
    re.I,
)
_OTHERS = re.compile(
    r"^(?!.{2,6}[跟和]我提?分手了|你(?:可以|就|以后)*叫我)(?:[他她它你您]|(?:我|咱)(?:们)?(?:家)?的?(?:那个|那只)?[大小老前表堂]?(?:爸|妈|父|母|哥|弟|姐|妹|爷|"
    r"奶|外[公婆]|姥|叔|姨|姑|舅|婶|儿子|女儿|"
    r"孩子|宝宝|老公|老婆|丈夫|妻子|男友|女友|男朋友|女朋友|对象|前任|室友|同学|同桌|同事|朋友|闺蜜|老板|领导|"
    r"老师|医生|邻居|家人|公司|猫|狗|宠物|兔)|"
    r"大家(?!好)|别人|有人|人家|朋友|同事|老板|同学|室友)"
)
_SELF = re.compile(r"^(?:我|咱|俺|本人)")
_TIMELY = re.compile(
    r"^(?:以前|原来|之前|小时候|本来|过去|后来|现在|目前|最近|今[年天早]|昨|前[天几]|"
    r"上[个周]|去年|下[个周]|明[天年]|$)"
)
_LONGEST = 60  # Han of a clause, thrice that in Latin letters: no rule fits more, and trying would take long
_PARTICLES = re.compile(r"(?:[啊呀哦哈嘛呢呐耶诶～~\s]|啦(?=$))+$")
_SPACES = re.compile(r"(?<=[\u4e00-\u9fff“”])\s+|\s+(?=[\u4e00-\u9fff“”])")
_TAIL = re.compile(
    r"(?: (?:now|anymore|any more|any longer|again|these days|nowadays|lately|recently|at the moment|right now|already|"
    r"though|too|as well|actually|so much|very much|a lot|last (?:week|month|year|night|\w+day)|yesterday|"
    r"today|earlier|"
    r"this (?:week|month|year|morning|afternoon|evening)|(?:an?|two|three|four|\d+|a few|a couple of) \w+ ago|"
    r"for (?:the )?(?:an?|two|three|four|five|\d+|a few|years?|many|last)(?: \w+){0,2}|since \w+))+$",
    re.I,
)
_SHORT = (
    (r"\b(i|we) (?:am|are)\b", r"\1'm"),
    (r"\bdo not\b", "don't"),
    (r"\bcan ?not\b", "can't"),
    (r"\bi have (?=(?:\w+ )?\w+ed\b|just\b|already\b|become\b)", "i've "),
    (r"\bwe'm\b", "we're"),
)


@dataclass(frozen=True, slots=True)
class _Rule:
    """One line of the table. latin: it wants the clause with its spaces."""

    key: str
    value: str
    holds: bool
    single: bool
    latin: bool
    across: bool
    pattern: re.Pattern[str]


def claims(text: str, language: str | None = None) -> list[Claim]:
    """The claims of an utterance, in the order said, one a key: what was said last of it, or what holds before an end.

    language: where known; both languages are tried whatever it says, since one sentence can hold both. Values are in
    the person's words, but for closed sets (diet, relationship, somebody's health, how a plan went), where both
    languages have one word. Empty where nothing is certain.
    """
    found: list[Claim] = []
    for claim in _found(text):
        same = next((c for c in found if c.key == claim.key), None)
        if same is not None:
            if same.holds and not claim.holds and same.value != claim.value:
                continue  # 我叫小语，不叫小雨: the end of the other value adds nothing
            found.remove(same)
        found.append(claim)
    return found


def _found(text: str) -> Iterator[Claim]:
    who: _Who = "self"
    for sentence in _SENTENCE.split(_unquoted(with_commas(text.replace("’", "'")))):
        if not sentence.strip() or _SUPPOSED.search(sentence):
            continue
        asks = sentence.rstrip().endswith(("?", "？"))
        if asks and _ASKS_ALL.search(sentence.strip()):
            continue
        told = _REPORTED.search(sentence)
        clauses = [c.strip() for c in _CLAUSE.split(sentence[: told.start()] if told else sentence)]
        clauses = clauses[:-1] if told else clauses
        said = [c for c in clauses if c]
        plain: list[str] = []
        others = False
        for number, clause in enumerate(said):
            zh = _chinese(clause)
            bare = re.sub(PARTS["HEAD"], "", zh)
            mine = bool(_SELF.search(bare)) and not _OTHERS.search(bare)
            if _OTHERS.search(bare):
                who, others = "other", True
            elif mine:
                who = "self"
            if (asks and number == len(said) - 1) or _ASKED.search(zh) or _ASKED.search(clause) or _UNSURE.search(zh):
                continue
            plain.append(zh)
            matched = list(_matches(clause, zh, who))
            yield from matched
            if not matched and not mine and who == "self" and not zh.isascii() and not _TIMELY.search(bare):
                who = "unknown"
        if len(plain) > 1:
            yield from _matches("", "，".join(plain), "other" if others else "self", across=True)


def _matches(clause: str, zh: str, who: _Who, across: bool = False) -> Iterator[Claim]:
    if max(len(zh), len(clause) // 3) > _LONGEST:
        return
    latin = _english(clause)
    for rule in _rules():
        if rule.across is not across and not (rule.across and rule.key.startswith("pet/")):
            continue
        if who != "self" and not rule.latin and not rule.key.startswith(("person/", "pet")):
            continue
        match = rule.pattern.search(latin if rule.latin else zh)
        if match is not None:
            yield from _made(rule, match)


def _made(rule: _Rule, match: re.Match[str]) -> Iterator[Claim]:
    groups = {name: word for name, word in match.groupdict().items() if word is not None}
    several = _listed(groups["thing"]) if rule.key.startswith("likes/") else [groups.get("thing")]
    for thing in several:
        words: dict[str, str] = {}
        for name, word in (groups if thing is None else groups | {"thing": thing}).items():
            normal = NORMAL[name](word)
            if normal is None:
                break
            words[name] = normal
        else:
            if rule.value == "{word}" and "word" not in words:
                words["word"] = words.get("n", "")
            words.setdefault("which", "")
            yield Claim(rule.key.format(**words).lower(), rule.value.format(**words), rule.single, rule.holds)


def _listed(words: str) -> list[str]:
    """咖啡和茶 -> 咖啡, 茶."""
    parts = [p for p in re.split(r"(?<=.)(?:和|、|还有)(?=.)| (?:and|or) ", words) if p]
    return parts if "一起" not in words else [words]


@cache
def _rules() -> tuple[_Rule, ...]:
    made = []
    for line in re.sub(r"\n +", "", TABLE.strip()).split("\n"):
        key, value, sign, pattern = line.split(" | ", 3)
        latin = bool(re.search(r"\{(?:E|I|IM|IHAVE)\}", pattern))
        across = "，" in pattern.replace("[^，]", "")
        compiled = re.compile(_expanded(pattern), re.I)
        made.append(_Rule(key, value.strip(), sign[0] == "+", not sign.endswith("*"), latin, across, compiled))
    return tuple(made)


def _expanded(pattern: str) -> str:
    """The pattern with its parts put in, and a group for each {name}."""

    def put(match: re.Match[str]) -> str:
        name = match.group(1)
        if name in PARTS:
            return _expanded(PARTS[name])
        if name in CANONICAL:
            names = sorted(CANONICAL[name], key=len, reverse=True)
            return f"(?P<{name}>(?:{'|'.join(re.escape(n) for n in names)})s?)"
        return f"(?P<{name}>{'.*?' if name == 'which' else '.+?'})"

    return re.sub(r"\{([A-Za-z]+)\}", put, pattern)


def _unquoted(text: str) -> str:
    """Short quotes are names and stay, without their marks; long ones are somebody else's words and go."""
    text = re.sub(r"[“\"「『]([^”\"」』]{1,8})[”\"」』]", r"\1", text)
    text = re.sub(r"[“\"「『][^”\"」』]*[”\"」』]", "", text)
    return re.sub(r"[《》]", "", re.sub(r"《[^》]*我[^》]*》", "", text))


def _chinese(clause: str) -> str:
    """Without the spaces that recognisers put beside Han, without particles, numerals as digits."""
    said = _PARTICLES.sub("", _SPACES.sub("", clause)).replace("啦", "了")
    return digits(said.removesuffix("吧") if "叫我" in said else said)  # 叫我阿宁吧 asks, and is sure


def _english(clause: str) -> str:
    """Contracted, without what trails behind."""
    for long, short in _SHORT:
        clause = re.sub(long, short, clause, flags=re.I)
    clause = re.sub(r"(?<=[a-z])\s*[了啊呀]+$", "", " ".join(clause.split()), flags=re.I)
    return _TAIL.sub("", clause)
