"""A session while it lives in this process, over however many sockets: what it tells is numbered, kept, delivered."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import msgspec

from api.realtime import protocol
from api.realtime import server_events as wire
from api.realtime.wire import frames
from companion import events
from companion.engine import Engine
from companion.items import new_id
from companion.records.journal import Journal, JournalWriter
from companion.recovery import Resumed
from companion.session import Session
from companion.turn_taking import TurnTakingConfig

AI_DISCLOSURE = "你正在和一个 AI 陪伴者说话，它不是真人。 / You are talking with an AI companion, not a person."
_REMEMBERED = 4096  # ids of client events
Gate = asyncio.Future[None] | None


class Outlet(Protocol):
    """A socket's end of a session."""

    def put(self, text: str, gate: Gate) -> None:
        """Send this frame after those before it, and after the gate."""
        ...

    def cut(self, code: int, reason: str) -> None:
        """Send what waits and close."""
        ...


class LiveSession:
    """One session. It is opened by its first frame, so that a socket that says nothing costs nothing."""

    def __init__(
        self,
        engine: Engine,
        journal: Journal,
        user_id: str,
        state: protocol.Session,
        writer: JournalWriter | None = None,
        *,
        on_moved: Callable[[LiveSession], None],
        queued: Callable[[float], None],
    ) -> None:
        self.engine, self.journal, self.user_id, self.state = engine, journal, user_id, state
        self.id = state.id
        self.writer = writer or journal.begin(self.id, user_id)
        self.writer.on_moved = lambda: on_moved(self)
        self._queued = queued  # told how long each turn waited for its words
        self.outlet: Outlet | None = None
        self.watcher: Callable[[str], None] | None = None  # told each frame while a counsellor watches
        self.attached_at = 0.0
        self.expiry: asyncio.Task[None] | None = None
        self._session: Session | None = None
        self._opening: list[str] = []
        self._acted_on: OrderedDict[str, None] = OrderedDict()
        self.asked_with: dict[str, Mapping[str, str]] = {}  # response that runs -> metadata of its response.create

    @property
    def session(self) -> Session:
        """The session, which was begun."""
        assert self._session is not None
        return self._session

    @property
    def begun(self) -> bool:
        """Whether it is on record."""
        return self._session is not None

    def opening(self, token: str, used_s: float) -> list[str]:
        """The frames of a new session, 1 and 2; they are kept once it begins."""
        created = wire.SessionCreated(session=self.state.wire())
        self._opening = [
            wire.encode(created, new_id("event"), 1),
            wire.encode(self.told_of(token, used_s), new_id("event"), 2),
        ]
        return self._opening

    def told_of(self, token: str, used_s: float, *, replayed: int = 0) -> wire.CompanionSession:
        """What a client needs to know of its session, and to resume it."""
        limits = self.engine.settings.server
        return wire.CompanionSession(
            session_id=self.id,
            ai_disclosure=AI_DISCLOSURE,
            resume_token=token,
            limits={"max_frame_bytes": limits.max_frame_bytes, "resume_s": self.engine.settings.resume.window_s},
            replayed=replayed,
            last_audio_seq=self.session.audio_seq if self.begun else None,
            used_s=round(used_s, 1),
        )

    async def begin(self, resumed: Resumed | None = None, acted_on: tuple[str, ...] = ()) -> None:
        """Open the session, or go on with it where another process left it. Raises StorageError."""
        session = await Session.open(self.engine, self.user_id, self.id, self._emit, resumed=resumed)
        session.conversation.thread.durable = self.writer.written
        self._acted_on.update(dict.fromkeys(acted_on))
        for text in self._opening:
            self.writer.add(lambda _, text=text: text)  # type: ignore[misc]
        self._session = session
        self.configure(self.state)
        if resumed is not None:
            session.resume_at(resumed.audio_seq)
            detection = self.state.turn_detection
            session.conversation.go_on(respond=detection is not None and detection.create_response)

    def configure(self, state: protocol.Session) -> None:
        """Set the session up as its client wants it."""
        turn, detection, config = self.engine.settings.turn, state.turn_detection, None
        if detection is not None:
            silence, threshold = detection.silence_duration_ms, detection.threshold
            config = TurnTakingConfig.of(
                turn,
                threshold=threshold if isinstance(threshold, float) else None,
                silence_s=silence / 1000 if isinstance(silence, int) else None,
                eagerness=detection.eagerness if detection.type == "semantic_vad" else None,
            )
        ours = state.companion
        self.session.configure(
            rate=state.format.rate,
            codec="opus" if state.format.type == "audio/opus" else "pcm",
            framing=ours.framing,
            turn_taking=config,
            create_response=detection is None or detection.create_response,
            interrupt_response=detection is None or detection.interrupt_response,
            language=ours.language,
            device=ours.device,
            max_tokens=state.max_output_tokens if isinstance(state.max_output_tokens, int) else None,
            persona=ours.persona,
            thinking=ours.thinking,
        )
        self.state = state

    def update(self, state: protocol.Session) -> None:
        """The client chose anew: that is kept, and told."""
        self.configure(state)
        kept = self.engine.resumable.settings_kept(self.id, self.user_id, msgspec.json.encode(state))
        self.tell(wire.SessionUpdated(session=state.wire()), also=kept, certain=True)

    def tell(
        self, *told: wire.ServerEvent, also: Callable[..., Awaitable[None]] | None = None, certain: bool = False
    ) -> None:
        """Number, keep and deliver. certain: not before it is written. also: done in the same transaction."""
        texts = []
        for frame in told:
            event_id = new_id("event")
            _, text = self.writer.add(lambda seq, f=frame, e=event_id: wire.encode(f, e, seq), also=also)  # type: ignore[misc]
            texts.append(text)
            also = None
        if self.outlet is not None:
            gate = self.writer.written() if certain else None
            for text in texts:
                self.outlet.put(text, gate)
        if self.watcher is not None:
            for text in texts:
                self.watcher(text)

    def _emit(self, event: events.Event) -> None:
        kept = self.engine.resumable
        match event:
            case events.AffectRead() if not self.state.companion.affect_events:
                return
            case events.ItemCommitted():
                self.tell(*frames(event), certain=True)
                if self.state.companion.framing == "header" and event.text is None:
                    self.tell(wire.network(self.session.arrival))
            case events.ReplyStarted():
                if self._session is not None and self._session.asked_with:
                    self.asked_with[event.response_id] = self._session.asked_with
                answers, told = event.answers, frames(event, self.asked_with.get(event.response_id))
                begun = kept.reply_begun(answers, event.response_id, event.item_id) if answers else None
                self.tell(*told, also=begun, certain=bool(answers))
            case events.ReplyDone():
                answers, told = event.answers, frames(event, self.asked_with.pop(event.response_id, None))
                said = (event.text, event.status, event.reason)
                ended = kept.reply_told(answers, self.user_id, *said) if answers else None
                self.tell(*told, also=ended, certain=bool(answers))
            case events.ItemDeleted() | events.ItemTruncated():
                self.tell(*frames(event), certain=True)
            case _:
                if isinstance(event, events.TurnTimed) and "queue" in event.timings:
                    self._queued(event.timings["queue"])
                self.tell(*frames(event))

    def acted_before(self, event_id: str) -> bool:
        """Whether a client event of this id has had its effect."""
        return event_id in self._acted_on

    def acted_on(self, event_id: str, *, lasting: bool) -> None:
        """A client event has had its effect. lasting: known again after a crash."""
        self._acted_on[event_id] = None
        if len(self._acted_on) > _REMEMBERED:
            self._acted_on.popitem(last=False)
        if lasting:
            self.writer.acted_on(event_id)

    def attach(self, outlet: Outlet) -> None:
        """From here on everything goes to this socket; one that was there before is closed."""
        if self.outlet is not outlet:
            self.let_go(self.outlet, 1008, "superseded by another connection of this session")
        self.stay()
        self.outlet, self.attached_at = outlet, time.monotonic()
        if self.begun:
            self.session.conversation.presence.changed(here=True)

    def lost_its_socket(self) -> None:
        """The person is gone, for now."""
        self.outlet = None
        if self.begun:
            self.session.conversation.presence.changed(here=False)

    def stay(self) -> None:
        """It is no longer to be forgotten after a while."""
        if self.expiry is not None:
            self.expiry.cancel()
            self.expiry = None

    def let_go(self, outlet: Outlet | None, code: int, reason: str) -> None:
        """This socket is no longer the session's; it is closed where it still was."""
        if outlet is not None and self.outlet is outlet:
            self.lost_its_socket()
            outlet.cut(code, reason)

    async def catch_up(self, after: int, send: Callable[[str], Awaitable[None]], outlet: Outlet) -> int:
        """Send everything after the given number, then attach; how many frames it was. Raises StorageError, Moved."""
        count = 0
        while self.writer.seq > after:
            await self.writer.written()
            kept = await self.journal.read(self.id, self.user_id, after)
            newer = [frame for frame in kept.frames if frame[0] > after] if kept else []
            for _, text in newer:
                await send(text)
            count += len(newer)
            after = max(after, kept.last_seq if kept else after)
        self.attach(outlet)
        return count

    async def leave(self) -> None:
        """The process has no more use of it: what was said is put on record, and it can still be resumed."""
        if self.begun:
            await self.session.settle()
            await self.session.close()

    async def abandon(self, code: int = 1001, reason: str = "the session goes on elsewhere: resume") -> None:
        """Another process has it, or shall have it, or nobody: nothing more is told or put on record here."""
        self.writer.moved = True
        self.let_go(self.outlet, code, reason)
        if self.begun:
            await self.session.abandon()
