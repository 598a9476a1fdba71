"""What stands instead, and what is known of a person."""

import pytest

from companion.errors import InputError
from companion.research.deidentify import Deidentifier, Entity, KnownOf, Span, Surrogates

KEY = b"k" * 32


def replaced(finder: Deidentifier, surrogates: Surrogates, *turns: str) -> list[str]:
    each = finder.dialogue(turns)
    return [surrogates.replaced(turn, spans) for turn, spans in zip(turns, each, strict=True)]


def test_who_is_named_twice_has_one_surrogate_and_titles_stay(finder: Deidentifier) -> None:
    told = replaced(
        finder,
        Surrogates(),
        "我叫王建国，住在海淀区中关村大街27号",
        "建国你好，张老师找你，张老师走了",
        "my name is Sarah Miller and sarah is tired",
    )
    assert told == [
        "我叫〔人名1〕，住在〔地址1〕",
        "〔人名1〕你好，〔人名2〕老师找你，〔人名2〕老师走了",
        "my name is 〔人名3〕 and 〔人名3〕 is tired",
    ]


def test_a_number_is_the_same_however_it_is_said() -> None:
    surrogates = Surrogates()
    ways = ("13800138000", "138 0013 8000", "幺三八零零幺三八零零零", "+86 138-0013-8000", "１３８００１３８０００")
    assert {surrogates.of(way, Entity.PHONE) for way in ways} == {"〔电话1〕"}
    assert surrogates.of("13900139000", Entity.PHONE) == "〔电话2〕"


def test_realistic_ones_come_back_under_the_key_and_tell_nothing_of_the_name() -> None:
    names = ["王建国", "李梅", "张伟", "陈静", "刘洋", "杨帆", "赵敏", "周杰"]
    one, again = Surrogates(KEY, "a"), Surrogates(KEY, "a")
    made = [one.of(name, Entity.PERSON) for name in names]
    assert made == [again.of(name, Entity.PERSON) for name in names]
    assert len(set(made)) == len(names) and not set(made) & set(names)
    assert [Surrogates(b"o" * 32, "a").of(name, Entity.PERSON) for name in names] != made
    assert [Surrogates(KEY, "b").of(name, Entity.PERSON) for name in names] != made
    assert one.of("13800138000", Entity.PHONE).startswith("100")  # no number of China's begins so
    assert one.of("11010519491231002X", Entity.CN_ID) == "〔身份证1〕"


def test_more_people_than_names_still_differ() -> None:
    surrogates = Surrogates(KEY)
    made = {
        surrogates.of(f"{family}小{given}", Entity.PERSON)
        for family in "王李张刘陈杨黄赵"
        for given in "一二三四五六七八九十" * 6
    }
    assert len(made) == 80


def test_a_given_name_alone_is_the_person_told_before_and_a_namesake_is_another() -> None:
    surrogates = Surrogates()
    told = ["王建国", "建国", "李建国", "晓梅", "陈晓梅", "Sarah Miller", "sarah", "Sarah Jones"]
    numbers = [surrogates.of(name, Entity.PERSON) for name in told]
    assert numbers == [f"〔人名{n}〕" for n in (1, 1, 2, 3, 3, 4, 4, 5)]


def test_what_stands_between_spans_is_untouched() -> None:
    text = "a\u202e王建国\x00b"
    assert Surrogates().replaced(text, [Span(2, 5, Entity.PERSON, 0.9)]) == "a\u202e〔人名1〕\x00b"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("团团今天没吃饭", "团团"),  # a cat that no rule knows
        ("ＬＩＬＹ说的", "ＬＩＬＹ"),
        ("我想建军了", "建军"),
        ("he called smithy again", "smithy"),
        ("就在那个幸福里门口", "幸福里"),
        ("尾号是 8 0 0 0 八零零零 那个是幺三八零零幺三八零零零", "幺三八零零幺三八零零零"),
        ("车就是京a12345", "京a12345"),
        ("她在蓝天教培上课", "蓝天教培"),
        ("wang\u200b_jg88 是我", "wang\u200b_jg88"),
    ],
)
def test_what_is_known_of_a_person_is_found_however_it_is_written(finder: Deidentifier, text: str, masked: str) -> None:
    known = KnownOf(
        names=("团团", "Lily", "李建军", "Smithy", "", "x"),
        places=("幸福里",),
        bodies=("蓝天教培",),
        numbers=("138-0013-8000", "京A12345"),
        accounts=("@wang_jg88",),
    )
    found = {text[span.start : span.end] for span in finder.spans(text, known)}
    assert masked in found


def test_a_known_name_is_not_found_within_another_word(finder: Deidentifier) -> None:
    assert finder.spans("the annual planning is done", KnownOf(names=("Ann",))) == []


@pytest.mark.parametrize("told", ['["a"]', '{"names": "王"}', '{"nam": ["王"]}', '{"names": [1]}', "{"])
def test_a_dictionary_of_another_form_is_refused_without_its_words(told: str) -> None:
    with pytest.raises(InputError) as refused:
        KnownOf.from_json(told)
    assert "王" not in str(refused.value)
