"""Every script that is said in danger: complete, kind, and within the rules that a model's reply is held to."""

import re
from itertools import pairwise, product
from pathlib import Path
from string import Formatter

import pytest

from companion.safety.answers import declines_review, read_answer, wants_help
from companion.safety.protocol import step
from companion.safety.protocol_types import (
    Claimed,
    CounsellorLost,
    GaveBack,
    Policy,
    Resources,
    Say,
    SosPressed,
    State,
    TookOver,
    Turn,
)
from companion.safety.screen import Screen
from companion.safety.scripts import LANGUAGES, everything_said, words

KINDS = (
    "suicide", "self_harm", "third_party", "violence", "abuse_of_minor", "eating_disorder", "psychosis_mania",
    "medical_emergency", "fraud", "distress",
)  # fmt: skip
ALL = [(of, name, line) for of in LANGUAGES for name, lines in everything_said(of).items() for line in lines]
FORBIDDEN = {
    "abandons": r"我(?:没办法|没法|无法|不能|帮不)(?:了)?(?:帮|处理|回答|和你聊|跟你聊)|请(?:你)?(?:自己|自行)解决|"
    r"I (?:can't|cannot|am unable to|'m unable to) (?:help|talk|discuss|continue)",
    "secrecy": r"保密|秘密|不(?:会)?告诉(?:任何|别)人(?!”)|secret|between us|I won't tell",
    "feels": r"我(?:很|好|真的?|也|都|有点|还是)*(?:担心|难过|心疼|害怕|高兴|开心|"
    r"着急|想你|爱你|放心不下|在乎)|"
    r"I(?:'m| am| feel)(?: so| very| really)* (?:worried|sad|scared|"
    r"afraid|glad|happy|heartbroken)|"
    r"I (?:worry|"
    r"love|miss)\b",
    "human": r"我(?:也)?是(?:真)?人|I(?:'m| am) (?:a )?(?:human|person)",
    "diagnoses": r"抑郁症|焦虑症|厌食症|精神分裂|双相|精神病|你(?:这是|得了|患)|"
    r"depress|anorexi|bulimi|schizophren|bipolar|psychos|disorder",
    "clinical": r"患者|症状评估|自杀意念|干预|高危|危机评估|"
    r"ideation|intervention|assessment|high.risk|patient\b",
    "blames": r"你(?:怎么能|不应该|不该|太)|想开(?:点|一点)|别(?:想太多|矫情|作|傻)|"
    r"有什么大不了|加油|坚强|"
    r"you should(?:n't| not)(?! have to)|how could you|cheer up|get over|be strong|look on the bright",
    "colludes": r"(?:他们|有人)(?:真的|确实)(?:在)?(?:监视|跟踪|害)你|"
    r"they really are (?:watching|after)|那是(?:假的|幻觉)|"
    r"(?:it's|that's) not real|hallucinat|delusion|幻觉|妄想",
    "promises": r"一定会(?:好|没事)|都会过去|保证(?!自己)|会好起来|"
    r"everything will be (?:fine|ok)|I promise|it gets better",
    "methods": r"割腕|上吊|烧炭|跳楼|hang(?:ing)? yourself|cut your|overdose",
}  # fmt: skip
REQUIRED = [
    *(f"support.{level}.{kind}" for level, kind in product((2, 3, 4), KINDS)),
    *(f"ask.{kind}" for kind in KINDS),
    *(f"follow.{answer}.{group}" for answer, group in product(("yes", "no", "unclear"), ("self", "around"))),
    *("stay.self", "stay.around", "offer.human", "offer.contact", "refused.human", "refused.contact"),
    *("queue.agreed", "queue.unasked", "queue.claimed", "queue.late", "human.joined", "human.left", "human.lost"),
    *("contact.told", "resources.aloud", "resources.asked", "sos", "with_human", "welcome_back", "check_in"),
]


def cases(test: str) -> list[tuple[str, ...]]:
    """The authored lines of cases.tsv for a test."""
    rows = (row.split("\t") for row in (Path(__file__).parent / "cases.tsv").read_text("utf-8").splitlines())
    return [tuple(row[1:]) if len(row) > 2 else row[1] for row in rows if row[0] == test]


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_four_different_wordings_for_everything_that_can_be_said(language: str) -> None:
    said = everything_said(language)
    assert sorted(said) == sorted(REQUIRED)
    for name, lines in said.items():
        assert len(set(lines)) == len(lines) >= 4, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_said_is_within_the_rules_of_a_reply(language: str) -> None:
    for of, name, line in ALL:
        if of == language:
            screen = Screen(language=language, max_sentences=None)
            assert (screen.feed(line) + screen.finish(), screen.changes) == (line, []), name


@pytest.mark.parametrize("fault", FORBIDDEN)
def test_no_script_abandons_blames_or_pretends(fault: str) -> None:
    pattern = re.compile(FORBIDDEN[fault], re.IGNORECASE)
    assert [(name, line) for _, name, line in ALL if pattern.search(line)] == []


def test_a_script_is_short_enough_to_be_heard_and_in_one_language() -> None:
    for of, name, line in ALL:
        size = len(line) if of == "zh" else len(line.split())
        assert size <= (80 if of == "zh" else 45), (name, line)
        assert (re.search("[A-Za-z]{3}", line.replace("numbers", "")) is None) == (of == "zh"), (name, line)
        fields = {field for _, field, _, _ in Formatter().parse(line) if field}
        assert fields == ({"numbers"} if name == "resources.aloud" else set()), (name, line)
        assert not re.search(r"\d", line), "a number comes from resources.toml and nowhere else"


def test_safety_is_asked_directly_and_a_human_is_offered() -> None:
    for of, name, line in ALL:
        if name.startswith(("ask.", "offer.")):
            assert line.endswith("？" if of == "zh" else "?") or "?" in line or "？" in line, (name, line)
    for language, word in (("zh", "安全"), ("en", "safe")):
        for kind in ("suicide", "self_harm", "violence", "abuse_of_minor"):
            assert any(word in line for line in everything_said(language)[f"ask.{kind}"])
    for language, word in (("zh", "咨询师"), ("en", "counsellor")):
        assert all(word in line for line in everything_said(language)["offer.human"])


@pytest.mark.parametrize(("language", "region", "number"), [("zh", "CN", "12356"), ("en", "US", "988")])
@pytest.mark.parametrize("kind", KINDS)
def test_a_first_acute_turn_is_one_breath_with_a_number_and_a_question(language, region, number, kind) -> None:
    policy = Policy(region=region, language=language, staffed=True)
    for seed in range(5):
        _, actions = step(State(seed=seed), Turn(4, (kind,)), 0.0, policy)
        text = words(actions, language)
        assert "{" not in text and ("？" in text or "?" in text)
        assert len(text) <= (260 if language == "zh" else 700)
        first = {"medical_emergency": ("120", "911"), "fraud": ("96110", "1-877-382-4357"), "violence": ("110", "911"),
                 "abuse_of_minor": ("110", "911")}.get(kind)  # fmt: skip
        assert (number if first is None else first[language == "en"]) in text


def test_ten_turns_in_a_row_never_say_the_same_sentence_twice_running() -> None:
    for language in LANGUAGES:
        state, texts = State(), []
        for turn in range(10):
            state, actions = step(state, Turn(3, ("suicide",)), turn * 30.0, Policy(region="CN", language=language))
            texts.append(words(actions, language))
        assert all(a != b for a, b in pairwise(texts)) and all(texts)
        assert sum("12356" in text for text in texts) == 2, "said at first and again after a while, not each turn"


def test_every_action_that_speaks_has_words() -> None:
    policy, state = Policy(region="CN", staffed=True, contact_on_file=True), State()
    events = [SosPressed(), Turn(3, ("fraud",)), Turn(0, (), "no"), Turn(0, (), "yes"), Claimed(), TookOver(),
              Turn(3, ("suicide",)), CounsellorLost(), TookOver(), GaveBack(2), Turn(0, wants_help=True)]  # fmt: skip
    for at, event in enumerate(events):
        state, actions = step(state, event, at * 10.0, policy)
        spoken = any((isinstance(a, Say) and not a.aside) or (isinstance(a, Resources) and a.aloud) for a in actions)
        assert bool(words(actions, "zh")) == spoken
        assert bool(words(actions, "en", aside=True)) == any(isinstance(a, Say) and a.aside for a in actions)


@pytest.mark.parametrize(("asked", "answer", "text"), cases("a_yes_has_to_be_clear"))
def test_a_yes_has_to_be_clear(text, asked, answer) -> None:
    assert read_answer(text, asked) == answer


@pytest.mark.parametrize(("refused", "text"), cases("a_counsellor_can_be_refused_in_words"))
def test_a_counsellor_can_be_refused_in_words(refused, text) -> None:
    assert declines_review(text) == (refused == "yes")


@pytest.mark.parametrize("text", cases("help_is_recognised_when_it_is_asked_for"))
def test_help_is_recognised_when_it_is_asked_for(text) -> None:
    assert wants_help(text)


@pytest.mark.parametrize("text", cases("help_is_not_pushed_on_who_did_not_ask"))
def test_help_is_not_pushed_on_who_did_not_ask(text) -> None:
    assert not wants_help(text)
