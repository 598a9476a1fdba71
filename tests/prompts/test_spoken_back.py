from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.types import MemoryKind
from prompts.spoken_back import spoken_back
from tests.prompts.scenes import DAY, NOW, memory


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("我养了一只猫", "你养了一只猫"),
        ("叫我小雨", "你叫小雨"),
        ("你可以叫我小满就行", "你叫小满"),
        ("我妈说‘我不管你了’", "你妈说‘我不管你了’"),
        ("I'm Anna and my dog is mine", "you're Anna and your dog is yours"),
        ("I was sad because she left me", "you were sad because she left you"),
        ("I told myself iPhones make me happy", "you told yourself iPhones make you happy"),
        ("跟我的manager吵了，I hate it", "跟你的manager吵了，you hate it"),
    ],
)
def test_the_companion_speaks_of_them_as_you(said: str, told: str) -> None:
    assert spoken_back(memory(said), NOW, "Asia/Shanghai", "zh") == told


@pytest.mark.parametrize(
    ("said", "language", "told"),
    [
        ("下周三要面试，我有点紧张", "zh", "今天要面试，你有点紧张"),
        ("my exam is on Wednesday", "en", "your exam is today"),
    ],
)
def test_a_day_is_called_what_it_is_now(said: str, language: Literal["zh", "en"], told: str) -> None:
    about = (NOW - 3_600, NOW + 3_600)
    assert spoken_back(memory(said, about=about, learned_at=NOW - 5 * DAY), NOW, "Asia/Shanghai", language) == told


def test_what_the_companion_said_itself_stays_as_it_was() -> None:
    promised = memory("下次我问你面试", kind=MemoryKind.COMPANION)
    assert spoken_back(promised, NOW, "Asia/Shanghai", "zh") == "下次我问你面试"


def test_a_long_story_is_told_up_to_the_end_of_a_clause() -> None:
    told = spoken_back(memory("我那天先去了医院，" + "然后又走了很远的路，" * 12), NOW, "Asia/Shanghai", "zh")
    assert len(told) <= 60 and told.startswith("你那天先去了医院，") and told.endswith("路")


@given(st.text(max_size=200), st.none() | st.tuples(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12)))
def test_no_words_ever_raise_or_open_a_note(said: str, about: tuple[float, float] | None) -> None:
    told = spoken_back(memory(said, about=about), NOW, "Asia/Shanghai", "en")
    assert not set("〔〕\n") & set(told)
