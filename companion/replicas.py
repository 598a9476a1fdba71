"""What the replicas of a deployment tell each other over Redis: who goes on with a session.

Only a courtesy: the journal lets one process write a session at a time, Redis or not. With it the former owner stops at
once, not at its next event.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from typing import Any

from companion.errors import ConfigurationError

_log = logging.getLogger(__name__)
_CHANNEL = "companion:sessions"
_RETRY_S = 1.0


class Replicas:
    """One process among the others; alone where there is no url. on_taken: called with a session's id."""

    def __init__(self, url: str | None) -> None:
        self._url, self._me = url, uuid.uuid4().hex
        self.on_taken: Callable[[str], None] = lambda _: None
        self._redis: Any = None
        self._listening: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect. Raises ConfigurationError where no Redis answers."""
        if self._url is None:
            return
        from redis.asyncio import Redis
        from redis.exceptions import RedisError

        self._redis = Redis.from_url(self._url)
        try:
            await self._redis.ping()
        except (RedisError, OSError) as error:
            await self._redis.aclose()
            raise ConfigurationError(
                f"no Redis answers ({type(error).__name__}): start it, or mend or unset COMPANION_REDIS__URL"
            ) from None
        self._listening = asyncio.create_task(self._listen())

    async def take(self, session_id: str) -> None:
        """Tell the others that this process goes on with a session."""
        if self._redis is None:
            return
        try:
            await self._redis.publish(_CHANNEL, f"{self._me} {session_id}")
        except Exception as error:  # they find out from the journal
            _log.warning("Redis was not told of a session: %s", type(error).__name__)

    async def _listen(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(_CHANNEL)
                    async for message in channel.listen():
                        if message["type"] == "message":
                            self._hear(message["data"])
            except Exception as error:
                _log.warning("Redis does not answer: %s", type(error).__name__)
                await asyncio.sleep(_RETRY_S)

    def _hear(self, told: bytes) -> None:
        who, _, session_id = told.decode("ascii", "replace").partition(" ")
        if who != self._me and session_id:
            self.on_taken(session_id)

    async def close(self) -> None:
        """Leave."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        if self._redis is not None:
            await self._redis.aclose()
