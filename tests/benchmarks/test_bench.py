"""Cheap guards with slack: the full figures come from `companion bench`. Neither pipecat nor a real model runs here."""

from importlib.util import find_spec

import pytest
from click.testing import CliRunner

from api.cli import companion
from api.commands.bench import _MODULES, NAMES, measure, page
from benchmarks.result import Result

FIELDS = {"name", "value", "unit", "peer", "peer_value", "ratio", "goal", "met", "n", "load"}


def test_every_benchmark_is_listed_and_says_all_fields() -> None:
    assert CliRunner().invoke(companion, ["bench", "--list"]).output.split() == list(NAMES)
    line = measure("overlap")
    assert set(line) == FIELDS
    assert line["value"] < 1.3 < line["peer_value"]


@pytest.mark.parametrize("name", NAMES)
def test_every_name_has_its_module(name: str) -> None:
    assert find_spec(f"benchmarks.{_MODULES[name]}") is not None


def test_a_missing_peer_is_null_and_further_figures_are_told() -> None:
    line = Result("turn", 3.0, "ms", "pipecat", None, "p50 <= 5", False, 1, {"p95": 1 / 3, "note": "no peer"}).line()
    assert set(line) == {*FIELDS, "detail"}
    assert (line["peer_value"], line["ratio"], line["met"]) == (None, None, False)
    assert line["detail"] == {"p95": 0.3333, "note": "no peer"}
    written = page([line], "2026-01-01")
    assert "| turn | 3.0 ms | pipecat | None | None | p50 <= 5 | no | 1 |" in written
    assert "- turn: p95 0.3333, note no peer" in written


def test_recall_in_process_is_far_faster_than_a_filter() -> None:
    assert measure("recall")["ratio"] < 0.5


def test_importing_the_package_costs_far_less_than_the_web_framework() -> None:
    from benchmarks import coldstart

    assert coldstart.run(n=3).line()["met"]
