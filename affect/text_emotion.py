"""Words -> what they say about the person's state."""

from __future__ import annotations

from typing import Protocol

from affect.types import WordAffect


class TextEmotionClassifier(Protocol):
    """Reads the words of one turn."""

    def read(self, text: str, language: str | None = None) -> WordAffect:
        """Words in any script or mixture. "" and words without a sign of feeling are unknown, not neutral."""
        ...
