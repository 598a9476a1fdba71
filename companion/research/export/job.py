"""Runs approved exports, one after another, in whichever process finds one: lease, progress, failure."""

from __future__ import annotations

import asyncio
import errno
import logging
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from companion.errors import CompanionError, StorageError
from companion.records.audit import OPERATOR, Audit
from companion.records.exports import ExportRow
from companion.research.export.folders import Folders
from companion.research.export.outcome import Failed, Lost
from companion.research.export.parts import removed
from companion.research.export.people import Sources
from companion.research.export.register import LEASE_S, Register

if TYPE_CHECKING:
    from companion.research.deidentify import Deidentifier
    from companion.research.export.run import Run

_log = logging.getLogger(__name__)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Job:
    """Over the records. root: see `Folders`. now: the clock, unix s; deidentifier: made when the first is run."""

    def __init__(
        self,
        sources: Sources,
        audit: Audit,
        root: Path,
        now: Callable[[], float],
        deidentifier: Callable[[], Deidentifier] | None = None,
    ) -> None:
        self.sources, self.audit, self.folders, self.now = sources, audit, Folders(root), now
        self.register = Register(sources.store)
        self.worker = uuid.uuid4().hex
        self.on_progress: Callable[[Mapping[str, Any]], None] = lambda progress: None
        self._make = deidentifier or _shipped
        self._made: Deidentifier | None = None

    async def next(self, only: str | None = None) -> ExportRow | None:
        """Run one that waits; it as it is then, None where none waits. only: the one of this id.

        Raises StorageError where the database is away; the export goes on when its lease has run out.
        """
        row = await self.register.claim(self.worker, self.now(), only)
        if row is None:
            return None
        try:
            if self._made is None:
                self._made = await asyncio.to_thread(self._make)
            from companion.research.export.run import Run  # it needs the research extra

            run = Run(row, self.sources, self.register, self.audit, self.folders, self.now, self._made)
            run.on_progress = self.on_progress
            async with self._leased(run):
                await run.go()
        except Lost:
            _log.info("an export goes on elsewhere, or was taken back")
        except Failed as failure:
            await self._failed(row, failure.code, failure.counts)
        except OSError as error:
            await self._failed(row, "disk_full" if error.errno in _FULL else "io_error", {})
        except StorageError as error:
            if error.retryable:
                raise
            await self._failed(row, "storage_error", {})
        except ImportError:
            _log.error("an export needs pip install 'companion[research]'")
            await self._failed(row, "not_installed", {})
        except CompanionError as error:
            _log.error("an export cannot be made: %s", error)
            await self._failed(row, "unusable", {})
        return await self.register.get(row.id)

    async def _failed(self, row: ExportRow, code: str, counts: Mapping[str, int]) -> None:
        """Nothing is left that could be taken for an export."""
        for folder in (self.folders.work(row.id), self.folders.ready(row.id)):
            await asyncio.to_thread(removed, folder)
        now = self.now()
        values: dict[str, Any] = {"state": "failed", "failure": code, "counts": dict(counts) or None}
        told = self.audit.row(now, OPERATOR, "research.fail", object_id=row.id, code=code, leaks=counts.get("leaks", 0))
        values |= {"finished_at": now, "lease_until": None}
        await self.register.change(row.id, ["running"], values, [told])
        _log.warning("an export failed: %s", code)

    @asynccontextmanager
    async def _leased(self, run: Run) -> AsyncIterator[None]:
        """Say now and then how far it is; the run stops at its next step where somebody else has it."""

        async def renew() -> None:
            while True:
                with suppress(StorageError):
                    run.lost = not await self.register.renew(run.row.id, self.worker, self.now(), run.progress)
                await asyncio.sleep(LEASE_S / 20)

        renewing = asyncio.create_task(renew())
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)


def _shipped() -> Deidentifier:
    from companion.research.deidentify import Deidentifier

    return Deidentifier.shipped()
