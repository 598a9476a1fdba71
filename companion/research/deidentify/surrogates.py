"""What stands instead: one person, place or number, one surrogate of its type throughout a dialogue.

Marks (〔人名1〕) by default; on request realistic ones, chosen by a key: without it nobody runs the choice backwards,
with it the same come again. Realistic numbers are of a form that belongs to nobody.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from companion.research.deidentify.digits import runs
from companion.research.deidentify.lexicon import lexicon
from companion.research.deidentify.reading import read
from companion.research.deidentify.types import Entity, Span

_CHINESE = {
    Entity.PERSON: "人名",
    Entity.ADDRESS: "地址",
    Entity.LOCATION: "地区",
    Entity.ORGANIZATION: "机构",
    Entity.PHONE: "电话",
    Entity.CN_ID: "身份证",
    Entity.BANK_CARD: "银行卡",
    Entity.PLATE: "车牌",
    Entity.USCC: "信用代码",
    Entity.PASSPORT: "护照",
    Entity.TRAVEL_PERMIT: "通行证",
    Entity.HK_ID: "香港身份证",
    Entity.MACAU_ID: "澳门身份证",
    Entity.TW_ID: "台湾身份证",
    Entity.US_SSN: "社会安全号",
    Entity.WECHAT: "微信",
    Entity.QQ: "QQ",
    Entity.DOUYIN: "抖音",
    Entity.ACCOUNT: "账号",
    Entity.EMAIL: "邮箱",
    Entity.URL: "网址",
    Entity.IP: "IP",
    Entity.DATE: "日期",
    Entity.AGE: "年龄",
    Entity.NUMBER: "号码",
}
_TITLE = re.compile(
    r"(?<=.)(?:老师|医生|大夫|主任|经理|总监|总裁|总|阿姨|姨|叔叔|叔|哥哥|哥|姐姐|姐|嫂|奶奶|爷爷|爷|大爷|大妈|老板|同学|先生|女士|小姐|太太|教授|博士|律师|护士|警官|队长|队|局长|院长|校长|辅导员|师傅|导演|教练|sir)$",
    re.IGNORECASE,
)
_FAMILIES = "赵钱孙李周吴郑王冯陈蒋沈韩杨朱秦许何吕张"
_GIVEN = [
    "安然",
    "乐平",
    "思远",
    "文清",
    "晓宁",
    "子墨",
    "佳禾",
    "雨桐",
    "志和",
    "明朗",
    "亦凡",
    "书言",
    "静好",
    "云舒",
    "景行",
    "若溪",
    "天佑",
    "怀瑾",
    "知夏",
    "南风",
]
_ENGLISH = [
    "Alex",
    "Robin",
    "Casey",
    "Jamie",
    "Morgan",
    "Taylor",
    "Jordan",
    "Riley",
    "Avery",
    "Quinn",
    "Sam",
    "Charlie",
    "Drew",
    "Kelly",
    "Lee",
    "Pat",
    "Terry",
    "Dana",
    "Blair",
    "Shay",
]
_TOWNS = [
    "临江市",
    "青河市",
    "云溪市",
    "南岭市",
    "东湖市",
    "松原路",
    "柳林镇",
    "梅园小区",
    "和顺里",
    "槐安街",
    "竹溪县",
    "石桥镇",
    "春晖路",
    "明德街",
    "清水湾",
]
_BODIES = ["晨光公司", "育才学校", "仁爱医院", "远航集团", "明德中学", "和平医院", "春田公司", "启明学院"]


@dataclass(frozen=True)
class Surrogates:
    """Surrogates of one dialogue, in the order in which things are told. key: for realistic ones; without it, marks.

    dialogue: names the dialogue, so that two under one key do not share surrogates.
    """

    key: bytes | None = None
    dialogue: str = ""
    _known: dict[tuple[Entity, str], str] = field(default_factory=dict, repr=False)
    _parts: dict[str, str] = field(
        default_factory=dict, repr=False
    )  # of persons: 建国 for 王建国, Sarah for Sarah Miller
    _used: set[str] = field(default_factory=set, repr=False)
    _counts: dict[Entity, int] = field(default_factory=dict, repr=False)

    def replaced(self, text: str, spans: Sequence[Span]) -> str:
        """The text with a surrogate in each span's place. spans: ordered, apart, in code points of `text`."""
        out, at = [], 0
        for span in spans:
            out += [text[at : span.start], self.of(text[span.start : span.end], span.type)]
            at = span.end
        return "".join([*out, text[at:]])

    def of(self, said: str, entity: Entity) -> str:
        """The surrogate of one thing; a Chinese title stays readable: 张老师 becomes 〔人名1〕老师."""
        plain = read(said).text.strip()
        title = _TITLE.search(plain) if entity is Entity.PERSON else None
        core = plain[: title.start()] if title is not None else plain
        same = _same(core, entity)
        key = (entity, same)
        if key not in self._known:
            self._known[key] = self._person(same) if entity is Entity.PERSON else self._fresh(core, entity, same)
        return self._known[key] + (title[0] if title is not None else "")

    def _person(self, name: str) -> str:
        """The surrogate of somebody, who may have been told before in a longer or a shorter form."""
        surrogate = self._parts.get(name)  # 建国 behind 王建国
        for part in _parts(name):  # 王建国 behind 建国, unless that is 李建国
            if part not in self._parts:
                surrogate = surrogate or self._known.get((Entity.PERSON, part))
        surrogate = surrogate or self._fresh(name, Entity.PERSON, name)
        for part in _parts(name):
            self._parts.setdefault(part, surrogate)
        return surrogate

    def _fresh(self, core: str, entity: Entity, same: str) -> str:
        number = self._counts[entity] = self._counts.get(entity, 0) + 1
        mark = f"〔{_CHINESE[entity]}{number}〕"
        if self.key is None:
            return mark
        seed = hmac.new(
            self.key, f"{self.dialogue}\0{entity}\0{same}".encode("utf-8", "surrogatepass"), hashlib.sha256
        ).digest()
        for attempt in range(64):
            made = _realistic(core, entity, int.from_bytes(seed[:8], "big") + attempt)
            if made is None:
                return mark
            if made not in self._used and _same(made, entity) != same:
                self._used.add(made)
                return made
        return mark


def _parts(name: str) -> tuple[str, ...]:
    """What else a full name may be called by: its given name."""
    if name.isascii():
        words = name.split()
        return tuple(words) if len(words) > 1 else ()
    surname = next((len(s) for s in lexicon().compound if name.startswith(s)), int(name[:1] in lexicon().surnames))
    return (name[surname:],) if surname and len(name) - surname >= 2 else ()


def _same(core: str, entity: Entity) -> str:
    """What makes two tellings of a thing one: of numbers the digits, of anything else its folded words."""
    if entity in (Entity.PERSON, Entity.ADDRESS, Entity.LOCATION, Entity.ORGANIZATION, Entity.EMAIL, Entity.URL):
        return " ".join(core.lower().split())
    digits = "".join(digit.value for run in runs(read(core)) for digit in run)
    digits = re.sub(r"^(?:00)?86(?=1\d{10}$)", "", digits)
    return digits if len(digits) > 4 else " ".join(core.lower().split())


def _realistic(core: str, entity: Entity, seed: int) -> str | None:
    """Something of the kind that is nobody's; None where a mark is better (identity cards, codes, dates, ages)."""
    if entity is Entity.PERSON:
        if core.isascii():
            return _ENGLISH[seed % len(_ENGLISH)]
        if len(core) == 1:
            return _FAMILIES[seed % len(_FAMILIES)]
        return _FAMILIES[seed % len(_FAMILIES)] + _GIVEN[seed // 32 % len(_GIVEN)]
    if entity is Entity.ADDRESS and not core.isascii():
        return _TOWNS[seed % len(_TOWNS)]
    if entity is Entity.ORGANIZATION and not core.isascii():
        return _BODIES[seed % len(_BODIES)]
    if entity is Entity.PHONE:
        return f"100{seed % 10**8:08d}"  # no mobile number of China begins with 10
    if entity is Entity.EMAIL:
        return f"user{seed % 10**4:04d}@example.com"  # RFC 2606
    if entity is Entity.IP:
        return f"192.0.2.{seed % 254 + 1}"  # RFC 5737
    return None
