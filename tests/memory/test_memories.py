from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlmodel import SQLModel

from companion.records.tables import UserRow
from memory.backends.use import create
from memory.embedder import Embedder, FakeEmbedder
from memory.index import ChromaIndex
from memory.ledger import Ledger
from memory.memories import Memories

DAY = 86_400.0


class Rot:
    """A cipher only in name: enough to see that words do not lie open."""

    def seal(self, user_id: str, text: str) -> bytes:
        return bytes(b ^ 0x5A for b in f"{user_id}\0{text}".encode())

    def open(self, user_id: str, blob: bytes) -> str:
        owner, text = bytes(b ^ 0x5A for b in blob).decode().split("\0")
        assert owner == user_id
        return text


async def build(path: Path, embedder: Embedder, users: Iterable[str] = ("a", "b")) -> Memories:
    engine = create_async_engine(f"sqlite+aiosqlite:///{path / 'm.db'}")
    event.listen(engine.sync_engine, "connect", lambda c, _: c.execute("PRAGMA foreign_keys=ON"))
    async with engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    async with sessions() as session, session.begin():
        session.add_all(UserRow(id=user, created_at=0.0, wrapped_key=b"k") for user in users)
    memories = Memories(Ledger(sessions, Rot()), ChromaIndex.embedded(path / "chroma", embedder.name, 4), embedder)
    memories.engine = engine  # type: ignore[attr-defined]
    return memories


@pytest.fixture
async def memories(tmp_path: Path) -> AsyncIterator[Memories]:
    built = await build(tmp_path, FakeEmbedder())
    yield built
    await built.engine.dispose()  # type: ignore[attr-defined]


async def test_what_was_said_in_one_session_is_recalled_in_the_next_and_by_nobody_else(memories: Memories) -> None:
    first = await memories.open("a")
    saved = await memories.remember(first, "t1", "我叫小雨，下周三要面试，我有点紧张", now=0.0, language="zh")
    assert [m.text for m in saved] == ["我叫小雨", "下周三要面试", "我有点紧张"]
    second = await memories.open("a")
    recalls = await memories.recall(second, "我回来了，还记得我说过什么吗", DAY)
    assert "下周三要面试" in [r.memory.text for r in recalls]
    assert recalls[0].memory.evidence == ("t1",)
    stranger = await memories.open("b")
    assert await memories.recall(stranger, "面试", DAY) == []
    assert sorted(await memories.index.ids("a")) == sorted(m.id for m in saved)
    assert await memories.index.ids("b") == []


async def test_the_same_thing_said_again_is_one_memory_and_a_new_name_replaces_the_old(memories: Memories) -> None:
    person = await memories.open("a")
    await memories.remember(person, "t1", "我叫小雨", now=0.0)
    assert await memories.remember(person, "t2", "我叫小雨", now=1.0) == []
    await memories.remember(person, "t3", "其实我叫陈晓宇呢，大家都这么喊", now=2.0)
    await memories.remember(person, "t4", "我叫王大力", now=3.0)
    holding = [m.text for m in (await memories.open("a")).rows.memories if m.valid_to is None]
    assert "我叫王大力" in holding and "我叫小雨" not in holding


async def test_erasing_leaves_nothing_and_words_never_lie_open(memories: Memories, tmp_path: Path) -> None:
    person = await memories.open("a")
    await memories.remember(person, "t1", "My dog is called Maximilian", now=0.0)
    kept = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert b"Maximilian" not in kept
    assert await memories.erase("a") == 1
    assert (await memories.open("a")).rows.memories == () and await memories.index.ids("a") == []


async def test_an_index_that_is_away_does_not_fail_a_turn_and_is_rebuilt(memories: Memories) -> None:
    class Away:
        async def upsert(self, *_: object) -> None:
            raise ConnectionError

    real, memories.index = memories.index, Away()  # type: ignore[assignment]
    person = await memories.open("a")
    saved = await memories.remember(person, "t1", "我的猫叫团子", now=0.0)
    memories.index = real
    assert len(saved) == 1 and await memories.reindex() == 1
    assert await memories.index.ids("a") == [saved[0].id]


class _Section:
    model, base_url, api_key, timeout_s = "use", None, None, 1.0


async def test_the_real_embedder_finds_the_right_memory_across_wording_and_language(tmp_path: Path) -> None:
    embedder = await create(_Section(), Path)
    memories = await build(tmp_path, embedder)
    try:
        person = await memories.open("a")
        for n, said in enumerate(
            [
                "我的猫叫团子",
                "下周三要面试",
                "我在医院上班",
                "我特别喜欢爬山",
                "我爸上个月住院了",
                "I hate crowded trains",
            ]
        ):
            await memories.remember(person, f"t{n}", said, now=0.0)
        asked = {
            "求职的那个面谈准备得怎么样": "下周三要面试",
            "my kitten keeps waking me up": "我的猫叫团子",
            "周末想去登山": "我特别喜欢爬山",
            "my father is still in the hospital": "我爸上个月住院了",
        }
        for query, wanted in asked.items():
            recalls = await memories.recall(person, query, DAY)
            assert wanted in [r.memory.text for r in recalls], query
        assert await memories.recall(person, "二加三等于几", DAY) == []
        assert np.allclose(np.linalg.norm(await embedder.embed(["你好", "hi"]), axis=1), 1, atol=1e-5)
    finally:
        await embedder.close()
        await memories.engine.dispose()  # type: ignore[attr-defined]
