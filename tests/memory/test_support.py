"""What a model proposes is kept only where the turns say it. Each line: what was said, the proposal, the verdict."""

from dataclasses import replace
from pathlib import Path

import pytest

from memory.support import supported, why_not
from memory.types import Candidate, MemoryKind, Sensitivity, Source

_CASES = [
    tuple(line.split("\t")) for line in (Path(__file__).parent / "lines/support.tsv").read_text("utf-8").splitlines()
]
_PROPOSED = Candidate(kind=MemoryKind.EVENT, text="", salience=0.5, source=Source.MODEL, evidence=("t1",))


@pytest.mark.parametrize(("said", "text"), [(said, text) for said, text, verdict in _CASES if verdict == "ok"])
def test_a_light_rewording_is_supported(said: str, text: str) -> None:
    assert why_not(replace(_PROPOSED, text=text), {"t1": said}) is None


@pytest.mark.parametrize(("said", "text", "verdict"), [case for case in _CASES if case[2] != "ok"])
def test_what_the_turn_does_not_say_is_not(said: str, text: str, verdict: str) -> None:
    assert why_not(replace(_PROPOSED, text=text), {"t1": said}) == verdict
    assert not supported(replace(_PROPOSED, text=text), {"t1": said})


def test_the_evidence_must_be_there() -> None:
    turns = {"t1": "我住在成都", "t2": "我有一只猫叫团子"}
    proposed = replace(_PROPOSED, text="我住在成都")
    assert why_not(proposed, turns) is None
    assert why_not(replace(proposed, evidence=()), turns) == "evidence"
    assert why_not(replace(proposed, evidence=("t1", "t9")), turns) == "evidence"
    assert why_not(replace(proposed, evidence=("t2",)), turns) == "content"
    assert why_not(replace(proposed, text="我住在成都，有一只猫叫团子", evidence=("t1", "t2")), turns) is None


def test_too_long_and_empty_texts_are_refused() -> None:
    assert why_not(replace(_PROPOSED, text=" "), {"t1": "我住在成都"}) == "empty"
    assert why_not(replace(_PROPOSED, text="我住在成都" * 50), {"t1": "我住在成都" * 50}) == "long"


def test_a_model_cannot_call_a_calm_turn_a_crisis() -> None:
    proposed = replace(_PROPOSED, text="我住在成都", sensitivity=Sensitivity.CRISIS)
    assert why_not(proposed, {"t1": "我住在成都"}) == "crisis"


def test_the_reason_holds_no_word_of_the_person() -> None:
    for said, text, _ in _CASES:
        reason = why_not(replace(_PROPOSED, text=text), {"t1": said})
        assert reason is None or (reason.isascii() and reason.replace("-", "").isalpha() and len(reason) < 15)
