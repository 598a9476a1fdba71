"""`chaos` over two replicas on PostgreSQL and Redis: one is killed, its people go on at the other, then that one is.

COMPANION_TEST_POSTGRES and COMPANION_TEST_REDIS name the services; the run has a database of its own.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.chaos import measure, result
from benchmarks.result import Result


def run(sessions: int = 50, seconds: float = 90.0, kills: int = 4, seed: int = 1) -> Result:
    """Null where the services are not named."""
    postgres, redis = os.environ.get("COMPANION_TEST_POSTGRES"), os.environ.get("COMPANION_TEST_REDIS")
    if postgres is None or redis is None:
        note = 'COMPANION_TEST_POSTGRES or COMPANION_TEST_REDIS is not set: run `eval "$(.ci/services)"`'
        return Result("chaos-replicas", None, "not measured", "none", None, "0 of each", False, 0, {"note": note})
    with _database(postgres) as url:
        env = {"COMPANION_DATABASE__URL": url, "COMPANION_REDIS__URL": redis}
        counts, detail = measure(env, 2, sessions=sessions, seconds=seconds, kills=kills, seed=seed)
    return result("chaos-replicas", counts, detail)


@contextmanager
def _database(url: str) -> Iterator[str]:
    """A fresh one on the same PostgreSQL, dropped afterwards."""
    own = make_url(url).set(database=f"companion_chaos_{uuid.uuid4().hex[:12]}")
    asyncio.run(_sql(url, f'CREATE DATABASE "{own.database}"'))
    try:
        yield own.render_as_string(hide_password=False)
    finally:
        asyncio.run(_sql(url, f'DROP DATABASE "{own.database}" WITH (FORCE)'))


async def _sql(url: str, statement: str) -> None:
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()
