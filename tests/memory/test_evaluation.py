"""The evaluation of recall reads what people write, says where a line is wrong, and counts right."""

import json
import math
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import snowballstemmer
from click.testing import CliRunner

from api.commands.memory import memory
from companion.errors import ConfigurationError
from memory.backends.use import create
from memory.embedder import FakeEmbedder
from memory.evaluation import Report, evaluate
from memory.evaluation_files import Line, Question, moment, read_memories, read_questions

DIALOGUES = Path(__file__).parent / "dialogues"
MAY_8 = datetime(2023, 5, 8, 13, 56, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "written",
    [
        MAY_8,
        int(MAY_8 * 1000),
        str(int(MAY_8)),
        "2023-05-08T13:56:00Z",
        "2023-05-08 13:56",
        "2023-05-08T21:56+08:00",
        "1:56 pm on 8 May, 2023",
        "May 8th, 2023 at 1:56 PM",
        "8 May 2023, 13:56",
    ],
)
def test_times_are_understood_as_people_write_them(written: object) -> None:
    assert moment(written, "UTC") == MAY_8


def test_noon_midnight_and_the_zone() -> None:
    assert moment("12:05 am on 8 May, 2023", "UTC") == datetime(2023, 5, 8, 0, 5, tzinfo=UTC).timestamp()
    assert moment("12:05 pm on 8 May, 2023", "UTC") == datetime(2023, 5, 8, 12, 5, tzinfo=UTC).timestamp()
    assert moment("2023-05-08", "Asia/Shanghai") == moment("2023-05-07T16:00Z")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"id": "1", "person": "a", "text": "x", "time": "soonish"}', r"line 2: `time` .*write .*1:56 pm"),
        ('{"id": "1", "person": "a", "text": "x", "time": "30 February 2023"}', r"line 2: .*calendar"),
        ('{"id": "1", "person": "a", "time": 5}', r"line 2 has no `text`: write"),
        ('{"id": "0", "person": "a", "text": "x", "time": 5}', r"line 2: this `id` was given before"),
        ("{", r"line 2 is no JSON: write one"),
        ("[]", r"line 2 is no JSON object"),
    ],
)
def test_a_wrong_line_is_named_without_its_words(line: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "memories.jsonl"
    path.write_text('{"id": "0", "person": "a", "text": "x", "time": 5}\n' + line)
    with pytest.raises(ValueError, match=says) as error:
        read_memories(path)
    assert "soonish" not in str(error.value)


def test_questions_may_name_evidence_either_way_and_no_time(tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text(
        '{"person": "a", "text": "x", "evidence_ids": ["1", 2]}\n\n'
        '{"person": "a", "text": "y", "time": 7, "evidence": [], "stale": ["3"]}\n'
    )
    first, second = read_questions(path)
    assert (first.evidence, first.time) == (("1", "2"), None)
    assert (second.evidence, second.stale, second.time) == ((), ("3",), 7)
    path.write_text('{"person": "a", "text": "x", "evidence": "1"}')
    with pytest.raises(ValueError, match="line 1: `evidence` must be a list"):
        read_questions(path)


class Apart(FakeEmbedder):
    """Every text stands alone: only words count."""

    async def embed(self, texts: Sequence[str]) -> np.ndarray:
        rows = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[sum(text.encode()) % self.dimensions] = 1
        return rows


async def test_counts_are_right() -> None:
    lines = [
        Line("1", "ada", "berlin", 1.0, "s1"),
        Line("2", "ada", "lisbon", 2.0, "s2"),
        Line("3", "bob", "oslo", 3.0, "t1"),
    ]
    questions = [
        Question("ada", "berlin", None, ("1",)),  # found
        Question("ada", "lisbon", None, ("2", "1")),  # half
        Question("ada", "oslo", None, ()),  # bob's: nothing comes back
        Question("bob", "oslo", None, (), ("3",)),  # should have been empty, and is stale
        Question("nobody", "oslo", None, ("3",)),  # wrongly empty
    ]
    report = await evaluate(lines, questions, Apart())
    assert report.recall[1] == pytest.approx((1 + 0.5 + 0) / 3)
    assert report.sessions[1] == pytest.approx((1 + 0.5) / 2)  # nobody has no sessions
    assert report.abstained == 0.5 and report.wrongly_empty == pytest.approx(1 / 3)
    assert report.stale_as_current == 1
    assert (report.people, report.answerable, report.unanswerable) == (2, 3, 2)


async def test_a_newer_claim_of_the_same_speaker_ends_the_older() -> None:
    lines = [
        Line("1", "ada", "我叫小林", 1.0),
        Line("2", "ada", "我叫小周", 2.0),
    ]
    report = await evaluate(lines, [Question("ada", "我叫小林吗", 3.0, ("2",), ("1",))], Apart())
    assert report.superseded == 1 and report.stale_as_current == 0
    two = [Line("1", "x", "Ada: My name is Ada", 1.0), Line("2", "x", "Bob: My name is Bob", 2.0)]
    assert (await evaluate(two, [], Apart())).superseded == 0


def test_the_command_prints_one_json_object(tmp_path: Path) -> None:
    arguments = ["eval", "--memories", str(DIALOGUES / "memories.jsonl"), "--queries"]
    few = tmp_path / "queries.jsonl"
    few.write_text("\n".join((DIALOGUES / "queries.jsonl").read_text("utf-8").splitlines()[:5]), "utf-8")
    done = CliRunner().invoke(memory, [*arguments, str(few), "--json"])
    figures = json.loads(done.output)
    assert done.exit_code == 0 and figures["memories"] == 541 and figures["queries"] == 5
    assert {"recall@1", "recall@5", "recall@10", "session_recall@5", "abstained", "p95_ms"} <= set(figures)
    few.write_text("{")
    assert isinstance(CliRunner().invoke(memory, [*arguments, str(few)]).exception, ConfigurationError)


def _plain_bm25(lines: Sequence[Line], questions: Sequence[Question], depth: int) -> float:
    """Share of evidence that BM25 over single stemmed turns (k1 1.2, b 0.75) finds: the baseline, as others run it."""
    stem = cache(snowballstemmer.stemmer("english").stemWord)
    shares = []
    held: dict[str, list[tuple[Line, Counter[str]]]] = {}
    for line in lines:
        held.setdefault(line.person, []).append((line, Counter(map(stem, _words(line.text)))))
    for question in (q for q in questions if q.evidence):
        turns, bags = zip(*held[question.person], strict=True)
        mean = sum(bag.total() for bag in bags) / len(bags)
        scores = np.zeros(len(bags))
        for term in set(map(stem, _words(question.text))):
            holding = sum(term in bag for bag in bags)
            idf = math.log(1 + (len(bags) - holding + 0.5) / (holding + 0.5))
            for n, bag in enumerate(bags):
                scores[n] += idf * bag[term] * 2.2 / (bag[term] + 1.2 * (0.25 + 0.75 * bag.total() / mean))
        first = {turns[n].id for n in np.argsort(-scores, kind="stable")[:depth]}
        shares.append(len(first & set(question.evidence)) / len(question.evidence))
    return float(np.mean(shares))


def _words(text: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in text.lower()).split()


async def test_the_hybrid_beats_plain_bm25_on_the_dialogues_and_on_each_of_them() -> None:
    lines, questions = read_memories(DIALOGUES / "memories.jsonl"), read_questions(DIALOGUES / "queries.jsonl")
    embedder = await create(None, Path)

    async def ours(of: Sequence[Question]) -> Report:
        return await evaluate(lines, of, embedder)

    whole = await ours(questions)
    print(f"turn recall@10: hybrid {whole.recall[10]:.3f}, plain BM25 {_plain_bm25(lines, questions, 10):.3f}")
    assert whole.recall[10] is not None and whole.recall[10] >= _plain_bm25(lines, questions, 10) + 0.15
    for person in ("priya-tom", "marcus-yuki", "hannah-diego"):
        theirs = [q for q in questions if q.person == person]
        found = (await ours(theirs)).recall[10]
        assert found is not None and found >= _plain_bm25(lines, theirs, 10) + 0.1
    await embedder.close()
