"""Check digits, made-up identifiers, and the ways in which people write and say numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.research.deidentify import Deidentifier, Entity
from companion.research.deidentify.checks import (
    cn_id_check,
    hk_check,
    is_cn_id,
    is_hk_id,
    is_tw_id,
    is_uscc,
    luhn,
    tw_check,
)
from companion.research.deidentify.generated import IDENTIFIERS, generated
from companion.research.deidentify.measure import measured_structured


def test_check_digits_of_published_examples() -> None:
    assert is_cn_id("11010519491231002X") and is_cn_id("440524188001010014")  # GB 11643-1999
    assert is_cn_id("130503670401001") and not is_cn_id("130503671301001")
    assert luhn("4111111111111111") and luhn("79927398713") and not luhn("79927398710")
    assert is_uscc("91350100M000100Y43") and not is_uscc("91350100M000100Y44")
    assert is_hk_id("A1234563") and is_hk_id("G123456A") and not is_hk_id("A1234564")
    assert is_tw_id("A123456789") and not is_tw_id("A123456788")


@given(st.integers(0, 10**17 - 1), st.integers(0, 16), st.integers(1, 9))
def test_one_digit_misheard_is_noticed(number: int, place: int, by: int) -> None:
    code = f"{number:017d}"
    wrong = code[:place] + str((int(code[place]) + by) % 10) + code[place + 1 :]
    assert cn_id_check(wrong) != cn_id_check(code)


@given(st.from_regex(r"[A-Z]\d{6}", fullmatch=True), st.from_regex(r"[A-Z][12]\d{7}", fullmatch=True))
def test_a_check_place_makes_a_valid_code(hong_kong: str, taiwan: str) -> None:
    if hong_kong.isascii() and taiwan.isascii():
        assert is_hk_id(hong_kong + hk_check(hong_kong)) and is_tw_id(taiwan + tw_check(taiwan))


@pytest.mark.parametrize("seed", [7, 2026])
def test_made_up_identifiers_are_all_found_and_hardly_anything_else(finder: Deidentifier, seed: int) -> None:
    cases = generated(2000, seed)
    assert {case.type for case in cases} >= IDENTIFIERS - {
        *(Entity.MACAU_ID, Entity.US_SSN, Entity.DOUYIN, Entity.ACCOUNT),
    }
    assert {case.form for case in cases} >= {"plain", "spaced", "dashed", "full width", "spoken", "english"}
    score = measured_structured(cases, finder)
    assert score.valid > 1000 and len(cases) - score.valid > 500
    assert score.recalled == score.valid, (seed, [w for w in score.wrong if not w.startswith("nothing")])
    assert score.right / score.claimed >= 0.98, (seed, score.wrong)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("+86 138 0013 8000 是我电话", ("+86 138 0013 8000", Entity.PHONE)),
        ("(+86)13800138000", ("(+86)13800138000", Entity.PHONE)),
        ("1 3 8 0 0 1 3 8 0 0 0", ("1 3 8 0 0 1 3 8 0 0 0", Entity.PHONE)),
        ("电话是幺三八，嗯，零零幺三，八零零零", ("幺三八，嗯，零零幺三，八零零零", Entity.PHONE)),
        ("手机一三八零零一三八零零零一会儿打", ("一三八零零一三八零零零", Entity.PHONE)),
        ("one three eight double zero one three eight triple zero", None),
        ("138一二三四5678", ("138一二三四5678", Entity.PHONE)),
        ("京 A 12345 是我的", ("京 A 12345", Entity.PLATE)),
        ("京A幺二三四五", ("京A幺二三四五", Entity.PLATE)),
        ("粤Z1234港", ("粤Z1234港", Entity.PLATE)),
        ("身份证是一一零一零五，一九四九一二三一，零零二X", ("一一零一零五，一九四九一二三一，零零二X", Entity.CN_ID)),
        ("护照e12345678", ("e12345678", Entity.PASSPORT)),
        ("(0755) 8765-4321", ("(0755) 8765-4321", Entity.PHONE)),
        ("邮箱zhang.san艾特qq点com", ("zhang.san艾特qq点com", Entity.EMAIL)),
        ("lily at gmail dot com", ("lily at gmail dot com", Entity.EMAIL)),
        ("一九二点一六八点一点一", ("一九二点一六八点一点一", Entity.IP)),
        ("fe80::1ff:fe23:4567:890a 连不上", ("fe80::1ff:fe23:4567:890a", Entity.IP)),
        ("抖音号dy12345678", ("dy12345678", Entity.DOUYIN)),
        ("澳门身份证1234567(8)", ("1234567(8)", Entity.MACAU_ID)),
        ("my ssn is 078-05-1120", ("078-05-1120", Entity.US_SSN)),
        ("138\u200b0013\u202e8000", ("138\u200b0013\u202e8000", Entity.PHONE)),
        ("单号SF1234567890123", ("SF1234567890123", Entity.NUMBER)),
        ("1" * 40, ("1" * 40, Entity.NUMBER)),
    ],
)
def test_the_ways_in_which_people_write_and_say_them(
    finder: Deidentifier, text: str, wanted: tuple[str, Entity] | None
) -> None:
    found = [(text[span.start : span.end], span.type) for span in finder.spans(text)]
    assert (wanted or (text, Entity.PHONE)) in found


@pytest.mark.parametrize(
    "text",
    [
        "我一个人在家",
        "一共花了3000000元",
        "三四个人一起去",
        "现在是12:30:45",
        "一五一十地说了",
        "我等了两三个小时",
        "he scored 100 points",
    ],
)
def test_what_only_counts_stays(finder: Deidentifier, text: str) -> None:
    assert finder.spans(text) == []
