"""Long audio is cut without loss; the transcripts of its pieces become one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.speech.pieces import SAMPLE_RATE, joined, pieces
from companion.speech.recognizer import Transcript


@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(0, 6 * SAMPLE_RATE),
    longest_s=st.floats(0.5, 3.0),
    seed=st.integers(0, 2**32 - 1),
    hush=st.lists(st.integers(0, 6 * SAMPLE_RATE), max_size=4),
)
def test_nothing_is_lost_or_repeated_and_no_piece_is_longer(
    size: int, longest_s: float, seed: int, hush: list[int]
) -> None:
    samples = np.random.default_rng(seed).standard_normal(size).astype(np.float32)
    for at in hush:
        samples[at : at + 3_000] = 0.0
    cut = pieces(samples, longest_s)
    np.testing.assert_array_equal(np.concatenate(cut), samples)
    longest = int(longest_s * SAMPLE_RATE)
    assert all(piece.size <= longest for piece in cut)
    assert all(piece.size >= longest * 2 // 3 for piece in cut[:-1])
    assert len(cut) == 1 or cut[-1].size >= SAMPLE_RATE // 40  # 25 ms: what is left can still be recognised


def test_a_cut_falls_where_it_is_quiet() -> None:
    samples = np.ones(10 * SAMPLE_RATE, np.float32)
    for at_s in (1.0, 3.4, 6.5):  # the first lies before the last third of four seconds
        samples[int(at_s * SAMPLE_RATE) : int((at_s + 0.2) * SAMPLE_RATE)] = 0.0
    ends = np.cumsum([piece.size for piece in pieces(samples, 4.0)]) / SAMPLE_RATE
    assert 3.4 < ends[0] < 3.6
    assert 6.5 < ends[1] < 6.7
    assert ends[-1] == 10.0


def test_what_fits_is_one_piece() -> None:
    samples = np.zeros(29 * SAMPLE_RATE, np.float32)
    (only,) = pieces(samples)
    assert only is samples
    assert [piece.size for piece in pieces(np.zeros(0, np.float32))] == [0]


@pytest.mark.parametrize(
    ("heard", "language", "text"),
    [
        ([Transcript("你好", "zh"), Transcript("早", "zh")], "zh", "你好早"),
        ([Transcript("good", "en"), Transcript("morning", "en")], "en", "good morning"),
        ([Transcript("你好", "zh"), Transcript("good", "en"), Transcript("morning", "en")], "zh", "你好 good morning"),
        ([Transcript("你好"), Transcript("早")], "zh", "你好早"),
        ([Transcript(""), Transcript("one"), Transcript(""), Transcript("two")], None, "one two"),
        ([Transcript("")], None, ""),
    ],
)
def test_transcripts_are_joined_as_their_languages_are_written(
    heard: list[Transcript], language: str | None, text: str
) -> None:
    assert joined(heard, language) == Transcript(text, language, None)


def test_confidence_is_the_mean_of_the_pieces_that_have_words_and_tell_one() -> None:
    heard = [
        Transcript("a", "en", 0.8),
        Transcript("", "en", 0.0),
        Transcript("b", "en", None),
        Transcript("c", "en", 0.4),
    ]
    assert joined(heard, "en").confidence == pytest.approx(0.6)
