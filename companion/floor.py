"""Who has the word in one session: the companion, or a counsellor who joined."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from companion.engine import Engine
from companion.errors import InputError
from companion.events import Event, Noticed
from companion.records.database import Work
from companion.safeguard import Safeguard
from companion.safety.protocol_types import Claimed, CounsellorLost, GaveBack, State, TookOver

T = TypeVar("T")
_JOINED = {"zh": "现在和你说话的是一位咨询师，一个真人。", "en": "A counsellor, a person, talks with you now."}
_LEFT = {"zh": "现在和你说话的又是 AI 陪伴者。", "en": "The AI companion talks with you again."}


class Floor:
    """One session's. tell: says what a counsellor says; whispered: what they advise for the next reply.

    Every verb is carried to its end, whatever becomes of the caller. They raise StorageError.
    """

    def __init__(
        self,
        engine: Engine,
        session_id: str,
        user_id: str,
        guard: Safeguard,
        tell: Callable[[str], Coroutine[None, None, str]],
        emit: Callable[[Event], None],
    ) -> None:
        self._engine, self._session_id, self._user_id = engine, session_id, user_id
        self._guard, self._tell, self._emit = guard, tell, emit
        self._by: str | None = None
        self.whispered = ""
        self._under_way: set[asyncio.Task[Any]] = set()

    @property
    def state(self) -> State:
        """Where the protocol stands."""
        return self._guard.state

    @property
    def by(self) -> str | None:
        """Id of the counsellor who has the word; None also where one has it whom this process does not know."""
        return self._by if self._guard.human else None

    async def take_over(self, staff_id: str, name: str) -> bool:
        """The counsellor speaks from here on; whether they may. name: for the log of who calls, never told."""
        del name
        return await self._carried(self._take_over(staff_id))

    async def _take_over(self, staff_id: str) -> bool:
        new = not self._guard.human
        self._by = staff_id  # who watches is told who it is as soon as anything is told
        if new:
            await self._guard.happens(TookOver())
        if not self._guard.human:
            self._by = None
            return False
        if new:
            self._emit(Noticed("takeover_started", _JOINED[self._guard.language]))
        await self._keep(self._engine.cases.joined(self._session_id, staff_id, self._engine.now()))
        return True

    async def say(self, text: str) -> str:
        """Say this to the person; id of its item. Raises InputError (no_floor)."""
        if self.by is None:
            raise InputError("you are not talking with the person: take over first", code="no_floor")
        return await self._carried(self._tell(text))

    async def whisper(self, text: str) -> None:
        """The companion keeps to this in its next reply; "" takes it back."""
        self.whispered = text.strip()

    async def claimed(self) -> None:
        """A counsellor reads."""
        await self._carried(self._guard.happens(Claimed()))

    async def give_back(self, level: int) -> None:
        """The companion answers again. level: 0..4, how the counsellor judges the danger."""
        await self._carried(self._end(GaveBack(level)))

    async def lost(self) -> None:
        """The counsellor is gone."""
        await self._carried(self._end(CounsellorLost()))

    async def _end(self, event: GaveBack | CounsellorLost) -> None:
        had = self._guard.human
        if had:  # before the protocol asks for the next counsellor
            await self._keep(self._engine.cases.left(self._session_id, self._engine.now()))
        await self._guard.happens(event)
        self._by = None
        if had:
            self._emit(Noticed("takeover_ended", _LEFT[self._guard.language]))

    async def _keep(self, work: Work) -> None:
        await self._engine.records.store.transaction(work)
        self._engine.cases.changed(self._session_id, self._user_id)

    async def _carried(self, work: Coroutine[None, None, T]) -> T:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """What is under way is carried to its end."""
        while self._under_way:
            await asyncio.gather(*self._under_way, return_exceptions=True)
