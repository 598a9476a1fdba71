"""A Qwen3 directory of transformers -> a GGUF file that llama.cpp loads, in float32: for tiny models of tests."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise
from pathlib import Path

_OUTSIDE = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}
_IN_A_LAYER = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_proj": "attn_k",
    "self_attn.k_norm": "attn_k_norm",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
_LAYER = "model.layers."


def tensor_name(name: str) -> str:
    """llama.cpp's name of one of transformers' tensors. Raises KeyError for one that a Qwen3 does not have."""
    if not name.startswith(_LAYER):
        return _OUTSIDE[name]
    layer, _, part = name.removeprefix(_LAYER).partition(".")
    return f"blk.{layer}.{_IN_A_LAYER[part.removesuffix('.weight')]}.weight"


def write(folder: Path, path: Path) -> Path:
    """Write the model in `folder` (config.json, tokenizer.json, chat_template.jinja, model.safetensors) to `path`."""
    import gguf
    import numpy as np
    from safetensors.numpy import load_file

    config = json.loads((folder / "config.json").read_text("utf-8"))
    writer = gguf.GGUFWriter(path, "qwen3")
    writer.add_name(folder.name)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    _add_tokenizer(writer, folder, config)
    for name, tensor in load_file(folder / "model.safetensors").items():
        writer.add_tensor(tensor_name(name), tensor.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_tokenizer(writer: object, folder: Path, config: dict[str, int]) -> None:
    import gguf

    assert isinstance(writer, gguf.GGUFWriter)
    tokenizer = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    special = {token["content"] for token in tokenizer["added_tokens"]}
    by_id = {at: token for token, at in tokenizer["model"]["vocab"].items()}
    tokens = [by_id[at] for at in range(config["vocab_size"])]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    kinds = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL
    writer.add_token_types([kinds[token not in special] for token in tokens])
    writer.add_token_merges([" ".join(pair) for pair in tokenizer["model"]["merges"]])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_pad_token_id(config["pad_token_id"])
    writer.add_add_bos_token(False)
    writer.add_chat_template((folder / "chat_template.jinja").read_text("utf-8"))


def recite(folder: Path, to: Path, text: str, *, endless: bool = False) -> Path:
    """A copy of the model in `folder` that answers anything with `text`, one byte a token, once or over and over.

    What was asked does not matter: the layers add nothing, and each token points at the next one, the line break
    after "assistant" at the first. So no byte may occur twice in `text`, nor a line break.
    """
    import numpy as np
    from safetensors.numpy import load_file, save_file

    shutil.copytree(folder, to)
    config = json.loads((to / "config.json").read_text("utf-8"))
    vocabulary = json.loads((to / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    spoken = [vocabulary[_as_token(byte)] for byte in text.encode()]
    assert len(set(spoken)) == len(spoken), "a byte that occurs twice would have two successors"
    tensors = load_file(to / "model.safetensors")
    for name in tensors:
        if name.endswith(("o_proj.weight", "down_proj.weight")):
            tensors[name] = np.zeros_like(tensors[name])
    shape = tensors["lm_head.weight"].shape
    embedding = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    head = np.zeros(shape, np.float32)
    tensors["model.embed_tokens.weight"] = embedding
    chain = [vocabulary[_as_token(ord("\n"))], *spoken, spoken[0] if endless else config["eos_token_id"]]
    for one, following in pairwise(chain):
        head[following] += 100 * embedding[one]
    tensors["lm_head.weight"] = head
    save_file(tensors, to / "model.safetensors", {"format": "pt"})
    return to


def _as_token(byte: int) -> str:
    """The character that stands for a byte in a byte-level BPE: itself where it is printable, else from U+0100 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [b for b in range(256) if b not in printable]
    return chr(byte) if byte in printable else chr(0x100 + hidden.index(byte))
