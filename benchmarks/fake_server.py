"""Our real application around an engine whose models only sleep; database, spool, index and VAD are the real ones.

python -m benchmarks.fake_server [OPTIONS] FOLDER SECRET PORT. Settings come from the environment, as ever. /probe tells
how the process fares.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import uvloop
from litestar import Litestar, get
from pydantic import SecretStr

from api.app import create_app
from api.server import server
from benchmarks.spoken_numbers import NumberRecognizer
from companion.admission import LagMeter
from companion.engine import Engine, learner
from companion.llm.chat_model import FakeChatModel
from companion.records import database
from companion.records.repository import Records, open_records
from companion.settings import Auth, Settings
from companion.speech.recognizer import FakeRecognizer
from companion.speech.vad import LevelDetector, SileroBatch, VadTicker
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
_LAG_S = 3600.0  # of lag is kept; /probe tells that since the last probe


def options(arguments: list[str]) -> argparse.Namespace:
    """What is asked of this server."""
    parser = argparse.ArgumentParser(prog="benchmarks.fake_server")
    parser.add_argument("--asr-s", type=float, default=ASR_S, help="how long the recogniser sleeps")
    parser.add_argument("--chat-s", type=float, default=CHAT_S, help="how long the model sleeps before its first piece")
    parser.add_argument("--numbers", action="store_true", help="hear spoken_numbers, end speech by its level")
    parser.add_argument("--core", type=int, help="run on this core alone")
    parser.add_argument("--chroma", default="chroma", help="name of the index: one a process, where they share FOLDER")
    for name, kind in (("folder", Path), ("secret", str), ("port", int)):
        parser.add_argument(name, type=kind)
    return parser.parse_args(arguments)


async def main(asked: argparse.Namespace) -> None:
    """Serve until terminated."""
    asked.folder.mkdir(parents=True, exist_ok=True)
    settings = Settings(data_dir=asked.folder, auth=Auth(secret=SecretStr(asked.secret)))
    await asyncio.to_thread(database.upgrade, settings.database_url)
    async with open_records(settings) as records:
        await _serve(settings, records, asked)


async def _serve(settings: Settings, records: Records, asked: argparse.Namespace) -> None:
    embedder = FakeEmbedder()
    index = ChromaIndex.embedded(asked.folder / asked.chroma, embedder.name, 2)
    ticker = VadTicker(LevelDetector() if asked.numbers else SileroBatch())
    chat = FakeChatModel("嗯，我在听。你慢慢说。", delay_s=asked.chat_s)
    engine = Engine(
        settings,
        recognizer=NumberRecognizer(asked.asr_s)
        if asked.numbers
        else FakeRecognizer(*_SAID * 400, delay_s=asked.asr_s),
        chat=chat,
        records=records,
        learner=learner(settings.memory, records, index, embedder, chat),
        ticker=ticker,
        voice=FakeVoiceReader(),
    )
    await engine.warm()
    app = create_app(settings, engine)
    app.register(_probe(engine, app, settings))
    learning = asyncio.create_task(engine.learner.run())
    try:
        await server(app, settings, host="127.0.0.1", port=asked.port).serve()
    finally:
        learning.cancel()
        await asyncio.gather(learning, return_exceptions=True)
        await ticker.close()


def _probe(engine: Engine, app: Litestar, settings: Settings) -> Any:
    lag = LagMeter(_LAG_S)

    @get("/probe")
    async def probe() -> dict[str, float]:
        """How the process fares; lag in seconds, since the last probe (at first: since now)."""
        measured = {f"lag_p{round(q * 100)}": lag.quantile(q) for q in (0.5, 0.95, 0.99)}
        lag.forget()
        lag.start()
        spool = settings.data_dir / "spool"
        return {
            **measured,
            "sessions": len(app.state.sessions.live),
            "tasks": len(asyncio.all_tasks()),
            "files": len(os.listdir("/proc/self/fd")),
            "pss_kib": pss_kib(os.getpid()),
            "journal_rows": await engine.resumable.kept_events(),
            "spool_files": sum(path.is_file() for path in spool.rglob("*")),
        }

    return probe


def pss_kib(pid: int) -> int:
    """Memory of a process, shared pages divided among those that share them: KiB (proc(5): smaps_rollup)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise OSError("smaps_rollup holds no Pss")


if __name__ == "__main__":
    _asked = options(sys.argv[1:])
    if _asked.core is not None:
        os.sched_setaffinity(0, {_asked.core})
    os.environ.setdefault("COMPANION_SERVER__DRAIN_S", "2")
    uvloop.run(main(_asked))
