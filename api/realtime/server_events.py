"""companion.v1, server to client: every frame the server sends, with the fields that OpenAI's clients require.

Indices are always 0: an item has one content part and a response has one item.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from affect.trajectory import Trajectory
from affect.types import Affect
from api.realtime.protocol import ContentPart
from companion.audio.arrival import Arrival

Status = Literal["in_progress", "completed", "cancelled", "failed", "incomplete"]


class Item(Struct, frozen=True, kw_only=True):
    """One message of the conversation."""

    id: str
    role: Literal["user", "assistant", "system"]
    status: Literal["in_progress", "completed", "incomplete"]
    content: Sequence[ContentPart] = ()
    object: str = "realtime.item"
    type: str = "message"


def user_text(item_id: str, text: str) -> Item:
    """A typed message of the person."""
    return Item(id=item_id, role="user", status="completed", content=(ContentPart(type="input_text", text=text),))


def user_audio(item_id: str, transcript: str | None = None) -> Item:
    """A spoken message of the person; transcript None until it is known."""
    part = ContentPart(type="input_audio", transcript=transcript)
    return Item(id=item_id, role="user", status="completed", content=(part,))


def assistant_text(item_id: str, text: str | None, *, complete: bool = True) -> Item:
    """A reply; text None while it has only begun."""
    if text is None:
        return Item(id=item_id, role="assistant", status="in_progress")
    part = ContentPart(type="output_text", text=text)
    return Item(id=item_id, role="assistant", status="completed" if complete else "incomplete", content=(part,))


class StatusDetails(Struct, frozen=True, kw_only=True):
    """Why a response did not complete. type: its status. reason: turn_detected, client_cancelled, counsellor (they
    answer) or no_words; error: {type, code, message} when it failed."""

    type: str
    reason: str | None = None
    error: Mapping[str, str | None] | None = None


class Response(Struct, frozen=True, kw_only=True):
    """A response as OpenAI's clients read it. usage: tokens, when they were counted."""

    id: str
    status: Status
    output: Sequence[Item] = ()
    status_details: StatusDetails | None = None
    usage: Mapping[str, int] | None = None
    metadata: Mapping[str, str] | None = None
    output_modalities: Sequence[str] = ("text",)
    object: str = "realtime.response"


class ErrorBody(Struct, frozen=True, kw_only=True):
    """type: invalid_request_error or server_error. event_id: the client event that caused it."""

    type: str
    message: str
    code: str | None = None
    param: str | None = None
    event_id: str | None = None


class ServerEvent(Struct, frozen=True, kw_only=True, tag_field="type"):
    """event_id and seq are filled in by `encode`."""

    event_id: str = ""
    seq: int = 0


class SessionCreated(ServerEvent, frozen=True, kw_only=True, tag="session.created"):
    session: Mapping[str, Any]


class SessionUpdated(ServerEvent, frozen=True, kw_only=True, tag="session.updated"):
    session: Mapping[str, Any]


class CompanionSession(ServerEvent, frozen=True, kw_only=True, tag="companion.session"):
    """After session.created, and after a resume. Send companion.resume with session_id and the newest resume_token.

    limits: name -> number. replayed: how many events were sent again just before this one. last_audio_seq: of the last
    audio frame that needs no resending, null where frames have no numbers. used_s: how long the person has talked
    without a longer pause, over all their sessions.
    """

    session_id: str
    ai_disclosure: str
    resume_token: str
    limits: Mapping[str, float] = {}
    replayed: int = 0
    last_audio_seq: int | None = None
    used_s: float = 0.0


class SpeechStarted(ServerEvent, frozen=True, kw_only=True, tag="input_audio_buffer.speech_started"):
    item_id: str
    audio_start_ms: int


class SpeechStopped(ServerEvent, frozen=True, kw_only=True, tag="input_audio_buffer.speech_stopped"):
    item_id: str
    audio_end_ms: int


class AudioCommitted(ServerEvent, frozen=True, kw_only=True, tag="input_audio_buffer.committed"):
    """last_audio_seq: of the last audio frame that is on disk with it, null where frames have no numbers."""

    item_id: str
    previous_item_id: str | None = None
    last_audio_seq: int | None = None


class AudioCleared(ServerEvent, frozen=True, kw_only=True, tag="input_audio_buffer.cleared"):
    """What was not committed is forgotten."""


class ItemAdded(ServerEvent, frozen=True, kw_only=True, tag="conversation.item.added"):
    item: Item
    previous_item_id: str | None = None


class ItemDone(ServerEvent, frozen=True, kw_only=True, tag="conversation.item.done"):
    item: Item
    previous_item_id: str | None = None


class ItemRetrieved(ServerEvent, frozen=True, kw_only=True, tag="conversation.item.retrieved"):
    item: Item


class ItemDeleted(ServerEvent, frozen=True, kw_only=True, tag="conversation.item.deleted"):
    item_id: str


class ItemTruncated(ServerEvent, frozen=True, kw_only=True, tag="conversation.item.truncated"):
    item_id: str
    content_index: int
    audio_end_ms: int


_TRANSCRIPTION = "conversation.item.input_audio_transcription"


class TranscriptionDelta(ServerEvent, frozen=True, kw_only=True, tag=f"{_TRANSCRIPTION}.delta"):
    """More of what is being said, as far as it will not change."""

    item_id: str
    delta: str
    content_index: int = 0


class TranscriptionCompleted(ServerEvent, frozen=True, kw_only=True, tag=f"{_TRANSCRIPTION}.completed"):
    """language: ISO 639-1, null when the recogniser does not tell. usage: {"type": "duration", "seconds": s}."""

    item_id: str
    transcript: str
    usage: Mapping[str, str | float]
    language: str | None = None
    content_index: int = 0


class TranscriptionFailed(ServerEvent, frozen=True, kw_only=True, tag=f"{_TRANSCRIPTION}.failed"):
    item_id: str
    error: ErrorBody
    content_index: int = 0


class ResponseCreated(ServerEvent, frozen=True, kw_only=True, tag="response.created"):
    response: Response


class OutputItemAdded(ServerEvent, frozen=True, kw_only=True, tag="response.output_item.added"):
    response_id: str
    item: Item
    output_index: int = 0


class OutputItemDone(ServerEvent, frozen=True, kw_only=True, tag="response.output_item.done"):
    response_id: str
    item: Item
    output_index: int = 0


class _OfPart(ServerEvent, frozen=True, kw_only=True):
    response_id: str
    item_id: str
    output_index: int = 0
    content_index: int = 0


class ContentPartAdded(_OfPart, frozen=True, kw_only=True, tag="response.content_part.added"):
    part: Mapping[str, str]


class ContentPartDone(_OfPart, frozen=True, kw_only=True, tag="response.content_part.done"):
    part: Mapping[str, str]


class TextDelta(_OfPart, frozen=True, kw_only=True, tag="response.output_text.delta"):
    delta: str


class TextDone(_OfPart, frozen=True, kw_only=True, tag="response.output_text.done"):
    text: str


class ResponseDone(ServerEvent, frozen=True, kw_only=True, tag="response.done"):
    response: Response


class AffectRead(ServerEvent, frozen=True, kw_only=True, tag="companion.affect"):
    """How the person seems. status: final, partial or none. A number that is null is unknown, which is not neutral.

    categories: probability of each of affect.labels.EMOTIONS and of "unknown".
    voice: {arousal, valence, uncertainty, categories, evidence[], curve[]}, null for a typed turn.
    words: {valence, arousal, uncertainty, categories, evidence[[expression, weight]]}.
    evidence: both channels', readable.
    incongruence: {score, kind, confidence}; kind is null while the score is too small for a name.
    """

    item_id: str
    final: bool
    status: Literal["final", "partial", "none"]
    valence: float | None
    arousal: float | None
    uncertainty: float
    voice: Mapping[str, Any] | None
    words: Mapping[str, Any] | None
    incongruence: Mapping[str, Any] | None
    baseline: Mapping[str, Any]
    evidence: Sequence[str]
    categories: Mapping[str, float] = {}
    dominance: float | None = None
    events: Sequence[str] = ()


class TrajectoryEvent(ServerEvent, frozen=True, kw_only=True, tag="companion.trajectory"):
    """How valence moves, when its state changes. window: turns and seconds behind it; a null is not estimable.

    slope (valence / 10 min), variability (valence), recovery (s): {value, low, high} with an 80 % interval.
    """

    state: str
    window: Mapping[str, float]
    slope: Mapping[str, float] | None
    variability: Mapping[str, float] | None
    recovery: Mapping[str, float] | None


class Timings(ServerEvent, frozen=True, kw_only=True, tag="companion.timings"):
    """Seconds; null where a turn had no such part."""

    response_id: str
    asr: float | None = None
    affect: float | None = None
    recall: float | None = None
    compose: float | None = None
    queue: float | None = None
    first_token: float | None = None
    total: float | None = None


class Notice(ServerEvent, frozen=True, kw_only=True, tag="companion.notice"):
    """kind: waiting, overloaded, superseded, draining, taken_over, token_expiring, token_renewed, degraded,
    ai_disclosure, ai_reminder, break_reminder, emotion_recognition, takeover_started, takeover_ended, or exit (the
    person left by a word: the app may close the talk).

    position: how many wait before this one. retry_after_s: connect again no sooner.
    """

    kind: str
    message: str | None = None
    retry_after_s: float | None = None
    position: int | None = None


class Network(ServerEvent, frozen=True, kw_only=True, tag="companion.network"):
    """How the audio of this session arrives, where its frames have numbers; with each committed utterance.

    received, lost, late, duplicate: frames. jitter_ms: interarrival jitter after RFC 3550 section 6.4.1.
    """

    received: int
    lost: int
    late: int
    duplicate: int
    jitter_ms: float


class Pong(ServerEvent, frozen=True, kw_only=True, tag="companion.pong"):
    """The answer to companion.ping; ping_id: that event's id."""

    ping_id: str | None = None


class Error(ServerEvent, frozen=True, kw_only=True, tag="error"):
    error: ErrorBody


def affect_read(item_id: str, affect: Affect) -> AffectRead:
    """The event for one reading."""
    voice, words, odd = affect.voice, affect.words, affect.incongruence
    return AffectRead(
        item_id=item_id,
        final=affect.status == "final",
        status=affect.status,
        valence=affect.valence,
        arousal=affect.arousal,
        uncertainty=affect.uncertainty,
        voice=_fields(voice, "arousal", "valence", "uncertainty", "categories", "evidence", "curve"),
        words=_fields(words, "valence", "arousal", "uncertainty", "categories", "evidence"),
        incongruence=_fields(odd, "score", "kind", "confidence"),
        baseline={"n": voice.n, "z": dict(voice.z)} if voice else {"n": 0, "z": {}},
        categories=dict(affect.categories),
        dominance=affect.dominance,
        events=list(voice.events) if voice else [],
        evidence=[
            *(voice.evidence if voice else ()),
            *(f"{expression} {weight:+.2f}" for expression, weight in (words.evidence if words else ())),
        ],
    )


def trajectory(state: str, now: Trajectory) -> TrajectoryEvent:
    """The event for a change of state."""
    return TrajectoryEvent(
        state=state,
        window={"turns": now.n, "seconds": round(now.window_s, 1)},
        slope=_fields(now.slope, "value", "low", "high"),
        variability=_fields(now.variability, "value", "low", "high"),
        recovery=_fields(now.recovery_s, "value", "low", "high"),
    )


def network(arrival: Arrival) -> Network:
    """The event for how audio has arrived so far."""
    return Network(
        received=arrival.received,
        lost=arrival.lost,
        late=arrival.late,
        duplicate=arrival.duplicate,
        jitter_ms=round(arrival.jitter_ms, 1),
    )


def timings(response_id: str, seconds: Mapping[str, float]) -> Timings:
    """The event for how long each part took; a part that this protocol does not name is left out."""
    known: dict[str, Any] = {name: s for name, s in seconds.items() if name in Timings.__struct_fields__}
    return Timings(response_id=response_id, **known)


def encode(event: ServerEvent, event_id: str, seq: int) -> str:
    """The text frame: the event with its id, and its number in this session (1, 2, 3 ...)."""
    return msgspec.json.encode(msgspec.structs.replace(event, event_id=event_id, seq=seq)).decode()


def _fields(value: object | None, *names: str) -> dict[str, Any] | None:
    return None if value is None else {name: getattr(value, name) for name in names}
