import asyncio
import threading
from pathlib import Path

import pytest

from affect.backends.words import WordsClassifier
from affect.backends.words_transformers import TransformersWords
from affect.labels import EMOTIONS
from affect.text_emotion import read_words
from companion.engine import words_classifier
from companion.errors import ModelUnavailable
from companion.settings import Settings, Words
from companion.turn import read
from tests.affect.tiny_words import build


def test_a_directory_reads_as_our_categories(tmp_path: Path) -> None:
    words = TransformersWords(build(tmp_path / "model"))
    read = words.read("我好开心")
    assert set(read.categories) == {*EMOTIONS, "unknown"} and sum(read.categories.values()) == pytest.approx(1)
    assert read.categories["unknown"] == 0 and read.valence is not None and -1 <= read.valence <= 1
    ((expression, weight),) = read.evidence
    assert "开心" in expression and weight > 0
    assert words.read("").categories["unknown"] == 1.0


def test_a_higher_temperature_is_less_sure(tmp_path: Path) -> None:
    model = build(tmp_path / "model")
    sure, unsure = (TransformersWords(model, temperature=t).read("我不开心") for t in (0.5, 5.0))
    assert unsure.uncertainty > sure.uncertainty


def test_labels_that_we_do_not_know_can_be_mapped(tmp_path: Path) -> None:
    model = build(tmp_path / "model", ("LABEL_0", "LABEL_1", "LABEL_2"))
    with pytest.raises(ValueError, match="map its labels"):
        TransformersWords(model)
    words = TransformersWords(model, names={"LABEL_0": "happy", "LABEL_1": "sad", "LABEL_2": "sad"})
    read = words.read("我难过").categories
    assert read["happy"] + read["sad"] == pytest.approx(1)


def test_what_cannot_be_used_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="text-classification directory"):
        TransformersWords(tmp_path)
    with pytest.raises(ValueError, match="above 0"):
        TransformersWords(tmp_path, temperature=0)
    with pytest.raises(ValueError, match="no such category"):
        TransformersWords(tmp_path, names={"LABEL_0": "jolly"})


def test_a_directory_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    bare = build(tmp_path / "bare")
    (bare / "model.safetensors").unlink()
    with pytest.raises(ValueError, match="is it whole"):
        TransformersWords(bare)
    (bare / "config.json").write_text("{", "utf-8")
    with pytest.raises(ValueError, match="is it whole"):
        TransformersWords(bare)
    from transformers import BertForSequenceClassification

    headless = build(tmp_path / "headless")
    BertForSequenceClassification.from_pretrained(headless).bert.save_pretrained(headless)
    with pytest.raises(ValueError, match="lacks weights"):
        TransformersWords(headless)


async def test_the_event_loop_goes_on_while_a_model_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = TransformersWords(build(tmp_path / "model"))
    alone, logits, others = words.read("我好开心"), words._logits, threading.Event()

    def held_up(text: str) -> object:
        assert others.wait(5), "nothing else ran while the words were read"
        return logits(text)

    monkeypatch.setattr(words, "_logits", held_up)

    async def embed(text: str) -> None:
        return None

    typed = asyncio.create_task(read("我好开心", language="zh", words=words, embed=embed))
    several = [asyncio.create_task(read_words(words, "我好开心")) for _ in range(3)]
    asyncio.get_running_loop().call_soon(others.set)
    assert (await typed).affect.words == alone and await asyncio.gather(*several) == [alone] * 3
    await words.close()


async def test_a_quick_classifier_is_read_at_once() -> None:
    words = WordsClassifier()
    assert await read_words(words, "我不开心") == words.read("我不开心")


async def test_the_settings_choose_the_classifier(tmp_path: Path) -> None:
    model = build(tmp_path / "model", ("LABEL_0", "LABEL_1"))
    assert isinstance(await words_classifier(Settings(), None, Path), WordsClassifier)
    names = {"LABEL_0": "sad", "LABEL_1": "happy"}
    chosen = Words(backend="transformers", model=str(model), temperature=4.0, names=names)
    read_by = await words_classifier(Settings(words=chosen), "use", Path)
    same = TransformersWords(model, temperature=4.0, names=names)
    assert read_by.read("我难过") == same.read("我难过")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (Words(backend="transformers"), "COMPANION_WORDS__MODEL"),
        (Words(backend="transformers", model="."), "text-classification directory"),
    ],
)
async def test_a_setting_that_cannot_be_followed_says_what_to_do(words: Words, told: str) -> None:
    with pytest.raises(ModelUnavailable, match=told):
        await words_classifier(Settings(words=words), None, Path)
