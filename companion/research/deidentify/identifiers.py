"""Identifiers made of digits and letters: which number is a phone, an identity card, a bank card, an account.

A type is claimed where form and check digit say so; what is only long is a NUMBER: masked, and claimed as nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from companion.research.deidentify.checks import has_card_prefix, is_cn_id, is_hk_id, is_tw_id, is_uscc, luhn
from companion.research.deidentify.digits import Digit, Number, numbers, runs, without_tail
from companion.research.deidentify.reading import Reading
from companion.research.deidentify.types import Entity, Span

_MOBILE = re.compile(r"(?:(?:00)?86)?1[3-9]\d{9}")
_AREA = r"0(?:10|2[0-57-9]|3[1-79]\d|4[1-8]\d|5[1-9]\d|6[2369]\d|7[0-79]\d|8[1-9]\d|9[0-79]\d)"
_LANDLINE = re.compile(rf"(?:(?:00)?86)?(?:0(?:10|2[0-57-9])[2-8]\d{{7}}|{_AREA}[2-8]\d{{6,7}})")
_SERVICE = re.compile(r"[48]00[1-9]\d{6}")
_AMERICAN = re.compile(r"[2-9]\d\d[2-9]\d{6}|1[2-9]\d\d[2-9]\d{6}")
_CALL = re.compile(
    r"电话|手机|座机|固话|号码|联系|拨|打给|打我|热线|传真|phone|call|cell|mobile|reach|text me|number|tel|fax|dial"
)
_CARD = re.compile(r"卡号|银行卡|储蓄卡|信用卡|借记卡|账号|账户|打到|转到|card|account|visa|mastercard")
_QQ = re.compile(r"(?:qq|扣扣|企鹅|q群|qq群)(?:号|号码|是|为|群|[:： ]|我的|加|一下|就|id){0,6}$")
_YEAR = re.compile(r"(?:19|20)\d\d")
_SSN = re.compile(r"(?<![\d-])(?!000|666|9\d\d)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\d-])", re.ASCII)
_SSN_TOLD = re.compile(r"social|ssn")
_UNIT = re.compile(
    r"\s?(?:元|块|万|亿|人|次|公里|米|克|年|天|分钟|小时|字|kg|km|%|美元|吨|dollars|people|years|"
    r"miles|steps|步|票|股|台|辆|套|件|条|页|平|名|万元|点|赞|粉)"
)
_MONEY = re.compile(r"[$¥￥€£]\s?$")


def find_numbers(reading: Reading) -> Iterator[Span]:
    """Phones, identity cards, bank cards, QQ, and NUMBER for what is long and unknown."""
    for run in runs(reading):
        run = without_tail(run, reading.after(run[-1].end, 1))
        taken: list[Span] = []
        ranked = sorted(
            (span for number in numbers(run) for span in _typed(reading, number)),
            key=lambda s: (-s.score, s.start - s.end),
        )
        for span in ranked:
            if all(span.end <= other.start or span.start >= other.end for other in taken):
                taken.append(span)
        yield from taken
        for part in _unparted(run):  # several numbers that nothing parts, or one too long to be any: in doubt it goes
            yield Span(part[0].start, part[-1].end, Entity.NUMBER, 0.3, "digits")


def _unparted(run: list[Digit]) -> Iterator[list[Digit]]:
    """Stretches of twelve digits and more without a loose gap, or with pauses between groups of three and more."""
    cuts = [k for k, digit in enumerate(run) if digit.gap == "loose"]
    bounds = [0, *cuts, len(run)]
    groups = ["".join(digit.value for digit in run[first:end]) for first, end in pairwise(bounds)]
    if len(run) >= 11 and min(map(len, groups)) >= 3 and not all(map(_YEAR.fullmatch, groups)):
        yield run
        return
    for first, end in pairwise(bounds):
        if end - first >= 12:
            yield run[first:end]


def _typed(reading: Reading, number: Number) -> Iterator[Span]:
    value, start, end = number.value, number.start, number.end
    whole = number.alone or len(number.groups) == 1
    if "X" in value[:-1] or not (whole or number.groups in ((3, 4, 4), (3, 3, 4))):
        return
    before = reading.before(start, 16)
    if _outside_letters(reading, start, end):
        return
    if whole and len(value) in (15, 18) and is_cn_id(value):
        yield Span(start, end, Entity.CN_ID, 0.99 if len(value) == 18 else 0.9, "id")
    if not value.isdigit():
        return
    plus = 2 if before.endswith("(+") else 1 if before.endswith("+") else 0
    if whole and 13 <= len(value) <= 19 and luhn(value) and (has_card_prefix(value) or _CARD.search(before)):
        yield Span(start, end, Entity.BANK_CARD, 0.98, "card")
    if (whole or number.groups == (3, 4, 4)) and _MOBILE.fullmatch(value):
        yield Span(start - plus, end, Entity.PHONE, 0.97, "mobile")
    elif number.alone and _LANDLINE.fullmatch(value):
        yield Span(start - (reading.text[start - 1 : start] == "("), end, Entity.PHONE, 0.95, "landline")
    elif number.groups in ((10,), (3, 7), (3, 3, 4), (3, 4, 3)) and _SERVICE.fullmatch(value):
        yield Span(start, end, Entity.PHONE, 0.94, "service")
    elif plus and 8 <= len(value) <= 15:
        yield Span(start - plus, end, Entity.PHONE, 0.93, "international")
    elif number.alone and _AMERICAN.fullmatch(value) and _is_american(reading, number):
        yield Span(start - (reading.text[start - 1 : start] == "("), end, Entity.PHONE, 0.92, "american")
    elif number.alone and not number.loose and 7 <= len(value) <= 8 and value[0] in "2345678" and _CALL.search(before):
        yield Span(start, end, Entity.PHONE, 0.85, "local")
    if number.alone and 5 <= len(value) <= 11 and value[0] != "0" and _QQ.search(before):
        yield Span(start, end, Entity.QQ, 0.98, "qq")
    if len(value) >= 7 and number.loose == 0 and not _MONEY.search(before) and not _UNIT.match(reading.lower, end):
        yield Span(start, end, Entity.NUMBER, 0.4 + 0.001 * len(value), "long")
    elif len(value) >= 5 and number.loose == 0 and not _MONEY.search(before) and not _UNIT.match(reading.lower, end):
        yield Span(start, end, Entity.NUMBER, 0.35, "digits")


def _is_american(reading: Reading, number: Number) -> bool:
    """Ten digits as they are parted there, or told to be a phone, or said in English."""
    said = reading.lower[number.start : number.end]
    if re.search(r"[\u3000-\u9fff]", said):
        return False
    if len(number.value) == 11:
        return number.groups == (1, 3, 3, 4) or reading.before(number.start, 1) == "+"
    if number.groups == (3, 3, 4) or re.search(r"[a-z]", said):
        return True
    return len(number.groups) == 1 and _CALL.search(reading.before(number.start, 30)) is not None


def _outside_letters(reading: Reading, start: int, end: int) -> bool:
    """Whether the digits are part of a word of letters and digits, such as a code or an account."""
    return (re.search(r"[a-z0-9_]$", reading.before(start, 1)) is not None and reading.lower[start].isdigit()) or (
        re.match(r"[a-z0-9_@]", reading.after(end, 1)) is not None and reading.lower[end - 1].isdigit()
    )


_EDGE, _END = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"
_PROVINCE = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE = re.compile(
    rf"[{_PROVINCE}] ?[A-HJ-NP-Z][ ·.\-]?(?:[A-HJ-NP-Z0-9]{{4}}[警学挂港澳]|(?:[DF][A-HJ-NP-Z0-9][0-9]{{4}}|"
    rf"[0-9]{{5}}[A-HJK])|[A-HJ-NP-Z0-9]{{5}}){_END}"
)


_LIKE_PLATE = re.compile(rf"[{_PROVINCE}] ?[A-HJ-NP-Z][ ·.\-]?(?=[A-Z]{{0,6}}\d)[A-Z0-9]{{5,6}}{_END}")  # misheard
_ABROAD = re.compile(
    rf"{_EDGE}(?:[A-Z]{{2}}\d\d ?[A-Z]{{3}}|(?=[A-Z0-9 -]{{0,10}}\d)[A-Z0-9]{{2,4}}[ -]?[A-Z0-9]{{2,5}}){_END}"
)
_BRITISH = re.compile(r"[A-Z]{2}\d\d ?[A-Z]{3}")  # the form since 2001
_ON_A_CAR = re.compile(r"车牌|牌照|车号|license|licence|plate|registration|number ?plate|(?<![a-z])reg(?![a-z])")
_EXTENSION = re.compile(r"(?:电话|\d) ?(?P<e>(?:转|分机|ext\.?|extension) ?\d{1,6})(?!\d)")
_VESSEL = re.compile(rf"[{_PROVINCE}][\u4e00-\u9fff]{{0,2}}[渔货油拖运客] ?\d{{2,6}}(?!\d)")


def _told(_: str) -> bool:
    return True  # a form without a check digit


@dataclass(frozen=True, slots=True)
class _Code:
    """A form with letters. holds: its check. cue: words before it without which it counts for nothing."""

    type: Entity
    form: re.Pattern[str]
    holds: Callable[[str], bool]
    score: float
    cue: re.Pattern[str] | None = None


def _form(body: str) -> re.Pattern[str]:
    return re.compile(_EDGE + body + _END, re.ASCII)


_CODES = (
    _Code(Entity.USCC, _form(r"[0-9A-HJ-NPQRTUWXY]{2}(?:[ -]?[0-9A-HJ-NPQRTUWXY]){16}"), is_uscc, 0.96),
    _Code(Entity.TW_ID, _form(r"[A-Z][ -]?[1289A-D](?:[ -]?\d){8}"), is_tw_id, 0.96),
    _Code(Entity.HK_ID, _form(r"[A-Z]{1,2}(?:[ -]?\d){6}[ -]?\(?[ ]?[0-9A](?:[ ]?\))?"), is_hk_id, 0.95),
    _Code(Entity.PASSPORT, _form(r"(?:[EGDSP](?:[ -]?\d){8}|E[ -]?[A-HJ-NP-Z](?:[ -]?\d){7})"), _told, 0.9),
    _Code(Entity.TRAVEL_PERMIT, _form(r"[HM](?:[ -]?\d){8}(?:\d\d)?"), _told, 0.9),
    _Code(
        Entity.TRAVEL_PERMIT,
        _form(r"C(?:[ -]?\d|[ -]?[A-HJ-NP-Z](?=[ -]?\d))(?:[ -]?\d){7}"),
        _told,
        0.9,
        re.compile(r"通行证|签注|港澳|permit"),
    ),
    _Code(Entity.TRAVEL_PERMIT, _form(r"\d{8}"), _told, 0.97, re.compile(r"台胞证|台湾居民")),
    _Code(Entity.MACAU_ID, _form(r"[157]\d{6}\(\d\)"), _told, 0.93),
    _Code(Entity.MACAU_ID, _form(r"[157]\d{6}\(?\d\)?"), _told, 0.97, re.compile(r"澳门|macau|bir")),
)
_COUNTED = re.compile(
    rf"{_EDGE}[A-Za-z]{{1,4}}[ -]?\d{{6,20}}[A-Za-z]?(?:\(\w\))?{_END}", re.ASCII
)  # parcels, orders, tickets
_NAMED = {
    Entity.PASSPORT: re.compile(r"护照|passport"),
    Entity.HK_ID: re.compile(r"香港|hkid|hk id"),
    Entity.TW_ID: re.compile(r"台湾|身分证|统一编号|taiwan"),
    Entity.TRAVEL_PERMIT: re.compile(r"通行证|回乡证|台胞证|permit"),
    Entity.USCC: re.compile(r"信用代码|社会信用|税号|uscc|credit code"),
}


def find_codes(reading: Reading) -> Iterator[Span]:
    """Identifiers with letters: plates, credit codes, passports, permits, the cards of Hong Kong, Macau and Taiwan."""
    text = reading.digits.upper()
    if len(text) != len(reading.digits):
        text = reading.digits
    for found in _PLATE.finditer(text):
        if re.search(r"\d", found[0]):
            yield Span(found.start(), found.end(), Entity.PLATE, 0.97, "plate")
    for found in (*_LIKE_PLATE.finditer(text), *_VESSEL.finditer(reading.digits)):
        yield Span(found.start(), found.end(), Entity.NUMBER, 0.45, "like a plate")
    for found in _ABROAD.finditer(reading.text):
        around = reading.before(found.start(), 24) + " " + reading.after(found.end(), 16)
        if _BRITISH.fullmatch(found[0]) or (re.search(r"\d", found[0]) and _ON_A_CAR.search(around)):
            like = text[found.start() - 1 : found.start()] in _PROVINCE  # 京3FQ3221: misheard, or none
            kind = Entity.NUMBER if like and found.start() else Entity.PLATE
            yield Span(found.start(), found.end(), kind, 0.8, "plate abroad")
    for found in _EXTENSION.finditer(reading.lower):
        yield Span(*found.span("e"), Entity.NUMBER, 0.6, "extension")
    for code in _CODES:
        for found in code.form.finditer(text):
            before = reading.before(found.start(), 16)
            if code.cue is not None and not code.cue.search(before):
                continue
            sure = code.type in _NAMED and _NAMED[code.type].search(before) is not None
            if reading.text[found.start()].islower() and not sure:
                continue  # "is 162 6948" is no card of Hong Kong
            if code.holds(re.sub(r"[ \-()]", "", found[0])):
                yield Span(found.start(), found.end(), code.type, 0.97 if sure else code.score, "code")
    for found in _COUNTED.finditer(reading.digits):
        yield Span(found.start(), found.end(), Entity.NUMBER, 0.4, "code")
    for found in _SSN.finditer(reading.text):
        told_so = _SSN_TOLD.search(reading.before(found.start(), 30)) is not None
        yield Span(found.start(), found.end(), Entity.US_SSN, 0.96 if told_so else 0.7, "ssn")
