from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affect.prosody import analyse
from affect.tracks import track
from affect.voice_quality import perturbation
from tests.affect.voices import HUMAN, RATE, delivered, faster, human, vowel

PITCH = ("f0_median_st", "f0_mean_st", "f0_p5_st", "f0_p95_st", "f0_range_st", "f0_sd_st")


@pytest.mark.parametrize("hz", [80.0, 120.0, 210.0, 330.0, 560.0])
def test_pitch_is_right_within_a_tenth_of_a_semitone(hz: float) -> None:
    assert analyse(vowel(hz)).f0_mean_st == pytest.approx(12 * np.log2(hz / 27.5), abs=0.1)


# The deepest of them would fall under the lowest pitch that is looked for.
@pytest.mark.parametrize(("name", "semitones"), [*((n, 4.0) for n in HUMAN), *((n, -4.0) for n in HUMAN[1:])])
def test_a_recording_four_semitones_higher_has_a_pitch_four_semitones_higher(name: str, semitones: float) -> None:
    before, after = analyse(human(name)), analyse(faster(human(name), semitones))
    assert after.f0_mean_st is not None and before.f0_mean_st is not None
    assert after.f0_mean_st - before.f0_mean_st == pytest.approx(semitones, abs=0.1)


@settings(max_examples=20, deadline=None)
@given(st.floats(-20, 3), st.sampled_from(HUMAN))
def test_scaling_the_level_moves_the_level_and_nothing_of_the_pitch(db: float, name: str) -> None:
    before, after = analyse(human(name)), analyse(human(name) * np.float32(10 ** (db / 20)))
    assert after.level_db == pytest.approx((before.level_db or 0.0) + db, abs=0.05)
    for measure in (*PITCH, "alpha_ratio_db", "hnr_db"):
        assert getattr(after, measure) == pytest.approx(getattr(before, measure), abs=0.02), measure


@pytest.mark.parametrize("name", HUMAN)
def test_two_silent_seconds_before_and_after_change_no_measure(name: str) -> None:
    silence = np.zeros(2 * RATE, np.float32)
    alone, between = analyse(human(name)), analyse(np.concatenate((silence, human(name), silence)))
    assert between.duration_s == pytest.approx(alone.duration_s + 4)
    for measure, value in asdict(alone).items():
        if measure not in ("duration_s", "invalid", "snr_db"):
            now = getattr(between, measure)
            assert now == (value if value is None else pytest.approx(value, abs=0.05, rel=0.02)), measure


def test_a_brighter_voice_has_a_lower_alpha_ratio() -> None:
    flat, tilted = (delivered(human(HUMAN[2]), db=0, tilt_db=tilt) for tilt in (0.0, 24.0))
    bright, dull = analyse(tilted).alpha_ratio_db, analyse(flat).alpha_ratio_db
    assert bright is not None and dull is not None and bright < dull - 2


def test_a_falling_end_has_a_falling_slope() -> None:
    hz = 200 * 2 ** (-np.linspace(0, 12, RATE) / 12)  # an octave a second
    assert analyse(vowel(hz, 1.0)).f0_end_slope_st_s == pytest.approx(-12, abs=1.5)


def test_syllables_and_pauses_are_counted() -> None:
    syllable = vowel(160, 0.18) * np.hanning(int(0.18 * RATE)).astype(np.float32)
    gap, pause = np.zeros(int(0.02 * RATE), np.float32), np.zeros(int(0.5 * RATE), np.float32)
    phrase = np.concatenate([np.concatenate((syllable, gap))] * 10)
    prosody = analyse(np.concatenate((phrase, pause, phrase)))
    assert prosody.pauses == 1 and prosody.pause_mean_s == pytest.approx(0.5, abs=0.1)
    assert prosody.rate_hz == pytest.approx(5.0, abs=1.0)


def pulses(jitter: float, shimmer: float, hz: float = 125.0, seconds: float = 2.0) -> np.ndarray:
    """Glottal pulses through one resonance; period and amplitude differ from one to the next by these shares."""
    random = np.random.default_rng(3)
    out, at = np.zeros(int(seconds * RATE)), 200.0
    ring = np.exp(-np.arange(240) / 40) * np.sin(2 * np.pi * 700 * np.arange(240) / RATE)
    while at < out.size - 400:
        whole, part = int(at), at - int(at)
        shifted = np.interp(np.arange(241) - part, np.arange(240), ring, left=0, right=0)
        out[whole : whole + 241] += shifted * (1 + shimmer * random.choice((-0.5, 0.5)))
        at += RATE / hz * (1 + jitter * random.choice((-0.5, 0.5)))
    return (0.3 * out).astype(np.float32)


def test_jitter_and_shimmer_rise_with_what_was_put_in() -> None:
    steady = perturbation(track(pulses(0.0, 0.0)))
    rough, uneven = perturbation(track(pulses(0.04, 0.0))), perturbation(track(pulses(0.0, 0.3)))
    assert steady is not None and rough is not None and uneven is not None
    assert steady[0] < 0.005 and rough[0] > 3 * steady[0] + 0.005
    assert steady[1] < 0.03 and uneven[1] > 3 * steady[1] + 0.05


def test_what_cannot_be_measured_is_none_with_a_reason() -> None:
    silent = analyse(np.zeros(RATE))
    assert silent.f0_mean_st is None and silent.invalid["level_db"] == "silent"
    noise = analyse(np.random.default_rng(1).normal(0, 0.1, 2 * RATE))
    assert noise.f0_mean_st is None and noise.invalid["f0_mean_st"] in ("too noisy", "unvoiced")
    assert analyse(vowel(200, 0.12)).invalid["f0_mean_st"] == "too short"
    clipped = analyse(np.clip(human(HUMAN[2]) * 30, -1, 1))
    assert clipped.level_db is None and clipped.invalid["alpha_ratio_db"] == "clipped"


@pytest.mark.parametrize(
    ("samples", "says"),
    [(np.zeros(10), "too short"), (np.zeros((2, 16000)), "mono"), (np.full(16000, np.nan), "NaN")],
)
def test_bad_input_says_what_to_do(samples: np.ndarray, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        analyse(samples)
