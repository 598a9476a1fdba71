"""Any text-classification directory of the transformers library as a classifier of words."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
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
    """One model in this process. A read runs it, some 10 ms or more: callers on an event loop take `read_apart`.

    Reads wait for each other in one thread: the library's tokenizers cannot be shared, and the cores are few.
    """

    def __init__(
        self, directory: Path, *, temperature: float = 1.0, names: Mapping[str, str] | None = None, threads: int = 1
    ) -> None:
        """directory: config.json, tokenizer and weights; its id2label is mapped by labels.category.

        temperature: what the logits are divided by, above 0. names: the directory's labels -> ours, for those that
        labels.py does not know. threads: of torch, for the whole process. Raises ValueError when the directory is no
        such model, a temperature is not above 0, or a name means no category of ours.
        """
        if not temperature > 0:
            raise ValueError(f"the temperature is {temperature}: it must be above 0")
        wrong = set((names or {}).values()) - {*EMOTIONS, "unknown"}
        if wrong:
            raise ValueError(f"no such category: {', '.join(sorted(wrong))}; ours are {', '.join(EMOTIONS)}")
        if not (directory / "config.json").is_file():
            raise ValueError(f"{directory} holds no config.json: point to a text-classification directory")
        self._tokenizer, self._model = _load(directory, threads)
        labels = self._model.config.id2label  # not the file's: it leaves LABEL_0 and LABEL_1 out
        self._labels = [(names or {}).get(labels[key], labels[key]) for key in sorted(labels)]
        if to_categories(dict.fromkeys(self._labels, 1.0))["unknown"] >= 1:
            raise ValueError(f"{directory} names no category that we know: map its labels with names")
        self._temperature = temperature
        self._apart = ThreadPoolExecutor(1, "words")

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

    async def read_apart(
        self, text: str, language: str | None = None, vector: NDArray[np.float32] | None = None
    ) -> WordAffect:
        """See SlowTextEmotion."""
        return await asyncio.get_running_loop().run_in_executor(self._apart, self.read, text, language, vector)

    async def close(self) -> None:
        """End its thread; a read that has begun is finished."""
        self._apart.shutdown(wait=False, cancel_futures=True)

    def _logits(self, text: str) -> NDArray[np.float32]:
        import torch

        tokens = self._tokenizer(text, return_tensors="pt", truncation=True, max_length=_LONGEST)
        with torch.inference_mode():
            return np.asarray(self._model(**tokens).logits[0].float().numpy(), np.float32)


def _load(directory: Path, threads: int) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(directory, local_files_only=True)
        model, loaded = AutoModelForSequenceClassification.from_pretrained(
            directory, local_files_only=True, output_loading_info=True
        )
    except Exception as error:  # whatever the library raises
        raise ValueError(
            f"transformers cannot load {directory} ({type(error).__name__}): is it whole, and for text classification?"
        ) from error
    if loaded["missing_keys"]:  # transformers would fill a missing classifier with noise and say so in a log only
        raise ValueError(f"{directory} lacks weights ({len(loaded['missing_keys'])} tensors): was it trained?")
    torch.set_num_threads(threads)
    return tokenizer, model.eval()
