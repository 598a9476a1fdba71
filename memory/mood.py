"""How a memory's mood meets the person's: nearer memories of one mood come easily to mind, which is not always kind.

Mood-congruent recall: Bower 1981. "congruent" follows it; "balance", the default, does not feed sadness with sadness.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Mood = Literal["off", "congruent", "balance"]
_LOW = -0.2  # valence below which somebody is low; authored


def fitting(valence: NDArray[np.float64], felt: float | None, mood: Mood) -> NDArray[np.float64] | float:
    """How well each memory's mood fits, 0..1.

    valence: -1..1, NaN where it is unknown (counts as neutral). felt: the person's now, -1..1, None when unknown.

    "balance": someone low is met by what was neutral (0.5) or good (up to 1); otherwise mood says nothing.
    """
    if mood == "off" or felt is None:
        return 0.0
    known = np.nan_to_num(valence)
    if mood == "congruent":
        return 1 - np.abs(felt - known) / 2
    return (1 + known) / 2 if felt < _LOW else 0.0
