"""Whole conversations in virtual time: a script of loud and quiet stretches, no clock."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from companion.turn_taking import BargeIn, Phase, Started, Stopped, TurnTaking, TurnTakingConfig

WINDOW = 0.032


def play(turns: TurnTaking, *stretches: tuple[float, float], at: float = 0.0) -> list[object]:
    """Commands for stretches of (seconds, probability)."""
    commands: list[object] = []
    for seconds, probability in stretches:
        for _ in range(round(seconds / WINDOW)):
            commands += turns.window(probability, at, at + WINDOW)
            at += WINDOW
    return commands


def test_an_utterance_starts_with_its_onset_and_ends_after_the_silence() -> None:
    turns = TurnTaking(TurnTakingConfig(silence_s=0.5))
    started, stopped = play(turns, (1.0, 0.1), (2.0, 0.9), (1.0, 0.1))
    assert isinstance(started, Started) and isinstance(stopped, Stopped)
    assert abs(started.at_s - 1.0) < 2 * WINDOW and started.keep_from_s < started.at_s
    assert abs(stopped.at_s - 3.0) < 2 * WINDOW and abs(stopped.end_s - 3.5) < 2 * WINDOW
    assert turns.phase is Phase.LISTENING


def test_a_click_and_half_an_hour_of_silence_say_nothing() -> None:
    turns = TurnTaking(TurnTakingConfig(start_s=0.1))
    assert play(turns, (0.06, 0.95), (1800.0, 0.02)) == []


def test_a_pause_shorter_than_the_silence_does_not_cut_the_utterance() -> None:
    commands = play(TurnTaking(TurnTakingConfig()), (1.0, 0.9), (0.3, 0.0), (1.0, 0.9), (0.6, 0.0))
    assert [type(c) for c in commands] == [Started, Stopped]


def test_ten_minutes_of_speech_are_cut_into_utterances_that_join_without_a_gap() -> None:
    commands = play(TurnTaking(TurnTakingConfig(max_utterance_s=60)), (600.0, 0.9), (1.0, 0.0))
    stops = [c for c in commands if isinstance(c, Stopped)]
    assert 10 <= len(stops) <= 11
    assert all(a.end_s == b.start_s for a, b in itertools.pairwise(stops))


def test_a_backchannel_does_not_stop_a_reply_and_a_sentence_does() -> None:
    turns = TurnTaking(TurnTakingConfig())
    turns.thinking()
    turns.replying()
    assert not any(isinstance(c, BargeIn) for c in play(turns, (0.25, 0.9), (0.8, 0.0)))
    assert sum(isinstance(c, BargeIn) for c in play(turns, (1.5, 0.9), (0.8, 0.0), at=1.05)) == 1


def test_manual_commit_ends_what_runs_and_nothing_else() -> None:
    turns = TurnTaking(TurnTakingConfig())
    assert turns.commit(0.0) is None
    play(turns, (1.0, 0.9))
    stopped = turns.commit(1.0)
    assert stopped is not None and stopped.end_s == 1.0
    assert turns.commit(1.1) is None


@given(st.lists(st.tuples(st.floats(0.03, 3.0), st.floats(0.0, 1.0)), max_size=20))
def test_utterances_never_overlap_and_always_have_length(stretches: list[tuple[float, float]]) -> None:
    turns = TurnTaking(TurnTakingConfig(max_utterance_s=5))
    stops = [c for c in play(turns, *stretches) if isinstance(c, Stopped)]
    assert all(s.start_s < s.end_s and s.start_s <= s.at_s <= s.end_s for s in stops)
    assert all(a.end_s <= b.start_s for a, b in itertools.pairwise(stops))
