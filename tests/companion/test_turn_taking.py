"""Whole conversations in virtual time: a script of loud and quiet stretches, no clock."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.settings import Turn
from companion.speech.sound import Sound
from companion.turn_taking import (
    BargeIn,
    Ended,
    Paused,
    Phase,
    Speculate,
    Started,
    Stopped,
    TurnTaking,
    TurnTakingConfig,
    WentOn,
)

WINDOW = 0.032
PLAIN = TurnTakingConfig(speculate_s=None)
VOICE = Sound(-25.0, 0.9, -10.0)
SOFT = Sound(-34.0, 0.9, -10.0)
BREATH = Sound(-28.0, 0.2, -3.0)


def play(
    turns: TurnTaking, *stretches: tuple[float, float] | tuple[float, float, Sound], at: float = 0.0
) -> list[object]:
    """Commands for stretches of (seconds, probability) of plain voice, or of another sound."""
    commands: list[object] = []
    for seconds, probability, *sound in stretches:
        for _ in range(round(seconds / WINDOW)):
            commands += turns.window(probability, at, at + WINDOW, sound[0] if sound else VOICE)
            at += WINDOW
    return commands


def replying(turns: TurnTaking) -> TurnTaking:
    turns.thinking()
    turns.replying()
    return turns


def test_an_utterance_starts_with_its_onset_and_ends_after_the_silence() -> None:
    turns = TurnTaking(PLAIN)
    started, stopped = play(turns, (1.0, 0.1), (2.0, 0.9), (1.0, 0.1))
    assert isinstance(started, Started) and isinstance(stopped, Stopped)
    assert abs(started.at_s - 1.0) < 2 * WINDOW and started.keep_from_s < started.at_s
    assert abs(stopped.at_s - 3.0) < 2 * WINDOW and abs(stopped.end_s - 3.5) < 2 * WINDOW
    assert stopped.answer and turns.phase is Phase.LISTENING and turns.idle


def test_a_click_and_half_an_hour_of_silence_say_nothing() -> None:
    turns = TurnTaking(TurnTakingConfig(start_s=0.1))
    assert play(turns, (0.06, 0.95), (1800.0, 0.02)) == []


def test_a_pause_shorter_than_the_silence_does_not_cut_the_utterance() -> None:
    commands = play(TurnTaking(PLAIN), (1.0, 0.9), (0.3, 0.0), (1.0, 0.9), (0.6, 0.0))
    assert [type(c) for c in commands] == [Started, Stopped]


def test_ten_minutes_of_speech_are_cut_into_utterances_that_join_without_a_gap() -> None:
    commands = play(TurnTaking(TurnTakingConfig(max_utterance_s=60)), (590.0, 0.9), (1.0, 0.0))
    stops = [c for c in commands if isinstance(c, Stopped)]
    assert len(stops) == 10
    assert all(a.end_s == b.start_s for a, b in itertools.pairwise(stops))
    assert [s.answer for s in stops] == [False] * (len(stops) - 1) + [True]  # who speaks on is not answered yet


def test_speech_that_ends_where_it_is_cut_is_answered_and_no_silence_becomes_an_utterance() -> None:
    turns = TurnTaking(TurnTakingConfig(max_utterance_s=5, start_s=0.0 + WINDOW, speculate_s=None))
    spoken = 156 * WINDOW + WINDOW  # one window more than it takes to be cut
    commands = play(turns, (spoken, 0.9), (3.0, 0.0))
    stops = [c for c in commands if isinstance(c, Stopped)]
    assert len(stops) == 1 and not stops[0].answer
    assert [type(c) for c in commands] == [Started, Stopped, Ended]


def test_a_backchannel_neither_stops_a_reply_nor_is_answered_and_a_sentence_does_both() -> None:
    turns = replying(TurnTaking(PLAIN))
    commands = play(turns, (0.25, 0.9), (0.8, 0.0))
    assert [type(c) for c in commands] == [Started, Stopped] and not commands[1].answer  # type: ignore[attr-defined]
    commands = play(turns, (1.5, 0.9), (0.8, 0.0), at=1.05)
    assert [type(c) for c in commands] == [Started, BargeIn, Stopped]
    assert commands[1].at_s - commands[0].at_s < 0.45 and commands[2].answer  # type: ignore[attr-defined]


def test_breath_never_stops_a_reply_and_a_soft_voice_takes_longer_than_a_plain_one() -> None:
    turns = TurnTaking(PLAIN)
    play(turns, (2.0, 0.9), (1.0, 0.0))  # so loud the person usually is
    replying(turns)
    assert not any(isinstance(c, BargeIn) for c in play(turns, (3.0, 0.9, BREATH), (1.0, 0.0), at=3.0))
    assert not any(isinstance(c, BargeIn) for c in play(turns, (0.5, 0.9, SOFT), (1.0, 0.0), at=7.0))
    assert any(isinstance(c, BargeIn) for c in play(turns, (0.8, 0.9, SOFT), (1.0, 0.0), at=9.0))


def test_who_goes_on_before_the_reply_has_said_anything_is_let_go_on_at_once() -> None:
    turns = TurnTaking(PLAIN)
    play(turns, (2.0, 0.9), (0.52, 0.0))
    turns.thinking()
    commands = play(turns, (0.26, 0.9, SOFT), (1.0, 0.0), at=2.52)
    assert [type(c) for c in commands] == [Started, BargeIn, Stopped] and commands[2].answer  # type: ignore[attr-defined]


def test_speech_that_began_before_the_reply_stops_it_as_soon_as_it_starts() -> None:
    turns = TurnTaking(PLAIN)
    play(turns, (1.0, 0.9))
    turns.thinking()
    assert any(isinstance(c, BargeIn) for c in play(turns, (0.1, 0.9), at=1.0))


def test_a_sound_over_a_reply_that_ends_meanwhile_is_still_no_question() -> None:
    turns = replying(TurnTaking(PLAIN))
    play(turns, (0.2, 0.9))
    turns.replied()
    (stopped,) = play(turns, (1.0, 0.0), at=0.2)
    assert isinstance(stopped, Stopped) and not stopped.answer


def test_a_pause_is_read_once_and_what_was_read_decides_its_length() -> None:
    turns = TurnTaking(TurnTakingConfig(eagerness="auto", speculate_s=None))
    _, paused = play(turns, (1.0, 0.9), (0.2, 0.0))
    assert isinstance(paused, Paused) and paused.pauses == ()
    turns.hold(paused.at_s, 1.2)
    commands = play(turns, (0.9, 0.0), (1.0, 0.9), at=1.2)  # 1.1 s of silence: not over
    assert commands == []
    (again,) = play(turns, (0.2, 0.0), at=3.1)
    assert isinstance(again, Paused) and again.pauses and abs(again.pauses[-1] - 1.1) < 3 * WINDOW
    turns.hold(paused.at_s, 0.3)  # the reading of the pause before comes too late to count
    assert play(turns, (0.15, 0.0), at=3.3) == []
    (stopped,) = play(turns, (0.3, 0.0), at=3.45)
    assert isinstance(stopped, Stopped)


def test_who_is_cut_off_and_goes_on_has_shown_a_long_pause() -> None:
    turns = TurnTaking(TurnTakingConfig(eagerness="auto", speculate_s=None))
    play(turns, (1.0, 0.9), (0.9, 0.0))
    paused = play(turns, (1.0, 0.9), (0.2, 0.0), at=1.9)[-1]
    assert isinstance(paused, Paused) and len(paused.pauses) == 1 and 0.8 < paused.pauses[0] < 1.0


def test_recognition_ahead_is_begun_once_a_pause_and_costs_little_of_those_who_pause_often() -> None:
    turns = TurnTaking(TurnTakingConfig(speculate_s=0.2))
    commands = play(turns, *[(0.3, 0.9), (0.3, 0.0)] * 8, (0.5, 0.0))
    ahead = [c for c in commands if isinstance(c, Speculate)]
    assert len(ahead) == 3  # 2.4 s of speech, 0.8 s of it between two
    assert [type(c) for c in commands if isinstance(c, Speculate | WentOn | Stopped)][-1] is Stopped
    assert sum(isinstance(c, WentOn) for c in commands) == len(ahead)


def test_nothing_is_recognised_ahead_of_a_sound_over_a_reply() -> None:
    turns = replying(TurnTaking(TurnTakingConfig(speculate_s=0.2)))
    assert not any(isinstance(c, Speculate) for c in play(turns, (0.25, 0.9), (0.8, 0.0)))


def test_manual_commit_ends_what_runs_and_nothing_else() -> None:
    turns = TurnTaking(TurnTakingConfig())
    assert turns.commit(0.0) is None
    play(turns, (1.0, 0.9))
    stopped = turns.commit(1.0)
    assert stopped is not None and stopped.end_s == 1.0
    assert turns.commit(1.1) is None


@pytest.mark.parametrize(("eagerness", "asks"), [(None, False), ("low", True)])
def test_only_a_client_that_asks_for_it_gets_an_adaptive_end(eagerness: str | None, asks: bool) -> None:
    config = TurnTakingConfig.of(Turn(), silence_s=0.7, eagerness=eagerness)  # type: ignore[arg-type]
    assert config.silence_s == 0.7
    commands = play(TurnTaking(config), (1.0, 0.9), (1.0, 0.0))
    assert any(isinstance(c, Paused) for c in commands) is asks


SOUNDS = st.sampled_from([VOICE, SOFT, BREATH])


@given(st.lists(st.tuples(st.floats(0.03, 3.0), st.floats(0.0, 1.0), SOUNDS, st.booleans()), max_size=20))
def test_utterances_never_overlap_and_always_have_length(stretches: list[tuple[float, float, Sound, bool]]) -> None:
    turns, commands, at = TurnTaking(TurnTakingConfig(max_utterance_s=5, eagerness="auto")), list[object](), 0.0
    for seconds, probability, sound, reply in stretches:
        turns.thinking() if reply else turns.replied()
        commands += play(turns, (seconds, probability, sound), at=at)
        at += round(seconds / WINDOW) * WINDOW
    stops = [c for c in commands if isinstance(c, Stopped)]
    assert all(s.start_s < s.end_s and s.start_s <= s.at_s <= s.end_s for s in stops)
    assert all(a.end_s <= b.start_s for a, b in itertools.pairwise(stops))
    spoken = [c for c in commands if isinstance(c, Started | Stopped)]
    assert all(isinstance(c, Started) is (n % 2 == 0) for n, c in enumerate(spoken))
    ahead = [c for c in commands if isinstance(c, Speculate | WentOn | Stopped)]
    assert not any(isinstance(a, Speculate) and isinstance(b, Speculate) for a, b in itertools.pairwise(ahead))
