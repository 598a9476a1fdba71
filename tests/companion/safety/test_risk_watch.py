"""A level rises at once and falls by a person or after a quiet time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.safety.risk import Risk, Watch
from companion.safety.risk.watch import COOL_DOWN

HOUR = 3600.0


def test_a_level_is_held_whatever_is_said_next() -> None:
    watch = Watch().step(Risk(3), 0.0)
    for minute in range(1, 60):
        watch = watch.step(Risk(0), minute * 60.0)
    assert watch.level == 3
    assert watch.step(Risk(4), HOUR).level == 4


def test_it_falls_step_by_step_after_quiet_time_only() -> None:
    watch = Watch().step(Risk(4), 0.0)
    assert watch.at(24 * HOUR - 1).level == 4
    assert watch.at(24 * HOUR).level == 3
    assert watch.at(48 * HOUR).level == 2
    assert watch.at(54 * HOUR).level == 1 and watch.at(55 * HOUR).level == 0
    assert watch.step(Risk(4), 20 * HOUR).at(43 * HOUR).level == 4, "the same level again renews it"


def test_a_person_can_lower_it_and_is_written_down() -> None:
    watch = Watch().step(Risk(4), 0.0).lowered_by("staff-7", 60.0, 1)
    assert watch.level == 1 and watch.lowered[0].staff_id == "staff-7" and watch.lowered[0].was == 4
    assert watch.step(Risk(3), 61.0).level == 3
    with pytest.raises(ValueError, match="needs the id"):
        watch.lowered_by(" ", 70.0)
    with pytest.raises(ValueError, match="can be lowered to less"):
        watch.lowered_by("staff-7", 70.0, 2)


def test_a_cool_down_can_be_chosen_and_must_be_whole() -> None:
    watch = Watch(cool_down={**COOL_DOWN, 3: 10.0}).step(Risk(3), 0.0)
    assert watch.at(10.0).level == 2
    with pytest.raises(ValueError, match="cool-down of level 2"):
        Watch(cool_down={1: 1.0, 3: 1.0, 4: 1.0})
    with pytest.raises(ValueError, match="unix seconds"):
        Watch().step(Risk(1), float("nan"))


def test_it_survives_storage() -> None:
    watch = Watch().step(Risk(4), 5.0).lowered_by("staff-7", 60.0, 2)
    assert Watch.from_json(watch.to_json()) == watch
    for broken in ("", "[]", "{}", '{"level": 9, "since": 0, "lowered": [], "cool_down": {}}'):
        with pytest.raises(ValueError):
            Watch.from_json(broken)


@given(st.lists(st.tuples(st.integers(0, 4), st.floats(0, 5 * HOUR)), max_size=30))
def test_within_a_day_it_never_falls_from_three(turns: list[tuple[int, float]]) -> None:
    watch, now, highest, at = Watch(), 0.0, 0, 0.0
    for level, wait in turns:
        now += wait
        watch = watch.step(Risk(level), now)
        if level >= highest:
            highest, at = level, now
        if highest >= 3 and now - at < 24 * HOUR:
            assert watch.level == highest
        assert watch.level >= level


def test_a_clock_that_goes_back_lowers_nothing() -> None:
    assert Watch().step(Risk(3), 1000.0).step(Risk(0), 0.0).level == 3
