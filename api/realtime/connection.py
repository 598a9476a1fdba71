"""One WebSocket: one reader, one writer, a bounded queue between a session and the socket."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import msgspec
from litestar import WebSocket
from litestar.exceptions import WebSocketDisconnect, WebSocketException

from api.auth import Authenticator, Expiry, Principal
from api.realtime import protocol
from api.realtime import server_events as wire
from api.realtime.client_events import act
from api.realtime.live import Gate
from api.realtime.protocol import FrameError, decode_client_event
from api.realtime.sessions import Sessions
from companion.errors import AuthenticationError, CompanionError, InputError, Moved, Overloaded, StorageError
from companion.items import new_id
from companion.settings import Server

_log = logging.getLogger(__name__)
_ELSEWHERE, _POLICY, _TOO_BIG, _RETRY = 1001, 1008, 1009, 1013
_LOOK_S = 5.0  # between looks at the token
_LAST_WORDS_S = 2.0  # for what waits, when the socket is closed from here


class Connection:
    """Reads client events into a session and writes its frames to the socket, until either side goes away."""

    def __init__(
        self,
        socket: WebSocket[Any, Any, Any],
        sessions: Sessions,
        auth: Authenticator,
        limits: Server,
        principal: Principal,
        model: str,
    ) -> None:
        self._socket, self._sessions, self._auth, self._limits = socket, sessions, auth, limits
        self._expiry, self._user_id = Expiry(principal), principal.user_id
        self._queue: asyncio.Queue[tuple[str, Gate] | None] = asyncio.Queue(limits.outbound_events)
        self._ended = asyncio.Event()
        self._closing: tuple[int, str] | None = None
        state = protocol.Session(id=new_id("sess"), model=model)
        if principal.session is not None:
            state = state.updated(msgspec.convert(principal.session, protocol.SessionFields))
        self._live = sessions.new(self._user_id, state)
        self._first = True
        self._entered = False
        self._most = limits.max_frame_bytes
        if self._live.engine.chat.vision:  # base64 of an image, and what stands around it
            self._most = max(self._most, limits.max_image_bytes * 3 // 2)

    async def run(self) -> None:
        """Serve the socket to its end; its session waits for another one then."""
        if self._sessions.draining:
            self._notice("draining", "this server goes away: connect again")
            self.cut(_ELSEWHERE, "the server goes away: connect again")
        used_s = await self._sessions.used_s(self._user_id)
        for text in self._live.opening(self._sessions.token(self._live.id, self._user_id), used_s):
            self.put(text, None)
        self._live.outlet = self
        writer = asyncio.create_task(self._write())
        reader = asyncio.create_task(self._read())
        watch = asyncio.create_task(self._watch())
        ended = asyncio.create_task(self._ended.wait())
        try:
            await asyncio.wait((reader, writer, ended), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._sessions.left(self._live, self)
            if self._entered:
                self._sessions.admission.leave()
            for task in (reader, watch, ended):
                task.cancel()
            if self._closing is not None and not self._queue.full():
                self._queue.put_nowait(None)
                await asyncio.wait((writer,), timeout=_LAST_WORDS_S)
            writer.cancel()
            for result in await asyncio.gather(reader, writer, watch, ended, return_exceptions=True):
                if isinstance(result, Exception) and not isinstance(result, WebSocketException | RuntimeError | Moved):
                    _log.error("a connection ended with %s", type(result).__name__)
            if self._closing is not None:
                await self._close(*self._closing)

    def put(self, text: str, gate: Gate) -> None:
        """Send this frame after those before it, and after the gate; a client that does not read is cut."""
        try:
            self._queue.put_nowait((text, gate))
        except asyncio.QueueFull:
            self.cut(_RETRY, "you do not read: resume")
            while not self._queue.empty():  # it is all in the journal
                self._queue.get_nowait()

    def cut(self, code: int, reason: str) -> None:
        """Send what waits and close."""
        if self._closing is None:
            self._closing = (code, reason)
            self._ended.set()

    async def _close(self, code: int, reason: str) -> None:
        try:
            await self._socket.close(code=code, reason=reason)
        except (WebSocketException, RuntimeError):
            _log.debug("the socket was gone before it was closed")

    async def _write(self) -> None:
        while (waiting := await self._queue.get()) is not None:
            text, gate = waiting
            if gate is not None:
                try:
                    await asyncio.shield(gate)
                except Moved:
                    self.cut(_ELSEWHERE, "the session goes on elsewhere: resume")
                    return
            await self._socket.send_text(text)

    async def _watch(self) -> None:
        """End the connection when its token does, after a warning."""
        while True:
            await asyncio.sleep(_LOOK_S)
            now = time.time()
            if self._auth.revoked(self._expiry.principal, now):
                self._out("the token was revoked: sign in again")
                return
            match self._expiry.step(now):
                case "token_expiring":
                    self._notice("token_expiring", "send companion.renew with a fresh token")
                case "token_expired":
                    self._out("the token expired: connect with a fresh one")
                    return

    def _out(self, why: str) -> None:
        self._tell(wire.ErrorBody(type="invalid_request_error", code="invalid_token", message=why))
        self.cut(_POLICY, why)

    async def _read(self) -> None:
        while True:
            try:
                message: Any = await self._socket.receive()
            except WebSocketDisconnect:
                return
            if message["type"] == "websocket.disconnect":
                return
            data, text = message.get("bytes"), message.get("text")
            if _bytes(data, text) > self._most:
                self.cut(_TOO_BIG, f"a frame may have {self._most} bytes")
                return
            try:
                await self._frame(data, text or "")
            except FrameError as error:
                self._refuse(error, param=error.param, event_id=error.event_id)
            except InputError as error:
                self._refuse(error)
            except AuthenticationError as error:
                self._tell(wire.ErrorBody(type="invalid_request_error", code="invalid_token", message=str(error)))
            except Moved:
                self.cut(_ELSEWHERE, "the session goes on elsewhere: resume")
                return
            except CompanionError as error:
                self._tell(_server_error(error))
            except Exception as error:  # the session must outlive any frame; its words stay out of the log
                _log.error("a frame could not be used: %s", type(error).__name__)
                self._tell(wire.ErrorBody(type="server_error", code="internal_error", message="that failed here"))
            if self._closing is not None:
                return

    async def _frame(self, data: bytes | None, text: str) -> None:
        event = None if data is not None else decode_client_event(text)
        if self._first and isinstance(event, protocol.Resume):
            self._first = False
            await self._resume(event)
            return
        self._first = False
        if isinstance(event, protocol.Renew):
            self._expiry.renew(self._auth.verify(event.token, time.time()))
            self._notice("token_renewed")
            return
        if not self._live.begun:
            try:
                await self._enter()
                await self._sessions.begin(self._live)
            except Overloaded as error:
                self._notice("overloaded", str(error), retry_after_s=error.retry_after_s)
                self.cut(_RETRY, "overloaded: connect again later")
                return
            except CompanionError as error:
                self._tell(_server_error(error))
                self.cut(_RETRY, "the session could not begin: connect again")
                return
            self._live.attach(self)
            self._sessions.settle_in(self._live)
        if data is not None:
            await self._live.session.feed(data)
        elif event is not None:
            await act(self._live, event)

    async def _enter(self, *, resuming: bool = False) -> None:
        """Wait to be let in, and say so."""

        def waits(position: int, retry_after_s: float) -> None:
            self._notice("waiting", "many talk here now; please stay", position=position, retry_after_s=retry_after_s)

        if not self._entered:
            await self._sessions.admission.enter(waits, resuming=resuming)
            self._entered = True

    async def _resume(self, event: protocol.Resume) -> None:
        live = await self._sessions.resume(self._user_id, event)
        await self._enter(resuming=True)
        used_s = await self._sessions.used_s(self._user_id)
        try:
            count = await live.catch_up(event.last_seq, self._socket.send_text, self)
        finally:
            if live.outlet is None:  # the socket went meanwhile, and somebody must wait for the next one
                self._sessions.park(live)
        self._live.outlet, self._live = None, live
        self._sessions.settle_in(live)
        live.tell(live.told_of(self._sessions.token(live.id, self._user_id), used_s, replayed=count))

    def _refuse(self, error: InputError, param: str | None = None, event_id: str | None = None) -> None:
        self._tell(
            wire.ErrorBody(
                type="invalid_request_error", code=error.code, message=str(error), param=param, event_id=event_id
            )
        )

    def _notice(
        self, kind: str, message: str | None = None, *, position: int | None = None, retry_after_s: float | None = None
    ) -> None:
        self._say(wire.Notice(kind=kind, message=message, position=position, retry_after_s=retry_after_s))

    def _tell(self, error: wire.ErrorBody) -> None:
        self._say(wire.Error(error=error))

    def _say(self, frame: wire.ServerEvent) -> None:
        """It belongs to the session once that has begun; before, to this socket alone."""
        if self._live.begun:
            self._live.tell(frame)
        else:
            self.put(wire.encode(frame, new_id("event"), 0), None)


def _bytes(data: bytes | None, text: str | None) -> int:
    """Of a frame on the wire."""
    if data is not None:
        return len(data)
    return 0 if text is None else len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _server_error(error: CompanionError) -> wire.ErrorBody:
    code = "storage_error" if isinstance(error, StorageError) else type(error).__name__
    return wire.ErrorBody(type="server_error", code=code, message=str(error))
