"""What a session needs to go on in another process, beside its journal: what its client chose, and its turns."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from companion.records.database import Work
from companion.records.repository import Records
from companion.records.tables import JournalRow, SessionRow, TurnRow, UserRow

_SITTING_S = 1800.0  # a pause as long ends a sitting; authored


@dataclass(frozen=True, slots=True)
class Known:
    """A session on record. settings: what its client chose, as `settings_kept` was given it; seen_at: unix s."""

    user_id: str
    settings: bytes | None
    seen_at: float


class Resumable:
    """Over the records. Works are for a transaction of the journal; the others raise StorageError."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def session(self, session_id: str, user_id: str) -> Known | None:
        """A session of this person; None where there is none. Loads the person's key."""

        async def work(session: AsyncSession) -> SessionRow | None:
            return await session.get(SessionRow, session_id)

        kept = await self._records.store.transaction(work)
        if kept is None or kept.user_id != user_id:
            return None
        await self._records.ring.load(user_id)
        chosen = None if kept.settings is None else self._records.ring.open_bytes(user_id, kept.settings)
        return Known(user_id, chosen, kept.seen_at or kept.started_at)

    def settings_kept(self, session_id: str, user_id: str, chosen: bytes) -> Work:
        """Keep what the client chose."""
        sealed = self._records.ring.seal_bytes(user_id, chosen)

        async def work(session: AsyncSession) -> None:
            await session.execute(update(SessionRow).where(col(SessionRow.id) == session_id).values(settings=sealed))

        return work

    def reply_begun(self, turn_ids: Sequence[str], response_id: str, reply_item_id: str) -> Work:
        """A reply to these turns is on its way under these ids."""
        values = {"state": "replying", "response_id": response_id, "reply_item_id": reply_item_id}

        async def work(session: AsyncSession) -> None:
            waiting = col(TurnRow.id).in_(turn_ids) & col(TurnRow.state).in_(("committed", "replying"))
            await session.execute(update(TurnRow).where(waiting).values(**values))

        return work

    def reply_told(self, turn_ids: Sequence[str], user_id: str, text: str, state: str, code: str | None) -> Work:
        """The client is told the end of the reply. state: completed, incomplete, cancelled or failed.

        One that they spoke into before anything of it was told leaves its turns to the next reply.
        """
        sealed = self._records.ring.seal(user_id, text)
        values: dict[str, Any] = {"state": state if state in ("cancelled", "failed") else "replied", "error": code}
        unsaid = state == "cancelled" and code == "turn_detected" and not text
        if unsaid:
            values = {"state": "committed", "response_id": None, "reply_item_id": None}

        async def work(session: AsyncSession) -> None:
            mine = col(TurnRow.id).in_(turn_ids) & (col(TurnRow.state) == "replying")
            await session.execute(update(TurnRow).where(mine).values(**values))
            if not unsaid:
                newest = (col(TurnRow.id) == turn_ids[-1]) & col(TurnRow.reply_text).is_(None)
                await session.execute(update(TurnRow).where(newest).values(reply_text=sealed))

        return work

    async def heard(self, reply_item_id: str, heard_ms: int) -> None:
        """Of a reply only so much was heard."""

        async def work(session: AsyncSession) -> None:
            mine = col(TurnRow.reply_item_id) == reply_item_id
            await session.execute(update(TurnRow).where(mine).values(heard_ms=heard_ms))

        await self._records.store.transaction(work)

    async def deleted(self, item_id: str) -> None:
        """The person took an item out of the conversation: its words go, and the reply's where it is a reply."""

        async def work(session: AsyncSession) -> None:
            spoken = col(TurnRow.id) == item_id
            gone: dict[str, Any] = {"user_text": None, "prompt": None, "affect_words": None}
            await session.execute(update(TurnRow).where(spoken).values(state="deleted", **gone))
            await session.execute(
                update(TurnRow).where(col(TurnRow.reply_item_id) == item_id).values(reply_text=None, prompt=None)
            )

        await self._records.store.transaction(work)

    async def seen(self, session_ids: Collection[str], now: float) -> None:
        """The clients of these sessions are there."""

        async def work(session: AsyncSession) -> None:
            mine = col(SessionRow.id).in_(session_ids)
            await session.execute(update(SessionRow).where(mine).values(seen_at=now))

        await self._records.store.transaction(work)

    async def reopened(self, session_id: str) -> None:
        """A session that had ended goes on."""

        async def work(session: AsyncSession) -> None:
            await session.execute(update(SessionRow).where(col(SessionRow.id) == session_id).values(ended_at=None))

        await self._records.store.transaction(work)

    async def used_s(self, user_id: str, now: float) -> float:
        """They are here now: how long they have talked without a longer pause, over all their sessions."""

        async def work(session: AsyncSession) -> float:
            person = await session.get(UserRow, user_id)
            if person is None:
                return 0.0
            if person.sat_down_at is None or person.seen_at is None or now - person.seen_at > _SITTING_S:
                person.sat_down_at = now
            person.seen_at = max(now, person.seen_at or now)
            return now - person.sat_down_at

        return await self._records.store.transaction(work)

    async def kept_events(self) -> int:
        """How many rows the journal has."""

        async def work(session: AsyncSession) -> int:
            return await session.scalar(select(func.count()).select_from(JournalRow)) or 0

        return await self._records.store.transaction(work)
