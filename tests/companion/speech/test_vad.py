from pathlib import Path

import numpy as np
import pytest

from companion.audio.decode import decode_file
from companion.errors import AudioError
from companion.speech.vad import WINDOW, SileroBatch, VadTicker

AUDIO = Path(__file__).parents[2] / "audio"


async def probabilities(ticker: VadTicker, *signals: np.ndarray) -> list[list[float]]:
    heard: list[list[float]] = [[] for _ in signals]
    streams = [ticker.open(lambda p, s, e, sound, h=h: h.append(p)) for h in heard]
    for stream, signal in zip(streams, signals, strict=True):
        ticker.push(stream, signal)
    await ticker.drained()
    for stream in streams:
        ticker.leave(stream)
    return heard


async def test_speech_is_heard_in_a_batch_as_it_is_alone_and_as_the_package_hears_it() -> None:
    from silero_vad import load_silero_vad

    clip = decode_file(AUDIO / "librispeech-1995-1837-0001.wav")[: 40 * WINDOW]
    quiet = np.zeros_like(clip)
    ticker = VadTicker(SileroBatch())
    try:
        (alone,) = await probabilities(ticker, clip)
        together = await probabilities(ticker, clip, quiet, clip)
    finally:
        await ticker.close()
    np.testing.assert_allclose(together[0], alone, atol=1e-4)
    np.testing.assert_allclose(together[2], alone, atol=1e-4)
    assert max(alone) > 0.9 and max(together[1]) < 0.3
    theirs = load_silero_vad(onnx=True)
    import torch

    reference = [theirs(torch.from_numpy(w.copy()), 16_000).item() for w in clip.reshape(-1, WINDOW)]
    np.testing.assert_allclose(alone, reference, atol=1e-4)


async def test_a_minute_may_wait_and_no_more() -> None:
    ticker = VadTicker(SileroBatch())
    try:
        stream = ticker.open(lambda p, s, e, sound: None)
        with pytest.raises(AudioError) as caught:
            ticker.push(stream, np.zeros(61 * 16_000, np.float32))
        assert caught.value.code == "audio_overrun"
    finally:
        await ticker.close()


async def test_a_detector_that_fails_is_silence_and_the_next_window_is_heard() -> None:
    class Once:
        def __init__(self) -> None:
            self.calls = 0

        def detect(self, windows: np.ndarray, states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            self.calls += 1
            if self.calls == 1:
                raise RuntimeError("out of memory")
            return np.ones(len(windows), np.float32), states

    ticker = VadTicker(Once())
    try:
        (heard,) = await probabilities(ticker, np.zeros(3 * WINDOW, np.float32))
    finally:
        await ticker.close()
    assert heard == [0.0, 1.0, 1.0]
