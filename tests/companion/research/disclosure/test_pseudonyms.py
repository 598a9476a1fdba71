"""A pseudonym tells nothing without its key, and a calendar keeps its order and its weekdays."""

import hmac
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.errors import InputError
from companion.research.disclosure.pseudonyms import Pseudonyms, new_key

ONE, OTHER = Pseudonyms(b"1" * 32), Pseudonyms(b"2" * 32)


def test_shape_domains_and_keys() -> None:
    assert re.fullmatch(r"p_[0-9a-f]{16}", ONE.person("u1"))
    assert re.fullmatch(r"s_[0-9a-f]{16}", ONE.session("u1")) and re.fullmatch(r"t_[0-9a-f]{16}", ONE.turn("u1"))
    told = {ONE.person("u1")[2:], ONE.session("u1")[2:], ONE.turn("u1")[2:], ONE.rank("u1")[:8].hex()}
    assert len(told) == 4  # one id in four domains
    assert ONE.person("u1") != OTHER.person("u1") and ONE.person("u1") == Pseudonyms(b"1" * 32).person("u1")


def test_known_answers_so_that_a_later_version_gives_the_same_files() -> None:
    told = hmac.new(b"1" * 32, b"companion.disclosure.1\0person\0u1", "sha256").hexdigest()
    assert ONE.person("u1") == "p_" + told[:16]
    assert (ONE.day_shift("u1"), ONE.day_shift("u2")) == (-308, 154)


def test_keys() -> None:
    assert len({new_key() for _ in range(20)}) == 20 and len(new_key()) >= 32
    with pytest.raises(InputError, match="at least 32") as refused:
        Pseudonyms(b"short")
    assert refused.value.code == "weak_key"
    assert "1111" not in repr(ONE)


@given(st.text())
def test_any_id_has_a_shift_of_whole_weeks(user_id: str) -> None:
    days = ONE.day_shift(user_id)
    assert days != 0 and days % 7 == 0 and -365 <= days <= 365


def test_shifts_are_spread_over_all_weeks() -> None:
    drawn = [ONE.day_shift(f"u{n}") for n in range(5200)]
    assert set(drawn) == {7 * w for w in range(-52, 53) if w}
    assert max(drawn.count(days) for days in set(drawn)) < 2 * 50  # 50 each are expected


@given(st.lists(st.text(min_size=1), min_size=2, unique=True))
def test_ranks_are_a_strict_order(ids: list[str]) -> None:
    assert len({ONE.rank(one) for one in ids}) == len(ids)
    assert sorted(ids, key=ONE.rank) == sorted(reversed(ids), key=ONE.rank)


def test_ranks_tell_nothing_of_the_order_of_ids() -> None:
    ids = [f"user-{n:04d}" for n in range(1000)]
    ranked = sorted(ids, key=ONE.rank)
    kept = sum(ids.index(a) < ids.index(b) for a, b in pairwise(ranked))
    assert 400 < kept < 600
    assert ranked != sorted(ids, key=OTHER.rank)
