"""Cheap guards with slack: the full figures come from `companion bench`."""

from click.testing import CliRunner

from api.cli import companion
from api.commands.bench import NAMES, measure


def test_every_benchmark_is_listed_and_says_all_fields() -> None:
    assert CliRunner().invoke(companion, ["bench", "--list"]).output.split() == list(NAMES)
    line = measure("overlap")
    assert set(line) == set(["name", "value", "unit", "peer", "peer_value", "ratio", "goal", "met", "n", "load"])
    assert line["value"] < 1.3 < line["peer_value"]


def test_recall_in_process_is_far_faster_than_a_filter() -> None:
    assert measure("recall")["ratio"] < 0.3
