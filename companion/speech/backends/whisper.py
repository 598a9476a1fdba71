"""Decoding with a Whisper that FunASR loaded: the encoder sees the clip, not thirty seconds of padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from companion.speech.hotwords import as_prompt, recites
from companion.speech.pieces import joined, pieces
from companion.speech.recognizer import Samples, Transcript

SAMPLE_RATE = 16_000
_MARGIN_S = 1.0  # silence after the clip: without it the last word is lost
_LANGUAGES = ("zh", "en")
# A prompt in simplified script keeps the script simplified.
_PROMPT = {"zh": "以下是普通话的句子。"}
# Quick Mandarin is 8 characters a second and two tokens a character at worst; more is a loop, which costs seconds.
_TOKENS, _TOKENS_BASE, _TOKENS_PER_S = 224, 16, 16
_SILENCE = 10 ** (-60 / 20)  # RMS of -60 dB re full scale
_NO_SPEECH, _LOGPROB = 0.6, -1.0  # Whisper's own thresholds for "nobody spoke"
_LOOP = 2.4  # Whisper's own threshold of bytes over zlib's: above it the text goes round in circles


class WhisperDecoder:
    """Greedy decoding, zh or en; longer clips are cut at quiet places."""

    def __init__(self, auto: Any) -> None:
        import torch
        import whisper

        self._torch, self._whisper = torch, whisper
        self._net = auto.model.model
        self._net.eval()
        # Whisper's functions run the encoder on whatever is not 1500 frames long; ours has run by then.
        self._net.encoder.forward = lambda features: features

    @property
    def net(self) -> Any:
        """OpenAI's Whisper, for who listens in on its blocks."""
        return self._net

    def _encode(self, mel: Any) -> Any:
        """mel (b, n_mels, t) -> features (b, t / 2, n_state), with as many positions as there are."""
        encoder, gelu = self._net.encoder, self._torch.nn.functional.gelu
        x = gelu(encoder.conv2(gelu(encoder.conv1(mel)))).permute(0, 2, 1)
        x = x + encoder.positional_embedding[: x.shape[1]]
        for block in encoder.blocks:
            x = block(x)
        return encoder.ln_post(x)

    def __call__(self, samples: Samples, language: str | None, hotwords: Sequence[str] = ()) -> Transcript:
        heard: list[Transcript] = []
        for piece in pieces(samples):
            heard.append(self._piece(piece, language, hotwords))
            language = heard[-1].language or language
        return joined(heard, language)

    def _piece(self, samples: Samples, language: str | None, hotwords: Sequence[str]) -> Transcript:
        if float(np.sqrt(np.mean(samples**2))) < _SILENCE:  # Whisper invents words for silence
            return Transcript("", None)
        with self._torch.inference_mode():
            padded = np.concatenate((samples, np.zeros(int(_MARGIN_S * SAMPLE_RATE), np.float32)))
            mel = self._whisper.log_mel_spectrogram(self._torch.from_numpy(padded), self._net.dims.n_mels)
            features = self._encode(mel[None])
            if language not in _LANGUAGES:
                _, (odds,) = self._whisper.detect_language(self._net, features)
                language = max(_LANGUAGES, key=lambda code: odds.get(code, 0.0))
            seconds = samples.size / SAMPLE_RATE
            script = _PROMPT.get(language, "")
            result = self._decoded(features, language, as_prompt(script, hotwords), seconds)
            if hotwords and (result.compression_ratio > _LOOP or recites(result.text, hotwords)):
                result = self._decoded(features, language, script, seconds)  # the names led it astray
        text = result.text.strip()
        if len(result.tokens) >= _room(seconds):
            text = unlooped(text)
        silent = result.no_speech_prob > _NO_SPEECH and result.avg_logprob < _LOGPROB
        if silent or text.strip("。.") == (script or "-").strip("。"):
            return Transcript("", None)
        return Transcript(text, language, float(np.exp(result.avg_logprob)))

    def _decoded(self, features: Any, language: str, prompt: str, seconds: float) -> Any:
        options = self._whisper.DecodingOptions(
            language=language,
            prompt=prompt or None,
            without_timestamps=True,
            fp16=False,
            temperature=0.0,
            sample_len=_room(seconds),
        )
        (result,) = self._whisper.decode(self._net, features, options)
        return result


def unlooped(text: str) -> str:
    """The text of a decoder that did not come to an end, with what it said over and over at the end said once.

    A clip that stops within a word makes Whisper repeat itself until there is no room left. OpenAI's own way out
    (transcribe.py: decode again at rising temperatures while bytes over zlib's exceed 2.4) costs the loop's time
    again and guesses; what came before the loop is nearly always what was said. Three times is a loop.
    """
    text = text.rstrip("\ufffd")  # half a character: the last token was cut off
    for period in range(1, len(text) // 3 + 1):
        start = len(text) - period
        while start and text[start - 1] == text[start - 1 + period]:
            start -= 1
        if len(text) - start >= 3 * period:
            return text[: start + period].strip()
    return text


def _room(seconds: float) -> int:
    """How many tokens a clip can take."""
    return min(_TOKENS, int(_TOKENS_BASE + _TOKENS_PER_S * seconds))
