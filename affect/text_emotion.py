"""Words -> what they say about the person's state."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from affect.types import WordAffect


class TextEmotionClassifier(Protocol):
    """Reads the words of one turn."""

    def read(self, text: str, language: str | None = None, vector: NDArray[np.float32] | None = None) -> WordAffect:
        """Words in any script or mixture; never raises for their sake. "" and sounds that are no words are unknown.

        vector: the text's sentence vector, unit, (d,), where the caller has one already (recall embeds the same text).
        A classifier that knows no such vectors reads the words alone.
        """
        ...
