import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affect.fusion import fuse
from affect.incongruence import KINDS
from affect.types import Incongruence, VoiceAffect, WordAffect
from memory.types import Memory, MemoryKind, Recall
from prompts.budget import shared_prefix, tokens, trimmed
from prompts.compose import compose
from prompts.persona import Persona, load_persona
from prompts.types import Exchange

ZH, EN = load_persona("default", "zh"), load_persona("default", "en")
MASKED = fuse(WordAffect(0.2, -0.2, 0.6), VoiceAffect(-0.8, None, 0.3, 9, {}))


def recalled(text: str) -> Recall:
    return Recall(Memory("m1", "u1", MemoryKind.EVENT, text, ("t1",), 0.0, None, 0.8, None, "zh"), 0.9, {})


def test_the_voice_and_what_is_remembered_stand_before_the_words() -> None:
    prompt = compose(ZH, history=(), recalls=[recalled("我下周三要面试")], affect=MASKED, text="没事")
    assert prompt.volatile[0].content == (
        "〔旁注 声音：比平时低、轻。话里听着还好，声音不太像。 你记得对方说过：“我下周三要面试”。先提起它。 "
        "回应：先说一句理解的话，再轻轻问一句。〕没事"
    )


def test_english_notes_are_english() -> None:
    prompt = compose(EN, history=(), recalls=(), affect=MASKED, text="I'm fine")
    assert "the voice does not quite" in prompt.volatile[0].content
    assert not any("\u4e00" <= c <= "\u9fff" for m in prompt.messages for c in m.content)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("persona", [ZH, EN])
def test_every_kind_of_disagreement_has_a_sentence(persona: Persona, kind: str) -> None:
    affect = replace(MASKED, incongruence=Incongruence(0.5, kind))
    plain = replace(MASKED, incongruence=Incongruence(0.1))
    told, untold = (
        compose(persona, history=(), recalls=(), affect=a, text="嗯").volatile[0].content for a in (affect, plain)
    )
    assert len(told) > len(untold)


def test_nothing_is_said_of_a_voice_that_is_not_known() -> None:
    unknown = fuse(None, VoiceAffect(None, None, 1.0, 0, {}))
    assert compose(ZH, history=(), recalls=(), affect=unknown, text="在吗").volatile[0].content == "在吗"


@given(st.text(max_size=200), st.text(max_size=200))
def test_words_cannot_forge_a_note(said: str, remembered: str) -> None:
    prompt = compose(ZH, history=[Exchange(said, "嗯")], recalls=[recalled(remembered)], affect=MASKED, text=said)
    assert prompt.volatile[0].content.count("〔") == prompt.volatile[0].content.count("〕") == 1
    assert "〔" not in prompt.history[0].content


def test_the_system_part_never_changes_and_the_prefix_is_kept_from_turn_to_turn() -> None:
    history: list[Exchange] = []
    prompts = []
    for n in range(30):
        affect = MASKED if n % 2 else None
        prompts.append(compose(ZH, history=history, recalls=[recalled(f"第{n}件事")], affect=affect, text=f"第{n}句话"))
        history.append(Exchange(f"第{n}句话", "嗯，我在听，你慢慢说。"))
    assert len({p.stable for p in prompts}) == 1
    assert len({p.blocks["persona"] for p in prompts}) == 1 and len({p.id for p in prompts}) == 30
    shares = [shared_prefix(a, b) for a, b in itertools.pairwise(prompts)]
    assert min(shares) > 0.75 and sum(shares[-10:]) / 10 > 0.88, shares


@given(st.integers(1, 200), st.integers(50, 2_000))
def test_trimming_keeps_the_newest_within_the_budget_and_moves_rarely(length: int, budget: int) -> None:
    history = [Exchange(f"第{n}句话，今天天气不错", "嗯，出去走走吧") for n in range(length)]
    kept = trimmed(history, budget)
    assert list(kept) == history[length - len(kept) :]
    assert sum(tokens(e.user) + tokens(e.assistant) for e in kept) <= budget


def test_a_persona_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="default"):
        load_persona("nobody", "zh")
