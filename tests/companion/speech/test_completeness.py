"""A model of complete turns: what it is given, when it is not waited for, and the real one on a real sentence."""

import asyncio
import threading
from pathlib import Path

import numpy as np
import pytest

from companion.audio.decode import decode_file
from companion.models.packs import PackStore
from companion.settings import Settings
from companion.speech.completeness import CompletenessReader, SmartTurn, log_odds
from companion.speech.endpointing import Ending, wait_s

AUDIO = Path(__file__).parents[2] / "audio"
SOME = np.zeros(16_000, np.float32)


def test_it_weighs_only_once_it_has_heard_enough() -> None:
    def wait(complete: float | None, spoken_s: float) -> float:
        return wait_s(Ending(), 0.5, spoken_s=spoken_s, pauses=(), complete=complete)

    assert wait(4.0, 3.0) < wait(None, 3.0) < wait(-4.0, 3.0)
    assert wait(4.0, 1.0) == wait(None, 1.0) == wait(-4.0, 1.0)


def test_log_odds_are_finite_and_rise() -> None:
    found = [log_odds(p) for p in (0.0, 0.2, 0.5, 0.8, 1.0)]
    assert found == sorted(found) and found[2] == 0.0 and found[-1] == pytest.approx(-found[0]) and found[-1] < 10


async def test_nobody_waits_in_a_long_line_and_others_are_read() -> None:
    may = threading.Event()

    def slow(samples: np.ndarray) -> float:
        may.wait(10)
        return 0.9

    reader = CompletenessReader(slow)
    try:
        first, second = asyncio.create_task(reader.read(SOME)), asyncio.create_task(reader.read(SOME))
        await asyncio.sleep(0.05)
        assert await reader.read(SOME) is None
        may.set()
        assert await first == await second == log_odds(0.9)
        assert await reader.read(SOME) == log_odds(0.9)
    finally:
        may.set()
        await reader.close()


@pytest.mark.real_models
def test_the_real_model_tells_a_whole_sentence_from_half_of_it() -> None:
    store = PackStore(Settings().models)
    if not store.ready("smart-turn"):
        pytest.skip("the pack smart-turn is not here: run `companion models fetch smart-turn`")
    model = SmartTurn(store.locate("pack:smart-turn"))
    speech = decode_file(AUDIO / "funasr-asr_example.wav")
    assert model(speech) > 0.8
    assert model(speech[: int(2.0 * 16_000)]) < 0.3
    assert 0 <= model(np.zeros(0, np.float32)) <= 1
