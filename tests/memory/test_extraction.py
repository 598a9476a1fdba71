"""What is kept of a turn. The lines are authored: dev while the rules were written, heldout before them."""

import time
from pathlib import Path

import pytest

from memory.extraction import companion_words, extract
from memory.types import Candidate, MemoryKind, Sensitivity, Slot

_LINES = Path(__file__).parent / "lines"
_NOW = 1_790_000_000.0  # 2026-09-21


def _read(name: str) -> list[tuple[str, list[str]]]:
    rows = [line.split("\t") for line in (_LINES / name).read_text("utf-8").splitlines()]
    return [(text, [] if wanted == "-" else wanted.split(" ; ")) for text, wanted in rows]


def _fits(candidate: Candidate, wanted: str) -> bool:
    """wanted: kind[/slot][|kind[/slot]][!sensitivity]=words that are in it."""
    left, words = wanted.split("=", 1)
    kinds, _, care = left.partition("!")
    kind = any(
        candidate.kind == kind and (not slot or candidate.slot == slot)
        for kind, _, slot in (k.partition("/") for k in kinds.split("|"))
    )
    return words.lower() in candidate.text.lower() and kind and care in ("", candidate.sensitivity)


def _figures(name: str) -> tuple[float, float]:
    """Precision and recall over a file; kind, slot and sensitivity must be right too."""
    right = kept = wanted_count = 0
    for text, wanted in _read(name):
        found = extract(text)
        kept, wanted_count = kept + len(found), wanted_count + len(wanted)
        right += sum(any(_fits(candidate, one) for candidate in found) for one in wanted)
    return right / kept, right / wanted_count


@pytest.mark.parametrize("name", ["extraction_dev.tsv", "extraction_heldout.tsv"])
def test_most_of_what_matters_is_kept_and_little_else(name: str) -> None:
    precision, recall = _figures(name)
    assert precision >= 0.90 and recall >= 0.90, f"{name}: precision {precision:.3f}, recall {recall:.3f}"


@pytest.mark.parametrize("text", [text for text, wanted in _read("extraction_dev.tsv") if not wanted])
def test_questions_wishes_orders_quotes_and_small_talk_are_not_kept(text: str) -> None:
    assert extract(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "不想活了，我妈不知道", "我想死", "我昨晚又割自己了", "我试过吞药", "我站在天台上", "我已经写好遗书了",
        "我买了一瓶安眠药，想一了百了",
        "我表哥自杀了，我也想自杀", "I want to die", "I cut myself again last night", "I took all my pills last night",
        "my brother killed himself and I want to kill myself too",
        "I don't want to be here anymore", "我 want to die",
    ],
)  # fmt: skip
def test_words_about_harming_oneself_are_never_kept(text: str) -> None:
    assert extract(text) == []


def test_a_promise_or_worry_beside_such_words_is_not_kept_but_a_fact_is() -> None:
    found = extract("我上周被裁了。我不想活了。我决定今晚就走。")
    assert [c.text for c in found] == ["我上周被裁了"]


@pytest.mark.parametrize("text", ["我表哥去年自杀了", "my brother killed himself when I was twelve"])
def test_somebody_elses_suicide_is_kept_with_the_greatest_care(text: str) -> None:
    assert [c.sensitivity for c in extract(text)] == [Sensitivity.CRISIS]


@pytest.mark.parametrize("text", [text for name in ("dev", "heldout") for text, _ in _read(f"extraction_{name}.tsv")])
def test_a_memory_is_a_slice_of_what_was_said(text: str) -> None:
    assert all(c.text in text and c.text == c.text.strip("，, ") and 0 <= c.salience <= 1 for c in extract(text))


def test_fillers_come_off_the_ends_and_pronouns_stay() -> None:
    assert [c.text for c in extract("嗯那个就是我住在成都啊")] == ["我住在成都"]
    assert [c.text for c in extract("um well I live in Leeds you know")] == ["I live in Leeds"]


def test_a_clause_that_means_nothing_alone_keeps_its_neighbour() -> None:
    assert [c.text for c in extract("我们吵了一架，然后就分手了")] == ["我们吵了一架，然后就分手了"]
    assert [c.text for c in extract("we had a fight and after that she left")] == [
        "we had a fight and after that she left"
    ]
    assert [c.text for c in extract("我的狗叫旺财，今年十二岁了")] == ["我的狗叫旺财，今年十二岁了"]


def test_two_facts_of_one_sentence_are_two_memories() -> None:
    assert [(c.slot, c.text) for c in extract("我叫小雨，在杭州当护士")] == [
        (Slot.ADDRESS, "我叫小雨"),
        (Slot.WORK, "在杭州当护士"),
    ]


def test_the_fact_that_a_question_hangs_on_is_kept_without_it() -> None:
    assert [c.text for c in extract("我妈下周手术我该怎么办")] == ["我妈下周手术"]
    assert [c.text for c in extract("my mom has surgery next week, what should I do?")] == [
        "my mom has surgery next week"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "不对，我说错了，是下周四面试",
        "我不是在上海，我是在苏州",
        "actually I meant Thursday, my interview is on Thursday",
    ],
)
def test_a_correction_says_that_it_is_one(text: str) -> None:
    assert [c.corrects for c in extract(text)] == [True]


def test_nothing_else_says_that_it_corrects() -> None:
    assert not any(
        c.corrects for text in ("我住在成都", "我不是学生了，我在银行上班", "I live in Leeds") for c in extract(text)
    )


def test_strong_feelings_first_times_and_trifles_weigh_what_they_should() -> None:
    assert extract("我的猫走丢了", valence=-0.9)[0].salience > extract("我的猫走丢了")[0].salience
    assert extract("我终于考上研究生了")[0].salience > extract("我考上研究生了")[0].salience
    assert extract("今天吃了面")[0].salience < 0.2
    assert extract("x" * 50_000) == []


def test_a_turn_and_a_language_are_noted() -> None:
    found = extract("我下周有个 interview", turn_id="turn_1")[0]
    assert found.evidence == ("turn_1",) and found.language == "mixed"
    assert extract("我住在成都")[0].language == "zh" and extract("I live in Leeds", language="en")[0].language == "en"


def test_a_plan_knows_when_it_is_and_a_profile_does_not() -> None:
    plan = extract("我明天要去面试", now=_NOW)[0]
    assert plan.about is not None and _NOW < plan.about[1] <= _NOW + 2 * 86_400
    assert extract("我今年二十八了", now=_NOW)[0].about is None
    assert extract("我明天要去面试")[0].about is None


def test_a_fact_that_can_be_replaced_carries_its_claim() -> None:
    claim = extract("我叫小雨")[0].claim
    assert claim is not None and claim.key == "name" and claim.value == "小雨"


_REPEATED = [
    "我",
    "我在",
    "my ",
    "不知道",
    "，",
    "I ",
    "总是",
    "刚上",
    "刚刚",
    "周末",
    "一月一号",
    "never really ",
    "没有",
    "嗯",
]


@pytest.mark.parametrize("text", [word * 2_000 + "x" for word in _REPEATED])
def test_no_text_takes_long(text: str) -> None:
    started = time.perf_counter()
    extract(text)
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    ("reply", "kept"),
    [
        ("我会记得你周三面试。", "我会记得你周三面试"),
        ("面试在周三，我会记得的。", "面试在周三，我会记得的"),
        ("下次我问你面试怎么样", "下次我问你面试怎么样"),
        ("听起来真难。明天晚上我再问问你妈妈手术的情况，你先休息。", "明天晚上我再问问你妈妈手术的情况"),
        ("周三面试结束后，我会问你结果", "周三面试结束后，我会问你结果"),
        ("好的，以后我不提他了", "以后我不提他了"),
        ("我懂，我不会催你。", "我不会催你"),
        ("I'll ask you how it went on Friday.", "I'll ask you how it went on Friday"),
        ("That sounds hard. Next time we talk, I'll ask about the exam.", "Next time we talk, I'll ask about the exam"),
        ("I won't bring up your ex again.", "I won't bring up your ex again"),
    ],
)
def test_what_the_companion_binds_itself_to_is_kept(reply: str, kept: str) -> None:
    found = companion_words(reply, turn_id="turn_1", language="zh")
    assert [c.text for c in found] == [kept]
    assert found[0].kind is MemoryKind.COMPANION and found[0].salience < 0.5 and found[0].evidence == ("turn_1",)


@pytest.mark.parametrize(
    "reply",
    [
        "我会一直陪着你", "我在呢", "要我明天提醒你吗？", "如果你愿意，我可以明天问你", "我记得你说过喜欢猫",
        "你要记得吃饭", "我不说话了", "别担心，会好的",
        "I'm here for you", "I'll be here", "I can remind you if you like",
        "Do you want me to ask you tomorrow?", "You should remember to rest",
    ],
)  # fmt: skip
def test_comfort_offers_and_advice_bind_to_nothing(reply: str) -> None:
    assert companion_words(reply) == []
