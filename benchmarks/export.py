"""How fast an export is made, and how much memory that takes, over 100,000 turns of people who never were.

The database (SQLite) is filled by `companion seed`, and everybody agrees to research and training. Value: turns that
are de-identified a second of one core, from sealed rows to parts on the disk. In `detail`: turns and rows written a
second when the formats are made of the parts; growth of resident memory, from what the process holds after an export of
the oldest talks (models are loaded, libraries warm) to the most while that of all of them is made; rows, and seconds of
each stage. There is no peer: nothing open makes such exports.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.research import Exporting
from api.staff.access import Access
from benchmarks.result import Result
from companion.consent.purposes import wordings
from companion.records import database
from companion.records.audit_head import HEAD_FILE
from companion.records.consents import ConsentRow
from companion.records.repository import Records, open_records
from companion.records.staff import Staff
from companion.records.tables import UserRow
from companion.research.export.request import FORMATS, Filters, Request
from companion.seeding.writing import Amount, seed
from companion.settings import Database, Settings

_PURPOSE = "to measure how fast an export of made-up talks is made"
_GROWTH_MIB, _MASKED, _WRITTEN = 30.0, 300.0, 10_000.0
_EVERY_S = 0.25
_OLD_S = 120 * 86_400.0  # of the 180 days that are seeded: about a quarter of the talks


def run(turns: int = 100_000, folder: Path | None = None) -> Result:
    """folder: where the database is, or will be, kept (None: for this run only)."""
    with TemporaryDirectory(prefix="companion-bench-") as name:
        return asyncio.run(_measured(folder or Path(name), turns))


async def _measured(folder: Path, turns: int) -> Result:
    folder.mkdir(parents=True, exist_ok=True)
    settings = Settings(data_dir=folder, database=Database(url=f"sqlite+aiosqlite:///{folder / 'companion.db'}"))
    there = (folder / "companion.db").exists()
    await asyncio.to_thread(database.upgrade, settings.database_url)
    async with open_records(settings) as records:
        access = Access(records, folder / HEAD_FILE)
        if not there:
            days = settings.consent.audio_days
            amount = Amount(turns // 40, turns, turns // 400)
            await seed(records, access.accounts, access.audit, amount, time.time(), audio_days=days)
            await _agreed(records, settings)
        exporting = Exporting(settings, records, access.audit, time.time)
        oldest = Request(formats=FORMATS, filters=Filters(until=time.time() - _OLD_S))
        warm = _Watch(exporting)
        await warm.over(oldest)
        watch = _Watch(exporting)
        row = await watch.over(Request(formats=FORMATS))
    counts = row.counts or {}
    rows = sum(count for name, count in counts.items() if name.startswith("rows_"))
    masked = watch.turns / watch.cpu["de_identification"]
    written = counts["turns"] / watch.seconds["package"]
    detail: dict[str, object] = {
        "turns": counts["turns"],
        "people": counts["people"],
        "turns_written_per_s": written,
        "rows_written_per_s": rows / watch.seconds["package"],
        "growth_mib": watch.growth,
        "resident_mib": watch.most,
        "warm_up_turns": warm.turns,
        **{f"{stage}_s": took for stage, took in watch.seconds.items()},
        **{f"{stage}_mib": most for stage, most in watch.stages.items()},
        **{name: count for name, count in counts.items() if name.startswith(("rows_", "flags_"))},
    }
    met = masked >= _MASKED and written >= _WRITTEN and watch.growth <= _GROWTH_MIB
    goal = (
        f"{_MASKED:g} turns/s a core de-identified, {_WRITTEN:g} turns/s written, "
        f"resident memory grows by {_GROWTH_MIB:g} MiB at most"
    )
    return Result("export", masked, "turns/s", "none", None, goal, met, 1, detail)


async def _agreed(records: Records, settings: Settings) -> None:
    texts = wordings(settings.consent.audio_days)

    async def work(session: AsyncSession) -> None:
        people = list((await session.execute(select(col(UserRow.id)))).scalars())
        rows = [
            {"user_id": user_id, "purpose": purpose, "given": True, "version": texts[purpose].version}
            | {"language": "zh", "at": time.time(), "by": "person", "guardian": None}
            for user_id in people
            for purpose in ("research", "training")
        ]
        await session.execute(insert(ConsentRow.__table__), rows)  # type: ignore[attr-defined]

    await records.store.transaction(work)


class _Watch:
    """One export while it is made: seconds and CPU of each stage, resident memory. growth, most: MiB."""

    def __init__(self, exporting: Exporting) -> None:
        self._exporting = exporting
        self.seconds: dict[str, float] = {}
        self.cpu: dict[str, float] = {}
        self.turns, self.growth, self.most = 0, 0.0, 0.0
        self.stages: dict[str, float] = {}  # the most in each, over what there was before

    async def over(self, request: Request) -> Any:
        """The row of an export that was asked for, agreed to, made, and whose rare content was masked."""
        asks, agrees = (Staff(f"bench.{role}", role, frozenset({role})) for role in ("researcher", "supervisor"))
        exports, job = self._exporting.exports, self._exporting.job
        gc.collect()
        self._first = self.most = _resident()
        watching = asyncio.create_task(self._sample())
        row = await exports.ask(asks, _PURPOSE, request)
        await exports.approve(agrees, row.id)
        job.on_progress = self._told
        made = await job.next(row.id)
        if made is not None and made.state == "review":
            await exports.decide(agrees, row.id, {}, rest="mask")
            made = await job.next(row.id)
        self._told({"stage": "end"})
        watching.cancel()
        assert made is not None and made.state == "published", made and made.failure
        self.growth = max(self.most, _resident()) - self._first
        return made

    _stage, _since, _cpu, _first = "start", 0.0, 0.0, 0.0

    def _told(self, progress: Mapping[str, Any]) -> None:
        stage = progress["stage"]
        if stage == "de_identification":
            self.turns = max(self.turns, progress["turns"])
        if stage == self._stage:
            return
        now, cpu = time.monotonic(), time.process_time()
        if self._stage != "start":
            self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + now - self._since
            self.cpu[self._stage] = self.cpu.get(self._stage, 0.0) + cpu - self._cpu
        self._stage, self._since, self._cpu = stage, now, cpu

    async def _sample(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_S)
            now = _resident()
            self.most = max(self.most, now)
            self.stages[self._stage] = max(self.stages.get(self._stage, 0.0), now - self._first)


def _resident() -> float:
    """MiB of this process."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _main(arguments: Sequence[str]) -> None:
    print(run(*([int(arguments[0])] if arguments else []), *map(Path, arguments[1:])).line())


if __name__ == "__main__":
    _main(sys.argv[1:])
