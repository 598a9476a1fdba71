from pathlib import Path

import pytest

from affect.backends.words_transformers import TransformersWords
from affect.labels import EMOTIONS

LABELS = ("joy", "sadness", "anger", "fear", "surprise", "disgust", "neutral")


def build(folder: Path, labels: tuple[str, ...] = LABELS) -> Path:
    """A tiny random model with a vocabulary of its own."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    folder.mkdir()
    (folder / "vocab.txt").write_text(
        "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"我开心难过好不"]), "utf-8"
    )
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=12,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        id2label=dict(enumerate(labels)),
        label2id={label: at for at, label in enumerate(labels)},
        initializer_range=1.0,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


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
