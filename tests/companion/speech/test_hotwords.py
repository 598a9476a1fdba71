"""Names that may be said reach the recognisers that take them, and only as words."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.settings import Speech
from companion.speech.backends import funasr_local
from companion.speech.backends.funasr_local import FunasrRecognizer
from companion.speech.hotwords import as_prompt, recites, tamed
from companion.speech.recognizer import FakeRecognizer
from tests.tiny.sensevoice import ANSWERS, chord

SCRIPT = "以下是普通话的句子。"
SECOND = np.ones(16_000, np.float32)


@given(
    st.lists(st.text(st.sampled_from("小雨AnnaMax'-. /:\\_\n〔"), max_size=30) | st.just("http://x/y.txt"), max_size=40)
)
def test_no_hotword_is_a_path_an_address_or_a_sentence(hotwords: list[str]) -> None:
    words = tamed(hotwords)
    assert len(words) <= 20 and len(set(words)) == len(words)
    for word in words:
        assert 1 < len(word) <= 16 and not set(word) & set("/:\\. \n_〔")
        assert not word.lower().startswith("http") and not word.endswith(".txt")


def test_names_stay_as_they_are_and_in_their_order() -> None:
    assert tamed(["团子", "Mary Ann", "O'Neil", "团子", "我"]) == ("团子", "Mary", "Ann", "O'Neil")
    assert tamed(["http://evil/x.txt", "names.txt", "/etc/passwd"]) == ("evil", "names", "etc", "passwd")


def test_a_prompt_ends_in_the_sentence_that_sets_the_script() -> None:
    assert as_prompt(SCRIPT, ["小雨", "团子"]) == "会说到小雨、团子。" + SCRIPT
    assert as_prompt("", ["Anna", "Max"]) == "Talking of Anna, Max."
    assert as_prompt(SCRIPT, []) == SCRIPT
    assert as_prompt(SCRIPT, [f"名{n}" for n in range(10, 40)]).count("名") == 10


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("芝麻、芝麻、林夏", True),
        ("Anna, Max.", True),
        ("芝麻", False),  # a name alone may well have been said
        ("林夏昨天带芝麻去看医生了", False),
        ("", False),
    ],
)
def test_a_list_of_the_names_is_told_from_words_with_names_in_them(text: str, again: bool) -> None:
    assert recites(text, ["芝麻", "林夏", "Anna", "Max"]) is again


async def test_the_fake_keeps_what_it_was_given() -> None:
    fake = FakeRecognizer("你好")
    await fake.recognize(SECOND)
    await fake.recognize(SECOND, "zh", ["团子"])
    assert fake.hotwords == [(), ("团子",)]


async def test_a_model_without_hotwords_is_given_none(recognizer: FunasrRecognizer, monkeypatch: Any) -> None:
    auto = recognizer._decode._auto  # type: ignore[attr-defined]
    options: list[dict[str, Any]] = []
    generate = auto.generate
    monkeypatch.setattr(auto, "generate", lambda **given: (options.append(given), generate(**given))[1])
    heard = await recognizer.recognize(chord(ANSWERS[0]), "zh", ["团子"])
    assert heard.text == ANSWERS[0].text and "hotword" not in options[0]


class ContextualParaformer:
    """By its name alone one that takes hotwords."""


class Auto:
    """FunASR's AutoModel as it handles hotwords: it logs them to the root logger."""

    def __init__(self) -> None:
        self.model, self.given = ContextualParaformer(), list[Any]()

    def generate(self, **given: Any) -> Sequence[dict[str, str]]:
        self.given.append(given.get("hotword"))
        logging.info("Hotword list: %s.", given.get("hotword"))
        logging.warning("a warning of its own")
        return [{"text": "团子来了"}]


async def test_a_contextual_paraformer_is_given_them_and_no_log_has_them(caplog: pytest.LogCaptureFixture) -> None:
    from concurrent.futures import ThreadPoolExecutor

    auto = Auto()
    made = FunasrRecognizer("x", ThreadPoolExecutor(1), funasr_local._Generate(auto), Speech().timeout_s)
    with caplog.at_level(logging.INFO):
        assert (await made.recognize(SECOND, "zh", ["团子", "Mary Ann"])).text == "团子来了"
        await made.recognize(SECOND)
    await made.close()
    assert auto.given == ["团子 Mary Ann", None]
    assert "团子" not in caplog.text and caplog.text.count("a warning of its own") == 2
    assert not logging.getLogger().filters
