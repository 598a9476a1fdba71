import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affect.labels import EMOTIONS, PRIOR, UNKNOWN
from affect.speech_emotion import (
    Calibration,
    EmotionModelError,
    FakeSpeechEmotion,
    abstaining,
    answer,
    beside,
    checked,
    from_labels,
    mean,
    read_calibration,
    tempered,
    undecided,
    windows,
)
from affect.types import EmotionScores, Prosody, VoiceAffect

HAPPY = {**dict.fromkeys(EMOTIONS, 0.05), "happy": 0.6, "unknown": 0.1}
SHARES = st.lists(st.floats(0, 1), min_size=len(UNKNOWN), max_size=len(UNKNOWN)).filter(lambda v: sum(v) > 0.01)


def of(values: list[float]) -> dict[str, float]:
    return {name: value / sum(values) for name, value in zip(UNKNOWN, values, strict=True)}


def test_labels_of_published_sets_come_to_ours() -> None:
    assert from_labels({"生气/angry": 0.7, "<unk>": 0.1, "开心/happy": 0.2, "恐惧/fearful": 0.0, "吃惊/surprised": 0.0,
                        "厌恶/disgusted": 0.0, "难过/sad": 0.0, "中立/neutral": 0.0}) == pytest.approx(
        {**dict.fromkeys(EMOTIONS, 0.0), "angry": 0.7, "happy": 0.2, "unknown": 0.1})  # fmt: skip


def test_negative_is_four_emotions_and_what_was_never_asked_keeps_its_prior() -> None:
    found = from_labels({"negative": 1.0, "neutral": 0.0, "positive": 0.0})
    assert found["surprised"] == pytest.approx(PRIOR["surprised"])
    assert found["angry"] / found["disgusted"] == pytest.approx(PRIOR["angry"] / PRIOR["disgusted"])
    assert found["angry"] + found["sad"] + found["fearful"] + found["disgusted"] == pytest.approx(
        1 - PRIOR["surprised"]
    )


def test_labels_that_mean_nothing_are_unknown_and_bad_scores_are_refused() -> None:
    assert from_labels({"class_0": 0.4, "class_1": 0.6}) == dict(UNKNOWN)
    for scores in ({"happy": -0.1, "sad": 1.0}, {"happy": 0.0}, {}, {"happy": float("nan"), "sad": 1.0}):
        with pytest.raises(ValueError):
            from_labels(scores)


@given(SHARES, st.floats(0.2, 5))
def test_tempering_keeps_the_order_and_the_sum(values: list[float], temperature: float) -> None:
    before = of(values)
    after = tempered(before, temperature)
    assert sum(after.values()) == pytest.approx(1)
    likeliest = max(before, key=before.__getitem__)
    assert after[likeliest] == pytest.approx(max(after.values()))
    if temperature >= 1:
        assert after[likeliest] <= before[likeliest] + 1e-9


def test_a_temperature_must_be_above_zero() -> None:
    with pytest.raises(ValueError, match="above 0"):
        tempered(HAPPY, 0.0)
    with pytest.raises(ValueError, match="above 0"):
        Calibration(temperature=float("inf"))
    with pytest.raises(ValueError, match=r"0\.\.1"):
        Calibration(threshold=1.2)


@given(SHARES, st.floats(0, 3), st.floats(-10, 40))
def test_poor_audio_moves_mass_to_unknown_and_never_back(values: list[float], voiced_s: float, snr_db: float) -> None:
    before = of(values)
    after = abstaining(before, voiced_s=voiced_s, snr_db=snr_db)
    assert sum(after.values()) == pytest.approx(1)
    assert after["unknown"] >= before["unknown"] - 1e-9
    if voiced_s >= 1 and snr_db >= 10 and before["unknown"] < 1:
        assert after == pytest.approx(before)


def test_half_a_second_of_voice_is_half_believed_and_noise_not_at_all() -> None:
    assert abstaining(HAPPY, voiced_s=0.5)["unknown"] == pytest.approx(1 - 0.9 / 2)
    assert abstaining(HAPPY, snr_db=5.0)["unknown"] == pytest.approx(1 - 0.9 / 2)
    assert abstaining(HAPPY, snr_db=-1.0) == dict(UNKNOWN)
    assert abstaining(HAPPY, voiced_s=0.0) == dict(UNKNOWN)
    assert abstaining(HAPPY) == pytest.approx(HAPPY)


def test_a_flat_posterior_is_no_answer() -> None:
    assert undecided(dict.fromkeys(EMOTIONS, 1 / 7), 0.1)
    assert not undecided(HAPPY, 0.1)
    assert undecided({"positive": 0.4, "neutral": 0.3, "negative": 0.3}, 0.25)  # all of three
    assert not undecided({"positive": 0.5, "neutral": 0.3, "negative": 0.2}, 0.25)
    assert undecided({"unknown": 1.0}, 0.1)
    assert abstaining(dict.fromkeys(EMOTIONS, 1 / 7), threshold=0.1) == dict(UNKNOWN)


def test_an_answer_of_one_coarse_label_is_decided() -> None:
    found = answer({"negative": 0.97, "neutral": 0.02, "positive": 0.01}, Calibration())
    assert found["unknown"] == pytest.approx(0)
    assert found["angry"] + found["sad"] > 0.6
    assert answer({"negative": 0.97, "neutral": 0.02, "positive": 0.01}, Calibration(temperature=50.0)) == dict(UNKNOWN)


def test_long_audio_is_cut_into_equal_parts_and_averaged_by_length() -> None:
    samples = np.arange(16_000 * 45, dtype=np.float32)
    parts = windows(samples)
    assert [p.size for p in parts] == [240_000] * 3
    assert np.array_equal(np.concatenate(parts), samples)
    assert mean([({"happy": 1.0, "sad": 0.0}, 3.0), ({"happy": 0.0, "sad": 1.0}, 1.0)]) == {"happy": 0.75, "sad": 0.25}
    with pytest.raises(ValueError):
        mean([])


@pytest.mark.parametrize("samples", [np.zeros(600), np.full(1600, np.nan), np.zeros((1600, 2)), np.full(1600, np.inf)])
def test_what_cannot_be_classified_is_refused(samples: np.ndarray) -> None:
    with pytest.raises(ValueError):
        FakeSpeechEmotion().classify(samples.astype(np.float32))


def test_the_fake_answers_as_told_and_samples_become_float32() -> None:
    fake = FakeSpeechEmotion(HAPPY, ("laugh",))
    assert fake.classify(np.zeros(1600, np.float32)) == EmotionScores(HAPPY, ("laugh",), "fake")
    assert fake.calls == 1
    assert checked(np.zeros(1600)).dtype == np.float32


def test_a_calibration_lies_beside_a_directory_or_a_file(tmp_path: Path) -> None:
    assert read_calibration(tmp_path) == Calibration()
    (tmp_path / "calibration.json").write_text(json.dumps({"temperature": 1.7, "threshold": 0.2, "n": 90}))
    assert read_calibration(tmp_path) == Calibration(1.7, 0.2, 90)
    (tmp_path / "mine.calibration.json").write_text('{"temperature": 2}')
    assert read_calibration(tmp_path / "mine.npz") == Calibration(2.0)
    for wrong in ("[]", "{", '{"temperature": "hot"}', '{"temprature": 1}', '{"temperature": -1}', '{"n": null}'):
        (tmp_path / "calibration.json").write_text(wrong)
        with pytest.raises(EmotionModelError, match="calibration"):
            read_calibration(tmp_path)


def test_a_classifier_stands_beside_prosody() -> None:
    voice = VoiceAffect(0.4, -0.1, 0.5, 3, {}, ("pitch 4.0 st above usual",), {**UNKNOWN}, ("breath",))
    clear = Prosody(3.0, speech_s=2.5, voiced_share=0.6, snr_db=25.0)
    read = beside(voice, clear, EmotionScores(HAPPY, ("laugh",), "fake"))
    assert read.categories == pytest.approx(HAPPY)
    assert read.events == ("laugh", "breath")
    assert read.valence is not None and read.valence > 0.3
    assert (read.arousal, read.uncertainty, read.evidence) == (voice.arousal, voice.uncertainty, voice.evidence)
    noisy = Prosody(3.0, speech_s=2.5, voiced_share=0.6, snr_db=-3.0)
    assert beside(voice, noisy, EmotionScores(HAPPY, ("laugh",), "fake")).categories == voice.categories
    silent = VoiceAffect(None, None, 1.0, 0, {})
    assert beside(silent, clear, EmotionScores(HAPPY, ("cry",))).categories == silent.categories
    assert beside(silent, clear, EmotionScores(HAPPY, ("cry",))).events == ("cry",)
