"""The database: engine, sessions, and where its schema stands. SQLite (aiosqlite) and PostgreSQL (asyncpg)."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import ORMExecuteState, Session

from companion.errors import ConfigurationError, StorageError

if TYPE_CHECKING:
    from alembic.config import Config

T = TypeVar("T")
Work = Callable[[AsyncSession], Awaitable[None]]  # something done within another one's transaction
_log = logging.getLogger(__name__)
_RETRIES_S = (0.05, 0.2, 0.5)  # waits before a locked database is tried again
_ROOT = Path(__file__).resolve().parents[2]
_DRIVERS = ("sqlite+aiosqlite", "postgresql+asyncpg")


def create_engine(url: str, *, busy_timeout_s: float = 2.0) -> AsyncEngine:
    """An engine whose errors never show parameters. busy_timeout_s: how long SQLite waits for a lock.

    SQLite: WAL with synchronous=NORMAL, so a commit survives the death of the process; a power cut may take the
    last commits but never tears the file. secure_delete, so that an erased key is overwritten.
    """
    check_url(url)
    # SQLite has one writer at a time, and lets others sleep and wake unfairly; a pool of one queues them in order.
    alone = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 60.0} if url.startswith("sqlite") else {}
    engine = create_async_engine(url, hide_parameters=True, json_serializer=_to_json, **alone)
    if engine.dialect.name == "sqlite":
        milliseconds = int(busy_timeout_s * 1000)

        @event.listens_for(engine.sync_engine, "connect")
        def _configure(connection: Any, _record: object) -> None:
            cursor = connection.cursor()
            for pragma in (
                f"busy_timeout={milliseconds}",  # first: going to WAL needs the lock
                "journal_mode=WAL",
                "synchronous=NORMAL",
                "foreign_keys=ON",
                "secure_delete=ON",
            ):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

    return engine


class _Session(Session):
    """Looks for nothing to change in rows that it has read: no row is read and changed by a bare UPDATE in one go."""


@event.listens_for(_Session, "do_orm_execute")
def _plain(state: ORMExecuteState) -> None:
    if state.is_update or state.is_delete:
        state.update_execution_options(synchronize_session=False)


def sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Sessions over the engine; rows stay readable after a commit."""
    return async_sessionmaker(engine, expire_on_commit=False, sync_session_class=_Session)


class Store:
    """Transactions over the database, for whoever owns tables in it."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self.sessions = sessions

    async def transaction(
        self, work: Callable[[AsyncSession], Awaitable[T]], *, passing: type[Exception] | tuple[()] = ()
    ) -> T:
        """Run work and commit; again where the database was locked. Raises StorageError, and what work raises.

        passing: an error of the database that is raised as it is, for a caller that expects it.
        """
        for wait_s in (*_RETRIES_S, None):
            try:
                async with self.sessions() as session, session.begin():
                    return await work(session)
            except passing:
                raise
            except (SQLAlchemyError, OSError) as error:
                locked = isinstance(error, DBAPIError) and "locked" in str(error.orig)
                if not locked or wait_s is None:
                    what = "is locked by another process" if locked else f"failed ({_cause(error)})"
                    raise StorageError(f"the database {what}; nothing that was committed is lost, try again") from None
            await asyncio.sleep(wait_s)
        raise AssertionError("unreachable")

    async def scrub(self) -> None:
        """Leave no bytes of deleted rows where the database lets us. Raises StorageError.

        SQLite overwrites them (secure_delete) and empties its WAL here. PostgreSQL frees them by VACUUM, which makes
        them unreadable to SQL and overwrites them as the space is used again; its WAL keeps them until it is rotated.
        """
        engine: AsyncEngine = self.sessions.kw["bind"]
        lite = engine.dialect.name == "sqlite"
        command = "PRAGMA wal_checkpoint(TRUNCATE)" if lite else "VACUUM"
        try:
            for wait_s in (*_RETRIES_S, None):
                async with engine.connect() as connection:
                    autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
                    done = await autocommit.execute(text(command))
                    if not lite or not done.scalar_one():  # else somebody still reads what is to go
                        return
                if wait_s is None:
                    raise StorageError("the database could not be scrubbed (somebody reads it); try again")
                _log.warning("the database is being read: it is scrubbed in a moment")
                await asyncio.sleep(wait_s)
        except (SQLAlchemyError, OSError) as error:
            raise StorageError(f"the database could not be scrubbed ({_cause(error)}); try again") from None


def check_url(url: str) -> None:
    """Raises ConfigurationError for a URL that names no driver of ours. The message never shows a password."""
    try:
        driver = make_url(url).drivername
    except ArgumentError:
        raise ConfigurationError("COMPANION_DATABASE__URL is not a SQLAlchemy URL") from None
    if driver not in _DRIVERS:
        raise ConfigurationError(f"COMPANION_DATABASE__URL names {driver!r}; use one of {', '.join(_DRIVERS)}")


def alembic_config(url: str) -> Config:
    """Alembic's configuration for this database. The URL goes by attribute: in an ini value `%` would be eaten."""
    from alembic.config import Config

    check_url(url)
    ini = _ROOT / "alembic.ini"
    if not ini.exists():
        raise ConfigurationError(f"{ini} is not there: run from a checkout, which holds the migrations")
    config = Config(str(ini))
    config.attributes["url"] = url
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the schema up to `revision`. Starts an event loop of its own: from a coroutine, call it in a thread.

    Raises ConfigurationError for a wrong URL or an unknown revision, StorageError when the database fails.
    """
    from alembic import command

    _migrate(lambda config: command.upgrade(config, revision), url)


def downgrade(url: str, revision: str) -> None:
    """Take the schema down to `revision` ("base": nothing is left). As `upgrade`."""
    from alembic import command

    _migrate(lambda config: command.downgrade(config, revision), url)


def check(url: str) -> None:
    """Compare the database with the tables in the code. Raises ConfigurationError when they differ. As `upgrade`."""
    from alembic import command

    _migrate(command.check, url)


def head() -> str:
    """The newest revision in the code."""
    from alembic.script import ScriptDirectory

    revision = ScriptDirectory.from_config(alembic_config("sqlite+aiosqlite://")).get_current_head()
    assert revision is not None
    return revision


async def current(engine: AsyncEngine) -> str | None:
    """The revision that the database is at, None for an empty one. Raises StorageError."""
    from alembic.runtime.migration import MigrationContext

    try:
        async with engine.connect() as connection:
            return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    except (SQLAlchemyError, OSError) as error:
        raise StorageError(f"the database does not answer ({_cause(error)}); check COMPANION_DATABASE__URL") from None


async def require_current(engine: AsyncEngine) -> None:
    """Raises ConfigurationError unless the schema is the one this code was written for."""
    found, wanted = await current(engine), head()
    if found != wanted:
        raise ConfigurationError(f"the database is at revision {found}, this code needs {wanted}: companion migrate")


def _migrate(step: Any, url: str) -> None:
    from alembic.util.exc import AutogenerateDiffsDetected, CommandError

    config = alembic_config(url)
    try:
        step(config)
    except AutogenerateDiffsDetected as error:
        raise ConfigurationError(f"tables and migrations differ: {error}") from None
    except CommandError as error:
        raise ConfigurationError(f"{error}; see companion migrate --help") from None
    except (SQLAlchemyError, OSError) as error:
        raise StorageError(
            f"the database could not be migrated ({_cause(error)}); check COMPANION_DATABASE__URL"
        ) from None


def _cause(error: BaseException) -> str:
    return type(getattr(error, "orig", None) or error).__name__


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
