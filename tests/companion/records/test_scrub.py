"""Scrubbing SQLite while somebody else still reads what is to go: waited for, and told where it lasts."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from companion.errors import StorageError
from companion.records import database


async def _filled(folder: Path) -> database.Store:
    engine = database.create_engine(f"sqlite+aiosqlite:///{folder / 'some.db'}", busy_timeout_s=0.05)
    store = database.Store(database.sessions(engine))

    async def work(session: AsyncSession) -> None:
        await session.execute(text("CREATE TABLE told (words TEXT)"))
        await session.execute(text("INSERT INTO told VALUES ('a rare word')"))

    await store.transaction(work)
    return store


def _reader(folder: Path) -> sqlite3.Connection:
    """Somebody in the middle of reading."""
    other = sqlite3.connect(folder / "some.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN")
    other.execute("SELECT * FROM told").fetchall()
    return other


async def test_it_waits_for_who_reads_and_leaves_nothing_in_the_log(tmp_path: Path) -> None:
    store = await _filled(tmp_path)
    reader = _reader(tmp_path)
    scrubbing = asyncio.create_task(store.scrub())
    await asyncio.sleep(0.15)
    assert not scrubbing.done() and (tmp_path / "some.db-wal").stat().st_size > 0
    reader.close()
    await scrubbing
    assert (tmp_path / "some.db-wal").stat().st_size == 0
    await store.sessions.kw["bind"].dispose()


async def test_who_reads_on_and_on_is_told_of(tmp_path: Path) -> None:
    store = await _filled(tmp_path)
    reader = _reader(tmp_path)
    with pytest.raises(StorageError, match="somebody reads it"):
        await store.scrub()
    reader.close()
    await store.scrub()
    await store.sessions.kw["bind"].dispose()
