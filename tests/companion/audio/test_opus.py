"""Opus packets of a real recording, by the system's libopus."""

import sys
from pathlib import Path

import numpy as np
import opuslib_next
import pytest

from companion.audio.decode import decode_file
from companion.audio.opus import OpusDecoder
from companion.errors import AudioError

SPEECH = decode_file(Path(__file__).parents[2] / "audio" / "aishell-BAC009S0724W0121.wav")
PACKET = 320  # samples at 16 kHz: 20 ms


def packets(samples: np.ndarray, rate: int = 16_000, *, fec: bool = False, ms: int = 20) -> list[bytes]:
    """One packet for each `ms` of samples."""
    encoder = opuslib_next.Encoder(rate, 1, opuslib_next.APPLICATION_VOIP)
    encoder.bitrate = 32_000
    if fec:
        encoder.inband_fec, encoder.packet_loss_perc = 1, 25
    size = rate * ms // 1000
    pcm = (samples * 32_767).astype("<i2")
    return [encoder.encode(pcm[at : at + size].tobytes(), size) for at in range(0, pcm.size - size + 1, size)]


def likeness(heard: np.ndarray, sent: np.ndarray) -> float:
    """Highest correlation over delays of 0 to 20 ms: codecs look ahead."""
    n = min(heard.size, sent.size) - PACKET
    return max(float(np.corrcoef(heard[delay : delay + n], sent[:n])[0, 1]) for delay in range(PACKET))


def test_speech_comes_out_as_it_went_in() -> None:
    sent = packets(SPEECH)
    decoder = OpusDecoder()
    heard = np.concatenate([decoder.decode(packet) for packet in sent])
    assert heard.dtype == np.float32 and heard.size == len(sent) * PACKET
    assert likeness(heard, SPEECH) > 0.9  # of a codec for voices, that leaves out what lies below them


@pytest.mark.parametrize("rate", [8_000, 24_000, 48_000])
def test_a_phone_may_encode_at_any_rate(rate: int) -> None:
    import soxr

    sent = packets(np.clip(soxr.resample(SPEECH, 16_000, rate), -1, 1), rate)
    decoder = OpusDecoder()
    heard = np.concatenate([decoder.decode(packet) for packet in sent])
    assert heard.size == len(sent) * PACKET and likeness(heard, SPEECH) > 0.9


@pytest.mark.parametrize("ms", [10, 60, 120])
def test_packets_of_any_length_are_taken(ms: int) -> None:
    packet = packets(SPEECH, ms=min(ms, 60))[0]
    if ms > 60:  # twice the same under one header: code 1, RFC 6716 section 3.2.3
        packet = bytes([packet[0] | 1]) + packet[1:] * 2
    assert OpusDecoder().decode(packet).size == 16 * ms


def test_lost_packets_are_made_up_but_only_so_many() -> None:
    sent = packets(SPEECH)
    sizes = {}
    for lost in (0, 1, 3, 5, 6, 2**31):
        decoder = OpusDecoder()
        for packet in sent[:50]:
            decoder.decode(packet)
        sizes[lost] = decoder.decode(sent[60], lost).size // PACKET
    assert sizes == {0: 1, 1: 2, 3: 4, 5: 6, 6: 6, 2**31: 6}


def test_nothing_is_made_up_before_anything_was_heard() -> None:
    assert OpusDecoder().decode(packets(SPEECH)[9], 3).size == PACKET


def test_every_tenth_packet_may_be_lost_and_the_speech_is_still_there() -> None:
    """In the rhythm that was spoken; and better where the sender repeats itself than where it does not."""
    alike = {}
    for fec in (False, True):
        decoder, heard, lost = OpusDecoder(), [], 0
        for n, packet in enumerate(packets(SPEECH, fec=fec)):
            if n % 10 == 5:
                lost += 1
                continue
            heard.append(decoder.decode(packet, lost))
            lost = 0
        alike[fec] = likeness(np.concatenate(heard), SPEECH)
        assert abs(sum(map(len, heard)) - SPEECH.size) <= 2 * PACKET
    assert 0.8 < alike[False] < alike[True] - 0.02, alike


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"\x03\xff" + bytes(20), b"OggS" + bytes(60), bytes(2_000)], ids=lambda data: repr(data[:4])
)
def test_what_is_no_packet_is_refused_and_the_next_is_heard(data: bytes) -> None:
    decoder, (first, second, *_) = OpusDecoder(), packets(SPEECH)
    decoder.decode(first)
    with pytest.raises(AudioError, match="one whole packet a frame") as caught:
        decoder.decode(data, 2)
    assert caught.value.code == "invalid_audio"
    assert decoder.decode(second).size == PACKET


def test_without_the_library_the_client_is_told_to_send_pcm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "opuslib_next.py").write_text("raise Exception('Could not find Opus library.')")  # its very behaviour
    monkeypatch.delitem(sys.modules, "opuslib_next")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(AudioError, match=r"send PCM.*libopus0.*opuslib-next-bundled") as caught:
        OpusDecoder()
    assert caught.value.code == "codec_unavailable"
    monkeypatch.setitem(sys.modules, "opuslib_next", None)
    with pytest.raises(AudioError, match="send PCM"):
        OpusDecoder()
