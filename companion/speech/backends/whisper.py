"""Decoding with a Whisper that FunASR loaded: the encoder sees the clip, not thirty seconds of padding."""

from __future__ import annotations

from typing import Any

import numpy as np

from companion.speech.recognizer import Samples, Transcript

SAMPLE_RATE = 16_000
_WINDOW_S = 29.0  # Whisper has positions for 30 s, one of them is left for the margin
_MARGIN_S = 1.0  # silence after the clip: without it the last word is lost
_LANGUAGES = ("zh", "en")
# A prompt in simplified script keeps the script simplified.
_PROMPT = {"zh": "以下是普通话的句子。"}
_SILENCE = 10 ** (-60 / 20)  # RMS of -60 dB re full scale
_NO_SPEECH, _LOGPROB = 0.6, -1.0  # Whisper's own thresholds for "nobody spoke"


class WhisperDecoder:
    """Greedy decoding, zh or en; longer clips are cut at quiet places."""

    def __init__(self, auto: Any) -> None:
        import torch
        import whisper

        self._torch, self._whisper = torch, whisper
        self._net = auto.model.model
        self._net.eval()
        encoder = self._net.encoder
        encoder.forward = lambda x: x if x.shape[-1] == self._net.dims.n_audio_state else self._encode(x)

    def _encode(self, mel: Any) -> Any:
        """mel (b, n_mels, t) -> features (b, t / 2, n_state), with as many positions as there are."""
        encoder, gelu = self._net.encoder, self._torch.nn.functional.gelu
        x = gelu(encoder.conv2(gelu(encoder.conv1(mel)))).permute(0, 2, 1)
        x = x + encoder.positional_embedding[: x.shape[1]]
        for block in encoder.blocks:
            x = block(x)
        return encoder.ln_post(x)

    def __call__(self, samples: Samples, language: str | None) -> Transcript:
        texts, confidences = [], []
        for piece in pieces(samples):
            heard = self._piece(piece, language)
            language = heard.language or language
            if heard.text:
                texts.append(heard.text)
                confidences.append(heard.confidence or 0.0)
        joined = ("" if language == "zh" else " ").join(texts)
        return Transcript(joined, language, float(np.mean(confidences)) if confidences else None)

    def _piece(self, samples: Samples, language: str | None) -> Transcript:
        if float(np.sqrt(np.mean(samples**2))) < _SILENCE:  # Whisper invents words for silence
            return Transcript("", None)
        with self._torch.inference_mode():
            padded = np.concatenate((samples, np.zeros(int(_MARGIN_S * SAMPLE_RATE), np.float32)))
            mel = self._whisper.log_mel_spectrogram(self._torch.from_numpy(padded), self._net.dims.n_mels)
            features = self._net.encoder(mel[None])
            if language not in _LANGUAGES:
                _, (odds,) = self._whisper.detect_language(self._net, features)
                language = max(_LANGUAGES, key=lambda code: odds.get(code, 0.0))
            prompt = _PROMPT.get(language)
            options = self._whisper.DecodingOptions(
                language=language, prompt=prompt, without_timestamps=True, fp16=False, temperature=0.0
            )
            (result,) = self._whisper.decode(self._net, features, options)
        text = result.text.strip()
        silent = result.no_speech_prob > _NO_SPEECH and result.avg_logprob < _LOGPROB
        if silent or text.strip("。.") == (prompt or "-").strip("。"):
            return Transcript("", None)
        return Transcript(text, language, float(np.exp(result.avg_logprob)))


def pieces(samples: Samples) -> list[Samples]:
    """Cut at the quietest place of the last third of each window, so that no piece is longer than Whisper takes."""
    longest, hop = int(_WINDOW_S * SAMPLE_RATE), SAMPLE_RATE // 10
    cut: list[Samples] = []
    while samples.size > longest:
        tail = samples[longest * 2 // 3 : longest]
        frames = tail[: tail.size // hop * hop].reshape(-1, hop)
        at = longest * 2 // 3 + (int((frames**2).mean(axis=1).argmin()) * hop) + hop // 2
        cut.append(samples[:at])
        samples = samples[at:]
    return [*cut, samples]
