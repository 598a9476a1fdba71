"""Noise has the law that it should have, nothing small is published, and what was spent is spent."""

import asyncio
import math
from collections import Counter
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.errors import InputError
from companion.records import database
from companion.records.privacy_spending import PrivacySpending, quarter_of
from companion.records.repository import Records
from companion.research.disclosure.budget import (
    SMALLEST_CELL,
    Ledger,
    discrete_laplace,
    noisy_count,
    noisy_counts,
    noisy_mean,
)
from companion.settings import Research, Settings

NOW = datetime(2026, 11, 25, tzinfo=UTC).timestamp()
NEXT = datetime(2027, 1, 1, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("scale", [Fraction(1, 2), Fraction(2), Fraction(10, 3)])
def test_the_law_of_the_noise(scale: Fraction) -> None:
    rng, n = Random(7), 40_000
    drawn = Counter(discrete_laplace(scale, rng) for _ in range(n))
    alpha = math.exp(-1 / scale)
    statistic = 0.0
    for x in range(-12, 13):
        expected = n * (1 - alpha) / (1 + alpha) * alpha ** abs(x)
        if expected >= 5:
            statistic += (drawn[x] - expected) ** 2 / expected
    assert statistic < 52  # chi-square, at most 25 cells: passed by chance in fewer than one of 1,000 draws


def test_neighbouring_counts_differ_by_no_more_than_epsilon() -> None:
    epsilon, n = 0.7, 60_000
    rng = Random(3)
    one = Counter(noisy_count(20, epsilon, rng=rng) for _ in range(n))
    other = Counter(noisy_count(21, epsilon, rng=rng) for _ in range(n))
    often = [x for x in {*one, *other} if min(one[x], other[x]) > 1500]
    assert len(often) > 4
    assert all(abs(math.log(one[x] / other[x])) < epsilon + 0.12 for x in often)


@given(st.integers(0, 60), st.floats(0.01, 5), st.integers(1, 5), st.integers())
@settings(max_examples=60)
def test_no_small_cell_is_published(count: int, epsilon: float, most: int, seed: int) -> None:
    told = noisy_count(count, epsilon, most=most, rng=Random(seed))
    assert told is None or (isinstance(told, int) and told >= SMALLEST_CELL)


def test_a_histogram_has_its_cells_in_one_order() -> None:
    told = noisy_counts({"b": 500, "a": 0}, 1.0, rng=Random(1))
    assert list(told) == ["a", "b"] and told["a"] is None and abs((told["b"] or 0) - 500) < 20
    assert told == noisy_counts({"a": 0, "b": 500}, 1.0, rng=Random(1))


@given(st.lists(st.floats(-3, 3), max_size=50), st.integers())
@settings(max_examples=60)
def test_means_stay_in_their_range(values: list[float], seed: int) -> None:
    told = noisy_mean(values, -1, 1, 1.0, rng=Random(seed))
    assert told is None or -1 <= told <= 1


def test_means_are_near_where_many_speak_and_absent_where_few_do() -> None:
    rng = Random(11)
    told = [noisy_mean([0.5, -0.1, 7.0, math.nan] * 500, -1, 1, 1.0, rng=rng) for _ in range(20)]
    assert all(mean is not None and abs(mean - 1.4 / 3) < 0.05 for mean in told)
    assert noisy_mean([0.5] * 2, -1, 1, 20.0, rng=rng) is None


@pytest.mark.parametrize("epsilon", [0.0, -1.0, math.nan, math.inf, 101.0, 1e-7])
def test_epsilon_has_a_range(epsilon: float) -> None:
    with pytest.raises(InputError, match="epsilon") as refused:
        noisy_count(20, epsilon)
    assert refused.value.code == "invalid_epsilon"


def test_what_makes_no_sense() -> None:
    with pytest.raises(InputError, match="at least 1"):
        noisy_count(20, 1.0, most=0)
    with pytest.raises(InputError, match="no values lie"):
        noisy_mean([], 1, 1, 1.0)
    with pytest.raises(InputError, match="scale"):
        discrete_laplace(Fraction(0))


async def test_a_quarter_has_a_budget_and_the_next_one_another(records: Records) -> None:
    ledger = Ledger(records.store, 1.0)
    assert await ledger.left(NOW) == 1.0
    spent = [await ledger.spend("staff_1", "affect by hour", 0.1, NOW + k) for k in range(10)]
    assert [one.number for one in spent] == list(range(1, 11)) and {one.quarter for one in spent} == {"2026-Q4"}
    assert spent[0].left == pytest.approx(0.9) and await ledger.left(NOW) == pytest.approx(0, abs=1e-9)
    with pytest.raises(InputError, match="of 1 in 2026-Q4") as refused:
        await ledger.spend("staff_2", "one more", 0.01, NOW)
    assert refused.value.code == "privacy_budget_spent"
    assert (await ledger.spend("staff_2", "one more", 0.01, NEXT)).quarter == "2027-Q1"
    rows = await PrivacySpending(records.store).history()
    assert [(row.who, row.purpose, row.epsilon) for row in rows][-2:] == [
        ("staff_1", "affect by hour", 0.1),
        ("staff_2", "one more", 0.01),
    ]


async def test_a_refusal_costs_nothing(records: Records) -> None:
    ledger = Ledger(records.store, 0.5)
    for epsilon, purpose in ((0.6, "too much"), (math.nan, "nothing"), (0.1, "  "), (0.1, "x" * 401)):
        with pytest.raises(InputError):
            await ledger.spend("staff_1", purpose, epsilon, NOW)
    assert await ledger.left(NOW) == 0.5


async def test_who_come_at_once_do_not_spend_twice(records: Records) -> None:
    ledgers = [Ledger(records.store, 1.0) for _ in range(8)]
    told = await asyncio.gather(*(one.spend("staff_1", "at once", 0.3, NOW) for one in ledgers), return_exceptions=True)
    assert sum(isinstance(one, InputError) for one in told) == 5
    assert await ledgers[0].left(NOW) == pytest.approx(0.1)


def test_quarters() -> None:
    months = [quarter_of(datetime(2026, month, 1, tzinfo=UTC).timestamp()) for month in range(1, 13)]
    assert months == [f"2026-Q{n}" for n in (1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4)]


def test_the_limit_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Research().epsilon_per_quarter == 1.0
    monkeypatch.setenv("COMPANION_RESEARCH__EPSILON_PER_QUARTER", "0.25")
    assert Settings().research.epsilon_per_quarter == 0.25


async def test_the_table_comes_and_goes_with_its_migration(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'm.db'}"
    await asyncio.to_thread(database.upgrade, url, "0011")
    await asyncio.to_thread(database.downgrade, url, "0010")
    await asyncio.to_thread(database.upgrade, url)
    await asyncio.to_thread(database.check, url)
