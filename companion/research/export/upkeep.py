"""What time and people do to exports: files that expire, and new versions without whoever took their consent back.

Somebody who was erased is found as somebody who withdrew is: their pseudonym stands in an export, and nobody who agrees
has it. Whoever agrees is looked up where a decision or an erasure came since the last time, and once a day, as a
child may have become known as one.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from companion.records.audit import OPERATOR
from companion.records.consents import ConsentRow
from companion.records.database import Work
from companion.records.exports import ExportNoticeRow, ExportRow
from companion.research.disclosure.pseudonyms import Pseudonyms
from companion.research.export.job import Job
from companion.research.export.parts import removed
from companion.research.export.request import PAIRS, Request

TRAINING = "training:"  # before a tombstone of somebody who is to be taken out of kto and dpo only
_LOOKED_S = 86_400.0
_PAGE = 500
_log = logging.getLogger(__name__)
_LIVE = ("requested", "queued", "running", "review", "published")


class Upkeep:
    """Over a job's records. Raises StorageError, OSError."""

    def __init__(self, job: Job) -> None:
        self._job, self._register, self._audit, self._now = job, job.register, job.audit, job.now

    async def sweep(self) -> int:
        """Do all that is due; how many exports it changed."""
        changed = 0
        for row in await self._register.all(states=["published", "superseded", "failed"]):
            if row.expires_at is not None and row.expires_at <= self._now():
                changed += await self._expire(row)
        marks, agreeing = await self._register.marks(), None
        for row in await self._register.all(states=["published", "review"]):
            seen = row.marks or {}
            stale = any(seen.get(name) != mark for name, mark in marks.items())
            if stale or self._now() - seen.get("at", 0.0) > _LOOKED_S:
                agreeing = await self._agreeing() if agreeing is None else agreeing
                changed += await self._look(row, marks, agreeing)
        return changed

    @asynccontextmanager
    async def running(self, every_s: float, sweep_s: float) -> AsyncIterator[None]:
        """Make exports and look after them until the block ends."""
        tasks = [asyncio.create_task(self._keep_making(every_s)), asyncio.create_task(self._keep_sweeping(sweep_s))]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep_making(self, every_s: float) -> None:
        while True:
            try:
                found = await self._job.next()
            except Exception as error:  # the next one may do better
                _log.warning("exports wait: %s", type(error).__name__)
                found = None
            if found is None:
                await asyncio.sleep(every_s)

    async def _keep_sweeping(self, sweep_s: float) -> None:
        while True:
            try:
                await self.sweep()
            except Exception as error:
                _log.warning("exports are looked after later: %s", type(error).__name__)
            await asyncio.sleep(sweep_s)

    async def _expire(self, row: ExportRow) -> int:
        now = self._now()
        also = [self._audit.row(now, OPERATOR, "research.expire", object_id=row.id)]
        if row.state == "published":
            also.append(self._notice(row, "expired", now))
        if not await self._register.change(row.id, [row.state], {"state": "expired", "finished_at": now}, also):
            return 0
        await asyncio.to_thread(removed, self._job.folders.ready(row.id))
        others = await self._register.all(lineage=row.lineage, states=_LIVE)
        if not others:  # nobody holds it lawfully any more: from now on nobody can go back to a person
            await asyncio.to_thread(self._job.folders.keys.destroy, row.lineage)
        return 1

    async def _look(self, row: ExportRow, marks: Mapping[str, float], agreeing: Mapping[str, bool]) -> int:
        """Whether everybody in it still agrees; else there is another version, or it is made anew."""
        key = await asyncio.to_thread(self._job.folders.keys.there, row.lineage)
        if key is None:
            _log.error("the key of an export is gone: whoever takes their consent back cannot be found in it")
            return 0
        names = Pseudonyms(key)
        there = {names.person(user_id): training for user_id, training in agreeing.items()}
        if row.state == "review":
            changed = await self._left_review(row, there)
        else:
            gone = await self._gone(row, there)
            changed = bool(gone) and await self._supersede(row, gone)
        if not changed:
            await self._register.change(row.id, [row.state], {"marks": {**marks, "at": self._now()}})
        return int(changed)

    async def _gone(self, row: ExportRow, there: Mapping[str, bool]) -> list[str]:
        """Tombstones of those who are in it and do not agree any more. there: pseudonym -> to training too."""
        pairs = bool(PAIRS & set(Request.from_json(row.request).formats))
        gone = []
        for person, training in (await self._register.members(row.id)).items():
            if person not in there:
                gone.append(person)
            elif pairs and training and not there[person]:
                gone.append(TRAINING + person)
        return gone

    async def _agreeing(self) -> dict[str, bool]:
        """Everybody who agrees to research -> whether to training too."""
        sources, found, after = self._job.sources, dict[str, bool](), ""
        yes = (col(ConsentRow.purpose) == "research") & col(ConsentRow.given)
        while True:
            query = select(col(ConsentRow.user_id)).where(yes, col(ConsentRow.user_id) > after).distinct()

            async def work(session: AsyncSession, query: Any = query) -> list[str]:
                return list((await session.execute(query.order_by(col(ConsentRow.user_id)).limit(_PAGE))).scalars())

            page = await sources.store.transaction(work)
            for user_id in page:
                if await sources.agrees(user_id):
                    found[user_id] = await sources.consents.given(user_id, "training") is True
            if len(page) < _PAGE:
                return found
            after = page[-1]

    async def _supersede(self, row: ExportRow, gone: list[str]) -> bool:
        """The export is no more; one without them is made, under the same approval, and its holder is told."""
        now, made = self._now(), f"export_{uuid.uuid4().hex}"
        values: dict[str, Any] = row.model_dump() | {
            "id": made,
            "version": row.version + 1,
            "requested_at": now,
            "state": "queued",
            **dict.fromkeys(("worker", "lease_until", "progress", "counts", "report", "failure", "marks")),
            **dict.fromkeys(("finished_at", "expires_at")),
        }

        async def next_version(session: AsyncSession) -> None:
            session.add(ExportRow(**values))
            await session.flush()

        also: list[Work] = [
            self._register.buried(row.lineage, row.version + 1, gone),
            self._notice(row, "superseded", now, made, len(gone)),
            next_version,
            self._audit.row(now, OPERATOR, "research.supersede", object_id=row.id, tombstones=len(gone)),
        ]
        if not await self._register.change(row.id, ["published"], {"state": "superseded"}, also):
            return False
        await asyncio.to_thread(removed, self._job.folders.ready(row.id))
        return True

    async def _left_review(self, row: ExportRow, there: Mapping[str, bool]) -> bool:
        """What waits for a human holds nothing of somebody who took their consent back: it is made anew."""
        folder = self._job.folders.work(row.id)
        parts = folder / "parts"
        gone = [path for path in parts.iterdir() if path.name not in there] if parts.is_dir() else []
        if not gone:
            return False
        (folder / "flags.jsonl").unlink(missing_ok=True)
        for path in gone:
            path.unlink(missing_ok=True)
        return await self._register.change(row.id, ["review"], {"state": "queued"})

    def _notice(self, row: ExportRow, kind: str, now: float, successor: str | None = None, gone: int = 0) -> Work:
        values: dict[str, Any] = {"id": f"notice_{uuid.uuid4().hex}", "export_id": row.id, "at": now}
        values |= {"staff_id": row.requested_by, "kind": kind, "successor": successor, "tombstones": gone}

        async def work(session: AsyncSession) -> None:
            session.add(ExportNoticeRow(**values))
            await session.flush()

        return work
