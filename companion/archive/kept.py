"""What both files of an archive tell of a person, apart from what was said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from companion.consent.purposes import PURPOSES, Purpose
from companion.records.complaints import Complaint, Complaints
from companion.records.consents import Decision
from companion.records.contacts import Contact
from memory.types import Memory

if TYPE_CHECKING:
    from companion.engine import Engine

PAGE = 100  # sessions, or turns, in memory at once
_UNFIT = re.compile(r"[^\w-]")


@dataclass(frozen=True, slots=True)
class Kept:
    """What is small of a person. usual_voice: as it is stored; the contact is not masked."""

    user_id: str
    made_at: float
    timezone: str
    usual_voice: dict[str, list[float]]
    decisions: list[Decision]
    allowed: dict[Purpose, bool]
    contact: Contact | None
    complaints: list[Complaint]
    memories: tuple[Memory, ...]


def recording_name(turn_id: str) -> str:
    """Of a turn's recording in the archive."""
    return f"recordings/{_UNFIT.sub('_', turn_id)}.wav"


async def kept_of(engine: Engine, user_id: str) -> Kept:
    """Of a person whose key is loaded. Raises StorageError."""
    records, memories = engine.records, engine.memories
    known, _ = await memories.ledger.of(user_id, memories.embedder.name)
    return Kept(
        user_id,
        engine.now(),
        engine.settings.memory.timezone,
        await records.baseline(user_id),
        await engine.consents.history(user_id),
        {purpose: await engine.consents.allowed(user_id, purpose) for purpose in PURPOSES},
        await engine.contacts.of(user_id),
        await Complaints(records.store, records.ring).of(user_id),
        tuple(known),
    )
