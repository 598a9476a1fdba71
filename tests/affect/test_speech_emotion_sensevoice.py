"""The posterior at SenseVoice's emotion query, on a tiny SenseVoiceSmall that FunASR runs."""

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from affect.backends.sensevoice import (
    DEFAULT_EMOTIONS,
    SenseVoiceEmotion,
    TagPosterior,
    create,
    find_tags,
    heard,
    posterior,
)
from affect.labels import UNKNOWN, category
from affect.speech_emotion import Calibration, EmotionModelError, from_labels
from companion.errors import ModelUnavailable
from companion.settings import Speech
from companion.speech.backends import funasr_local
from tests.tiny import sensevoice


@pytest.fixture(scope="module")
def auto(tiny_sensevoice: Path) -> Any:
    from affect.backends.funasr_auto import load_auto

    return load_auto(str(tiny_sensevoice))


def generate(auto: Any, samples: np.ndarray) -> str:
    (result,) = auto.generate(input=samples, language="auto", use_itn=True, disable_pbar=True)
    return str(result["text"])


def test_the_posterior_agrees_with_the_hard_tag_and_leaves_the_words_alone(auto: Any) -> None:
    tap = TagPosterior(auto)
    assert tap.scores is None
    for answer in sensevoice.ANSWERS:
        with tap:
            said = generate(auto, sensevoice.chord(answer))
        assert said.replace(" ", "") == answer.raw.replace(" ", "")
        scores = tap.scores
        assert scores is not None and scores.source == "sensevoice"
        assert sum(scores.categories.values()) == pytest.approx(1)
        likeliest = max(scores.categories, key=scores.categories.__getitem__)
        assert likeliest == category(answer.tags[1])
        assert 0 < scores.categories["neutral"] < 1
    assert not auto.model.ctc.ctc_lo._forward_hooks  # the model is as it was


def test_parts_of_one_utterance_are_averaged(auto: Any) -> None:
    happy, sad = sensevoice.ANSWERS[:2]
    tap = TagPosterior(auto)
    with tap:
        generate(auto, sensevoice.chord(happy))
        generate(auto, sensevoice.chord(sad))
    assert tap.scores is not None
    shares = tap.scores.categories
    assert shares["happy"] == pytest.approx(shares["sad"], abs=0.05)
    assert shares["happy"] > 0.35


def test_a_classifier_of_its_own_is_tempered(auto: Any) -> None:
    chord = sensevoice.chord(sensevoice.ANSWERS[3])
    plain, cool = SenseVoiceEmotion(auto).classify(chord), SenseVoiceEmotion(auto, Calibration(2.0)).classify(chord)
    assert plain.categories["angry"] > cool.categories["angry"] > 0.3
    with pytest.raises(ValueError):
        SenseVoiceEmotion(auto).classify(np.full(16_000, np.nan, np.float32))


async def test_the_factory_loads_a_directory_with_its_calibration(tiny_sensevoice: Path) -> None:
    section = SimpleNamespace(model=str(tiny_sensevoice), encoder="", threads=1)
    (tiny_sensevoice / "calibration.json").write_text('{"temperature": 3.0}')
    try:
        made = await create(section, Path)
    finally:
        (tiny_sensevoice / "calibration.json").unlink()
    found = made.classify(sensevoice.chord(sensevoice.ANSWERS[0])).categories
    assert max(found, key=found.__getitem__) == "happy"
    assert 0.4 < found["happy"] < 0.83
    with pytest.raises(EmotionModelError, match="COMPANION_EMOTION__MODEL"):
        await create(SimpleNamespace(model=None, encoder="", threads=1), Path)
    with pytest.raises(EmotionModelError, match=r"config\.yaml"):
        await create(SimpleNamespace(model=str(tiny_sensevoice.parent), encoder="", threads=1), Path)


async def test_transcripts_carry_what_the_same_pass_heard(tiny_sensevoice: Path) -> None:
    recognizer = await funasr_local.create(Speech(model=str(tiny_sensevoice)), Path)
    assert isinstance(recognizer, funasr_local.FunasrRecognizer)
    try:
        assert recognizer.share(object())  # SenseVoice needs no classifier beside it
        for answer in sensevoice.ANSWERS:
            transcript = await recognizer.recognize(sensevoice.chord(answer))
            assert transcript.text == answer.text
            assert transcript.emotion is not None
            shares = transcript.emotion.categories
            assert max(shares, key=shares.__getitem__) == category(answer.tags[1])
    finally:
        await recognizer.close()
    (tiny_sensevoice / "calibration.json").write_text("{")
    try:
        with pytest.raises(ModelUnavailable, match=r"calibration\.json"):
            await funasr_local.create(Speech(model=str(tiny_sensevoice)), Path)
    finally:
        (tiny_sensevoice / "calibration.json").unlink()


def test_listening_in_costs_next_to_nothing(auto: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most 2 % of a pass of SenseVoiceSmall, which takes 187 ms for 1.2 s on one core here; this one takes 20 ms."""
    tap, own, whole = TagPosterior(auto), [], []
    listen = tap._listen

    def timed(*args: object) -> None:
        started = time.perf_counter()
        listen(*args)
        own.append(time.perf_counter() - started)

    monkeypatch.setattr(tap, "_listen", timed)
    chord = sensevoice.chord(sensevoice.ANSWERS[0])
    for _ in range(30):
        started = time.perf_counter()
        with tap:
            generate(auto, chord)
        whole.append(time.perf_counter() - started)
    assert np.median(own) < 0.15 * np.median(whole)
    assert np.median(own) < 0.02 * 0.187


def test_tokens_are_found_by_name_where_the_tokenizer_knows_them() -> None:
    names = ["<unk>", "a", "<|HAPPY|>", "<|FEARFUL|>", "<|EMO_UNKNOWN|>", "<|Laughter|>", "<|BGM|>"]
    pieces = SimpleNamespace(
        piece_to_id=lambda piece: names.index(piece) if piece in names else 0, id_to_piece=names.__getitem__
    )
    tags = find_tags(SimpleNamespace(sp=pieces))
    assert tags.emotions == {"HAPPY": 2, "EMO_UNKNOWN": 4, "FEARFUL": 3}
    assert tags.events == {"laugh": 5, "music": 6}
    assert find_tags(None).emotions == DEFAULT_EMOTIONS


def test_a_frame_that_answers_something_else_is_unknown() -> None:
    names, logits = ["HAPPY", "SAD"], np.array([1.0, 0.0])
    inside = float(np.logaddexp.reduce(logits))
    assert posterior(names, logits, inside) == pytest.approx({"HAPPY": 0.731, "SAD": 0.269, "unknown": 0}, abs=1e-3)
    assert posterior(names, logits, inside + np.log(4))["unknown"] == pytest.approx(0.5)  # a quarter of the frame
    assert posterior(names, logits, inside - 1.0)["unknown"] == 0  # rounding
    assert from_labels(posterior(["EMO_UNKNOWN", "SAD"], np.array([9.0, 0.0]), 9.0))["unknown"] > 0.99
    assert from_labels(posterior(names, logits, 1000.0)) == dict(UNKNOWN)


def test_events_are_told_from_three_tenths_on() -> None:
    shares = np.array([0.35, 0.05, 0.4])
    assert heard(["cry", "cough", "laugh"], np.log(shares), 0.0) == ("laugh", "cry")
    assert heard(["cry"], np.log([0.2]), 0.0) == ()


def test_events_come_from_the_third_frame() -> None:
    import torch

    names = ["<unk>", "<|HAPPY|>", "<|SAD|>", "<|Laughter|>", "<|Cry|>"]
    pieces = SimpleNamespace(
        piece_to_id=lambda piece: names.index(piece) if piece in names else 0, id_to_piece=names.__getitem__
    )
    layer = torch.nn.Identity()
    model = SimpleNamespace(ctc=SimpleNamespace(ctc_lo=layer), emo_dict={})
    tap = TagPosterior(SimpleNamespace(model=model, kwargs={"tokenizer": SimpleNamespace(sp=pieces)}))
    logits = torch.full((1, 6, 5), -9.0)
    logits[0, 1, 2], logits[0, 2, 4], logits[0, 0, 1] = 5.0, 5.0, 5.0
    with tap:
        layer(logits)
    assert tap.scores is not None
    assert tap.scores.events == ("cry",)
    assert tap.scores.categories["sad"] > tap.scores.categories["happy"]


def test_a_pass_that_gives_nan_tells_no_emotion() -> None:
    import torch

    layer = torch.nn.Identity()
    tap = TagPosterior(
        SimpleNamespace(model=SimpleNamespace(ctc=SimpleNamespace(ctc_lo=layer), emo_dict={}), kwargs={})
    )
    with tap:
        layer(torch.full((1, 5, 25_055), float("nan")))
    assert tap.scores is None


def test_another_model_is_refused() -> None:
    with pytest.raises(EmotionModelError, match="no SenseVoiceSmall"):
        TagPosterior(SimpleNamespace(model=SimpleNamespace(), kwargs={}))
