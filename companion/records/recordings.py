"""How long a recording stays: until it is understood and answered, and longer only where its person agreed.

An utterance that was acknowledged is durable, so nothing goes before its turn is on record with what was understood.
What goes is deleted from the spool first and then struck from the turn: cut off in between, the sweep does the rest.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from more_itertools import batched
from sqlalchemy import or_, select, text, true, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from companion.errors import StorageError
from companion.records.consents import Consents
from companion.records.repository import Records
from companion.records.tables import HAS_FILES, SessionRow, TurnRow
from companion.settings import Settings

_log = logging.getLogger(__name__)
# On record with what was understood, and no longer on its way: what the audio was needed for is over.
_UNDERSTOOD = col(TurnRow.state).in_(("answered", "cancelled", "failed")) & col(TurnRow.user_text).is_not(None)
_TAKEN_OUT = col(TurnRow.state) == "deleted"
_HAS_FILES = text(f"({HAS_FILES})")
_FILE = re.compile(r"(.+)(?:\.pcm|\.\d+\.image)(?:\.part)?")  # its turn's id, as the records name files
_ROWS = 500  # deleted at a time
_STRAY_S = 3600.0  # a file that belongs to no turn by then was never acknowledged; authored
_DAY_S = 86_400.0


class Recordings:
    """Over the records. Raises StorageError. A turn's images go as its audio does, and are never kept for longer."""

    def __init__(self, records: Records, consents: Consents, settings: Settings, now: Callable[[], float]) -> None:
        self._records, self._consents, self._now = records, consents, now
        self._kept_s = settings.consent.audio_days * _DAY_S
        self._unread_s = settings.consent.unread_days * _DAY_S
        self._resume_s, self._every_s = settings.resume.window_s, settings.consent.sweep_s

    async def answered(self, user_id: str, turn_ids: Sequence[str]) -> None:
        """These turns are on record: what need not be kept of them is deleted. A failure is left to the sweep."""
        try:
            keep = await self._consents.allowed(user_id, "audio_retention")
            await self._tidy(user_id, col(TurnRow.id).in_(turn_ids), keep=keep)
        except StorageError as error:
            _log.warning("a recording is deleted later: %s", error)

    async def withdrawn(self, user_id: str) -> int:
        """The person wants none kept: all go but those that are still to be answered; how many turns it was."""
        return await self._tidy(user_id, true(), keep=False)

    async def sweep(self) -> int:
        """Delete whatever need not be kept any more; how many turns it was."""
        now = self._now()

        async def work(session: AsyncSession) -> list[str]:
            return list((await session.execute(select(col(TurnRow.user_id)).where(_HAS_FILES).distinct())).scalars())

        count = 0
        for user_id in await self._records.store.transaction(work):
            keep = await self._consents.allowed(user_id, "audio_retention")
            count += await self._tidy(user_id, true(), keep=keep)
            old = col(TurnRow.created_at) < now - self._kept_s
            count += await self._tidy(user_id, old, keep=False)
            longest_s = self._kept_s if keep else self._unread_s
            count += await self._delete(user_id, self._given_up(now, longest_s), keep=False)
        await self._strays(now)
        return count

    @asynccontextmanager
    async def sweeping(self) -> AsyncIterator[None]:
        """Sweep now and then until the block ends."""
        task = asyncio.create_task(self._keep_sweeping())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _keep_sweeping(self) -> None:
        while True:
            try:
                if count := await self.sweep():
                    _log.info("recordings of %d turns were deleted", count)
            except Exception as error:  # the database is away: the next round comes
                _log.warning("recordings could not be swept: %s", type(error).__name__)
            await asyncio.sleep(self._every_s)

    async def _tidy(self, user_id: str, which: Any, *, keep: bool) -> int:
        """Delete what is over of these turns. keep: recordings, but not of what was taken out of the talk."""
        return await self._delete(user_id, which & (_UNDERSTOOD | _TAKEN_OUT), keep=keep)

    def _given_up(self, now: float, longest_s: float) -> Any:
        """Nobody understood or answered these for so long, and no client can come back to them."""
        there = or_(col(SessionRow.seen_at) > now - self._resume_s, col(SessionRow.started_at) > now - longest_s)
        gone = col(TurnRow.session_id).not_in(select(col(SessionRow.id)).where(there))
        return ~_UNDERSTOOD & gone & (col(TurnRow.created_at) < now - longest_s)

    async def _delete(self, user_id: str, which: Any, *, keep: bool) -> int:
        """Delete files of these turns of the person, from the spool and then from the turns; of how many it was."""

        async def found(session: AsyncSession) -> Sequence[Any]:
            wanted = (col(TurnRow.id), col(TurnRow.audio), col(TurnRow.images), col(TurnRow.state))
            mine = (col(TurnRow.user_id) == user_id) & which
            return (await session.execute(select(*wanted).where(mine, _HAS_FILES))).all()

        count = 0
        going: dict[bool, list[Any]] = {True: [], False: []}  # whether the recording goes too
        for row in await self._records.store.transaction(found):
            going[not keep or row.state == "deleted"].append(row)
        for whole, rows in going.items():
            rows = [row for row in rows if row.images or (whole and row.audio)]
            for part in batched(rows, _ROWS):
                names = [name for row in part for name in (row.images or ())]
                names += [row.audio for row in part if whole and row.audio]
                await asyncio.to_thread(self._records.spool.delete, user_id, names)
                values: dict[str, Any] = {"images": None} | ({"audio": None} if whole else {})
                struck = update(TurnRow).where(col(TurnRow.id).in_([row.id for row in part])).values(**values)

                async def strike(session: AsyncSession, struck: Any = struck) -> None:
                    await session.execute(struck)

                await self._records.store.transaction(strike)
                count += len(part)
        return count

    async def _strays(self, now: float) -> None:
        """Files that belong to no turn: a process died before it could acknowledge them."""
        old = await asyncio.to_thread(self._records.spool.older_than, now - _STRAY_S)
        for part in batched([path for path in old if _FILE.fullmatch(path.name)], _ROWS):
            ids = {match[1] for path in part if (match := _FILE.fullmatch(path.name))}
            query = select(col(TurnRow.audio), col(TurnRow.images)).where(col(TurnRow.id).in_(ids))

            async def work(session: AsyncSession, query: Any = query) -> set[str]:
                rows = (await session.execute(query)).all()
                return {name for row in rows for name in (row.audio, *(row.images or ())) if name}

            named = await self._records.store.transaction(work)
            for path in part:
                if path.name not in named:
                    await asyncio.to_thread(path.unlink, missing_ok=True)
