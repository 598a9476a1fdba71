"""Other readings of voices: what another model made of an utterance, beside what the person was answered by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from sqlalchemy import JSON, Column, Double, ForeignKey, Index, String, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from affect.types import VoiceAffect
from companion.records.database import Store
from companion.records.tables import TurnRow


class VoiceReadingRow(SQLModel, table=True):
    """One reading of a turn's voice by a model (see `VoiceReader.name`). voice: a VoiceAffect, numbers. at: unix s."""

    __tablename__: ClassVar[str] = "voice_reading"
    __table_args__ = (Index("ix_voice_reading_user", "user_id"),)

    turn_id: str = Field(
        sa_column=Column(
            String(128), ForeignKey("turn.id", name="fk_voice_reading_turn", ondelete="CASCADE"), primary_key=True
        )
    )
    model: str = Field(sa_column=Column(String(200), primary_key=True))
    user_id: str = Field(
        sa_column=Column(
            String(128), ForeignKey("user.id", name="fk_voice_reading_user", ondelete="CASCADE"), nullable=False
        )
    )
    at: float = Field(sa_column=Column(Double, nullable=False))
    voice: dict[str, Any] = Field(sa_column=Column(JSON(none_as_null=True), nullable=False))


@dataclass(frozen=True, slots=True)
class Recorded:
    """An utterance whose recording is still there. audio: its name in the spool."""

    turn_id: str
    user_id: str
    audio: str


class Readings:
    """Over the database. Raises StorageError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def unread(self, model: str, after: str = "", most: int = 100) -> list[Recorded]:
        """Turns with a recording and without a reading by this model, whose id follows `after`, in the ids' order."""

        async def work(session: AsyncSession) -> Sequence[Any]:
            read = exists().where(col(VoiceReadingRow.turn_id) == col(TurnRow.id), col(VoiceReadingRow.model) == model)
            query = select(col(TurnRow.id), col(TurnRow.user_id), col(TurnRow.audio))
            query = query.where(col(TurnRow.audio).is_not(None), col(TurnRow.id) > after, ~read)
            return (await session.execute(query.order_by(col(TurnRow.id)).limit(most))).all()

        return [Recorded(*row) for row in await self._store.transaction(work)]

    async def keep(self, of: Recorded, model: str, voice: VoiceAffect, now: float) -> bool:
        """Keep a reading, beside the others; False where the turn is gone, or this model's reading is there already."""

        async def work(session: AsyncSession) -> bool:
            there = await session.scalar(select(col(TurnRow.id)).where(col(TurnRow.id) == of.turn_id))
            known = await session.get(VoiceReadingRow, (of.turn_id, model))
            if there is None or known is not None:
                return False
            row = VoiceReadingRow(turn_id=of.turn_id, model=model, user_id=of.user_id, at=now, voice=asdict(voice))
            session.add(row)
            return True

        return await self._store.transaction(work)

    async def of(self, turn_id: str) -> dict[str, dict[str, Any]]:
        """Model -> its reading of this turn; the reading that its reply was made with stands in the turn."""

        async def work(session: AsyncSession) -> Sequence[Any]:
            mine = col(VoiceReadingRow.turn_id) == turn_id
            query = select(col(VoiceReadingRow.model), col(VoiceReadingRow.voice)).where(mine)
            return (await session.execute(query.order_by(col(VoiceReadingRow.at)))).all()

        return {model: voice for model, voice in await self._store.transaction(work)}
