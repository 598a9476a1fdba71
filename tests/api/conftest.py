"""A real uvicorn on a real port, around an engine whose models are fakes and whose stores are real."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr

from api.app import create_app
from api.auth import Authenticator, issue
from api.realtime.sessions import Sessions
from api.server import DrainingServer, server
from companion.consent.decisions import Decided, decide
from companion.engine import Engine, learner
from companion.llm.chat_model import FakeChatModel
from companion.records import database
from companion.records.repository import Records, open_records
from companion.settings import Auth, Server, Settings
from companion.speech.recognizer import FakeRecognizer
from companion.speech.vad import LevelDetector, VadTicker
from memory.embedder import FakeEmbedder
from memory.index import ChromaIndex

SECRET = "a secret of the tests, long enough for HS256"


class Served:
    """A server that runs: its address, its engine, and tokens for it."""

    def __init__(
        self, url: str, engine: Engine, sessions: Sessions, auth: Authenticator, process: DrainingServer
    ) -> None:
        self.url, self.engine, self.sessions, self.auth, self.process = url, engine, sessions, auth, process

    def token(self, user: str = "xiaoyu", ttl_s: float = 60.0) -> str:
        return issue(SECRET, user, ttl_s, time.time())

    async def agreed(self, purpose: str, user: str = "xiaoyu", *, given: bool = True) -> Decided:
        """The person says yes (or no), as they would over HTTP."""
        version = self.engine.consents.version(purpose)
        return await decide(self.engine, user, purpose, given, version=version, language="zh", by="person")


@asynccontextmanager
async def running(folder: Path, **parts: Any) -> AsyncIterator[Served]:
    settings = Settings(
        data_dir=folder,
        **{"auth": Auth(secret=SecretStr(SECRET)), "server": Server(max_frame_bytes=65_536, drain_s=0.2)}
        | parts.get("settings", {}),
    )
    await asyncio.to_thread(database.upgrade, settings.database_url)
    async with open_records(settings) as records, _serving(settings, records, folder, parts) as served:
        yield served


@asynccontextmanager
async def _serving(settings: Settings, records: Records, folder: Path, parts: dict[str, Any]) -> AsyncIterator[Served]:
    embedder, chat = FakeEmbedder(), parts.get("chat", FakeChatModel())
    index = ChromaIndex.embedded(folder / parts.get("chroma", "chroma"), embedder.name, 2)
    ticker = VadTicker(parts.get("detector") or LevelDetector())
    engine = Engine(
        settings,
        recognizer=parts.get("recognizer", FakeRecognizer("我今天特别开心")),
        chat=chat,
        records=records,
        learner=learner(settings.memory, records, index, embedder, chat),
        ticker=ticker,
        voice=parts.get("voice"),
    )
    app = create_app(settings, engine)
    process = server(app, settings, port=0)
    task = asyncio.create_task(process.serve())
    while not process.started:
        await asyncio.sleep(0.01)
    await engine.voice.read(np.sin(np.arange(16_000) / 15.0).astype(np.float32), {})  # imports are no turn's time
    port = process.servers[0].sockets[0].getsockname()[1]
    try:
        yield Served(f"http://127.0.0.1:{port}", engine, app.state.sessions, app.state.auth, process)
    finally:
        process.should_exit = True
        await task
        await ticker.close()
        await engine.voice.close()


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    yield lambda **parts: running(tmp_path, **parts)
