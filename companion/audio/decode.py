"""A sound file -> samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from companion.errors import AudioError

SAMPLE_RATE = 16_000


def decode_file(path: Path | str) -> NDArray[np.float32]:
    """Samples of a WAV, FLAC or OGG file: float32, shape (n,), 16 kHz mono, full scale +-1.

    Channels are averaged, any rate is resampled once. Raises AudioError when the file is missing, empty, no audio,
    or holds NaN.
    """
    import soundfile
    import soxr

    path = Path(path)
    if not path.is_file():
        raise AudioError(f"{path} is not a file: give the path of a WAV, FLAC or OGG file")
    if path.stat().st_size == 0:
        raise AudioError(f"{path} has 0 bytes: record it again")
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, TypeError):  # TypeError: the library wants a rate for names that end in .raw
        raise AudioError(f"{path} is not audio that can be read: convert it to WAV, FLAC or OGG") from None
    if len(samples) == 0:
        raise AudioError(f"{path} holds no samples: record it again")
    mono = samples.mean(axis=1)
    if not np.isfinite(mono).all():
        raise AudioError(f"{path} holds NaN or infinity: check what wrote it")
    mono = np.clip(mono, -1.0, 1.0)
    if rate != SAMPLE_RATE:
        mono = soxr.resample(mono, rate, SAMPLE_RATE)
    if mono.size == 0:
        raise AudioError(f"{path} is shorter than one sample at 16 kHz: record it again")
    return np.asarray(np.clip(mono, -1.0, 1.0), dtype=np.float32)
