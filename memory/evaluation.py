"""How well recall finds what was said: the real path (embedder, claims, recall) over lines with known answers."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from memory.change import supersedes
from memory.claims import claims
from memory.embedder import Embedder
from memory.evaluation_files import Line, Question
from memory.phrasing import asked, told
from memory.recall import FLOOR, Rows, recall
from memory.types import Memory, MemoryKind, Recall

_AT_ONCE = 256  # texts an embedder is given at a time
_DAY_S = 86_400.0
_TURN_DEPTHS, _SESSION_DEPTHS = (1, 5, 10), (1, 3, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Shares 0..1, None where nothing counts towards them; times in ms.

    recall: depth -> share of a query's evidence among the first `depth`, mean over answerable queries; sessions: the
    same for sessions, ranked by their best memory. abstained: of unanswerable queries, those for which nothing came
    back; wrongly_empty: of answerable ones. stale_as_current: how often what is out of date was told as current.
    """

    memories: int
    people: int
    queries: int
    answerable: int
    unanswerable: int
    superseded: int
    k: int
    recall: Mapping[int, float | None]
    sessions: Mapping[int, float | None]
    abstained: float | None
    wrongly_empty: float | None
    stale_as_current: int
    p50_ms: float
    p95_ms: float
    p50_ms_without_embedding: float
    p95_ms_without_embedding: float

    def figures(self) -> dict[str, object]:
        """Flat, for JSON: "recall@5", "session_recall@3", and the other fields by their names."""
        flat = asdict(self)
        turns, sessions = flat.pop("recall"), flat.pop("sessions")
        flat |= {f"recall@{n}": value for n, value in turns.items()}
        flat |= {f"session_recall@{n}": value for n, value in sessions.items()}
        return {key: round(value, 4) if isinstance(value, float) else value for key, value in flat.items()}


async def evaluate(
    lines: Sequence[Line],
    questions: Sequence[Question],
    embedder: Embedder,
    *,
    k: int = 10,
    floor: float = FLOOR,
    timezone: str = "Asia/Shanghai",
    clock: Callable[[], float] = time.perf_counter,
) -> Report:
    """Ask each question of its person's rows. clock: seconds, for the latencies. Raises what the embedder raises."""
    people = await _people(lines, embedder)
    nobody = Rows.of([], np.zeros((0, embedder.dimensions), np.float32))
    turns: dict[int, list[float]] = {n: [] for n in _TURN_DEPTHS}
    sessions: dict[int, list[float]] = {n: [] for n in _SESSION_DEPTHS}
    abstained: list[bool] = []
    empty: list[bool] = []
    whole: list[float] = []
    alone: list[float] = []
    stale = 0
    for question in questions:
        rows = people.get(question.person, nobody)
        now = _now(question, rows)
        started = clock()
        vector = (await embedder.embed([asked(question.text, rows.speakers)]))[0]
        embedded = clock()
        found = recall(question.text, vector, rows, now=now, k=k, floor=floor, timezone=timezone)
        ended = clock()
        whole.append(1000 * (ended - started))
        alone.append(1000 * (ended - embedded))
        stale += sum(r.current and r.memory.id in question.stale for r in found)
        if not question.evidence:
            abstained.append(not found)
            continue
        empty.append(not found)
        for depth, shares in turns.items():
            shares.append(_share(question.evidence, (r.memory.id for r in found[:depth])))
        where = {m.id: m.session_id for m in rows.memories}
        wanted = {where[one] for one in question.evidence if where.get(one) is not None}
        if wanted:
            every = recall(
                question.text, vector, rows, now=now, k=len(rows.memories), floor=floor, timezone=timezone
            )  # k memories may come from one session
            ranked = _sessions(every)
            for depth, shares in sessions.items():
                shares.append(_share(wanted, ranked[:depth]))
    return Report(
        memories=len(lines),
        people=len(people),
        queries=len(questions),
        answerable=len(empty),
        unanswerable=len(abstained),
        superseded=sum(m.valid_to is not None for rows in people.values() for m in rows.memories),
        k=k,
        recall={n: _mean(shares) for n, shares in turns.items()},
        sessions={n: _mean(shares) for n, shares in sessions.items()},
        abstained=_mean(abstained),
        wrongly_empty=_mean(empty),
        stale_as_current=stale,
        p50_ms=_percentile(whole, 50),
        p95_ms=_percentile(whole, 95),
        p50_ms_without_embedding=_percentile(alone, 50),
        p95_ms_without_embedding=_percentile(alone, 95),
    )


async def _people(lines: Sequence[Line], embedder: Embedder) -> dict[str, Rows]:
    by_person: defaultdict[str, list[Line]] = defaultdict(list)
    for line in sorted(lines, key=lambda one: one.time):  # equals stay as they are written: turns of one session
        by_person[line.person].append(line)
    people = {}
    for person, theirs in by_person.items():
        words = [told(line.text)[1] for line in theirs]
        vectors = [await embedder.embed(words[at : at + _AT_ONCE]) for at in range(0, len(words), _AT_ONCE)]
        people[person] = Rows.of(_remembered(theirs), np.vstack(vectors).astype(np.float32), turns=True)
    return people


def _remembered(lines: Sequence[Line]) -> list[Memory]:
    """The lines of one person as memories; a later claim ends the earlier ones of the same speaker that it replaces."""
    known: dict[str, Memory] = {}
    of_speaker: defaultdict[str | None, list[str]] = defaultdict(list)
    for line in lines:
        speaker, words = told(line.text)
        said = claims(words, line.language)
        for claim in said:
            earlier = [known[one] for one in of_speaker[speaker]]
            for old in supersedes(claim, earlier, line.time):
                known[old] = replace(known[old], valid_to=line.time, superseded_by=line.id)
        known[line.id] = Memory(
            id=line.id,
            user_id=line.person,
            kind=MemoryKind.EVENT,
            text=line.text,
            learned_at=line.time,
            valid_from=line.time,
            language=line.language,
            claim=said[0] if said else None,
            session_id=line.session,
        )
        of_speaker[speaker].append(line.id)
    return list(known.values())


def _now(question: Question, rows: Rows) -> float:
    if question.time is not None:
        return question.time
    return max((m.learned_at for m in rows.memories), default=0.0) + _DAY_S


def _sessions(found: Iterable[Recall]) -> list[str | None]:
    return list(dict.fromkeys(r.memory.session_id for r in found if r.memory.session_id is not None))


def _share(wanted: Iterable[str | None], found: Iterable[str | None]) -> float:
    want = set(wanted)
    return len(want & set(found)) / len(want)


def _mean(values: Sequence[float] | Sequence[bool]) -> float | None:
    return float(np.mean(values)) if values else None


def _percentile(values: Sequence[float], percent: float) -> float:
    return float(np.percentile(values, percent)) if values else 0.0
