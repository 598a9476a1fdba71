"""A tiny Emotion2vec with random weights: FunASR's own class and loading, the nine labels of emotion2vec_plus."""

from __future__ import annotations

import json
from pathlib import Path

LABELS = ("生气/angry", "厌恶/disgusted", "恐惧/fearful", "开心/happy", "中立/neutral", "其他/other", "难过/sad",
          "吃惊/surprised", "<unk>")  # fmt: skip
_WIDTH, _HEADS = 32, 2


def config() -> dict[str, object]:
    """The form of emotion2vec_plus's own, narrower and shallower."""
    audio = {
        "type": "AUDIO", "prenet_depth": 1, "prenet_layerdrop": 0.0, "prenet_dropout": 0.0,
        "start_drop_path_rate": 0.0, "end_drop_path_rate": 0.0, "num_extra_tokens": 2, "init_extra_token_zero": True,
        "use_alibi_encoder": True, "alibi_scale": 1.0, "learned_alibi": False, "alibi_max_pos": None,
        "learned_alibi_scale": True, "learned_alibi_scale_per_head": True, "learned_alibi_scale_per_layer": False,
        "num_alibi_heads": _HEADS, "model_depth": 1, "local_grad_mult": 1.0, "decoder": None,
        "extractor_mode": "layer_norm",
        "feature_encoder_spec": "[(32, 10, 5)] + [(32, 3, 2)] * 4 + [(32, 2, 2)] * 2",
        "conv_pos_width": 15, "conv_pos_groups": 4, "conv_pos_depth": 2, "conv_pos_pre_ln": False,
        "inverse_mask": False, "mask_prob": 0.5, "mask_prob_adjust": 0.05, "mask_length": 5, "mask_noise_std": 0.01,
        "mask_prob_min": None, "keep_masked_pct": 0.0, "mask_dropout": 0.0, "add_masks": False,
        "remove_masks": False, "encoder_zero_mask": True, "mask_channel_prob": 0.0, "mask_channel_length": 64,
    }  # fmt: skip
    model = {
        "loss_beta": 0.0, "loss_scale": None, "depth": 1, "start_drop_path_rate": 0.0, "end_drop_path_rate": 0.0,
        "num_heads": _HEADS, "norm_eps": 1e-5, "norm_affine": True, "encoder_dropout": 0.0, "post_mlp_drop": 0.0,
        "attention_dropout": 0.0, "activation_dropout": 0.0, "dropout_input": 0.0, "layerdrop": 0.0,
        "embed_dim": _WIDTH, "mlp_ratio": 2.0, "layer_norm_first": False, "average_top_k_layers": 1,
        "end_of_block_targets": False, "clone_batch": 1, "normalize": True, "modalities": {"audio": audio},
    }  # fmt: skip
    return {
        "model": "Emotion2vec", "model_conf": model, "tokenizer": "CharTokenizer",
        "tokenizer_conf": {"unk_symbol": "<unk>", "split_with_space": True},
    }  # fmt: skip


def build(folder: Path) -> Path:
    """Write the directory; the weights follow from a fixed seed. Leaves torch's random state alone."""
    import torch
    import yaml
    from funasr.models.emotion2vec.model import Emotion2vec

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(config()), "utf-8")
    (folder / "tokens.json").write_text(json.dumps(LABELS, ensure_ascii=False), "utf-8")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        net = Emotion2vec(model_conf=config()["model_conf"], vocab_size=len(LABELS))
        torch.nn.init.normal_(net.proj.weight, std=0.5)  # far enough from flat that the labels differ
        torch.save(net.state_dict(), folder / "model.pt")
    return folder
