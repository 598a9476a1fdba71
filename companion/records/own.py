"""What is kept of a person, as they read it themselves: their sessions and what was said in them, page by page."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from companion.errors import InputError
from companion.records.repository import Records
from companion.records.tables import SessionRow, TurnRow


@dataclass(frozen=True, slots=True)
class OwnSession:
    """One talk. Times: unix s, ended_at None while it goes on. turns: how many."""

    id: str
    started_at: float
    ended_at: float | None
    persona: str | None
    turns: int


@dataclass(frozen=True, slots=True)
class OwnTurn:
    """One thing said and its reply. said is None where it was not understood, reply where there was none.

    answered_by: model, script or counsellor. recording: its file in the spool. affect, risk: as they were read.
    """

    id: str
    index: int
    at: float
    modality: str
    state: str
    said: str | None
    reply: str | None
    answered_by: str | None
    language: str | None
    rating: str | None
    recording: str | None
    seconds: float | None
    affect: Mapping[str, Any] | None
    risk: Mapping[str, Any] | None


async def own_sessions(
    records: Records, user_id: str, *, limit: int, after: tuple[float, str] | None = None
) -> list[OwnSession]:
    """The person's sessions, newest first. after: started_at and id of the last one of the page before."""
    turns = select(func.count()).where(col(TurnRow.session_id) == col(SessionRow.id)).scalar_subquery()
    started, named = col(SessionRow.started_at), col(SessionRow.id)
    query = select(SessionRow, turns).where(col(SessionRow.user_id) == user_id)
    if after is not None:
        query = query.where(or_(started < after[0], and_(started == after[0], named < after[1])))

    async def work(session: AsyncSession) -> Sequence[Any]:
        return (await session.execute(query.order_by(started.desc(), named.desc()).limit(limit))).all()

    rows = await records.store.transaction(work)
    return [OwnSession(row.id, row.started_at, row.ended_at, row.persona, count) for row, count in rows]


async def own_turns(
    records: Records, user_id: str, session_id: str, *, limit: int, after: tuple[int, str] | None = None
) -> list[OwnTurn]:
    """What was said in a session of theirs, in order; what they took out of it is not there. Their key must be loaded.

    after: index and id of the last turn of the page before. Raises InputError (not_found) for a session of nobody or of
    somebody else.
    """
    index, named = col(TurnRow.index), col(TurnRow.id)
    query = select(TurnRow).where(col(TurnRow.session_id) == session_id, col(TurnRow.state) != "deleted")
    if after is not None:
        query = query.where(or_(index > after[0], and_(index == after[0], named > after[1])))

    async def work(session: AsyncSession) -> Sequence[TurnRow]:
        owner = await session.scalar(select(col(SessionRow.user_id)).where(col(SessionRow.id) == session_id))
        if owner != user_id:
            raise InputError("you have no session of this id", code="not_found")
        return (await session.execute(query.order_by(index, named).limit(limit))).scalars().all()

    return [_opened(records, row) for row in await records.store.transaction(work)]


async def all_own_sessions(records: Records, user_id: str, *, page: int) -> AsyncIterator[OwnSession]:
    """Every session, newest first, `page` of them in memory at a time."""
    after = None
    while found := await own_sessions(records, user_id, limit=page, after=after):
        for each in found:
            yield each
        after = (found[-1].started_at, found[-1].id)


async def all_own_turns(records: Records, user_id: str, session_id: str, *, page: int) -> AsyncIterator[OwnTurn]:
    """Every turn of a session, in order, `page` of them in memory at a time."""
    after = None
    while found := await own_turns(records, user_id, session_id, limit=page, after=after):
        for each in found:
            yield each
        after = (found[-1].index, found[-1].id)


def _opened(records: Records, row: TurnRow) -> OwnTurn:
    def words(blob: bytes | None) -> str | None:
        return None if blob is None else records.ring.open(row.user_id, blob)

    affect = row.affect
    if affect is not None:
        read = words(row.affect_words)
        affect = {**affect, "voice": row.affect_voice, "words": json.loads(read) if read else None}
    return OwnTurn(
        row.id,
        row.index,
        row.created_at,
        row.modality,
        row.state,
        words(row.user_text),
        words(row.reply_text),
        row.answered_by,
        row.language,
        row.rating,
        row.audio,
        row.audio_s,
        affect,
        row.risk,
    )
