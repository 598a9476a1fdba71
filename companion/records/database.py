"""The database: engine, sessions, and where its schema stands. SQLite (aiosqlite) and PostgreSQL (asyncpg)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from companion.errors import ConfigurationError, StorageError

if TYPE_CHECKING:
    from alembic.config import Config

_ROOT = Path(__file__).resolve().parents[2]
_DRIVERS = ("sqlite+aiosqlite", "postgresql+asyncpg")


def create_engine(url: str, *, busy_timeout_s: float = 2.0) -> AsyncEngine:
    """An engine whose errors never show parameters. busy_timeout_s: how long SQLite waits for a lock.

    SQLite: WAL with synchronous=NORMAL, so a commit survives the death of the process; a power cut may take the
    last commits but never tears the file. secure_delete, so that an erased key is overwritten.
    """
    check_url(url)
    engine = create_async_engine(url, hide_parameters=True, json_serializer=_to_json)
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


def sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Sessions over the engine; rows stay readable after a commit."""
    return async_sessionmaker(engine, expire_on_commit=False)


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
