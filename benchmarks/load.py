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


@dataclass(frozen=True, slots=True)
class Pace:
    """How people talk. pause_s: between a reply and the next words, least and most. open_microphone: silence is sent
    meanwhile. frame_s: audio in one frame."""

    pause_s: tuple[float, float] = (0.05, 0.35)
    open_microphone: bool = False
    frame_s: float = FRAME_S


BRISK = Pace()


async def speak(
    url: str, dialect: Dialect, pcm: bytes, *, sessions: int, turns: int, seed: int, warm: int = 0, pace: Pace = BRISK
) -> list[float]:
    """Seconds from the end of speech to the first delta, of each turn of each session; its first `warm` do not count.

    pcm: PCM16LE, 16 kHz, one utterance; each session begins at another place in it. Starts are staggered over one turn,
    and the pauses between turns are random, so that turns of sessions fall everywhere.
    """
    period = (len(pcm) / 32_000 + pace.pause_s[0]) / sessions
    address = "ws" + url.removeprefix("http") + dialect.path
    work = [
        _session(address, dialect, _turned(pcm, n, sessions), n, turns, n * period, seed, pace) for n in range(sessions)
    ]
    return [seconds for each in await asyncio.gather(*work) for seconds in each[warm:]]


def _turned(pcm: bytes, n: int, of: int) -> bytes:
    at = len(pcm) * n // of // 2 * 2
    return pcm[at:] + pcm[:at]


async def _session(
    address: str, dialect: Dialect, pcm: bytes, number: int, turns: int, delay_s: float, seed: int, pace: Pace
) -> list[float]:
    pauses = random.Random(seed * 1000 + number)
    await asyncio.sleep(delay_s)
    waits = []
    headers = dialect.headers(number)
    async with connect(address, additional_headers=headers, compression=None, proxy=None) as connection:
        for text in dialect.opening:
            await connection.send(text)
        for _ in range(turns):
            waits.append(await _turn(connection, dialect, pcm, pace.frame_s))
            pause_s = pauses.uniform(*pace.pause_s)
            if pace.open_microphone:
                await _stream(connection, bytes(int(pause_s * 16_000) * 2), pace.frame_s)
            else:
                await asyncio.sleep(pause_s)
    return waits


async def _stream(connection: ClientConnection, pcm: bytes, frame_s: float) -> None:
    """Send it as fast as it would be heard."""
    size = round(frame_s * 16_000) * 2
    started = time.perf_counter()
    for count, at in enumerate(range(0, len(pcm), size), 1):
        await connection.send(pcm[at : at + size])
        await asyncio.sleep(max(0.0, started + count * frame_s - time.perf_counter()))


async def _turn(connection: ClientConnection, dialect: Dialect, pcm: bytes, frame_s: float) -> float:
    for text in dialect.begin:
        await connection.send(text)
    await _stream(connection, pcm, frame_s)
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
