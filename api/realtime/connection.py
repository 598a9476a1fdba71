"""One WebSocket: one reader, one writer, a bounded queue between the session and the socket."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from litestar import WebSocket
from litestar.exceptions import WebSocketDisconnect, WebSocketException

from api.realtime import protocol
from api.realtime import server_events as wire
from api.realtime.memory_events import MemoryList, known_memory
from api.realtime.protocol import FrameError, decode_client_event
from api.realtime.wire import frames
from companion import events
from companion.conversation import new_id
from companion.engine import Engine
from companion.errors import CompanionError, InputError, StorageError
from companion.session import Session
from companion.turn_taking import TurnTakingConfig
from memory.errors import NoSuchMemory
from prompts.persona import load_persona

_log = logging.getLogger(__name__)
AI_DISCLOSURE = "你正在和一个 AI 陪伴者说话，它不是真人。 / You are talking with an AI companion, not a person."
_POLICY, _TOO_BIG, _RETRY = 1008, 1009, 1013


class Connection:
    """Reads client events into a session and writes its events to the socket, until either side goes away."""

    def __init__(self, socket: WebSocket[Any, Any, Any], engine: Engine, user_id: str, model: str) -> None:
        self._socket, self._engine, self._user_id = socket, engine, user_id
        self._limits = engine.settings.server
        self._queue: asyncio.Queue[wire.ServerEvent | None] = asyncio.Queue(self._limits.outbound_events)
        self._slow = asyncio.Event()
        self._seq = 0
        self._state = protocol.Session(id=new_id("sess"), model=model)

    async def run(self) -> None:
        """Serve the socket to its end; what the person said is on record when this returns."""
        try:
            session = await Session.open(self._engine, self._user_id, self._state.id, self._emit)
        except CompanionError as error:
            await self._socket.send_text(wire.encode(wire.Error(error=_server_error(error)), new_id("event"), 1))
            await self._close(_RETRY, "the session could not begin: connect again")
            return
        self._configure(session)
        self._put(wire.SessionCreated(session=self._state.wire()))
        limits = {"max_frame_bytes": self._limits.max_frame_bytes}
        self._put(wire.CompanionSession(session_id=self._state.id, ai_disclosure=AI_DISCLOSURE, limits=limits))
        writer = asyncio.create_task(self._write())
        reader = asyncio.create_task(self._read(session))
        slow = asyncio.create_task(self._slow.wait())
        try:
            await asyncio.wait((reader, writer, slow), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (reader, slow):
                task.cancel()
            closing = asyncio.create_task(session.close())  # what it raises must not leave the writer behind
            await asyncio.wait((closing,))
            writer.cancel()
            results = await asyncio.gather(reader, writer, slow, closing, return_exceptions=True)
            for result in results:
                if isinstance(result, Exception) and not isinstance(result, WebSocketException | RuntimeError):
                    _log.error("a connection ended with %s", type(result).__name__)
        if self._slow.is_set():
            await self._close(_RETRY, "you do not read: connect again")

    async def _close(self, code: int, reason: str) -> None:
        try:
            await self._socket.close(code=code, reason=reason)
        except (WebSocketException, RuntimeError):
            _log.debug("the socket was gone before it was closed")

    def _emit(self, event: events.Event) -> None:
        for frame in frames(event):
            self._put(frame)

    def _put(self, frame: wire.ServerEvent) -> None:
        try:
            self._queue.put_nowait(frame)
        except asyncio.QueueFull:
            self._slow.set()

    async def _write(self) -> None:
        while (frame := await self._queue.get()) is not None:
            self._seq += 1
            await self._socket.send_text(wire.encode(frame, new_id("event"), self._seq))

    async def _read(self, session: Session) -> None:
        while True:
            try:
                message: Any = await self._socket.receive()
            except WebSocketDisconnect:
                return
            if message["type"] == "websocket.disconnect":
                return
            data, text = message.get("bytes"), message.get("text")
            if len(data or text or "") > self._limits.max_frame_bytes:
                await self._close(_TOO_BIG, f"a frame may have {self._limits.max_frame_bytes} bytes")
                return
            try:
                if data is not None:
                    await session.feed(data)
                else:
                    await self._client_event(session, decode_client_event(text or ""))
            except FrameError as error:
                self._refuse(error, param=error.param, event_id=error.event_id)
            except InputError as error:
                self._refuse(error)
            except CompanionError as error:
                self._put(wire.Error(error=_server_error(error)))
            except Exception as error:  # the session must outlive any frame; its words stay out of the log
                _log.error("a frame could not be used: %s", type(error).__name__)
                body = wire.ErrorBody(type="server_error", code="internal_error", message="that failed here; go on")
                self._put(wire.Error(error=body))

    def _refuse(self, error: InputError, param: str | None = None, event_id: str | None = None) -> None:
        body = wire.ErrorBody(
            type="invalid_request_error", code=error.code, message=str(error), param=param, event_id=event_id
        )
        self._put(wire.Error(error=body))

    async def _client_event(self, session: Session, event: protocol.ClientEvent) -> None:
        match event:
            case protocol.SessionUpdate():
                state = self._state.updated(event.session)
                _check_persona(state.companion.persona, event.event_id)
                self._state = state
                self._configure(session)
                self._put(wire.SessionUpdated(session=self._state.wire()))
            case protocol.AudioAppend():
                await session.feed(event.audio)
            case protocol.AudioCommit():
                await session.commit()
            case protocol.AudioClear():
                session.clear()
                self._put(wire.AudioCleared())
            case protocol.ItemCreate():
                await self._add(session, event)
            case protocol.ResponseCreate():
                await session.respond()
            case protocol.ResponseCancel():
                await session.cancel("client_cancelled")
            case protocol.Feedback():
                if not await session.rate(event.response_id, event.rating):
                    raise FrameError(
                        "no reply of this person has that id; a reply is on record shortly after response.done",
                        code="not_found",
                        param="response_id",
                        event_id=event.event_id,
                    )
            case protocol.MemoryList():
                self._put(MemoryList(memories=[known_memory(m) for m in session.memories()]))
            case protocol.MemoryForget():
                try:
                    await session.forget(event.ids)
                except NoSuchMemory as error:
                    raise FrameError(str(error), code="not_found", param="ids", event_id=event.event_id) from None
            case protocol.Ping():
                self._put(wire.Pong(ping_id=event.event_id))
            case _:
                raise FrameError(
                    "this server does not change items that are on record yet",
                    code="not_supported",
                    event_id=event.event_id,
                )

    async def _add(self, session: Session, event: protocol.ItemCreate) -> None:
        parts = event.item.content
        if event.item.role != "user" or any(part.type != "input_text" for part in parts):
            raise FrameError(
                "send a user message with input_text parts; audio goes into the input audio buffer",
                code="not_supported",
                param="item",
                event_id=event.event_id,
            )
        text = "\n".join(part.text for part in parts if isinstance(part.text, str)).strip()
        if not text:
            raise FrameError("the item holds no text", code="empty_item", param="item.content", event_id=event.event_id)
        item_id = event.item.id if isinstance(event.item.id, str) else new_id("item")
        await session.say(item_id, text)

    def _configure(self, session: Session) -> None:
        now, turn = self._state, self._engine.settings.turn
        detection = now.turn_detection
        config = None
        if detection is not None:
            silence, threshold = detection.silence_duration_ms, detection.threshold
            config = TurnTakingConfig.of(
                turn,
                threshold=threshold if isinstance(threshold, float) else None,
                silence_s=silence / 1000 if isinstance(silence, int) else None,
            )
        session.configure(
            rate=now.rate,
            turn_taking=config,
            create_response=detection is None or detection.create_response,
            interrupt_response=detection is None or detection.interrupt_response,
            language=now.companion.language,
            device=now.companion.device,
            max_tokens=now.max_output_tokens if isinstance(now.max_output_tokens, int) else None,
            persona=now.companion.persona,
            thinking=now.companion.thinking,
        )


def _check_persona(name: str | None, event_id: str | None) -> None:
    try:
        if name is not None:
            load_persona(name, "zh")
    except ValueError as error:
        raise FrameError(
            str(error), code="unknown_persona", param="session.companion.persona", event_id=event_id
        ) from None


def _server_error(error: CompanionError) -> wire.ErrorBody:
    code = "storage_error" if isinstance(error, StorageError) else type(error).__name__
    return wire.ErrorBody(type="server_error", code=code, message=str(error))
