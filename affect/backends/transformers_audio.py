"""Any audio-classification directory of the transformers library as a classifier of voices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from affect.backends.funasr_auto import Section, where
from affect.speech_emotion import (
    SAMPLE_RATE,
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


class TransformersAudio:
    """One model in this process; longer audio is read in equal parts of at most 20 s."""

    def __init__(self, directory: Path, *, threads: int = 1, calibration: Calibration | None = None) -> None:
        """directory: config.json, preprocessor_config.json and weights; its id2label is mapped by labels.category.

        calibration: default, that of the directory (see read_calibration). threads: of torch, for the whole process.
        Raises EmotionModelError when it is no such directory, wants another rate than 16 kHz, or names no emotion.
        """
        self.name = f"transformers:{directory.name}"
        for wanted in ("config.json", "preprocessor_config.json"):
            if not (directory / wanted).is_file():
                raise EmotionModelError(f"{directory} holds no {wanted}: give an audio-classification directory")
        import torch
        from transformers import AutoFeatureExtractor, AutoModelForAudioClassification

        self._calibration = calibration or read_calibration(directory)
        try:
            extractor: Any = AutoFeatureExtractor
            self._extract = extractor.from_pretrained(directory, local_files_only=True)
            model, loaded = AutoModelForAudioClassification.from_pretrained(
                directory, local_files_only=True, output_loading_info=True
            )
        except Exception as error:  # whatever the library raises
            raise EmotionModelError(
                f"transformers cannot load {directory} ({type(error).__name__}): is it whole, and for audio "
                "classification?"
            ) from error
        if loaded["missing_keys"]:  # transformers would fill a missing classifier with noise and say so in a log only
            raise EmotionModelError(
                f"{directory} lacks weights ({len(loaded['missing_keys'])} tensors): was it trained?"
            )
        self._model = model.eval()
        rate = getattr(self._extract, "sampling_rate", SAMPLE_RATE)
        if rate != SAMPLE_RATE:
            raise EmotionModelError(f"{directory} wants {rate} Hz: give a model for {SAMPLE_RATE} Hz")
        names = model.config.id2label
        self._labels = [str(names[at]) for at in sorted(names)]
        if model.config.problem_type not in (None, "single_label_classification"):
            raise EmotionModelError(f"{directory} is for {model.config.problem_type}: give one that picks one label")
        if not any(meant(label) for label in self._labels):
            raise EmotionModelError(f"{directory} names no emotion that we know, but {', '.join(self._labels[:8])}")
        torch.set_num_threads(threads)

    def classify(self, samples: Samples) -> EmotionScores:
        """See SpeechEmotionClassifier.classify."""
        parts = [(self._part(part), float(part.size)) for part in windows(checked(samples))]
        return EmotionScores(answer(mean(parts), self._calibration), source=self.name)

    def _part(self, samples: Samples) -> dict[str, float]:
        import torch

        inputs = self._extract(samples, sampling_rate=SAMPLE_RATE, return_tensors="pt")
        with torch.inference_mode():
            logits = self._model(**inputs).logits[0].float().numpy().astype(np.float64)
        powers = np.exp(logits - logits.max())
        summed: dict[str, float] = {}
        for label, share in zip(self._labels, (powers / powers.sum()).tolist(), strict=True):
            summed[label] = summed.get(label, 0.0) + share
        return summed


async def create(section: Section, locate: Callable[[str], Path]) -> TransformersAudio:
    """Loaded and warm. Raises EmotionModelError, and what locate raises."""
    model = where(section, locate, "an audio-classification directory")

    def load() -> TransformersAudio:
        made = TransformersAudio(Path(model), threads=section.threads)
        made.classify(np.zeros(SAMPLE_RATE, np.float32))
        return made

    return await asyncio.to_thread(load)
