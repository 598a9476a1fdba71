"""/v1/review/sessions/{id}/live: a talk as it goes on, and a counsellor's word in it."""

from __future__ import annotations

import asyncio
import logging
import uuid
from typing import Annotated, Any

import msgspec
from litestar import WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect, WebSocketException
from litestar.params import FromPath
from msgspec import Meta, Struct

from api.review.commands import Answer, Command, Standing, Told, Verb
from api.review.exchange import Exchange
from api.review.queue import COUNSELLORS, exchange_of
from api.staff import access_of, staff_of
from api.staff.guards import credentials
from companion.errors import AuthenticationError, InputError, StorageError
from companion.records import case_views
from companion.records.staff import Staff
from companion.safety.protocol import load

BEAT_S = 5.0  # how often the session's process is told that the counsellor is there
SILENT_S = 20.0  # a counsellor's page that says nothing for so long loses the floor
CHECK_S = 60.0  # how often it is looked up whether they still may
_UNREAD = 512  # frames that may wait for a page; then it is cut; authored
_MOST = 16_384  # bytes of a frame
_LAST_WORDS_S = 2.0
_OVER, _POLICY, _TOO_BIG, _RETRY = 1001, 1008, 1009, 1013
_log = logging.getLogger(__name__)


class TakeOver(Struct, frozen=True, tag="take_over"):
    """From here on you talk with the person, and the model is mute."""


class Say(Struct, frozen=True, tag="say"):
    """To the person, as a human."""

    text: Annotated[str, Meta(min_length=1, max_length=2000, pattern=r"\S")]


class Whisper(Struct, frozen=True, tag="whisper"):
    """One line to the model, for its next replies."""

    text: Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S")]


class GiveBack(Struct, frozen=True, tag="give_back"):
    """The model answers again; level: 0..4, how you judge the danger."""

    level: Annotated[int, Meta(ge=0, le=4)]


class Ping(Struct, frozen=True, tag="ping"):
    """You are there. Send one every few seconds while you have the floor."""


_frames = msgspec.json.Decoder(TakeOver | Say | Whisper | GiveBack | Ping)


@websocket("/sessions/{session_id:str}/live", guards=[COUNSELLORS])
async def live(socket: WebSocket[Any, Any, Any], session_id: FromPath[str]) -> None:
    """Watch a talk of one of your people; a person whom you may not see closes with 1008 after an `error`."""
    await socket.accept()
    exchange, staff = exchange_of(socket), staff_of(socket)
    try:
        user_id = await case_views.person_of(exchange.engine.cases, session_id)
        if user_id is None:
            raise InputError("no session of this id is among those that you may see", code="not_found")
        await exchange.desk.caseload.seen(staff, user_id, "session.watch", exchange.desk.now(), object_id=session_id)
        if not await _may_read(exchange, session_id, user_id):
            raise InputError("the person has not agreed to that, and nobody is asked for here", code="not_consented")
        await exchange.engine.records.ring.load(user_id)
    except (InputError, StorageError) as error:
        await socket.send_text(_error(getattr(error, "code", "storage_error"), str(error)))
        await socket.close(code=_POLICY if isinstance(error, InputError) else _RETRY)
        return
    await Seat(socket, exchange, staff, session_id, user_id).run()


async def _may_read(exchange: Exchange, session_id: str, user_id: str) -> bool:
    """As people are promised (docs/safety-protocol.md): they agreed, or a counsellor is asked for in this talk."""
    agreed = await exchange.engine.consents.given(user_id, "counsellor_review")
    return agreed is True or await exchange.engine.cases.is_open(session_id)


class Seat:
    """One counsellor's socket at one session."""

    def __init__(
        self, socket: WebSocket[Any, Any, Any], exchange: Exchange, staff: Staff, session_id: str, user_id: str
    ) -> None:
        self._socket, self._exchange, self._staff = socket, exchange, staff
        self._session_id, self.user_id = session_id, user_id
        self._desk = access_of(socket)
        sent = credentials(socket)
        self._token = sent.token if sent else None
        self._id = uuid.uuid4().hex
        self._unread: asyncio.Queue[str] = asyncio.Queue(_UNREAD)
        self._closing: tuple[int, str, str] | None = None
        self._ended = asyncio.Event()
        self._state, self._at = "", 0.0
        self._holds = False
        self._watches = False  # the process that has the session knows of this socket

    async def run(self) -> None:
        """Serve it to its end. Who has the floor then has lost it."""
        async with self._exchange.page(self._session_id, self):
            tasks = [asyncio.create_task(work) for work in (self._read(), self._write(), self._beat(), self._check())]
            ended = asyncio.create_task(self._ended.wait())
            try:
                await asyncio.wait((*tasks, ended), return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._exchange.tell(self._session_id, self.user_id, self._command("gone"))
                for task in (*tasks, ended):
                    task.cancel()
                for result in await asyncio.gather(*tasks, ended, return_exceptions=True):
                    if isinstance(result, Exception) and not isinstance(result, WebSocketException | RuntimeError):
                        _log.error("a counsellor's socket ended with %s", type(result).__name__)
                await self._close(*(self._closing or (_OVER, "connect again", "")))

    def told(self, told: Told) -> None:
        """Something happened in the session."""
        if told.event is not None:
            self._put(f'{{"type":"event","event":{told.event}}}')
        if told.standing is not None:
            self._stands(told.standing)

    def _stands(self, standing: Standing) -> None:
        if standing.at < self._at:
            return
        self._at = standing.at
        self._holds = standing.holder == self._id
        self._tell_state(standing)

    def _tell_state(self, standing: Standing) -> None:
        by = standing.by
        state = {
            "type": "state",
            "online": standing.online,
            "floor": "human" if standing.phase == "human" else "model",
            "by": None if by is None else {"id": by[0], "name": by[1]},
            "level": standing.level,
            "phase": standing.phase,
        }
        text = msgspec.json.encode(state).decode()
        if text != self._state:
            self._state = text
            self._put(text)

    def _put(self, text: str) -> None:
        try:
            self._unread.put_nowait(text)
        except asyncio.QueueFull:  # nobody waits for a page that does not read
            self._cut(_RETRY, "you do not read: connect again")

    def _cut(self, code: int, reason: str, told: str = "") -> None:
        if self._closing is None:
            self._closing = (code, reason, told)
            self._ended.set()

    async def _close(self, code: int, reason: str, told: str) -> None:
        try:
            async with asyncio.timeout(_LAST_WORDS_S):
                if told:
                    await self._socket.send_text(_error(told, reason))
                await self._socket.close(code=code, reason=reason)
        except (WebSocketException, RuntimeError, TimeoutError):
            _log.debug("a counsellor's socket was gone before it was closed")

    async def _write(self) -> None:
        while True:
            await self._socket.send_text(await self._unread.get())

    async def _read(self) -> None:
        while True:
            try:
                async with asyncio.timeout(SILENT_S):
                    message: Any = await self._socket.receive()
            except TimeoutError:
                await self._silent()
                continue
            except WebSocketDisconnect:
                return
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text") or ""
            if len(message.get("bytes") or text) > _MOST:
                self._cut(_TOO_BIG, f"a frame may have {_MOST} bytes")
                return
            try:
                frame = _frames.decode(text)
            except msgspec.MsgspecError:
                self._put(_error("invalid_event", "this is no event of a counsellor's, or a field of it is not right"))
                continue
            await self._act(frame)

    async def _act(self, frame: TakeOver | Say | Whisper | GiveBack | Ping) -> None:
        match frame:
            case Ping():
                self._put('{"type":"pong"}')
            case TakeOver():
                await self._do(self._command("take_over"))
            case Say():
                await self._do(self._command("say", text=frame.text))
            case Whisper():
                await self._do(self._command("whisper", text=frame.text))
            case GiveBack():
                await self._do(self._command("give_back", level=frame.level))

    async def _do(self, command: Command) -> None:
        """Write it down, then have it done."""
        try:
            await self._desk.caseload.seen(
                self._staff, self.user_id, f"floor.{command.verb}", self._desk.now(), object_id=self._session_id
            )
            answer = await self._ask(command)
        except InputError as error:
            self._cut(_POLICY, str(error), error.code)
        except StorageError as error:
            self._put(_error("storage_error", str(error)))
        else:
            if answer.code is not None:
                self._put(_error(answer.code, answer.message))

    async def _ask(self, command: Command) -> Answer:
        answer = await self._exchange.ask(self._session_id, self.user_id, command)
        if answer.standing is not None:
            if answer.fresh and self._watches:
                self._put(_error("events_missed", "events may be missing here: read the timeline"))
            self._watches = True
            self._stands(answer.standing)
        return answer

    async def _silent(self) -> None:
        if self._holds:
            self._put(_error("floor_lost", f"nothing was heard of you for {SILENT_S:g} s: the companion answers again"))
            await self._ask(self._command("lost"))

    async def _beat(self) -> None:
        while True:
            try:
                if (await self._ask(self._command("watch"))).standing is None:
                    await self._away()
            except StorageError as error:
                _log.warning("a counsellor's page could not be told where the talk stands: %s", error)
            await asyncio.sleep(BEAT_S)

    async def _away(self) -> None:
        """It is live nowhere, or its process does not answer: where it stands on record."""
        kept = await self._exchange.engine.safety.newest(self._session_id, self.user_id)
        state = None if kept is None else load(kept)
        level, phase = (state.level, state.phase.value) if state else (0, "calm")
        self._tell_state(Standing(online=False, level=level, phase=phase))

    async def _check(self) -> None:
        """Whether they still may, each minute."""
        while True:
            await asyncio.sleep(CHECK_S)
            now = self._desk.now()
            try:
                staff = await self._desk.sign_in.session(self._token, now)
                may = staff.roles & COUNSELLORS.roles and await self._desk.caseload.may_see(staff, self.user_id, now)
                agreed = await _may_read(self._exchange, self._session_id, self.user_id)
            except AuthenticationError as error:
                self._cut(_POLICY, str(error), "signed_out")
                return
            except StorageError:
                continue
            if not may:
                self._cut(_POLICY, "this person is no longer among those that you may see", "not_found")
                return
            if not agreed and not self._holds:  # who talks with them ends it with a word
                self._cut(_POLICY, "the person does not agree to that any more", "not_consented")
                return

    def _command(self, verb: Verb, *, text: str = "", level: int = 0) -> Command:
        return Command(
            verb=verb,
            socket=self._id,
            staff_id=self._staff.id,
            name=self._staff.name,
            text=text,
            level=level,
            holds=self._holds,
        )


def _error(code: str, message: str) -> str:
    return msgspec.json.encode({"type": "error", "code": code, "message": message}).decode()
