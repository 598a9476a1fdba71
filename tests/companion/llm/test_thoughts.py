"""Thoughts are told from speech wherever a stream is cut."""

from collections.abc import AsyncGenerator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.errors import ChatError
from companion.llm.thoughts import ThoughtFilter, speech, without_thoughts

PARTS = ["<think>", "</think>", "<", ">", "/", "think", "<th", "</", " ", "\n", "你好", "，", "hi", "a<b"]


def said(pieces: list[str]) -> str:
    thoughts = ThoughtFilter()
    return "".join([*map(thoughts.feed, pieces), thoughts.finish()])


@pytest.mark.parametrize(
    ("content", "spoken"),
    [
        ("你好", "你好"),
        ("<think>他很累。</think>\n\n辛苦了。", "辛苦了。"),
        ("<think>\n\n</think>\n\n好", "好"),
        ("嗯。<think>怎么说好</think> 我在。", "嗯。我在。"),
        ("<think>he is <b>tired</b> <think> deeper</think>I'm here", "I'm here"),
        ("<think>没想完就", ""),
        ("好的。<think>没想完就", "好的。"),
        ("想完了</think>我在", "想完了我在"),
        ("3 < 4, a <thin line", "3 < 4, a <thin line"),
        ("爱你 <3", "爱你 <3"),
        ("最后一个字 <thi", "最后一个字 <thi"),
        ("  hello  ", "hello  "),
        ("", ""),
    ],
)
def test_what_is_thought_is_not_said(content: str, spoken: str) -> None:
    assert said([content]) == spoken
    assert said(list(content)) == spoken


@given(st.lists(st.sampled_from(PARTS), max_size=20).map("".join), st.data())
def test_any_cut_gives_the_same_speech(content: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=12)))
    edges = [0, *cuts, len(content)]
    spoken = said([content])
    assert said([content[a:b] for a, b in pairwise(edges)]) == spoken
    if "<think>" not in content and "</think>" not in content:
        assert spoken == content.lstrip()


def test_plain_words_are_not_held_back() -> None:
    thoughts = ThoughtFilter()
    assert [thoughts.feed(p) for p in ("我在", "，", "你说 <", "3")] == ["我在", "，", "你说 ", "<3"]


def test_a_whole_answer_without_its_thoughts() -> None:
    assert without_thoughts("<think>a</think>\n{}") == "{}"
    assert without_thoughts("opened in the prompt</think>{}") == "{}"
    assert without_thoughts("{}<think>and on") == "{}"


class Model:
    """Gives `thinking` or `plain`, by how it is asked; counts what was closed."""

    def __init__(self, thinking: list[str], plain: list[str]) -> None:
        self.contents, self.asked, self.closed = {True: thinking, False: plain}, list[bool](), 0

    async def ask(self, thinks: bool) -> AsyncGenerator[str]:
        self.asked.append(thinks)
        try:
            for piece in self.contents[thinks]:
                yield piece
        finally:
            self.closed += 1


async def test_an_answer_that_is_all_thought_is_asked_for_again_without_thinking() -> None:
    model = Model(["<think>", "how to say it, how"], ["我", "在。"])
    assert [p async for p in speech(model.ask, True)] == ["我", "在。"]
    assert model.asked == [True, False] and model.closed == 2


async def test_an_answer_after_a_thought_is_asked_for_once() -> None:
    model = Model(["<thi", "nk>hm</think>", "\n\n", "我在。"], [])
    assert [p async for p in speech(model.ask, True)] == ["我在。"]
    assert model.asked == [True]


async def test_an_empty_answer_without_thinking_is_not_asked_for_again() -> None:
    model = Model([], [])
    assert [p async for p in speech(model.ask, False)] == []
    assert model.asked == [False]


async def test_closing_the_speech_closes_the_model() -> None:
    model = Model([], ["我", "在。"])
    spoken = speech(model.ask, False)
    assert await anext(spoken) == "我"
    await spoken.aclose()
    assert model.closed == 1


async def test_a_failure_after_the_first_words_is_not_asked_for_again() -> None:
    async def ask(thinks: bool) -> AsyncGenerator[str]:
        yield "我"
        raise ChatError("gone")

    with pytest.raises(ChatError):
        assert [p async for p in speech(ask, True)]
