"""The same words in four situations: the last message, byte for byte.

After a change that is meant: COMPANION_RENEW_GOLDEN=1 .venv/bin/python -m pytest tests/prompts/test_golden.py
then read the difference before it is committed.
"""

import os
from pathlib import Path

import pytest

from prompts.compose import compose
from prompts.persona import load_persona
from tests.prompts.scenes import NOW, SCENES, WORDS

GOLDEN = Path(__file__).parent / "golden"


def rendered(scene: str, language: str) -> str:
    now = SCENES[scene]
    prompt = compose(
        load_persona("warm_friend", language), affect=now.affect, state=now.state, strategy=now.strategy[language],
        text=WORDS[language], now=NOW,
    )  # fmt: skip
    return prompt.volatile[0].content + "\n"


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("scene", SCENES)
def test_the_last_message_is_as_it_was_agreed(scene: str, language: str) -> None:
    path = GOLDEN / f"{scene}.{language}.txt"
    if os.environ.get("COMPANION_RENEW_GOLDEN"):
        path.write_bytes(rendered(scene, language).encode())
    assert rendered(scene, language).encode() == path.read_bytes(), "if this is meant, see the top of this file"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_same_words_in_four_situations_are_four_prompts(language: str) -> None:
    tails = [rendered(scene, language) for scene in SCENES]
    assert len(set(tails)) == 4
    assert all(tail.strip().endswith(f"〕{WORDS[language]}") for tail in tails)
    notes = [tail.split("this time")[0].split("这次")[0] for tail in tails[:3]]
    assert len(set(notes)) == 3  # they differ without the strategy as well
