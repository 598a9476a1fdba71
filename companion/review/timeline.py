"""A session turn by turn, as a counsellor reads it: what was said, how it seemed, what was recalled, who answered."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from companion.records.cases import RiskCaseRow, printable
from companion.records.crypto import KeyRing
from companion.records.database import Store
from companion.records.staff import StaffRow
from companion.records.tables import TurnRow

After = tuple[int, str]  # index and id of the last turn of a page


class Recalled(msgspec.Struct, frozen=True):
    """A memory as it was recalled for a reply. score: 0..1; reasons: each part's share of it."""

    id: str
    score: float
    reasons: dict[str, float]
    current: bool = True


class _Strategy(msgspec.Struct, frozen=True):
    reasons: list[str] = []  # codes, the deciding one first


class _AsRead(msgspec.Struct, frozen=True):
    """What of a kept prompt (`recording._as_read`) a timeline tells."""

    strategy: _Strategy | None = None
    recalls: list[Recalled] = []


@dataclass(frozen=True, slots=True)
class Moment:
    """One turn. The texts are opened; affect, voice, risk and so on as they are kept (`TurnRow`), words as read.

    recalls, reason: of the reply's prompt, which is not there where a script or a person answered. by: id and name of
    the counsellor who answered. memories: texts by id, of those recalled that are still known.
    """

    row: TurnRow
    said: str | None
    reply: str | None
    words: Mapping[str, Any] | None
    recalls: Sequence[Recalled]
    reason: str | None
    by: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a turn is."""

    id: str
    session_id: str
    user_id: str
    audio: str | None


_as_read = msgspec.json.Decoder(_AsRead)
_words = msgspec.json.Decoder(dict[str, Any])


class Timelines:
    """Over the database. The person's key must be loaded for whatever has words. Raises StorageError."""

    def __init__(self, store: Store, ring: KeyRing) -> None:
        self._store, self._ring = store, ring

    async def turns(self, session_id: str, *, limit: int, after: After | None) -> tuple[list[Moment], After | None]:
        """A page of a session's turns in order, and what to ask for the next with."""
        place = tuple_(col(TurnRow.index), col(TurnRow.id))
        query = select(TurnRow).where(col(TurnRow.session_id) == session_id)
        if after is not None:
            query = query.where(place > tuple_(*after))

        async def work(session: AsyncSession) -> tuple[Sequence[TurnRow], Sequence[Any]]:
            rows = (await session.execute(query.order_by(*place).limit(limit + 1))).scalars().all()
            if not any(row.answered_by == "counsellor" for row in rows):
                return rows, ()
            claims = select(col(RiskCaseRow.claimed_at), col(StaffRow.id), col(StaffRow.name))
            claims = claims.join(StaffRow, col(StaffRow.id) == col(RiskCaseRow.claimed_by))
            mine = claims.where(col(RiskCaseRow.session_id) == session_id).order_by(col(RiskCaseRow.claimed_at))
            return rows, (await session.execute(mine)).all()

        rows, claims = await self._store.transaction(work)
        found = [self._opened(row, claims) for row in rows[:limit]]
        return found, (rows[limit - 1].index, rows[limit - 1].id) if len(rows) > limit else None

    async def place(self, turn_id: str) -> Place | None:
        """Where this turn is; None for an id that is nobody's."""

        async def work(session: AsyncSession) -> Any:
            wanted = (col(TurnRow.id), col(TurnRow.session_id), col(TurnRow.user_id), col(TurnRow.audio))
            return (await session.execute(select(*wanted).where(col(TurnRow.id) == turn_id))).first()

        row = await self._store.transaction(work) if printable(turn_id) else None
        return None if row is None else Place(*row)

    async def prompt(self, turn_id: str, user_id: str) -> dict[str, Any] | None:
        """All that the model read for the reply to a turn of this person; None where nothing is kept."""

        async def work(session: AsyncSession) -> bytes | None:
            return await session.scalar(select(col(TurnRow.prompt)).where(col(TurnRow.id) == turn_id))

        sealed = await self._store.transaction(work)
        return None if sealed is None else _words.decode(self._unpacked(user_id, sealed))

    def _opened(self, row: TurnRow, claims: Sequence[Any]) -> Moment:
        def words(blob: bytes | None) -> str | None:
            return None if blob is None else self._ring.open(row.user_id, blob)

        read = words(row.affect_words)
        prompt = _AsRead() if row.prompt is None else _as_read.decode(self._unpacked(row.user_id, row.prompt))
        by = None
        if row.answered_by == "counsellor":  # whose the case was then
            by = next(((staff_id, name) for at, staff_id, name in reversed(claims) if at <= row.created_at), None)
        return Moment(
            row,
            words(row.user_text),
            words(row.reply_text),
            None if read is None else _words.decode(read),
            prompt.recalls,
            next(iter(prompt.strategy.reasons), None) if prompt.strategy else None,
            by,
        )

    def _unpacked(self, user_id: str, sealed: bytes) -> bytes:
        return zlib.decompress(self._ring.open_bytes(user_id, sealed))


def recalled_ids(moments: Collection[Moment]) -> list[str]:
    """The memories that were recalled in these turns."""
    return sorted({recall.id for moment in moments for recall in moment.recalls})
