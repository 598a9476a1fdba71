"""A long turn is a curve, not a mean: where to cut it, and whether one person speaks in it. Pure."""

from __future__ import annotations

import numpy as np

from affect.tracks import HOP_S, Tracks, runs
from affect.voice_quality import formant_spacing_hz

LONGEST_S = 8.0  # a stretch to be read on its own
_SHORTEST_S = 3.0
_GAP_S = 0.2
_APART_ST, _APART_SHARE = 5.0, 0.10  # pitch and tract by which two groups of phrases are two people's
_VOICE_S = 0.5


def cut(tracks: Tracks, longest_s: float = LONGEST_S) -> list[tuple[int, int]]:
    """Stretches [first, last) of frames of at most longest_s, cut in the longest pause, else in the quietest frame.

    Together they cover everything from the first to the last sound; no speech: none.
    """
    sounding = np.flatnonzero(tracks.speech)
    if sounding.size == 0:
        return []
    first, end = int(sounding[0]), int(sounding[-1]) + 1
    longest, shortest = int(longest_s / HOP_S), int(min(_SHORTEST_S, longest_s / 2) / HOP_S)
    found = []
    while end - first > longest:
        gaps = runs(~tracks.speech[first + shortest : first + longest])
        if gaps:
            start, stop = max(gaps, key=lambda gap: gap[1] - gap[0])
            at = first + shortest + (start + stop) // 2
        else:
            at = first + shortest + int(tracks.level_db[first + shortest : first + longest].argmin())
        found.append((first, at))
        first = at
    found.append((first, end))
    return found


def two_voices(tracks: Tracks) -> bool:
    """Whether phrases fall into two groups that differ both in pitch and in length of the vocal tract."""
    phrases = [(s, e) for s, e in _phrases(tracks) if tracks.voiced[s:e].sum() * HOP_S >= 0.15]
    if len(phrases) < 2:
        return False
    pitch = [12 * np.log2(float(np.nanmedian(tracks.f0_hz[s:e]))) for s, e in phrases]
    order = np.argsort(pitch)
    steps = np.diff(np.array(pitch)[order])
    split = int(steps.argmax()) + 1
    groups = [_joined(tracks, [phrases[n] for n in part]) for part in (order[:split], order[split:])]
    if any(group.voiced.sum() * HOP_S < _VOICE_S for group in groups):
        return False
    low, high = (float(np.nanmedian(group.f0_hz)) for group in groups)
    if 12 * np.log2(high / low) < _APART_ST:
        return False
    long, short = (formant_spacing_hz(group) for group in groups)
    return long is not None and short is not None and short / long - 1 > _APART_SHARE


def _phrases(tracks: Tracks) -> list[tuple[int, int]]:
    bridged = tracks.speech.copy()
    for start, end in runs(~tracks.speech):
        if (end - start) * HOP_S < _GAP_S and start > 0 and end < bridged.size:
            bridged[start:end] = True
    return runs(bridged)


def _joined(tracks: Tracks, parts: list[tuple[int, int]]) -> Tracks:
    rows = np.concatenate([np.arange(s, e) for s, e in parts])
    return tracks.rows(rows, tracks.samples)
