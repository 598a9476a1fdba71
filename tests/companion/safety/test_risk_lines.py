"""Figures on the authored lines, the head that ships, and the command. Floors lie under what was measured."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

import affect.words.corpus
from api.cli import companion
from companion.safety.risk import RiskKind, RiskReader
from companion.safety.risk.head import default_head, load, save
from companion.safety.risk.lines import Line, digest, held_out, read_everyday, read_marked, to_build_on
from companion.safety.risk.measure import keyword_level
from companion.safety.risk.train import fit

HERE = Path(__file__).parent
LINES, MORE, FRESH = HERE / "risk_lines.tsv", HERE / "risk_building.tsv", HERE / "risk_fresh.tsv"
TAUGHT = (LINES, MORE, *(HERE / f"risk_{name}.tsv" for name in ("registers", "posts", "spoken", "english")))
TALK = HERE.parents[1] / "memory" / "dialogues" / "memories.jsonl"
INDIRECT = (HERE / "risk_registers_held.tsv", HERE / "risk_posts_held.tsv")  # measured on, never taught
OURS = (RiskKind.SUICIDE, RiskKind.SELF_HARM)
READER = RiskReader()


def share(lines: Sequence[Line], least: int) -> tuple[float, float]:
    """Of these lines read as `least` or more: by the rules, by keywords."""
    ours = [READER.read(line.text).level >= least for line in lines]
    theirs = [keyword_level(line.text) >= least for line in lines]
    return sum(ours) / len(ours), sum(theirs) / len(theirs)


def everyday() -> list[Line]:
    return [line for path in sorted(affect.words.corpus.CORPUS.glob("*.tsv")) for line in read_everyday(path)]


def test_the_corpus_is_large_hard_and_of_both_languages() -> None:
    lines = read_marked(LINES)
    assert len(lines) >= 800 and len({line.text for line in lines}) == len(lines)
    assert sum(line.level < 2 for line in lines) >= len(lines) / 2
    assert {line.language for line in lines} == {"zh", "en", "mixed"}
    assert {line.kind for line in lines} >= set(RiskKind)
    assert 0.4 < len(held_out(lines)) / len(lines) < 0.6
    assert not {line.text for line in held_out(lines)} & {line.text for line in read_marked(MORE)}


@pytest.mark.parametrize(
    ("part", "least", "floor"), [("held out", 3, 0.75), ("held out", 2, 0.82), ("fresh", 3, 0.95), ("fresh", 2, 0.95)]
)
def test_the_rules_find_danger_and_beat_keywords(part: str, least: int, floor: float) -> None:
    lines = held_out(read_marked(LINES)) if part == "held out" else read_marked(FRESH)
    grave = [n for n in lines if n.kind in OURS and (n.level >= 3 if least == 3 else n.level == 2)]
    ours, keywords = share(grave, least)
    assert ours >= floor and ours > 1.5 * keywords


def test_the_rules_leave_hard_negatives_alone_and_beat_keywords() -> None:
    plain = [n for n in [*held_out(read_marked(LINES)), *read_marked(FRESH)] if n.level == 0]
    ours, keywords = share(plain, 2)
    assert ours <= 0.03 and ours < keywords / 4
    assert share(plain, 3)[0] <= 0.005


async def test_the_head_finds_more_than_the_rules() -> None:
    from memory.backends.use import create

    grave = [n for n in held_out(read_marked(LINES)) if n.kind in OURS and n.level >= 3]
    embedder = await create(None, Path)
    try:
        vectors = await embedder.embed([line.text for line in grave])
    finally:
        await embedder.close()
    reader = RiskReader(embedder=embedder.name)
    found = [reader.read(line.text, vector=vector).level for line, vector in zip(grave, vectors, strict=True)]
    assert sum(level >= 3 for level in found) / len(grave) >= 0.9
    assert sum(level >= 3 for level in found) / len(grave) > share(grave, 3)[0] + 0.05


def test_everyday_lines_raise_no_alarm() -> None:
    lines = everyday()
    high = [line.text for line in lines if READER.read(line.text).level >= 2]
    assert len(lines) > 6000 and len(high) / len(lines) <= 0.003
    assert sum(READER.read(text).level >= 3 for text in high) / len(lines) <= 0.001


def test_the_head_that_ships_is_of_the_lines_that_ship() -> None:
    lines = [*(line for path in TAUGHT for line in to_build_on(path)), *everyday(), *read_everyday(TALK)]
    assert default_head().corpus == digest(lines), "lines changed: train again, see docs/safety.md"
    assert not {line.text for line in to_build_on(LINES)} & {line.text for line in held_out(read_marked(LINES))}


async def test_indirect_wordings_are_read_far_more_often_than_keywords_find_them() -> None:
    """What is told without a word of death is hard: these bounds lie just under the figures of docs/safety.md."""
    from memory.backends.use import create

    lines = [line for path in INDIRECT for line in read_marked(path)]
    embedder = await create(None, Path)
    try:
        vectors = await embedder.embed([line.text for line in lines])
    finally:
        await embedder.close()
    reader = RiskReader(embedder=embedder.name)
    levels = [reader.read(line.text, vector=vector).level for line, vector in zip(lines, vectors, strict=True)]

    def found(wanted: Callable[[int], bool], least: int = 2) -> float:
        of = [level for level, line in zip(levels, lines, strict=True) if wanted(line.level)]
        return sum(level >= least for level in of) / len(of)

    assert found(lambda level: level >= 3) >= 0.55 and found(lambda level: level == 2) >= 0.65
    assert found(lambda level: level >= 3, least=3) >= 0.4
    assert found(lambda level: level == 0) <= 0.1 and found(lambda level: level == 1) <= 0.08
    grave = [line for line in lines if line.level >= 3]
    assert share(grave, 2)[1] <= 0.15


def test_a_head_learns_is_deterministic_and_refuses_what_is_none(tmp_path: Path) -> None:
    kinds = (None, RiskKind.DISTRESS, RiskKind.SUICIDE, RiskKind.SUICIDE)
    marked = [Line(n, kinds[n], "zh", f"{'甲乙丙丁'[n] * 4}第{i}句") for n in range(4) for i in range(15)]
    plain = [Line(0, None, "", f"甲甲甲甲第{i}天") for i in range(200)]
    vectors = [np.eye(4, dtype=np.float32)[line.level] for line in (*marked, *plain)]
    first, second = (fit(marked, plain, vectors, embedder="four")[0] for _ in range(2))
    save(first, tmp_path / "a")
    save(second, tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    again = load(tmp_path / "a")
    axis: NDArray[np.float32] = np.eye(4, dtype=np.float32)
    assert again.level("丁丁丁丁第9句", axis[3], 0) == 3 and again.level("甲甲甲甲第9句", axis[0], 0) == 0
    reader = RiskReader(embedder="four", weights=tmp_path / "a")
    assert reader.read("丁丁丁丁第9句", vector=axis[3]).reasons[0].source == "head"
    assert reader.read("丁丁丁丁第9句").level == 0, "without a vector the head says nothing"
    assert RiskReader(embedder="another", weights=tmp_path / "a").read("丁丁丁丁第9句", vector=axis[3]).level == 0
    with pytest.raises(ValueError, match="everyday"):
        fit(marked, [], vectors, embedder="four")
    with (tmp_path / "x.npz").open("wb") as out:
        np.savez(out, a=np.zeros(3))
    with pytest.raises(ValueError, match="train it again"):
        load(tmp_path / "x.npz")


def test_a_line_that_cannot_be_read_is_told_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "lines.tsv"
    path.write_text("# a\n5\tsuicide\tzh\t你好\n", "utf-8")
    with pytest.raises(ValueError, match=r"lines\.tsv, line 2"):
        read_marked(path)
    path.write_text("2\tjoy\tzh\t你好\n", "utf-8")
    with pytest.raises(ValueError, match="line 1"):
        read_marked(path)


def test_the_command_gives_one_object_a_line_without_the_words() -> None:
    run = CliRunner().invoke(companion, ["risk", "--json"], input="我想自杀\n今天吃了面\n")
    assert run.exit_code == 0
    first, second = map(json.loads, run.output.splitlines())
    assert first["level"] == 3 and first["kinds"] == ["suicide"] and first["ms"] < 500
    assert first["reasons"][0]["span"] == [2, 4] and "自杀" not in run.output
    assert second["level"] == 0 and second["reasons"] == []


def test_the_command_reads_a_talk_and_shows_a_table() -> None:
    talk = "我不想活了\n药我都准备好了\n算了，没事\n"
    apart = CliRunner().invoke(companion, ["risk", "--json"], input=talk)
    together = CliRunner().invoke(companion, ["risk", "--json", "--together"], input=talk)
    assert [json.loads(row)["level"] for row in apart.output.splitlines()] == [2, 0, 0]
    assert [json.loads(row)["level"] for row in together.output.splitlines()] == [2, 4, 4]
    table = CliRunner().invoke(companion, ["risk"], input="我想自杀\n")
    assert table.output.splitlines()[0].startswith("level") and "active.suicide" in table.output


def test_the_command_measures_and_refuses_what_is_no_list(tmp_path: Path) -> None:
    run = CliRunner().invoke(companion, ["risk", "measure", "--half", "building", str(LINES)])
    assert run.exit_code == 0 and "level 3-4 read as 3 or 4" in run.output
    bad = tmp_path / "x.tsv"
    bad.write_text("hello\n", "utf-8")
    refused = CliRunner().invoke(companion, ["risk", "measure", str(bad)])
    assert refused.exit_code != 0 and "line 1" in str(refused.exception)
