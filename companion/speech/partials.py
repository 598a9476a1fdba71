"""What is being said, told while it is said: as far as it will not change."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from companion.errors import CompanionError
from companion.speech.pieces import joined, pieces
from companion.speech.recognizer import Recognizer, Samples, Transcript, passes

_log = logging.getLogger(__name__)
SAMPLE_RATE = 16_000
_LONGEST_S = 15.0  # of what is decoded again; older speech is decoded once more and then stays
_ENDS = " .,!?…。，！？、；;"  # a recogniser ends whatever it is given: that is the audio's end, not the sentence's
_SHORTEST_S = 0.5  # of speech that is worth a first pass


class Stream(Protocol):
    """One utterance while it is said."""

    async def feed(self, samples: Samples) -> str:
        """More of it (float32, 16 kHz): the text so far as it will not change; it only grows. Raises SpeechError."""
        ...

    async def finish(self) -> str:
        """The utterance has ended: its text. Raises SpeechError."""
        ...


@runtime_checkable
class StreamingRecognizer(Protocol):
    """A recogniser that is given an utterance while it is said."""

    def open(self, language: str | None = None, hotwords: Sequence[str] = ()) -> Stream:
        """A new utterance; see Recognizer.recognize for language and hotwords."""
        ...


def streaming(recognizer: Recognizer) -> StreamingRecognizer:
    """The recogniser itself where it streams, else one that decodes the utterance anew, again and again."""
    return recognizer if isinstance(recognizer, StreamingRecognizer) else Redecoding(recognizer)


class Redecoding:
    """Adapter: partials of a recogniser that only takes whole utterances."""

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer

    def open(self, language: str | None = None, hotwords: Sequence[str] = ()) -> Stream:
        return _Redecoded(self._recognizer, language, hotwords)


class _Redecoded:
    """What two passes in a row agree on is told (LocalAgreement-2: Liu et al. 2020, Machacek et al. 2023)."""

    def __init__(self, recognizer: Recognizer, language: str | None, hotwords: Sequence[str]) -> None:
        self._recognizer, self._language, self._hotwords = recognizer, language, hotwords
        self._samples = np.zeros(0, np.float32)
        self._head: list[Transcript] = []  # of speech that is decoded no more
        self._before, self._told = "", ""

    async def feed(self, samples: Samples) -> str:
        self._samples = np.concatenate((self._samples, samples))
        if self._samples.size < _SHORTEST_S * SAMPLE_RATE:
            return self._told
        *old, self._samples = pieces(self._samples, _LONGEST_S)
        for piece in old:
            self._head.append(await self._recognize(piece))
            self._before = ""
        now = await self._recognize(self._samples)
        stable = agreed(self._before, now.text)
        self._before = now.text
        return self._grown(stable)

    async def finish(self) -> str:
        return joined([*self._head, await self._recognize(self._samples)], self._language).text

    async def _recognize(self, samples: Samples) -> Transcript:
        heard = await self._recognizer.recognize(samples, self._language, self._hotwords)
        self._language = self._language or heard.language
        return heard

    def _grown(self, stable: str) -> str:
        text = joined([*self._head, Transcript(stable, self._language)], self._language).text
        if text.startswith(self._told):
            self._told = text
        return self._told


def agreed(before: str, now: str) -> str:
    """The longest beginning that two texts share, whole words in scripts that have spaces."""
    n = 0
    while n < min(len(before), len(now)) and before[n] == now[n]:
        n += 1
    inside = (
        n < max(len(before), len(now))
        and n > 0
        and _spaced(now[n - 1])
        and any(_spaced(text[n]) for text in (before, now) if n < len(text))
    )
    while inside and n > 0 and _spaced(now[n - 1]):
        n -= 1
    return now[:n].rstrip(_ENDS)


def _spaced(character: str) -> bool:
    """Whether words of this character's script are set apart by spaces."""
    return (character.isalnum() and not "\u2e80" <= character <= "\u9fff") or character == "'"


class Partials:
    """One utterance: fed window after window, read every every_s seconds of it, never twice at once.

    tell: called with the text as far as it will not change. A pass is left out while others wait for the recogniser.
    """

    def __init__(self, stream: Stream, recognizer: Recognizer, every_s: float, tell: Callable[[str], None]) -> None:
        self._stream, self._recognizer, self._tell = stream, recognizer, tell
        self._every = int(every_s * SAMPLE_RATE)
        self._waiting: list[Samples] = []
        self._size = 0
        self._task: asyncio.Task[None] | None = None

    def feed(self, samples: Samples) -> None:
        """More of the utterance; returns at once."""
        self._waiting.append(samples)
        self._size += samples.size
        busy = self._task is not None and not self._task.done()
        if self._size >= self._every and not busy and passes(self._recognizer) == 0:
            new, self._waiting, self._size = np.concatenate(self._waiting), [], 0
            self._task = asyncio.create_task(self._read(new))

    async def _read(self, samples: Samples) -> None:
        try:
            self._tell(await self._stream.feed(samples))
        except CompanionError as error:  # the whole utterance is recognised at its end
            _log.warning("a part of an utterance was not recognised: %s", type(error).__name__)

    def drop(self) -> None:
        """The utterance has ended, or is forgotten: nothing more is told of it."""
        if self._task is not None:
            self._task.cancel()
            self._task = None


class FakeStreamingRecognizer:
    """For tests: its stream tells one more of the words with each feed. `recognize` knows them all."""

    name = "fake-streaming"

    def __init__(self, *words: str, language: str = "zh") -> None:
        self.words, self._language, self.fed = words, language, 0

    def open(self, language: str | None = None, hotwords: Sequence[str] = ()) -> Stream:
        return _FakeStream(self)

    async def recognize(
        self, samples: Samples, language: str | None = None, hotwords: Sequence[str] = ()
    ) -> Transcript:
        return Transcript("".join(self.words), self._language, 1.0)

    async def close(self) -> None:
        """Nothing to close."""


class _FakeStream:
    def __init__(self, of: FakeStreamingRecognizer) -> None:
        self._of, self._count = of, 0

    async def feed(self, samples: Samples) -> str:
        self._count += 1
        self._of.fed += samples.size
        return "".join(self._of.words[: self._count])

    async def finish(self) -> str:
        return "".join(self._of.words)
