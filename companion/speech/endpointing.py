"""How long a silence must be to end a turn, from how the voice sounded before it. Pure; times are seconds.

A turn that is over ends low, with a last syllable that is softer and longer than those before (Gravano & Hirschberg
2011, Koiso et al. 1998); one that goes on breaks off, or holds a vowel (嗯, um). Who trembles, sobs or pauses long is
given time. The weights are authored by us, after a fit on recordings and speakers that `companion bench endpointing`
does not use. A model of complete turns (completeness.py) has its say where it has heard enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Eagerness = Literal["low", "medium", "high", "auto"]
SHORTEST_WAIT_S, LONGEST_WAIT_S = 0.3, 2.0
LOOK_BACK_S = 3.0  # of audio before the silence: the range of a voice is known after some syllables
_EAGERNESS: dict[Eagerness, float] = {"low": 1.5, "medium": 1.0, "auto": 1.0, "high": 0.7}  # times the wait
_UNDECIDED, _OVER = 2.2, 0.9  # times silence_s where nothing is known; octaves of it for each unit of finality
_BEGUN_S, _BEGUN = 0.6, 1.2  # who has hardly begun is given more time
_TREMBLES_ST, _SOBS, _MOVED = 0.3, 0.6, 1.4  # tremor and share of breath from which, and how much more, they are given
# Log odds of the model: its usual +-4 weigh half of what the voice may, and nothing before it has heard so much, since
# on short sentences it knows nothing (docs/decisions/0013).
_COMPLETE, COMPLETE_FROM_S = 0.25, 2.5
_PAUSES = 1.2  # times the longer of the pauses that are usual for this person


@dataclass(frozen=True, slots=True)
class Ending:
    """The last LOOK_BACK_S of a voice. None: too little voice to tell.

    low: pitch of the last 0.15 s of voice less its median, over its range (10th to 90th percentile). nucleus_db: level
    of the last syllable less that of the median one. tail_s: from its loudest place to the end of sound. unvoiced_s:
    how much of that has no pitch. held: how evenly the last vowel is held, 0..1. tremor_st: depth of a 4-12 Hz tremor.
    breath: share of the sound that has no pitch.
    """

    low: float | None = None
    nucleus_db: float | None = None
    tail_s: float | None = None
    unvoiced_s: float | None = None
    held: float = 0.0
    tremor_st: float = 0.0
    breath: float = 0.0


def wait_s(
    ending: Ending,
    silence_s: float,
    eagerness: Eagerness = "auto",
    *,
    spoken_s: float,
    pauses: Sequence[float],
    complete: float | None = None,
) -> float:
    """Seconds of silence that end the turn, SHORTEST_WAIT_S..LONGEST_WAIT_S; further where silence_s lies outside.

    silence_s: what ends a turn that sounds quite over. spoken_s: speech of the turn so far. pauses: seconds of the
    person's earlier pauses, in this session. complete: log odds that the turn is over, of a model; None: not read.
    """
    final = finality(ending)
    if complete is not None and spoken_s >= COMPLETE_FROM_S:
        final = float(np.clip(final + _COMPLETE * complete, -2, 2))
    wait = silence_s * _EAGERNESS[eagerness] * _UNDECIDED * 2 ** (-_OVER * final)
    if spoken_s < _BEGUN_S:
        wait *= _BEGUN
    if ending.tremor_st >= _TREMBLES_ST or ending.breath >= _SOBS:
        wait *= _MOVED
    if len(pauses) >= 2:
        wait = max(wait, _PAUSES * float(np.quantile(pauses, 0.75)))
    return float(np.clip(wait, min(SHORTEST_WAIT_S, silence_s), max(LONGEST_WAIT_S, silence_s)))


def finality(ending: Ending) -> float:
    """How finished it sounds: about -2 (goes on) to 2 (over); 0 where nothing is known. The log odds of the fit."""
    if ending.low is None or ending.nucleus_db is None or ending.tail_s is None or ending.unvoiced_s is None:
        return 0.0
    low = -1.0 * (float(np.clip(ending.low, -1, 1)) + 0.25)
    soft = -0.17 * (float(np.clip(ending.nucleus_db, -12, 8)) + 1.5)
    drawn_out = 5.0 * (min(ending.tail_s, 0.8) - 0.25)
    cut_off = -3.5 * (min(ending.unvoiced_s, 0.4) - 0.1)
    return float(np.clip(low + soft + drawn_out + cut_off - 2.5 * ending.held, -2, 2))
