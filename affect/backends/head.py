"""A trainable head: pooled states of an encoder -> standardised -> multinomial logistic regression. numpy only."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from affect.labels import PRIOR, UNKNOWN
from affect.speech_emotion import Calibration, from_labels, meant, undecided
from affect.types import EmotionScores

FORMAT = 1
Floats = NDArray[np.float32]
_FIELDS = ("format", "labels", "mean", "scale", "weights", "bias", "encoder", "layer", "temperature", "threshold", "n")


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """What `companion affect train` writes. f = 2d features, k labels.

    labels: the operator's, (k,). mean, scale: (f,), of the training recordings, scale above 0. weights: (f, k),
    bias: (k,). encoder: fingerprint of the encoder that it was trained on; layer: blocks passed, 1 is after the first.
    calibration: n is the number of recordings behind the head.
    """

    labels: tuple[str, ...]
    mean: Floats
    scale: Floats
    weights: Floats
    bias: Floats
    encoder: str
    layer: int
    calibration: Calibration = field(default_factory=Calibration)

    def __post_init__(self) -> None:
        f, k = self.mean.size, len(self.labels)
        shapes = (self.mean.shape, self.scale.shape, self.weights.shape, self.bias.shape)
        if shapes != ((f,), (f,), (f, k), (k,)) or k < 2 or f % 2:
            raise ValueError(f"arrays of shapes {shapes} are no head of {k} labels")
        if not all(np.isfinite(a).all() for a in (self.mean, self.scale, self.weights, self.bias)):
            raise ValueError("the head holds NaN or infinity: train it again")
        if not (self.scale > 0).all():
            raise ValueError("a scale is not above 0: train it again")

    def logits(self, pooled: NDArray[np.floating]) -> NDArray[np.float64]:
        """pooled: (f,) or (n, f), of `pool` -> (k,) or (n, k), before the temperature, every label equally likely.

        Raises ValueError for another f.
        """
        if pooled.shape[-1] != self.mean.size:
            raise ValueError(f"{pooled.shape[-1]} features: this head was trained on {self.mean.size}")
        standard = (pooled.astype(np.float64) - self.mean) / self.scale
        return np.asarray(standard @ self.weights + self.bias, np.float64)

    def predict(self, pooled: NDArray[np.floating]) -> EmotionScores:
        """pooled: (f,), of `pool`. Unknown where the tempered posterior is undecided. Raises ValueError as `logits`.

        Training makes all labels equally likely; the answer is under labels.PRIOR, as fusion wants it.
        """
        shares = softmax(self.logits(pooled) / self.calibration.temperature)
        found = dict(zip(self.labels, shares.tolist(), strict=True))
        if undecided(found, self.calibration.threshold):
            return EmotionScores(dict(UNKNOWN), source="whisper_head")
        weighed = {label: share * _prior(label) for label, share in found.items()}
        return EmotionScores(from_labels(weighed), source="whisper_head")


def _prior(label: str) -> float:
    names = meant(label)
    return sum(PRIOR[name] for name in names) if names else min(PRIOR.values())


def pool(states: NDArray[np.floating]) -> Floats:
    """States (t, d), t at least 1 -> (2d,): their mean over time, then their standard deviation.

    Raises ValueError for another shape and for no frame.
    """
    if states.ndim != 2 or states.shape[0] < 1:
        raise ValueError(f"states of shape {states.shape}: give (t, d) with at least one frame")
    values = states.astype(np.float64)
    return np.concatenate((values.mean(0), values.std(0))).astype(np.float32)


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Along the last axis."""
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True), np.float64)


def save(head: Head, path: Path) -> None:
    """Write the head as .npz; the same head gives the same bytes. Raises OSError."""
    arrays = {
        "format": np.array(FORMAT),
        "labels": np.array(head.labels),
        "mean": head.mean,
        "scale": head.scale,
        "weights": head.weights,
        "bias": head.bias,
        "encoder": np.array(head.encoder),
        "layer": np.array(head.layer),
        "temperature": np.array(head.calibration.temperature),
        "threshold": np.array(head.calibration.threshold),
        "n": np.array(head.calibration.n),
    }
    with path.open("wb") as out:
        np.savez_compressed(out, **arrays)  # type: ignore[arg-type]


def load(path: Path) -> Head:
    """Read a head; nothing in it is executed. Raises ValueError when the file is not one, and OSError."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except OSError:
        raise
    except Exception as error:  # numpy and zipfile raise many kinds for a file that is not theirs
        raise ValueError(f"{path.name} is no .npz file ({type(error).__name__}): train the head again") from None
    missing = set(_FIELDS) - set(arrays)
    if missing or int(arrays["format"]) != FORMAT:
        raise ValueError(f"{path.name} holds no head of format {FORMAT}: train it again")
    try:
        calibration = Calibration(float(arrays["temperature"]), float(arrays["threshold"]), int(arrays["n"]))
        labels = tuple(map(str, np.atleast_1d(arrays["labels"])))
        mean, scale, weights, bias = (np.asarray(arrays[name], np.float32) for name in _FIELDS[2:6])
        return Head(labels, mean, scale, weights, bias, str(arrays["encoder"]), int(arrays["layer"]), calibration)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path.name} holds no usable head: {error}") from None
