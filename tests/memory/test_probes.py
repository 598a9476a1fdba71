"""The Chinese probes are well formed, and what recall reaches on them."""

import asyncio
import json
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from memory.backends import use
from memory.evaluation import Report, evaluate
from memory.evaluation_files import read_memories, read_questions

PROBES = Path(__file__).parent / "probes"


def _lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (PROBES / name).read_text("utf-8").splitlines()]


MEMORIES, QUERIES = _lines("memories.jsonl"), _lines("queries.jsonl")
BY_ID = {memory["id"]: memory for memory in MEMORIES}


def test_ten_people_with_eight_sessions_of_eight_to_fourteen_lines() -> None:
    assert set(Counter(m["person"] for m in {m["session"]: m for m in MEMORIES}.values()).values()) == {8}
    assert len({m["person"] for m in MEMORIES}) == 10
    assert all(8 <= count <= 14 for count in Counter(m["session"] for m in MEMORIES).values())
    assert len({(m["session"], m["person"]) for m in MEMORIES}) == 80  # a session is of one person


def test_ids_and_texts_are_not_repeated() -> None:
    assert len(BY_ID) == len(MEMORIES)
    texts = Counter([m["text"] for m in MEMORIES] + [q["text"] for q in QUERIES])
    assert [text for text, count in texts.items() if count > 1] == []


def test_times_have_their_zone_and_lie_in_the_year_told() -> None:
    for line in [*MEMORIES, *QUERIES]:
        time = datetime.fromisoformat(line["time"])
        assert time.utcoffset() == timedelta(hours=8)
        assert time.year == 2026


def test_a_hundred_questions_of_every_type() -> None:
    types = Counter(q["type"] for q in QUERIES)
    assert len(QUERIES) == 100
    assert set(types) == {"single", "multi", "update", "time", "unanswerable", "paraphrase"}
    assert min(types["update"], types["time"], types["unanswerable"]) >= 20
    assert sum(bool(q["stale"]) for q in QUERIES if q["type"] == "update") >= 20
    assert set(Counter(q["person"] for q in QUERIES).values()) == {10}


@pytest.mark.parametrize("query", QUERIES, ids=[q["text"] for q in QUERIES])
def test_evidence_is_the_persons_own_and_older_than_the_question(query: dict[str, Any]) -> None:
    assert (query["evidence"] == []) == (query["type"] == "unanswerable")
    assert (len(query["evidence"]) > 1) or query["type"] != "multi"
    assert not set(query["evidence"]) & set(query["stale"])
    for memory in [BY_ID[id] for id in query["evidence"] + query["stale"]]:
        assert memory["person"] == query["person"]
        assert datetime.fromisoformat(memory["time"]) < datetime.fromisoformat(query["time"])
    newest = [max(BY_ID[id]["time"] for id in query[key]) for key in ("evidence", "stale") if query[key]]
    assert newest == sorted(newest, reverse=True)  # what holds now was said after what does not


@pytest.mark.parametrize("query", QUERIES, ids=[q["text"] for q in QUERIES])
def test_questions_do_not_copy_the_lines_that_answer_them(query: dict[str, Any]) -> None:
    """No run of five characters in common: names and idioms may be shared, wording may not."""
    asked = query["text"].replace(" ", "")
    for id in query["evidence"]:
        said = BY_ID[id]["text"].replace(" ", "")
        shared = {asked[n : n + 5] for n in range(len(asked) - 4)} & {said[n : n + 5] for n in range(len(said) - 4)}
        assert all(run.isascii() for run in shared), shared


@pytest.fixture(scope="module")
def report() -> Report:
    """Asked by the real embedder, k = 5. In a loop of its own: it is measured once for all goals."""

    async def measure() -> Report:
        embedder = await use.create(None, Path)
        try:
            lines, questions = read_memories(PROBES / "memories.jsonl"), read_questions(PROBES / "queries.jsonl")
            return await evaluate(lines, questions, embedder, k=5)
        finally:
            await embedder.close()

    return asyncio.run(measure())


def test_goal_what_answers_is_among_the_first_five(report: Report) -> None:
    assert (report.recall[5] or 0) >= 0.85, report.figures()


def test_goal_what_was_never_said_brings_nothing_back(report: Report) -> None:
    """And abstaining does not cost the answers."""
    assert (report.abstained or 0) >= 0.80 and (report.wrongly_empty or 0) <= 0.02, report.figures()


def test_goal_nothing_out_of_date_is_told_as_current(report: Report) -> None:
    assert report.stale_as_current == 0, report.figures()
