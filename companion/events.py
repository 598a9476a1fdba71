"""What a session tells whoever listens; `api.realtime` puts it on the wire. Times are seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from affect.trajectory import Trajectory
from affect.types import Affect
from companion.safety.resources import Resource
from memory.types import Memory, Recall


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Speech began at at_s of the stream."""

    item_id: str
    at_s: float


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """Speech ended at at_s of the stream."""

    item_id: str
    at_s: float


@dataclass(frozen=True, slots=True)
class ItemCommitted:
    """What the person said is on disk and survives the process. text: None for audio.

    audio_seq: number of the last audio frame that is wholly on disk with it, None where frames have none.
    images: how many came with it.
    """

    item_id: str
    previous_item_id: str | None
    text: str | None
    audio_s: float
    audio_seq: int | None = None
    images: int = 0


@dataclass(frozen=True, slots=True)
class ItemDeleted:
    """An item is out of the conversation; a reply no longer builds on it."""

    item_id: str


@dataclass(frozen=True, slots=True)
class ItemTruncated:
    """Of a reply only what was heard in audio_end_ms counts as said."""

    item_id: str
    audio_end_ms: int


@dataclass(frozen=True, slots=True)
class TranscriptDelta:
    """More of what is being said, as far as it will not change."""

    item_id: str
    delta: str


@dataclass(frozen=True, slots=True)
class Transcribed:
    """The words of an utterance; "" when there were none."""

    item_id: str
    text: str
    language: str | None
    audio_s: float


@dataclass(frozen=True, slots=True)
class TranscriptionFailed:
    """The utterance could not be recognised; its audio is kept."""

    item_id: str
    message: str


@dataclass(frozen=True, slots=True)
class AffectRead:
    """How the person seems this turn."""

    item_id: str
    affect: Affect


@dataclass(frozen=True, slots=True)
class TrajectoryChanged:
    """How the person's valence moves has another name than before; see affect.trajectory.STATES."""

    state: str
    trajectory: Trajectory


@dataclass(frozen=True, slots=True)
class ReplyStarted:
    """A reply begins; its text is item `item_id`. answers: ids of the items that it replies to, oldest first.

    by: None for the companion, else "counsellor".
    """

    response_id: str
    item_id: str
    previous_item_id: str | None
    answers: tuple[str, ...] = ()
    by: str | None = None


@dataclass(frozen=True, slots=True)
class MemoriesUsed:
    """What was recalled for a reply."""

    response_id: str
    recalls: Sequence[Recall]


@dataclass(frozen=True, slots=True)
class ReplyDelta:
    """A piece of the reply."""

    response_id: str
    item_id: str
    delta: str


@dataclass(frozen=True, slots=True)
class ReplyDone:
    """The reply ended. status: completed, cancelled, failed or incomplete; reason: why, for the last three."""

    response_id: str
    item_id: str
    text: str
    status: Literal["completed", "cancelled", "failed", "incomplete"]
    reason: str | None = None
    message: str | None = None
    answers: tuple[str, ...] = ()
    by: str | None = None


@dataclass(frozen=True, slots=True)
class TurnTimed:
    """Seconds spent in each part: asr, affect, recall, compose, queue, first_token, total."""

    response_id: str
    timings: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class MemoriesSaved:
    """What was learnt about the person in a turn. response_id: None when it was found some time after the reply."""

    response_id: str | None
    memories: Sequence[Memory]


@dataclass(frozen=True, slots=True)
class MemoriesForgotten:
    """What was deleted at the person's wish."""

    ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class SafetyTold:
    """What the risk protocol does. level: that is held, 0..4; kinds: the latest first; phase: safety.protocol_types.

    resources: to be shown, [] where none are due. actions: names of what was set going. asked: what the person is asked
    ("safe", "review", "contact", ""), so that an app can show buttons. beside: a line to show, never to be spoken.
    language: "zh" or "en", in which the resources are to be shown.
    """

    level: int
    kinds: Sequence[str]
    phase: str
    resources: Sequence[Resource]
    actions: Sequence[str]
    asked: str = ""
    beside: str = ""
    language: str = "zh"


@dataclass(frozen=True, slots=True)
class Noticed:
    """The person has to know this; kind: the wire's name for it."""

    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Something went wrong and the session goes on. code: the wire's name for it."""

    code: str
    message: str
    item_id: str | None = None


Event = (
    SpeechStarted
    | SpeechStopped
    | ItemCommitted
    | ItemDeleted
    | ItemTruncated
    | TranscriptDelta
    | Transcribed
    | TranscriptionFailed
    | AffectRead
    | TrajectoryChanged
    | ReplyStarted
    | MemoriesUsed
    | ReplyDelta
    | ReplyDone
    | TurnTimed
    | MemoriesSaved
    | MemoriesForgotten
    | SafetyTold
    | Noticed
    | Failed
)
