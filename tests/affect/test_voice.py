import itertools
import time

import numpy as np
import pytest
import soxr

from affect.baseline import Usual, from_json, learn, on_device, to_json
from affect.fusion import fuse
from affect.prosody import analyse
from affect.types import WordAffect
from affect.voice import read_voice
from tests.affect.voices import HUMAN, RATE, delivered, faster, human, phrase, vowel

PLAIN = WordAffect(None, None, 1.0)
DELIVERIES = (
    {"db": -9.0, "tilt_db": -6.0},
    {"db": 0.0, "tilt_db": 0.0},
    {"db": 6.0, "tilt_db": 8.0},
    {"db": 12.0, "tilt_db": 16.0},
)


def used_to(name: str, n: int = 6) -> dict[str, Usual]:
    usual: dict[str, Usual] = {}
    for k in range(n):
        usual = learn(usual, analyse(delivered(human(name), db=k % 3 - 1, tilt_db=0)))
    return usual


@pytest.mark.parametrize("known", [False, True])
def test_the_same_words_livelier_are_read_as_livelier_and_stand_further_off_the_words(known: bool) -> None:
    for name in HUMAN:
        usual = used_to(name) if known else {}
        readings = [fuse(PLAIN, read_voice(delivered(human(name), **way), usual)[0]) for way in DELIVERIES]
        arousal = [r.arousal for r in readings]
        assert all(a is not None and b is not None and a < b for a, b in itertools.pairwise(arousal)), arousal
        odd = [r.incongruence.score if r.incongruence else 0.0 for r in readings]
        assert not known or odd[1] < odd[2] < odd[3], odd


@pytest.mark.parametrize("known", [False, True])
def test_the_same_tract_at_a_higher_pitch_is_read_as_livelier(known: bool) -> None:
    for usual_st, tract_cm in ((24.0, 17.0), (34.0, 14.5)):
        usual: dict[str, Usual] = {}
        for k in range(5 if known else 0):
            usual = learn(usual, analyse(phrase(usual_st + 0.3 * k, tract_cm=tract_cm)))
        arousal = [
            read_voice(phrase(usual_st + up, tract_cm=tract_cm), usual)[0].arousal or 0.0
            for up in (-2.0, 0.0, 4.0, 8.0)
        ]
        assert arousal == sorted(arousal) and arousal[3] - arousal[0] > (0.3 if known else 0.1), arousal


def test_a_stranger_with_a_short_tract_is_not_taken_for_an_excited_one_with_a_long_tract() -> None:
    long, short = (read_voice(phrase(st, tract_cm=cm), {})[0] for st, cm in ((24.0, 17.5), (34.0, 14.2)))
    assert long.z["f0_mean_st"] == pytest.approx(short.z["f0_mean_st"], abs=0.8)


def test_a_stranger_is_unknown_and_not_neutral_and_doubt_falls_with_acquaintance() -> None:
    samples = human(HUMAN[2])
    stranger, _ = read_voice(samples, {})
    assert fuse(None, stranger).label == "unknown" and stranger.n == 0 and "not known yet" in stranger.evidence[0]
    doubts = [read_voice(samples, used_to(HUMAN[2], n))[0].uncertainty for n in (0, 1, 4, 12)]
    assert doubts == sorted(doubts, reverse=True) and doubts[-1] < 0.45


def test_a_voice_above_its_usual_says_why() -> None:
    usual = used_to(HUMAN[1])
    excited, _ = read_voice(delivered(human(HUMAN[1]), db=10, tilt_db=8), usual)
    assert excited.arousal is not None and excited.arousal > 0.4 and excited.n == 6
    assert any(line.startswith("loudness") and line.endswith("above usual") for line in excited.evidence)


@pytest.mark.parametrize("name", HUMAN)
def test_silence_around_it_changes_nothing(name: str) -> None:
    silence = np.zeros(2 * RATE, np.float32)
    alone, _ = read_voice(human(name), {})
    between, _ = read_voice(np.concatenate((human(name), silence)), {})
    assert between.arousal == pytest.approx(alone.arousal, abs=0.01)
    assert between.categories == pytest.approx(alone.categories, abs=0.02)


def noisy(snr_db: float) -> np.ndarray:
    samples = human(HUMAN[2])
    noise = np.random.default_rng(0).normal(size=samples.size) * np.sqrt((samples**2).mean()) * 10 ** (-snr_db / 20)
    return np.clip(samples + noise, -1, 1).astype(np.float32)


@pytest.mark.parametrize(
    ("what", "samples"),
    [
        ("silence", np.zeros(2 * RATE, np.float32)),
        ("noise", np.random.default_rng(1).normal(0, 0.1, 3 * RATE).astype(np.float32)),
        ("speech in as much noise", noisy(0.0)),
        ("300 ms", human(HUMAN[2])[RATE : RATE + 4800]),
        ("clipped", np.clip(human(HUMAN[2]) * 30, -1, 1)),
        ("telephone", soxr.resample(soxr.resample(human(HUMAN[2]), RATE, 8000), 8000, RATE)),
        ("two people", np.concatenate((human(HUMAN[1]), faster(human(HUMAN[2]), 3)))),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_answered_with_unknown(what: str, samples: np.ndarray) -> None:
    voice, prosody = read_voice(samples, {})
    assert fuse(None, voice).label == "unknown" and voice.uncertainty >= 0.7
    assert learn({}, prosody) == {} or prosody.f0_mean_st is not None


def test_nobody_speaks_by_the_word_of_a_detector_and_no_time_is_spent() -> None:
    samples = np.tile(human(HUMAN[2]), 4)
    started = time.perf_counter()
    read_voice(samples, {})
    normal = time.perf_counter() - started
    started = time.perf_counter()
    voice, _ = read_voice(samples, {}, speech_share=0.02)
    assert time.perf_counter() - started < normal / 2
    assert voice.arousal is None and voice.categories["unknown"] == 1.0


def test_a_long_turn_is_a_curve() -> None:
    calm, loud = (delivered(human(HUMAN[2]), **DELIVERIES[k]) for k in (1, 3))
    stretches = read_voice(np.concatenate((calm, calm, loud, loud)), used_to(HUMAN[2]))[0].curve
    assert read_voice(calm, {})[0].curve == ()
    assert len(stretches) >= 4 and all(s.end_s - s.start_s <= 8.01 for s in stretches)
    arousal = [s.arousal for s in stretches]
    assert min(a for a in arousal[-2:] if a is not None) > max(a for a in arousal[:2] if a is not None)


def test_noise_teaches_nothing() -> None:
    usual = learn({}, read_voice(vowel(150), {})[1])
    noise = np.random.default_rng(1).normal(0, 0.1, RATE).astype(np.float32)
    assert learn(usual, read_voice(noise, usual)[1]) == usual


def test_a_baseline_survives_being_kept() -> None:
    usual = used_to(HUMAN[1], 2)
    assert from_json(to_json(usual)) == usual


def test_another_microphone_has_a_level_of_its_own() -> None:
    quiet = human(HUMAN[2]) * np.float32(0.05)
    usual = used_to(HUMAN[2])
    for _ in range(4):
        usual = learn(usual, analyse(quiet), "headset")
    here, elsewhere = (read_voice(quiet, on_device(usual, device))[0] for device in ("", "headset"))
    assert here.arousal is not None and elsewhere.arousal is not None
    assert here.arousal < 2 * elsewhere.arousal - 0.2
    assert usual["level_db"] == used_to(HUMAN[2])["level_db"]
