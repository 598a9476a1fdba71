"""How long a silence must be, from how the voice sounded before it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.audio.decode import decode_file
from companion.speech.ending import read_ending
from companion.speech.endpointing import LONGEST_WAIT_S, SHORTEST_WAIT_S, Eagerness, Ending, finality, wait_s
from tests.companion.speech.voices import Samples, glottis, level, quiet, resonant, sigh

AUDIO = Path(__file__).parents[2] / "audio"
OVER = Ending(low=-0.7, nucleus_db=-6.0, tail_s=0.45, unvoiced_s=0.05)
GOES_ON = Ending(low=0.3, nucleus_db=2.0, tail_s=0.1, unvoiced_s=0.05)


def wait(ending: Ending, eagerness: Eagerness = "auto", silence_s: float = 0.5, **told: object) -> float:
    return wait_s(ending, silence_s, eagerness, **{"spoken_s": 3.0, "pauses": ()} | told)  # type: ignore[arg-type]


def vowel(seconds: float, st_of_t: object = None, f0: float = 150.0) -> Samples:
    """Pulses at f0 moved by st_of_t(t) semitones, through the resonances of an a."""
    t = np.arange(int(seconds * 16_000)) / 16_000
    moved = f0 * 2 ** ((st_of_t(t) if callable(st_of_t) else 0.0 * t) / 12)
    pulses = np.diff(np.floor(np.cumsum(moved / 16_000)), prepend=0.0).astype(np.float32)
    return level(resonant(np.convolve(pulses, 0.9 ** np.arange(40), "same"), (700, 90), (1200, 120)), -22.0)


def test_what_sounds_over_is_waited_for_less_than_what_goes_on() -> None:
    assert wait(OVER) < 0.55 < wait(Ending()) < wait(GOES_ON)


def test_who_hesitates_trembles_sobs_or_has_hardly_begun_is_given_more_time() -> None:
    middle = replace(OVER, low=-0.25, nucleus_db=-1.5, tail_s=0.25)
    usual = wait(middle)
    assert wait(replace(middle, held=0.9)) > usual
    assert wait(replace(middle, tremor_st=0.6)) > usual
    assert wait(replace(middle, breath=0.8)) > usual
    assert wait(middle, spoken_s=0.3) > usual


def test_who_pauses_long_is_waited_for_as_long_and_one_long_pause_is_no_habit() -> None:
    assert wait(OVER, pauses=(1.1, 1.2, 1.0)) >= 1.2
    assert wait(OVER, pauses=(1.2,)) == wait(OVER)
    assert wait(OVER, pauses=(0.2, 0.25, 0.2)) == wait(OVER)


def test_eagerness_scales_the_wait() -> None:
    low, auto, high = (wait(Ending(), e) for e in ("low", "auto", "high"))
    assert low > auto > high and wait(Ending(), "medium") == auto


@given(
    st.builds(
        Ending,
        low=st.floats(-3, 3),
        nucleus_db=st.floats(-40, 20),
        tail_s=st.floats(0, 3),
        unvoiced_s=st.floats(0, 3),
        held=st.floats(0, 1),
        tremor_st=st.floats(0, 2),
        breath=st.floats(0, 1),
    ),
    st.sampled_from(["low", "medium", "high", "auto"]),
    st.lists(st.floats(0.2, 10), max_size=12),
    st.floats(0.1, 3),
)
def test_the_wait_stays_within_bounds(
    ending: Ending, eagerness: Eagerness, pauses: list[float], silence_s: float
) -> None:
    found = wait(ending, eagerness, silence_s, pauses=tuple(pauses))
    assert min(SHORTEST_WAIT_S, silence_s) <= found <= max(LONGEST_WAIT_S, silence_s)


@pytest.mark.parametrize("name", sorted(path.name for path in AUDIO.glob("*.wav")))
def test_the_end_of_a_sentence_sounds_more_finished_than_most_places_within_it(name: str) -> None:
    speech = decode_file(AUDIO / name)
    loud = np.flatnonzero(np.abs(speech) > 0.05 * np.abs(speech).max())
    speech = speech[loud[0] : loud[-1] + 1600]
    at_end = finality(read_ending(speech[-48_000:]))
    within = [
        finality(read_ending(speech[max(0, at - 48_000) : at])) for at in range(24_000, speech.size - 8_000, 3_200)
    ]
    assert at_end > np.median(within)


def test_a_vowel_that_is_held_is_a_hesitation_and_one_that_falls_is_not() -> None:
    before = np.concatenate(
        [np.concatenate((vowel(0.15, lambda t, n=n: 4 - 30 * t + n), quiet(0.08))) for n in range(5)]
    )
    held = read_ending(np.concatenate((before, vowel(0.5))))
    falling = read_ending(np.concatenate((before, vowel(0.5, lambda t: -12 * t))))
    assert held.held > 0.6 > 0.3 > falling.held
    assert wait(held) > wait(falling)


def test_a_trembling_voice_is_heard_and_a_steady_or_gliding_one_does_not_tremble() -> None:
    trembling = vowel(1.2, lambda t: 0.7 * np.sin(2 * np.pi * 6 * t))
    assert read_ending(trembling).tremor_st > 0.3
    assert read_ending(vowel(1.2)).tremor_st < 0.1
    assert read_ending(vowel(1.2, lambda t: -5 * t)).tremor_st < 0.3


def test_sobbing_breath_is_heard() -> None:
    sobs = np.concatenate(
        [np.concatenate((level(glottis(0.06, 250), -25), level(sigh(0.3, n), -28))) for n in range(6)]
    )
    assert read_ending(sobs).breath > 0.6


@pytest.mark.parametrize(
    "samples", [np.zeros(0, np.float32), np.zeros(48_000, np.float32), np.full(48_000, np.nan, np.float32), quiet(1.0)]
)
def test_of_nothing_nothing_is_known(samples: Samples) -> None:
    assert finality(read_ending(samples)) == 0.0
