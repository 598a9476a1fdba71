"""Somebody asks what the companion remembers: the note has the answer in words that it may say as they stand."""

import pytest

from memory.types import Recall
from prompts.compose import compose
from prompts.persona import load_persona
from prompts.strategy import Situation, choose, line
from tests.prompts.scenes import MASKED, NOW, memory, recalled

CAT, HOME = recalled("我养了一只叫团子的猫", id="m1"), recalled("我住在杭州", id="m2")


def note(text: str, *recalls: Recall, language: str = "zh") -> str:
    strategy = line(choose(Situation(text=text, language=language, recalls=len(recalls))), language)
    prompt = compose(load_persona("warm_friend", language), recalls=recalls, strategy=strategy, text=text, now=NOW)
    return prompt.volatile[0].content.removesuffix(text)


@pytest.mark.parametrize("asked", ["我回来了，还记得我说过什么吗？", "你记得我的猫叫什么吗", "嗨，还记得我吗"])
def test_a_memory_is_told_to_the_person_as_theirs(asked: str) -> None:
    assert "你养了一只叫团子的猫" in note(asked, CAT) and "我养了" not in note(asked, CAT)


@pytest.mark.parametrize("asked", ["你都记得我什么？", "说说看，你对我了解多少？", "你知道我的哪些事"])
def test_who_asks_for_all_is_told_all(asked: str) -> None:
    told = note(asked, CAT, HOME)
    assert "你养了一只叫团子的猫，你住在杭州" in told


def test_in_english_too() -> None:
    dog = recalled("I have a dog called Max")
    assert "you have a dog called Max" in note("Do you remember what I told you?", dog, language="en")
    assert "you have a dog called Max" in note("What do you know about me?", dog, language="en")


def test_what_is_no_longer_so_is_told_as_history() -> None:
    told = note("还记得我住哪儿吗", recalled("我住在北京", current=False))
    assert "现在不是了" in told and "当然记得" not in told


@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_is_made_up_where_nothing_is_remembered(language: str) -> None:
    told = note("还记得我说过什么吗？" if language == "zh" else "Do you remember my dog?", language=language)
    assert "{" not in told and ("没有记住" in told or "don't have that in mind" in told)


def test_a_story_of_remembering_is_no_question_to_the_companion() -> None:
    for said in ("我还记得小时候的院子", "I remember my first day at school.", "他不记得我了"):
        assert choose(Situation(text=said, recalls=1)).reasons[0] == "affect_unknown", said


def test_the_reason_of_a_line_is_for_the_reader_and_not_for_the_model() -> None:
    prompt = compose(
        load_persona("warm_friend", "zh"), affect=MASKED, strategy="只听着（对方想静静）", text="嗯", now=NOW
    )
    assert "对方想静静" not in prompt.volatile[0].content and "对方想静静" in prompt.block("strategy").why


def test_a_memory_cannot_ask_for_another() -> None:
    told = note("还记得我吗", Recall(memory("我说{all_recalled}{recalled}"), 0.9, {}))
    assert told.count("你说{all_recalled}{recalled}") == 1
