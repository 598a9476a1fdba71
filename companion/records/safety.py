"""What the risk protocol keeps: where it stands in each session, and what was said to a person unasked."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from companion.records.crypto import KeyRing
from companion.records.database import Store, Work
from companion.records.summaries import summarised
from companion.records.tables import SessionRow, TurnRow


class SafetyRecords:
    """Over the database. Works are for a transaction. Raises StorageError."""

    def __init__(self, store: Store, ring: KeyRing) -> None:
        self.store, self._ring = store, ring

    async def tell(
        self,
        turn_id: str,
        session_id: str,
        user_id: str,
        *,
        index: int,
        now: float,
        text: str,
        answered_by: str,
        response_id: str,
        reply_item_id: str,
        language: str,
    ) -> None:
        """Keep what was said to the person unasked: by a script or by a counsellor. Their key must be loaded."""
        row = TurnRow(
            id=turn_id,
            session_id=session_id,
            user_id=user_id,
            index=index,
            created_at=now,
            modality="told",
            state="answered",
            reply_text=self._ring.seal(user_id, text),
            answered_by=answered_by,
            response_id=response_id,
            reply_item_id=reply_item_id,
            language=language,
        )

        async def work(session: AsyncSession) -> None:
            session.add(row)
            await summarised(session_id)(session)

        await self.store.transaction(work)

    def kept(self, session_id: str, kept: Callable[[], tuple[str, int]]) -> Work:
        """Keep where a session's protocol stands, as `kept` tells it when this is done: its state and its level."""

        async def work(session: AsyncSession) -> None:
            state, level = kept()
            mine = update(SessionRow).where(col(SessionRow.id) == session_id)
            await session.execute(mine.values(safety=state, risk_level=level))

        return work

    async def newest(self, session_id: str, user_id: str) -> str | None:
        """Where the protocol of this session stands or, before it has begun one, that of the person's newest other."""

        async def work(session: AsyncSession) -> str | None:
            kept = col(SessionRow.safety)
            own = await session.scalar(select(kept).where(col(SessionRow.id) == session_id))
            if own is not None:
                return own
            others = (col(SessionRow.user_id) == user_id) & kept.is_not(None)
            newest = select(kept).where(others).order_by(col(SessionRow.started_at).desc()).limit(1)
            return await session.scalar(newest)

        return await self.store.transaction(work)
