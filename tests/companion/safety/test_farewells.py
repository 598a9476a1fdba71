"""Goodbyes and what may answer them. farewells/: zh, en, mixed (what people say when they go), no_farewells (what only
sounds so), replies_*: authored replies, each half of the first pair for tuning; replies_blind.tsv was written after the
rules were frozen and is never tuned on."""

import re
from pathlib import Path

import pytest

from companion.safety.counters import COUNTERS, counted
from companion.safety.farewell import is_farewell, manipulative
from companion.safety.protocol import step
from companion.safety.protocol_types import Claimed, Policy, SosPressed, State, Tick, TookOver, Turn
from companion.safety.scripts import LANGUAGES, everything_said

HERE = Path(__file__).parent / "farewells"


def lines(name: str) -> list[str]:
    return (HERE / name).read_text("utf-8").splitlines()


FAREWELLS = [line for name in ("zh.txt", "en.txt", "mixed.txt") for line in lines(name)]
HOLDING = [tuple(row.split("\t")) for row in lines("replies_manipulative.tsv")]
FINE = lines("replies_fine.txt")

BLIND = [tuple(row.split("\t")) for row in lines("replies_blind.tsv")]
TACTICS = {"coercion", "guilt", "fomo", "premature_exit", "pressure", "ignoring"}


def scores(rows: list[tuple[str, ...]]) -> tuple[float, float]:
    """Precision and recall of `manipulative` over rows (tactic or "fine", reply)."""
    found = [(truth, manipulative(reply) is not None) for truth, reply in rows]
    right = sum(truth != "fine" and seen for truth, seen in found)
    return right / sum(seen for _, seen in found), right / sum(truth != "fine" for truth, _ in found)


def test_there_are_enough_of_each() -> None:
    assert len(FAREWELLS) == len(set(FAREWELLS)) >= 200
    assert len(HOLDING) >= 60 and len(FINE) >= 60
    for tongue in ("[\u4e00-\u9fff]", "[A-Za-z]{3}"):
        assert {tactic for tactic, reply in HOLDING if re.search(tongue, reply)} == TACTICS


def test_goodbyes_are_heard_and_stories_of_goodbyes_are_not() -> None:
    missed = [line for line in FAREWELLS if not is_farewell(line)]
    assert len(missed) <= 0.03 * len(FAREWELLS), missed
    assert [line for line in lines("no_farewells.txt") if is_farewell(line)] == []


def test_replies_that_hold_back_are_found_on_both_halves() -> None:
    for half in (0, 1):
        rows = HOLDING[half::2] + [("fine", reply) for reply in FINE[half::2]]
        precision, recall = scores(rows)
        assert precision >= 0.95 and recall >= 0.95, (half, precision, recall)


def test_what_was_written_after_the_rules_is_mostly_found_too() -> None:
    precision, recall = scores(BLIND)
    assert precision >= 0.85 and recall >= 0.7, (precision, recall)


@pytest.mark.parametrize("reply", FINE)
def test_a_kind_goodbye_passes(reply: str) -> None:
    assert manipulative(reply) is None


@pytest.mark.parametrize(
    "reply", ["后来怎么样了？", "What happened then?", "我在听，你慢慢说。", "我记得你说过下周要搬家。"]
)
def test_who_does_not_go_may_be_asked(reply: str) -> None:
    assert manipulative(reply, to_farewell=False) is None


@pytest.mark.parametrize("reply", ["没有你我会很难过的。", "I won't let you leave.", "你不在乎我。"])
def test_guilt_and_coercion_are_wrong_at_any_time(reply: str) -> None:
    assert manipulative(reply, to_farewell=False) in ("guilt", "coercion")


def test_ordinary_good_replies_are_no_guilt_and_no_coercion() -> None:
    good = (HERE.parent / "good_replies.txt").read_text("utf-8").splitlines()
    assert [line for line in good if manipulative(line, to_farewell=False)] == []


def test_no_script_of_ours_pulls_at_somebody() -> None:
    said = [line for language in LANGUAGES for found in everything_said(language).values() for line in found]
    assert [line for line in said if manipulative(line, to_farewell=False)] == []


def test_what_happens_is_counted_without_saying_to_whom() -> None:
    policy, state, found = Policy(region="CN", staffed=True), State(), []
    for now, event in ((0.0, Turn(4, ("suicide",))), (99.0, Tick()), (100.0, Claimed()), (101.0, TookOver())):
        after, actions = step(state, event, now, policy)
        found.append(counted(state, event, after, actions))
        state = after
    assert set(found[0]) == {"referrals", "scripted_turns", "queued", "turns_at_risk.4"}
    assert set(found[1]) == {"queue_late", "resources_shown"} or set(found[1]) == {"queue_late", "referrals"}
    assert (found[2], found[3]) == (("claimed",), ("takeovers",))
    _, actions = step(State(), SosPressed(), 0.0, policy)
    assert "sos" in counted(State(), SosPressed(), State(), actions)
    assert {name for names in found for name in names} <= set(COUNTERS)
