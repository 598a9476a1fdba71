"""What is known of a person is found in a file however it is written there, and its words are told to nobody."""

import gzip
import json
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from companion.errors import InputError
from companion.research.disclosure.leaks import Known, Leak, search

WORDS = (
    "张伟明", "欧阳小敏", "+86 138-0013-8000", "11010519491231002X", "京A·12345", "John Miller", "和平路120号5栋",
    "zhang_san88", "zhangsan@example.com", "1994-03-12", "红星第三小学", "妈妈", "广东", "抑郁症", "m", "love", "1994",
)  # fmt: skip


def found(folder: Path, told: str, name: str = "a.jsonl", words: tuple[str, ...] = WORDS) -> list[tuple[int, str]]:
    path = folder / name
    path.write_text(told, "utf-8")
    return [(leak.line_no, leak.kind) for leak in search([path], {"u1": words})]


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ("我叫张伟明", "text"), ("我叫张 伟 明", "text"), ("伟明你好", "text"), ("小敏说", "text"),
        ("打 13800138000", "number"), ("打１３８ ００１３ ８０００", "number"), ("幺三八零零幺三八零零零", "number"),
        ("one three eight double zero one three eight triple zero", "number"), ("id=8613800138000;", "number"),
        ("号是11010519491231002x", "code"), ("1101 0519 4912 3100 2X", "code"), ("京a12345", "code"),
        ("京 A-1 2 3 4 5", "code"), ("JOHN  miller", "text"), ("ask Miller, please", "text"),
        ("和平路120号5栋", "code"),
        ("和平路一二零号五栋", "code"), ("ZHANG_SAN88", "code"), ("see zhangsan@example.com.", "text"),
        ("生在1994年3月12日", "text"), ("born 12 March 1994", "text"), ("19940312", "number"), ("红星第三小学", "text"),
        ('{"said": "\\u5f20\\u4f1f\\u660e"}', "text"), ('{"a": "John\\nMiller"}', "text"),
        ("张\u200b伟\u200b明", "text"),
    ],
)  # fmt: skip
def test_found_however_it_is_written(tmp_path: Path, told: str, kind: str) -> None:
    assert (2, kind) in found(tmp_path, f"before\n{told}\nafter\n")


@pytest.mark.parametrize(
    "told",
    [
        "妈妈说我有抑郁症，在广东", "in love since 1994", "millers and johnny", "a p_1380013800 b", "〔人名1〕",
        "12345", "88 and zhang_san", "红星第四小学", '{"valence": 0.4, "week": "1994-W11"}', "",
    ],
)  # fmt: skip
def test_not_found_where_it_does_not_stand(tmp_path: Path, told: str) -> None:
    assert found(tmp_path, f"{told}\n") == []


def test_words_that_tell_of_nobody_are_counted_not_searched_for() -> None:
    known = Known(WORDS)
    assert known.ignored == 6  # 妈妈 广东 抑郁症 m love 1994
    assert "张伟明" not in repr(known) and repr(known).startswith("Known(")


def test_a_name_is_searched_for_though_a_dictionary_has_it(tmp_path: Path) -> None:
    told = tmp_path / "a.txt"
    told.write_text("春天来了\nso Love said\n", "utf-8")
    assert search([told], {"u": ["春天", "Love", "雪"]}) == []
    leaks = search([told], {"u": Known([], names=["春天", "Love", "雪"])})
    assert [leak.line_no for leak in leaks] == [1, 2]


def test_short_numbers_count_only_where_they_stand_alone(tmp_path: Path) -> None:
    words = ("778899",)
    assert found(tmp_path, "qq 778899", words=words) == [(1, "number")]
    assert found(tmp_path, "qq 77 88 99", words=words) == [(1, "number")]
    assert found(tmp_path, "sha 1a778899b and 17788990", words=words) == []


def test_whose_and_where_and_never_what(tmp_path: Path) -> None:
    a, b = tmp_path / "a.txt", tmp_path / "b.txt"
    a.write_text("李小萌\n张伟明 张伟明 李小萌\n", "utf-8")
    b.write_text("张伟明", "utf-8")
    leaks = search([b, a], {"u1": {"张伟明"}, "u2": ["李小萌"], "u3": Known(["王大锤"])})
    places = [(a, 1, "u2"), (a, 2, "u1"), (a, 2, "u2"), (b, 1, "u1")]
    assert leaks == [Leak(*place, "text") for place in places]
    assert "张伟明" not in repr(leaks)
    assert search([a], {}) == [] == search([], {"u1": WORDS})


def test_parquet_strings_lists_numbers_and_the_schema(tmp_path: Path) -> None:
    path = tmp_path / "turns.parquet"
    rows = {
        "said": pa.array(["一切都好", "我是张伟明", None, None]),
        "tags": pa.array([["a"], [], ["b", "JOHN MILLER"], None]),
        "n": pa.array([1, 2, 3, 13800138000]),
        "valence": pa.array([0.2, 0.4, 0.0, 1.0]),
    }
    parquet.write_table(pa.table(rows, metadata={"by": "zhang_san88"}), path)
    assert [(leak.line_no, leak.kind) for leak in search([path], {"u": WORDS})] == [
        (0, "code"), (0, "text"), (2, "text"), (3, "text"), (4, "number"),
    ]  # fmt: skip


def test_gzip_and_html(tmp_path: Path) -> None:
    packed = tmp_path / "a.jsonl.gz"
    packed.write_bytes(gzip.compress("x\n张伟明".encode()))
    assert search([packed], {"u": WORDS}) == [Leak(packed, 2, "u", "text")]
    assert found(tmp_path, "&#24352;&#20255;&#26126;", "card.html") == [(1, "text")]


@pytest.mark.parametrize(
    "raw",
    [b"PK\x03\x04\0\0", "张伟明".encode("utf-16"), b"\xff\xfe abc", gzip.compress(b"a" * 99)[:-9], b"PAR1 broken"],
)
def test_a_file_that_cannot_be_read_through_is_refused(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "x").write_bytes(raw)
    for path in (tmp_path / "x", tmp_path / "is not there"):
        with pytest.raises(InputError, match="leaks") as refused:
            search([path], {"u": WORDS})
        assert refused.value.code == "unsearchable_file"


@pytest.mark.parametrize("before", [2**18 - k for k in (1, 2, 7)])
@pytest.mark.parametrize("told", ["张伟明", json.dumps("张伟明"), "1 3 8 0 0 1 3 8 0 0 0"])
def test_a_line_of_any_length_is_read_to_its_end(tmp_path: Path, before: int, told: str) -> None:
    assert found(tmp_path, "." * before + told + "。" * 20_000 + "\nok\n", words=WORDS[:3])
    assert [line for line, _ in found(tmp_path, "好" * 100_000 + "\n" + told + "\n", words=WORDS[:3])] == [2]


def test_memory_stays_while_files_grow(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    search([path], {})
    path.write_text("今天天气不错，" * 300_000, "utf-8")  # one line of 6 MB
    tracemalloc.start()
    try:
        assert search([path], {"u": ["张伟明"]}) == []
        assert tracemalloc.get_traced_memory()[1] < 12 * 2**20
    finally:
        tracemalloc.stop()


def test_many_people_in_one_pass(tmp_path: Path) -> None:
    people = {f"u{n}": [f"王{chr(0x4E00 + n)}{chr(0x5E00 + n)}", f"1390000{n:04d}"] for n in range(3000)}
    assert found(tmp_path, "x\n", words=("王一",)) == []
    path = tmp_path / "a.jsonl"
    path.write_text(f"{people['u2999'][0]}\n{people['u7'][1]}\n", "utf-8")
    hits = {(leak.line_no, leak.user_id) for leak in search([path], people)}
    assert hits == {(1, "u2999"), (2, "u7")}
