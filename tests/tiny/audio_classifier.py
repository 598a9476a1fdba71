"""Tiny audio-classification directories of the transformers library, random weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

LABELS = ("ang", "hap", "neu", "sad")


def wav2vec2(folder: Path, labels: Sequence[str] = LABELS) -> Path:
    """A Wav2Vec2ForSequenceClassification with its feature extractor. Leaves torch's random state alone."""
    import torch
    from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2ForSequenceClassification

    config = Wav2Vec2Config(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=48, classifier_proj_size=16,
        conv_dim=(16,) * 7, num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=2, vocab_size=8,
        id2label=dict(enumerate(labels)), label2id={label: at for at, label in enumerate(labels)},
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(11)
        net = Wav2Vec2ForSequenceClassification(config)
        torch.nn.init.normal_(net.classifier.weight, std=4.0)
    net.save_pretrained(folder)
    Wav2Vec2FeatureExtractor(return_attention_mask=False).save_pretrained(folder)
    return folder


def whisper(folder: Path, labels: Sequence[str] = LABELS) -> Path:
    """A WhisperForAudioClassification: its features are 30 s long whatever comes in."""
    import torch
    from transformers import WhisperConfig, WhisperFeatureExtractor, WhisperForAudioClassification

    config = WhisperConfig(
        d_model=32, encoder_layers=1, encoder_attention_heads=2, encoder_ffn_dim=48, decoder_layers=1,
        decoder_attention_heads=2, decoder_ffn_dim=48, classifier_proj_size=16, vocab_size=64, pad_token_id=0,
        bos_token_id=1, eos_token_id=2, decoder_start_token_id=1, suppress_tokens=None, begin_suppress_tokens=None,
        id2label=dict(enumerate(labels)), label2id={label: at for at, label in enumerate(labels)},
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(13)
        net = WhisperForAudioClassification(config)
    net.save_pretrained(folder)
    WhisperFeatureExtractor().save_pretrained(folder)
    return folder
