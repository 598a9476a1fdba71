"""Words -> what they say about the person's state."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

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


@runtime_checkable
class SlowTextEmotion(TextEmotionClassifier, Protocol):
    """One whose `read` computes for longer than an event loop may stand still."""

    async def read_apart(
        self, text: str, language: str | None = None, vector: NDArray[np.float32] | None = None
    ) -> WordAffect:
        """The same as `read`, in a thread of its own; callers on an event loop take this."""
        ...

    async def close(self) -> None:
        """End that thread."""
        ...


async def read_words(
    classifier: TextEmotionClassifier,
    text: str,
    language: str | None = None,
    vector: NDArray[np.float32] | None = None,
) -> WordAffect:
    """What the words say, by any classifier, without holding up the event loop."""
    if isinstance(classifier, SlowTextEmotion):
        return await classifier.read_apart(text, language, vector)
    return classifier.read(text, language, vector)
