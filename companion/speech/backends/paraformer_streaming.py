"""FunASR's streaming Paraformer: the utterance is recognised while it is said, 0.6 s at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from companion.speech.recognizer import Samples, Transcript

CHUNK = 9_600  # samples, 0.6 s: ten of the encoder's frames of 60 ms, as chunk_size says
# FunASR's own for paraformer-zh-streaming: 0.3 s of look-ahead, four chunks of encoder history, one of the decoder's.
_OPTIONS = {"chunk_size": [0, 10, 5], "encoder_chunk_look_back": 4, "decoder_chunk_look_back": 1}


class StreamingDecoder:
    """Decodes in the caller's thread. A whole utterance gives what its stream gives."""

    def __init__(self, auto: Any) -> None:
        self._auto = auto

    def __call__(self, samples: Samples, language: str | None, hotwords: Sequence[str] = ()) -> Transcript:
        words = Chunks(self)
        return Transcript(words.more(samples, last=True), language)

    def step(self, samples: Samples, cache: dict[str, Any], *, last: bool) -> str:
        """The words that one chunk adds; cache: the model's state, empty at first, changed in place."""
        (result,) = self._auto.generate(input=samples, cache=cache, is_final=last, disable_pbar=True, **_OPTIONS)
        return str(result.get("text", ""))


class Chunks:
    """One utterance in whole chunks, and its words so far: they are never taken back."""

    def __init__(self, decoder: StreamingDecoder) -> None:
        self._decoder, self._cache = decoder, dict[str, Any]()
        self._rest: Samples = np.zeros(0, np.float32)
        self._text = ""

    def more(self, samples: Samples, *, last: bool = False) -> str:
        """The words so far. samples: float32, 16 kHz, any number; last: the utterance ends with them."""
        waiting = np.concatenate((self._rest, samples.astype(np.float32)))
        while waiting.size >= CHUNK:
            self._add(self._decoder.step(waiting[:CHUNK], self._cache, last=False))
            waiting = waiting[CHUNK:]
        self._rest = waiting
        if last:
            self._add(self._decoder.step(waiting, self._cache, last=True))
        return self._text

    def _add(self, words: str) -> None:
        spaced = self._text[-1:].isascii() and words[:1].isascii() and self._text and words
        self._text += f" {words}" if spaced else words
