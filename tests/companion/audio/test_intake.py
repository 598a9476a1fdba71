"""What a client sends over a bad line, and what is heard of it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.audio.framing import Frame, build
from companion.audio.intake import Intake
from companion.errors import AudioError
from tests.companion.audio.test_opus import PACKET, SPEECH, likeness, packets


def intake(rate: int = 16_000, **how: Any) -> Intake:
    return Intake(rate, clock=lambda: 0.0, **how)


def numbered(payloads: Sequence[bytes], stream: int = 1, first: int = 0) -> list[bytes]:
    return [build(Frame(stream, first + n, 20 * n, payload)) for n, payload in enumerate(payloads)]


def pcm(n: int) -> list[bytes]:
    """n frames of 20 ms; each holds its number only."""
    return [np.full(PACKET, k + 1, "<i2").tobytes() for k in range(n)]


def frames_in(samples: np.ndarray) -> list[int]:
    return (samples.reshape(-1, PACKET)[:, 0] * 32_768 - 1).astype(int).tolist()


def test_raw_pcm_is_heard_as_ever_and_has_no_numbers() -> None:
    raw = intake()
    heard = np.concatenate([raw.frame(b"".join(pcm(3))[:777]), raw.append(b"".join(pcm(3))[777:])])
    assert frames_in(heard) == [0, 1, 2] and raw.last_seq is None
    assert (raw.rate, raw.codec, raw.framing) == (16_000, "pcm", "raw")


@pytest.mark.parametrize("rate", [8_000, 24_000, 48_000])
def test_numbered_pcm_of_any_rate_becomes_16_khz(rate: int) -> None:
    import soxr

    sent = (np.clip(soxr.resample(SPEECH, 16_000, rate), -1, 1) * 32_767).astype("<i2").tobytes()
    size = rate // 25
    line = intake(rate, framing="header")
    frames = numbered([sent[at : at + size] for at in range(0, len(sent), size)])
    heard = np.concatenate([line.frame(frame) for frame in frames])
    assert abs(heard.size - SPEECH.size) < 2 * PACKET and likeness(heard, SPEECH) > 0.9  # resamplers hold some back


def test_a_client_that_sends_again_after_a_drop_doubles_nothing() -> None:
    frames = numbered(pcm(10))
    before = intake(framing="header")
    heard = [before.frame(frame) for frame in frames[:6]]
    assert before.last_seq == 5
    after = intake(framing="header")
    after.resume_at(before.last_seq)
    assert after.last_seq == 5
    heard += [after.frame(frame) for frame in frames[3:]]
    assert frames_in(np.concatenate(heard)) == list(range(10))
    assert after.arrival.duplicate == 3


@given(st.lists(st.integers(0, 30), min_size=1, max_size=60))
def test_whatever_the_order_each_frame_is_heard_once_and_in_order(order: list[int]) -> None:
    frames, line = numbered(pcm(31)), intake(framing="header")
    heard = frames_in(np.concatenate([line.frame(frames[n]) for n in order]))
    assert heard == [n for at, n in enumerate(order) if n > max(order[:at], default=-1)]
    assert line.last_seq == max(order) and line.arrival.received == len(heard)


def test_pcm_goes_on_after_a_gap_and_opus_fills_it() -> None:
    for codec, payloads, wanted in (("pcm", pcm(20), 2), ("opus", packets(SPEECH)[:20], 2 + 3)):
        frames, line = numbered(payloads), intake(codec=codec, framing="header")
        heard = [line.frame(frames[10]), line.frame(frames[14])]
        assert sum(map(len, heard)) == wanted * PACKET and line.arrival.lost == 3, codec


@pytest.mark.parametrize("framing", ["raw", "header"])
def test_speech_in_opus_is_heard(framing: Any) -> None:
    sent = packets(SPEECH)
    line = intake(48_000, codec="opus", framing=framing)
    heard = np.concatenate([line.frame(frame) for frame in (sent if framing == "raw" else numbered(sent))])
    assert heard.size == len(sent) * PACKET and likeness(heard, SPEECH) > 0.9
    appended = intake(codec="opus", framing=framing)
    np.testing.assert_array_equal(np.concatenate([appended.append(packet) for packet in sent]), heard)


def test_a_new_recording_is_heard_from_its_first_frame_by_a_fresh_decoder() -> None:
    sent = packets(SPEECH)
    line = intake(codec="opus", framing="header")
    for frame in numbered(sent[:40], stream=1, first=500):
        line.frame(frame)
    heard = [line.frame(frame) for frame in numbered(sent, stream=2)]
    alone = intake(codec="opus")
    np.testing.assert_array_equal(np.concatenate(heard), np.concatenate([alone.frame(packet) for packet in sent]))


def test_numbers_go_on_where_a_client_changes_its_codec() -> None:
    line = intake(framing="header")
    for frame in numbered(pcm(5)):
        line.frame(frame)
    changed = intake(codec="opus", framing="header", arrival=line.arrival)
    frames = numbered(packets(SPEECH)[:8])
    assert [changed.frame(frame).size for frame in frames] == [0] * 5 + [PACKET] * 3
    assert intake(arrival=changed.arrival).last_seq is None  # raw frames have no numbers, whatever came before them
    again = intake(codec="opus", framing="header", arrival=changed.arrival)
    assert again.frame(numbered(packets(SPEECH)[:1], stream=2)[0]).size == PACKET


def test_half_a_sample_is_refused_rather_than_shifting_all_that_follows() -> None:
    line = intake(framing="header")
    with pytest.raises(AudioError, match="whole samples") as caught:
        line.frame(numbered([pcm(1)[0][:-1]])[0])
    assert caught.value.code == "invalid_audio"
    assert frames_in(line.frame(numbered(pcm(1))[0])) == [0]


def test_raw_audio_where_a_header_was_promised_is_told_what_to_send() -> None:
    with pytest.raises(AudioError, match=r"companion\.framing") as caught:
        intake(framing="header").frame(pcm(1)[0])
    assert caught.value.code == "invalid_frame_header"


@pytest.mark.parametrize("codec", ["pcm", "opus"])
def test_a_rate_that_is_not_taken_is_named(codec: Any) -> None:
    with pytest.raises(AudioError, match="44100") as caught:
        intake(44_100, codec=codec)
    assert caught.value.code == "unsupported_rate"


@given(st.lists(st.binary(max_size=50), max_size=8), st.sampled_from(["pcm", "opus"]))
def test_any_bytes_after_a_header_are_sound_or_an_error_of_ours(payloads: list[bytes], codec: Any) -> None:
    line = intake(codec=codec, framing="header")
    for frame in numbered(payloads):
        try:
            heard = line.frame(frame)
        except AudioError as error:
            assert error.code == "invalid_audio"
        else:
            assert heard.dtype == np.float32 and np.isfinite(heard).all() and np.abs(heard).max(initial=0) <= 1
