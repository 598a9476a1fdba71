import time
from collections.abc import Iterable
from dataclasses import fields, replace
from itertools import accumulate, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affect.trajectory import (
    ENTER,
    LEAVE,
    STATES,
    Estimate,
    OwnBaseline,
    Point,
    State,
    Trajectory,
    next_state,
    trajectory,
)

USUAL = OwnBaseline(0.0, 0.25, 1000)
MEASURES = [f.name for f in fields(Trajectory) if f.name not in {"n", "sessions", "window_s", "signs"}]


def turns(valences: Iterable[float], gap_s: float = 20.0, start_s: float = 0.0) -> list[Point]:
    return [Point(start_s + k * gap_s, float(v), None, 0.3) for k, v in enumerate(valences)]


def walk(valences: Iterable[float], baseline: OwnBaseline | None = None) -> list[State]:
    """The state after every turn."""
    points, states = turns(valences), list[State]()
    for k in range(len(points)):
        states.append(next_state(states[-1] if states else "unknown", trajectory(points[: k + 1], baseline)))
    return states


def value(estimate: Estimate | None) -> float:
    assert estimate is not None
    return estimate.value


@st.composite
def talks(draw: st.DrawFn, least: int = 6) -> list[Point]:
    """Turns of one session, at whole seconds, in hundredths of valence."""
    n = draw(st.integers(least, 14))
    at = accumulate(draw(st.lists(st.integers(1, 600), min_size=n, max_size=n)))
    valences = draw(st.lists(st.integers(-100, 100), min_size=n, max_size=n))
    uncertainties = draw(st.lists(st.integers(0, 18), min_size=n, max_size=n))
    return [Point(float(t), v / 100, None, u / 20) for t, v, u in zip(at, valences, uncertainties, strict=True)]


def same(one: Trajectory, other: Trajectory) -> None:
    for name in MEASURES:
        a, b = getattr(one, name), getattr(other, name)
        if isinstance(a, Estimate):
            assert isinstance(b, Estimate)
            assert (b.value, b.low, b.high) == pytest.approx((a.value, a.low, a.high), abs=1e-9), name
        else:
            assert a == b, name
    assert other.signs == pytest.approx(one.signs, abs=1e-9)


@given(talks(), st.integers(-1_000_000, 2_000_000_000))
@settings(max_examples=40, deadline=None)
def test_it_does_not_matter_when_a_talk_took_place_nor_in_which_order_its_turns_come(
    points: list[Point], later: int
) -> None:
    moved = [replace(p, at_s=p.at_s + later) for p in points]
    same(trajectory(points, USUAL), trajectory(moved[::-1], USUAL))


@given(talks())
@settings(max_examples=40, deadline=None)
def test_mirrored_valence_mirrors_the_slope_and_its_interval_and_leaves_the_spreads(points: list[Point]) -> None:
    up = trajectory(points)
    down = trajectory([replace(p, valence=-p.valence) for p in points if p.valence is not None])
    assert up.slope and down.slope
    assert (-down.slope.value, -down.slope.high, -down.slope.low) == pytest.approx(
        (up.slope.value, up.slope.low, up.slope.high), abs=1e-9
    )
    for name in ("variability", "step", "instability"):
        assert value(getattr(down, name)) == pytest.approx(value(getattr(up, name)))


@given(talks(), st.lists(st.integers(0, 9000), max_size=8))
@settings(max_examples=40, deadline=None)
def test_turns_that_are_unknown_change_nothing(points: list[Point], at: list[int]) -> None:
    unknown = [Point(float(t), None, 0.5, 0.2) for t in at] + [Point(float(t), -1.0, None, 1.0) for t in at]
    assert trajectory([*points, *unknown], USUAL) == trajectory(points, USUAL)


@given(talks())
@settings(max_examples=40, deadline=None)
def test_at_half_the_pace_change_per_time_is_half_and_change_per_turn_the_same(points: list[Point]) -> None:
    fast = trajectory(points, USUAL)
    slow = trajectory([replace(p, at_s=2 * p.at_s) for p in points], USUAL)
    assert value(slow.slope) == pytest.approx(value(fast.slope) / 2, abs=1e-9)
    assert value(slow.instability) == pytest.approx(value(fast.instability) / 2)
    assert value(slow.step) == pytest.approx(value(fast.step))
    assert slow.window_s == 2 * fast.window_s
    assert slow.inertia == fast.inertia
    assert (slow.recovery_s is None) == (fast.recovery_s is None)
    if fast.recovery_s:
        assert value(slow.recovery_s) == pytest.approx(2 * value(fast.recovery_s))


@given(talks(least=1), st.sampled_from([None, USUAL, OwnBaseline(-0.5, 0.0, 6)]), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_every_value_lies_in_its_interval_and_in_its_range(
    points: list[Point], baseline: OwnBaseline | None, seed: int
) -> None:
    found = trajectory(points, baseline, seed=seed)
    estimates = {name: e for name in MEASURES if isinstance(e := getattr(found, name), Estimate)}
    assert bool(estimates) == (len(points) >= 6)
    for e in estimates.values():
        assert e.low <= e.value <= e.high
    for name in ("variability", "step", "instability", "recovery_s"):
        assert name not in estimates or estimates[name].low >= 0
    if found.below_share:
        assert found.below_share.low >= 0 and found.below_share.high <= 1
    if found.inertia:
        assert found.inertia.low > -1 and found.inertia.high < 1
    assert trajectory(points, baseline, seed=seed) == found


@given(st.integers(-100, 100), st.integers(6, 20))
@settings(max_examples=30, deadline=None)
def test_a_constant_does_not_move(valence: int, n: int) -> None:
    found = trajectory(turns([valence / 100] * n))
    assert found.slope == found.instability == found.step == Estimate(0.0, 0.0, 0.0)
    assert value(found.variability) == pytest.approx(0, abs=1e-9)
    assert found.inertia is None and found.half_life_s is None
    assert next_state("unknown", found) == ("low" if valence <= -25 else "steady")


def test_under_six_usable_turns_nothing_is_said() -> None:
    points = [*turns([0.5, -0.5, 0.5, -0.5, 0.5]), Point(200.0, None), Point(220.0, -0.9, None, 0.96)]
    found = trajectory(points, USUAL)
    assert (found.n, found.sessions, found.window_s) == (5, 1, 80.0)
    assert all(getattr(found, name) is None for name in MEASURES) and not found.signs
    assert next_state("falling", found) == "unknown"
    assert trajectory([]) == Trajectory(0, 0, 0.0)


def test_known_answers() -> None:
    found = trajectory(turns([0.0, 0.1, 0.2, 0.3, 0.4, 0.5], gap_s=60))
    assert value(found.slope) == pytest.approx(1.0)  # .1 a minute
    assert value(found.mean) == pytest.approx(0.25)
    assert value(found.variability) == pytest.approx(np.std([0, 0.1, 0.2, 0.3, 0.4, 0.5], ddof=1))
    assert value(found.step) == pytest.approx(0.1)
    assert value(found.instability) == pytest.approx(0.01)  # .1 squared, once a minute
    assert found.gap_s == 60 and found.window_s == 300


def test_one_wild_turn_hardly_moves_the_slope() -> None:
    calm = [0.02 * k for k in range(12)]
    wild = [*calm[:9], -1.0, *calm[10:]]
    assert value(trajectory(turns(wild)).slope) == pytest.approx(value(trajectory(turns(calm)).slope), rel=0.1)


def test_turns_a_second_apart_do_not_set_the_slope() -> None:
    points = [Point(at + k, k / 10) for at in (0.0, 600.0) for k in range(3)]
    assert value(trajectory(points).slope) == pytest.approx(0, abs=1e-9)


def test_uncertain_turns_weigh_less() -> None:
    sure = [Point(20.0 * k, 0.2, None, 0.1) for k in range(8)]
    unsure = [Point(20.0 * k + 10, -0.8, None, 0.9) for k in range(8)]
    assert value(trajectory(sure + unsure).mean) == pytest.approx((0.9 * 0.2 - 0.1 * 0.8) / 1.0)


def test_the_night_between_two_sessions_is_not_time_in_which_something_changed() -> None:
    evening = turns([0.4, 0.3, 0.2, 0.1], gap_s=60)
    morning = turns([-0.6, -0.7, -0.8, -0.9], gap_s=60, start_s=40_000)
    found = trajectory(evening + morning)
    assert (found.sessions, found.window_s, found.gap_s) == (2, 360, 60)
    assert value(found.slope) == pytest.approx(-1.0)
    assert value(found.step) == pytest.approx(0.1) and value(found.instability) == pytest.approx(0.01)
    alone = trajectory([Point(10_000.0 * k, 0.1 * k) for k in range(7)])
    assert (alone.sessions, alone.slope, alone.step, alone.inertia) == (7, None, None, None)
    assert value(alone.mean) == pytest.approx(0.3) and next_state("unknown", alone) == "steady"


def test_turns_of_one_moment_have_no_slope() -> None:
    found = trajectory([Point(5.0, v / 10) for v in range(6)], USUAL)
    assert found.slope is None and found.instability is None and found.below_share is None
    assert value(found.mean) == pytest.approx(0.25) and next_state("steady", found) == "steady"


def test_inertia_is_the_lag_1_autocorrelation_and_finds_the_half_life_through_unequal_gaps() -> None:
    rng = np.random.default_rng(3)
    x = [rng.normal(0, 0.25)]
    for _ in range(999):
        x.append(0.6 * x[-1] + rng.normal(0, 0.2))
    z = np.array(x) - np.mean(x)
    regular = trajectory(turns(x, gap_s=1), latest=None)
    assert value(regular.inertia) == pytest.approx(z[1:] @ z[:-1] / (z[:-1] @ z[:-1]), abs=0.01)
    kept = np.flatnonzero(rng.random(1000) < 0.5)
    gappy = trajectory([Point(20.0 * k, float(x[k])) for k in kept], latest=None)
    assert gappy.half_life_s == pytest.approx(20 * np.log(2) / -np.log(0.6), rel=0.3)
    assert value(trajectory(turns([0.3, -0.3] * 6)).inertia) < -0.9


def test_recovery_runs_from_the_trough_half_way_back() -> None:
    found = trajectory(turns([0.1, -0.4, -0.8, -0.6, -0.3, 0.0, 0.1]), USUAL)
    assert found.recovery_s is not None  # half-way is -.4: two thirds between the turns at 60 s and 80 s
    assert found.recovery_s.value == pytest.approx(60 + 20 * 2 / 3 - 40)
    assert (found.recovery_s.low, found.recovery_s.high) == (20, 40)
    assert trajectory(turns([0.1, -0.4, -0.8, -0.8, -0.7, -0.6]), USUAL).recovery_s is None  # has not happened
    assert trajectory(turns([0.1, -0.2, 0.1, 0.2, -0.2, 0.1]), USUAL).recovery_s is None  # no trough
    over_night = [*turns([0.1, -0.4, -0.8, -0.8]), *turns([0.1, 0.1, 0.1], start_s=40_000)]
    assert trajectory(over_night, USUAL).recovery_s is None  # nobody saw when


def test_one_excursion_recovers_once() -> None:
    found = trajectory(turns([0.0, -0.8, -0.35, -0.35, -0.3, 0.0, 0.1]), USUAL)  # half-way is -.4, still under the line
    assert value(found.recovery_s) == pytest.approx(20 * 0.4 / 0.45)


def test_only_the_latest_turns_count_unless_all_are_asked_for() -> None:
    points = turns([-0.9] * 30 + [0.1] * 40)
    assert trajectory(points) == trajectory(points[-40:]) and trajectory(points).n == 40
    assert trajectory(points, latest=None).n == 70


def test_time_below_is_shared_where_valence_crosses_the_line() -> None:
    found = trajectory(turns([0.0, 0.0, 0.0, -0.5, -0.5, -0.5]), USUAL)
    assert found.low_line == pytest.approx(-0.25)
    assert value(found.below_share) == pytest.approx(0.5)


@pytest.mark.parametrize("baseline", [None, OwnBaseline(0.0, 0.25, 5)])
def test_without_a_baseline_nothing_is_said_about_it(baseline: OwnBaseline | None) -> None:
    found = trajectory(turns([0.1, -0.4, -0.8, -0.6, -0.3, 0.0, 0.1]), baseline)
    assert found.low_line is None and found.below_share is None and found.recovery_s is None


def test_a_few_turns_do_not_make_a_narrow_baseline() -> None:
    line = trajectory(turns([0.0] * 6), OwnBaseline(0.2, 0.0, 8)).low_line
    assert line == pytest.approx(0.2 - 0.25 / np.sqrt(2))
    assert trajectory(turns([0.0] * 6), OwnBaseline(0.2, 0.0, 100_000)).low_line == pytest.approx(0.1)


def test_what_was_not_measured_is_not_a_number() -> None:
    with pytest.raises(ValueError, match="valence of a turn is nan"):
        Point(0.0, float("nan"))


@pytest.mark.parametrize(
    ("state", "valences"),
    [
        ("steady", [0.1] * 12),
        ("steady", [0.1, 0.2, 0.0, 0.1, 0.15, 0.05, 0.2, 0.1]),
        ("falling", np.linspace(0.4, -0.8, 12)),
        ("rising", np.linspace(-0.8, 0.4, 12)),
        ("low", [-0.6] * 12),
        ("recovering", [0.0, -0.1, -0.3, -0.6, -0.8, -0.7, -0.5, -0.3, -0.1, 0.0]),
        ("volatile", [0.5, -0.5] * 6),
    ],
)
@pytest.mark.parametrize("baseline", [None, USUAL])
def test_a_shape_has_its_state(state: State, valences: Iterable[float], baseline: OwnBaseline | None) -> None:
    states = walk(valences, baseline)
    assert states[:5] == ["unknown"] * 5
    assert states[-1] == state


def test_a_rise_that_may_be_chance_is_not_rising() -> None:
    found = trajectory(turns([-0.1, 0.4, -0.2, 0.3, 0.0, 0.5]))
    assert value(found.slope) * found.window_s / 600 >= 1.5 * 0.25
    assert found.slope is not None and found.slope.low < 0 and found.signs["rising"] < ENTER


def test_a_deep_dip_in_large_steps_is_not_volatile() -> None:
    found = trajectory(turns([1.0, 0.4, -0.2, -0.8, -0.2, 0.4, 1.0]))
    assert value(found.step) >= 0.6 - 1e-9
    assert next_state("steady", found) == "recovering"


def test_what_is_low_is_low_for_this_person() -> None:
    assert walk([-0.3] * 8, OwnBaseline(-0.3, 0.2, 200))[-1] == "steady"
    assert walk([0.1] * 8, OwnBaseline(0.6, 0.2, 200))[-1] == "low"


def test_recovering_ends() -> None:
    states = walk([0.0, -0.1, -0.3, -0.6, -0.8, -0.7, -0.5, -0.3, -0.1, *[0.0] * 16])
    assert "recovering" in states and states[-1] == "steady"


@given(
    st.sampled_from([s for s in STATES if s not in {"unknown", "steady"}]),
    st.sampled_from([ENTER, LEAVE]),
    st.sampled_from([*STATES]),
    st.lists(st.floats(-0.29, 0.29), min_size=2, max_size=40),
)
def test_noise_around_a_threshold_changes_the_state_once_at_most(
    shown: State, threshold: float, state: State, noise: list[float]
) -> None:
    nothing: dict[str, float] = dict.fromkeys(STATES, 0.0)
    states = [state]
    for e in noise:
        states.append(next_state(states[-1], Trajectory(6, 1, 100.0, signs={**nothing, shown: threshold + e})))
    assert sum(a != b for a, b in pairwise(states[1:])) <= 1


def test_a_plateau_that_trembles_at_the_line_of_low_does_not_flap() -> None:
    for seed in range(5):
        x = -0.25 + np.random.default_rng(seed).uniform(-0.06, 0.06, 40)
        assert sum(a != b for a, b in pairwise(walk(x)[6:])) <= 1


def test_usual_noise_is_mostly_steady_and_the_slope_is_covered() -> None:
    rng, n, covered, states = np.random.default_rng(5), 20, 0, list[State]()
    for _ in range(120):
        found = trajectory(turns(rng.normal(0, 0.25, n)))
        covered += found.slope is not None and found.slope.low <= 0 <= found.slope.high
        states.append(next_state("steady", found))
    assert 0.68 <= covered / 120 <= 0.95  # 80 %, give or take
    assert states.count("steady") >= 0.8 * 120


def test_it_is_cheap() -> None:
    points = turns(np.random.default_rng(0).normal(0, 0.2, 40))
    best = 9.0
    for _ in range(10):
        started = time.perf_counter()
        trajectory(points, USUAL)
        best = min(best, time.perf_counter() - started)
    assert best < 0.02  # 3 to 5 ms on a machine at rest
