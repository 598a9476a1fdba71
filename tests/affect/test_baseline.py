import statistics
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affect.baseline import POPULATION, Usual, expected, key, label_free, learn, on_device, short_tract, utterances
from affect.types import Prosody

CALM = Prosody(3.0, 2.8, 0.8, f0_mean_st=25.0, f0_p95_st=29.0, level_db=-25.0, formant_spacing_hz=1020.0)


def after(n: int, prosody: Prosody = CALM) -> dict[str, Usual]:
    known: dict[str, Usual] = {}
    for _ in range(n):
        known = learn(known, prosody)
    return known


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=12))
def test_running_moments_are_those_of_the_list_where_nothing_has_faded_yet(values: list[float]) -> None:
    usual = Usual()
    for value in values:
        usual = usual.add(value)
    assert usual.mean == pytest.approx(statistics.fmean(values), abs=0.1 * (max(values) - min(values)) + 1e-6)
    assert len(values) * 0.85 <= usual.n <= len(values)


def test_old_utterances_fade() -> None:
    usual = Usual()
    for value in [0.0] * 200 + [10.0] * 200:
        usual = usual.add(value)
    assert usual.mean > 9.0 and usual.n < 80


def test_what_was_not_measured_is_refused_and_teaches_nothing() -> None:
    with pytest.raises(ValueError, match="finite"):
        Usual().add(float("nan"))
    known = after(2)
    assert learn(known, replace(CALM, f0_mean_st=None)) == known
    assert learn(known, replace(CALM, level_db=None))["level_db"] == known["level_db"]


def test_a_stranger_is_expected_to_sound_like_people_and_a_known_person_like_themselves() -> None:
    low = replace(CALM, level_db=-40.0)
    assert expected("level_db", {}, low).mean == POPULATION["level_db"].mean
    close = [abs(expected("level_db", after(n, low), low).mean + 40.0) for n in (0, 1, 4, 20)]
    assert close == sorted(close, reverse=True) and close[-1] < 1.5


def test_all_recordings_at_once_make_one_baseline_in_any_order() -> None:
    loud, soft = replace(CALM, level_db=-10.0), replace(CALM, level_db=-40.0, f0_mean_st=22.0)
    one, other = label_free([loud, soft, CALM] * 40), label_free([CALM] * 40 + [soft, loud] * 40)
    assert one["level_db"].mean == pytest.approx(other["level_db"].mean) == pytest.approx(-25.0)
    assert one["f0_mean_st"].n == 120 and label_free([replace(CALM, f0_mean_st=None)]) == {}


def test_two_equal_clips_do_not_make_everything_extreme() -> None:
    there = expected("f0_mean_st", after(2), CALM)
    assert there.sd > 0.8 * POPULATION["f0_mean_st"].within


def test_one_shout_does_not_move_a_usual_voice_much() -> None:
    known = after(8)
    shouted = learn(known, replace(CALM, level_db=0.0, f0_mean_st=60.0))
    assert shouted["f0_mean_st"].mean - known["f0_mean_st"].mean < 2.0
    assert utterances(shouted) > utterances(known)


def test_pitch_is_compared_with_people_whose_tract_is_as_long() -> None:
    short = replace(CALM, formant_spacing_hz=1200.0, f0_mean_st=33.0)
    assert short_tract({}, CALM) < 0.1 and short_tract({}, short) > 0.9
    assert expected("f0_mean_st", {}, short).mean - expected("f0_mean_st", {}, CALM).mean > 7


def test_level_and_timbre_are_the_devices_and_pitch_is_the_persons() -> None:
    known = learn(after(3), replace(CALM, level_db=-60.0), "headset")
    assert on_device(known, "headset")["level_db"] == known["level_db@headset"]
    assert on_device(known, "headset")["f0_mean_st"] == known["f0_mean_st"]
    assert "level_db" not in on_device(known, "speaker") and on_device(known, "") == known
    assert key("level_db", "headset") != key("level_db", "") and key("f0_mean_st", "headset") == "f0_mean_st"
