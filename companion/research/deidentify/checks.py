"""Check digits and forms of identifiers. Pure; arguments are without separators, letters in upper case."""

from __future__ import annotations

import calendar
import re

# GB/T 2260: the first two places of a resident identity number.
PROVINCES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
        "83",
        "91",
    ]
)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643: 2^(17-i) mod 11
_ID_CHECK = "10X98765432"
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100
_TW_LETTERS = dict(zip("ABCDEFGHJKLMNPQRSTUVXYWZIO", range(10, 36), strict=True))
_BIN = re.compile(  # ISO/IEC 7812 ranges with the lengths that are issued; 9 and 1 are old cards of Chinese banks
    r"62\d{14,17}|4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}"
    r"|35(?:2[89]|[3-8]\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d)\d{12}|95588\d{14}|60\d{14,17}"
)


def is_date(year: int, month: int, day: int) -> bool:
    """Whether the day exists, from 1850 to 2100."""
    return 1850 <= year <= 2100 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]


def cn_id_check(first_17: str) -> str:
    """The last place of a resident identity number (GB 11643)."""
    return _ID_CHECK[sum(int(d) * w for d, w in zip(first_17, _ID_WEIGHTS, strict=True)) % 11]


def is_cn_id(code: str) -> bool:
    """18 places with check, or 15 of the old form (born 19yy). 9 at the head: a foreigner's residence card."""
    if re.fullmatch(r"\d{17}[\dX]", code, re.ASCII):
        if code[:2] not in PROVINCES and code[0] != "9":
            return False
        born = int(code[6:10]), int(code[10:12]), int(code[12:14])
        return is_date(*born) and cn_id_check(code[:17]) == code[17]
    if re.fullmatch(r"\d{15}", code, re.ASCII):
        return code[:2] in PROVINCES and is_date(1900 + int(code[6:8]), int(code[8:10]), int(code[10:12]))
    return False


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def has_card_prefix(digits: str) -> bool:
    """Whether number and length belong to a scheme that issues payment cards."""
    return _BIN.fullmatch(digits) is not None


def uscc_check(first_17: str) -> str:
    """The last place of a unified social credit code: weights 3^i mod 31 (GB 32100)."""
    total = sum(_USCC.index(c) * pow(3, i, 31) for i, c in enumerate(first_17))
    return _USCC[-total % 31]


def is_uscc(code: str) -> bool:
    """18 places: authority, kind, region of six digits, nine of the organisation, check."""
    if not re.fullmatch(r"[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}", code, re.ASCII):
        return False
    # The kinds that exist: 91 firms, 92 traders, 93 farmers' cooperatives, 11-13 offices, 51-53 associations and so on.
    known = re.match(r"1[1239]|2[19]|3[1-59]|4[19]|5[1239]|6[129]|7[129]|8[19]|9[123]|A[19]|N[1239]|Y1", code)
    return known is not None and code[2:4] in PROVINCES | {"10"} and uscc_check(code[:17]) == code[17]


def hk_check(head: str) -> str:
    """The check place of a Hong Kong identity card: head is one or two letters and six digits; mod 11."""
    values = [ord(c) - 55 if c.isalpha() else int(c) for c in head]
    if len(values) == 7:
        values = [36, *values]  # a blank stands for the missing letter
    rest = -sum(v * w for v, w in zip(values, range(9, 1, -1), strict=True)) % 11
    return "A" if rest == 10 else str(rest)


def is_hk_id(code: str) -> bool:
    """One or two letters, six digits, check (0-9 or A)."""
    return re.fullmatch(r"[A-Z]{1,2}\d{6}[\dA]", code, re.ASCII) is not None and hk_check(code[:-1]) == code[-1]


def tw_check(head: str) -> str:
    """The last digit of a Taiwan identity number or residence card: head is a letter and eight places; mod 10."""
    letter = _TW_LETTERS[head[0]]
    second = _TW_LETTERS[head[1]] % 10 if head[1].isalpha() else int(head[1])
    values = (letter // 10, letter % 10, second, *map(int, head[2:]))
    return str(-sum(v * w for v, w in zip(values, (1, 9, 8, 7, 6, 5, 4, 3, 2, 1), strict=True)) % 10)


def is_tw_id(code: str) -> bool:
    """A letter, sex (1, 2; 8, 9 or A-D on residence cards), seven digits, check."""
    return re.fullmatch(r"[A-Z][1289A-D]\d{8}", code, re.ASCII) is not None and tw_check(code[:-1]) == code[-1]
