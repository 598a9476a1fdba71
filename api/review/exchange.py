"""Between counsellors' pages and the sessions, wherever those are live: in this process, or on another replica."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Protocol

import msgspec

from api.realtime.live import LiveSession
from api.realtime.sessions import Sessions
from api.review.bus import CASES, DESK, Behind, Bus, Line
from api.review.commands import AWAY, Answer, Ask, Command, Happened, Message, Reply, Told
from api.review.watching import Watching
from api.staff import Access
from companion.engine import Engine
from companion.errors import StorageError

ANSWER_S = 2.0  # in which another replica has to answer
_SEEN_S = 75.0  # a person on another replica counts as there: their sessions are marked each minute
_log = logging.getLogger(__name__)
_encode = msgspec.msgpack.encode
_messages = msgspec.msgpack.Decoder(Message)
_commands, _answers = msgspec.msgpack.Decoder(Command), msgspec.msgpack.Decoder(Answer)
_tolds = msgspec.msgpack.Decoder(Told)


class Page(Protocol):
    """A counsellor's page that watches a session of this person, whose key is loaded."""

    user_id: str

    def told(self, told: Told) -> None:
        """Something happened; must not wait."""
        ...


class Exchange:
    """One process's. Queue changes of this process are told to all pages of all replicas."""

    def __init__(self, engine: Engine, sessions: Sessions, desk: Access, bus: Bus) -> None:
        self.bus, self.engine, self.desk = bus, engine, desk
        self._ring = engine.records.ring
        self.watching = Watching(sessions, desk.audit, self._tell, clock=time.monotonic, now=desk.now)
        self._pages: defaultdict[str, set[Page]] = defaultdict(set)
        self._asked: dict[str, asyncio.Future[bytes]] = {}
        self._works: set[asyncio.Task[None]] = set()

    @classmethod
    @asynccontextmanager
    async def open(cls, engine: Engine, sessions: Sessions, desk: Access) -> AsyncIterator[Exchange]:
        """One that listens; over Redis where the settings name one."""
        async with Bus.open(engine.settings.redis.url) as bus:
            exchange = cls(engine, sessions, desk, bus)
            engine.cases.on_change.append(exchange.case_changed)
            tasks = [asyncio.create_task(exchange.watching.run()), asyncio.create_task(exchange._listen())]
            try:
                yield exchange
            finally:
                engine.cases.on_change.remove(exchange.case_changed)
                for task in (*tasks, *exchange._works):
                    task.cancel()
                await asyncio.gather(*tasks, *exchange._works, return_exceptions=True)
                await exchange.watching.settle()

    def case_changed(self, session_id: str, _user_id: str) -> None:
        """Tell all pages that show the queue, here and elsewhere."""
        self.bus.publish(CASES, session_id.encode())

    def online(self, session_id: str, seen_at: float | None) -> bool:
        """Whether the person is there. seen_at: when they last were, as the records know it; None: the talk ended."""
        live = self.watching.live(session_id)
        if live is not None:
            return live.outlet is not None
        return not self.bus.alone and seen_at is not None and self.desk.now() - seen_at <= _SEEN_S

    @asynccontextmanager
    async def page(self, session_id: str, page: Page) -> AsyncIterator[None]:
        """While it is open, this page is told what happens in the session, once it has asked for that ("watch")."""
        self._pages[session_id].add(page)
        try:
            yield
        finally:
            self._pages[session_id].discard(page)
            if not self._pages[session_id]:
                del self._pages[session_id]

    async def ask(self, session_id: str, user_id: str, command: Command) -> Answer:
        """Have it done where the session is live. AWAY where that is nowhere, or nobody answers within 2 s."""
        command = msgspec.structs.replace(command, replica=self.bus.me)
        # a page that goes away must not leave half a takeover behind
        answer = await asyncio.shield(asyncio.ensure_future(self.watching.obey(session_id, command)))
        if answer is not None:
            return answer
        if self.bus.alone:
            return AWAY
        await self._ring.load(user_id)
        asked = uuid.uuid4().hex
        told: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._asked[asked] = told
        try:
            sealed = self._ring.seal_bytes(user_id, _encode(command))
            self.bus.publish(DESK, _encode(Ask(asked, self.bus.me, session_id, sealed)))
            async with asyncio.timeout(ANSWER_S):
                return _answers.decode(self._ring.open_bytes(user_id, await told))
        except TimeoutError:
            return AWAY
        finally:
            del self._asked[asked]

    def tell(self, session_id: str, user_id: str, command: Command) -> None:
        """`ask`, where nobody waits for what comes of it."""

        async def work() -> None:
            answer = await self.ask(session_id, user_id, command)
            if answer is not AWAY:
                return
            cases, now = self.engine.cases, self.desk.now()
            if command.verb == "resolved":
                await cases.store.transaction(cases.settled(session_id, command.level, now))
            elif command.verb == "gone" and command.holds:
                await cases.store.transaction(cases.left(session_id, now))
                cases.changed(session_id, user_id)

        self._later(work())

    def _tell(self, replica: str, live: LiveSession, told: Told) -> bool:
        if replica == self.bus.me:
            self._show(live.id, told)
            return True
        try:
            sealed = self._ring.seal_bytes(live.user_id, _encode(told))
        except StorageError:  # the person was erased: there is nothing more to tell
            return True
        return self.bus.publish(replica, _encode(Happened(live.id, sealed)))

    def _show(self, session_id: str, told: Told) -> None:
        for page in tuple(self._pages.get(session_id, ())):
            page.told(told)

    async def _listen(self) -> None:
        while True:
            try:
                async with self.bus.listening(DESK, self.bus.me) as line:
                    await self._hear(line)
            except Behind:
                _log.error("this replica did not keep up with what the others told it")

    async def _hear(self, line: Line) -> None:
        while True:
            message = await line.next(3600.0)
            try:
                if message is not None:
                    self._heard(_messages.decode(message))
            except Exception as error:  # whatever somebody else put on Redis
                _log.warning("a message of another replica could not be used: %s", type(error).__name__)

    def _heard(self, message: Message) -> None:
        match message:
            case Ask() if message.reply_to != self.bus.me:
                live = self.watching.live(message.session_id)
                if live is not None:
                    command = _commands.decode(self._ring.open_bytes(live.user_id, message.sealed))
                    self._later(self._obey(live, command, message))
            case Reply():
                asked = self._asked.get(message.id)
                if asked is not None and not asked.done():
                    asked.set_result(message.sealed)
            case Happened():
                pages = self._pages.get(message.session_id)
                if pages:
                    user_id = next(iter(pages)).user_id
                    told = _tolds.decode(self._ring.open_bytes(user_id, message.sealed))
                    self._show(message.session_id, told)
            case _:
                pass  # one's own question

    async def _obey(self, live: LiveSession, command: Command, ask: Ask) -> None:
        answer = await self.watching.obey(live.id, command)
        if answer is not None:
            sealed = self._ring.seal_bytes(live.user_id, _encode(answer))
            self.bus.publish(ask.reply_to, _encode(Reply(ask.id, sealed)))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        async def logged() -> None:
            try:
                await work
            except Exception as error:
                _log.warning("a session was not told what a counsellor does: %s", type(error).__name__)

        task = asyncio.create_task(logged())
        self._works.add(task)
        task.add_done_callback(self._works.discard)
