"""How long a silence must be to end a turn, from how the voice sounded before it. Pure; times are seconds.

A turn that is over ends low, soft and drawn out; one that goes on stops in mid-air, hums (嗯, um) or has just begun.
Who cries, trembles or speaks slowly is given time. The directions are those of Gravano & Hirschberg (2011) on
turn-yielding cues; the weights are authored by us and checked by `companion bench endpointing` on other recordings
than those they were chosen on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

SHORTEST_WAIT_S, LONGEST_WAIT_S = 0.3, 2.0
LOOK_BACK_S = 1.5  # of audio before the silence
Eagerness = Literal["low", "medium", "high", "auto"]
EAGERNESS: dict[Eagerness, float] = {"low": 1.6, "medium": 1.0, "auto": 1.0, "high": 0.7}  # times the wait
_BEGUN_S, _BEGUN = 0.6, 1.3  # who has hardly begun is given more time
_PAUSES = 1.2  # times the longer of the pauses that are usual for this person


@dataclass(frozen=True, slots=True)
class Ending:
    """The last second and a half of a voice. None: too little voice to tell.

    low_st: pitch of the last 0.2 s of voice less its median, semitones. slope_st_s: of the last 0.3 s.
    soft_db: level of the last 0.2 s less that of the loud frames. run_s: the last voiced run.
    even_st: spread of pitch in that run. tremor_st: depth of 4-12 Hz tremor. noise: share of speech without pitch.
    """

    low_st: float | None = None
    slope_st_s: float | None = None
    soft_db: float | None = None
    fade_db: float | None = None
    run_s: float | None = None
    even_st: float | None = None
    tremor_st: float | None = None
    noise: float | None = None


def wait_s(
    ending: Ending, silence_s: float, eagerness: Eagerness = "auto", *, spoken_s: float, pauses: Sequence[float]
) -> float:
    """Seconds of silence that end the turn, SHORTEST_WAIT_S..LONGEST_WAIT_S; further where silence_s lies outside.

    silence_s: what ends a turn of which nothing is known. eagerness: a key of EAGERNESS. spoken_s: speech of the turn
    so far. pauses: seconds of the person's earlier pauses in this session.
    """
    wait = silence_s * EAGERNESS[eagerness] * 2 ** -finality(ending)
    if spoken_s < _BEGUN_S:
        wait *= _BEGUN
    if len(pauses) >= 2:
        wait = max(wait, _PAUSES * float(np.quantile(pauses, 0.75)))
    return float(np.clip(wait, min(SHORTEST_WAIT_S, silence_s), max(LONGEST_WAIT_S, silence_s)))


def finality(ending: Ending) -> float:
    """How finished it sounds: about -1 (goes on) to 1 (over), 0 where nothing is known."""
    told = 0.0
    if ending.soft_db is not None:
        told += float(np.clip((-9.0 - ending.soft_db) / 5.0, -1, 1))
    if ending.low_st is not None:
        told += 0.5 * float(np.clip((-1.0 - ending.low_st) / 2.0, -1, 1))
    return told
