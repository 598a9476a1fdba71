import numpy as np

from affect.acoustics import learn
from affect.baseline import Usual, from_json, to_json
from affect.voice import read_voice


def spoken(f0: float, level: float = 0.1, seconds: float = 1.5) -> np.ndarray:
    t = np.arange(int(16_000 * seconds)) / 16_000
    return level * sum(np.sin(2 * np.pi * f0 * k * t) / k for k in range(1, 9))


def test_a_stranger_is_unknown_and_a_voice_above_its_usual_says_why() -> None:
    usual: dict[str, Usual] = {}
    first, prosody = read_voice(spoken(150), usual)
    assert first.arousal is None and first.n == 0
    for f0 in (148, 150, 152, 151):
        usual = learn(usual, read_voice(spoken(f0), usual)[1])
    excited, _ = read_voice(spoken(220, 0.3), usual)
    assert excited.arousal is not None and excited.arousal > 0.4 and excited.n == 4
    assert any("above usual" in line for line in excited.evidence)
    assert prosody.f0_mean_st is not None


def test_noise_teaches_nothing() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, 16_000)
    usual = learn({}, read_voice(spoken(150), {})[1])
    assert learn(usual, read_voice(noise, usual)[1]) == usual


def test_a_baseline_survives_being_kept() -> None:
    usual = learn({}, read_voice(spoken(150), {})[1])
    assert from_json(to_json(usual)) == usual
