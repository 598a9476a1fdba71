"""Schools, firms, hospitals, offices: what the tagger takes for one, names of a list, and what ends like one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from companion.research.deidentify.lexicon import lexicon, ordinary, phrases, vocabulary
from companion.research.deidentify.reading import Reading
from companion.research.deidentify.types import Entity, Span

_BODY = 0.35  # of the tagger's probability
_CERTAIN = 0.95  # of it, where the word is an ordinary one: 苹果, 大象
_HAN_BODY = re.compile(r"(?=.*[\u4e00-\u9fff])[\w·]{2,}")
_SUFFIX = re.compile(
    r"(?:有限责任公司|股份有限公司|有限公司|公司|集团|银行|支行|分行|证券|基金|保险|酒店|宾馆|饭店|商场|超市|工厂|电子厂|服装厂|"
    r"制衣厂|纺织厂|玩具厂|厂|大学|学院|研究院|研究所|实验室|中学|小学|高中|初中|幼儿园|幼稚园|职高|技校|"
    r"附中|附小|外国语学校|学校|一中|二中|三中|四中|五中|六中|七中|八中|九中|十中|医院|卫生院|诊所|门诊部|卫生所|精神卫生中心|防治中心|医学中心|康复中心|急救中心|妇幼保健院|中专|职中|职业学校|体校|人民法院|法院|检察院|公安局|派出所|税务局|"
    r"教育局|民政局|居委会|村委会|街道办|委员会|协会|基金会|俱乐部|事务所|律所|电视台|报社|出版社|工作室|福利院|敬老院|养老院|戒毒所|看守所|监狱|部队|教会)$"
)
_BARE = vocabulary("organizations", "bare")
_NUMBERED = re.compile(
    r"(?<![\u4e00-\u9fff])?(?:市|县|区)?(?:第?[一二三四五六七八九十0-9]{1,3})(?:人民医院|医院|中学|小学|职业中专|职业高中|中|高|附中|幼儿园)(?![间等国央])"
)
_CUT = frozenset({"r", "p", "v", "u", "w", "d", "c", "vd", "xc", "TIME", "q", "ad", "m"})
_EN = re.compile(
    r"(?<![a-z])(?:st\.? )?(?:[a-z][a-z'.&\-]*[ ]){1,4}?(?:university|college|"
    r"academy|elementary(?: school)?|high school|middle school|hospital|clinic|"
    r"medical center|infirmary|hospice|tabernacle|"
    r"community college|church|bank|inc\.?|corp\.?|llc|ltd\.?|institute|school district|"
    r"pharmacy|police department)(?![a-z])"
)
_IN_CHINESE = re.compile(
    r"(?:在|进了?|入职|考上|考进|毕业于|申请|离开|去了?) ?(?P<n>[A-Z][A-Za-z]{2,24}(?: [A-Z][a-z]+){0,3})"
    r"(?=[\u4e00-\u9fff])(?![上里群网])"
)
_NO_BODY = vocabulary("names_en", "caps") | vocabulary("names_en", "stop")
_BEHIND = re.compile(
    r"(?:[东西南北新老]?(?:院区|分院|校区|分校)|(?:肿瘤|康复|心理|研究)?(?:防治|诊疗|医学|治疗)中心|"
    r"渔业|物流|科技|食品|餐饮|传媒|置业|实业|贸易|股份|分公司)"
)
_KINDS = vocabulary("organizations", "kinds")
_LITTLE = vocabulary("organizations", "little")


def find_organizations(reading: Reading) -> Iterator[Span]:
    """ORGANIZATION."""
    for body in _chinese(reading):
        behind = _BEHIND.match(reading.text, body.end)
        yield body if behind is None else Span(body.start, behind.end(), body.type, body.score, body.rule)
    for found in _IN_CHINESE.finditer(reading.text):
        if not any(word.lower() in _NO_BODY for word in found["n"].split()):
            yield Span(*found.span("n"), Entity.ORGANIZATION, 0.45, "in Chinese")
    text = reading.lower
    for start, end in phrases(text, lexicon().bodies_en):
        if _is_named(reading, start, text[start:end]):
            yield Span(start, end, Entity.ORGANIZATION, 0.895, "list")
    for found in _EN.finditer(text):
        words = found[0].split(" ")
        own = [k for k, word in enumerate(words) if word.strip(".") not in _KINDS]
        last_little = max((k for k in own if words[k] in _LITTLE), default=-1)
        if own and last_little < own[-1]:
            start = found.start() + sum(len(word) + 1 for word in words[: last_little + 1])
            yield Span(start, found.end(), Entity.ORGANIZATION, 0.75, "suffix")


def _is_named(reading: Reading, start: int, name: str) -> bool:
    """An ordinary word (target, apple, subway, meta) has to be written as a name, or stand behind at or for."""
    ordinary = name in {
        "apple",
        "amazon",
        "meta",
        "target",
        "subway",
        "oracle",
        "ford",
        "uber",
        "ups",
        "mit",
        "sony",
        "columbia university",
    }
    return (
        not ordinary
        or reading.text[start].isupper()
        or re.search(r"(?:at|for|在) ?$", reading.before(start, 6)) is not None
    )


def _chinese(reading: Reading) -> Iterator[Span]:
    words, text = reading.tagged.words, reading.text
    starts, ends = {w.start for w in words}, {w.end for w in words}
    for k, word in enumerate(words):
        name = text[word.start : word.end]
        doubt = (word.body < _CERTAIN and name in ordinary()) or re.search(r"[省市县区镇乡村旗盟州]$", name)
        if word.body >= _BODY and not doubt and name not in _BARE and re.fullmatch(_HAN_BODY, name):
            yield Span(word.start, word.end, Entity.ORGANIZATION, round(0.5 + 0.35 * word.body, 3), "tagger")
        if _SUFFIX.search(name) is None:
            continue
        if name not in _BARE and not re.match(r"(?:这|那|各|某|每|本|该|一|两|几|哪|我|他|她)(?!中)", name):
            first = k
            while first and words[first - 1].tag in ("LOC", "ORG", "nz") and word.end - words[first - 1].start <= 16:
                first -= 1
            yield Span(words[first].start, word.end, Entity.ORGANIZATION, 0.72, "suffix")
        else:
            first = k
            while (
                first
                and words[first - 1].tag not in _CUT
                and word.end - words[first - 1].start <= 14
                and (
                    words[first - 1].tag in ("LOC", "ORG", "nz", "PER", "nw")
                    or (first == k and words[first - 1].tag in ("n", "vn", "a", "f", "s"))
                )
            ):
                first -= 1
            proper = any(w.tag in ("LOC", "ORG", "nz", "PER", "nw") for w in words[first:k])
            if first < k and proper:
                yield Span(words[first].start, word.end, Entity.ORGANIZATION, 0.7, "suffix")
    for found in _NUMBERED.finditer(text):
        start = found.start() if found.start() in starts else found.start() + 1  # 铁岭市 | 第三中学
        if start in starts and found.end() in ends and found.end() - start > 2 - text.startswith("第", start):
            yield Span(start, found.end(), Entity.ORGANIZATION, 0.6, "numbered")
    at = 0
    while at < len(text) - 1:
        for name, entity in lexicon().heads.get(text[at : at + 2], ()):
            if entity is Entity.ORGANIZATION and text.startswith(name, at) and at in starts and at + len(name) in ends:
                yield Span(at, at + len(name), Entity.ORGANIZATION, 0.8, "list")
                at += len(name) - 1
                break
        at += 1
