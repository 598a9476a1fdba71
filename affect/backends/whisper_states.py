"""States of a Whisper's encoder, for a trained head: in the pass that recognises the words, or in one of their own.

Both see the same: the clip and a second of silence, of which the states are left out again. A state covers 20 ms.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affect.backends.funasr_auto import Section, load_auto
from affect.backends.head import Head, load, pool
from affect.labels import UNKNOWN
from affect.speech_emotion import SAMPLE_RATE, EmotionModelError, Samples, checked, windows
from affect.types import EmotionScores

MARGIN_S = 1.0  # silence after the clip, as companion.speech.backends.whisper puts it
_MARGIN = 50  # states of that silence
_LONGEST_S = 29.0  # positions for 30 s, less the margin
_FINGERPRINT = 16  # hexadecimal digits


def fingerprint(net: Any) -> str:
    """Of a Whisper's sizes and first convolution: a head fits the encoder that it was trained on and no other."""
    dims = net.dims
    sizes = f"{dims.n_mels}x{dims.n_audio_state}x{dims.n_audio_layer}"
    weights = net.encoder.conv1.weight.detach().float().cpu().numpy()
    return f"whisper-{sizes}-{hashlib.sha256(np.ascontiguousarray(weights).tobytes()).hexdigest()[:_FINGERPRINT]}"


def spoken(states: NDArray[np.float32]) -> NDArray[np.float32]:
    """States (t, d) of a clip and its margin -> those of the clip, at least one."""
    return states[: max(1, len(states) - _MARGIN)]


class WhisperStates:
    """Runs a Whisper's encoder up to one layer, in the caller's thread."""

    def __init__(self, net: Any, layer: int) -> None:
        """net: openai-whisper's Whisper. layer: blocks to pass. Raises EmotionModelError when it has fewer."""
        if not 1 <= layer <= len(net.encoder.blocks):
            raise EmotionModelError(f"layer {layer}: this encoder has layers 1 to {len(net.encoder.blocks)}")
        self.net, self.layer = net.eval(), layer

    @classmethod
    def open(cls, directory: str, layer: int, threads: int = 1) -> WhisperStates:
        """From a directory that FunASR loads as WhisperWarp, like the pack whisper-base. Raises EmotionModelError."""
        auto = load_auto(directory, threads)
        if type(auto.model).__name__ != "WhisperWarp":
            raise EmotionModelError(f"{directory} holds a {type(auto.model).__name__}: a head wants a Whisper")
        return cls(auto.model.model, layer)

    def pooled(self, samples: Samples) -> NDArray[np.float32]:
        """(2d,), of head.pool. Raises ValueError as SpeechEmotionClassifier.classify."""
        parts = windows(checked(samples), _LONGEST_S)
        return pool(np.concatenate([self._states(part) for part in parts]))

    def _states(self, samples: Samples) -> NDArray[np.float32]:
        import torch
        import whisper

        encoder, gelu = self.net.encoder, torch.nn.functional.gelu
        padded = np.concatenate((samples, np.zeros(int(MARGIN_S * SAMPLE_RATE), np.float32)))
        with torch.inference_mode():
            mel = whisper.log_mel_spectrogram(torch.from_numpy(padded), self.net.dims.n_mels)[None]
            x = gelu(encoder.conv2(gelu(encoder.conv1(mel)))).permute(0, 2, 1)
            x = x + encoder.positional_embedding[: x.shape[1]]
            for block in list(encoder.blocks)[: self.layer]:
                x = block(x)
        return spoken(x[0].float().numpy())


class HeadTap:
    """An EmotionTap on a Whisper that recognises: `with tap: ...`; its encoder runs one clip with the margin at a time.

    Outside of `with` the net is as it was. Parts recognised within one `with` are pooled as one utterance.
    """

    def __init__(self, net: Any, head: Head) -> None:
        """Raises EmotionModelError when the head was trained on another encoder."""
        require(net, head)
        self._block, self._head = net.encoder.blocks[head.layer - 1], head
        self._states: list[NDArray[np.float32]] = []
        self._hook: Any = None

    def __enter__(self) -> HeadTap:
        self._states = []
        self._hook = self._block.register_forward_hook(self._listen)
        return self

    def __exit__(self, *why: object) -> None:
        self._hook.remove()

    @property
    def pooled(self) -> NDArray[np.float32] | None:
        """(2d,) of the last pass, None when nothing ran."""
        return pool(np.concatenate(self._states)) if self._states else None

    @property
    def scores(self) -> EmotionScores | None:
        """Of the last pass; None when nothing ran, or gave NaN."""
        pooled = self.pooled
        return None if pooled is None or not np.isfinite(pooled).all() else self._head.predict(pooled)

    def _listen(self, module: Any, inputs: Any, states: Any) -> None:
        """states: (1, t, d)."""
        self._states.append(spoken(states[0].detach().float().cpu().numpy()))


class WhisperHead:
    """A head, and where no recogniser shares its pass an encoder of its own, loaded at the first `classify`."""

    name = "whisper_head"

    def __init__(self, head: Head, open_states: Callable[[int], WhisperStates]) -> None:
        """open_states: layer -> the encoder."""
        self.head, self._open = head, open_states
        self._own: WhisperStates | None = None

    def tap(self, net: Any) -> HeadTap:
        """On a recogniser's Whisper. Raises EmotionModelError when the head was trained on another."""
        return HeadTap(net, self.head)

    def classify(self, samples: Samples) -> EmotionScores:
        """See SpeechEmotionClassifier.classify. Raises EmotionModelError at the first call, as WhisperStates.open."""
        samples = checked(samples)
        if not samples.any():
            return EmotionScores(dict(UNKNOWN), source=self.name)
        if self._own is None:
            own = self._open(self.head.layer)
            require(own.net, self.head)
            self._own = own
        return self.head.predict(self._own.pooled(samples))


def require(net: Any, head: Head) -> None:
    """Raises EmotionModelError when the head was not trained on this net."""
    found = fingerprint(net)
    if found != head.encoder or head.layer > len(net.encoder.blocks):
        raise EmotionModelError(
            f"the head was trained on {head.encoder}, layer {head.layer}, and this is {found}: train it again with "
            "`companion affect train`, or recognise with the Whisper it was trained on"
        )


async def create(section: Section, locate: Callable[[str], Path]) -> WhisperHead:
    """section.model: HEAD.npz of `companion affect train`; section.encoder: its Whisper, for when no pass is shared.

    Raises EmotionModelError, and what locate raises.
    """
    if not section.model:
        raise EmotionModelError(
            "no head ships: train one with `companion affect train` and set COMPANION_EMOTION__MODEL to its file"
        )
    path, threads, encoder = locate(section.model), section.threads, section.encoder
    try:
        head = await asyncio.to_thread(load, path)
    except (OSError, ValueError) as error:
        raise EmotionModelError(f"{path} cannot be read as a head: {error}") from error
    return WhisperHead(head, lambda layer: WhisperStates.open(str(locate(encoder)), layer, threads))
