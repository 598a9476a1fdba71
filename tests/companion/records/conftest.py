"""A migrated database: SQLite always, PostgreSQL where COMPANION_TEST_POSTGRES names one."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from companion.records import database
from companion.records.crypto import KeyRing
from companion.records.repository import Records
from companion.records.spool import Spool


def _url(kind: str, folder: Path) -> str:
    if kind == "sqlite":
        return f"sqlite+aiosqlite:///{folder / 'records.db'}"
    url = os.environ.get("COMPANION_TEST_POSTGRES")
    if not url:
        assert not os.environ.get("COMPANION_CI"), "CI must set COMPANION_TEST_POSTGRES"
        pytest.skip("COMPANION_TEST_POSTGRES is not set: run `eval $(.ci/services)`")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """An empty database of each kind."""
    address = _url(request.param, tmp_path)
    if request.param == "postgresql":
        await asyncio.to_thread(database.downgrade, address, "base")
    yield address
    if request.param == "postgresql":
        await asyncio.to_thread(database.downgrade, address, "base")


@pytest.fixture
async def records(url: str, tmp_path: Path) -> AsyncIterator[Records]:
    """Records over a migrated database."""
    await asyncio.to_thread(database.upgrade, url)
    engine = database.create_engine(url, busy_timeout_s=0.05)
    store = database.Store(database.sessions(engine))
    ring = KeyRing(store.sessions, b"m" * 32)
    yield Records(store, ring, Spool(tmp_path / "spool", ring))
    await engine.dispose()
