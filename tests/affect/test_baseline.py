import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affect.baseline import Usual


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=50))
def test_running_moments_equal_those_of_the_list(values):
    usual = Usual()
    for value in values:
        usual = usual.add(value)
    assert usual.mean == pytest.approx(statistics.fmean(values), abs=1e-6)
    assert usual.m2 == pytest.approx(statistics.pvariance(values) * len(values), abs=1e-4)


def test_a_stranger_has_no_z():
    assert Usual().z(3.0, 2.5) is None


def test_two_equal_clips_do_not_make_everything_extreme():
    usual = Usual().add(10.0).add(10.0)
    assert 0.9 < usual.z(12.5, 2.5) < 1.2


def test_what_was_not_measured_is_refused():
    with pytest.raises(ValueError, match="finite"):
        Usual().add(float("nan"))
