from dataclasses import replace

import pytest

from affect.acoustics import arousal, learn
from affect.types import Prosody

CALM = Prosody(2.0, 0.8, 0.2, 30.0, 27.0, 33.0, 2.0, -25.0, 12.0, 20.0)
EXCITED = replace(CALM, f0_mean_st=36.0, f0_p95_st=40.0, level_db=-15.0, alpha_ratio_db=7.0)
SUBDUED = replace(CALM, f0_mean_st=28.0, f0_p95_st=30.0, level_db=-31.0, alpha_ratio_db=15.0)


def usual(n):
    known = {}
    for _ in range(n):
        known = learn(known, CALM)
    return known


def test_order_of_three_deliveries_and_their_evidence():
    known = usual(4)
    excited, calm, subdued = (arousal(p, known) for p in (EXCITED, CALM, SUBDUED))
    assert excited.value > calm.value > subdued.value
    assert calm.value == pytest.approx(0, abs=1e-9)
    pitch = next(t for t in excited.terms if t.measure == "f0_mean_st")
    assert pitch.difference == pytest.approx(6.0)


def test_a_stranger_is_unknown_not_neutral():
    stranger = arousal(EXCITED, {})
    assert stranger.value is None and stranger.uncertainty == 1.0


def test_no_voice_is_unknown():
    assert arousal(replace(CALM, f0_mean_st=None), usual(4)).value is None


def test_uncertainty_falls_with_acquaintance():
    assert arousal(EXCITED, usual(20)).uncertainty < arousal(EXCITED, usual(2)).uncertainty < 1.0


def test_what_was_not_measured_teaches_nothing():
    known = usual(2)
    assert learn(known, replace(CALM, f0_mean_st=None))["f0_mean_st"] == known["f0_mean_st"]
