"""What a yes or a no does: it goes on record, and what a no forbids to keep is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from companion.consent.purposes import Purpose, purpose_of
from companion.errors import InputError
from companion.records.consents import By
from companion.records.database import Work
from companion.records.tables import UserRow
from memory.ledger import MemoryRow
from memory.outbox import OutboxRow

if TYPE_CHECKING:
    from companion.engine import Engine


@dataclass(frozen=True, slots=True)
class Decided:
    """recordings: turns whose audio was deleted. memories: how many are left to be forgotten, where memory is off."""

    recordings: int = 0
    memories: int = 0


async def decide(
    engine: Engine,
    user_id: str,
    purpose: str,
    given: bool,
    *,
    version: str | None,
    language: str,
    by: By,
    guardian: str | None = None,
) -> Decided:
    """Keep a yes or a no of a person, who is put on record if need be, and do what follows from it.

    version: of the text that was read; a no may come without. guardian: id of who says so for a child. Raises
    InputError: unknown_purpose, consent_outdated, guardian_needed for a child's own yes; StorageError.
    """
    name, now = purpose_of(purpose), engine.now()
    await engine.records.ensure_user(user_id, now)
    if given and by != "guardian" and await engine.consents.is_child(user_id):
        raise InputError("a guardian has to agree to this", code="guardian_needed")
    recorded = engine.consents.recorded(
        user_id, name, given, version=version, language=language, now=now, by=by, guardian=guardian
    )
    works = [recorded, *([] if given else _gone(engine, user_id, name))]

    async def work(session: AsyncSession) -> None:
        for each in works:
            await each(session)

    await engine.records.store.transaction(work)
    if given:
        return Decided()
    recordings = await engine.recordings.withdrawn(user_id) if name == "audio_retention" else 0
    memories = await _known(engine, user_id) if name == "memory" else 0
    return Decided(recordings, memories)


async def _known(engine: Engine, user_id: str) -> int:
    """How many memories of them there are."""

    async def work(session: AsyncSession) -> int:
        mine = select(func.count()).select_from(MemoryRow).where(col(MemoryRow.user_id) == user_id)
        return await session.scalar(mine) or 0

    return await engine.records.store.transaction(work)


def _gone(engine: Engine, user_id: str, purpose: Purpose) -> Sequence[Work]:
    """What goes in the transaction of a no."""

    async def unlearnt(session: AsyncSession) -> None:
        await session.execute(delete(OutboxRow).where(col(OutboxRow.user_id) == user_id))

    async def no_voice(session: AsyncSession) -> None:
        await session.execute(update(UserRow).where(col(UserRow.id) == user_id).values(baseline=None))

    match purpose:
        case "memory":
            return [unlearnt]
        case "voice_analysis":
            return [no_voice]
        case "emergency_contact":
            return [engine.contacts.removed(user_id)]
        case _:
            return []
