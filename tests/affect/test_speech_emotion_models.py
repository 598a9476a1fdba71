"""emotion2vec through FunASR and audio classifiers of transformers: real classes, tiny random weights."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from affect.backends import emotion2vec, transformers_audio
from affect.backends.transformers_audio import TransformersAudio
from affect.labels import PRIOR, UNKNOWN
from affect.speech_emotion import Calibration, EmotionModelError
from tests.tiny import audio_classifier
from tests.tiny import emotion2vec as tiny

NOISE = np.random.default_rng(0).normal(0, 0.1, 48_000).astype(np.float32)
OPEN = Calibration(threshold=1.0)  # as far as random weights decide anything


@pytest.fixture(autouse=True, scope="module")
def quiet_root() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.build(tmp_path_factory.mktemp("tiny-emotion2vec"))


def section(model: object) -> SimpleNamespace:
    return SimpleNamespace(model=str(model), encoder="", threads=1)


async def test_emotion2vec_gives_its_nine_scores_under_our_names(folder: Path) -> None:
    made = await emotion2vec.create(section(folder), Path)
    found = made.classify(NOISE)
    assert found.source == "emotion2vec"
    assert sum(found.categories.values()) == pytest.approx(1)
    (result,) = made._auto.generate(input=NOISE, granularity="utterance", extract_embedding=False, disable_pbar=True)
    raw = dict(zip(result["labels"], result["scores"], strict=True))
    assert found.categories["sad"] == pytest.approx(raw["难过/sad"], abs=1e-4)
    assert found.categories["unknown"] == pytest.approx(raw["其他/other"] + raw["<unk>"], abs=1e-4)
    assert made.classify(NOISE) == found
    assert made.classify(np.tile(NOISE, 10)).categories["sad"] == pytest.approx(found.categories["sad"], abs=0.1)
    for bad in (NOISE[:500], np.full(16_000, np.nan, np.float32), np.stack([NOISE, NOISE])):
        with pytest.raises(ValueError):
            made.classify(bad)


async def test_emotion2vec_takes_the_shortest_and_is_calibrated_by_its_directory(folder: Path) -> None:
    made = await emotion2vec.create(section(folder), Path)
    assert sum(made.classify(NOISE[:640]).categories.values()) == pytest.approx(1)
    (folder / "calibration.json").write_text(json.dumps({"temperature": 100.0}))
    try:
        cool = await emotion2vec.create(section(folder), Path)
    finally:
        (folder / "calibration.json").unlink()
    assert cool.classify(NOISE).categories == dict(UNKNOWN)


async def test_a_model_without_emotions_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(EmotionModelError, match="no emotion that we know"):
        emotion2vec.Emotion2vec(SimpleNamespace(kwargs={"tokenizer": None}))
    with pytest.raises(EmotionModelError, match=r"config\.yaml"):
        await emotion2vec.create(section(tmp_path), Path)
    (tmp_path / "config.yaml").write_text("model: NoSuchModel\nmodel_conf: {}\n")
    with pytest.raises(EmotionModelError, match="cannot load"):
        await emotion2vec.create(section(tmp_path), Path)


async def test_a_transformers_directory_is_mapped_by_its_labels(tmp_path: Path) -> None:
    directory = audio_classifier.wav2vec2(tmp_path / "wav2vec2")
    made = await transformers_audio.create(section(directory), Path)
    found = made.classify(NOISE)
    assert found.source == made.name == "transformers:wav2vec2"
    assert sum(found.categories.values()) == pytest.approx(1)
    assert found.categories["fearful"] == pytest.approx(PRIOR["fearful"])  # it has no such label
    raw = made._part(NOISE)
    likeliest = max(raw, key=raw.__getitem__)
    assert {"ang": "angry", "hap": "happy", "neu": "neutral", "sad": "sad"}[likeliest] == max(
        found.categories, key=found.categories.__getitem__
    )
    assert made.classify(np.tile(NOISE, 10)).categories.keys() == UNKNOWN.keys()
    for bad in (NOISE[:500], np.full(16_000, np.nan, np.float32)):
        with pytest.raises(ValueError):
            made.classify(bad)


def test_features_of_thirty_seconds_work_as_well(tmp_path: Path) -> None:
    made = TransformersAudio(audio_classifier.whisper(tmp_path / "whisper"), calibration=OPEN)
    found = made.classify(NOISE[:16_000])
    assert found.categories["unknown"] == 0
    assert sum(found.categories.values()) == pytest.approx(1)


def test_directories_that_cannot_answer_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EmotionModelError, match=r"no config\.json"):
        TransformersAudio(tmp_path)
    nameless = audio_classifier.wav2vec2(tmp_path / "nameless", ["LABEL_0", "LABEL_1"])
    with pytest.raises(EmotionModelError, match="no emotion that we know"):
        TransformersAudio(nameless)
    untrained = audio_classifier.wav2vec2(tmp_path / "untrained")
    from safetensors.torch import load_file, save_file

    weights = load_file(untrained / "model.safetensors")
    save_file({k: v for k, v in weights.items() if "classifier" not in k}, untrained / "model.safetensors",
              {"format": "pt"})  # fmt: skip
    with pytest.raises(EmotionModelError, match="lacks weights"):
        TransformersAudio(untrained)
    rate = audio_classifier.wav2vec2(tmp_path / "rate")
    settings = json.loads((rate / "preprocessor_config.json").read_text())
    (rate / "preprocessor_config.json").write_text(json.dumps({**settings, "sampling_rate": 8000}))
    with pytest.raises(EmotionModelError, match="8000 Hz"):
        TransformersAudio(rate)
    (rate / "config.json").write_text("{")
    with pytest.raises(EmotionModelError, match="cannot load"):
        TransformersAudio(rate)
