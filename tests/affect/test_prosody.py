import numpy as np
import pytest

from affect.prosody import SAMPLE_RATE, analyse


def voice(hz: float, seconds: float = 1.5, level: float = 0.1) -> np.ndarray:
    """A vowel-like tone: ten harmonics falling 6 dB an octave."""
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return level * sum(np.sin(2 * np.pi * k * hz * t) / k for k in range(1, 11))


@pytest.mark.parametrize("hz", [90.0, 120.0, 210.0, 330.0])
def test_pitch_is_right_within_a_tenth_of_a_semitone(hz):
    assert analyse(voice(hz)).f0_mean_st == pytest.approx(12 * np.log2(hz / 27.5), abs=0.1)


def test_level_moves_level_and_nothing_of_the_pitch():
    quiet, loud = analyse(voice(180, level=0.02)), analyse(voice(180, level=0.2))
    assert loud.level_db - quiet.level_db == pytest.approx(20, abs=0.1)
    assert loud.f0_mean_st == pytest.approx(quiet.f0_mean_st, abs=1e-6)
    assert loud.alpha_ratio_db == pytest.approx(quiet.alpha_ratio_db, abs=1e-6)


def test_a_brighter_voice_has_a_lower_alpha_ratio():
    dull = voice(200)
    bright = dull + 0.5 * voice(1500)[: dull.size]
    assert analyse(bright).alpha_ratio_db < analyse(dull).alpha_ratio_db - 3


def test_silence_is_unknown_not_zero():
    result = analyse(np.zeros(SAMPLE_RATE))
    assert result.f0_mean_st is None and result.level_db is None and result.pause_share == 1.0


def test_noise_has_no_pitch():
    noise = np.random.default_rng(1).normal(0, 0.1, SAMPLE_RATE)
    assert analyse(noise).f0_mean_st is None


def test_silence_after_speech_changes_pauses_only():
    alone = analyse(voice(150))
    followed = analyse(np.concatenate([voice(150), np.zeros(2 * SAMPLE_RATE)]))
    assert followed.f0_mean_st == pytest.approx(alone.f0_mean_st, abs=0.05)
    assert followed.pause_share > 0.5 > alone.pause_share


@pytest.mark.parametrize(
    ("samples", "says"),
    [(np.zeros(10), "too short"), (np.zeros((2, 16000)), "mono"), (np.full(16000, np.nan), "NaN")],
)
def test_bad_input_says_what_to_do(samples, says):
    with pytest.raises(ValueError, match=says):
        analyse(samples)
