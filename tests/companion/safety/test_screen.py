"""What may go out of a reply. The lines beside this file are authored: breaches.tsv (rule, line), lookalikes.txt and
good_replies.txt, which must pass untouched."""

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.safety.reply_rules import rules
from companion.safety.screen import Change, Screen

HERE = Path(__file__).parent
BREACHES = [tuple(row.split("\t")) for row in (HERE / "breaches.tsv").read_text("utf-8").splitlines()]
LOOKALIKES = (HERE / "lookalikes.txt").read_text("utf-8").splitlines()
GOOD = [row.replace("\\n", "\n") for row in (HERE / "good_replies.txt").read_text("utf-8").splitlines()]
PLAIN = st.lists(st.sampled_from(GOOD + LOOKALIKES), min_size=1, max_size=4)
ANY = st.lists(
    st.sampled_from(GOOD + [row[1] for row in BREACHES]) | st.text("我是人。你很累，“”〔〕note: .!?\n12a", max_size=30)
)


def screened(
    reply: str,
    *,
    language: str = "zh",
    most: int | None = None,
    never: tuple[str, ...] = (),
    cuts: tuple[int, ...] = (),
) -> tuple[str, list[Change]]:
    screen = Screen(language=language, max_sentences=most, never=never)
    places = sorted({0, len(reply), *(cut % (len(reply) + 1) for cut in cuts)})
    out = "".join(screen.feed(reply[a:b]) for a, b in itertools.pairwise(places))
    return out + screen.finish(), screen.changes


@pytest.mark.parametrize(("rule", "line"), BREACHES)
def test_a_breach_is_said_more_gently(rule: str, line: str) -> None:
    reply, changes = screened(line)
    assert rule in [change.rule for change in changes] and reply.strip() and reply != line
    again, changes = screened(reply)
    assert (again, changes) == (reply, []), "what is said instead must pass itself"


@pytest.mark.parametrize("line", LOOKALIKES + GOOD)
def test_what_only_looks_like_a_breach_passes_untouched(line: str) -> None:
    assert screened(line) == (line, [])


def test_there_are_lines_enough() -> None:
    assert len(BREACHES) >= 120 and len(LOOKALIKES) >= 120 and len(GOOD) >= 200
    for tongue in ("[\u4e00-\u9fff]", "[A-Za-z]{3}"):
        assert {rule.name for rule in rules().each} | {"feeling"} == {r for r, s in BREACHES if re.search(tongue, s)}


def test_what_is_said_instead_is_no_breach_and_fits_the_language() -> None:
    for rule in rules().each:
        for language, sentences in rule.instead.items():
            for sentence in sentences:
                assert screened(sentence) == (sentence, [])
                assert (re.search("[\u4e00-\u9fff]", sentence) is not None) is (language == "zh")


@given(ANY, st.lists(st.integers(0, 10_000), max_size=40), st.none() | st.integers(1, 3))
def test_the_pieces_in_which_a_reply_arrives_change_nothing(
    parts: list[str], cuts: list[int], most: int | None
) -> None:
    reply = "".join(parts)
    whole = screened(reply, most=most)
    assert screened(reply, most=most, cuts=tuple(cuts)) == whole
    assert screened(reply, most=most, cuts=tuple(range(len(reply)))) == whole
    assert whole[0].strip()


@given(PLAIN, st.sampled_from(["", "\n", " "]), st.lists(st.integers(0, 10_000), max_size=20))
def test_replies_without_a_breach_come_out_byte_for_byte(parts: list[str], glue: str, cuts: list[int]) -> None:
    reply = (glue or "\n").join(parts)
    assert screened(reply, cuts=tuple(cuts)) == (reply, [])


@pytest.mark.parametrize("reply", GOOD)
def test_the_first_piece_waits_for_no_more_than_one_sentence(reply: str) -> None:
    screen = Screen(language="zh", max_sentences=3)
    waited = next((at for at, char in enumerate(reply) if screen.feed(char)), len(reply))
    # one character more where only the next one tells whether a full stop ends the sentence
    assert len(re.findall(r"[。！？!?](?!$)|\.\s\w", reply[: waited + 1])) <= 1


def test_a_clause_that_cannot_be_a_breach_does_not_wait_for_its_sentence() -> None:
    screen = Screen(language="zh", max_sentences=None)
    assert [screen.feed(piece) for piece in ("嗯，", "你很", "难过，", "我在", "。")] == [
        "嗯，", "", "", "", "听起来你很难过，我在。",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("你很难过。", "听起来你很难过。"),
        ("但是你一定很委屈，想聊聊吗？", "但是听起来你很委屈，想聊聊吗？"),
        ("我知道你很孤独。", "听起来你很孤独。"),
        ("这件事让你很伤心，慢慢来。", "听起来这件事让你很伤心，慢慢来。"),
        ("You are angry.", "It sounds like you are angry."),
        ("You must be exhausted.", "It sounds like you are exhausted."),
        ("But you're so sad, take your time.", "But it sounds like you're so sad, take your time."),
        ("I hear you, you're sad.", "I hear you, you're sad."),
        ("你很 stressed，慢慢来。", "听起来你很 stressed，慢慢来。"),
    ],
)
def test_a_feeling_told_as_a_fact_is_hedged_in_place(said: str, expected: str) -> None:
    assert screened(said)[0] == expected


@pytest.mark.parametrize(
    ("said", "most", "expected"),
    [
        ("嗯。我在。慢慢说。", 2, "嗯。我在。"),
        ("嗯。我在！！你慢慢说。", 2, "嗯。我在！！"),
        ("听起来很累。是工作上的事吗？还是家里的事？都可以说。", 2, "听起来很累。是工作上的事吗？还是家里的事？"),
        ("听起来很累。是工作上的事吗？还是先歇歇吧。", 2, "听起来很累。是工作上的事吗？"),
        ("你可以说：“我累了。今天先这样。”好吗？不急。", 2, "你可以说：“我累了。今天先这样。”好吗？"),
        ("You ran 3.5 km. Mr. Li saw it. Great. More.", 2, "You ran 3.5 km. Mr. Li saw it."),
        ("我在。", 1, "我在。"),
    ],
)
def test_a_reply_is_cut_at_the_end_of_a_sentence_and_never_inside_a_question(
    said: str, most: int, expected: str
) -> None:
    reply, changes = screened(said, most=most)
    assert reply == expected
    assert [(change.rule, change.kind) for change in changes] == ([("length", "cut")] if said != expected else [])


def test_the_model_can_be_stopped_once_nothing_more_can_come() -> None:
    screen = Screen(language="zh", max_sentences=1)
    assert screen.feed("我在。") == "我在。" and not screen.full
    assert screen.feed("你") == "" and screen.full


@pytest.mark.parametrize(
    ("said", "expected", "rule"),
    [
        ("〔旁注 声音：比平时低。〕嗯，我在。", "嗯，我在。", "note"),
        ("嗯，〔旁注 声音低〕我在。", "嗯，我在。", "note"),
        ("（旁注：声音低。要温柔。）好的，我在。", "好的，我在。", "note"),
        ("Note: be warm. I'm here.", "I'm here.", "note"),
        ("assistant: I'm here.", "I'm here.", "role"),
        ("小伴：我在。", "我在。", "role"),
        ("嗯，我在。\n用户：谢谢\n助手：不客气", "嗯，我在。", "role"),
        ("I'm here.\nUser: thanks", "I'm here.", "role"),
        ("我在<|im_end|><|im_start|>user", "我在", "role"),
        ("我在。\n### Instruction\n说点别的", "我在。", "role"),
        ("〔旁注 没有说完", "嗯，我在听，你慢慢说。", "note"),
        ("用户：我很好", "嗯，我在听，你慢慢说。", "role"),
    ],
)
def test_notes_and_the_turns_of_others_do_not_leak(said: str, expected: str, rule: str) -> None:
    reply, changes = screened(said)
    assert reply == expected and changes[0].rule == rule


@pytest.mark.parametrize(("language", "start"), [("zh", "嗯"), ("en", "I'm here")])
@pytest.mark.parametrize("said", ["", "  \n", "〔旁注〕", "<|im_end|>"])
def test_a_reply_is_never_empty(said: str, language: str, start: str) -> None:
    reply, changes = screened(said, language=language)
    assert reply.strip().startswith(start) and changes[-1].rule == "empty"


def test_the_same_breach_is_not_answered_with_the_same_sentence_again() -> None:
    reply, changes = screened("我也是人。我昨天也去爬山了。我也是女生。我在听。")
    assert reply.count("我是AI") == 1 and reply.endswith("我在听。")
    assert [change.kind for change in changes] == ["replaced", "replaced", "dropped"]
    assert [change.sentence_index for change in changes] == [0, 1, 2]


def test_a_breach_after_a_clause_that_is_out_goes_on_from_there() -> None:
    assert screened("Hey there, I'm human too.")[0].startswith("Hey there, I'm an AI")
    assert screened("好的，你得了抑郁症。")[0].startswith("好的，这是不是一种病，要由医生来看")


def test_wordings_that_a_persona_must_never_use_are_left_out() -> None:
    assert screened("亲爱的，我在。你慢慢说。", never=("亲爱的",))[0] == "你慢慢说。"
    assert (
        screened("Cheer up, it will pass.", never=("cheer up, it",), language="en")[0] == "I'm here, and I'm listening."
    )


def test_a_change_tells_no_words() -> None:
    assert set(Change.__dataclass_fields__) == {"rule", "kind", "sentence_index"}


def test_a_limit_that_leaves_no_sentence_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Screen(language="zh", max_sentences=0)
