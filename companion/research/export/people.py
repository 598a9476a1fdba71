"""Whose talk may be in an export: who agreed, their quasi-identifiers in bands, and their sessions in pages."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from companion.consent.in_force import consents_in_force
from companion.records.consents import ConsentRow, Consents
from companion.records.contacts import Contacts
from companion.records.crypto import KeyRing, master_key
from companion.records.database import Store
from companion.records.habits import DutyRow, Habits
from companion.records.summaries import SummaryRow
from companion.records.tables import SessionRow
from companion.research.disclosure.bands import UNKNOWN, age_band, province
from companion.research.export.request import Filters
from memory.ledger import Ledger
from memory.types import Memory, Slot

if TYPE_CHECKING:
    from companion.records.repository import Records
    from companion.settings import Settings

# Declared, in the order in which they are worth keeping. The language shows in the words: classes are within one.
QUASI = ("age_band", "gender", "province")
_PAGE = 500
_HE = re.compile(r"(?<![a-z])(?:he|him|his)(?![a-z])|他(?!们)|男", re.IGNORECASE)
_SHE = re.compile(r"(?<![a-z])(?:she|her|hers)(?![a-z])|她(?!们)|女", re.IGNORECASE)
_THEY = re.compile(r"(?<![a-z])(?:they|them)(?![a-z])|\bta\b|TA", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Session:
    """One talk. number: of the person's talks that fit, from 0."""

    id: str
    number: int
    started_at: float
    persona: str | None
    language: str | None


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one person: quasi-identifiers in bands, the language of most of their talks, the worst level that was read
    (0..4), turns, and the texts of the consents in force; training None where they do not agree to it."""

    quasi: Mapping[str, str]
    language: str
    level: int
    turns: int
    research: str
    training: str | None


class Sources:
    """The records as an export reads them, with a key ring of its own, so that no session loses its key by it."""

    def __init__(self, store: Store, ring: KeyRing, consents: Consents, timezone: str) -> None:
        self.store, self.ring, self.consents, self.timezone = store, ring, consents, timezone
        self.contacts, self.ledger = Contacts(store, ring), Ledger(store, ring)

    @classmethod
    def open(cls, settings: Settings, records: Records) -> Sources:
        """Over the records that are open. Raises ConfigurationError for a master key of the wrong form."""
        ring = KeyRing(records.store.sessions, master_key(settings))
        zone = settings.memory.timezone
        consents = consents_in_force(settings.consent, records.store, ring, Habits(records.store, zone), time.time)
        return cls(records.store, ring, consents, zone)

    async def agrees(self, user_id: str, purpose: str = "research") -> bool:
        """Whether they said yes to this purpose in the version in force, looked up anew (a child: their guardian)."""
        self.consents.forget(user_id)
        return await self.consents.given(user_id, purpose) is True

    async def candidates(self, filters: Filters, as_of: float) -> AsyncIterator[str]:
        """Ids of those who agree and have a session that fits, in the order of their ids, a page in memory."""
        after = ""
        once = select(col(ConsentRow.user_id)).where(col(ConsentRow.purpose) == "research", col(ConsentRow.given))
        base = select(col(SummaryRow.user_id)).join(SessionRow, col(SessionRow.id) == col(SummaryRow.session_id))
        base = base.where(*conditions(filters, as_of), col(SummaryRow.user_id).in_(once)).distinct()
        while True:
            query = base.where(col(SummaryRow.user_id) > after).order_by(col(SummaryRow.user_id)).limit(_PAGE)

            async def work(session: AsyncSession, query: Any = query) -> list[str]:
                return list((await session.execute(query)).scalars())

            found = await self.store.transaction(work)
            for user_id in found:
                if await self.agrees(user_id):
                    yield user_id
            if len(found) < _PAGE:
                return
            after = found[-1]

    async def at_least(self, k: int, filters: Filters, as_of: float) -> bool:
        """Whether k people fit. Nobody counts further."""
        count = 0
        async for _ in self.candidates(filters, as_of):
            count += 1
            if count >= k:
                return True
        return False

    async def facts(self, user_id: str, filters: Filters, as_of: float) -> Facts | None:
        """None for somebody who does not agree (any more), or of whom nothing fits. Loads their key.

        Raises StorageError.
        """
        if not await self.agrees(user_id):
            return None
        mine = [*conditions(filters, as_of), col(SummaryRow.user_id) == user_id]
        grouped = select(
            col(SummaryRow.language), func.count(), func.sum(col(SummaryRow.turns)), func.max(col(SummaryRow.level))
        ).join(SessionRow, col(SessionRow.id) == col(SummaryRow.session_id))

        async def work(session: AsyncSession) -> tuple[Sequence[Any], int | None]:
            rows = (await session.execute(grouped.where(*mine).group_by(col(SummaryRow.language)))).all()
            born = await session.scalar(select(col(DutyRow.born)).where(col(DutyRow.user_id) == user_id))
            return rows, born

        rows, born = await self.store.transaction(work)
        if not rows:
            return None
        await self.ring.load(user_id)
        memories, _ = await self.ledger.of(user_id, "")
        main = max(rows, key=lambda row: (row[1], row[0] or ""))[0]
        year = datetime.fromtimestamp(as_of, UTC).year
        quasi = {
            "age_band": age_band(year - born if born is not None else _age(memories)),
            "gender": _gender(memories),
            "province": _province(memories),
        }
        training = self._version("training") if await self.consents.given(user_id, "training") is True else None
        level = max(row[3] or 0 for row in rows)
        return Facts(
            quasi, main or UNKNOWN, level, sum(row[2] or 0 for row in rows), self._version("research"), training
        )

    async def sessions(self, user_id: str, filters: Filters, as_of: float) -> AsyncIterator[Session]:
        """Their talks that fit, oldest first, a page in memory."""
        started, named = col(SummaryRow.started_at), col(SummaryRow.session_id)
        wanted = (named, started, col(SessionRow.persona), col(SummaryRow.language))
        base = select(*wanted).join(SessionRow, col(SessionRow.id) == named)
        base = base.where(*conditions(filters, as_of), col(SummaryRow.user_id) == user_id).order_by(started, named)
        number = 0
        while True:

            async def work(session: AsyncSession, at: int = number) -> Sequence[Any]:
                return (await session.execute(base.offset(at).limit(_PAGE))).all()

            rows = await self.store.transaction(work)
            for row in rows:
                yield Session(row[0], number, row[1], row[2], row[3])
                number += 1
            if len(rows) < _PAGE:
                return

    def _version(self, purpose: str) -> str:
        return self.consents.version(purpose)


def conditions(filters: Filters, as_of: float) -> list[Any]:
    """On SummaryRow joined with its SessionRow."""
    row, found = SummaryRow, [col(SummaryRow.started_at) <= as_of, col(SummaryRow.turns) >= filters.min_turns]
    if filters.since is not None:
        found.append(col(row.started_at) >= filters.since)
    if filters.until is not None:
        found.append(col(row.started_at) < filters.until)
    if filters.language is not None:
        found.append(col(row.language) == filters.language)
    if filters.persona is not None:
        found.append(col(SessionRow.persona) == filters.persona)
    if filters.model is not None:
        found.append(cast(col(row.models), String).contains(f'"{filters.model}"', autoescape=True))
    if filters.rated is not None:
        found.append((col(row.likes) if filters.rated == "like" else col(row.dislikes)) > 0)
    return found


def _age(memories: Sequence[Memory]) -> int | None:
    for memory in reversed(memories):
        if memory.slot is Slot.AGE and memory.valid_to is None:
            said = re.search(r"\d{1,3}", memory.claim.value if memory.claim else memory.text)
            return int(said[0]) if said else None
    return None


def _gender(memories: Sequence[Memory]) -> str:
    for memory in reversed(memories):
        if memory.slot is Slot.PRONOUNS and memory.valid_to is None:
            told = memory.claim.value if memory.claim else memory.text
            kinds = [kind for kind, form in (("female", _SHE), ("male", _HE), ("other", _THEY)) if form.search(told)]
            return kinds[0] if len(kinds) == 1 else UNKNOWN
    return UNKNOWN


def _province(memories: Sequence[Memory]) -> str:
    for memory in reversed(memories):
        at_home = memory.slot is Slot.HOME or (memory.claim is not None and memory.claim.key == "home")
        if at_home and memory.valid_to is None:
            found = province(memory.claim.value if memory.claim else memory.text)
            if found != UNKNOWN:
                return found
    return UNKNOWN
