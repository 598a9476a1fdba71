"""A Whisper of CTranslate2 (fp16 or fp32) -> a directory that FunASR's WhisperWarp loads.

CTranslate2's file: u32 version, string spec, u32 revision, u32 n; then n times string name, u8 rank, u32 dims,
u8 type (0 f32, 1 i8, 2 i16, 3 i32, 4 f16), u32 bytes, the values. A string is u16 length and that many bytes,
the last being 0.
"""

from __future__ import annotations

import re
import shutil
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from companion.errors import ModelUnavailable

_TYPES: dict[int, np.dtype[Any]] = {
    code: np.dtype(name) for code, name in enumerate(("<f4", "i1", "<i2", "<i4", "<f2"))
}
_HEADS = 64  # size of one attention head in every Whisper
_RENAMED = (
    (r"encoder/conv(\d)/", r"encoder.conv\1."),
    (r"encoder/layer_norm/gamma", "encoder.ln_post.weight"),
    (r"encoder/layer_norm/beta", "encoder.ln_post.bias"),
    (r"decoder/layer_norm/gamma", "decoder.ln.weight"),
    (r"decoder/layer_norm/beta", "decoder.ln.bias"),
    (r"encoder/position_encodings/encodings", "encoder.positional_embedding"),
    (r"decoder/position_encodings/encodings", "decoder.positional_embedding"),
    (r"decoder/embeddings/weight", "decoder.token_embedding.weight"),
    (r"(encoder|decoder)/layer_(\d+)/", r"\1.blocks.\2."),
    (r"self_attention/layer_norm/", "attn_ln."),
    (r"(?<!attn_ln\.)attention/layer_norm/", "cross_attn_ln."),
    (r"ffn/layer_norm/", "mlp_ln."),
    (r"ffn/linear_0/", "mlp.0."),
    (r"ffn/linear_1/", "mlp.2."),
    (r"gamma$", "weight"),
    (r"beta$", "bias"),
)


def read_ctranslate2(path: Path) -> dict[str, NDArray[Any]]:
    """All tensors of a CTranslate2 model.bin. Raises ModelUnavailable when it is not one."""
    blob = path.read_bytes()
    at = 0

    def number(form: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from(form, blob, at)
        at += struct.calcsize(form)
        return int(value)

    def string() -> str:
        nonlocal at
        length = number("<H")
        at += length
        return blob[at - length : at - 1].decode()

    try:
        number("<I"), string(), number("<I")
        tensors = {}
        for _ in range(number("<I")):
            name = string()
            shape = [number("<I") for _ in range(number("<B"))]
            kind, size = number("<B"), number("<I")
            tensors[name] = np.frombuffer(blob, _TYPES[kind], size // _TYPES[kind].itemsize, at).reshape(shape)
            at += size
    except (struct.error, KeyError, ValueError, UnicodeDecodeError):
        raise ModelUnavailable(f"{path} is not a CTranslate2 model in f16 or f32: fetch the pack again") from None
    return tensors


def to_openai(tensors: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """CTranslate2's names and fused projections -> OpenAI's names; values unchanged."""
    named: dict[str, NDArray[Any]] = {}
    for name, value in tensors.items():
        if value.ndim == 0 or "alignment" in name or name.startswith("decoder/projection/"):
            continue  # settings of the runtime, and the output layer, which is the embedding again
        if re.search(r"attention/linear_\d/", name):
            _attention(name, value, named)
            continue
        for pattern, replacement in _RENAMED:
            name = re.sub(pattern, replacement, name)
        named[name.replace("/", ".")] = value
    return named


def _attention(name: str, value: NDArray[Any], named: dict[str, NDArray[Any]]) -> None:
    found = re.fullmatch(r"(encoder|decoder)/layer_(\d+)/(self_attention|attention)/linear_(\d)/(weight|bias)", name)
    if found is None:
        raise ModelUnavailable(f"an unknown tensor {name} in a Whisper model")
    side, layer, which, linear, kind = found.groups()
    own = which == "self_attention"
    stem = f"{side}.blocks.{layer}.{'attn' if own else 'cross_attn'}"
    # Self-attention fuses q, k, v and then has the output; cross-attention has q, then k and v, then the output.
    fused = {("0", True): ("query", "key", "value"), ("0", False): ("query",), ("1", False): ("key", "value")}
    parts = fused.get((linear, own), ("out",))
    for part, piece in zip(parts, np.split(value, len(parts)), strict=True):
        if not (part == "key" and kind == "bias"):  # Whisper has none; CTranslate2 writes zeros
            named[f"{stem}.{part}.{kind}"] = piece


def convert(source: Path, target: Path) -> None:
    """Write FunASR's directory beside the fetched one, whole or not at all."""
    import torch
    import yaml  # type: ignore[import-untyped]

    weights = to_openai(read_ctranslate2(source / "model.bin"))
    audio, text = weights["encoder.positional_embedding"], weights["decoder.positional_embedding"]
    count = {side: len({k.split(".")[2] for k in weights if k.startswith(f"{side}.blocks.")}) for side in
             ("encoder", "decoder")}  # fmt: skip
    dims = {
        "n_mels": int(weights["encoder.conv1.weight"].shape[1]),
        "n_audio_ctx": int(audio.shape[0]),
        "n_audio_state": int(audio.shape[1]),
        "n_audio_head": int(audio.shape[1]) // _HEADS,
        "n_audio_layer": count["encoder"],
        "n_vocab": int(weights["decoder.token_embedding.weight"].shape[0]),
        "n_text_ctx": int(text.shape[0]),
        "n_text_state": int(text.shape[1]),
        "n_text_head": int(text.shape[1]) // _HEADS,
        "n_text_layer": count["decoder"],
    }
    partial = target.with_name(target.name + ".part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    config = {
        "model": "WhisperWarp",
        "model_conf": {"dims": dims},
        "frontend": "WhisperFrontend",
        "frontend_conf": {"fs": 16000, "n_mels": dims["n_mels"], "do_pad_trim": True},
    }
    (partial / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), "utf-8")
    state = {f"model.{name}": torch.from_numpy(value.astype(np.float32)) for name, value in weights.items()}
    torch.save(state, partial / "model.pt")
    shutil.rmtree(target, ignore_errors=True)
    partial.replace(target)
