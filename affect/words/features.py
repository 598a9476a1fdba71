"""Text -> numbers for the head: what the lexicon found, marks and particles, and hashed pieces of the text. Pure."""

from __future__ import annotations

import re
import zlib
from itertools import pairwise
from math import log1p, sqrt, tanh

import numpy as np
from numpy.typing import NDArray

from affect.labels import EMOTIONS
from affect.words.scan import Scan, evidence

BUCKETS = 1 << 15
_PIECES = re.compile(r"[a-z][a-z']*|[\u4e00-\u9fff]+|[!！]+|[?？]+|[^\x00-\x7f\u4e00-\u9fff]")
_MARKS = (
    re.compile(r"[!！]"),
    re.compile(r"[?？]"),
    re.compile(r"\.\.\.|…|。。"),
    re.compile(r"[吗么嘛]"),
    re.compile(r"[啊呀哇啦]"),
    re.compile(r"[吧呢]"),
    re.compile(r"\d"),
    re.compile(r"你|您|\byou\b|\byour\b"),
    re.compile(r"我|\bi\b|\bi'm\b|\bmy\b|\bme\b"),
    re.compile(r"他|她|\bhe\b|\bshe\b|\bthey\b|\bhis\b|\bher\b"),
)
_HAN = re.compile(r"[\u4e00-\u9fff]")
_LATIN = re.compile(r"[a-z][a-z']*")
_TURNED = ("happy", "sad", "angry", "fearful")
NAMES = (
    *(f"{c}" for c in EMOTIONS),
    *(f"strongest {c}" for c in EMOTIONS if c != "neutral"),
    *(f"not {c}" for c in _TURNED),
    "valence",
    "good",
    "bad",
    "arousal",
    "nothing found",
    "denial",
    "wish",
    "negations",
    "contrast",
    "asked",
    *("exclamations", "questions", "dots", "ma", "a", "ba ne", "digits", "you", "I", "they"),
    "length",
    "Han",
)


def dense(scan: Scan) -> NDArray[np.float32]:
    """(len(NAMES),) float32, each some -1..1 (lengths and counts are squashed)."""
    sums = evidence(scan)
    strongest = dict.fromkeys(EMOTIONS, 0.0)
    turned = dict.fromkeys(_TURNED, 0.0)
    good = bad = arousal = 0.0
    for f in scan.found:
        for category in f.categories:
            if f.scale > 0:
                strongest[category] = max(strongest[category], abs(f.valence) or 0.5 * f.scale)
            elif category in turned:
                turned[category] += 1
        good, bad = good + max(0.0, f.valence), bad + max(0.0, -f.valence)
        arousal += f.arousal
    text = scan.text
    han, latin = len(_HAN.findall(text)), len(_LATIN.findall(text))
    values = [tanh(0.7 * sums[c]) for c in EMOTIONS]
    values += [strongest[c] for c in EMOTIONS if c != "neutral"]
    values += [tanh(turned[c]) for c in _TURNED]
    values += [tanh(good - bad), tanh(good), tanh(bad), tanh(arousal), float(not (good or bad or arousal))]
    values += [min(1.0, scan.denials), min(1.0, scan.wishes), tanh(0.5 * scan.negations)]
    values += [float(scan.contrast), float(scan.asked)]
    values += [tanh(0.5 * len(mark.findall(text))) for mark in _MARKS]
    values += [log1p(han + 1.5 * latin) / 4, han / max(1, han + latin)]
    return np.array(values, np.float32)


def pieces(text: str) -> list[str]:
    """Of normalised text: 1 to 3 neighbouring Chinese characters, Latin words and pairs, marks and emoji."""
    out: list[str] = []
    last = "^"
    for run in _PIECES.findall(text):
        if "\u4e00" <= run[0] <= "\u9fff":
            out += run
            out += map("".join, pairwise(run))
            out += map("".join, zip(run, run[1:], run[2:], strict=False))
            last = "汉"
        elif run[0].isalpha() and run[0].isascii():
            out += (run, f"{last} {run}")
            last = run
        else:
            out.append(run[:2])
    return out


def hashed(text: str) -> tuple[NDArray[np.int64], float]:
    """Buckets of the pieces of normalised text, each once, and the weight of each: 1 / sqrt(their number)."""
    buckets = {zlib.crc32(piece.encode()) % BUCKETS for piece in pieces(text)}
    return np.fromiter(buckets, np.int64, len(buckets)), 1 / sqrt(max(1, len(buckets)))
