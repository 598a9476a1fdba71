"""Alembic's environment: the URL from the settings, all tables on one metadata, SQLite and PostgreSQL alike."""

from __future__ import annotations

import asyncio
import importlib

from sqlalchemy import pool
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

from alembic import context
from companion.settings import Settings

for module in (
    "companion.records.tables",
    "companion.records.revocations",
    "companion.records.audit",
    "companion.records.staff",
    "companion.records.attempts",
    "companion.records.caseload",
    "companion.records.deletions",
    "companion.records.cases",
    "companion.records.consents",
    "companion.records.contacts",
    "companion.records.complaints",
    "companion.records.summaries",
    "companion.records.counters",
    "companion.records.exports",
    "companion.records.habits",
    "companion.records.readings",
    "companion.records.privacy_spending",
    "companion.review.labels",
    "companion.review.notes",
    "memory.ledger",
    "memory.outbox",
):
    importlib.import_module(module)

_LOCK = 0x636F6D70  # any number; one migration at a time when replicas start together


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        compare_type=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        context.run_migrations()


async def _online(url: str) -> None:
    # Not records.database.create_engine: with foreign_keys=ON, a step that rebuilds a table would empty its children.
    engine = create_async_engine(url, poolclass=pool.NullPool, hide_parameters=True)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_migrate)
            await connection.commit()
    finally:
        await engine.dispose()


def _url() -> str:
    given: str | None = context.config.attributes.get("url")
    return given or Settings().database_url


if context.is_offline_mode():
    context.configure(url=_url(), target_metadata=SQLModel.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(_online(_url()))
