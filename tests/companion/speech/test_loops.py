"""A Whisper that goes round in circles is heard once, and who says a thing again and again is heard as they said it."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from companion.speech.backends.whisper import WhisperDecoder, unlooped


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ("欢迎大力欢迎大力欢迎大力欢迎大力欢", "欢迎大力"),
        ("欢迎大家来体验。欢迎大家来体验。欢迎大家来体验。欢迎大家来体\ufffd", "欢迎大家来体验。"),
        ("5 5 5 5 5 5", "5"),
        ("Black. Black. Black. Black", "Black."),
        ("我昨天去了医院《法定》《法定》《法定》《法定》《法", "我昨天去了医院《法定》"),
        ("我去了医院医生说没事", "我去了医院医生说没事"),
        ("不要不要", "不要不要"),
        ("", ""),
    ],
)
def test_what_is_said_over_and_over_at_the_end_is_said_once(heard: str, said: str) -> None:
    assert unlooped(heard) == said


@pytest.mark.parametrize(
    ("tokens", "text"),
    [(32, "别走"), (12, "别走别走别走别走")],  # a second has room for 32: only who fills it has not come to an end
)
def test_only_a_decoder_that_ran_out_of_room_is_cut_short(
    tokens: int, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    decoder = object.__new__(WhisperDecoder)
    result = SimpleNamespace(
        text="别走别走别走别走", tokens=[0] * tokens, no_speech_prob=0.0, avg_logprob=-0.1, compression_ratio=1.0
    )
    whisper: Any = SimpleNamespace(
        log_mel_spectrogram=lambda samples, mels: torch.zeros(mels, 4),
        DecodingOptions=lambda **options: options,
        decode=lambda net, features, options: [result],
    )
    decoder._torch, decoder._whisper = torch, whisper
    decoder._net = SimpleNamespace(dims=SimpleNamespace(n_mels=2))
    monkeypatch.setattr(WhisperDecoder, "_encode", lambda self, mel: mel)
    clip = np.full(16_000, 0.1, np.float32)
    assert decoder(clip, "zh").text == text
