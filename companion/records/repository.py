"""What is kept of people, sessions and turns. Every call is one transaction; words go in sealed."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from companion.errors import InputError
from companion.records.crypto import KeyRing, master_key
from companion.records.database import Store, Work, create_engine, require_current, sessions
from companion.records.spool import Spool
from companion.records.summaries import summarised_of
from companion.records.tables import SessionRow, TurnRow, UserRow
from companion.settings import Settings

_PRIOR_VOTES = 2  # of nobody, for neither side; authored


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
    strategy: str | None = None
    rating: str | None = None
    response_id: str | None = None
    reply_item_id: str | None = None
    audio_seq: int | None = None
    heard_ms: int | None = None
    images: Sequence[str] = ()
    audio_s: float | None = None
    risk_level: int = 0
    answered_by: str | None = None


class Records:
    """Users, sessions and turns. Raises StorageError; nothing else of the database gets out."""

    def __init__(self, store: Store, ring: KeyRing, spool: Spool) -> None:
        self.store, self.ring, self.spool = store, ring, spool

    async def ensure_user(self, user_id: str, now: float) -> None:
        """Have the person on record with a key of their own, loaded."""

        async def work(session: AsyncSession) -> None:
            if await session.get(UserRow, user_id) is None:
                session.add(UserRow(id=user_id, created_at=now, wrapped_key=self.ring.new_wrapped_key(user_id)))

        if user_id not in self.ring:
            await self.store.transaction(work)
            await self.ring.load(user_id)

    async def start_session(self, session_id: str, user_id: str, now: float, *, persona: str | None = None) -> None:
        """A session begins; the person is put on record if need be."""
        await self.ensure_user(user_id, now)

        async def work(session: AsyncSession) -> None:
            session.add(SessionRow(id=session_id, user_id=user_id, started_at=now, persona=persona))

        await self.store.transaction(work)

    async def end_session(self, session_id: str, now: float) -> None:
        """A session ends."""

        async def work(session: AsyncSession) -> None:
            await session.execute(update(SessionRow).where(col(SessionRow.id) == session_id).values(ended_at=now))

        await self.store.transaction(work)

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
        images: Sequence[bytes] = (),
        audio_seq: int | None = None,
    ) -> None:
        """Keep what the person said; it survives `kill -9` when this returns. samples: float32, 16 kHz.

        Raises StorageError, and InputError (item_exists) where an item has this id.
        """
        audio = None
        if samples is not None:
            audio = await asyncio.to_thread(self.spool.write, user_id, turn_id, samples)
        names = [
            await asyncio.to_thread(self.spool.write_bytes, user_id, f"{turn_id}.{n}.image", image)
            for n, image in enumerate(images)
        ]
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
                    audio_seq=audio_seq,
                    images=names or None,
                )
            )

        try:
            await self.store.transaction(work, passing=IntegrityError)
        except IntegrityError:
            raise InputError("an item of this id is on record: choose a fresh one", code="item_exists") from None

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
        prompt_blocks: Mapping[str, Any] | None = None,
        models: Mapping[str, str] | None = None,
        timings: Mapping[str, float] | None = None,
        language: str | None = None,
        error: str | None = None,
        response_id: str | None = None,
        strategy: str | None = None,
        changes: Sequence[Mapping[str, Any]] | None = None,
        prompt: str | None = None,
        risk: Mapping[str, Any] | None = None,
        answered_by: str | None = None,
        trajectory: str | None = None,
        also: Sequence[Work] = (),
    ) -> None:
        """What became of a turn. state: answered, cancelled or failed. affect: with `words` and `voice` inside.

        prompt: all that the model read, kept sealed. risk: with its `level`. also: done in the same transaction.
        """
        values: dict[str, Any] = {
            "state": state,
            "prompt_id": prompt_id,
            "prompt_blocks": prompt_blocks and dict(prompt_blocks),
            "models": models and dict(models),
            "timings": timings and dict(timings),
            "language": language,
            "error": error,
            "response_id": response_id,
            "strategy": strategy,
            "changes": changes and list(changes),
            "risk": risk and dict(risk),
            "risk_level": risk and risk["level"],
            "answered_by": answered_by,
            "trajectory": trajectory,
        }
        if prompt is not None:
            values["prompt"] = self.ring.seal_bytes(user_id, zlib.compress(prompt.encode()))
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
            await summarised_of(col(TurnRow.id) == turn_id)(session)
            for each in also:
                await each(session)

        await self.store.transaction(work)

    async def turns(self, session_id: str) -> list[Turn]:
        """All turns of a session in order. The person's key must be loaded."""

        async def work(session: AsyncSession) -> Sequence[TurnRow]:
            query = select(TurnRow).where(col(TurnRow.session_id) == session_id).order_by(col(TurnRow.index))
            return (await session.execute(query)).scalars().all()

        return [self._turn(row) for row in await self.store.transaction(work)]

    async def unanswered(self, user_id: str) -> list[Turn]:
        """What was committed and never answered, oldest first."""

        async def work(session: AsyncSession) -> Sequence[TurnRow]:
            mine = (col(TurnRow.user_id) == user_id) & (col(TurnRow.state) == "committed")
            return (
                (await session.execute(select(TurnRow).where(mine).order_by(col(TurnRow.created_at)))).scalars().all()
            )

        return [self._turn(row) for row in await self.store.transaction(work)]

    async def turn(self, turn_id: str) -> tuple[Turn, str | None] | None:
        """A turn and the prompt of its reply, None where there is no such turn; loads the person's key."""

        async def work(session: AsyncSession) -> TurnRow | None:
            return await session.get(TurnRow, turn_id)

        row = await self.store.transaction(work)
        if row is None:
            return None
        await self.ring.load(row.user_id)
        sealed = row.prompt
        return self._turn(row), None if sealed is None else zlib.decompress(
            self.ring.open_bytes(row.user_id, sealed)
        ).decode()

    async def rate(self, user_id: str, response_id: str, rating: str | None) -> bool:
        """The person likes or dislikes a reply (None: takes it back); whether there is such a reply of theirs."""

        async def work(session: AsyncSession) -> bool:
            mine = (col(TurnRow.response_id) == response_id) & (col(TurnRow.user_id) == user_id)
            done: Any = await session.execute(update(TurnRow).where(mine).values(rating=rating))
            await summarised_of(mine)(session)
            return bool(done.rowcount)

        return await self.store.transaction(work)

    async def liked(self, user_id: str, *, latest: int = 200) -> dict[str, float]:
        """Strategy -> how the person took it, -1..1, over their latest rated turns, drawn to 0 where they are few."""

        async def work(session: AsyncSession) -> Sequence[Any]:
            rated = (col(TurnRow.user_id) == user_id) & col(TurnRow.rating).is_not(None)
            query = select(col(TurnRow.strategy), col(TurnRow.rating)).where(rated & col(TurnRow.strategy).is_not(None))
            return (await session.execute(query.order_by(col(TurnRow.created_at).desc()).limit(latest))).all()

        votes: dict[str, list[int]] = {}
        for strategy, rating in await self.store.transaction(work):
            votes.setdefault(strategy, []).append(1 if rating == "like" else -1)
        return {strategy: sum(each) / (len(each) + _PRIOR_VOTES) for strategy, each in votes.items()}

    async def counts(self) -> dict[str, int]:
        """How many users, sessions and turns there are."""

        async def work(session: AsyncSession) -> dict[str, int]:
            tables = {"users": UserRow, "sessions": SessionRow, "turns": TurnRow}
            return {n: await session.scalar(select(func.count()).select_from(t)) or 0 for n, t in tables.items()}

        return await self.store.transaction(work)

    async def valences(self, user_id: str, *, before: str, latest: int = 200) -> list[float]:
        """Valence (-1..1) of the person's latest turns in other sessions than `before`, where it was known."""

        async def work(session: AsyncSession) -> Sequence[Any]:
            mine = (col(TurnRow.user_id) == user_id) & (col(TurnRow.session_id) != before)
            query = select(col(TurnRow.affect)).where(mine).order_by(col(TurnRow.created_at).desc()).limit(latest)
            return (await session.execute(query)).scalars().all()

        kept = [affect["valence"] for affect in await self.store.transaction(work) if affect]
        return [float(valence) for valence in kept if valence is not None]

    async def baseline(self, user_id: str) -> dict[str, list[float]]:
        """The person's usual voice as it was saved, {} when there is none."""

        async def work(session: AsyncSession) -> bytes | None:
            return await session.scalar(select(col(UserRow.baseline)).where(col(UserRow.id) == user_id))

        sealed = await self.store.transaction(work)
        return {} if sealed is None else json.loads(self.ring.open(user_id, sealed))

    def baseline_kept(self, user_id: str, baseline: Mapping[str, Sequence[float]]) -> Work:
        """Keep the person's usual voice, sealed; for a transaction."""
        sealed = self.ring.seal(user_id, json.dumps(baseline))

        async def work(session: AsyncSession) -> None:
            await session.execute(update(UserRow).where(col(UserRow.id) == user_id).values(baseline=sealed))

        return work

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
            row.strategy,
            row.rating,
            row.response_id,
            row.reply_item_id,
            row.audio_seq,
            row.heard_ms,
            tuple(row.images or ()),
            row.audio_s,
            row.risk_level or 0,
            row.answered_by,
        )


@asynccontextmanager
async def open_records(settings: Settings) -> AsyncIterator[Records]:
    """The records that the settings name. Raises ConfigurationError where the schema is not up to date."""
    engine = create_engine(settings.database_url)
    try:
        await require_current(engine)
        store = Store(sessions(engine))
        ring = KeyRing(store.sessions, master_key(settings))
        yield Records(store, ring, Spool(settings.data_dir / "spool", ring))
    finally:
        await engine.dispose()
