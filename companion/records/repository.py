"""What is kept of people, sessions and turns. Every call is one transaction; words go in sealed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlmodel import col

from companion.errors import StorageError
from companion.records.crypto import KeyRing
from companion.records.spool import Spool
from companion.records.tables import SessionRow, TurnRow, UserRow

T = TypeVar("T")
_RETRIES_S = (0.05, 0.2, 0.5)  # waits before a locked database is tried again


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn as it is on record. Texts are opened; affect as it was stored."""

    id: str
    session_id: str
    user_id: str
    index: int
    created_at: float
    modality: str
    state: str
    user_text: str | None
    reply_text: str | None
    audio: str | None
    affect: Mapping[str, Any] | None
    prompt_id: str | None
    timings: Mapping[str, float] | None
    language: str | None


class Records:
    """Users, sessions and turns. Raises StorageError; nothing else of the database gets out."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], ring: KeyRing, spool: Spool) -> None:
        self._sessions, self.ring, self.spool = sessions, ring, spool

    async def ensure_user(self, user_id: str, now: float) -> None:
        """Have the person on record with a key of their own, loaded."""

        async def work(session: AsyncSession) -> None:
            if await session.get(UserRow, user_id) is None:
                session.add(UserRow(id=user_id, created_at=now, wrapped_key=self.ring.new_wrapped_key(user_id)))

        if user_id not in self.ring:
            await self._transaction(work)
            await self.ring.load(user_id)

    async def start_session(self, session_id: str, user_id: str, now: float, *, persona: str | None = None) -> None:
        """A session begins; the person is put on record if need be."""
        await self.ensure_user(user_id, now)

        async def work(session: AsyncSession) -> None:
            session.add(SessionRow(id=session_id, user_id=user_id, started_at=now, persona=persona))

        await self._transaction(work)

    async def end_session(self, session_id: str, now: float) -> None:
        """A session ends."""

        async def work(session: AsyncSession) -> None:
            await session.execute(update(SessionRow).where(col(SessionRow.id) == session_id).values(ended_at=now))

        await self._transaction(work)

    async def commit_utterance(
        self,
        turn_id: str,
        session_id: str,
        user_id: str,
        *,
        index: int,
        now: float,
        modality: str,
        samples: NDArray[np.float32] | None = None,
        text: str | None = None,
    ) -> None:
        """Keep what the person said; it survives `kill -9` when this returns. samples: float32, 16 kHz."""
        audio = None
        if samples is not None:
            audio = await asyncio.to_thread(self.spool.write, user_id, turn_id, samples)
        sealed = None if text is None else self.ring.seal(user_id, text)

        async def work(session: AsyncSession) -> None:
            session.add(
                TurnRow(
                    id=turn_id,
                    session_id=session_id,
                    user_id=user_id,
                    index=index,
                    created_at=now,
                    modality=modality,
                    state="committed",
                    user_text=sealed,
                    audio=audio,
                    audio_s=None if samples is None else samples.size / 16_000,
                )
            )

        await self._transaction(work)

    async def finish_turn(
        self,
        turn_id: str,
        user_id: str,
        *,
        state: str,
        user_text: str | None = None,
        reply_text: str | None = None,
        affect: Mapping[str, Any] | None = None,
        prompt_id: str | None = None,
        prompt_blocks: Mapping[str, str] | None = None,
        models: Mapping[str, str] | None = None,
        timings: Mapping[str, float] | None = None,
        language: str | None = None,
        error: str | None = None,
    ) -> None:
        """What became of a turn. state: answered, cancelled or failed. affect: with `words` and `voice` inside."""
        values: dict[str, Any] = {
            "state": state,
            "prompt_id": prompt_id,
            "prompt_blocks": prompt_blocks and dict(prompt_blocks),
            "models": models and dict(models),
            "timings": timings and dict(timings),
            "language": language,
            "error": error,
        }
        if user_text is not None:
            values["user_text"] = self.ring.seal(user_id, user_text)
        if reply_text is not None:
            values["reply_text"] = self.ring.seal(user_id, reply_text)
        if affect is not None:
            words = affect.get("words")  # its evidence quotes the person
            values["affect_words"] = words and self.ring.seal(user_id, json.dumps(words, ensure_ascii=False))
            values["affect_voice"] = affect.get("voice")
            values["affect"] = {k: v for k, v in affect.items() if k not in ("words", "voice")}

        async def work(session: AsyncSession) -> None:
            await session.execute(update(TurnRow).where(col(TurnRow.id) == turn_id).values(**values))

        await self._transaction(work)

    async def turns(self, session_id: str) -> list[Turn]:
        """All turns of a session in order. The person's key must be loaded."""

        async def work(session: AsyncSession) -> Sequence[TurnRow]:
            query = select(TurnRow).where(col(TurnRow.session_id) == session_id).order_by(col(TurnRow.index))
            return (await session.execute(query)).scalars().all()

        return [self._turn(row) for row in await self._transaction(work)]

    async def unanswered(self, user_id: str) -> list[Turn]:
        """What was committed and never answered, oldest first."""

        async def work(session: AsyncSession) -> Sequence[TurnRow]:
            mine = (col(TurnRow.user_id) == user_id) & (col(TurnRow.state) == "committed")
            return (
                (await session.execute(select(TurnRow).where(mine).order_by(col(TurnRow.created_at)))).scalars().all()
            )

        return [self._turn(row) for row in await self._transaction(work)]

    async def counts(self) -> dict[str, int]:
        """How many users, sessions and turns there are."""

        async def work(session: AsyncSession) -> dict[str, int]:
            tables = {"users": UserRow, "sessions": SessionRow, "turns": TurnRow}
            return {n: await session.scalar(select(func.count()).select_from(t)) or 0 for n, t in tables.items()}

        return await self._transaction(work)

    async def valences(self, user_id: str, *, before: str, latest: int = 200) -> list[float]:
        """Valence (-1..1) of the person's latest turns in other sessions than `before`, where it was known."""

        async def work(session: AsyncSession) -> Sequence[Any]:
            mine = (col(TurnRow.user_id) == user_id) & (col(TurnRow.session_id) != before)
            query = select(col(TurnRow.affect)).where(mine).order_by(col(TurnRow.created_at).desc()).limit(latest)
            return (await session.execute(query)).scalars().all()

        kept = [affect["valence"] for affect in await self._transaction(work) if affect]
        return [float(valence) for valence in kept if valence is not None]

    async def baseline(self, user_id: str) -> dict[str, list[float]]:
        """The person's usual voice as it was saved, {} when there is none."""

        async def work(session: AsyncSession) -> bytes | None:
            return await session.scalar(select(col(UserRow.baseline)).where(col(UserRow.id) == user_id))

        sealed = await self._transaction(work)
        return {} if sealed is None else json.loads(self.ring.open(user_id, sealed))

    async def save_baseline(self, user_id: str, baseline: Mapping[str, Sequence[float]]) -> None:
        """Keep the person's usual voice, sealed."""
        sealed = self.ring.seal(user_id, json.dumps(baseline))

        async def work(session: AsyncSession) -> None:
            await session.execute(update(UserRow).where(col(UserRow.id) == user_id).values(baseline=sealed))

        await self._transaction(work)

    def _turn(self, row: TurnRow) -> Turn:
        def opened(blob: bytes | None) -> str | None:
            return None if blob is None else self.ring.open(row.user_id, blob)

        words = opened(row.affect_words)
        affect = None
        if row.affect is not None:
            affect = {**row.affect, "voice": row.affect_voice, "words": json.loads(words) if words else None}
        return Turn(
            row.id,
            row.session_id,
            row.user_id,
            row.index,
            row.created_at,
            row.modality,
            row.state,
            opened(row.user_text),
            opened(row.reply_text),
            row.audio,
            affect,
            row.prompt_id,
            row.timings,
            row.language,
        )

    async def _transaction(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        for wait_s in (*_RETRIES_S, None):
            try:
                async with self._sessions() as session, session.begin():
                    return await work(session)
            except (SQLAlchemyError, OSError) as error:
                locked = isinstance(error, DBAPIError) and "locked" in str(error.orig)
                if not locked or wait_s is None:
                    name = type(getattr(error, "orig", None) or error).__name__
                    what = "is locked by another process" if locked else f"failed ({name})"
                    raise StorageError(f"the database {what}; nothing that was committed is lost, try again") from None
            await asyncio.sleep(wait_s)
        raise AssertionError("unreachable")
