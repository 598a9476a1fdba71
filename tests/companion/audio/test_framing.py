"""The 12 bytes before a numbered frame."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.audio.framing import Frame, ahead, build, parse
from companion.errors import AudioError

U32 = st.integers(0, 2**32 - 1)
FRAMES = st.builds(Frame, stream=st.integers(0, 2**16 - 1), seq=U32, capture_ms=U32, payload=st.binary(max_size=64))


def test_the_bytes_are_those_of_the_protocol() -> None:
    data = bytes.fromhex("01 01 0203 04050607 08090a0b") + b"sound"
    assert parse(data) == Frame(stream=0x0203, seq=0x04050607, capture_ms=0x08090A0B, payload=b"sound")


@given(FRAMES)
def test_a_frame_is_read_as_it_was_built(frame: Frame) -> None:
    assert parse(build(frame)) == frame


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "0 bytes"),
        (bytes(11), "11 bytes"),
        (b"\x02\x01" + bytes(10), "version 2"),
        (b"\x01\x02" + bytes(10), "kind 2"),
        (b"\x00\x00" * 320, "version 0"),  # raw PCM of a client that forgot the header: silence, as it begins
    ],
)
def test_what_is_no_header_is_told_what_to_send(data: bytes, says: str) -> None:
    with pytest.raises(AudioError, match=says) as caught:
        parse(data)
    assert caught.value.code == "invalid_frame_header"
    assert "u32 seq, u32 capture_ms" in str(caught.value) and "companion.framing" in str(caught.value)


@given(st.binary(max_size=40))
def test_any_bytes_are_a_frame_or_an_error_of_ours(data: bytes) -> None:
    try:
        frame = parse(data)
    except AudioError as error:
        assert error.code == "invalid_frame_header"
    else:
        assert build(frame) == data


@given(U32, st.integers(1, 2**31 - 1))
def test_a_number_that_goes_round_is_still_ahead(number: int, steps: int) -> None:
    later = (number + steps) % 2**32
    assert ahead(later, number) == steps and ahead(number, later) == -steps


def test_the_number_after_the_last_is_the_first() -> None:
    assert ahead(0, 2**32 - 1) == 1 and ahead(2**32 - 1, 0) == -1
    assert ahead(0, 2**16 - 1, bits=16) == 1
    assert ahead(2**31, 0) < 0 and ahead(0, 2**31) < 0  # half the circle away: neither is taken for newer
