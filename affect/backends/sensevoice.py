"""SenseVoice's emotion as a posterior, taken from the pass that recognises the words anyway.

SenseVoice puts four query frames before the speech and is trained to answer them, in this order, with language,
emotion, event and text normalisation (FunASR: sense_voice/model.py, and the order of targets in its datasets.py).
Its pipeline keeps the likeliest token of each. We keep what the emotion frame says of every emotion token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affect.backends.funasr_auto import Section, load_auto, where
from affect.labels import UNKNOWN
from affect.speech_emotion import (
    Calibration,
    EmotionModelError,
    Samples,
    answer,
    checked,
    from_labels,
    mean,
    read_calibration,
)
from affect.types import EmotionScores

EMOTION_FRAME, EVENT_FRAME = 1, 2
# Positions that FunASR's own code names; the others are looked up in the tokenizer.
DEFAULT_EMOTIONS: Mapping[str, int] = {"HAPPY": 25001, "SAD": 25002, "ANGRY": 25003, "NEUTRAL": 25004,
                                       "EMO_UNKNOWN": 25009}  # fmt: skip
_EMOTIONS = (*DEFAULT_EMOTIONS, "FEARFUL", "DISGUSTED", "SURPRISED")
_EVENTS = {"Laughter": "laugh", "Cry": "cry", "Breath": "breath", "Cough": "cough", "Sneeze": "sneeze",
           "Applause": "applause", "BGM": "music"}  # fmt: skip
_HELD = 0.5  # share of the emotion frame on emotion tokens under which it answers something else; authored
_HEARD = 0.3  # share of the event frame from which an event is told; authored


@dataclass(frozen=True, slots=True)
class Tags:
    """Positions in the vocabulary. emotions: SenseVoice's name -> position; events: ours -> position."""

    emotions: Mapping[str, int]
    events: Mapping[str, int]


def find_tags(tokenizer: Any = None) -> Tags:
    """The tags that a tokenizer with sentencepiece's `sp` knows; without one the emotions that FunASR's code names."""
    pieces = getattr(tokenizer, "sp", None)
    if pieces is None:
        return Tags(dict(DEFAULT_EMOTIONS), {})

    def position(tag: str) -> int | None:
        at = int(pieces.piece_to_id(f"<|{tag}|>"))  # the position of <unk> for a piece that is not there
        return at if pieces.id_to_piece(at) == f"<|{tag}|>" else None

    emotions = {tag: at for tag in _EMOTIONS if (at := position(tag)) is not None}
    events = {event: at for tag, event in _EVENTS.items() if (at := position(tag)) is not None}
    return Tags(emotions or dict(DEFAULT_EMOTIONS), events)


def posterior(names: Sequence[str], logits: NDArray[np.floating], total: float) -> dict[str, float]:
    """Shares of SenseVoice's emotion tags and of "unknown"; they sum to 1.

    names: k tags; logits: (k,), of those tags at the emotion frame; total: log of the sum of exp over the whole
    vocabulary there. Softmax over the tags alone; where they hold less than half of the frame it was not answered,
    and what they lack of it goes to "unknown".
    """
    logits = np.asarray(logits, np.float64)
    top = float(logits.max())
    powers = np.exp(logits - top)
    answered = min(1.0, float(powers.sum()) * float(np.exp(min(0.0, top - total))) / _HELD)
    shares = (powers / powers.sum() * answered).tolist()
    return {**dict(zip(names, shares, strict=True)), "unknown": 1 - answered}


def heard(names: Sequence[str], logits: NDArray[np.floating], total: float) -> tuple[str, ...]:
    """Events with at least 0.3 of the event frame, likeliest first. Arguments as of `posterior`, names ours."""
    shares = np.exp(np.asarray(logits, np.float64) - total)
    return tuple(names[at] for at in np.argsort(-shares, kind="stable") if shares[at] >= _HEARD)


class TagPosterior:
    """An EmotionTap on a FunASR AutoModel that holds a SenseVoiceSmall: `with tap: auto.generate(...)`.

    Outside of `with` the model is as it was. Parts of one utterance that are recognised one by one within the same
    `with` are averaged by their length.
    """

    name = "sensevoice"

    def __init__(self, auto: Any, calibration: Calibration | None = None) -> None:
        """calibration: None gives the posterior as the model has it. Raises EmotionModelError for another model."""
        layer: Any = getattr(getattr(auto.model, "ctc", None), "ctc_lo", None)
        if layer is None or not hasattr(auto.model, "emo_dict"):
            raise EmotionModelError(f"{type(auto.model).__name__} answers no emotion query: it is no SenseVoiceSmall")
        self._layer = layer
        tags = find_tags(auto.kwargs.get("tokenizer"))
        self._emotions, self._events = list(tags.emotions), list(tags.events)
        self._emotion_at, self._event_at = list(tags.emotions.values()), list(tags.events.values())
        self._calibration = calibration
        self._parts: list[tuple[dict[str, float], float]] = []
        self._found: list[str] = []
        self._hook: Any = None

    def __enter__(self) -> TagPosterior:
        self._parts, self._found = [], []
        self._hook = self._layer.register_forward_hook(self._listen)
        return self

    def __exit__(self, *why: object) -> None:
        self._hook.remove()

    @property
    def scores(self) -> EmotionScores | None:
        """Of the last pass; None when nothing ran, or gave NaN."""
        if not self._parts or not all(np.isfinite(list(shares.values())).all() for shares, _ in self._parts):
            return None
        shares = mean(self._parts)
        categories = answer(shares, self._calibration) if self._calibration else from_labels(shares)
        return EmotionScores(categories, tuple(dict.fromkeys(self._found)), self.name)

    def _listen(self, module: Any, inputs: Any, logits: Any) -> None:
        """logits: (b, t, vocabulary), the query frames first."""
        frames = logits[:, EMOTION_FRAME : EVENT_FRAME + 1].detach().float()
        totals = frames.logsumexp(-1).cpu().numpy()
        emotions = frames[:, 0, self._emotion_at].cpu().numpy()
        events = frames[:, 1, self._event_at].cpu().numpy()
        for emotion, event, total in zip(emotions, events, totals, strict=True):
            shares = posterior(self._emotions, emotion, float(total[0]))
            self._parts.append((shares, float(logits.shape[1])))
            self._found += heard(self._events, event, float(total[1])) if self._events else ()


class SenseVoiceEmotion:
    """A SenseVoiceSmall for its emotion alone, where something else recognises the words."""

    name = "sensevoice"

    def __init__(self, auto: Any, calibration: Calibration | None = None) -> None:
        self._auto, self._tap = auto, TagPosterior(auto, calibration or Calibration())

    def classify(self, samples: Samples) -> EmotionScores:
        """See SpeechEmotionClassifier.classify."""
        with self._tap:
            self._auto.generate(input=checked(samples), language="auto", use_itn=True, disable_pbar=True)
        return self._tap.scores or EmotionScores(dict(UNKNOWN), source=self.name)


async def create(section: Section, locate: Callable[[str], Path]) -> SenseVoiceEmotion:
    """A classifier of its own; where the recogniser is a SenseVoice its pass is shared without this one."""
    import asyncio

    model = where(section, locate, "a SenseVoiceSmall directory or hub id")
    auto = await asyncio.to_thread(load_auto, model, section.threads)
    return SenseVoiceEmotion(auto, read_calibration(Path(model)) if Path(model).is_dir() else Calibration())
