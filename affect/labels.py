"""One set of categories for all classifiers, and where each lies on the circumplex."""

from __future__ import annotations

from collections.abc import Mapping

EMOTIONS = ("angry", "happy", "sad", "fearful", "surprised", "disgusted", "neutral")
EVENTS = ("laugh", "cry", "breath", "cough", "sneeze", "applause", "music")
UNKNOWN: Mapping[str, float] = {**dict.fromkeys(EMOTIONS, 0.0), "unknown": 1.0}

# How often each is met in turns; authored. Good and bad feelings are taken to be as frequent: good ones are met 2.5
# times as often in daily life (Trampe, Quoidbach & Taquet 2015), and bad ones bring people here. Classifiers answer
# under it and fusion takes it out again.
PRIOR: Mapping[str, float] = {
    "neutral": 0.36, "happy": 0.30, "sad": 0.10, "angry": 0.10, "fearful": 0.06, "surprised": 0.04, "disgusted": 0.04,
}  # fmt: skip

# valence, arousal, dominance, -1..1: Russell & Mehrabian 1977 (means for the six words and their kin), with the
# valence of surprise brought to 0, since what surprises may be good or bad.
CIRCUMPLEX: Mapping[str, tuple[float, float, float]] = {
    "angry": (-0.51, 0.59, 0.25),
    "happy": (0.81, 0.51, 0.46),
    "sad": (-0.63, -0.27, -0.33),
    "fearful": (-0.64, 0.60, -0.43),
    "surprised": (0.0, 0.67, -0.13),
    "disgusted": (-0.60, 0.35, 0.11),
    "neutral": (0.0, 0.0, 0.0),
}

# Names that published label sets use -> ours. emotion2vec writes "生气/angry": both halves are looked up.
_NAMES = {
    "angry": "angry anger ang annoyed 生气 愤怒",
    "happy": "happy happiness hap joy joyful excited exc positive pos 开心 高兴 快乐",
    "sad": "sad sadness negative neg 难过 悲伤",
    "fearful": "fearful fear fea scared anxious 恐惧 害怕",
    "surprised": "surprised surprise sur ps 吃惊 惊讶",
    "disgusted": "disgusted disgust dis 厌恶",
    "neutral": "neutral neu calm none 中立 中性",
    "unknown": "unknown unk other oth emo_unknown <unk> 其他",
}
_ALIASES = {alias: name for name, aliases in _NAMES.items() for alias in aliases.split()}


def category(label: str) -> str:
    """The category that another label set's name means; "unknown" for a name that we do not know."""
    parts = label.strip().lower().strip("<|>").split("/")
    return next((_ALIASES[part] for part in reversed(parts) if part in _ALIASES), "unknown")


def to_categories(scores: Mapping[str, float]) -> dict[str, float]:
    """Scores under any names -> probabilities of ours: summed by category and brought to a sum of 1.

    Raises ValueError when a score is negative or none is above 0.
    """
    found = dict.fromkeys((*EMOTIONS, "unknown"), 0.0)
    for label, score in scores.items():
        if not score >= 0:
            raise ValueError(f"the score of {label!r} is {score}: probabilities are not negative")
        found[category(label)] += score
    total = sum(found.values())
    if total <= 0:
        raise ValueError("no score is above 0: there is nothing to read")
    return {name: score / total for name, score in found.items()}


def with_unknown(categories: Mapping[str, float], unknown: float) -> dict[str, float]:
    """The same proportions with this share (0..1) given to "unknown"."""
    known = sum(categories.get(name, 0.0) for name in EMOTIONS)
    if known <= 0:
        return dict(UNKNOWN)
    kept = {name: categories.get(name, 0.0) / known * (1 - unknown) for name in EMOTIONS}
    return {**kept, "unknown": unknown}


def circumplex(categories: Mapping[str, float]) -> tuple[float, float, float] | None:
    """Expected (valence, arousal, dominance), each -1..1, under the known part; None when nothing is known."""
    known = sum(categories.get(name, 0.0) for name in EMOTIONS)
    if known <= 0:
        return None
    weights = {name: categories.get(name, 0.0) / known for name in EMOTIONS}
    valence, arousal, dominance = (sum(w * CIRCUMPLEX[name][axis] for name, w in weights.items()) for axis in range(3))
    return valence, arousal, dominance
