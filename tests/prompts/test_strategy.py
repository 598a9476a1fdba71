from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affect.incongruence import KINDS
from affect.trajectory import STATES
from affect.types import Affect, Incongruence, VoiceAffect
from prompts.budget import tokens
from prompts.strategy import SERIOUS, Situation, Skill, Stage, asks, choose, line, spoken

Q, RS, RF, AF = Skill.QUESTION, Skill.RESTATEMENT, Skill.REFLECTION, Skill.AFFIRMATION
SU, IN, GR, PR, SH, CL = (
    Skill.SUGGESTION, Skill.INFORMATION, Skill.GREETING, Skill.PRESENCE, Skill.SHARING, Skill.CLOSING,
)  # fmt: skip
ASKED = ("是工作上的事吗？", "那他怎么说呢")


def reads(valence: float | None, kind: str | None = None, *, uncertainty: float = 0.3, cry: bool = False) -> Affect:
    voice = VoiceAffect(-0.6, None, 0.3, 9, {}, events=("cry",) if cry else ())
    return Affect(valence, -0.2, uncertainty, None, voice, Incongruence(0.5, kind) if kind else None)


LOW, FINE, GLAD = reads(-0.6), reads(0.0), reads(0.6)
MASKED, SARCASM = reads(0.1, "masked_distress"), reads(0.5, "sarcasm")

# words, what else is known, skill, deciding reason
SITUATIONS: list[tuple[str, dict[str, Any], Skill, str]] = [
    # the safety protocol answers; this is what is left if it does not
    ("我不想活了", {"risk": 4}, PR, "at_risk"),
    ("告诉我该怎么办", {"risk": 2, "done": (RF,), "said": ("我该怎么办",)}, PR, "at_risk"),
    ("what should I do?", {"risk": 3, "done": (RF, RF)}, PR, "at_risk"),
    ("晚安", {"risk": 2}, PR, "at_risk"),
    ("今天升职了", {"risk": 2, "affect": GLAD, "liked": {SH: 1.0}}, PR, "at_risk"),
    # goodbyes are let go at once, whatever else is going on
    ("晚安", {}, CL, "says_goodbye"),
    ("好的，那我先睡了，谢谢你", {"affect": LOW, "state": "low"}, CL, "says_goodbye"),
    ("拜拜", {"affect": MASKED}, CL, "says_goodbye"),
    ("不早了，我要睡了。", {"state": "falling"}, CL, "says_goodbye"),
    ("退出", {}, CL, "says_goodbye"),
    ("I gotta go now, thanks", {}, CL, "says_goodbye"),
    ("ok bye", {}, CL, "says_goodbye"),
    ("good night", {"affect": LOW}, CL, "says_goodbye"),
    ("那就这样，bye", {}, CL, "says_goodbye"),
    # words of parting that are part of a story
    ("他连再见都没说", {"affect": LOW}, RF, "hard_time"),
    ("he left without saying goodbye", {"affect": LOW}, RF, "hard_time"),
    ("晚安，不过我还是很难受", {"affect": LOW}, RF, "hard_time"),
    ("I have to leave my job", {"affect": FINE}, Q, "steady"),
    # who are you
    ("你是真人吗", {}, IN, "asks_who_you_are"),
    ("are you a real person?", {"affect": LOW}, IN, "asks_who_you_are"),
    ("你是谁", {}, IN, "asks_who_you_are"),
    # hellos
    ("你好呀", {}, GR, "says_hello"),
    ("在吗", {"recalls": 2}, GR, "remembers"),
    ("hi there", {}, GR, "says_hello"),
    ("晚上好，我回来了", {"recalls": 1}, GR, "remembers"),
    ("你好烦啊", {"affect": LOW}, RF, "hard_time"),
    # medical questions are not answered with amounts
    ("安眠药可以吃两片吗", {}, IN, "asks_medical"),
    ("我是不是得了抑郁症", {"affect": LOW}, IN, "asks_medical"),
    ("should I stop taking my meds", {"done": (RF,)}, IN, "asks_medical"),
    ("do I have bipolar?", {}, IN, "asks_medical"),
    # they say how they want to be met
    ("不想说话", {"affect": LOW}, PR, "wants_silence"),
    ("I don't want to talk about it", {}, PR, "wants_silence"),
    ("我就想吐槽一下，别给我建议", {"affect": LOW, "done": (RF,)}, PR, "wants_to_be_heard"),
    ("I just need to vent", {}, PR, "wants_to_be_heard"),
    ("你根本没听懂", {}, RS, "felt_misheard"),
    ("that's not what I said", {"affect": LOW}, RS, "felt_misheard"),
    # facts and practical things need no reflection first
    ("怎么预约心理咨询", {}, IN, "asks_facts"),
    ("12356是什么", {}, IN, "asks_facts"),
    ("what is CBT?", {}, IN, "asks_facts"),
    ("what is wrong with me?", {"affect": LOW}, RF, "hard_time"),
    ("活着的意义是什么", {"affect": LOW}, RF, "hard_time"),
    # advice: feeling first, then one offer
    ("我该怎么办", {"affect": LOW}, RF, "advice_too_early"),
    ("what should I do?", {}, RF, "advice_too_early"),
    ("我该怎么办", {"affect": LOW, "done": (RF, PR)}, SU, "asks_advice"),
    ("给我点建议吧", {"said": ("我该怎么办",)}, SU, "asks_advice_again"),
    ("any advice?", {"said": ("what should I do", "hm")}, SU, "asks_advice_again"),
    ("我不知道怎么办", {"affect": LOW}, RF, "hard_time"),
    # single words
    ("嗯", {"said": ("我今天加班", "哦")}, PR, "short_answers"),
    ("ok", {"said": ("yeah",), "affect": MASKED}, PR, "short_answers"),
    ("嗯", {"said": ("我今天加班",)}, Q, "short_answer"),
    ("哦", {"replies": ASKED}, PR, "short_answer"),
    # how it sounds
    ("没事，挺好的", {"affect": MASKED}, RF, "masked"),
    ("I'm fine", {"affect": MASKED, "done": (RF,)}, RF, "masked"),
    ("没事", {"affect": MASKED, "done": (RF, RF)}, PR, "masked"),
    ("呵，真是太好了", {"affect": SARCASM}, RF, "sarcasm"),
    ("他走了三年了", {"affect": reads(-0.6, "calm_venting")}, PR, "calm_venting"),
    ("哈哈我被裁了", {"affect": reads(-0.5, "nervous_laughter")}, RF, "laughing_over_it"),
    ("滚，我不在乎", {"affect": reads(-0.5, "tough_words")}, RF, "tough_words"),
    ("我到家了", {"affect": reads(0.0, "agitated_neutral")}, Q, "agitated_voice"),
    ("我到家了", {"affect": reads(0.0, "agitated_neutral"), "replies": ASKED}, RS, "agitated_voice"),
    ("……", {"affect": reads(-0.5, cry=True)}, PR, "crying"),
    # joy
    ("我考上了！", {"affect": GLAD}, SH, "glad"),
    ("I got the job", {"affect": GLAD, "state": "low"}, SH, "glad"),
    ("我考上了！", {"affect": GLAD, "liked": {AF: 1.0}}, SH, "glad"),
    ("导师还夸我了", {"affect": GLAD, "done": (SH,)}, Q, "glad"),
    ("导师还夸我了", {"affect": GLAD, "done": (SH,), "replies": ASKED}, AF, "glad"),
    # the arc of the talk
    ("今天又加班", {"state": "falling"}, RF, "falling"),
    ("今天又加班", {"state": "falling", "done": (RF,)}, PR, "falling"),
    ("还是那样", {"state": "low"}, RF, "low_for_long"),
    ("还是那样", {"state": "low", "done": (RF,)}, AF, "low_for_long"),
    ("还是那样", {"state": "low", "done": (RF, AF)}, SU, "low_for_long"),
    ("还是那样", {"state": "low", "done": (RF, AF, SU)}, PR, "low_for_long"),
    ("还是那样", {"state": "low", "done": (RF, AF), "said": ("别给我建议",)}, PR, "low_for_long"),
    ("散了会儿步", {"state": "recovering"}, AF, "recovering"),
    ("I went outside today", {"state": "rising", "done": (AF,)}, Q, "rising"),
    ("又吵架了", {"state": "recovering", "affect": LOW}, RF, "hard_time"),
    ("一会儿好一会儿坏", {"state": "volatile"}, RS, "up_and_down"),
    ("谢谢你听我说", {"affect": FINE}, AF, "thanks"),
    # a hard turn
    ("今天被领导骂了", {"affect": LOW}, RF, "hard_time"),
    ("他又没回我", {"affect": LOW, "done": (RF,)}, PR, "hard_time"),
    ("心里堵得慌", {"risk": 1}, RF, "hard_time"),
    ("他又没回我", {"affect": LOW, "done": (RF,), "liked": {Q: 0.8}}, Q, "hard_time"),
    ("他又没回我", {"affect": LOW, "done": (RF,), "liked": {Q: 0.8}, "replies": ASKED}, PR, "hard_time"),
    # nothing known is not neutral
    ("我今天去了公司", {}, Q, "affect_unknown"),
    ("我今天去了公司", {"affect": reads(-0.8, uncertainty=0.9)}, Q, "affect_unknown"),
    ("我今天去了公司", {"replies": ASKED}, RS, "affect_unknown"),
    ("我今天去了公司", {"done": (Q,)}, RS, "affect_unknown"),
    ("中午吃了面", {"affect": FINE}, Q, "steady"),
    ("中午吃了面", {"affect": FINE, "exchanges": 3, "done": (Q, PR, Q)}, RS, "explored_enough"),
    ("我们部门换了领导，" * 8, {"affect": FINE}, RS, "told_much"),
]


@pytest.mark.parametrize(("words", "known", "skill", "reason"), SITUATIONS)
def test_what_a_turn_asks_for(words: str, known: dict[str, Any], skill: Skill, reason: str) -> None:
    strategy = choose(Situation(text=words, **known))
    assert (strategy.skill, strategy.reasons[0]) == (skill, reason)


def test_the_table_has_at_least_sixty_situations_and_every_skill() -> None:
    assert len(SITUATIONS) >= 60 and {row[2] for row in SITUATIONS} == set(Skill)


AFFECTS = st.builds(
    reads,
    st.none() | st.floats(-1, 1),
    st.none() | st.sampled_from(KINDS),
    uncertainty=st.floats(0, 1),
    cry=st.booleans(),
)
TEXTS = st.sampled_from([row[0] for row in SITUATIONS]) | st.text(max_size=40)
SITUATION = st.builds(
    Situation,
    text=TEXTS,
    affect=st.none() | AFFECTS,
    state=st.sampled_from(STATES),
    exchanges=st.integers(0, 50),
    done=st.lists(st.sampled_from(Skill), max_size=6).map(tuple),
    replies=st.lists(
        st.sampled_from(["怎么了？", "是吗", "I'm here.", "你呢", "嗯，我在。", "How so?"]), max_size=4
    ).map(tuple),
    liked=st.dictionaries(st.sampled_from(Skill), st.floats(-1, 1)),
    risk=st.integers(0, 4),
    recalls=st.integers(0, 5),
    said=st.lists(TEXTS, max_size=4).map(tuple),
)


@given(SITUATION)
def test_the_rules_hold_in_any_situation(situation: Situation) -> None:
    strategy = choose(situation)
    assert strategy == choose(situation) and strategy.reasons
    if len(situation.replies) >= 2 and all(asks(reply) for reply in situation.replies[-2:]):
        assert strategy.skill is not Q and "question" in strategy.avoid
    if RF not in situation.done and "asks_advice_again" not in strategy.reasons:
        assert strategy.skill is not SU and "advice" in strategy.avoid
    if situation.risk >= SERIOUS:
        assert strategy.skill is PR and strategy.stage is Stage.COMFORT and "advice" in strategy.avoid
    for language in ("zh", "en"):
        assert 10 <= tokens(line(strategy, language)) <= 60


@given(SITUATION, st.dictionaries(st.sampled_from(Skill), st.floats(-1, 1)))
def test_what_was_liked_never_changes_the_reason_or_what_is_off(
    situation: Situation, liked: dict[Skill, float]
) -> None:
    one, other = choose(situation), choose(replace(situation, liked=liked))
    assert (one.reasons[0], one.stage, one.avoid) == (other.reasons[0], other.stage, other.avoid)


@pytest.mark.parametrize("known", [{"said": ("怎么办，怎么办",)}, {"done": (RF,)}])
def test_advice_stays_off_at_risk_however_it_is_asked_for(known: dict[str, Any]) -> None:
    assert choose(Situation(text="我该怎么办？", risk=2, **known)).skill is PR


def test_a_goodbye_is_answered_without_anything_that_holds_back() -> None:
    strategy = choose(Situation(text="我先睡了，晚安", affect=LOW, state="low"))
    assert {"retention", "question"} <= set(strategy.avoid)
    assert line(strategy, "zh") == "马上温暖地道别，一句话就好，不挽留（对方要走了）"


def test_a_line_tells_what_to_do_and_why_in_the_language_of_the_persona() -> None:
    masked = choose(Situation(text="没事", affect=MASKED))
    assert line(masked, "zh") == (
        "不要重复对方的话，先说“声音听着有点累呢”，再说“想歇着、想说说，我都在”，不点破（声音比话低落）"
    )
    assert line(masked, "en") == (
        'Say "You say you\'re fine, but you sound a little tired", then "Rest or talk, I\'m here"; '
        "do not call them out (the voice is lower than the words)"
    )
    assert spoken(masked, "zh") == "声音听着有点累呢。想歇着、想说说，我都在。"
    assert spoken(masked, "en") == "You say you're fine, but you sound a little tired. Rest or talk, I'm here."
    assert "不追问" in line(choose(Situation(text="今天被骂了", affect=LOW, replies=ASKED)), "zh")


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("累不累？", True),
        ("你呢", True),
        ("是这样吗", True),
        ("Really?", True),
        ("我在呢。", False),
        ("我还听着呢。", False),
        ("嗯，我在。", False),
        ("吗啡是一种药。", False),
    ],
)
def test_a_question_is_known_by_its_mark_or_its_last_word(reply: str, expected: bool) -> None:
    assert asks(reply) is expected
