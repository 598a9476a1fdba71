"""Identifiers made up by rule, valid and nearly so, written and spoken, inside sentences: what recognisers are held to.

All are random; a seed gives the same ones again. A nearly valid one breaks its check digit, its date, its length or its
alphabet, and nothing may be claimed of it but NUMBER.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from companion.research.deidentify.checks import cn_id_check, hk_check, is_cn_id, is_uscc, luhn, tw_check, uscc_check
from companion.research.deidentify.types import Entity

IDENTIFIERS = frozenset(Entity) - {
    *(Entity.PERSON, Entity.ADDRESS, Entity.LOCATION, Entity.ORGANIZATION),
    *(Entity.DATE, Entity.AGE, Entity.NUMBER),
}
_SPOKEN = ("零〇洞", "一幺", "二两", "三", "四", "五", "六", "七拐", "八", "九")
_ENGLISH = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_FULL = str.maketrans(
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", "０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ"
)
_REGIONS = (
    "110105",
    "310101",
    "440305",
    "510107",
    "330106",
    "420102",
    "610113",
    "230103",
    "650102",
    "150102",
    "820101",
)
_PLATES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE_SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
_AREAS = ("010", "021", "0755", "0571", "028", "0451", "027", "0898")


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence with one identifier, text[start:end]. type: what it is; None where it only looks like one."""

    text: str
    start: int
    end: int
    type: Entity | None
    form: str


@dataclass(frozen=True, slots=True)
class _Made:
    value: str
    groups: tuple[int, ...] = ()  # how people part it when they write or say it


Make = Callable[[random.Random], _Made]


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def _born(rng: random.Random) -> date:
    return date(1936, 1, 1) + timedelta(days=rng.randrange(30_000))


def _id18(rng: random.Random) -> _Made:
    head = rng.choice(_REGIONS) + _born(rng).strftime("%Y%m%d") + _digits(rng, 3)
    return _Made(head + cn_id_check(head), (6, 8, 4))


def _id15(rng: random.Random) -> _Made:
    return _Made(rng.choice(_REGIONS) + _born(rng).strftime("%y%m%d") + _digits(rng, 3), (6, 6, 3))


def _mobile(rng: random.Random) -> _Made:
    return _Made("1" + rng.choice("3456789") + _digits(rng, 9), rng.choice([(3, 4, 4), (3, 3, 5), (4, 4, 3)]))


def _landline(rng: random.Random) -> _Made:
    area = rng.choice(_AREAS)
    return _Made(area + rng.choice("2345678") + _digits(rng, 7), (len(area), 4, 4))


def _service(rng: random.Random) -> _Made:
    return _Made(rng.choice(["400", "800"]) + rng.choice("12345678") + _digits(rng, 6), (3, 3, 4))


def _card(rng: random.Random) -> _Made:
    head = rng.choice(["622202", "622848", "621700", "4", "51", "53"])
    length = rng.choice([16, 19]) if head.startswith("62") else 16
    body = head + _digits(rng, length - len(head) - 1)
    return _Made(
        next(body + d for d in "0123456789" if luhn(body + d)),
        (4,) * (length // 4) + ((length % 4,) if length % 4 else ()),
    )


def _plate(rng: random.Random) -> _Made:
    head = rng.choice(_PLATES) + rng.choice(_PLATE_SIGNS[:24])
    if rng.random() < 0.3:
        return _Made(head + rng.choice("DF") + rng.choice(_PLATE_SIGNS) + _digits(rng, 4))
    tail = [rng.choice("0123456789") for _ in range(5)]
    tail[rng.randrange(5)] = rng.choice(_PLATE_SIGNS)
    return _Made(head + "".join(tail))


def _uscc(rng: random.Random) -> _Made:
    head = (
        rng.choice(["91", "92", "12", "52"])
        + rng.choice(_REGIONS)
        + "MA"
        + "".join(rng.choice("0123456789ABCDEFGHJKLMNPQRTUWXY") for _ in range(7))
    )
    return _Made(head + uscc_check(head))


def _passport(rng: random.Random) -> _Made:
    return _Made(
        rng.choice(["E", "G"]) + _digits(rng, 8)
        if rng.random() < 0.6
        else "E" + rng.choice("ABCDEFGHJK") + _digits(rng, 7)
    )


def _hk(rng: random.Random) -> _Made:
    head = rng.choice("ABCDGHKMPRVYZ") + _digits(rng, 6)
    return _Made(f"{head}({hk_check(head)})")


def _tw(rng: random.Random) -> _Made:
    head = rng.choice("ABCDEFGHJKLMNPQRSTUVXYWZIO") + rng.choice("12") + _digits(rng, 7)
    return _Made(head + tw_check(head))


def _permit(rng: random.Random) -> _Made:
    return _Made(rng.choice("HM") + _digits(rng, 8))


def _wechat(rng: random.Random) -> _Made:
    return _Made(
        rng.choice("abcdefgxyz")
        + "".join(rng.choice("abcdefghij0123456789_-") for _ in range(rng.randrange(5, 14)))
        + rng.choice("abc789")
    )


def _qq(rng: random.Random) -> _Made:
    return _Made(rng.choice("123456789") + _digits(rng, rng.randrange(5, 10)))


def _email(rng: random.Random) -> _Made:
    name = "".join(rng.choice("abcdefghijklmnop0123456789._"[: 26 if k else 16]) for k in range(rng.randrange(4, 12)))
    return _Made(
        name.rstrip("._")
        + rng.choice(["x", "7"])
        + "@"
        + rng.choice(["qq.com", "163.com", "gmail.com", "sina.com.cn", "outlook.com"])
    )


def _url(rng: random.Random) -> _Made:
    return _Made(
        rng.choice(["https://", "http://www."])
        + rng.choice(["zhihu.com/people/", "weibo.com/u/", "example.org/~"])
        + _digits(rng, 8)
    )


def _ip(rng: random.Random) -> _Made:
    return _Made(".".join(str(rng.randrange(1, 255)) for _ in range(4)))


def _broken(make: Make, breaks: Callable[[str, random.Random], str]) -> Make:
    def made(rng: random.Random) -> _Made:
        whole = make(rng)
        value = breaks(whole.value, rng)
        return _Made(value, whole.groups if len(value) == len(whole.value) else ())

    return made


def _other_check(value: str, rng: random.Random) -> str:
    """With another last place, which then is no card and no code of another kind either."""
    for last in rng.sample("0123456789", 10):
        wrong = value[:-1] + last
        if last != value[-1] and not (wrong.isdigit() and luhn(wrong)) and not is_cn_id(wrong) and not is_uscc(wrong):
            return wrong
    return value[:-2] + "00"


def _no_day(value: str, rng: random.Random) -> str:
    head = value[:10] + rng.choice(["1332", "0230", "0431", "0000"]) + value[14:17]
    return _other_check(head + cn_id_check(head), rng) if luhn("0" + head) else head + cn_id_check(head)


_VALID: tuple[tuple[Entity, Make, int], ...] = (
    (Entity.CN_ID, _id18, 5), (Entity.CN_ID, _id15, 2), (Entity.PHONE, _mobile, 6), (Entity.PHONE, _landline, 3),
    (Entity.PHONE, _service, 1), (Entity.BANK_CARD, _card, 4), (Entity.PLATE, _plate, 4), (Entity.USCC, _uscc, 3),
    (Entity.PASSPORT, _passport, 2), (Entity.HK_ID, _hk, 2), (Entity.TW_ID, _tw, 2), (Entity.TRAVEL_PERMIT, _permit, 1),
    (Entity.WECHAT, _wechat, 2), (Entity.QQ, _qq, 2), (Entity.EMAIL, _email, 2), (Entity.URL, _url, 1), 
    (Entity.IP, _ip, 2),
)  # fmt: skip
_NEAR: tuple[tuple[Entity, Make], ...] = (
    (Entity.CN_ID, _broken(_id18, _other_check)),
    (Entity.CN_ID, _broken(_id18, _no_day)),
    (Entity.CN_ID, _broken(_id18, lambda v, rng: rng.choice("27") + "8" + v[2:16] + "07")),
    (Entity.PHONE, _broken(_mobile, lambda v, rng: "1" + rng.choice("012") + v[2:])),
    (Entity.PHONE, _broken(_mobile, lambda v, rng: v + rng.choice("3456789"))),
    (Entity.PHONE, _broken(_mobile, lambda v, rng: v[:-1])),
    (Entity.BANK_CARD, _broken(_card, _other_check)),
    (Entity.PLATE, _broken(_plate, lambda v, rng: v[:3] + rng.choice("IO") + v[4:])),
    (Entity.PLATE, _broken(_plate, lambda v, rng: v[0] + rng.choice("23456789") + v[2:])),
    (Entity.USCC, _broken(_uscc, _other_check)),
    (Entity.PASSPORT, _broken(_passport, lambda v, rng: v[:-2])),
    (Entity.HK_ID, _broken(_hk, lambda v, rng: f"{v[:-2]}{(int(v[-2], 16) + 1) % 10})")),
    (Entity.TW_ID, _broken(_tw, lambda v, rng: v[:-1] + str((int(v[-1]) + rng.randrange(1, 10)) % 10))),
    (Entity.IP, _broken(_ip, lambda v, rng: str(rng.randrange(256, 999)) + v[v.index(".") :])),
    (Entity.EMAIL, _broken(_email, lambda v, rng: v.partition("@")[0] + "@ " + v.partition("@")[2].partition(".")[0])),
)  # fmt: skip
_ABOUT: dict[Entity, tuple[str, ...]] = {
    Entity.CN_ID: ("我的身份证号是{}", "身份证{}你核对一下", "麻烦登记一下，{}，谢谢", "my id number is {}"),
    Entity.PHONE: ("我电话{}", "你打{}找我", "有事打我手机{}吧", "联系方式：{}。", "call me at {}",
                   "my number is {}, please"),
    Entity.BANK_CARD: ("我的卡号是{}", "钱打到{}就行", "银行卡{}，别告诉别人", "my card number is {}"),
    Entity.PLATE: ("车牌是{}", "那辆{}把我撞了", "停在楼下的{}是我的车"),
    Entity.USCC: ("公司的信用代码是{}", "统一社会信用代码：{}。", "发票开{}"),
    Entity.PASSPORT: ("护照号{}", "我的护照是{}，下个月到期", "my passport is {}"),
    Entity.HK_ID: ("我的香港身份证是{}", "证件号{}，你看看", "HKID {} 可以吗"),
    Entity.TW_ID: ("身分证字号{}", "我在台湾的证号是{}，没错", "my Taiwan id is {}"),
    Entity.TRAVEL_PERMIT: ("回乡证号码是{}", "通行证{}，帮我填上"),
    Entity.WECHAT: ("我微信{}", "加我微信：{}，备注一下", "微信号是{}你加吧", "my wechat is {}"),
    Entity.QQ: ("我的QQ是{}", "qq号{}，随时找我", "扣扣{}"),
    Entity.EMAIL: ("邮箱是{}", "发到{}就行", "我的邮箱{}你记一下", "my email is {}"),
    Entity.URL: ("主页在{} 你看看", "链接 {}", "see {} for more"),
    Entity.IP: ("服务器地址是{}", "他从{}登录的", "the ip was {}"),
}  # fmt: skip


def generated(count: int = 2000, seed: int = 7, near: float = 0.35) -> list[Case]:
    """`count` sentences; of them the share `near` holds something that only looks like an identifier."""
    rng = random.Random(seed)
    kinds = [(entity, make) for entity, make, weight in _VALID for _ in range(weight)]
    cases = []
    for _ in range(count):
        valid = rng.random() >= near
        entity, make = rng.choice(kinds) if valid else rng.choice(_NEAR)
        made = make(rng)
        frame = rng.choice(_ABOUT[entity])
        form, shown = _written(made, frame.isascii(), entity, rng)
        start = frame.index("{")
        cases.append(Case(frame.format(shown), start, start + len(shown), entity if valid else None, form))
    return cases


def _written(made: _Made, english: bool, entity: Entity, rng: random.Random) -> tuple[str, str]:
    """One of the ways in which it may be written or said: the form's name and the words."""
    value = made.value
    forms = ["plain", "plain"]
    numeric = value.rstrip("X").isdigit()
    if made.groups and sum(made.groups) == len(value):
        forms += ["spaced", "dashed"]
    if entity not in (Entity.EMAIL, Entity.URL, Entity.IP, Entity.WECHAT):
        forms.append("full width")
        if not english:
            forms += ["spoken", "spoken"]
        if not english and made.groups and numeric and sum(made.groups) == len(value):
            forms.append("spoken with pauses")
        if english and numeric and value.isdigit():
            forms += ["english", "english"]
    form = rng.choice(forms)
    if form in ("spaced", "dashed", "spoken with pauses"):
        parts = _parts(value, made.groups)
        joint = {"spaced": " ", "dashed": "-"}.get(form) or rng.choice(["，", " ", "、"])
        return form, joint.join(_said(p, rng) if form.startswith("spoken") else p for p in parts)
    if form == "full width":
        return form, value.translate(_FULL)
    if form == "spoken":
        return form, _said(value, rng)
    if form == "english":
        return form, _in_english(value, rng)
    return form, value


def _parts(value: str, groups: Sequence[int]) -> list[str]:
    parts, at = [], 0
    for size in groups:
        parts.append(value[at : at + size])
        at += size
    return parts


def _said(value: str, rng: random.Random) -> str:
    x = rng.choice(["X", "叉", "艾克斯"])
    last = len(value) - 1
    return "".join(
        rng.choice(_SPOKEN[int(sign)])
        if sign.isdigit()
        else x
        if sign == "X" and k == last == 17 and value[:-1].isdigit()
        else sign
        for k, sign in enumerate(value)
    )


def _in_english(value: str, rng: random.Random) -> str:
    words: list[str] = []
    at = 0
    while at < len(value):
        run = next((n for n in (3, 2) if value[at : at + n] == value[at] * n), 1)
        if run > 1 and rng.random() < 0.6:
            words.append(("triple " if run == 3 else "double ") + _ENGLISH[int(value[at])])
            at += run
        else:
            words.append(rng.choice(["oh", "zero"]) if value[at] == "0" else _ENGLISH[int(value[at])])
            at += 1
    return " ".join(words)
