"""The benchmarks of load and chaos: what they count, and that a short run of each counts what is there."""

import os
import uuid
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import chaos, chaos_replicas, sessions, soak
from benchmarks.chaos import _Person, counted
from companion.records.repository import Turn


def row(number: int | str, **other: object) -> Turn:
    said = f"第{number}句话。" if isinstance(number, int) else number
    kept = dict.fromkeys(Turn.__slots__) | {
        "id": uuid.uuid4().hex, "session_id": "s", "state": "answered", "user_text": said,
        "response_id": uuid.uuid4().hex, "images": (),
    }  # fmt: skip
    return Turn(**kept | other)  # type: ignore[arg-type]


def person(*said: int, **told: object) -> _Person:
    one = _Person("somebody", said=list(said), sessions={"s"})
    for name, value in told.items():
        setattr(one, name, value)
    return one


def test_a_run_in_which_nothing_went_wrong_counts_nothing() -> None:
    rows = [row(1, id="a"), row(2, id="b", response_id="r")]
    told = person(1, 2, items=Counter({"a": 1, "b": 1}), done=Counter({"r": 1}))
    assert counted([told], {"s": rows}).all == 0


@pytest.mark.parametrize(
    "what, rows, told",
    [
        ("lost", [row(1)], person(1, 2)),
        ("committed_lost", [row(1)], person(1, items=Counter({"gone": 1}))),
        ("doubled", [row(1), row(1)], person(1)),
        ("garbled", [row(1), row("")], person(1)),
        ("unanswered", [row(1, state="committed")], person(1)),
        ("unanswered", [row(1, state="cancelled")], person(1)),
        ("answered_twice", [row(1)], person(1, done=Counter({"r": 2}))),
        ("answered_twice", [row(1, id="a")], person(1, items=Counter({"a": 2}))),
        ("gaps", [row(1)], person(1, gaps=1)),
        ("doubles", [row(1)], person(1, doubles=1)),
        ("restarts", [row(1)], person(1, restarts=1)),
        ("gave_up", [row(1)], person(1, gave_up="no server")),
    ],
)
def test_everything_that_goes_wrong_is_counted_under_its_name(what: str, rows: list[Turn], told: _Person) -> None:
    counts = counted([told], {"s": rows})
    assert counts.all == getattr(counts, what) == 1


def test_a_short_chaos_loses_nothing() -> None:
    line = chaos.run(sessions=4, seconds=3.0, kills=1).line()
    assert line["met"] and line["value"] == 0, line
    detail = line["detail"]
    assert isinstance(detail, dict) and detail["kills"] == 1 and detail["resumes"] >= 1 and detail["utterances"] >= 4


def test_without_services_the_replicas_are_not_said_to_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COMPANION_TEST_POSTGRES", raising=False)
    line = chaos_replicas.run().line()
    assert (line["value"], line["met"]) == (None, False)


@pytest.mark.skipif("COMPANION_CI" not in os.environ, reason="with the services, in CI")
def test_a_short_chaos_among_replicas_loses_nothing() -> None:
    line = chaos_replicas.run(sessions=4, seconds=6.0, kills=1).line()
    assert line["met"] and line["value"] == 0, line


def test_sessions_are_counted_to_the_last_step_that_holds() -> None:
    asked: list[int] = []

    def measure(step: int) -> sessions._Held:
        asked.append(step)
        late = step > 50 or asked == [20]  # the first try of the first step fails by chance
        return sessions._Held(step, 3.0, 30.0 if late else 10.0)

    best, seen = sessions._most((20, 50, 80, 100), measure, sessions._within)
    assert best == 50 and asked == [20, 20, 50, 80, 80] and len(seen) == 5


def test_growth_is_of_what_is_there_late_to_what_was_there_early() -> None:
    steady = {"pss_kib": 1000.0, "tasks": 50.0, "files": 30.0, "journal_rows": 200.0, "sessions": 10.0}
    assert set(soak.growth([steady] * 9).values()) == {0.0}
    leaking = [steady | {"pss_kib": 1000.0 + 10 * n, "journal_rows": 200.0 * (1 + n)} for n in range(9)]
    grown = soak.growth(leaking)
    assert grown["pss_kib"] == pytest.approx(1070 / 1010 - 1) and grown["journal_rows"] == pytest.approx(3.0)
    assert grown["tasks"] == grown["files"] == 0.0


def test_a_short_soak_is_no_proof(tmp_path: Path) -> None:
    line = soak.run(minutes=0.05, sessions=2).line()
    detail = line["detail"]
    assert isinstance(detail, dict) and not line["met"] and "too short" in detail["note"]
    assert (
        detail["turns"] >= 1
        and detail["spool_files"] == 0
        and detail["unanswered"] == 0
        and detail["pss_kib"] > 50_000
        and detail["tasks"] > 5
    )
