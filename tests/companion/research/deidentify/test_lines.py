"""Figures on the authored lines. Floors lie under what was measured; the other half was first read when rules stood."""

import time
from pathlib import Path

import pytest

from companion.research.deidentify import Deidentifier
from companion.research.deidentify.lines import Line, building, held_out, read_lines
from companion.research.deidentify.measure import Score, measured

LINES = Path(__file__).parent / "lines"
KINDS = ("news", "microblog", "speech", "english", "mixed")


def lines(kind: str) -> list[Line]:
    return read_lines(LINES / f"{kind}.txt")


def share(scores: dict[str, Score], kind: str) -> tuple[float, float, float]:
    score = scores[kind]
    return score.exact / score.wanted, score.covered / score.wanted, score.exact / score.found


def test_the_lines_are_many_of_all_kinds_and_held_out_by_half() -> None:
    every = [line for kind in KINDS for line in lines(kind)]
    assert len(every) >= 600 and len({line.text for line in every}) == len(every)
    assert abs(len(held_out(every)) - len(building(every))) < 60
    assert sum(not line.spans for line in every) > 80  # nothing is to be found in them


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("half", [building, held_out])
def test_persons_and_places(finder: Deidentifier, kind: str, half: type) -> None:
    scores = measured(half(lines(kind)), finder)
    exact, covered, precision = share(scores, "PERSON")
    assert exact >= 0.9 and covered >= 0.93 and precision >= 0.85
    exact, covered, _ = share(scores, "PLACE")
    assert covered >= 0.9 and exact >= 0.7


def test_three_hundred_turns_a_second_of_one_core(finder: Deidentifier) -> None:
    turns = [line.text for kind in ("news", "microblog", "speech") for line in lines(kind)]
    started = time.process_time()
    for turn in turns:
        finder.spans(turn)
    assert len(turns) / (time.process_time() - started) >= 300


def test_a_wrong_mark_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.txt"
    path.write_text("# a remark\nI met {Tom|WHO}\n", "utf-8")
    with pytest.raises(ValueError, match=r"bad\.txt, line 2: no type WHO"):
        read_lines(path)
