"""Paced sessions over WebSockets: speak, stop, wait for the first piece of the reply."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection, connect

FRAME_S = 0.02
_REPLY_S = 30.0


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one server wants to be told, as text frames, and by which words its own frames are known."""

    path: str
    delta: str
    done: str
    opening: Sequence[str] = ()
    begin: Sequence[str] = ()
    end: Sequence[str] = ()
    tokens: Sequence[str] = field(default_factory=tuple)  # one bearer token a session

    def headers(self, session: int) -> Mapping[str, str]:
        """Headers of the numbered session."""
        return {"Authorization": f"Bearer {self.tokens[session]}"} if self.tokens else {}


async def speak(url: str, dialect: Dialect, pcm: bytes, *, sessions: int, turns: int, seed: int) -> list[float]:
    """Seconds from the end of speech to the first delta, of each turn of each session.

    pcm: PCM16LE, 16 kHz, one utterance; each session begins at another place in it. Starts are staggered over one
    utterance, and the pauses between turns are random, so that turns of sessions fall everywhere.
    """
    period = len(pcm) / 32_000 / sessions
    address = "ws" + url.removeprefix("http") + dialect.path
    work = [_session(address, dialect, _turned(pcm, n, sessions), n, turns, n * period, seed) for n in range(sessions)]
    return [seconds for each in await asyncio.gather(*work) for seconds in each]


def _turned(pcm: bytes, n: int, of: int) -> bytes:
    at = len(pcm) * n // of // 2 * 2
    return pcm[at:] + pcm[:at]


async def _session(
    address: str, dialect: Dialect, pcm: bytes, number: int, turns: int, delay_s: float, seed: int
) -> list[float]:
    pauses = random.Random(seed * 1000 + number)
    await asyncio.sleep(delay_s)
    waits = []
    headers = dialect.headers(number)
    async with connect(address, additional_headers=headers, compression=None, proxy=None) as connection:
        for text in dialect.opening:
            await connection.send(text)
        for _ in range(turns):
            waits.append(await _turn(connection, dialect, pcm))
            await asyncio.sleep(pauses.uniform(0.05, 0.35))
    return waits


async def _turn(connection: ClientConnection, dialect: Dialect, pcm: bytes) -> float:
    for text in dialect.begin:
        await connection.send(text)
    size = int(FRAME_S * 32_000)
    started = time.perf_counter()
    for count, at in enumerate(range(0, len(pcm), size), 1):
        await connection.send(pcm[at : at + size])
        await asyncio.sleep(max(0.0, started + count * FRAME_S - time.perf_counter()))
    stopped = time.perf_counter()
    for text in dialect.end:
        await connection.send(text)
    first: float | None = None
    async with asyncio.timeout(_REPLY_S):
        while True:
            frame = await connection.recv()
            now = time.perf_counter()
            assert isinstance(frame, str)
            if first is None and dialect.delta in frame:
                first = now
            elif dialect.done in frame:
                if first is None:
                    raise RuntimeError(f"a turn ended without a reply: {frame[:800]}")
                return first - stopped
