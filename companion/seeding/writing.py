"""Writes people who never were into the records: one person a transaction, everything sealed as if they had talked."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from companion.consent.purposes import Wording, wordings
from companion.errors import InputError
from companion.records.audit import OPERATOR
from companion.records.cases import RiskCaseRow
from companion.records.consents import ConsentRow
from companion.records.repository import Records
from companion.records.summaries import Read, SummaryRow, summary
from companion.records.tables import SessionRow, TurnRow, UserRow
from companion.review.labels import Definition, LabelRow, Labels
from companion.review.notes import NoteRow
from companion.safety.protocol import dump
from companion.safety.protocol_types import Phase, State
from companion.seeding.memories import memory_rows
from companion.seeding.talk import Person, SeededTurn, began, lines, person, talk
from companion.seeding.turns import turn_row
from memory.ledger import MemoryRow

if TYPE_CHECKING:
    from companion.records.audit import Audit
    from companion.records.staff import StaffAccounts

PREFIX = "seed"
DAYS = 180.0  # back to which sessions go; authored, as are the shares below
REVIEWERS = ("seed.chen", "seed.lin")
_OPEN_DAYS = 10.0  # in which a case may still be open
_NOTED, _LABELLED, _LABELS_A_SESSION, _AGREES = 0.04, 0.03, 6, 0.75
_SLA_S = {1: 60.0, 2: 300.0, 3: 900.0}
_OUTCOMES = ("supported", "referred", "emergency", "false_alarm", "unreachable")
_CHATS = ("qwen3-8b", "qwen3-4b")
_QUESTIONS = (
    Definition(name="distress", title_zh="痛苦程度", title_en="Distress", kind="scale", values=(1, 2, 3, 4, 5)),
    Definition(name="reply_helps", title_zh="回复有帮助", title_en="The reply helps", kind="flag"),
    Definition(
        name="course",
        title_zh="走向",
        title_en="Course",
        kind="choice",
        values=("better", "same", "worse"),
        per="session",
    ),
)
Rows = dict[type[SQLModel], list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Amount:
    """How much to write. people: among whom the sessions are shared out."""

    sessions: int
    turns: int
    people: int
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Reviewers:
    """Who claimed, noted and labelled: ids of accounts with which nobody can sign in. version: of the label schema."""

    ids: Sequence[str]
    version: int


async def seed(
    records: Records,
    accounts: StaffAccounts,
    audit: Audit,
    amount: Amount,
    now: float,
    *,
    audio_days: float,
    force: bool = False,
    done: Callable[[int], None] = lambda sessions: None,
) -> None:
    """Write them, as of now (unix s). done: told how many sessions are written.

    Raises InputError: real_people where the database holds others, unless forced; seeded where these are there; and for
    fewer turns or sessions than would give each session a turn, and each person a session.
    """
    if not amount.turns >= amount.sessions >= amount.people >= 1:
        raise InputError("give at least one turn for each session, and one session for each person", code="bad_amount")
    prefix = f"{PREFIX}{amount.seed}"
    await _check(records, prefix, force=force)
    reviewers = await _reviewers(records, accounts, audit, now)
    texts = wordings(audio_days)
    written = 0
    for who, sizes in shares(amount, prefix):
        wrapped = records.ring.new_wrapped_key(who.id)
        records.ring.admit(who.id, wrapped)
        rows = _rows(records, who, sizes, reviewers, now, amount, texts)
        rows[UserRow] = [{"id": who.id, "created_at": now - DAYS * 86_400.0, "wrapped_key": wrapped}]

        async def work(session: AsyncSession, rows: Rows = rows) -> None:
            for table, values in sorted(rows.items(), key=lambda item: _ORDER.index(item[0])):
                if values:
                    await session.execute(insert(table.__table__), values)  # type: ignore[attr-defined]

        await records.store.transaction(work)
        records.ring.forget(who.id)
        written += len(sizes)
        done(written)


def shares(amount: Amount, prefix: str) -> Iterator[tuple[Person, list[int]]]:
    """Each person with how many turns their sessions have. All turns are given out: few talks are very long."""
    rng = Random(f"{prefix}/shares")
    weights = [math.exp(rng.gauss(0, 0.8)) for _ in range(amount.sessions)]
    spare, total = amount.turns - amount.sessions, sum(weights)
    sizes = [1 + int(spare * weight / total) for weight in weights]
    for number in range(amount.turns - sum(sizes)):
        sizes[number % amount.sessions] += 1
    owners = list(range(amount.people)) + [
        int(amount.people * rng.random() ** 1.5) for _ in range(amount.sessions - amount.people)
    ]
    of: list[list[int]] = [[] for _ in range(amount.people)]
    for owner, size in zip(owners, sizes, strict=True):
        of[owner].append(size)
    for number, mine in enumerate(of):
        yield person(prefix, number), mine


_ORDER: tuple[type[SQLModel], ...] = (
    UserRow,
    ConsentRow,
    SessionRow,
    TurnRow,
    SummaryRow,
    MemoryRow,
    RiskCaseRow,
    NoteRow,
    LabelRow,
)


async def _check(records: Records, prefix: str, *, force: bool) -> None:
    ids = col(UserRow.id)

    async def work(session: AsyncSession) -> tuple[str | None, str | None]:
        real = await session.scalar(select(ids).where(~ids.startswith(PREFIX)).limit(1))
        return real, await session.scalar(select(ids).where(ids.startswith(f"{prefix}-")).limit(1))

    real, same = await records.store.transaction(work)
    if real is not None and not force:
        raise InputError(
            "this database holds people whom we did not make up: use another one (COMPANION_DATABASE__URL), or --force",
            code="real_people",
        )
    if same is not None:
        raise InputError("these people are there already: give another --seed", code="seeded")


async def _reviewers(records: Records, accounts: StaffAccounts, audit: Audit, now: float) -> Reviewers:
    there = {account.name: account.id for account in await accounts.accounts()}
    for name in REVIEWERS:
        if name not in there:
            there[name] = (await accounts.add(name, ("counsellor",), now, by=OPERATOR)).staff_id
            await accounts.disable(name, now, by=OPERATOR)
    labels = Labels(records.store, audit)
    schema = await labels.schema()
    if schema.version == 0:
        schema = await labels.define(OPERATOR, _QUESTIONS, now)
    fits = [each.name for each in schema.labels] == [each.name for each in _QUESTIONS]
    return Reviewers([there[name] for name in REVIEWERS], schema.version if fits else 0)


def _rows(
    records: Records,
    who: Person,
    sizes: Sequence[int],
    reviewers: Reviewers,
    now: float,
    amount: Amount,
    texts: Mapping[Any, Wording],
) -> Rows:
    rows: Rows = {table: [] for table in _ORDER}
    rng = Random(f"{who.id}/sessions")
    starts = sorted(began(rng, now, DAYS) for _ in sizes)
    rows[MemoryRow], memories = memory_rows(records.ring, who, rng, starts[0], now)
    for purpose, given in (("counsellor_review", who.reviewed), ("audio_retention", who.recorded)):
        if given is not None:
            consent = {"user_id": who.id, "purpose": purpose, "given": given, "version": texts[purpose].version}
            consent |= {"language": who.language, "at": starts[0], "by": "person", "guardian": None}
            rows[ConsentRow].append(consent)
    for number, (start, size) in enumerate(zip(starts, sizes, strict=True)):
        session_id, late = f"{who.id}-{number:04d}", 1 - (now - start) / (DAYS * 86_400.0)
        chat, turns = rng.choice(_CHATS), list(talk(who, rng, start, size, late=late))
        ids = [f"{session_id}-{index:04d}" for index in range(len(turns))]
        for index, turn_id in enumerate(ids):
            rows[TurnRow].append(turn_row(records.ring, who, session_id, turn_id, turns, index, chat, memories, rng))
        rows[SessionRow].append(_session(who, session_id, start, turns))
        of_session = {"session_id": session_id, "user_id": who.id, "started_at": start}
        rows[SummaryRow].append({**of_session, **asdict(summary([_read(turn, chat, who.language) for turn in turns]))})
        if turns[-1].held >= 3:
            rows[RiskCaseRow].append(_case(records, who, session_id, turns, reviewers, now, rng))
        if rng.random() < _NOTED:
            rows[NoteRow].append(_note(records, who, session_id, ids, turns, reviewers, rng))
        if reviewers.version and rng.random() < _LABELLED:
            rows[LabelRow] += _labels(who, session_id, ids, turns, reviewers, rng)
    return rows


def _session(who: Person, session_id: str, start: float, turns: Sequence[SeededTurn]) -> dict[str, Any]:
    last, worst = turns[-1], max(turns, key=lambda turn: turn.level)
    kinds = (worst.kind,) if worst.kind else ()
    state = State(phase=Phase(last.phase), level=last.held, kinds=kinds, turn=len(turns), at_risk=worst.at)
    return {
        "id": session_id,
        "user_id": who.id,
        "started_at": start,
        "ended_at": last.at + 60.0,
        "client": "seed",
        "persona": "companion",
        "language": who.language,
        "settings": None,
        "seen_at": last.at + 60.0,
        "safety": dump(state).decode(),
        "risk_level": last.held,
    }


def _read(turn: SeededTurn, chat: str, language: str) -> Read:
    affect, odd = turn.affect, turn.affect.incongruence
    score, kind = (odd.score, odd.kind) if odd else (None, None)
    seen = (turn.at, language, turn.rating, turn.level, turn.state)
    return Read(*seen, affect.valence, affect.uncertainty, score, kind, chat, turn.by)


def _case(
    records: Records,
    who: Person,
    session_id: str,
    turns: Sequence[SeededTurn],
    reviewers: Reviewers,
    now: float,
    rng: Random,
) -> dict[str, Any]:
    worst = max(turns, key=lambda turn: turn.level)
    priority = 1 if worst.level == 4 else 2
    claimed_at = worst.at + rng.uniform(20.0, 400.0)
    states, shares = (
        (("waiting", "claimed"), (0.6, 0.4))
        if now - worst.at < _OPEN_DAYS * 86_400.0
        else (
            ("resolved", "withdrawn"),
            (0.9, 0.1),
        )
    )
    state = rng.choices(states, shares)[0]
    claimed, closed = state in ("claimed", "resolved"), state in ("resolved", "withdrawn")
    note = rng.choice(lines()["notes"][who.language]) if state == "resolved" else None
    return {
        "id": f"risk_{rng.getrandbits(128):032x}",
        "session_id": session_id,
        "user_id": who.id,
        "state": state,
        "level": worst.level if state != "resolved" else rng.randrange(0, 3),
        "kinds": [worst.kind],
        "reasons": [worst.rule],
        "said": records.ring.seal(who.id, worst.said),
        "priority": priority,
        "asked_at": worst.at,
        "due_at": worst.at + _SLA_S[priority],
        "sla_s": _SLA_S[priority],
        "claimed_by": rng.choice(reviewers.ids) if claimed else None,
        "claimed_at": claimed_at if claimed else None,
        "closed_at": claimed_at + rng.uniform(300.0, 3600.0) if closed else None,
        "outcome": rng.choice(_OUTCOMES) if state == "resolved" else None,
        "note": None if note is None else records.ring.seal(who.id, note),
    }


def _note(
    records: Records,
    who: Person,
    session_id: str,
    ids: Sequence[str],
    turns: Sequence[SeededTurn],
    reviewers: Reviewers,
    rng: Random,
) -> dict[str, Any]:
    return {
        "id": f"note_{rng.getrandbits(128):032x}",
        "user_id": who.id,
        "session_id": session_id,
        "turn_id": rng.choice(ids) if rng.random() < 0.5 else None,
        "staff_id": rng.choice(reviewers.ids),
        "at": turns[-1].at + rng.uniform(600.0, 36_000.0),
        "text": records.ring.seal(who.id, rng.choice(lines()["notes"][who.language])),
    }


def _labels(
    who: Person,
    session_id: str,
    ids: Sequence[str],
    turns: Sequence[SeededTurn],
    reviewers: Reviewers,
    rng: Random,
) -> list[dict[str, Any]]:
    """Two reviewers' answers; where they differ, now and then what settled it."""
    found, at = [], turns[-1].at + 7200.0
    for place in sorted(rng.sample(range(len(ids)), min(_LABELS_A_SESSION, len(ids)))):
        distress = min(5, max(1, round(3 - 2.5 * (turns[place].affect.valence or 0.0))))
        answers = [distress, distress if rng.random() < _AGREES else min(5, max(1, distress + rng.choice((-1, 1))))]
        verdict = [answers[0]] if answers[0] != answers[1] and rng.random() < 0.5 else []
        for number, value in enumerate(answers + verdict):
            found.append(
                {
                    "id": f"label_{rng.getrandbits(128):032x}",
                    "user_id": who.id,
                    "session_id": session_id,
                    "unit": ids[place],
                    "name": "distress",
                    "version": reviewers.version,
                    "staff_id": reviewers.ids[number % 2],
                    "value": value,
                    "at": at + number,
                    "adjudicated": number == 2,
                }
            )
    return found
