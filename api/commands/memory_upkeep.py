"""`companion memory drift | reindex | compact | status | erase`: looking after what is remembered."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass

import click

from companion.records.repository import Records
from companion.settings import Settings
from memory.memories import Memories


@dataclass(frozen=True, slots=True)
class _Kept:
    settings: Settings
    records: Records
    memories: Memories


@asynccontextmanager
async def _opened() -> AsyncIterator[_Kept]:
    """Records, index and embedder, without the models of a server. Raises ConfigurationError, EmbedderError."""
    from companion.backends import factory
    from companion.engine import vector_index
    from companion.models.packs import PackStore
    from companion.records.repository import open_records
    from memory.ledger import Ledger

    settings = Settings()
    async with open_records(settings) as records:
        locate = PackStore(settings.models).locate
        embedder = await factory("companion.embeddings", settings.embeddings.backend)(settings.embeddings, locate)
        try:
            index = vector_index(settings, embedder.name)
            ledger = Ledger(records.store, records.ring)
            yield _Kept(settings, records, Memories(ledger, index, embedder, timezone=settings.memory.timezone))
        finally:
            await embedder.close()


def _run(work: Callable[[_Kept], Awaitable[None]]) -> None:
    async def main() -> None:
        async with _opened() as kept:
            await work(kept)

    asyncio.run(main())


@click.command()
def drift() -> None:
    """How far the index and the ledger are apart. Exit code 1 when they are."""

    async def work(kept: _Kept) -> None:
        from memory.indexing import drift as find

        people = missing = surplus = held = 0
        async for apart in find(kept.memories):
            people += bool(apart)
            held += apart.held
            missing, surplus = missing + len(apart.missing), surplus + len(apart.surplus)
        click.echo(f"{held} memories; {missing} missing in the index, {surplus} surplus, of {people} people")
        if people:
            raise SystemExit(1)

    _run(work)


@click.command()
@click.option("--all", "everything", is_flag=True, help="Write every vector again.")
def reindex(everything: bool) -> None:
    """Bring the index to what the ledger holds. With the embedded index, stop the server first."""

    async def work(kept: _Kept) -> None:
        from memory.indexing import reindex as mend

        people = apart = 0
        async for found in mend(kept.memories, kept.records.ring.load, everything=everything):
            people += 1
            apart += len(found.missing) + len(found.surplus)
        click.echo(f"{people} people, {apart} vectors were out of place")

    _run(work)


@click.command()
def compact() -> None:
    """Leave no bytes of erased vectors in the index. With the embedded index, stop the server first."""

    async def work(kept: _Kept) -> None:
        await kept.memories.index.compact()
        click.echo("compacted")

    _run(work)


@click.command()
@click.option("--json", "as_json", is_flag=True)
def status(as_json: bool) -> None:
    """Turns that wait to be learnt from. Exit code 1 when some are stuck."""

    async def look() -> None:
        from companion.records.repository import open_records
        from memory.outbox import Outbox

        async with open_records(Settings()) as records:
            backlog = await Outbox(records.store, records.ring).backlog()
        if as_json:
            click.echo(json.dumps(asdict(backlog)))
        else:
            age = "" if backlog.oldest_at is None else f", the oldest for {time.time() - backlog.oldest_at:.0f} s"
            click.echo(f"{backlog.waiting} turns wait{age}; {backlog.stuck} are stuck")
            for error, turns in backlog.errors.items():
                click.echo(f"  {turns}: {error}")
        if backlog.stuck:
            raise SystemExit(1)

    asyncio.run(look())


@click.command()
@click.argument("user_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(user_id: str, yes: bool) -> None:
    """Erase a person for good, then look for them in every file of the data directory.

    With the embedded index, stop the server first. Exit code 1 when something was found.
    """

    async def work(kept: _Kept) -> None:
        from companion.records.erasure import erase as erase_person
        from companion.records.erasure import files_with, traces

        mine = await traces(kept.records, user_id)
        if not yes:
            click.confirm("Erase this person? It cannot be undone", abort=True)
        receipt = await erase_person(kept.records, kept.memories, user_id, time.time())
        found = await asyncio.to_thread(files_with, kept.settings.data_dir, mine)
        click.echo(json.dumps(asdict(receipt)))
        click.echo(f"searched {kept.settings.data_dir} for {len(mine)} traces: {len(found)} files hold one")
        for path in found:
            click.echo(f"  {path}", err=True)
        if found:
            raise SystemExit(1)

    _run(work)


UPKEEP = (drift, reindex, compact, status, erase)
