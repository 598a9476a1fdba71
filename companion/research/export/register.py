"""Exports on record: added, claimed by one process, changed from one state to the next, each in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from companion.records.consents import ConsentRow
from companion.records.database import Store, Work
from companion.records.exports import (
    ExportFlagRow,
    ExportMemberRow,
    ExportNoticeRow,
    ExportRow,
    ExportTombstoneRow,
)
from companion.records.tables import ErasureRow
from companion.research.export.package import Member

LEASE_S = 60.0  # after which a process that says nothing is believed dead
_members: Any = ExportMemberRow.__table__  # type: ignore[attr-defined]
_tombstones: Any = ExportTombstoneRow.__table__  # type: ignore[attr-defined]


class Register:
    """Over the database. Times: unix s. Raises StorageError."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def add(self, row: ExportRow, also: Sequence[Work] = ()) -> None:
        """A new export, or a new version of one."""
        values = row.model_dump()

        async def work(session: AsyncSession) -> None:
            session.add(ExportRow(**values))
            await session.flush()
            for each in also:
                await each(session)

        await self.store.transaction(work)

    async def get(self, export_id: str) -> ExportRow | None:
        """The export of this id."""

        async def work(session: AsyncSession) -> ExportRow | None:
            return await session.get(ExportRow, export_id)

        return await self.store.transaction(work)

    async def all(
        self, *, by: str | None = None, states: Collection[str] = (), lineage: str | None = None, latest: int = 200
    ) -> list[ExportRow]:
        """The latest that fit, newest first."""
        query = select(ExportRow).order_by(col(ExportRow.requested_at).desc(), col(ExportRow.version).desc())
        if by is not None:
            query = query.where(col(ExportRow.requested_by) == by)
        if states:
            query = query.where(col(ExportRow.state).in_(sorted(states)))
        if lineage is not None:
            query = query.where(col(ExportRow.lineage) == lineage)

        async def work(session: AsyncSession) -> list[ExportRow]:
            return list((await session.execute(query.limit(latest))).scalars())

        return await self.store.transaction(work)

    async def change(
        self, export_id: str, states: Collection[str], values: Mapping[str, Any], also: Sequence[Work] = ()
    ) -> bool:
        """Change it, where it is in one of these states, and do `also` in the same transaction; whether it was."""
        mine = (col(ExportRow.id) == export_id) & col(ExportRow.state).in_(sorted(states))

        async def work(session: AsyncSession) -> bool:
            done: Any = await session.execute(update(ExportRow).where(mine).values(**values))
            if done.rowcount:
                for each in also:
                    await each(session)
            return bool(done.rowcount)

        return await self.store.transaction(work)

    async def claim(self, worker: str, now: float, only: str | None = None) -> ExportRow | None:
        """One that waits, or whose process died, is this worker's now; None where there is none. only: its id."""
        idle = or_(col(ExportRow.lease_until).is_(None), col(ExportRow.lease_until) < now)
        waiting = or_(col(ExportRow.state) == "queued", and_(col(ExportRow.state) == "running", idle))
        query = select(col(ExportRow.id)).where(waiting).order_by(col(ExportRow.requested_at)).limit(1)
        if only is not None:
            query = query.where(col(ExportRow.id) == only)

        async def work(session: AsyncSession) -> ExportRow | None:
            found = await session.scalar(query)
            if found is None:
                return None
            values = {"state": "running", "worker": worker, "lease_until": now + LEASE_S}
            mine = update(ExportRow).where(col(ExportRow.id) == found, waiting).values(**values)
            done: Any = await session.execute(mine)
            return await session.get(ExportRow, found, populate_existing=True) if done.rowcount else None

        return await self.store.transaction(work)

    async def renew(self, export_id: str, worker: str, now: float, progress: Mapping[str, Any]) -> bool:
        """Still at it; False where another process has taken it over."""
        mine = (col(ExportRow.id) == export_id) & (col(ExportRow.worker) == worker)
        values = {"lease_until": now + LEASE_S, "progress": dict(progress)}

        async def work(session: AsyncSession) -> bool:
            still = update(ExportRow).where(mine, col(ExportRow.state) == "running").values(**values)
            done: Any = await session.execute(still)
            return bool(done.rowcount)

        return await self.store.transaction(work)

    def has_members(self, export_id: str, members: Iterable[Member]) -> Work:
        """These are in the export; for a transaction."""
        rows = [{"export_id": export_id, "pseudonym": one.person, "training": one.training} for one in members]

        async def work(session: AsyncSession) -> None:
            await session.execute(delete(ExportMemberRow).where(col(ExportMemberRow.export_id) == export_id))
            if rows:
                await session.execute(insert(_members), rows)

        return work

    async def members(self, export_id: str) -> dict[str, bool]:
        """Pseudonym -> whether pairs of theirs are in it too."""

        async def work(session: AsyncSession) -> dict[str, bool]:
            mine = select(ExportMemberRow).where(col(ExportMemberRow.export_id) == export_id)
            return {row.pseudonym: row.training for row in (await session.execute(mine)).scalars()}

        return await self.store.transaction(work)

    def buried(self, lineage: str, version: int, pseudonyms: Iterable[str]) -> Work:
        """These are in no version from this one on; for a transaction."""
        gone = sorted(pseudonyms)

        async def work(session: AsyncSession) -> None:
            mine = select(col(ExportTombstoneRow.pseudonym)).where(col(ExportTombstoneRow.lineage) == lineage)
            there = set((await session.execute(mine)).scalars())
            rows = [{"lineage": lineage, "pseudonym": p, "version": version} for p in gone if p not in there]
            if rows:
                await session.execute(insert(_tombstones), rows)

        return work

    async def tombstones(self, lineage: str) -> list[str]:
        """Pseudonyms of those who are gone, sorted."""

        async def work(session: AsyncSession) -> list[str]:
            mine = select(col(ExportTombstoneRow.pseudonym)).where(col(ExportTombstoneRow.lineage) == lineage)
            return sorted((await session.execute(mine)).scalars())

        return await self.store.transaction(work)

    async def decisions(self, lineage: str) -> dict[str, str]:
        """Flag -> mask or keep."""

        async def work(session: AsyncSession) -> dict[str, str]:
            mine = select(ExportFlagRow).where(col(ExportFlagRow.lineage) == lineage)
            return {row.flag: row.decision for row in (await session.execute(mine)).scalars()}

        return await self.store.transaction(work)

    def decided(self, lineage: str, decisions: Mapping[str, str], by: str, now: float) -> Work:
        """What somebody decided; for a transaction."""

        async def work(session: AsyncSession) -> None:
            for flag, decision in sorted(decisions.items()):
                row = ExportFlagRow(lineage=lineage, flag=flag, decision=decision, decided_by=by, decided_at=now)
                await session.merge(row)

        return work

    async def notices(self, export_id: str) -> list[ExportNoticeRow]:
        """What its holders were told, oldest first."""

        async def work(session: AsyncSession) -> list[ExportNoticeRow]:
            mine = select(ExportNoticeRow).where(col(ExportNoticeRow.export_id) == export_id)
            return list((await session.execute(mine.order_by(col(ExportNoticeRow.at)))).scalars())

        return await self.store.transaction(work)

    async def marks(self) -> dict[str, float]:
        """How far decisions and erasures have come: where this is unchanged, so is who agrees to research."""
        ours = col(ConsentRow.purpose).in_(("research", "training"))

        async def work(session: AsyncSession) -> dict[str, float]:
            consent = await session.scalar(select(func.max(col(ConsentRow.id))).where(ours))
            erasures = await session.scalar(select(func.count()).select_from(ErasureRow))
            return {"consent": consent or 0, "erasures": erasures or 0}

        return await self.store.transaction(work)
