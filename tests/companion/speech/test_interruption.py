"""Sounds over a reply, heard through the real detector: which of them stop it, and when."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from companion.audio.decode import decode_file
from companion.speech.sound import Sound, sounds
from companion.speech.vad import WINDOW, SileroBatch
from companion.turn_taking import BargeIn, Started, Stopped, TurnTaking, TurnTakingConfig
from tests.companion.speech import voices
from tests.companion.speech.voices import Samples

AUDIO = Path(__file__).parents[2] / "audio"
RECORDINGS = sorted(path.name for path in AUDIO.glob("*.wav"))


def heard(samples: Samples) -> list[tuple[float, Sound | None]]:
    """What the ticker would tell of each window."""
    detector, context = SileroBatch(), np.zeros(64, np.float32)
    state = np.zeros((2, 1, 128), np.float32)
    found: list[tuple[float, Sound | None]] = []
    for window in samples[: samples.size // WINDOW * WINDOW].reshape(-1, WINDOW):
        whole = np.concatenate((context, window))[None]
        probability, state = detector.detect(whole, state)
        found.append((float(probability[0]), sounds(whole)[0]))
        context = window[-64:]
    return found


@cache
def recording(name: str) -> Samples:
    return decode_file(AUDIO / name)


def over_a_reply(sound: Samples, person: str = "funasr-asr_example.wav") -> list[object]:
    """The person speaks, is replied to, and makes a sound while the reply runs; commands from there on."""
    turns, at, commands = TurnTaking(TurnTakingConfig(speculate_s=None)), 0.0, list[object]()
    for n, part in enumerate((recording(person), sound)):
        if n == 1:
            turns.thinking()
            turns.replying()
            commands.clear()
        for probability, told in heard(np.concatenate((part, voices.quiet(1.0)))):
            commands += turns.window(probability, at, at + WINDOW / 16_000, told)
            at += WINDOW / 16_000
    return commands


def stopped_after(commands: list[object]) -> float | None:
    """Seconds from the onset to the barge-in."""
    onset = next((c.at_s for c in commands if isinstance(c, Started)), None)
    barge = next((c.at_s for c in commands if isinstance(c, BargeIn)), None)
    return None if barge is None or onset is None else barge - onset


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_sentence_stops_the_reply_within_half_a_second(name: str) -> None:
    commands = over_a_reply(recording(name), name)
    after = stopped_after(commands)
    assert after is not None and after < 0.5
    assert [c.answer for c in commands if isinstance(c, Stopped)] == [True]


@pytest.mark.parametrize("name", RECORDINGS)
def test_one_short_syllable_does_not(name: str) -> None:
    speech = recording(name)
    first = next(n for n, (p, s) in enumerate(heard(speech)) if p > 0.5 and s is not None and s.clarity > 0.5)
    syllable = voices.faded(speech[first * WINDOW : first * WINDOW + 3600], 0.01, 0.05)  # 0.23 s
    commands = over_a_reply(np.concatenate((voices.quiet(0.5), syllable)), name)
    assert stopped_after(commands) is None
    assert all(not c.answer for c in commands if isinstance(c, Stopped))


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(voices.level(voices.hum(0.5), -30.0), id="a soft hum"),
        pytest.param(np.concatenate([voices.level(voices.hum(0.3), -28.0), voices.quiet(0.1)] * 2), id="mm-hm"),
        pytest.param(voices.level(voices.sigh(), -30.0), id="a sigh"),
        pytest.param(voices.level(voices.sigh(0.4), -24.0), id="a sniff"),
        pytest.param(voices.sob(), id="sobs"),
        pytest.param(voices.sob(14, 0.22, 0.12), id="quicker sobs"),
    ],
)
def test_backchannels_sighs_and_sobs_do_not(sound: Samples) -> None:
    commands = over_a_reply(sound)
    assert stopped_after(commands) is None
    assert all(not c.answer for c in commands if isinstance(c, Stopped))


def test_a_sharp_stop_does() -> None:
    vowel = voices.resonant(voices.glottis(0.34, 220, 0.8), (600, 90), (1500, 120), (2600, 160))
    shout = np.concatenate((voices.level(voices.sigh(0.06), -30.0), voices.level(voices.faded(vowel, 0.01, 0.04), -15)))
    after = stopped_after(over_a_reply(shout))
    assert after is not None and after < 0.45
