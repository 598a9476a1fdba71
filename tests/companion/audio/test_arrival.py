"""What a network does to numbered frames, in virtual time."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.audio.arrival import Arrival
from companion.audio.framing import Frame
from companion.errors import AudioError

U32 = 2**32


def frame(seq: int, stream: int = 1, capture_ms: int | None = None) -> Frame:
    return Frame(stream, seq % U32, (seq * 20 if capture_ms is None else capture_ms) % U32, b"")


def taken(arrival: Arrival, *seqs: int) -> list[int | None]:
    return [arrival.take(frame(seq), seq * 0.02) for seq in seqs]


def counts(arrival: Arrival) -> tuple[int, int, int, int]:
    return arrival.received, arrival.lost, arrival.late, arrival.duplicate


def test_frames_in_order_are_all_taken() -> None:
    arrival = Arrival()
    assert taken(arrival, 7, 8, 9) == [0, 0, 0]
    assert counts(arrival) == (3, 0, 0, 0) and arrival.last_seq == 9


def test_what_fills_a_gap_too_late_is_no_longer_lost_but_late() -> None:
    arrival = Arrival()
    assert taken(arrival, 1, 2, 5) == [0, 0, 2]
    assert counts(arrival) == (3, 2, 0, 0)
    assert taken(arrival, 3, 3, 6) == [None, None, 0]  # once late, and then once more
    assert counts(arrival) == (4, 1, 1, 1)


def test_what_was_heard_before_a_resume_is_a_duplicate() -> None:
    arrival = Arrival()
    arrival.resume_at(5)
    assert taken(arrival, 4, 5, 6) == [None, None, 0]
    assert counts(arrival) == (1, 0, 0, 2)


def test_a_gap_right_after_a_resume_is_seen() -> None:
    arrival = Arrival()
    arrival.resume_at(5)
    assert taken(arrival, 8) == [2] and arrival.lost == 2


def test_numbers_go_round() -> None:
    arrival = Arrival()
    assert taken(arrival, U32 - 2, U32 - 1, U32, U32 + 2, U32 - 1) == [0, 0, 0, 1, None]
    assert arrival.last_seq == 2 and counts(arrival) == (4, 1, 0, 1)


def test_a_later_stream_numbers_afresh_and_an_earlier_one_is_refused() -> None:
    arrival = Arrival()
    taken(arrival, 900, 901)
    assert arrival.take(frame(0, stream=2), 30.0) == 0 and arrival.last_seq == 0 and arrival.lost == 0
    with pytest.raises(AudioError, match="number streams upwards") as caught:
        arrival.take(frame(902), 31.0)
    assert caught.value.code == "invalid_frame_header" and arrival.last_seq == 0


def test_what_was_missing_of_one_stream_is_not_missing_of_the_next() -> None:
    arrival = Arrival()
    taken(arrival, 1, 5)
    for seq in (1, 2, 3, 4, 3):
        arrival.take(frame(seq, stream=2), 30.0)
    assert counts(arrival) == (6, 3, 0, 1)


def test_streams_go_round_too() -> None:
    arrival = Arrival()
    arrival.take(frame(9, stream=2**16 - 1), 0.0)
    assert arrival.take(frame(3, stream=0), 1.0) == 0


@given(st.lists(st.integers(0, 60), min_size=1, max_size=200), st.integers(0, U32 - 1))
def test_every_frame_is_taken_once_and_counted_once(order: list[int], first: int) -> None:
    """Any reordering, loss and doubling, wherever the numbers begin."""
    arrival, heard = Arrival(), []
    for at, n in enumerate(order):
        if arrival.take(frame(first + n), at * 0.02) is not None:
            heard.append(n)
    assert heard == sorted(set(heard))
    distinct = {n for n in order if n >= order[0]}  # what came before the first that was taken was never missed
    assert arrival.received == len(heard)
    assert arrival.received + arrival.late == len(distinct)
    assert arrival.received + arrival.late + arrival.duplicate == len(order)
    assert arrival.lost == heard[-1] - heard[0] + 1 - len(distinct)


def test_a_gap_of_half_the_circle_costs_no_more_than_any_other() -> None:
    arrival = Arrival()
    assert taken(arrival, 0, 2**31 - 1) == [0, 2**31 - 2]
    assert arrival.lost == 2**31 - 2 and taken(arrival, 2**31 - 3) == [None] and arrival.late == 1


def test_a_steady_network_has_no_jitter_and_a_shaky_one_has_its_own() -> None:
    """Delays even over 0..40 ms: two of them differ by 40/3 ms on average, which the running estimate nears."""
    steady, shaky, draw = Arrival(), Arrival(), random.Random(1)
    seen = []
    for n in range(4_000):
        steady.take(frame(n), 5.0 + n * 0.02)
        shaky.take(frame(n), 5.0 + n * 0.02 + draw.uniform(0, 0.04))
        seen.append(shaky.jitter_ms)
    assert steady.jitter_ms < 1e-6
    assert abs(sum(seen[100:]) / len(seen[100:]) - 40 / 3) < 1


def test_the_first_step_of_the_formula() -> None:
    arrival = Arrival()
    arrival.take(frame(0, capture_ms=U32 - 10), 1.0)
    arrival.take(frame(1, capture_ms=10), 1.052)  # 20 ms later by the client's clock, which went round; 52 ms by ours
    assert arrival.jitter_ms == pytest.approx(32 / 16)


def test_the_silence_of_a_lost_connection_is_not_jitter() -> None:
    arrival = Arrival()
    taken(arrival, 0, 1)
    arrival.resume_at(1)
    arrival.take(frame(2), 60.0)
    assert arrival.jitter_ms == pytest.approx(0.0, abs=1e-6)
