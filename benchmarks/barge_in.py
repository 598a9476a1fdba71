"""Speech over a reply: from the window of audio that decides to the last piece of the reply that still comes.

Over real sockets, ten sessions at once, paced; models are fakes, the reply comes a piece every 10 ms. Which window
decides is found by the same detector and rules over what was sent. pipecat is told by a frame that speech starts.

python -m benchmarks.barge_in FOLDER SECRET PORT   is the server under measurement.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import uvicorn
import uvloop
from numpy.typing import NDArray
from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from api.app import create_app
from api.auth import issue
from api.local_server import serving
from benchmarks import pipecat_venv
from benchmarks.endpointing import heard
from benchmarks.places import ROOT
from benchmarks.result import Result
from companion.audio.decode import decode_file
from companion.engine import Engine, learner
from companion.errors import CompanionError
from companion.llm.chat_model import FakeChatModel
from companion.records import database
from companion.records.repository import open_records
from companion.settings import Auth, Server, Settings
from companion.speech.recognizer import FakeRecognizer
from companion.speech.vad import WINDOW, SileroBatch, VadTicker
from companion.speech.voice import FakeVoiceReader
from companion.turn_taking import BargeIn, TurnTaking, TurnTakingConfig
from memory.embedder import FakeEmbedder
from memory.index import ChromaIndex

SESSIONS, PACE_S, _GOAL_MS = 10, 0.01, 40.0
_SECRET = "a secret of the benchmark, long enough for HS256"
_RECORDING = ROOT / "examples" / "audio" / "funasr-asr_example.wav"
_FRAME_S = WINDOW / 16_000
_RUNNING_S = 0.15  # pieces come more often while a reply runs
_LONG = "".join(f"{n}，" for n in range(3000))  # no sentence twice: a reply that goes round in circles is cut
_UPDATE = {
    "type": "session.update",
    "session": {"type": "realtime", "audio": {"input": {"format": {"type": "audio/pcm", "rate": 16_000}}}},
}


class PacedChatModel(FakeChatModel):
    """A long reply, a piece every PACE_S."""

    async def stream(self, *args: Any, **kwargs: Any) -> AsyncIterator[str]:
        async for piece in super().stream(*args, **kwargs):
            yield piece
            await asyncio.sleep(PACE_S)


async def serve(folder: Path, secret: str, port: int) -> None:
    """Our application around fakes, until terminated."""
    settings = Settings(data_dir=folder, auth=Auth(secret=SecretStr(secret)), server=Server(drain_s=1.0))
    folder.mkdir(parents=True, exist_ok=True)
    await asyncio.to_thread(database.upgrade, settings.database_url)
    async with open_records(settings) as records:
        embedder, chat, ticker = FakeEmbedder(), PacedChatModel(_LONG), VadTicker(SileroBatch())
        index = ChromaIndex.embedded(folder / "chroma", embedder.name, 2)
        engine = Engine(
            settings,
            recognizer=FakeRecognizer("今天天气还行。"),
            chat=chat,
            records=records,
            learner=learner(settings.memory, records, index, embedder, chat),
            ticker=ticker,
            voice=FakeVoiceReader(),
        )
        config = uvicorn.Config(
            create_app(settings, engine), port=port, ws="websockets-sansio", log_level="warning",
            timeout_graceful_shutdown=2,
        )  # fmt: skip
        try:
            await uvicorn.Server(config).serve()
        finally:
            await ticker.close()


class _Talk:
    """One socket: frames go out in real time; when each went, and when each piece of the reply came."""

    def __init__(self, connection: ClientConnection, delta: str) -> None:
        self._connection, self._delta = connection, delta
        self.sent: list[tuple[float, bytes]] = []
        self.pieces: list[float] = []
        self._begun = time.perf_counter()

    async def send(self, samples: NDArray[np.float32]) -> None:
        pcm = (np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes()
        for at in range(0, len(pcm) // 1024 * 1024, 1024):
            await asyncio.sleep(max(0.0, self._begun + len(self.sent) * _FRAME_S - time.perf_counter()))
            self.sent.append((time.perf_counter(), pcm[at : at + 1024]))
            await self._connection.send(pcm[at : at + 1024])

    async def listen(self) -> None:
        try:
            async for frame in self._connection:
                if isinstance(frame, str) and self._delta in frame:
                    self.pieces.append(time.perf_counter())
        except ConnectionClosed:
            return


async def _interrupt(url: str, path: str, delta: str, headers: dict[str, str], *, marked: bool, number: int) -> float:
    speech = decode_file(_RECORDING)[12_000 : 12_000 + 2 * 16_000]
    quiet = (np.random.default_rng(number).normal(size=WINDOW) * 1e-4).astype(np.float32)
    await asyncio.sleep(number * 0.11)
    async with connect("ws" + url.removeprefix("http") + path, additional_headers=headers, proxy=None) as connection:
        talk = _Talk(connection, delta)
        listening = asyncio.create_task(talk.listen())
        await connection.send("start" if marked else json.dumps(_UPDATE))
        await talk.send(speech)
        if marked:
            await connection.send("stop")
        async with asyncio.timeout(20):
            while len(talk.pieces) < 20:
                await talk.send(quiet)
        begun = len(talk.sent)
        if marked:
            told = time.perf_counter()
            await connection.send("start")
        await talk.send(speech[:20_000])
        await talk.send(np.tile(quiet, 10))
        listening.cancel()
    decided = told if marked else talk.sent[_deciding([pcm for _, pcm in talk.sent], begun)][0]
    if talk.pieces[-1] < decided - _RUNNING_S:
        raise RuntimeError("the reply had ended before it was interrupted")
    if talk.pieces[-1] > talk.sent[-1][0] - _RUNNING_S:
        raise RuntimeError("the reply was not interrupted")
    return max(0.0, 1000 * (talk.pieces[-1] - decided))


def _deciding(frames: Sequence[bytes], begun: int) -> int:
    """The window with which the speech that begins at frame `begun` stops the reply."""
    samples = np.frombuffer(b"".join(frames), "<i2").astype(np.float32) / np.float32(32_768)
    turns = TurnTaking(TurnTakingConfig())
    for n, (probability, sound) in enumerate(heard(samples)):
        if n == begun:
            turns.thinking()
            turns.replying()
        commands = turns.window(probability, n * _FRAME_S, (n + 1) * _FRAME_S, sound)
        if any(isinstance(command, BargeIn) for command in commands):
            return n
    raise RuntimeError("the speech would not stop the reply: the recording or the rules have changed")


async def _measure(url: str, *, marked: bool) -> list[float]:
    path, delta = ("/ws", "delta") if marked else ("/v1/realtime", '"response.output_text.delta"')
    headers = [
        {} if marked else {"Authorization": f"Bearer {issue(_SECRET, f'user-{n}', 600.0, time.time())}"}
        for n in range(SESSIONS)
    ]
    work = (_interrupt(url, path, delta, each, marked=marked, number=n) for n, each in enumerate(headers))
    return list(await asyncio.gather(*work))


def run() -> Result:
    """Ours, then the peer."""
    with TemporaryDirectory(prefix="companion-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        command = (sys.executable, "-m", "benchmarks.barge_in", str(folder / "data"), _SECRET)
        ours = asyncio.run(_measure(stack.enter_context(serving(command, folder / "ours.log")).url, marked=False))
        theirs = _peer(stack, folder)
    worst = max(ours)
    detail: dict[str, object] = {"median": statistics.median(ours)}
    return Result("barge-in", worst, "ms from the deciding window to the last piece of the reply, the worst",
                  "pipecat 1.14, from the start of speech it is told", max(theirs) if theirs else None,
                  f"<= {_GOAL_MS:g}", worst <= _GOAL_MS, len(ours), detail)  # fmt: skip


def _peer(stack: ExitStack, folder: Path) -> list[float] | None:
    python = pipecat_venv.python()
    if python is None:
        return None
    command = (str(python), str(ROOT / "benchmarks" / "peers" / "pipecat_server.py"), "0.07", "0.1", str(PACE_S))
    try:
        server = stack.enter_context(serving(command, folder / "pipecat.log", start_s=120))
    except CompanionError as error:
        pipecat_venv.say(str(error))
        return None
    return asyncio.run(_measure(server.url, marked=True))


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
