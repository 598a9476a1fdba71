"""One call erases a person: rows, vectors, audio, queued work and key; a receipt without content is left."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

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


async def test_who_comes_back_after_an_erasure_is_a_stranger(records: Records, tmp_path: Path) -> None:
    memories = remembering(records, tmp_path)
    await live(records, memories, "person-one")
    await erase(records, memories, "person-one", 9.0)
    await records.start_session("s2", "person-one", 10.0)
    assert (await memories.open("person-one")).memories == () and await records.baseline("person-one") == {}
