from pathlib import Path

import pytest

from affect.words.scan import Lexicon, default_lexicon, evidence, read_lexicon, scan


def leading(text: str) -> str:
    sums = evidence(scan(text, default_lexicon()))
    return max(sums, key=sums.__getitem__) if any(sums.values()) else "none"


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("我开心", "happy"),
        ("我一点都不开心", "sad"),
        ("有什么好高兴的", "sad"),
        ("不是不开心", "happy"),
        ("我没生气", "neutral"),
        ("I'm not scared", "neutral"),
        ("who wouldn't be happy", "happy"),
        ("[泪][泪]", "sad"),
        ("🤮", "disgusted"),
        ("feeling :( today", "sad"),
        ("哈哈哈哈哈哈哈哈哈", "happy"),
        ("幸福小区在哪一站", "neutral"),
        ("我去一趟操场", "none"),
    ],
)
def test_what_speaks_loudest(text: str, category: str) -> None:
    assert leading(text) == category


def test_a_negation_ends_with_its_clause() -> None:
    (found,) = scan("我不知道，开心", default_lexicon()).found
    assert found.scale == 1.0
    (turned,) = scan("我今天不是很开心", default_lexicon()).found
    assert turned.scale < 0


def test_asking_whether_is_no_negation() -> None:
    (found,) = scan("你开不开心", default_lexicon()).found
    assert 0 < found.valence < 0.8


def test_comforting_another_says_little_of_oneself() -> None:
    (said,), (comforted,) = scan("我害怕", default_lexicon()).found, scan("你别害怕", default_lexicon()).found
    assert abs(comforted.valence) < 0.3 * abs(said.valence)


def test_what_comes_before_a_but_counts_less() -> None:
    first, second = scan("I'm happy but tired", default_lexicon()).found
    assert first.scale == pytest.approx(0.7) and second.scale == 1.0


def test_a_word_is_not_found_inside_another() -> None:
    assert not scan("the badge is classified", default_lexicon()).found


def test_an_operators_lines_win(tmp_path: Path) -> None:
    own = tmp_path / "own.tsv"
    own.write_text("# ours\n开心\t-0.5\t0.1\tangry\n芜湖起飞\t0.9\t0.8\thappy\n", "utf-8")
    lexicon = read_lexicon(own)
    assert scan("开心", lexicon).found[0].categories == ("angry",)
    assert scan("芜湖起飞", lexicon).found[0].valence == 0.9
    assert scan("难过", lexicon).found[0].categories == ("sad",)


@pytest.mark.parametrize(
    "line", ["开心", "开心\tx\t0\thappy", "开心\t2\t0\thappy", "开心\t1\t0\tjolly", "\t1\t0\thappy"]
)
def test_a_bad_line_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="line 2"):
        Lexicon.parse(["# first", line])
