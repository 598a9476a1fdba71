from dataclasses import replace

import pytest

from affect.acoustics import arousal, quality
from affect.backends.acoustic import classify
from affect.baseline import Usual, learn
from affect.labels import EMOTIONS
from affect.types import Prosody

CALM = Prosody(
    3.0, 2.8, 0.8, f0_mean_st=25.0, f0_median_st=25.0, f0_p95_st=29.0, f0_sd_st=2.0, level_db=-25.0,
    alpha_ratio_db=12.0, hammarberg_db=23.0, rate_hz=4.0, hnr_db=11.0, snr_db=30.0, formant_spacing_hz=1020.0,
)  # fmt: skip
EXCITED = replace(CALM, f0_mean_st=31.0, f0_p95_st=36.0, level_db=-15.0, alpha_ratio_db=7.0)
SUBDUED = replace(CALM, f0_mean_st=23.0, f0_p95_st=26.0, level_db=-31.0, alpha_ratio_db=15.0)


def usual(n: int) -> dict[str, Usual]:
    known: dict[str, Usual] = {}
    for _ in range(n):
        known = learn(known, CALM)
    return known


@pytest.mark.parametrize("n", [0, 4])
def test_order_of_three_deliveries_and_their_evidence(n: int) -> None:
    excited, calm, subdued = (arousal(p, usual(n)) for p in (EXCITED, CALM, SUBDUED))
    assert excited.value is not None and calm.value is not None and subdued.value is not None
    assert excited.value > calm.value + 0.3 and calm.value > subdued.value + 0.1
    pitch = next(t for t in excited.terms if t.measure == "f0_mean_st")
    assert 3.5 < pitch.difference < 7.5 and pitch.contribution > 0


def test_a_known_voice_as_it_always_is_has_no_arousal() -> None:
    assert arousal(CALM, usual(30)).value == pytest.approx(0, abs=0.05)


def test_no_voice_is_unknown() -> None:
    nothing = arousal(replace(CALM, f0_mean_st=None), usual(4))
    assert nothing.value is None and nothing.uncertainty == 1.0


def test_uncertainty_falls_with_acquaintance_and_rises_with_noise_and_haste() -> None:
    doubts = [arousal(EXCITED, usual(n)).uncertainty for n in (0, 2, 20)]
    assert doubts == sorted(doubts, reverse=True) and doubts[0] > 0.7
    assert quality(replace(CALM, snr_db=10.0)) < quality(CALM)
    assert quality(replace(CALM, speech_s=0.6)) < quality(CALM)
    assert arousal(replace(EXCITED, level_db=None), usual(20)).uncertainty > doubts[-1]


def test_categories_follow_the_deviations_and_sum_to_one() -> None:
    known = usual(20)
    spoken = {"calm": CALM, "excited": EXCITED, "slow": replace(SUBDUED, rate_hz=2.0, pause_share=0.4)}
    told = {name: classify(prosody, known, 0.3).categories for name, prosody in spoken.items()}
    assert all(sum(c.values()) == pytest.approx(1) for c in told.values())
    assert max(EMOTIONS, key=lambda name: told["calm"][name]) == "neutral"
    assert told["excited"]["neutral"] < told["calm"]["neutral"] and told["slow"]["sad"] > 2 * told["calm"]["sad"]
    assert classify(CALM, {}, 1.0).categories["unknown"] == 1.0
    assert classify(CALM, {}, 0.5).categories["unknown"] == 0.0
