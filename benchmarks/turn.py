"""Orchestration of a turn: end of speech -> first piece of the reply, less the two stages, which only sleep.

Twenty sessions at once over real sockets. Ours runs the real application with its VAD, and has each utterance on
record before it answers; pipecat runs no VAD and keeps nothing, but does bookkeeping of its own (observers, turn
strategies, interruptions). The floor is a bare WebSocket that sleeps twice: timers, loopback and this generator.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from api.auth import issue
from api.local_server import Running, serving
from benchmarks import pipecat_venv
from benchmarks.fake_server import ASR_S, CHAT_S
from benchmarks.load import Dialect, speak
from benchmarks.places import ROOT
from benchmarks.result import Result
from companion.audio.decode import decode_file

SESSIONS = 20
_SECRET = "a secret of the benchmark, long enough for HS256"
_RECORDING = ROOT / "examples" / "audio" / "funasr-asr_example.wav"
_P50_MS, _P95_MS, _OF_PEER = 5.0, 12.0, 1 / 8
_PLAIN = Dialect("/ws", delta="delta", done="done", begin=("start",), end=("stop",))
_STAGES = (str(ASR_S), str(CHAT_S))


@dataclass(slots=True)
class _Side:
    """One server under measurement. waits: seconds from the end of speech to the first delta."""

    server: Running
    plain: bool = False
    vad: bool = True
    waits: list[float] = field(default_factory=list)
    cpu_s: float = 0.0

    def measure(self, pcm: bytes, turns: int, seed: int) -> None:
        dialect = _PLAIN if self.plain else _dialect(vad=self.vad, user=f"{'v' if self.vad else 'm'}{seed}")
        before = self.server.cpu_s()
        self.waits += asyncio.run(
            speak(self.server.url, dialect, pcm, sessions=SESSIONS, turns=turns, seed=seed),
        )
        self.cpu_s += self.server.cpu_s() - before

    def forget(self) -> None:
        """Leave a first pass uncounted: imports, statement caches, collections that are made once."""
        self.waits.clear()
        self.cpu_s = 0.0

    def figures(self) -> tuple[float, float, float]:
        """Milliseconds over the stages, p50 and p95; milliseconds of CPU a turn, its audio frames included."""
        over = [1000 * (seconds - ASR_S - CHAT_S) for seconds in self.waits]
        return statistics.median(over), statistics.quantiles(over, n=20)[-1], 1000 * self.cpu_s / len(over)


def run(turns: int = 4, rounds: int = 2) -> Result:
    """Interleaved: ours, the peer, ours without VAD, the floor; `rounds` times."""
    pcm = utterance()
    with TemporaryDirectory(prefix="companion-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        command = (sys.executable, "-m", "benchmarks.fake_server", str(folder / "data"), _SECRET)
        server = stack.enter_context(serving(command, folder / "ours.log"))
        sides = {"ours": _Side(server), "without_vad": _Side(server, vad=False)}
        if peer := stack.enter_context(pipecat_venv.running(folder, *_STAGES)):
            sides["peer"] = _Side(peer, plain=True)
        command = (sys.executable, "-m", "benchmarks.peers.bare_server", *_STAGES)
        sides["floor"] = _Side(stack.enter_context(serving(command, folder / "bare.log")), plain=True)
        for number in range(rounds + 1):
            for side in sides.values():
                side.measure(pcm, turns if number else 1, number)
                if number == 0:
                    side.forget()
    figures = {name: side.figures() for name, side in sides.items()}
    value, p95, cpu = figures["ours"]
    theirs, theirs_p95, theirs_cpu = figures.get("peer", (None, None, None))
    detail: dict[str, object] = {"p95": p95, "peer_p95": theirs_p95, "cpu_ms": cpu, "peer_cpu_ms": theirs_cpu}
    for name in ("without_vad", "floor"):
        detail |= dict(zip((f"{name}_p50", f"{name}_p95", f"{name}_cpu_ms"), figures[name], strict=True))
    if theirs is None:
        detail["note"] = "pipecat could not be installed or started: no peer"
    met = value <= _P50_MS and p95 <= _P95_MS and theirs is not None and value <= theirs * _OF_PEER
    return Result("turn", value, "ms over the stages, p50, 20 sessions", "pipecat 1.14, FastAPI transport", theirs,
                  f"p50 <= {_P50_MS:g}, p95 <= {_P95_MS:g}, p50 <= 1/8 of the peer's", met,
                  len(sides["ours"].waits), detail)  # fmt: skip


def utterance() -> bytes:
    """Two seconds of somebody speaking, PCM16LE."""
    samples = decode_file(_RECORDING)[16_000 : 3 * 16_000]
    return (np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes()


def _dialect(*, vad: bool, user: str) -> Dialect:
    """Ours. With VAD the server listens for the end as well, but the client's commit comes first: an exact end."""
    detection = {"type": "server_vad", "silence_duration_ms": 5000, "create_response": False} if vad else None
    audio = {"input": {"format": {"type": "audio/pcm", "rate": 16_000}, "turn_detection": detection}}
    update = {"type": "session.update", "session": {"type": "realtime", "audio": audio}}
    return Dialect(
        "/v1/realtime",
        delta='"response.output_text.delta"',
        done='"response.done"',
        opening=(json.dumps(update),),
        end=('{"type": "input_audio_buffer.commit"}', '{"type": "response.create"}'),
        tokens=[issue(_SECRET, f"{user}-{n}", 600.0, time.time()) for n in range(SESSIONS)],
    )
