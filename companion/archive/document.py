"""`data.json` of the archive: everything, for programs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import LargeBinary, Table, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from companion.archive.kept import PAGE, Kept, recording_name
from companion.errors import StorageError
from companion.records.own import OwnTurn, all_own_sessions, all_own_turns

if TYPE_CHECKING:
    from companion.engine import Engine

FORMAT = "companion.archive/1"
# Tables whose rows have a form of their own in the archive, and those that are left out, with the reason.
TOLD = frozenset({"user", "session", "turn", "memory", "consent", "contact", "complaint"})
LEFT_OUT = {
    "journal": "the talk once more, as it was sent to the phone, kept for minutes so that it can be resumed",
    "memory_outbox": "turns on their way into the memories; they stand in the sessions",
}
_ROWS = 100


async def document(engine: Engine, kept: Kept) -> AsyncIterator[str]:
    """The file in pieces, one JSON object. Raises StorageError."""
    records, user_id = engine.records, kept.user_id
    head = {
        "format": FORMAT,
        "made_at": kept.made_at,
        "times": "unix seconds",
        "person": user_id,
        "usual_voice": kept.usual_voice,
        "consents": {"allowed": kept.allowed, "history": [asdict(each) for each in kept.decisions]},
        "emergency_contact": None if kept.contact is None else asdict(kept.contact),
        "complaints": [asdict(each) for each in kept.complaints],
        "left_out": LEFT_OUT,
    }
    yield _json(head)[:-1] + ', "memories": ['
    for at, memory in enumerate(kept.memories):
        yield ("," if at else "") + "\n" + _json(asdict(memory))
    yield '], "sessions": ['
    first = True
    async for session in all_own_sessions(records, user_id, page=PAGE):
        yield ("" if first else ",") + "\n" + _json(asdict(session) | {"turns": []})[:-2]
        first, comma = False, ""
        async for turn in all_own_turns(records, user_id, session.id, page=PAGE):
            yield f"{comma}\n{_json(_turn(turn, recording_name(turn.id)))}"
            comma = ","
        yield "]}"
    yield '], "other": {'
    for at, table in enumerate(other_tables()):
        yield ("," if at else "") + f'\n"{table.name}": ['
        comma = ""
        async for row in _rows(engine, table, user_id):
            yield f"{comma}\n{_json(row)}"
            comma = ","
        yield "]"
    yield "}}\n"


def other_tables() -> Sequence[Table]:
    """Tables with rows of people that have no form of their own here."""
    tables = SQLModel.metadata.sorted_tables
    return [t for t in tables if "user_id" in t.columns and t.name not in TOLD and t.name not in LEFT_OUT]


async def _rows(engine: Engine, table: Table, user_id: str) -> AsyncIterator[dict[str, Any]]:
    """Sealed columns are opened; who of the staff did something is told as that somebody of the staff did."""
    query = select(table).where(table.columns["user_id"] == user_id).order_by(*table.primary_key.columns)
    at = 0
    while True:

        async def work(session: AsyncSession, at: int = at) -> Sequence[Any]:
            return (await session.execute(query.offset(at).limit(_ROWS))).mappings().all()

        rows = await engine.records.store.transaction(work)
        for row in rows:
            yield {column.name: _value(engine, user_id, column, row[column.name]) for column in table.columns}
        if len(rows) < _ROWS:
            return
        at += _ROWS


def _value(engine: Engine, user_id: str, column: Any, value: Any) -> Any:
    if value is None:
        return None
    if any(key.column.table.name == "staff" for key in column.foreign_keys) or f"_{column.name}".endswith("_by"):
        return "staff"
    if not isinstance(column.type, LargeBinary):
        return value
    try:
        return engine.records.ring.open(user_id, value)
    except (StorageError, UnicodeDecodeError):  # sealed with another key, or not words
        return f"({len(value)} bytes)"


def _turn(turn: OwnTurn, recording: str) -> dict[str, Any]:
    return asdict(turn) | {"recording": None if turn.recording is None else recording}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
