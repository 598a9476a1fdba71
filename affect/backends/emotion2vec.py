"""emotion2vec+ through FunASR: nine labels with scores (github.com/ddlBoJack/emotion2vec, arXiv 2312.15185)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from affect.backends.funasr_auto import Section, load_auto, where
from affect.speech_emotion import (
    Calibration,
    EmotionModelError,
    Samples,
    answer,
    checked,
    mean,
    meant,
    read_calibration,
    windows,
)
from affect.types import EmotionScores


class Emotion2vec:
    """One emotion2vec_plus_{seed,base,large}; longer audio is read in equal parts of at most 20 s."""

    name = "emotion2vec"

    def __init__(self, auto: Any, calibration: Calibration | None = None) -> None:
        """auto: FunASR's AutoModel. Raises EmotionModelError for a model without labels (the ones not fine-tuned)."""
        labels = getattr(auto.kwargs.get("tokenizer"), "token_list", None) or ()
        if not any(meant(label) for label in labels):
            raise EmotionModelError("the model names no emotion that we know: take one of emotion2vec_plus_*")
        self._auto, self._calibration = auto, calibration or Calibration()

    def classify(self, samples: Samples) -> EmotionScores:
        """See SpeechEmotionClassifier.classify."""
        parts = []
        for part in windows(checked(samples)):
            (result,) = self._auto.generate(
                input=part, granularity="utterance", extract_embedding=False, disable_pbar=True
            )
            scores = dict(zip(result["labels"], map(float, result["scores"]), strict=True))
            parts.append((scores, float(part.size)))
        return EmotionScores(answer(mean(parts), self._calibration), source=self.name)


async def create(section: Section, locate: Callable[[str], Path]) -> Emotion2vec:
    """Loaded and warm. Raises EmotionModelError, and what locate raises."""
    model = where(section, locate, "an emotion2vec_plus directory or hub id, such as iic/emotion2vec_plus_base")

    def load() -> Emotion2vec:
        import numpy as np

        calibration = read_calibration(Path(model)) if Path(model).is_dir() else Calibration()
        made = Emotion2vec(load_auto(model, section.threads), calibration)
        made.classify(np.zeros(16_000, np.float32))  # the first inference is slow: not in somebody's turn
        return made

    return await asyncio.to_thread(load)
