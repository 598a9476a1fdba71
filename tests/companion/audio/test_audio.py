from pathlib import Path

import numpy as np
import pytest
import soundfile

from companion.audio.decode import decode_file
from companion.audio.intake import Buffer, Pcm
from companion.errors import AudioError


def tone(rate: int, seconds: float = 0.5) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(int(rate * seconds)) / rate)).astype(np.float32)


@pytest.mark.parametrize(
    ("rate", "subtype", "channels"), [(44_100, "PCM_16", 2), (8_000, "PCM_U8", 1), (48_000, "FLOAT", 1)]
)
def test_any_ordinary_file_becomes_16_khz_mono(tmp_path: Path, rate: int, subtype: str, channels: int) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.stack([tone(rate)] * channels, axis=1), rate, subtype=subtype)
    samples = decode_file(path)
    assert samples.dtype == np.float32 and abs(samples.size - 8_000) <= 2
    spectrum = np.abs(np.fft.rfft(samples))
    assert abs(int(spectrum.argmax()) * 16_000 / samples.size - 440) < 3


@pytest.mark.parametrize("content", [b"", b"this is a letter, not a sound", b"RIFF\x00\x00\x00\x00WAVE"])
def test_what_is_not_audio_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(AudioError, match=r"record|convert"):
        decode_file(path)


def test_nan_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "nan.wav", np.full(800, np.nan, np.float32), 16_000, subtype="FLOAT")
    with pytest.raises(AudioError, match="NaN"):
        decode_file(tmp_path / "nan.wav")
    with pytest.raises(AudioError, match="not a file"):
        decode_file(tmp_path / "none.wav")


def test_odd_frames_join_into_the_samples_that_were_sent() -> None:
    sent = (tone(16_000) * 32_767).astype("<i2").tobytes()
    pcm = Pcm(16_000)
    parts = [pcm.decode(sent[at : at + 333]) for at in range(0, len(sent), 333)]
    whole = np.concatenate(parts)
    np.testing.assert_array_equal(whole, np.frombuffer(sent, "<i2").astype(np.float32) / np.float32(32_768))
    assert not pcm.incomplete
    pcm.decode(b"\x01")
    assert pcm.incomplete


@pytest.mark.parametrize("rate", [8_000, 24_000, 48_000])
def test_a_stream_of_another_rate_is_resampled_once(rate: int) -> None:
    pcm = Pcm(rate)
    sent = (tone(rate, 2.0) * 32_767).astype("<i2").tobytes()
    samples = np.concatenate([pcm.decode(sent[at : at + 640]) for at in range(0, len(sent), 640)])
    assert 31_000 < samples.size <= 32_000
    spectrum = np.abs(np.fft.rfft(samples))
    assert abs(int(spectrum.argmax()) * 16_000 / samples.size - 440) < 2


def test_a_rate_that_is_not_taken_is_named() -> None:
    with pytest.raises(AudioError, match="44100"):
        Pcm(44_100)


def test_the_buffer_forgets_what_is_not_needed_and_is_bounded() -> None:
    buffer = Buffer(1_000)
    for n in range(10):
        buffer.append(np.full(100, n, np.float32))
    with pytest.raises(AudioError) as caught:
        buffer.append(np.zeros(1, np.float32))
    assert caught.value.code == "audio_overrun"
    buffer.keep_from(450)
    assert buffer.start == 400
    assert buffer.slice(500, 700).tolist() == [5.0] * 100 + [6.0] * 100
    buffer.clear()
    assert buffer.slice(0, 1_000).size == 0 and buffer.start == 1_000
