"""Deleting what the audit speaks of takes four eyes: one member of staff asks, another approves, both are written down.

The audit itself cannot be deleted. A person who erases themself needs nobody's leave.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import Column, Double, ForeignKey, Index, String, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from companion.errors import InputError
from companion.records.audit import Audit
from companion.records.caseload import Caseload
from companion.records.database import Store, Work
from companion.records.staff import Staff

OPEN_S = 7 * 86_400.0  # that a request waits for approval; authored
_APPROVE = frozenset({"supervisor", "admin"})


class DeletionRow(SQLModel, table=True):
    """Something of a person's that is to go. It goes with the person, if they are erased. Unix seconds."""

    __tablename__: ClassVar[str] = "deletion_request"
    __table_args__ = (Index("ix_deletion_user", "user_id"),)

    id: str = Field(sa_column=Column(String(64), primary_key=True))
    user_id: str = Field(
        sa_column=Column(
            String(128), ForeignKey("user.id", name="fk_deletion_user", ondelete="CASCADE"), nullable=False
        )
    )
    object_id: str = Field(sa_column=Column(String(128), nullable=False))
    requested_by: str = Field(sa_column=Column(String(64), nullable=False))
    requested_at: float = Field(sa_column=Column(Double, nullable=False))
    approved_by: str | None = Field(default=None, sa_column=Column(String(64)))
    approved_at: float | None = Field(default=None, sa_column=Column(Double))


@dataclass(frozen=True, slots=True)
class DeletionRequest:
    """What is to be deleted (object_id, such as a session), whose it is, and who asked. requested_at: unix s."""

    id: str
    user_id: str
    object_id: str
    requested_by: str
    requested_at: float


class Deletions:
    """Over the database. Times are unix s. Raises StorageError."""

    def __init__(self, store: Store, audit: Audit, caseload: Caseload) -> None:
        self._store, self._audit, self._caseload = store, audit, caseload

    async def request(self, staff: Staff, user_id: str, object_id: str, now: float) -> DeletionRequest:
        """Ask for something of a person's to be deleted. Raises InputError (not_found) where they may not see them."""
        asked = DeletionRequest(f"del_{uuid.uuid4().hex}", user_id, object_id, staff.id, now)

        async def work(session: AsyncSession) -> None:
            session.add(
                DeletionRow(id=asked.id, user_id=user_id, object_id=object_id, requested_by=staff.id, requested_at=now)
            )

        await self._caseload.seen(staff, user_id, "deletion.request", now, object_id=object_id, also=[work])
        return asked

    async def waiting(self, now: float) -> list[DeletionRequest]:
        """What waits for approval, oldest first."""

        async def work(session: AsyncSession) -> Sequence[DeletionRow]:
            query = select(DeletionRow).where(_waits(now)).order_by(col(DeletionRow.requested_at))
            return (await session.execute(query)).scalars().all()

        return [_request(row) for row in await self._store.transaction(work)]

    async def approve(self, staff: Staff, request_id: str, now: float, *, also: Sequence[Work]) -> DeletionRequest:
        """Somebody else agrees, and `also` deletes it in the same transaction.

        Raises InputError: forbidden for the one who asked, and for staff who are neither supervisor nor admin;
        not_found for a request that is not there, was approved, or is older than a week.
        """
        if not staff.roles & _APPROVE:
            raise InputError("only a supervisor or an admin approves a deletion", code="forbidden")

        async def work(session: AsyncSession) -> DeletionRequest:
            mine = _waits(now) & (col(DeletionRow.id) == request_id)
            row = await session.scalar(select(DeletionRow).where(mine))
            if row is not None and row.requested_by == staff.id:
                raise InputError("somebody else must approve what you asked for", code="forbidden")
            approved = update(DeletionRow).where(mine).values(approved_by=staff.id, approved_at=now)
            done: Any = await session.execute(approved)
            if row is None or not done.rowcount:
                raise InputError("no request of this id waits for approval", code="not_found")
            asked = _request(row)
            for each in also:
                await each(session)
            told = self._audit.row(
                now,
                staff.id,
                "deletion.approve",
                user_id=asked.user_id,
                object_id=asked.object_id,
                requested_by=asked.requested_by,
            )
            await told(session)
            return asked

        return await self._store.transaction(work)


def _waits(now: float) -> Any:
    return col(DeletionRow.approved_at).is_(None) & (col(DeletionRow.requested_at) > now - OPEN_S)


def _request(row: DeletionRow) -> DeletionRequest:
    return DeletionRequest(row.id, row.user_id, row.object_id, row.requested_by, row.requested_at)
