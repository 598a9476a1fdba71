"""Files as they come: every ordinary encoding gives back the sound that went in, and nothing else gives a sound."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companion.audio.decode import SAMPLE_RATE, decode_file
from companion.errors import AudioError


def sound(rate: int, seconds: float = 1.0) -> np.ndarray:
    """Three tones below 3.4 kHz, so that every rate down to 8 kHz can carry them: float64, peak about .75."""
    t = np.arange(int(rate * seconds)) / rate
    return 0.25 * (np.sin(2 * np.pi * 220 * t) + np.sin(2 * np.pi * 1_330 * t + 1) + np.sin(2 * np.pi * 3_100 * t + 2))


def error_db(heard: np.ndarray, wanted: np.ndarray) -> float:
    """Power of the difference beside that of the sound, without the 50 ms at each end where a resampler rings."""
    assert abs(heard.size - wanted.size) <= 1
    inner = slice(SAMPLE_RATE // 20, min(heard.size, wanted.size) - SAMPLE_RATE // 20)
    difference = heard[inner] - wanted[inner]
    return float(10 * np.log10((difference**2).mean() / (wanted[inner] ** 2).mean() + 1e-20))


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize(
    ("subtype", "allowed_db"),
    [("PCM_U8", -36), ("PCM_16", -60), ("PCM_24", -60), ("PCM_32", -60), ("FLOAT", -60), ("ULAW", -30)],
)
def test_every_depth_and_rate_gives_the_sound_that_was_written(
    tmp_path: Path, rate: int, subtype: str, allowed_db: float
) -> None:
    """Eight bits and u-law carry no more than they are allowed here; from 16 bits on the resampler is the limit."""
    soundfile.write(tmp_path / "a.wav", sound(rate), rate, subtype=subtype)
    heard = decode_file(tmp_path / "a.wav")
    assert heard.dtype == np.float32 and heard.ndim == 1
    assert error_db(heard, sound(SAMPLE_RATE)) < allowed_db


@pytest.mark.parametrize("name", ["a.flac", "a.ogg"])
def test_other_containers_give_it_too(tmp_path: Path, name: str) -> None:
    soundfile.write(tmp_path / name, sound(44_100), 44_100)
    assert error_db(decode_file(tmp_path / name), sound(SAMPLE_RATE)) < -25


def test_channels_are_averaged(tmp_path: Path) -> None:
    left, right = sound(44_100), 0.1 * sound(44_100)[::-1]
    soundfile.write(tmp_path / "a.wav", np.stack((left, right, 0 * left), axis=1), 44_100, subtype="PCM_24")
    soundfile.write(tmp_path / "mono.wav", (left + right) / 3, 44_100, subtype="PCM_24")
    np.testing.assert_allclose(decode_file(tmp_path / "a.wav"), decode_file(tmp_path / "mono.wav"), atol=1e-5)


def test_16_bit_at_our_rate_is_bit_for_bit_what_was_written(tmp_path: Path) -> None:
    written = np.arange(-32_768, 32_768, dtype=np.int16)
    soundfile.write(tmp_path / "a.wav", written, SAMPLE_RATE, subtype="PCM_16")
    np.testing.assert_array_equal(decode_file(tmp_path / "a.wav") * 32_768, written)


def test_ten_milliseconds_are_ten_milliseconds(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", sound(44_100, 0.01), 44_100)
    assert decode_file(tmp_path / "a.wav").size == SAMPLE_RATE // 100


def test_what_is_too_loud_is_held_at_full_scale(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.array([2.0, -3.0, 0.5] * 100, np.float32), SAMPLE_RATE, subtype="FLOAT")
    assert decode_file(tmp_path / "a.wav")[:3].tolist() == [1.0, -1.0, 0.5]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_one_sample_that_is_no_number_refuses_the_file(tmp_path: Path, bad: float, rate: int) -> None:
    samples = sound(rate).astype(np.float32)
    samples[777] = bad
    soundfile.write(tmp_path / "a.wav", np.stack((samples, sound(rate)), axis=1), rate, subtype="FLOAT")
    with pytest.raises(AudioError, match="NaN or infinity"):
        decode_file(tmp_path / "a.wav")


def test_a_recording_that_was_cut_off_gives_what_is_there(tmp_path: Path) -> None:
    """A recorder that died: the header promises a second, half of it was written."""
    soundfile.write(tmp_path / "a.wav", sound(SAMPLE_RATE), SAMPLE_RATE, subtype="PCM_16")
    whole = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(whole[: 44 + SAMPLE_RATE])
    heard = decode_file(tmp_path / "a.wav")
    assert error_db(heard, sound(SAMPLE_RATE)[: SAMPLE_RATE // 2]) < -60


def wav(data: bytes, *, kind: int = 1, channels: int = 1, rate: int = 16_000, bits: int = 16) -> bytes:
    """A RIFF file with whatever numbers."""
    align = channels * bits // 8
    head = struct.pack("<HHIIHH", kind, channels, rate & 0xFFFFFFFF, rate * align & 0xFFFFFFFF, align, bits)
    chunks = b"WAVEfmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.wav", b""),
        ("header.wav", wav(b"")),
        ("no-rate.wav", wav(b"\1\2" * 800, rate=0)),
        ("no-channels.wav", wav(b"\1\2" * 800, channels=0)),
        ("no-codec.wav", wav(b"\1\2" * 800, kind=0x7777)),
        ("letter.wav", "亲爱的，这不是声音。".encode() * 50),
        ("picture.wav", b"\x89PNG\r\n\x1a\n" + bytes(5_000)),
        ("video.mp4", b"\0\0\0\x18ftypmp42" + bytes(5_000)),
        ("zeros.wav", bytes(10_000)),
        ("half-a-header.wav", wav(b"\1\2" * 800)[:30]),
        ("letter.flac", b"fLaC" + b"not really" * 100),
        ("letter.ogg", b"OggS" + b"not really" * 100),
    ],
)
def test_what_is_no_sound_is_refused_with_what_to_do(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AudioError, match=r"record it again|convert it to WAV") as caught:
        decode_file(tmp_path / name)
    assert name in str(caught.value) and caught.value.__cause__ is None


def test_a_folder_and_a_name_with_no_file_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.wav", str(tmp_path / "none" / "none.wav")):
        with pytest.raises(AudioError, match="is not a file"):
            decode_file(path)


def test_a_headerless_file_is_refused_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "a.raw").write_bytes(b"\1\2" * 800)
    with pytest.raises(AudioError, match="convert it to WAV"):
        decode_file(tmp_path / "a.raw")


def test_numbers_that_overflow_in_the_resampler_give_no_nan(tmp_path: Path) -> None:
    square = 3.4e38 * np.sign(np.sin(np.arange(48_000) / 37))
    soundfile.write(tmp_path / "a.wav", square.astype(np.float32), 48_000, subtype="FLOAT")
    try:
        heard = decode_file(tmp_path / "a.wav")
    except AudioError:
        return
    assert np.isfinite(heard).all() and heard.size == SAMPLE_RATE


def test_a_sound_too_short_for_one_sample_of_ours_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.ones(1), 44_100)
    with pytest.raises(AudioError, match="record it again"):
        decode_file(tmp_path / "a.wav")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 43), value=st.binary(min_size=1, max_size=4), kept=st.integers(20, 844))
def test_a_damaged_header_is_an_error_of_ours_or_a_sound(tmp_path: Path, at: int, value: bytes, kept: int) -> None:
    whole = bytearray(wav((sound(16_000, 0.025) * 32_767).astype("<i2").tobytes()))
    whole[at : at + len(value)] = value
    (tmp_path / "a.wav").write_bytes(bytes(whole[:kept]))
    try:
        heard = decode_file(tmp_path / "a.wav")
    except AudioError as error:
        assert "a.wav" in str(error)
    else:
        assert heard.ndim == 1 and np.isfinite(heard).all() and np.abs(heard).max(initial=0.0) <= 1.0
