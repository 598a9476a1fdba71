from dataclasses import replace

import pytest

from affect.backends.acoustic import classify
from affect.baseline import Usual
from affect.labels import CIRCUMPLEX, EMOTIONS, PRIOR, UNKNOWN
from affect.types import Prosody

PLAIN = Prosody(
    2.0, speech_s=2.0, voiced_share=0.72, f0_mean_st=25.0, f0_sd_st=3.0, level_db=-24.0, alpha_ratio_db=10.5,
    hammarberg_db=23.0, rate_hz=3.8, formant_spacing_hz=1020.0, pause_share=0.08,
)  # fmt: skip
STIRRED = replace(PLAIN, f0_mean_st=31.0, alpha_ratio_db=4.0, hammarberg_db=15.0)
SURE, POOR, HARDLY = 0.75, 0.92, 0.99  # uncertainty: a stranger's clean recording, a noisy one, next to nothing


def shares(prosody: Prosody, uncertainty: float = SURE, usual: dict[str, Usual] | None = None) -> dict[str, float]:
    found = dict(classify(prosody, usual or {}, uncertainty).categories)
    assert sum(found.values()) == pytest.approx(1) and set(found) == {*EMOTIONS, "unknown"}
    return found


def test_a_usual_voice_is_most_likely_neutral_and_a_stirred_one_is_not() -> None:
    assert max(shares(PLAIN).items(), key=lambda item: item[1])[0] == "neutral"
    assert shares(STIRRED)["neutral"] < 0.6 * shares(PLAIN)["neutral"]
    assert shares(STIRRED)["angry"] > 1.5 * shares(PLAIN)["angry"]


def test_the_worse_the_recording_the_nearer_to_the_prior() -> None:
    def away(uncertainty: float) -> float:
        found = shares(STIRRED, uncertainty)
        return sum(abs(found[name] / (1 - found["unknown"]) - PRIOR[name]) for name in EMOTIONS)

    assert away(SURE) > away(POOR) > away(HARDLY) and away(HARDLY) < 0.05


def test_unknown_leads_only_where_next_to_nothing_was_measured() -> None:
    assert shares(STIRRED)["unknown"] == 0
    assert 0 < shares(STIRRED, POOR)["unknown"] < 0.1
    assert max(shares(STIRRED, HARDLY).items(), key=lambda item: item[1])[0] == "unknown"
    assert shares(replace(STIRRED, f0_mean_st=None)) == dict(UNKNOWN)


def test_one_wild_measure_does_not_decide_alone() -> None:
    """An octave error puts the pitch a dozen semitones up."""
    far, further = (shares(replace(PLAIN, f0_mean_st=st)) for st in (36.0, 60.0))
    assert max(further.values()) < 0.5 and further == pytest.approx(far, abs=0.05)


def test_a_short_turn_without_a_pause_is_not_taken_for_a_fluent_one() -> None:
    short, long = (replace(PLAIN, speech_s=s, pause_share=0.0) for s in (1.5, 6.0))
    assert shares(short)["sad"] == pytest.approx(shares(PLAIN)["sad"])
    assert shares(long)["sad"] < shares(short)["sad"]


def test_a_strangers_microphone_says_nothing_and_a_known_ones_level_does() -> None:
    loud = replace(PLAIN, level_db=-10.0)
    assert shares(loud) == shares(PLAIN)
    known = {"level_db": Usual(10.0, -24.0, 90.0), "f0_mean_st": Usual(10.0, 25.0, 90.0)}
    assert shares(loud, 0.4, known)["angry"] > shares(PLAIN, 0.4, known)["angry"]


def test_good_and_bad_are_as_likely_before_anything_is_heard() -> None:
    good, bad = (sum(PRIOR[n] for n in EMOTIONS if sign * CIRCUMPLEX[n][0] > 0.3) for sign in (1, -1))
    assert good == pytest.approx(bad) and sum(PRIOR.values()) == pytest.approx(1)
