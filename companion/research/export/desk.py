"""What staff do about exports: ask, agree, decide on rare content, download. Every act is a row of the audit.

A researcher sees their own exports only; supervisors and admins see what was asked for and agree to it, never to their
own, and download nothing: who reads named sessions must not be able to match them with an export.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from companion.errors import InputError
from companion.records.exports import ExportNoticeRow, ExportRow
from companion.records.staff import Staff
from companion.research.export.job import Job
from companion.research.export.manifest import CARD, CROISSANT, MANIFEST
from companion.research.export.package import data_files
from companion.research.export.parts import removed
from companion.research.export.rarities import Decision, Flagged, read_flags
from companion.research.export.request import Request, checked, checked_purpose

APPROVERS = frozenset({"supervisor", "admin"})
OPEN = 5  # requests of one researcher that may wait for approval; authored
_ID = re.compile(r"export_[0-9a-f]{32}")


class Exports:
    """Over a job's records. Times: unix s, of the job's clock. Raises StorageError."""

    def __init__(self, job: Job) -> None:
        self._job, self._register, self._audit, self._now = job, job.register, job.audit, job.now

    async def ask(self, staff: Staff, purpose: str, request: Request) -> ExportRow:
        """Ask for one. Raises InputError: forbidden, invalid_request, too_many_requests; too_few_people where fewer
        than k people fit, which does not tell how many do."""
        if "researcher" not in staff.roles:
            raise InputError("only a researcher asks for an export", code="forbidden")
        now = self._now()
        request, purpose = checked(request, now), checked_purpose(purpose)
        if len(await self._register.all(by=staff.id, states=["requested"])) >= OPEN:
            raise InputError(f"{OPEN} requests of yours wait for approval already", code="too_many_requests")
        if not await self._job.sources.at_least(request.k, request.filters, now):
            await self._audit.write(now, staff.id, "research.refuse", code="too_few_people", k=request.k)
            raise InputError(
                f"fewer than {request.k} people who agreed to research fit these filters: ask for more of them",
                code="too_few_people",
            )
        made = f"export_{uuid.uuid4().hex}"
        row = ExportRow(
            id=made,
            lineage=made,
            version=1,
            requested_by=staff.id,
            requested_at=now,
            purpose=purpose,
            request=request.to_json(),
            state="requested",
        )
        told = self._audit.row(now, staff.id, "research.request", object_id=made, k=request.k, public=request.public)
        await self._register.add(row, [told])
        return row

    async def see(self, staff: Staff, export_id: str) -> ExportRow:
        """One that they may see. Raises InputError (not_found), for one that is not there as for another's."""
        row = await self._register.get(export_id) if _ID.fullmatch(export_id) else None
        if row is None or not (row.requested_by == staff.id or staff.roles & APPROVERS):
            raise InputError("no export of this id is among those that you may see", code="not_found")
        return row

    async def read(self, staff: Staff, export_id: str) -> tuple[ExportRow, list[ExportNoticeRow], list[str]]:
        """The export, what its holders were told, and the names of the files that may be downloaded now."""
        row = await self.see(staff, export_id)
        await self._audit.write(self._now(), staff.id, "research.read", object_id=row.id)
        return row, await self._register.notices(row.id), self.files(row)

    async def listed(self, staff: Staff, latest: int = 200) -> list[ExportRow]:
        """Their own; of an approver, all. Newest first."""
        by = None if staff.roles & APPROVERS else staff.id
        found = await self._register.all(by=by, latest=latest)
        await self._audit.write(self._now(), staff.id, "research.list", rows=len(found))
        return found

    async def approve(self, staff: Staff, export_id: str, *, crisis_text: bool = False) -> ExportRow:
        """Agree: it is made as soon as a process is free, of what there is now. crisis_text: words of turns in danger
        too, where that was asked for. Raises InputError: not_found, forbidden, not_waiting."""
        row = await self._to_decide(staff, export_id)
        now = self._now()
        allowed = crisis_text and bool(row.request["crisis_text"])
        values: dict[str, Any] = {"state": "queued", "approved_by": staff.id, "approved_at": now, "as_of": now}
        told = self._audit.row(now, staff.id, "research.approve", object_id=row.id, crisis_text=allowed)
        await self._changed(row, "requested", values | {"crisis_text": allowed}, told)
        return await self.see(staff, export_id)

    async def decline(self, staff: Staff, export_id: str) -> ExportRow:
        """Say no. Raises InputError: not_found, forbidden, not_waiting."""
        row = await self._to_decide(staff, export_id)
        now = self._now()
        told = self._audit.row(now, staff.id, "research.decline", object_id=row.id)
        values = {"state": "declined", "approved_by": staff.id, "approved_at": now, "finished_at": now}
        await self._changed(row, "requested", values, told)
        return await self.see(staff, export_id)

    async def flags(self, staff: Staff, export_id: str, *, after: int, limit: int) -> tuple[list[Flagged], list[str]]:
        """Rare content that waits for a decision, from the after-th on, and the ids of all that were decided.

        Raises InputError: not_found, forbidden, not_waiting.
        """
        row = await self._to_decide(staff, export_id)
        if row.state != "review":
            raise InputError("nothing of this export waits for a decision", code="not_waiting")
        path = self._job.folders.work(row.id) / "flags.jsonl"
        found = list(islice(read_flags(path), after, after + limit))
        await self._audit.write(self._now(), staff.id, "research.flags", object_id=row.id, flags=len(found))
        return found, sorted(await self._register.decisions(row.lineage))

    async def decide(
        self, staff: Staff, export_id: str, decisions: Mapping[str, Decision], *, rest: Decision | None
    ) -> ExportRow:
        """What becomes of rare content. rest: of what is not named; None: it waits. Goes on once all is decided.

        Raises InputError: not_found, forbidden, not_waiting, invalid_request for a flag that is not there.
        """
        row = await self._to_decide(staff, export_id)
        there = {flag.id for flag in read_flags(self._job.folders.work(row.id) / "flags.jsonl")}
        if unknown := set(decisions) - there:
            raise InputError(f"{len(unknown)} of these flags are not of this export", code="invalid_request")
        known = await self._register.decisions(row.lineage)
        made: dict[str, str] = dict(decisions)
        if rest is not None:
            made |= dict.fromkeys(there - set(known) - set(decisions), rest)
        now, waiting = self._now(), there - set(known) - set(made)
        kept = sum(decision == "keep" for decision in made.values())
        told = self._audit.row(
            now, staff.id, "research.decide", object_id=row.id, mask=len(made) - kept, keep=kept, left=len(waiting)
        )
        values = {"state": "review", "progress": {"stage": "review", "flags": len(waiting)}}
        if not waiting:
            values = {"state": "queued", "progress": {"stage": "queued"}}
        kept_rows = self._register.decided(row.lineage, made, staff.id, now)
        await self._changed(row, "review", values, kept_rows, told)
        return await self.see(staff, export_id)

    def files(self, row: ExportRow) -> list[str]:
        """Names of what may be downloaded of it now."""
        if row.state != "published" or (row.expires_at or 0.0) <= self._now():
            return []
        return [*data_files(Request.from_json(row.request).formats), MANIFEST, CARD, CROISSANT]

    async def download(self, staff: Staff, export_id: str, name: str) -> Path:
        """A file of their own export. Raises InputError (not_found): also for one that expired or was superseded."""
        row = await self.see(staff, export_id)
        path = self._job.folders.ready(row.id) / name
        if row.requested_by != staff.id or name not in self.files(row) or not path.is_file():
            raise InputError("this export has no such file to download", code="not_found")
        now, place = self._now(), name.replace(".", "_")
        await self._audit.write(now, staff.id, "research.download", object_id=row.id, file=place)
        return path

    async def cancel(self, staff: Staff, export_id: str) -> ExportRow:
        """The one who asked takes it back before it is published. Raises InputError: not_found, not_waiting."""
        row = await self.see(staff, export_id)
        if row.requested_by != staff.id:
            raise InputError("only the one who asked takes it back", code="forbidden")
        now, states = self._now(), ("requested", "queued", "running", "review")
        told = self._audit.row(now, staff.id, "research.cancel", object_id=row.id)
        values = {"state": "declined", "finished_at": now, "lease_until": None}
        if not await self._register.change(row.id, states, values, [told]):
            raise InputError("this export waits for nothing any more", code="not_waiting")
        removed(self._job.folders.work(row.id))
        return await self.see(staff, export_id)

    async def _to_decide(self, staff: Staff, export_id: str) -> ExportRow:
        """One that they may decide on: somebody else's. Raises InputError: not_found, forbidden."""
        row = await self.see(staff, export_id)
        if not staff.roles & APPROVERS:
            raise InputError("a supervisor or an admin decides on an export", code="forbidden")
        if row.requested_by == staff.id:
            raise InputError("somebody else must approve what you asked for", code="forbidden")
        return row

    async def _changed(self, row: ExportRow, state: str, values: Mapping[str, Any], *also: Any) -> None:
        works: Sequence[Any] = also
        if not await self._register.change(row.id, [state], values, works):
            raise InputError("this export stands otherwise by now: read it again", code="not_waiting")
