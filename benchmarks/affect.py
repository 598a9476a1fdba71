"""What hearing the voice costs: all of the acoustic analysis as a share of real time, in CPU of the whole process,
beside librosa's pyin and beside an extraction like eGeMAPS (pitch, loudness, spectrum, cepstrum, formants by frame)
out of librosa's parts."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from affect.voice import read_voice
from benchmarks.result import Result
from companion.audio.decode import decode_file

_AUDIO = Path(__file__).resolve().parents[1] / "examples" / "audio"
_GOAL = 0.01
Samples = NDArray[np.float32]


def _ours(samples: Samples) -> None:
    read_voice(samples, {})


def _pyin(samples: Samples) -> None:
    import librosa

    librosa.pyin(samples, fmin=65, fmax=650, sr=16_000)


def _like_egemaps(samples: Samples) -> None:
    """The low-level descriptors of eGeMAPS (Eyben et al. 2016), frames of 20 ms every 10 ms; pitch by yin, not pyin."""
    import librosa

    spectrum = np.abs(librosa.stft(samples, n_fft=512, hop_length=160, win_length=320))
    librosa.yin(samples, fmin=65, fmax=650, sr=16_000, hop_length=160)
    librosa.feature.rms(S=spectrum, frame_length=512)
    librosa.feature.mfcc(S=librosa.power_to_db(librosa.feature.melspectrogram(S=spectrum**2, sr=16_000)), n_mfcc=4)
    librosa.onset.onset_strength(S=spectrum, sr=16_000)
    frames = librosa.util.frame(samples, frame_length=320, hop_length=160).T
    loud = frames[(frames**2).mean(axis=1) > 1e-6] * np.hamming(320)
    for predictor in librosa.lpc(loud, order=12):
        np.roots(predictor)


def _share(extract: Callable[[Samples], None], clips: list[Samples]) -> float:
    """CPU seconds of the process over seconds of sound."""
    started = time.process_time()
    for clip in clips:
        extract(clip)
    return (time.process_time() - started) / (sum(clip.size for clip in clips) / 16_000)


def run(n: int = 9) -> Result:
    """Interleaved over the three recordings of examples/audio; medians."""
    clips = [decode_file(path) for path in sorted(_AUDIO.glob("*.wav"))]
    shares: dict[str, list[float]] = {"ours": [], "pyin": [], "egemaps": []}
    for extract in (_ours, _pyin, _like_egemaps):
        extract(clips[0])  # imports and caches
    for _ in range(n):
        for name, extract in (("ours", _ours), ("pyin", _pyin), ("egemaps", _like_egemaps)):
            shares[name].append(_share(extract, clips))
    ours, pyin, egemaps = (statistics.median(shares[name]) for name in ("ours", "pyin", "egemaps"))
    return Result(
        "affect",
        ours,
        "CPU s / s of sound",
        "librosa.pyin, pitch alone",
        pyin,
        "<= 0.010",
        ours <= _GOAL,
        n,
        detail={"like_egemaps": round(egemaps, 5), "ratio_to_like_egemaps": round(ours / egemaps, 4)},
    )
