"""What the replicas tell each other of the queue and of sessions that are watched: Litestar's channels.

In memory where there is one process, over Redis where there are more. What is told of a person travels sealed.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar.channels import ChannelsPlugin, Subscriber
from litestar.channels.backends.base import ChannelsBackend
from litestar.channels.backends.memory import MemoryChannelsBackend

CASES, DESK = "companion:cases", "companion:desk"
MISSED = b""  # on CASES: something may have been missed
_UNREAD = 4096  # messages that may wait for a reader of ours; authored
_UNSENT = 4096  # messages that may wait for Redis; authored
_RETRY_S, _SEND_S = 1.0, 2.0
_log = logging.getLogger(__name__)


class Behind(Exception):
    """Somebody does not read: what was told meanwhile is not kept for them."""


class Line(Subscriber):
    """One reader's end. most: messages that may wait for them; with one more they are behind for good."""

    most = _UNREAD
    behind = False

    async def put(self, item: bytes | None) -> None:
        """Never waits, as nobody may wait for a reader."""
        self.put_nowait(item)

    def put_nowait(self, item: bytes | None) -> bool:
        """Whether they still follow."""
        self.behind = self.behind or self.qsize >= self.most
        return not self.behind and super().put_nowait(item)

    async def next(self, within_s: float) -> bytes | None:
        """The next message; None where none came in time. Raises Behind."""
        if self.behind:
            raise Behind
        try:
            async with asyncio.timeout(within_s):
                told = await self._queue.get()
        except TimeoutError:
            return None
        if self.behind:
            raise Behind
        return told

    def hang_up(self) -> None:
        """Who reads is told that they are behind."""
        self.behind = True
        super().put_nowait(None)


class Bus:
    """One process among the others. me: the channel on which the others reach it; alone: there are none.

    Nobody waits for it: what there is no room for is dropped, and `publish` says so.
    """

    def __init__(self, url: str | None) -> None:
        self.alone, self.me = url is None, f"{DESK}:{uuid.uuid4().hex}"
        self._redis: Any = None
        backend: ChannelsBackend = MemoryChannelsBackend()
        if url is not None:
            from redis.asyncio import Redis

            self._redis = Redis.from_url(url, client_name=self.me)
            backend = _over(self._redis)
        self._channels = ChannelsPlugin(
            backend, channels=[CASES, DESK, self.me], subscriber_max_backlog=_UNREAD, subscriber_class=Line
        )
        self._unsent: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(_UNSENT)
        self._lines: set[tuple[str, Line]] = set()

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str | None) -> AsyncIterator[Bus]:
        """One that sends and receives."""
        bus = cls(url)
        async with bus._channels:
            sending = asyncio.create_task(bus._send())
            try:
                yield bus
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
        if bus._redis is not None:
            await bus._redis.aclose()

    def publish(self, channel: str, message: bytes) -> bool:
        """Tell all who listen there, this process too; whether there was room for it."""
        try:
            self._unsent.put_nowait((channel, message))
        except asyncio.QueueFull:
            return False
        return True

    @asynccontextmanager
    async def listening(self, *channels: str, most: int = _UNREAD) -> AsyncIterator[Line]:
        """What is told on these channels from here on."""
        async with self._channels.start_subscription(channels) as line:
            assert isinstance(line, Line)
            line.most = most
            mine = {(channel, line) for channel in channels}
            self._lines |= mine
            try:
                yield line
            finally:
                self._lines -= mine

    def hang_up(self, channel: str) -> None:
        """End every reader's line of this channel: its page connects again, to whoever serves then."""
        for there, line in self._lines:
            if there == channel:
                line.hang_up()

    async def _send(self) -> None:
        while True:
            channel, message = await self._unsent.get()
            try:
                async with asyncio.timeout(_SEND_S):
                    await self._channels.wait_published(message, channel)
            except Exception as error:  # then at least those of this process are told
                _log.warning("the other replicas were not told: %s", type(error).__name__)
                for there, line in self._lines:
                    if there == channel:
                        line.put_nowait(message)


def _over(redis: Any) -> ChannelsBackend:
    from litestar.channels.backends.redis import RedisChannelsPubSubBackend

    class Lasting(RedisChannelsPubSubBackend):
        """Goes on listening when Redis comes back."""

        async def stream_events(self) -> AsyncGenerator[tuple[str, Any], None]:
            while True:
                try:
                    async for event in super().stream_events():
                        yield event
                except Exception as error:
                    _log.warning("Redis does not answer: %s", type(error).__name__)
                    await asyncio.sleep(_RETRY_S)
                    yield CASES, MISSED

    return Lasting(redis=redis)
