"""Whether the person is there: what follows for the clock of use and for the risk protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

from companion.duties import Duties
from companion.safeguard import Safeguard
from companion.safety.course import ACUTE
from companion.safety.protocol_types import Left, Returned


class Presence:
    """One session's."""

    def __init__(
        self,
        guard: Safeguard,
        duties: Duties,
        later: Callable[[Coroutine[None, None, None]], asyncio.Task[None]],
    ) -> None:
        self._guard, self._duties, self._later = guard, duties, later
        self._here = self._known = False
        self._before = guard.state.level >= ACUTE  # they come into this talk with what was said in an earlier one
        self._following: asyncio.Task[None] | None = None

    def changed(self, *, here: bool) -> None:
        """A socket came, or the last one went."""
        self._here = here
        if self._following is None or self._following.done():
            self._following = self._later(self._follow())

    async def _follow(self) -> None:
        while self._here != self._known:
            self._known = here = self._here
            await (self._duties.attached() if here else self._duties.detached())
            state = self._guard.state
            if here and (state.away or self._before) and state.level >= ACUTE:
                await self._guard.happens(Returned())
            elif not here and not state.away and state.level >= ACUTE:
                await self._guard.happens(Left())
            self._before = False
