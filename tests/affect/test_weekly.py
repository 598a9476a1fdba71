import time
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affect.trajectory import OwnBaseline, Point
from affect.weekly import weekly

DAY_S = 86400.0
MONDAY_S = 1_704_067_200.0  # 2024-01-01 00:00 UTC, a Monday


def session(start_s: float, valence: float, turns: int = 8, arousal: float | None = 0.2) -> list[Point]:
    return [Point(start_s + 20 * k, valence + 0.05 * (-1) ** k, arousal, 0.3) for k in range(turns)]


def test_weeks_are_in_order_and_those_without_sessions_are_absent() -> None:
    weeks = weekly(
        [
            session(MONDAY_S + 15 * DAY_S, -0.4),
            session(MONDAY_S, 0.2),
            session(MONDAY_S + 3 * DAY_S, 0.4),
            [],
        ],
        0.0,
    )
    assert [w.start for w in weeks] == [date(2024, 1, 1), date(2024, 1, 15)]
    assert [(w.sessions, w.turns, w.known) for w in weeks] == [(2, 16, 16), (1, 8, 8)]
    first, third = weeks
    assert first.valence and third.valence and first.arousal and third.slope
    assert first.valence.value == pytest.approx(0.3) and first.arousal.value == pytest.approx(0.2)
    assert first.slope is None
    assert third.slope.value == pytest.approx((-0.4 - 0.3) / 2)  # over two weeks
    assert third.slope.low <= third.slope.value <= third.slope.high < 0


def test_the_week_begins_where_the_person_lives() -> None:
    sunday_evening = [session(MONDAY_S - 3600, 0.1)]
    assert weekly(sunday_evening, 0.0)[0].start == date(2023, 12, 25)
    assert weekly(sunday_evening, 8 * 3600.0)[0].start == date(2024, 1, 1)
    over_midnight = [session(MONDAY_S - 60, 0.1)]
    assert [w.turns for w in weekly(over_midnight, 0.0)] == [8]


def test_few_and_unknown_turns_are_counted_but_not_averaged() -> None:
    unknown = [replace(p, valence=None) for p in session(MONDAY_S, 0.0)]
    weeks = weekly(
        [session(MONDAY_S - 7 * DAY_S, 0.3), unknown, session(MONDAY_S + DAY_S, 0.9, turns=5, arousal=None)], 0.0
    )
    assert (weeks[1].sessions, weeks[1].turns, weeks[1].known) == (2, 13, 5)
    assert weeks[1].valence is None and weeks[1].variability is None and weeks[1].slope is None
    assert weeks[1].arousal is not None and weeks[1].arousal.value == pytest.approx(0.2)


def test_a_silent_week_does_not_hide_the_one_before_it() -> None:
    sessions = [
        session(MONDAY_S, 0.5),
        session(MONDAY_S + 7 * DAY_S, 0.0, turns=2),
        session(MONDAY_S + 14 * DAY_S, 0.1),
    ]
    slope = weekly(sessions, 0.0)[2].slope
    assert slope is not None and slope.value == pytest.approx(-0.2)


def test_below_share_needs_a_baseline() -> None:
    low = [session(MONDAY_S, -0.6)]
    assert weekly(low, 0.0)[0].below_share is None
    share = weekly(low, 0.0, OwnBaseline(0.1, 0.2, 100))[0].below_share
    assert share is not None and share.value == 1.0


def test_sessions_that_differ_widen_the_interval_of_the_mean() -> None:
    def width(valences: list[float]) -> float:
        found = weekly([session(MONDAY_S + k * DAY_S, v, turns=20) for k, v in enumerate(valences)], 0.0)[0].valence
        assert found is not None and found.value == pytest.approx(0.0, abs=1e-9)
        return found.high - found.low

    assert width([0.0] * 6) < 0.05
    assert width([-0.5, 0.5, -0.5, 0.5]) > 0.5  # four sessions tell no more than four turns would


@given(st.lists(st.integers(-60, 60), min_size=1, max_size=6), st.integers(-12, 14))
@settings(max_examples=30, deadline=None)
def test_every_turn_is_counted_once_and_weeks_rise(days: list[int], hours: int) -> None:
    weeks = weekly([session(MONDAY_S + day * DAY_S, 0.1) for day in days], hours * 3600.0)
    assert sum(w.turns for w in weeks) == 8 * len(days) and sum(w.sessions for w in weeks) == len(days)
    assert [w.start for w in weeks] == sorted({w.start for w in weeks})
    assert all(w.start.weekday() == 0 for w in weeks)


def test_a_talkative_week_stays_affordable() -> None:
    rng = np.random.default_rng(0)
    sessions = [
        [Point(MONDAY_S + day * DAY_S + 15 * k, float(v), 0.1, 0.3) for k, v in enumerate(rng.normal(0, 0.3, 100))]
        for day in range(7)
    ]
    started = time.perf_counter()
    weekly(sessions, 0.0)
    assert time.perf_counter() - started < 2.0
