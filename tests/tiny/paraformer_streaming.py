"""A tiny ParaformerStreaming with random weights: FunASR's own classes, in the form of paraformer-zh-streaming."""

from __future__ import annotations

import json
from pathlib import Path

WORDS = ("我", "今", "天", "很", "累", "想", "说", "话", "你", "好", "吗", "了")
TOKENS = ("<blank>", "<s>", "</s>", *WORDS, "<unk>")
_WIDTH = 32


def config() -> dict[str, object]:
    """Narrower and shallower than the real one."""
    encoder = {
        "output_size": _WIDTH, "attention_heads": 2, "linear_units": 48, "num_blocks": 2, "dropout_rate": 0.0,
        "positional_dropout_rate": 0.0, "attention_dropout_rate": 0.0, "input_layer": "pe_online",
        "pos_enc_class": "SinusoidalPositionEncoder", "normalize_before": True, "kernel_size": 11, "sanm_shfit": 0,
        "selfattention_layer_type": "sanm", "chunk_size": [12, 15], "stride": [8, 10], "pad_left": [0, 0],
        "encoder_att_look_back_factor": [4, 4], "decoder_att_look_back_factor": [1, 1],
    }  # fmt: skip
    decoder = {
        "attention_heads": 2, "linear_units": 48, "num_blocks": 2, "dropout_rate": 0.0, "positional_dropout_rate": 0.0,
        "self_attention_dropout_rate": 0.0, "src_attention_dropout_rate": 0.0, "att_layer_num": 2, "kernel_size": 11,
        "sanm_shfit": 5,
    }  # fmt: skip
    return {
        "model": "ParaformerStreaming",
        "model_conf": {"ctc_weight": 0.0, "predictor_weight": 1.0, "predictor_bias": 1, "sampling_ratio": 0.75},
        "encoder": "SANMEncoderChunkOpt", "encoder_conf": encoder,
        "decoder": "ParaformerSANMDecoder", "decoder_conf": decoder,
        "predictor": "CifPredictorV2",
        "predictor_conf": {"idim": _WIDTH, "threshold": 1.0, "l_order": 1, "r_order": 1, "tail_threshold": 0.45},
        "frontend": "WavFrontendOnline",
        "frontend_conf": {
            "fs": 16000, "window": "hamming", "n_mels": 80, "frame_length": 25, "frame_shift": 10, "lfr_m": 7,
            "lfr_n": 6, "dither": 0.0,
        },
        "tokenizer": "CharTokenizer", "tokenizer_conf": {"unk_symbol": "<unk>", "split_with_space": True},
    }  # fmt: skip


def build(folder: Path) -> Path:
    """Write the directory; the weights follow from a fixed seed. Leaves torch's random state alone."""
    import torch
    import yaml
    from funasr.models.paraformer_streaming.model import ParaformerStreaming
    from funasr.register import tables  # noqa: F401  the classes below are found by name

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(config()), "utf-8")
    (folder / "tokens.json").write_text(json.dumps(TOKENS, ensure_ascii=False), "utf-8")
    made = config()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        net = ParaformerStreaming(
            **made["model_conf"], encoder=made["encoder"], encoder_conf=made["encoder_conf"],  # type: ignore[dict-item]
            decoder=made["decoder"], decoder_conf=made["decoder_conf"], predictor=made["predictor"],
            predictor_conf=made["predictor_conf"], input_size=560, vocab_size=len(TOKENS),
        )  # fmt: skip
        torch.save(net.state_dict(), folder / "model.pt")
    return folder
