"""Our real application around an engine whose models only sleep; database, spool, index and VAD are the real ones.

python -m benchmarks.fake_server FOLDER SECRET PORT
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import uvicorn
import uvloop
from pydantic import SecretStr

from api.app import create_app
from companion.engine import Engine, learner
from companion.llm.chat_model import FakeChatModel
from companion.records import database
from companion.records.repository import Records, open_records
from companion.settings import Auth, Server, Settings
from companion.speech.recognizer import FakeRecognizer
from companion.speech.vad import SileroBatch, VadTicker
from companion.speech.voice import FakeVoiceReader
from memory.embedder import FakeEmbedder
from memory.index import ChromaIndex

ASR_S, CHAT_S = 0.07, 0.10
_SAID = (  # some of it is worth remembering, so that the writes behind the reply are real as well
    "我叫小雨，下周三要面试，我有点紧张。",
    "今天天气还行。",
    "我特别喜欢在河边跑步。",
    "我昨天和妈妈吵架了，心里很难过。",
    "没什么，就是想说说话。",
)


async def main(folder: Path, secret: str, port: int) -> None:
    """Serve until terminated."""
    settings = Settings(data_dir=folder, auth=Auth(secret=SecretStr(secret)), server=Server(drain_s=2.0))
    folder.mkdir(parents=True, exist_ok=True)
    await asyncio.to_thread(database.upgrade, settings.database_url)
    async with open_records(settings) as records:
        await _serve(settings, records, folder, port)


async def _serve(settings: Settings, records: Records, folder: Path, port: int) -> None:
    embedder = FakeEmbedder()
    index = ChromaIndex.embedded(folder / "chroma", embedder.name, 2)
    ticker = VadTicker(SileroBatch())
    chat = FakeChatModel("嗯，我在听。你慢慢说。", delay_s=CHAT_S)
    engine = Engine(
        settings,
        recognizer=FakeRecognizer(*_SAID * 400, delay_s=ASR_S),
        chat=chat,
        records=records,
        learner=learner(settings.memory, records, index, embedder, chat),
        ticker=ticker,
        voice=FakeVoiceReader(),
    )
    config = uvicorn.Config(
        create_app(settings, engine),
        host="127.0.0.1",
        port=port,
        ws="websockets-sansio",
        ws_max_size=8 * settings.server.max_frame_bytes,
        log_level="warning",
        timeout_graceful_shutdown=2,
    )
    try:
        await uvicorn.Server(config).serve()
    finally:
        await ticker.close()


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
