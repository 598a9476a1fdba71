"""One call erases a person: rows, vectors, audio, queued work and key; a receipt without content is left."""

import asyncio
import importlib
import re
import secrets
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import JSON, Column, Table, func, insert, select
from sqlmodel import SQLModel

from companion.errors import InputError, StorageError
from companion.records import database
from companion.records.crypto import KeyRing
from companion.records.erasure import erase, files_with, receipts, traces
from companion.records.repository import Records
from companion.records.spool import Spool
from memory.embedder import FakeEmbedder
from memory.extraction import extract
from memory.index import ChromaIndex
from memory.ledger import Ledger
from memory.memories import Memories
from memory.outbox import Outbox, Spoken

SAMPLES = np.sin(np.arange(16_000) / 20).astype(np.float32)


ONE, TWO = "我的猫叫团子，我在杭州的医院上班", "My dog is called Max and I work at a bakery"


async def live(records: Records, memories: Memories, user_id: str, said: str = ONE) -> None:
    """A session of a person: spoken, answered, remembered, and one turn still in the outbox."""
    session, turn = f"session-of-{user_id}", f"turn-of-{user_id}"
    await records.start_session(session, user_id, 1.0)
    await records.commit_utterance(turn, session, user_id, index=1, now=2.0, modality="voice", samples=SAMPLES)
    spoken = Spoken(turn, user_id, session, 2.0, said, "嗯")
    waiting = Outbox(records.store, records.ring).added(spoken)
    await records.finish_turn(
        turn, user_id, state="answered", user_text=said, reply_text="嗯", prompt="all", also=[waiting]
    )
    await records.store.transaction(records.baseline_kept(user_id, {"f0": [1.0]}))
    person = await memories.open(user_id)
    assert await memories.learn(person, extract(said, turn_id=turn), now=2.0)


def remembering(records: Records, folder: Path) -> Memories:
    embedder = FakeEmbedder()
    index = ChromaIndex.embedded(folder / "chroma", embedder.name, 2)
    return Memories(Ledger(records.store, records.ring), index, embedder)


async def test_nothing_of_a_person_is_left_and_everything_of_another(records: Records, tmp_path: Path) -> None:
    memories = remembering(records, tmp_path)
    await live(records, memories, "person-one")
    await live(records, memories, "person-two", TWO)
    mine, theirs = await traces(records, "person-one"), await traces(records, "person-two")
    receipt = await erase(records, memories, "person-one", 9.0)
    assert receipt.counts["turns"] == receipt.counts["recordings"] == receipt.counts["waiting"] == 1
    assert receipt.counts["memories"] == receipt.counts["vectors"] >= 2
    assert "person-one" not in repr(receipt) and await receipts(records, "person-one") == [receipt]
    assert await receipts(records, "person-two") == []
    with pytest.raises(StorageError, match="erased"):
        await records.ring.load("person-one")
    assert (await records.counts()) == {"users": 1, "sessions": 1, "turns": 1}
    assert len((await memories.open("person-two")).memories) >= 2 and await memories.index.ids("person-two")
    with pytest.raises(InputError, match="nobody of this id"):
        await erase(records, memories, "person-one", 10.0)
    assert files_with(tmp_path, mine) == []
    assert theirs


async def test_the_byte_search_finds_what_is_there(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'records.db'}"
    await asyncio.to_thread(database.upgrade, url)
    engine = database.create_engine(url)
    store = database.Store(database.sessions(engine))
    ring = KeyRing(store.sessions, b"m" * 32)
    records = Records(store, ring, Spool(tmp_path / "spool", ring))
    memories = remembering(records, tmp_path)
    await live(records, memories, "person-one")
    mine = await traces(records, "person-one")
    found = {path.name for path in files_with(tmp_path, mine)}
    assert {"chroma.sqlite3"} <= found and found & {"records.db", "records.db-wal"}
    for needle in mine:  # each of them is in some file before, and none after
        assert files_with(tmp_path, [needle])
    await erase(records, memories, "person-one", 9.0)
    assert files_with(tmp_path, mine) == [] and list((tmp_path / "spool").iterdir()) == []
    await engine.dispose()


async def test_an_erasure_that_was_cut_off_goes_on_when_it_is_run_again(records: Records, tmp_path: Path) -> None:
    memories = remembering(records, tmp_path)
    await live(records, memories, "person-one")
    transaction = records.store.transaction

    async def away(work: object) -> object:
        if getattr(work, "__qualname__", "").startswith("erase."):
            raise StorageError("the database failed")
        return await transaction(work)  # type: ignore[arg-type]

    records.store.transaction = away  # type: ignore[method-assign,assignment]
    with pytest.raises(StorageError):
        await erase(records, memories, "person-one", 9.0)
    records.store.transaction = transaction  # type: ignore[method-assign]
    mine = await traces(records, "person-one")
    await erase(records, memories, "person-one", 9.0)
    assert files_with(tmp_path, mine) == []


def whole_metadata() -> list[Table]:
    """All tables, parents first, as the migrations know them."""
    env = (Path(database.__file__).parents[2] / "alembic" / "env.py").read_text("utf-8")
    for module in re.findall(r'^    "([\w.]+)",$', env, re.MULTILINE):
        importlib.import_module(module)
    return list(SQLModel.metadata.sorted_tables)


def a_row(table: Table, user_id: str) -> dict[str, Any]:
    """A row of the person's: every column filled, pointing to the rows of the same person before it."""

    def value(column: Column[Any]) -> Any:
        if column.name == "user_id" or (table.name, column.name) == ("user", "id"):
            return user_id
        for key in column.foreign_keys:
            parent = key.column
            return value(parent) if parent.table.name != "user" else user_id
        kind = column.type.python_type if not isinstance(column.type, JSON) else dict
        if kind in (int, float):
            return 1
        known = {str: f"{column.table.name}-row"[: getattr(column.type, "length", None) or 99], bool: True}
        return known.get(kind, secrets.token_bytes(80) if kind is bytes else {})

    return {column.name: value(column) for column in table.columns}


async def test_every_table_that_names_a_person_is_emptied_of_them_and_counted(tmp_path: Path) -> None:
    """Also of tables that somebody adds later: this walks all that there are."""
    tables = whole_metadata()
    of_people = [table for table in tables if "user_id" in table.c]
    assert {"turn", "memory", "consent", "contact", "complaint", "caseload"} <= {table.name for table in of_people}
    engine = database.create_engine(f"sqlite+aiosqlite:///{tmp_path / 'records.db'}")
    async with engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
        for table in tables:
            if "user_id" in table.c or table.name in ("user", "staff"):
                await connection.execute(insert(table).values(**a_row(table, "person-one")))
    store = database.Store(database.sessions(engine))
    ring = KeyRing(store.sessions, b"m" * 32)
    records = Records(store, ring, Spool(tmp_path / "spool", ring))
    memories = remembering(records, tmp_path)
    mine = await traces(records, "person-one")
    receipt = await erase(records, memories, "person-one", 9.0)
    assert len([count for count in receipt.counts.values() if count]) >= len(of_people)
    async with engine.connect() as connection:
        for table in of_people:
            count = select(func.count()).select_from(table).where(table.c.user_id == "person-one")
            assert await connection.scalar(count) == 0, table.name
    assert len(mine) > len(of_people) and files_with(tmp_path, mine) == []
    await engine.dispose()


async def test_who_comes_back_after_an_erasure_is_a_stranger(records: Records, tmp_path: Path) -> None:
    memories = remembering(records, tmp_path)
    await live(records, memories, "person-one")
    await erase(records, memories, "person-one", 9.0)
    await records.start_session("s2", "person-one", 10.0)
    assert (await memories.open("person-one")).memories == () and await records.baseline("person-one") == {}
