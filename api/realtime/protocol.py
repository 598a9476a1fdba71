"""companion.v1, client to server: the frames a client may send, and the session that they set up.

Names and shapes are those of the OpenAI Realtime API where it has them; what is ours stands under `companion`.
A field that was left out is UNSET, one that was sent as null is None: `turn_detection: null` switches the
server's turn taking off, leaving it out keeps it as it was. Fields we do not know are tolerated, as clients
send many; types we do not know are not. The other direction is in `server_events`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from companion.errors import ProtocolError

Rate = Literal[8000, 16000, 24000, 48000]
Milliseconds = Annotated[int, Meta(ge=0, le=60_000)]
OutputTokens = Annotated[int, Meta(ge=1)] | Literal["inf"]
# OpenAI's bounds: 16 pairs, keys of 64 characters, values of 512.
Metadata = Annotated[
    dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=512)]], Meta(max_length=16)
]


class AudioFormat(Struct, frozen=True, kw_only=True):
    """audio/pcm: PCM16LE mono; audio/opus: one packet a frame, mono, decoded at `rate`. rate in Hz."""

    type: Literal["audio/pcm", "audio/opus"] = "audio/pcm"
    rate: Rate = 24000


class TurnDetection(Struct, frozen=True, kw_only=True):
    """Who ends a turn: the server, by silence. threshold: speech probability 0..1; None or UNSET: the server's own."""

    type: Literal["server_vad", "semantic_vad"] = "server_vad"
    threshold: Annotated[float, Meta(gt=0, lt=1)] | UnsetType | None = UNSET
    prefix_padding_ms: Milliseconds | UnsetType | None = UNSET
    silence_duration_ms: Milliseconds | UnsetType | None = UNSET
    eagerness: Literal["low", "medium", "high", "auto"] = "auto"
    create_response: bool = True
    interrupt_response: bool = True


class AudioInputUpdate(Struct, frozen=True, kw_only=True):
    """`session.audio.input` as a client sends it."""

    format: AudioFormat | UnsetType = UNSET
    turn_detection: TurnDetection | UnsetType | None = UNSET


class AudioUpdate(Struct, frozen=True, kw_only=True):
    """`session.audio` as a client sends it; there is no output audio."""

    input: AudioInputUpdate | UnsetType = UNSET


class CompanionUpdate(Struct, frozen=True, kw_only=True):
    """`session.companion` as a client sends it. language: ISO 639-1 or null to detect it. device: whatever names the
    microphone, such as "headset"; a person's usual loudness and timbre are learnt for each apart."""

    language: Annotated[str, Meta(max_length=16)] | UnsetType | None = UNSET
    device: Annotated[str, Meta(pattern=r"^[\w .-]{0,64}$")] | UnsetType = UNSET
    framing: Literal["raw", "header"] | UnsetType = UNSET
    persona: Annotated[str, Meta(max_length=64)] | UnsetType | None = UNSET
    thinking: Literal["auto", "on", "off"] | UnsetType | None = UNSET
    affect_events: bool | UnsetType = UNSET


class SessionFields(Struct, frozen=True, kw_only=True):
    """`session` of a session.update. "audio" among the modalities is taken from clients that always say so."""

    type: Literal["realtime"] | UnsetType = UNSET
    model: str | UnsetType = UNSET
    instructions: str | UnsetType | None = UNSET
    output_modalities: list[Literal["text", "audio"]] | UnsetType = UNSET
    max_output_tokens: OutputTokens | UnsetType | None = UNSET
    audio: AudioUpdate | UnsetType = UNSET
    companion: CompanionUpdate | UnsetType = UNSET


class ContentPart(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One part of an item's content, both ways. text belongs to *_text, transcript and base64 audio to *_audio."""

    type: Literal["input_text", "input_audio", "input_image", "output_text", "output_audio", "text"]
    text: str | UnsetType = UNSET
    transcript: str | UnsetType | None = UNSET
    audio: str | UnsetType = UNSET
    image_url: str | UnsetType = UNSET


class ItemFields(Struct, frozen=True, kw_only=True):
    """An item that a client adds to the conversation."""

    type: Literal["message"]
    role: Literal["user", "assistant", "system"]
    content: Annotated[list[ContentPart], Meta(min_length=1, max_length=32)]
    id: Annotated[str, Meta(min_length=1, max_length=64)] | UnsetType | None = UNSET

    @property
    def text(self) -> str:
        """All text parts, one a line."""
        return "\n".join(part.text for part in self.content if isinstance(part.text, str))


class ResponseFields(Struct, frozen=True, kw_only=True):
    """What one response.create may set for this response only. metadata comes back with the response."""

    instructions: str | UnsetType | None = UNSET
    max_output_tokens: OutputTokens | UnsetType | None = UNSET
    metadata: Metadata | UnsetType | None = UNSET


class _Event(Struct, frozen=True, kw_only=True, tag_field="type"):
    event_id: Annotated[str, Meta(max_length=512)] | None = None


class SessionUpdate(_Event, frozen=True, kw_only=True, tag="session.update"):
    session: SessionFields


class AudioAppend(_Event, frozen=True, kw_only=True, tag="input_audio_buffer.append"):
    """audio: base64 on the wire, PCM16LE here."""

    audio: bytes


class AudioCommit(_Event, frozen=True, kw_only=True, tag="input_audio_buffer.commit"):
    """The utterance ends here."""


class AudioClear(_Event, frozen=True, kw_only=True, tag="input_audio_buffer.clear"):
    """Forget what was not committed."""


class ItemCreate(_Event, frozen=True, kw_only=True, tag="conversation.item.create"):
    item: ItemFields
    previous_item_id: str | None = None


class ItemDelete(_Event, frozen=True, kw_only=True, tag="conversation.item.delete"):
    item_id: str


class ItemTruncate(_Event, frozen=True, kw_only=True, tag="conversation.item.truncate"):
    item_id: str
    content_index: Annotated[int, Meta(ge=0)]
    audio_end_ms: Annotated[int, Meta(ge=0)]


class ResponseCreate(_Event, frozen=True, kw_only=True, tag="response.create"):
    response: ResponseFields | UnsetType | None = UNSET


class ResponseCancel(_Event, frozen=True, kw_only=True, tag="response.cancel"):
    response_id: str | None = None


class Feedback(_Event, frozen=True, kw_only=True, tag="companion.feedback"):
    """What the person thinks of a reply; null takes it back."""

    response_id: str
    rating: Literal["like", "dislike"] | None


class MemoryList(_Event, frozen=True, kw_only=True, tag="companion.memory.list"):
    """Answered with companion.memories."""


class MemoryForget(_Event, frozen=True, kw_only=True, tag="companion.memory.forget"):
    """Delete memories for good; answered with companion.memory {forgotten}."""

    ids: Annotated[list[str], Meta(min_length=1, max_length=1000)]


class ConsentList(_Event, frozen=True, kw_only=True, tag="companion.consent.list"):
    """Answered with companion.consent. language: of the texts; null for the one that is spoken."""

    language: Literal["zh", "en"] | None = None


class ConsentSet(_Event, frozen=True, kw_only=True, tag="companion.consent.set"):
    """Say yes or no to a purpose; answered with companion.consent. version: of the text shown, needed for a yes."""

    purpose: Annotated[str, Meta(max_length=32)]
    given: bool
    version: Annotated[str, Meta(max_length=64)] | None = None
    language: Literal["zh", "en"] | None = None


class ItemRetrieve(_Event, frozen=True, kw_only=True, tag="conversation.item.retrieve"):
    """Answered with conversation.item.retrieved."""

    item_id: str


class Resume(_Event, frozen=True, kw_only=True, tag="companion.resume"):
    """The first frame on a new socket: go on where the old one broke off.

    last_seq: of the last server event that was read. last_audio_seq: of the last audio frame that was sent.
    """

    session_id: Annotated[str, Meta(max_length=128)]
    resume_token: Annotated[str, Meta(max_length=512)]
    last_seq: Annotated[int, Meta(ge=0, le=2**53)]
    last_audio_seq: Annotated[int, Meta(ge=0, le=2**32 - 1)] | None = None


class Playback(_Event, frozen=True, kw_only=True, tag="companion.playback"):
    """How much of a reply the person has heard: milliseconds of its speech."""

    item_id: Annotated[str, Meta(max_length=128)]
    played_ms: Annotated[int, Meta(ge=0, le=86_400_000)]


class Renew(_Event, frozen=True, kw_only=True, tag="companion.renew"):
    """A fresh token of the same person, before the one of the handshake expires."""

    token: Annotated[str, Meta(max_length=8192)]


class Sos(_Event, frozen=True, kw_only=True, tag="companion.sos"):
    """The person asks for human help."""


class Ping(_Event, frozen=True, kw_only=True, tag="companion.ping"):
    """Answered with companion.pong."""


ClientEvent = (
    SessionUpdate
    | AudioAppend
    | AudioCommit
    | AudioClear
    | ItemCreate
    | ItemDelete
    | ItemTruncate
    | ResponseCreate
    | ResponseCancel
    | Feedback
    | MemoryList
    | MemoryForget
    | ConsentList
    | ConsentSet
    | ItemRetrieve
    | Resume
    | Playback
    | Renew
    | Sos
    | Ping
)


class FrameError(ProtocolError):
    """A frame that cannot be used. param: path of the field; event_id: the client's, when it could be read."""

    def __init__(self, message: str, *, code: str, param: str | None = None, event_id: str | None = None) -> None:
        super().__init__(message, code=code)
        self.param, self.event_id = param, event_id


class _Envelope(Struct):
    type: Any = None
    event_id: Any = None


_envelope = msgspec.json.Decoder(_Envelope)
_decoders: dict[str, msgspec.json.Decoder[ClientEvent]] = {
    str(event.__struct_config__.tag): msgspec.json.Decoder(event) for event in ClientEvent.__args__
}
CLIENT_EVENTS = tuple(_decoders)

# msgspec's own sentences that name only types and fields of ours. Others quote the value, which may be a person's
# words.
_SAFE = re.compile(r"^(Expected `[^`]*`(?:, got `[^`]*`)?|Object missing required field `[^`]*`)")
_PATH = re.compile(r" - at `\$\.?([^`]*)`$")


def decode_client_event(text: str | bytes) -> ClientEvent:
    """One text frame -> one event.

    Raises FrameError (a ProtocolError) with code `invalid_json`, `unknown_event` or `invalid_event`; its message
    and param name the field, never its value.
    """
    try:
        envelope = _envelope.decode(text)
    except (msgspec.ValidationError, RecursionError):
        raise FrameError('the frame is not a JSON object; send {"type": ...}', code="invalid_event") from None
    except (msgspec.DecodeError, UnicodeError):
        raise FrameError("the frame is not JSON; send one JSON object a text frame", code="invalid_json") from None
    event_id = envelope.event_id if isinstance(envelope.event_id, str) and len(envelope.event_id) <= 512 else None
    if not isinstance(envelope.type, str):
        raise FrameError("field type: must be a string", code="invalid_event", param="type", event_id=event_id)
    if (decoder := _decoders.get(envelope.type)) is None:
        known = ", ".join(CLIENT_EVENTS)
        raise FrameError(
            f"unknown event type; this server knows {known}", code="unknown_event", param="type", event_id=event_id
        )
    try:
        return decoder.decode(text)
    except RecursionError:
        raise FrameError("the frame is nested too deeply", code="invalid_event", event_id=event_id) from None
    except msgspec.ValidationError as error:
        reason, param = _explain(str(error))
    raise FrameError(reason, code="invalid_event", param=param, event_id=event_id)


def _explain(text: str) -> tuple[str, str | None]:
    path = _PATH.search(text)
    safe = _SAFE.match(text)
    reason = safe.group(1) if safe else "not one of the values that are allowed here"
    param = path.group(1) if path else None
    return (f"field {param}: {reason}" if param else reason), param or None


class CompanionSettings(Struct, frozen=True, kw_only=True):
    """What is ours in a session. persona, thinking: None for what the server is set to."""

    language: str | None = None
    device: str = ""
    framing: Literal["raw", "header"] = "raw"
    persona: str | None = None
    thinking: Literal["auto", "on", "off"] | None = None
    affect_events: bool = True


class Session(Struct, frozen=True, kw_only=True):
    """A session as it stands. turn_detection None: the client commits by itself."""

    id: str
    model: str
    instructions: str = ""
    max_output_tokens: int | Literal["inf"] = "inf"
    format: AudioFormat = AudioFormat()
    turn_detection: TurnDetection | None = TurnDetection()
    companion: CompanionSettings = CompanionSettings()

    def updated(self, fields: SessionFields) -> Session:
        """This session with what the client sent; null puts a field back to its default. The model stays."""
        audio = fields.audio.input if isinstance(fields.audio, AudioUpdate) else UNSET
        audio = audio if isinstance(audio, AudioInputUpdate) else AudioInputUpdate()
        return msgspec.structs.replace(
            self,
            instructions=self.instructions if fields.instructions is UNSET else fields.instructions or "",
            max_output_tokens=(
                self.max_output_tokens if fields.max_output_tokens is UNSET else fields.max_output_tokens or "inf"
            ),
            format=audio.format if isinstance(audio.format, AudioFormat) else self.format,
            turn_detection=self.turn_detection if audio.turn_detection is UNSET else audio.turn_detection,
            companion=_companion(self.companion, fields.companion),
        )

    def wire(self) -> dict[str, Any]:
        """The session object as OpenAI's clients read it."""
        return {
            "type": "realtime",
            "object": "realtime.session",
            "id": self.id,
            "model": self.model,
            "instructions": self.instructions,
            "output_modalities": ["text"],
            "max_output_tokens": self.max_output_tokens,
            "audio": {
                "input": {
                    "format": self.format,
                    "turn_detection": self.turn_detection,
                }
            },
            "companion": self.companion,
        }


def _companion(now: CompanionSettings, update: CompanionUpdate | UnsetType) -> CompanionSettings:
    if not isinstance(update, CompanionUpdate):
        return now
    sent = {name: value for name in update.__struct_fields__ if (value := getattr(update, name)) is not UNSET}
    return msgspec.structs.replace(now, **sent)
