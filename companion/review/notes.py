"""Notes that staff write down of a session or of one turn; sealed with the person's key, deleted by four eyes only."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import Column, Double, ForeignKey, Index, LargeBinary, String, delete, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from companion.records.crypto import KeyRing
from companion.records.database import Store, Work
from companion.records.staff import StaffRow

After = tuple[float, str]  # at and id of the last note of a page


class NoteRow(SQLModel, table=True):
    """A note at rest. turn_id: where it is about one turn. at: unix s."""

    __tablename__: ClassVar[str] = "note"
    __table_args__ = (Index("ix_note_session", "session_id", "at"), Index("ix_note_user", "user_id"))

    id: str = Field(sa_column=Column(String(64), primary_key=True))
    user_id: str = Field(
        sa_column=Column(String(128), ForeignKey("user.id", name="fk_note_user", ondelete="CASCADE"), nullable=False)
    )
    session_id: str = Field(
        sa_column=Column(
            String(128), ForeignKey("session.id", name="fk_note_session", ondelete="CASCADE"), nullable=False
        )
    )
    turn_id: str | None = Field(default=None, sa_column=Column(String(128)))
    staff_id: str = Field(sa_column=Column(String(64), ForeignKey("staff.id", name="fk_note_staff"), nullable=False))
    at: float = Field(sa_column=Column(Double, nullable=False))
    text: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


@dataclass(frozen=True, slots=True)
class Note:
    """What a member of staff wrote down. by: id and name; at: unix s."""

    id: str
    session_id: str
    turn_id: str | None
    by: tuple[str, str]
    at: float
    text: str


class Notes:
    """Over the database. The person's key must be loaded. Raises StorageError."""

    def __init__(self, store: Store, ring: KeyRing) -> None:
        self._store, self._ring = store, ring

    def added(
        self, user_id: str, session_id: str, turn_id: str | None, by: tuple[str, str], text: str, now: float
    ) -> tuple[Note, Work]:
        """A note, and what keeps it within a transaction."""
        note = Note(f"note_{uuid.uuid4().hex}", session_id, turn_id, by, now, text)
        row = NoteRow(
            id=note.id,
            user_id=user_id,
            session_id=session_id,
            turn_id=turn_id,
            staff_id=by[0],
            at=now,
            text=self._ring.seal(user_id, text),
        )

        async def work(session: AsyncSession) -> None:
            session.add(row)
            await session.flush()

        return note, work

    async def of_session(
        self, user_id: str, session_id: str, *, limit: int, after: After | None
    ) -> tuple[list[Note], After | None]:
        """A page of a session's notes, oldest first, and what to ask for the next with."""
        place = tuple_(col(NoteRow.at), col(NoteRow.id))

        async def work(session: AsyncSession) -> Sequence[Any]:
            query = select(NoteRow, col(StaffRow.name)).outerjoin(StaffRow, col(StaffRow.id) == col(NoteRow.staff_id))
            query = query.where(col(NoteRow.session_id) == session_id)
            if after is not None:
                query = query.where(place > tuple_(*after))
            return (await session.execute(query.order_by(*place).limit(limit + 1))).all()

        rows = await self._store.transaction(work)
        found = [
            Note(
                row.id,
                row.session_id,
                row.turn_id,
                (row.staff_id, name or ""),
                row.at,
                self._ring.open(user_id, row.text),
            )
            for row, name in rows[:limit]
        ]
        return found, (found[-1].at, found[-1].id) if len(rows) > limit else None

    async def person_of(self, note_id: str) -> str | None:
        """Whose session this note is about; None for an id that is nobody's."""

        async def work(session: AsyncSession) -> str | None:
            return await session.scalar(select(col(NoteRow.user_id)).where(col(NoteRow.id) == note_id))

        return await self._store.transaction(work)

    async def by_turn(self, session_id: str) -> Mapping[str, int]:
        """How many notes are about each turn of a session."""

        async def work(session: AsyncSession) -> Sequence[Any]:
            mine = (col(NoteRow.session_id) == session_id) & col(NoteRow.turn_id).is_not(None)
            counted = select(col(NoteRow.turn_id), func.count()).where(mine).group_by(col(NoteRow.turn_id))
            return (await session.execute(counted)).all()

        return {turn_id: count for turn_id, count in await self._store.transaction(work)}

    def deleted(self, note_id: str) -> Work:
        """It is gone; for the transaction in which somebody else approved it."""

        async def work(session: AsyncSession) -> None:
            await session.execute(delete(NoteRow).where(col(NoteRow.id) == note_id))

        return work
