"""A session without a socket: real stores and turn taking, scripted models."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np

from companion.engine import Engine, learner
from companion.events import Event, ReplyDone
from companion.llm.chat_model import FakeChatModel
from companion.records import database
from companion.records.repository import open_records
from companion.session import Session
from companion.settings import Settings
from companion.speech.recognizer import FakeRecognizer, Recognizer, Samples
from companion.speech.vad import LevelDetector, VadTicker
from companion.speech.voice import FakeVoiceReader
from companion.turn_taking import TurnTakingConfig
from memory.embedder import FakeEmbedder
from memory.index import ChromaIndex

RATE = 16_000


class Talk:
    """A session, what it told, and how it is fed."""

    def __init__(self, session: Session, engine: Engine, told: list[Event]) -> None:
        self.session, self.engine, self.told = session, engine, told
        self.seq = 0

    def configure(self, **changed: Any) -> None:
        fields: dict[str, Any] = {
            "rate": RATE,
            "turn_taking": TurnTakingConfig.of(self.engine.settings.turn),
            "create_response": True,
            "interrupt_response": True,
            "language": None,
            "device": "",
            "max_tokens": None,
            "persona": None,
            "thinking": None,
        }
        self.session.configure(**fields | changed)

    async def hear(self, *parts: Samples) -> None:
        """Frames of 32 ms, each heard before the next, as if they came in real time."""
        pcm = (np.clip(np.concatenate(parts), -1, 1) * 32_767).astype("<i2").tobytes()
        for at in range(0, len(pcm), 1024):
            await self.session.feed(pcm[at : at + 1024])
            await self.engine.ticker.drained()
            await asyncio.sleep(0)

    async def numbered(self, *parts: Samples) -> None:
        pcm = (np.clip(np.concatenate(parts), -1, 1) * 32_767).astype("<i2").tobytes()
        for at in range(0, len(pcm) // 1024 * 1024, 1024):
            self.seq += 1
            await self.session.feed(struct.pack(">BBHII", 1, 1, 0, self.seq, self.seq * 32) + pcm[at : at + 1024])
            await self.engine.ticker.drained()

    def of(self, *kinds: type) -> list[Any]:
        return [event for event in self.told if isinstance(event, kinds)]

    async def until(self, kind: type, count: int = 1) -> Any:
        async with asyncio.timeout(20):
            while len(self.of(kind)) < count:
                await asyncio.sleep(0.005)
        return self.of(kind)[count - 1]

    async def say(self, text: str) -> ReplyDone:
        """Type it, and wait for the whole answer and its record."""
        before = len(self.of(ReplyDone))
        await self.session.say(f"item_{len(self.told)}", text)
        await self.session.respond()
        done = await self.until(ReplyDone, before + 1)
        await self.session.settle()
        assert isinstance(done, ReplyDone)
        return done


@asynccontextmanager
async def talking(
    folder: Path,
    recognizer: Recognizer | None = None,
    chat: FakeChatModel | None = None,
    session_id: str = "sess_1",
    **sections: Any,
) -> AsyncIterator[Talk]:
    """A talk of xiaoyu; again in the same folder, it is on with the same records."""
    settings = Settings(data_dir=folder, **sections)
    await asyncio.to_thread(database.upgrade, settings.database_url)
    async with open_records(settings) as records:
        embedder, ticker = FakeEmbedder(), VadTicker(LevelDetector())
        chat = chat or FakeChatModel("嗯。")
        index = ChromaIndex.embedded(folder / "c", embedder.name, 1)
        engine = Engine(
            settings,
            recognizer=recognizer or FakeRecognizer("我在说话"),
            chat=chat,
            records=records,
            learner=learner(settings.memory, records, index, embedder, chat),
            ticker=ticker,
            voice=FakeVoiceReader(),
        )
        told: list[Event] = []
        session = await Session.open(engine, "xiaoyu", session_id, told.append)
        try:
            yield Talk(session, engine, told)
        finally:
            await session.close()
            await ticker.close()
