"""A second set of questions, half of them unanswerable: well formed, and how recall does on the half it was tuned on.

The other half is not asked here: it was looked at once, see docs/memory.md.
"""

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from memory.backends import use
from memory.evaluation import Report, evaluate
from memory.evaluation_files import read_memories, read_questions

PROBES = Path(__file__).parent / "probes"
MEMORIES, QUERIES = PROBES / "second_memories.jsonl", PROBES / "second_queries.jsonl"


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_half_can_be_answered_and_half_of_the_people_are_held_out() -> None:
    queries = _lines(QUERIES)
    counts = Counter((q["half"], q["language"], bool(q["evidence"])) for q in queries)
    assert set(counts.values()) == {10, 30} and len(queries) == 160
    assert all(counts[half, "zh", can] == 30 for half in ("chosen", "held_out") for can in (True, False))
    people = {half: {q["person"] for q in queries if q["half"] == half} for half in ("chosen", "held_out")}
    assert not people["chosen"] & people["held_out"]
    kinds = Counter(q["type"] for q in queries if not q["evidence"])
    assert set(kinds) == {"attribute", "other", "detail", "presupposed", "absent"} and min(kinds.values()) >= 7


def test_evidence_is_the_persons_own_and_is_not_copied() -> None:
    said = {line["id"]: line for line in _lines(MEMORIES)}
    for query in _lines(QUERIES):
        for id in query["evidence"]:
            assert said[id]["person"] == query["person"] and said[id]["time"] < query["time"]
            asked, told = query["text"].replace(" ", ""), said[id]["text"].replace(" ", "")
            shared = {asked[n : n + 5] for n in range(len(asked) - 4)} & {told[n : n + 5] for n in range(len(told) - 4)}
            assert all(run.isascii() for run in shared), shared


@pytest.mark.parametrize(("language", "abstained", "found"), [("zh", 0.80, 0.75), ("en", 0.75, 0.75)])
def test_what_was_never_said_brings_nothing_back_and_what_was_is_found(
    language: str, abstained: float, found: float
) -> None:
    report = asyncio.run(_measured(language))
    figures = report.figures()
    assert (report.abstained or 0) >= abstained and (report.recall[5] or 0) >= found, figures
    assert (report.wrongly_empty or 0) <= 0.04, figures  # one of 30


async def _measured(language: str) -> Report:
    people = {q["person"] for q in _lines(QUERIES) if q["half"] == "chosen" and q["language"] == language}
    embedder = await use.create(None, Path)
    try:
        lines = [line for line in read_memories(MEMORIES) if line.person in people]
        questions = [question for question in read_questions(QUERIES) if question.person in people]
        return await evaluate(lines, questions, embedder, k=5)
    finally:
        await embedder.close()
