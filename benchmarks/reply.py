"""From the end of speech to the first piece of the reply, with the real models: Whisper, USE, Qwen 1.5B on two cores.

A real server in a process of its own, a real socket, a recording of some four seconds at the pace of speech; the first
turn of each session is typed, the second spoken and measured. The peer is the same turn where the prefix is not kept:
what the reply's prompt costs from its first token, measured on the same model, in place of what it cost here.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from affect.tracks import track
from api.auth import issue, signing_secret
from api.local_server import serving
from api.realtime.client import RealtimeClient
from benchmarks.places import ROOT
from benchmarks.result import Result
from companion.audio.decode import decode_file
from companion.llm.backends.llamacpp import create
from companion.models.packs import PackStore
from companion.settings import Settings
from prompts.compose import compose
from prompts.persona import load_persona
from prompts.types import Exchange

_GOAL_S = 3.0
_RECORDING = ROOT / "examples" / "audio" / "funasr-asr_example.wav"
_TYPED = "我叫小雨，下周三要面试，我有点紧张。"
_PARTS = ("asr", "affect", "recall", "compose", "queue", "first_token")


def run(n: int = 5) -> Result:
    """n sessions. Raises ModelUnavailable without the packs, CompanionError where the server does not start."""
    settings = Settings()
    store = PackStore(settings.models)
    for model in (settings.speech.model, settings.chat.model):
        store.locate(model)
    samples = _speech()
    with TemporaryDirectory(prefix="companion-bench-") as name:
        folder = Path(name)
        env = {**os.environ, "COMPANION_DATA_DIR": str(folder)}
        secret = signing_secret(Settings(data_dir=folder))
        with serving((sys.executable, "-m", "api.cli", "serve", "--port"), folder / "serve.log", env=env,
                     start_s=180) as server:  # fmt: skip
            turns = [
                asyncio.run(_turn(server.url, issue(secret, f"u{k}", 600, time.time()), samples)) for k in range(n)
            ]
    waits = [wait for wait, _ in turns]
    parts = {part: statistics.median(timings[part] or 0.0 for _, timings in turns) for part in _PARTS}
    value = statistics.median(waits)
    warm = parts["first_token"] - parts["queue"]
    cold = asyncio.run(_cold(settings))
    detail = {**parts, "endpoint_silence": settings.turn.silence_s, "worst": max(waits), "prefix_not_kept": cold,
              "utterance_s": samples.size / 16_000}  # fmt: skip
    return Result("reply", value, "s, end of speech to first piece, p50", "the same turn, prefix not kept",
                  value - warm + cold, "<= 3.0", value <= _GOAL_S, n, detail)  # fmt: skip


def _speech() -> np.ndarray:
    """The recording from its first to its last sound."""
    samples = decode_file(_RECORDING)
    sounding = np.flatnonzero(track(samples).speech)
    return samples[sounding[0] * 160 : sounding[-1] * 160 + 640]


async def _turn(url: str, token: str, samples: np.ndarray) -> tuple[float, Mapping[str, Any]]:
    """Seconds from the last sound to the first piece, and the server's timings."""
    async with RealtimeClient.connect(url, token) as client:
        await client.type(_TYPED)
        async for _ in client.turn():
            pass
        started = time.perf_counter()
        speaking = asyncio.create_task(client.speak(samples))
        first: float | None = None
        timings: Mapping[str, Any] = {}
        async for event in client.turn():
            if event["type"] == "response.output_text.delta" and first is None:
                first = time.perf_counter()
            if event["type"] == "companion.timings":
                timings = event
        await speaking
    assert first is not None, "a turn was left without a reply"
    return first - started - samples.size / 16_000, timings


async def _cold(settings: Settings) -> float:
    """Seconds to the first token of such a prompt where nothing of it is kept."""
    chat = await create(settings.chat, PackStore(settings.models).locate)
    history = [Exchange(_TYPED, "嗯，面试前紧张很正常。是什么样的面试呀？")]
    prompt = compose(load_persona("default", "zh"), history=history, text="欢迎大家来体验", now=time.time())
    try:
        started = time.perf_counter()
        async for _ in chat.stream(prompt.messages, max_tokens=1, temperature=0.0):
            break
        return time.perf_counter() - started
    finally:
        await chat.close()
