"""Thinking is for what a plain answer gets wrong, and never for a plain line."""

import pytest

from companion.llm.thinking import decide

PLAIN = [
    "我好累",
    "今天上班路上看到一只猫，特别可爱，一直跟着我走了好远",
    "怎么办？",
    "我妈又说我了",
    "帮我想想",
    "I'm so tired today",
    "how are you?",
    "my boss and my mom both called, anyway I had noodles and watched that show again and it was lovely",
    "我跟我老公周末带孩子去了公园，我妈也来了，大家都挺开心的，还吃了火锅",
    "你觉得我该去吗？",
    "plan?",
    "",
]
COMPLEX = [
    "帮我理一理吧，我下个月要考试，同时公司又要出差两周，我该怎么安排复习才来得及？",
    "我妈非要我们回老家过年，我老公不同意，两个人都怪我，我夹在中间到底该怎么办啊",
    "我是该先辞职再找工作，还是边上班边找？要是找不到怎么办？房贷怎么办？我今年都三十五了，真的有点怕",
    "Can you help me decide? I got two offers, one here and one in Leeds, what should I weigh up before Friday?",
    "My mom insists I come home for New Year but my husband refuses to go, and they both blame me. What should I do?",
    "我下周要跟 boss 谈涨薪，帮我想想怎么准备，step by step 地来，先说什么后说什么？",
]


@pytest.mark.parametrize("text", PLAIN)
@pytest.mark.parametrize("risk", [0, 1])
def test_a_plain_line_is_answered_at_once(text: str, risk: int) -> None:
    decision = decide("auto", risk=risk, text=text)
    assert not decision and decision.reason


@pytest.mark.parametrize("text", COMPLEX)
def test_a_complex_turn_is_thought_over(text: str) -> None:
    decision = decide("auto", risk=0, text=text)
    assert decision and decision.reason


def test_risk_is_thought_over_but_acute_risk_is_answered_at_once() -> None:
    assert [decide("auto", risk=risk, text="嗯").on for risk in range(4)] == [False, False, True, False]
    assert not decide("auto", risk=3, text=COMPLEX[0])


@pytest.mark.parametrize("text", [PLAIN[0], COMPLEX[0]])
def test_the_setting_has_the_last_word(text: str) -> None:
    assert [decide(mode, risk=risk, text=text).on for mode in ("on", "off") for risk in (0, 3)] == [
        True,
        True,
        False,
        False,
    ]


def test_the_reason_has_no_words_of_the_person() -> None:
    for text in COMPLEX:
        assert decide("auto", risk=0, text=text).reason.isascii()
