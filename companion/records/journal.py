"""The journal: every event that a session's client was or will be told, so that a new socket can go on.

Events are sealed with the person's key and written many at once, all sessions of the process in one transaction. What
must not be told before it is certain waits for that transaction; everything else is told at once and written behind.

A session is written by one process at a time. Rows are keyed by (session, first seq): who takes a session over writes
the next row, and then every row that its former owner still tries to write collides, which tells them so (`Moved`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from companion.errors import CompanionError, Moved, StorageError
from companion.records.crypto import KeyRing
from companion.records.database import Store, Work
from companion.records.tables import JournalRow

_log = logging.getLogger(__name__)
_BEHIND_S = 0.2  # how long an event that nobody waits for may stay unwritten
_RETRY_S, _RETRY_AT_MOST_S = 0.1, 2.0
_PRUNE_S = 60.0
_CLOSE_S = 5.0
_LONGEST_S = 86_400.0  # the newest events of a session are kept so long, whatever the window: it may be open and silent
_journal: Any = JournalRow.__table__  # type: ignore[attr-defined]


class _Blob(msgspec.Struct, array_like=True):
    frames: list[tuple[int, str]]
    acted_on: list[str]


@dataclass(frozen=True, slots=True)
class Kept:
    """What the journal holds of a session. frames: (seq, text), ascending; acted_on: ids of client events."""

    frames: Sequence[tuple[int, str]]
    acted_on: Sequence[str]
    last_seq: int
    first_seq: int
    at: float


@dataclass(slots=True)
class _Batch:
    """What one session has not written yet."""

    frames: list[tuple[int, str]] = field(default_factory=list)
    acted_on: list[str] = field(default_factory=list)
    works: list[Work] = field(default_factory=list)
    waiters: list[asyncio.Future[None]] = field(default_factory=list)


class JournalWriter:
    """One session's place in the journal. moved: nothing more can be written; on_moved is called when that shows."""

    def __init__(self, journal: Journal, session_id: str, user_id: str, seq: int) -> None:
        self._journal, self.session_id, self.user_id = journal, session_id, user_id
        self.seq = seq  # of the newest event
        self.moved = False
        self.on_moved: Callable[[], None] = _nothing
        self.batch = _Batch()

    def add(self, text: Callable[[int], str], *, also: Work | None = None) -> tuple[int, str]:
        """One more event: its number, and its text as `text(number)` gives it. also: done in its transaction."""
        self.seq += 1
        frame = (self.seq, text(self.seq))
        self.batch.frames.append(frame)
        if also is not None:
            self.batch.works.append(also)
        self._journal.wake(self)
        return frame

    def acted_on(self, event_id: str) -> None:
        """A client event has had its effect; it is known again after a resume. Written with the next event."""
        self.batch.acted_on.append(event_id)

    def lose(self) -> None:
        """The session is no longer this process's."""
        if not self.moved:
            self.moved = True
            self.on_moved()

    def written(self) -> asyncio.Future[None]:
        """Done once everything so far is written; raises Moved where it never will be."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.moved:
            waiter.set_exception(Moved("the session goes on elsewhere"))
            waiter.exception()  # whoever cares awaits it
        else:
            self.batch.waiters.append(waiter)
            self._journal.wake(self, now=True)
        return waiter


class Journal:
    """Of one process. window_s: how long events are kept; max_events: how many of one session."""

    def __init__(
        self, store: Store, ring: KeyRing, *, window_s: float, max_events: int, now: Callable[[], float]
    ) -> None:
        self._store, self._ring, self._now = store, ring, now
        self._window_s, self._max_events = window_s, max_events
        self._dirty: dict[str, JournalWriter] = {}
        self._wake, self._urgent = asyncio.Event(), asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    def begin(self, session_id: str, user_id: str, seq: int = 0) -> JournalWriter:
        """Write a session from event seq + 1 on."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return JournalWriter(self, session_id, user_id, seq)

    async def take_over(
        self, session_id: str, user_id: str, at_least: int, *, seen_at: float, mark: Callable[[int], str]
    ) -> tuple[JournalWriter, Kept] | None:
        """Go on with a session that another process wrote; None where it was left for longer than the window.

        at_least: the number up to which its client has events; where what follows is not kept, None too. seen_at: when
        its client was last there, unix s. mark: gives the event, for its number, that stands where the former owner
        would write next. The person's key must be loaded. Raises StorageError.
        """
        while True:
            kept = await self.read(session_id, user_id, 0)
            if kept is None or kept.first_seq > at_least + 1:
                return None
            if max(kept.at, seen_at) < self._now() - self._window_s:
                return None
            seq = max(kept.last_seq, at_least) + 1
            blob = _Blob([(seq, mark(seq))], [])
            try:
                await self._insert([self._row(session_id, user_id, kept.last_seq + 1, seq, blob)])
            except IntegrityError:  # its owner wrote meanwhile, or somebody else took it: look again
                continue
            return self.begin(session_id, user_id, seq), kept

    async def taken(self, writer: JournalWriter) -> bool:
        """Whether another process has gone on with the session. Raises StorageError."""
        kept = await self.read(writer.session_id, writer.user_id, writer.seq)
        if kept is not None and kept.last_seq > writer.seq:
            writer.lose()
        return writer.moved

    async def read(self, session_id: str, user_id: str, after: int) -> Kept | None:
        """Events after the given number, None where nothing of the session is kept. Raises StorageError."""

        async def work(session: AsyncSession) -> Sequence[JournalRow]:
            mine = col(JournalRow.session_id) == session_id
            newest = select(func.max(col(JournalRow.first_seq))).where(mine).scalar_subquery()
            wanted = mine & ((col(JournalRow.last_seq) > after) | (col(JournalRow.first_seq) == newest))
            query = select(JournalRow).where(wanted & (col(JournalRow.user_id) == user_id))
            return (await session.execute(query.order_by(col(JournalRow.first_seq)))).scalars().all()

        rows = await self._store.transaction(work)
        if not rows:
            return None
        frames, acted_on = [], []
        for row in rows:
            blob = _opened(self._ring.open_bytes(user_id, row.sealed))
            frames += [frame for frame in blob.frames if frame[0] > after]
            acted_on += blob.acted_on
        return Kept(frames, acted_on, rows[-1].last_seq, rows[0].first_seq, rows[-1].at)

    def wake(self, writer: JournalWriter, *, now: bool = False) -> None:
        """There is something to write for this session; now: somebody waits for it."""
        self._dirty[writer.session_id] = writer
        self._wake.set()
        if now:
            self._urgent.set()

    async def _run(self) -> None:
        pruned = self._now()
        while not self._closing or self._dirty:
            await self._wake.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_BEHIND_S):
                    await self._urgent.wait()
            self._wake.clear()
            self._urgent.clear()
            await self._flush()
            if self._now() - pruned > _PRUNE_S:
                pruned = self._now()
                await self._prune()

    async def _flush(self) -> None:
        dirty, self._dirty = self._dirty, {}
        pending = []
        for writer in dirty.values():
            batch, writer.batch = writer.batch, _Batch()
            if writer.moved:
                _tell(batch, Moved("the session goes on elsewhere"))
            else:
                pending.append((writer, batch))
        wait_s = _RETRY_S
        while pending:
            try:
                await self._write(pending)
                return
            except IntegrityError:
                pending = await self._one_by_one(pending)
            except Exception as error:  # nothing may be lost, and nothing uncertain told: it is tried until it works
                _log.error("the journal cannot be written: %s", type(error).__name__)
                await asyncio.sleep(wait_s)
                wait_s = min(_RETRY_AT_MOST_S, 2 * wait_s)

    async def _one_by_one(self, pending: list[tuple[JournalWriter, _Batch]]) -> list[tuple[JournalWriter, _Batch]]:
        """One of them is no longer ours: that one is told so, the others are written."""
        left = []
        for writer, batch in pending:
            try:
                await self._write([(writer, batch)])
            except IntegrityError:
                writer.lose()
                _tell(batch, Moved("the session goes on elsewhere"))
            except Exception:
                left.append((writer, batch))
        return left

    async def _write(self, pending: Sequence[tuple[JournalWriter, _Batch]]) -> None:
        rows = []
        for writer, batch in pending:
            if batch.frames:
                first, last = batch.frames[0][0], batch.frames[-1][0]
                try:
                    row = self._row(writer.session_id, writer.user_id, first, last, _Blob(batch.frames, batch.acted_on))
                except StorageError:  # the person was erased and has no key: nothing of theirs is written again
                    writer.lose()
                    continue
                rows.append(row)
            elif batch.acted_on:
                writer.batch.acted_on[:0] = batch.acted_on
        works = [work for writer, batch in pending if not writer.moved for work in batch.works]
        if rows or works:
            await self._insert(rows, works)
        for writer, batch in pending:
            _tell(batch, Moved("the person is not here any more") if writer.moved else None)

    async def _insert(self, rows: Sequence[Mapping[str, Any]], works: Sequence[Work] = ()) -> None:
        async def work(session: AsyncSession) -> None:
            if rows:
                await session.execute(insert(_journal), rows)
            for each in works:
                await each(session)

        await self._store.transaction(work, passing=IntegrityError)

    def _row(self, session_id: str, user_id: str, first: int, last: int, blob: _Blob) -> dict[str, Any]:
        sealed = self._ring.seal_bytes(user_id, zlib.compress(msgspec.json.encode(blob), 1))
        return {
            "session_id": session_id,
            "first_seq": first,
            "last_seq": last,
            "user_id": user_id,
            "at": self._now(),
            "sealed": sealed,
        }

    async def _prune(self) -> None:
        """Forget what is older than the window, or more than a session may keep."""

        newer = aliased(JournalRow)
        same = col(newer.session_id) == col(JournalRow.session_id)
        newest = select(func.max(col(newer.first_seq))).where(same).scalar_subquery()
        last = select(func.max(col(newer.last_seq))).where(same).scalar_subquery()
        now = self._now()

        async def work(session: AsyncSession) -> None:
            old = (col(JournalRow.at) < now - self._window_s) & (col(JournalRow.first_seq) < newest)
            many = col(JournalRow.last_seq) <= last - self._max_events
            await session.execute(delete(JournalRow).where(old | many | (col(JournalRow.at) < now - _LONGEST_S)))

        try:
            await self._store.transaction(work)
        except CompanionError as error:
            _log.warning("the journal could not be pruned: %s", error)

    async def close(self) -> None:
        """Write what there is and stop."""
        if self._task is None:
            return
        self._closing = True
        self._wake.set()
        self._urgent.set()
        await asyncio.wait((self._task,), timeout=_CLOSE_S)
        if not self._task.done():
            _log.error("the journal could not be written to its end")
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


def _nothing() -> None:
    """Nobody asked to be told."""


def _opened(blob: bytes) -> _Blob:
    return msgspec.json.decode(zlib.decompress(blob), type=_Blob)


def _tell(batch: _Batch, error: CompanionError | None) -> None:
    for waiter in batch.waiters:
        if waiter.done():
            continue
        if error is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(error)
            waiter.exception()
