"""Hearing 60 people at once: share of a core, in one batch as the ticker does it, and one window at a time.

All say the same recording, each from another place in it, in real time. Ours tells what each window with speech sounds
like as well. The peer is pipecat's analyzer, one object a session as it is made, in its own venv: windows one by one.
"""

from __future__ import annotations

import asyncio
import subprocess
import time

import numpy as np
from numpy.typing import NDArray

from benchmarks import pipecat_venv
from benchmarks.places import ROOT
from benchmarks.result import Result
from companion.audio.decode import SAMPLE_RATE, decode_file
from companion.speech.vad import WINDOW, SileroBatch, VadTicker

SESSIONS, _SECONDS, _ALONE = 60, 10, 4
_WARM = 31  # windows, one second
_CORE, _OF_ALONE = 0.20, 0.5
_RECORDING = ROOT / "examples" / "audio" / "librispeech-1995-1837-0001.wav"
_PEER_WINDOWS = 3_000
_PEER = """
import sys, time
import numpy as np
from loguru import logger
logger.remove()
from pipecat.audio.vad.silero import SileroVADAnalyzer
pcm = np.load(sys.argv[1])
analyzers = [SileroVADAnalyzer(sample_rate=16000) for _ in range(4)]
for analyzer in analyzers:
    analyzer.set_sample_rate(16000)
    analyzer.voice_confidence(pcm[:512].tobytes())
windows = [pcm[n * 512 % (len(pcm) - 512):][:512].tobytes() for n in range(int(sys.argv[2]))]
begun = time.process_time()
for n, window in enumerate(windows):
    analyzers[n % 4].voice_confidence(window)
print((time.process_time() - begun) / len(windows))
"""


def run() -> Result:
    """Ours for ten seconds, then one window at a time for four, then the peer."""
    clip = decode_file(_RECORDING)
    ours = asyncio.run(_heard(clip, batch=SESSIONS, seconds=_SECONDS))
    alone = asyncio.run(_heard(clip, batch=1, seconds=_ALONE))
    theirs = _peer(clip)
    met = ours <= _CORE and ours <= _OF_ALONE * alone
    return Result("vad", ours, f"of a core, {SESSIONS} sessions", "pipecat 1.14, SileroVADAnalyzer", theirs,
                  f"<= {_CORE:g}, and <= {_OF_ALONE:g} of one window at a time", met, SESSIONS,
                  {"one_by_one": alone, "batched_of_one_by_one": ours / alone})  # fmt: skip


async def _heard(clip: NDArray[np.float32], *, batch: int, seconds: int) -> float:
    """CPU seconds a second of all sessions, the loop and the thread together. batch: windows in one inference."""
    ticker, heard = VadTicker(SileroBatch(), batch), [0]

    def tell(*_: object) -> None:
        heard[0] += 1

    streams = [ticker.open(tell) for _ in range(SESSIONS)]
    windows = clip[: clip.size // WINDOW * WINDOW].reshape(-1, WINDOW)
    try:
        begun, used = time.perf_counter(), 0.0
        for tick in range(_WARM + seconds * SAMPLE_RATE // WINDOW):
            if tick == _WARM:
                used, heard[0] = time.process_time(), 0
            for n, stream in enumerate(streams):
                ticker.push(stream, windows[(tick + 5 * n) % len(windows)])
            await asyncio.sleep(max(0.0, begun + (tick + 1) * WINDOW / SAMPLE_RATE - time.perf_counter()))
        await ticker.drained()
        return (time.process_time() - used) / (heard[0] / SESSIONS * WINDOW / SAMPLE_RATE)
    finally:
        await ticker.close()


def _peer(clip: NDArray[np.float32]) -> float | None:
    """CPU seconds a second of SESSIONS sessions; None where pipecat cannot be had."""
    from tempfile import TemporaryDirectory

    python = pipecat_venv.python()
    if python is None:
        return None
    with TemporaryDirectory(prefix="companion-bench-") as folder:
        np.save(f"{folder}/pcm.npy", (clip * 32_767).astype("<i2"))
        command = (str(python), "-c", _PEER, f"{folder}/pcm.npy", str(_PEER_WINDOWS))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pipecat_venv.say(f"pipecat's analyzer did not run: {done.stderr.strip().splitlines()[-1:]}")
        return None
    return float(done.stdout.split()[-1]) * SESSIONS * SAMPLE_RATE / WINDOW
