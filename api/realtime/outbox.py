"""What a client has sent and may have to send again: its events and its audio, in order, until the server has them."""

from __future__ import annotations

import json
import uuid
from collections import deque
from dataclasses import dataclass
from typing import Any, TypeVar

from companion.audio.framing import Frame, build

_BYTES_A_SECOND = 32_000  # PCM16LE at 16 kHz
# what a server tells once a client event has had its effect, on record where that matters
_EFFECTS = {
    "session.updated": "session.update",
    "input_audio_buffer.committed": "input_audio_buffer.commit",
    "input_audio_buffer.cleared": "input_audio_buffer.clear",
    "conversation.item.deleted": "conversation.item.delete",
    "conversation.item.truncated": "conversation.item.truncate",
    "conversation.item.retrieved": "conversation.item.retrieve",
    "response.created": "response.create",
    "companion.memories": "companion.memory.list",
}
_UPDATE, _ITEM, _CLEAR, _PING = (
    "session.update",
    "conversation.item.create",
    "input_audio_buffer.clear",
    "companion.ping",
)
_TOLD = {_ITEM, _PING, *_EFFECTS.values()}

T = TypeVar("T", bound="_Sent")


@dataclass(slots=True, eq=False)
class _Sent:
    """An event or a frame, by its place in the order. done: it need not be sent (again)."""

    number: int
    wire: str | bytes
    done: bool = False
    tried: bool = False


@dataclass(slots=True, eq=False)
class _Event(_Sent):
    kind: str = ""
    event_id: str = ""
    item_id: str | None = None


@dataclass(slots=True, eq=False)
class _Audio(_Sent):
    seq: int = 0


class Outbox:
    """keep_s: so much audio is kept that is not committed; then the oldest goes. dropped: frames that did so unsent."""

    def __init__(self, keep_s: float = 70.0) -> None:
        self._room = round(keep_s * _BYTES_A_SECOND)
        self._events: deque[_Event] = deque()
        self._audio: deque[_Audio] = deque()
        self._queue: deque[_Sent] = deque()  # for this socket
        self._settings: list[_Event] = []  # every session.update
        self._bytes = 0
        self._number = self._seq = 0
        self.dropped = 0

    @property
    def last_seq(self) -> int:
        """Number of the newest audio frame, 0 before the first."""
        return self._seq

    @property
    def unconfirmed(self) -> int:
        """How many events wait for their effect."""
        return len(self._events)

    @property
    def unsent(self) -> int:
        """How much waits to be sent on this socket."""
        return len(self._queue)

    def add_audio(self, pcm: bytes, capture_ms: int) -> None:
        """PCM16LE, 16 kHz; capture_ms: when its first sample was taken, by any clock."""
        self._seq += 1
        frame = build(Frame(0, self._seq, capture_ms % 2**32, pcm))
        self._audio.append(self._add(_Audio(self._next_number(), frame, seq=self._seq)))
        self._bytes += len(frame)
        while self._bytes > self._room and len(self._audio) > 1:
            self.dropped += not self._audio[0].tried
            self._forget_oldest()

    def add_event(self, event: dict[str, Any]) -> str:
        """A client event; its id, by which the server knows it again. One whose effect is not told gets a ping behind
        it: what answers that has acted on the event."""
        event = {**event, "event_id": event.get("event_id") or f"event_{uuid.uuid4().hex}"}
        kind, event_id, item_id = event["type"], str(event["event_id"]), None
        if kind == _ITEM:
            item_id = event["item"].get("id") or f"item_{uuid.uuid4().hex}"
            event["item"] = {**event["item"], "id": item_id}
        text = json.dumps(event, ensure_ascii=False)
        sent = _Event(self._next_number(), text, kind=kind, event_id=event_id, item_id=item_id)
        self._events.append(self._add(sent))
        if kind == _UPDATE:
            self._settings.append(sent)
        if kind not in _TOLD:
            self.add_event({"type": _PING})
        return event_id

    def _next_number(self) -> int:
        self._number += 1
        return self._number

    def _add(self, sent: T) -> T:
        self._queue.append(sent)
        return sent

    def rewind(self, heard: int | None, *, afresh: bool = False) -> None:
        """On a new socket everything that is not confirmed is sent again; of the audio what comes after `heard`.

        afresh: the session there is another one, and is set up first, as this one was.
        """
        settings = self._settings if afresh else []
        rest = [event for event in self._events if event not in settings]
        audio = [a for a in self._audio if a.seq > (heard or 0)]
        for event in settings:
            event.done = False
        self._events = deque([*settings, *rest])
        self._queue = deque([*settings, *sorted([*rest, *audio], key=lambda sent: sent.number)])

    def next(self) -> str | bytes | None:
        """What to send next, None where that is nothing."""
        while self._queue:
            sent = self._queue.popleft()
            if not sent.done:
                sent.tried = True
                return sent.wire
        return None

    def see(self, event: dict[str, Any]) -> None:
        """A server event: what it confirms is not sent again."""
        kind = event["type"]
        if kind == "error":
            self._confirm_id(event["error"].get("event_id"))
        elif kind == "companion.pong":
            self._confirm_to(event.get("ping_id"))
        elif kind == "conversation.item.added":
            self._confirm(next((e for e in self._events if e.item_id == event["item"]["id"]), None))
        elif kind in _EFFECTS:
            self._confirm(next((e for e in self._events if e.kind == _EFFECTS[kind]), None))
        if kind == "input_audio_buffer.committed" and event.get("last_audio_seq") is not None:
            while self._audio and self._audio[0].seq <= event["last_audio_seq"]:
                self._forget_oldest()

    def _confirm(self, event: _Event | None) -> None:
        if event is None:
            return
        self._events.remove(event)
        event.done = True
        if event.kind == _CLEAR:
            while self._audio and self._audio[0].number < event.number:
                self._forget_oldest()

    def _confirm_id(self, event_id: str | None) -> None:
        self._confirm(next((e for e in self._events if e.event_id == event_id), None))

    def _confirm_to(self, ping_id: str | None) -> None:
        """A pong: of the events before the ping, those whose effect is not told have had it."""
        ping = next((e for e in self._events if e.event_id == ping_id), None)
        if ping is not None:
            before = [e for e in self._events if e.number < ping.number and e.kind not in _TOLD]
            for event in (*before, ping):
                self._confirm(event)

    def _forget_oldest(self) -> None:
        oldest = self._audio.popleft()
        oldest.done = True
        self._bytes -= len(oldest.wire)
