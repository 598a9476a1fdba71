"""A tiny SenseVoiceSmall with a known answer: FunASR's own class, front end, CTC and tokenizer; nothing is committed.

`build(folder)` writes a directory that FunASR's AutoModel loads. The net is trained on four chords, which stand for
four utterances, so that the stock pipeline answers with exactly `ANSWERS`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
VOCABULARY = 25_055
# SenseVoiceSmall's positions of the tags that its code names, and of the two that every answer carries.
_TAGS = {
    24884: "zh", 24885: "en", 24888: "yue", 24892: "ja", 24896: "ko", 24992: "nospeech", 24993: "Speech",
    25001: "HAPPY", 25002: "SAD", 25003: "ANGRY", 25004: "NEUTRAL", 25009: "EMO_UNKNOWN",
    25016: "withitn", 25017: "woitn",
}  # fmt: skip
_IDS = {tag: at for at, tag in _TAGS.items()}
_FEATURES = 560  # 80 mel bands, seven frames stacked


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model says to one chord."""

    pitches: tuple[float, float]
    tags: tuple[str, str, str]  # language, emotion, event
    words: tuple[str, ...]

    @property
    def raw(self) -> str:
        """As FunASR gives it, tags and all."""
        return "".join(f"<|{tag}|>" for tag in (*self.tags, "withitn")) + self.text

    @property
    def text(self) -> str:
        return "".join(self.words).replace("▁", " ").strip()


ANSWERS = (
    Answer((300.0, 1250.0), ("zh", "HAPPY", "Speech"), ("我", "今", "天", "很", "开", "心")),
    Answer((520.0, 2900.0), ("zh", "SAD", "Speech"), ("我", "有", "点", "累")),
    Answer((820.0, 1900.0), ("en", "NEUTRAL", "Speech"), ("▁good", "▁morning")),
    Answer((1500.0, 4200.0), ("en", "ANGRY", "Speech"), ("▁leave", "▁me", "▁alone")),
)


def chord(answer: Answer, seconds: float = 1.2) -> NDArray[np.float32]:
    """The sound that stands for an answer: float32, 16 kHz."""
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (0.2 * sum(np.sin(2 * np.pi * pitch * t) for pitch in answer.pitches)).astype(np.float32)


def _pieces() -> list[str]:
    words = list(dict.fromkeys(word for answer in ANSWERS for word in answer.words))
    pieces = ["<unk>", "<s>", "</s>", *words]
    pieces += [f"<filler{at}>" for at in range(len(pieces), VOCABULARY)]
    for at, tag in _TAGS.items():
        pieces[at] = f"<|{tag}|>"
    return pieces


def _write_tokenizer(path: Path, pieces: list[str]) -> None:
    from sentencepiece import sentencepiece_model_pb2 as pb

    model = pb.ModelProto()
    special = {0: pb.ModelProto.SentencePiece.UNKNOWN, 1: pb.ModelProto.SentencePiece.CONTROL,
               2: pb.ModelProto.SentencePiece.CONTROL}  # fmt: skip
    for at, piece in enumerate(pieces):
        entry = model.pieces.add(piece=piece, score=-float(at))
        entry.type = special.get(
            at, pb.ModelProto.SentencePiece.USER_DEFINED if at in _TAGS else pb.ModelProto.SentencePiece.NORMAL
        )
    model.trainer_spec.model_type = pb.TrainerSpec.UNIGRAM
    model.trainer_spec.vocab_size = len(pieces)
    model.normalizer_spec.name = "identity"
    path.write_bytes(model.SerializeToString())


def _config(name: str = "SenseVoiceSmall") -> dict[str, object]:
    return {
        "model": name,
        "encoder": "SenseVoiceEncoderSmall",
        "encoder_conf": {
            "output_size": 64, "attention_heads": 4, "linear_units": 128, "num_blocks": 2, "tp_blocks": 1,
            "dropout_rate": 0.0, "positional_dropout_rate": 0.0, "attention_dropout_rate": 0.0, "input_layer": "pe",
            "pos_enc_class": "SinusoidalPositionEncoder", "normalize_before": True, "kernel_size": 11,
            "sanm_shfit": 0, "selfattention_layer_type": "sanm",
        },
        "model_conf": {"length_normalized_loss": True, "sos": 1, "eos": 2, "ignore_id": -1},
        "tokenizer": "SentencepiecesTokenizer",
        "tokenizer_conf": {"bpemodel": None, "unk_symbol": "<unk>", "split_with_space": True},
        "frontend": "WavFrontend",
        "frontend_conf": {
            "fs": SAMPLE_RATE, "window": "hamming", "n_mels": 80, "frame_length": 25, "frame_shift": 10,
            "lfr_m": 7, "lfr_n": 6, "dither": 0.0, "cmvn_file": None,
        },
    }  # fmt: skip


def _cmvn(mean: NDArray[np.float32], scale: NDArray[np.float32]) -> str:
    """Kaldi's text form of shift and rescale, as WavFrontend reads it."""
    lines = ["<Nnet>"]
    for name, values in (("AddShift", -mean), ("Rescale", scale)):
        size = len(values)
        row = " ".join(f"{v:.6f}" for v in values)
        lines += [f"<{name}> {size} {size}", f"<LearnRateCoef> 0 [ {row} ]"]
    return "\n".join([*lines, "</Nnet>", ""])


def _greedy(net: Any, frontend: Any, waves: list[Any]) -> list[list[int]]:
    """What the pipeline's own greedy CTC would answer now, as token ids."""
    import torch

    net.eval()
    answers = []
    with torch.inference_mode():
        for wave in waves:
            fbank, length = frontend(wave, torch.tensor([wave.shape[1]]))
            answers.append(net.inference(fbank, length, key=["x"], tokenizer=_Ids(), use_itn=True, device="cpu",
                                         data_type="fbank")[0][0]["text"])  # fmt: skip
    net.train()
    return answers


class _Ids:
    """A tokenizer that leaves ids as they are."""

    def decode(self, ids: list[int]) -> list[int]:
        return ids


def build(folder: Path, at_most: int = 400) -> Path:
    """Train until the answers are right, and write the directory; about 15 s on one core.

    Leaves torch's thread count and random state alone. Raises RuntimeError when they do not come right.
    """
    import torch
    import yaml
    from funasr.frontends.wav_frontend import WavFrontend
    from funasr.models.sense_voice.model import SenseVoiceSmall

    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.set_num_threads(1)
        torch.manual_seed(3)
        config = _config()
        pieces = _pieces()
        front = {k: v for k, v in config["frontend_conf"].items() if k != "cmvn_file"}  # type: ignore[attr-defined]
        waves = [torch.from_numpy(chord(answer))[None] for answer in ANSWERS]
        plain = WavFrontend(**front)
        heard = torch.cat([plain(w, torch.tensor([w.shape[1]]))[0][0] for w in waves])
        folder.mkdir(parents=True, exist_ok=True)
        mean, scale = heard.mean(0).numpy(), 1.0 / (heard.std(0).numpy() + 1.0)
        (folder / "am.mvn").write_text(_cmvn(mean, scale), "utf-8")
        (folder / "tokens.json").write_text(json.dumps(pieces, ensure_ascii=False), "utf-8")
        _write_tokenizer(folder / "bpe.model", pieces)
        (folder / "config.yaml").write_text(yaml.safe_dump(config), "utf-8")

        frontend = WavFrontend(**front, cmvn_file=str(folder / "am.mvn"))
        speech = torch.cat([frontend(w, torch.tensor([w.shape[1]]))[0] for w in waves])
        lengths = torch.tensor([speech.shape[1]] * len(ANSWERS))
        ids = [[_IDS[tag] for tag in (*a.tags, "withitn")] + [pieces.index(w) for w in a.words] for a in ANSWERS]
        text = torch.full((len(ids), max(map(len, ids))), -1)
        for row, line in enumerate(ids):
            text[row, : len(line)] = torch.tensor(line)
        net = SenseVoiceSmall(
            encoder=config["encoder"], encoder_conf=config["encoder_conf"], input_size=_FEATURES,
            vocab_size=VOCABULARY, **config["model_conf"],  # type: ignore[arg-type]
        )  # fmt: skip
        text_lengths = torch.tensor([len(line) for line in ids])
        optimiser = torch.optim.Adam(net.parameters(), 4e-3)
        net.train()
        for step in range(at_most):
            # Copies: forward edits features and lengths in place.
            loss, _, _ = net(speech.clone(), lengths.clone(), text.clone(), text_lengths.clone())
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            if step >= 120 and step % 10 == 0 and _greedy(net, frontend, waves) == ids:
                break
        else:
            raise RuntimeError(f"the tiny SenseVoice did not learn its answers in {at_most} steps")
        torch.save(net.state_dict(), folder / "model.pt")
    torch.set_num_threads(threads)
    return folder
