"""A tiny text-classification directory of the transformers library, random weights."""

from pathlib import Path

LABELS = ("joy", "sadness", "anger", "fear", "surprise", "disgust", "neutral")


def build(folder: Path, labels: tuple[str, ...] = LABELS) -> Path:
    """A tiny random model with a vocabulary of its own. Leaves torch's random state alone."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    folder.mkdir()
    (folder / "vocab.txt").write_text(
        "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"我开心难过好不"]), "utf-8"
    )
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(folder)
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
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        BertForSequenceClassification(config).save_pretrained(folder)
    return folder
