"""Any text-classification directory of the transformers library as a classifier of words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affect.backends.lexicon import read_scan
from affect.labels import EMOTIONS, UNKNOWN, circumplex, to_categories
from affect.types import WordAffect
from affect.words.head import softmax
from affect.words.scan import default_lexicon, scan

_LONGEST = 256  # tokens of a turn that are read


class TransformersWords:
    """One model in this process. A read runs it, some 10 ms or more: callers on an event loop use a thread."""

    def __init__(
        self, directory: Path, *, temperature: float = 1.0, names: Mapping[str, str] | None = None, threads: int = 1
    ) -> None:
        """directory: config.json, tokenizer and weights; its id2label is mapped by labels.category.

        temperature: what the logits are divided by, above 0. names: the directory's labels -> ours, for those that
        labels.py does not know. Raises ValueError when the directory is no such model, a temperature is not above 0,
        or a name means no category of ours.
        """
        if not temperature > 0:
            raise ValueError(f"the temperature is {temperature}: it must be above 0")
        wrong = set((names or {}).values()) - {*EMOTIONS, "unknown"}
        if wrong:
            raise ValueError(f"no such category: {', '.join(sorted(wrong))}; ours are {', '.join(EMOTIONS)}")
        config = directory / "config.json"
        if not config.is_file():
            raise ValueError(f"{directory} holds no config.json: point to a text-classification directory")
        labels = json.loads(config.read_text("utf-8")).get("id2label", {})
        self._labels = [(names or {}).get(labels[key], labels[key]) for key in sorted(labels, key=int)]
        known = to_categories(dict.fromkeys(self._labels, 1.0)) if self._labels else dict(UNKNOWN)
        if known["unknown"] >= 1:
            raise ValueError(f"{directory} names no category that we know: map its labels with names")
        self._temperature = temperature
        self._tokenizer, self._model = _load(directory, threads)

    def read(self, text: str, language: str | None = None, vector: NDArray[np.float32] | None = None) -> WordAffect:
        """See TextEmotionClassifier.read; neither language nor vector is needed."""
        if not text.strip():
            return WordAffect(None, None, 1.0, categories=dict(UNKNOWN))
        shares = softmax(self._logits(text) / self._temperature)
        summed: dict[str, float] = {}
        for label, share in zip(self._labels, map(float, shares), strict=True):
            summed[label] = summed.get(label, 0.0) + share
        categories = to_categories(summed)
        axes = circumplex(categories)
        said = read_scan(scan(text, default_lexicon()))
        if axes is None:
            return WordAffect(None, None, 1.0, said.evidence, categories)
        sure = max(categories[name] for name in EMOTIONS)
        return WordAffect(axes[0], axes[1], round(1 - sure, 4), said.evidence, categories)

    def _logits(self, text: str) -> NDArray[np.float32]:
        import torch

        tokens = self._tokenizer(text, return_tensors="pt", truncation=True, max_length=_LONGEST)
        with torch.inference_mode():
            return np.asarray(self._model(**tokens).logits[0].float().numpy(), np.float32)


def _load(directory: Path, threads: int) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    torch.set_num_threads(threads)
    tokenizer: Any = AutoTokenizer.from_pretrained(directory, local_files_only=True)
    model: Any = AutoModelForSequenceClassification.from_pretrained(directory, local_files_only=True)
    return tokenizer, model.eval()
