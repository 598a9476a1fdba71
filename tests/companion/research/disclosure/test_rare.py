"""What few could say of themselves is put before a human; what anybody says is mostly not."""

import re
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.research.disclosure import indirect_en, indirect_zh, learning, learnt
from companion.research.disclosure.measure import Line, held_out, measured, read_lines
from companion.research.disclosure.rare import Flag, rare_flags

LINES = Path(__file__).parent
ROOT = LINES.parents[3]
PLAIN = [
    *(f"tests/companion/research/deidentify/lines/{name}.txt" for name in ("speech", "microblog", "english", "mixed")),
    *(f"tests/companion/safety/risk_{name}.tsv" for name in ("spoken", "english", "posts", "registers")),
    "tests/memory/lines/extraction_dev.tsv",
]
KINDS = {"work", "illness", "award", "event", "media", "unique", "relation", "school", "place"}


def one(told: str, **other: object) -> list[Flag]:
    return rare_flags([[told]], **other)  # type: ignore[arg-type]


def test_the_sets_are_what_they_say() -> None:
    lines = read_lines(LINES / "indirect.tsv")
    telling = [line for line in lines if line.span]
    assert len(lines) >= 200 and 0.4 < len(telling) / len(lines) < 0.6
    assert {line.language for line in lines} == {"zh", "en", "mixed"} and {line.kind for line in telling} == KINDS
    texts = [
        line.text
        for name in ("", "_fresh", "_blind", "_building")
        for line in read_lines(LINES / f"indirect{name}.tsv")
    ]
    assert len(texts) == len(set(texts))


def test_the_half_that_nothing_was_built_on() -> None:
    half = [line for line in read_lines(LINES / "indirect.tsv") if held_out(line)]
    got = measured(half)
    assert got.recall >= 0.95 and got.precision >= 0.80 and got.plain <= 0.18


def test_lines_in_other_words_that_nothing_was_built_on() -> None:
    got = measured(read_lines(LINES / "indirect_blind.tsv"))
    assert got.recall >= 0.90 and got.precision >= 0.75 and got.plain <= 0.40


@pytest.mark.parametrize(
    "path",
    [
        "tests/companion/safety/risk_registers_held.tsv",
        "tests/companion/safety/risk_fresh.tsv",
        "tests/memory/lines/extraction_heldout.tsv",
    ],
)
def test_ordinary_talk_is_mostly_left_alone(path: str) -> None:
    told = learning.ordinary_talk(ROOT / path)
    flags = rare_flags([[line] for line in told], fewest=10**9)
    assert len({flag.dialogue for flag in flags}) / len(told) <= 0.18


def test_a_flag_points_at_its_words_in_the_text_as_it_came() -> None:
    told = "ｈｅｙ\u200b，我是我们村\u200b第一个大学生，现在没脸回去"
    flags = one(told, by_head=False)
    assert [(flag.kind, told[flag.start : flag.end]) for flag in flags] == [("unique", "我是我们村\u200b第一个大学生")]
    assert "大学生" not in flags[0].reason


def test_places_of_dialogues_and_turns() -> None:
    plain = "今天下雨，地铁特别挤"
    flags = rare_flags([[plain], [plain, "我爸是我们那儿的县长"], [], [plain, plain, "I'm a lighthouse keeper"]])
    assert [(flag.dialogue, flag.turn, flag.kind) for flag in flags] == [(1, 1, "relation"), (3, 2, "work")]


@pytest.mark.parametrize(
    "told",
    [
        "我想拿第一名，可是总差一点", "这是我第一次跟别人说这些", "你是唯一一个听我说话的", "我是老师，带的班特别吵",
        "他比我大两岁", "你的 voice 真好听", "I never win anything", "you're the only one I can talk to",
        "it was the first time I cried", "I'm a teacher", "她来生还要当我妈",
    ],
)  # fmt: skip
def test_grammar_passes_over(told: str) -> None:
    assert one(told, by_head=False) == []


def test_grammar_is_a_file_that_compiles_and_names_its_kinds() -> None:
    rules = [*indirect_zh.rules(), *indirect_en.rules()]
    assert {rule.kind for rule in rules} == KINDS and len(rules) > 90
    assert all("%" not in rule.pattern.pattern for rule in rules)


@pytest.mark.parametrize(("told", "value"), [("34", 34), ("三十四", 34), ("十一", 11), ("两百", 200), ("a", None)])
def test_numbers(told: str, value: int | None) -> None:
    assert indirect_zh.number(told) == value


def test_a_word_that_one_of_many_people_says() -> None:
    people = [f"u{n // 2}" for n in range(160)]  # eighty people, two dialogues each
    talks = [["我今天有点累，跟 Alice 吵架了", f"饭吃了没有 {n}"] for n in range(160)]
    talks[6][1] = "上回在鹁鸪岭摔了，还见了 Zbigniew"
    talks[7][1] = "鹁鸪岭那边下雨，Zbigniew 说的"
    talks[9][1] = "还见了 Wolfgang"  # once is chance
    flags = [flag for flag in rare_flags(talks, people=people, by_head=False) if flag.kind == "rare"]
    assert {(flag.dialogue, talks[flag.dialogue][1][flag.start : flag.end]) for flag in flags} == {
        (6, "鹁鸪"), (6, "Zbigniew"), (7, "鹁鸪"), (7, "Zbigniew"),
    }  # fmt: skip
    assert rare_flags(talks[:60], people=people[:60], by_head=False, fewest=50) == []  # thirty people: nothing is rare


@given(st.lists(st.text(max_size=80), max_size=4))
@settings(max_examples=60, deadline=None)
def test_any_text_is_read_and_flags_lie_within(turns: list[str]) -> None:
    flags = rare_flags([turns], fewest=1)
    assert flags == sorted(flags)
    assert all(0 <= flag.start < flag.end <= len(turns[flag.turn]) for flag in flags)


@pytest.mark.parametrize(
    "told", ["我是" + "啊" * 50_000, "the only " * 8_000, "我爸" * 25_000, "a" * 100_000, "1" * 50_000]
)
def test_hostile_lengths_take_time_in_proportion(told: str) -> None:
    one(told[:100])
    started = time.perf_counter()
    one(told, by_head=False)
    assert time.perf_counter() - started < 10


def test_surrogates_are_no_strangers_to_the_head() -> None:
    assert learnt.without_marks("〔人名1〕说我没用") == "他说我没用"
    assert learnt.without_marks("〔人名1〕 said no at 〔机构2〕") == "he said no at there"
    assert learnt.without_marks("我在家") == "我在家"


def test_the_shipped_head_is_what_its_lines_make() -> None:
    marked = [line for name in ("indirect", "indirect_fresh", "indirect_building") for line in building(name)]
    plain = list(dict.fromkeys(line for path in PLAIN for line in learning.ordinary_talk(ROOT / path)))
    made, shipped = learning.trained(marked, plain), learnt.shipped()
    assert made.kinds == shipped.kinds
    assert np.allclose(made.weights, shipped.weights, atol=0.02) and abs(made.threshold - shipped.threshold) < 0.02
    blind = {line.text for line in read_lines(LINES / "indirect_blind.tsv")}
    held = {line.text for line in read_lines(LINES / "indirect.tsv") if held_out(line)}
    assert not {line.text for line in marked} & (blind | held)


def building(name: str) -> list[Line]:
    return learning.building(LINES / f"{name}.tsv")


def test_reasons_hold_no_words_of_anybody() -> None:
    lines = [[line.text] for line in read_lines(LINES / "indirect_fresh.tsv")]
    assert all(re.fullmatch(r"[a-z ,]+", flag.reason) for flag in rare_flags(lines))
