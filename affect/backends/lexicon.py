"""The lexicon alone as a classifier: spoken Chinese and English in one pass, no weights, a few microseconds a line.

All weights are authored, none is fitted; `affect.words.scan` has the rules of negation and intensity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from affect.labels import EMOTIONS, UNKNOWN, with_unknown
from affect.types import WordAffect
from affect.words.scan import Found, Scan, default_lexicon, evidence, read_lexicon, scan

# The share of each category before any evidence, and what one expression adds to the odds. Authored.
_BEFORE: Mapping[str, float] = {**dict.fromkeys(EMOTIONS, 0.1), "neutral": 0.4}
_PER_EXPRESSION = 0.8


class LexiconClassifier:
    """The embedded default where there is neither head nor embedder."""

    def __init__(self, path: Path | None = None) -> None:
        """path: an operator's own lines beside ours. Raises ValueError and OSError (see scan.read_lexicon)."""
        self.lexicon = read_lexicon(path) if path else default_lexicon()

    def read(self, text: str, language: str | None = None, vector: NDArray[np.float32] | None = None) -> WordAffect:
        """See TextEmotionClassifier.read; words without a sign of feeling are unknown here, not neutral."""
        return read_scan(scan(text, self.lexicon))


def read_scan(found: Scan) -> WordAffect:
    """What the expressions alone say."""
    telling = signs(found)
    if not telling:
        if found.denials:
            return WordAffect(0.1, None, 0.8, (("denial", 0.1),), with_unknown(_BEFORE, 0.6))
        return WordAffect(None, None, 1.0, categories=dict(UNKNOWN))
    weights = [abs(f.valence) + 0.1 for f in telling]
    total = sum(weights)
    valence = sum(f.valence * w for f, w in zip(telling, weights, strict=True)) / total
    arousal = sum(f.arousal * w for f, w in zip(telling, weights, strict=True)) / total
    strength = sum(abs(f.valence) for f in telling)
    agreement = abs(sum(f.valence for f in telling)) / strength if strength else 1.0
    certainty = min(0.85, 0.45 + 0.1 * len(telling)) * (0.4 + 0.6 * agreement)
    certainty *= (0.6 if found.wishes else 1.0) * (0.7 if found.denials else 1.0)
    spoken = {name: _BEFORE[name] + _PER_EXPRESSION * amount for name, amount in evidence(found).items()}
    return WordAffect(
        max(-1.0, min(1.0, valence)),
        max(-1.0, min(1.0, arousal)),
        round(1 - certainty, 4),
        shown(telling),
        with_unknown(spoken, round(0.3 * (1 - certainty), 4)),
    )


def signs(found: Scan) -> Sequence[Found]:
    """Expressions with a tone of their own, good, bad or stirred up."""
    return [f for f in found.found if f.valence or f.arousal]


def shown(found: Sequence[Found]) -> tuple[tuple[str, float], ...]:
    """Expressions with their weights, as WordAffect.evidence has them."""
    return tuple((f.expression, round(f.valence, 3)) for f in found)
