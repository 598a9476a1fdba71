"""Exports of one process: what staff do about them, and the task that makes them and looks after them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from litestar import Request

from companion.records.audit import Audit
from companion.records.repository import Records
from companion.research.export.desk import Exports
from companion.research.export.job import Job
from companion.research.export.people import Sources
from companion.research.export.upkeep import Upkeep
from companion.settings import Settings


class Exporting:
    """Over the records. now: the clock, unix s."""

    def __init__(self, settings: Settings, records: Records, audit: Audit, now: Callable[[], float]) -> None:
        sources = Sources.open(settings, records)
        self.job = Job(sources, audit, settings.research_folder, now)
        self.exports, self.upkeep = Exports(self.job), Upkeep(self.job)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, settings: Settings, records: Records, audit: Audit, now: Callable[[], float]
    ) -> AsyncIterator[Exporting]:
        """One that makes what was approved, where the settings say so."""
        made, wanted = cls(settings, records, audit, now), settings.research
        if not wanted.run:
            yield made
            return
        async with made.upkeep.running(wanted.every_s, wanted.sweep_s):
            yield made


def exports_of(request: Request[Any, Any, Any]) -> Exports:
    """Those of this process."""
    exporting: Exporting = request.app.state.exporting
    return exporting.exports
