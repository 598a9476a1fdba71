"""A memory of two people, a and b, on SQLite and Chroma in a folder of its own."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from companion.records.database import Store, create_engine, sessions
from companion.records.tables import UserRow
from memory.embedder import Embedder, FakeEmbedder
from memory.index import ChromaIndex
from memory.learning import Batching, Learner
from memory.ledger import Ledger
from memory.memories import Memories
from memory.model_extraction import Completer
from memory.outbox import Outbox, Spoken


class Rot:
    """A cipher only in name: enough to see that words do not lie open."""

    def seal(self, user_id: str, text: str) -> bytes:
        return bytes(b ^ 0x5A for b in f"{user_id}\0{text}".encode())

    def open(self, user_id: str, blob: bytes) -> str:
        owner, text = bytes(b ^ 0x5A for b in blob).decode().split("\0")
        assert owner == user_id
        return text


@dataclass
class Mind:
    """The parts of a memory, and a clock to be set."""

    store: Store
    memories: Memories
    outbox: Outbox
    now: float = 0.0

    def learner(self, completer: Completer | None = None, batching: Batching | None = None) -> Learner:
        async def load_key(_: str) -> None:
            return None

        return Learner(
            self.memories, self.outbox, now=lambda: self.now, load_key=load_key, completer=completer, batching=batching
        )

    def reopened(self) -> Memories:
        """As another process would see it."""
        return Memories(self.memories.ledger, self.memories.index, self.memories.embedder)

    async def said(self, *turns: Spoken) -> None:
        """Put turns into the outbox, as the record of a turn does."""
        for turn in turns:
            await self.store.transaction(self.outbox.added(turn))


@asynccontextmanager
async def mind_in(path: Path, embedder: Embedder, users: Iterable[str] = ("a", "b")) -> AsyncIterator[Mind]:
    path.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite+aiosqlite:///{path / 'm.db'}")
    async with engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    store = Store(sessions(engine))

    async def people(session: object) -> None:
        session.add_all(UserRow(id=user, created_at=0.0, wrapped_key=b"k") for user in users)  # type: ignore[attr-defined]

    await store.transaction(people)
    index = ChromaIndex.embedded(path / "chroma", embedder.name, 4)
    yield Mind(store, Memories(Ledger(store, Rot()), index, embedder), Outbox(store, Rot()))
    await engine.dispose()


@pytest.fixture
async def mind(tmp_path: Path) -> AsyncIterator[Mind]:
    async with mind_in(tmp_path, FakeEmbedder()) as built:
        yield built


@pytest.fixture
def says() -> Callable[..., Spoken]:
    """A turn of person a."""

    def spoken(turn_id: str, text: str, at: float = 0.0, user: str = "a", reply: str = "") -> Spoken:
        language = "zh" if any("\u4e00" <= c <= "\u9fff" for c in text) else "en"
        return Spoken(turn_id, user, "s1", at, text, reply, language)

    return spoken
