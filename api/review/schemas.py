"""What /v1/review answers of sessions, people, notes and labels. Times: unix s. Valence, arousal, dominance: -1..1.

Null: unknown, or nothing was kept. Examples of all of them: `api.review.examples`.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from msgspec import Meta, Struct

from affect.trajectory import State
from companion.records.cases import CaseState

T = TypeVar("T")
Answerer = Literal["model", "script", "counsellor"]
LabelKind = Literal["choice", "scale", "flag"]
LabelPer = Literal["turn", "session"]
Value = bool | int | str
Readable = Literal["agreed", "danger", "no"]
_Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
_Title = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]*\S$")]


class ById(Struct, frozen=True, kw_only=True):
    """A member of staff."""

    id: str
    name: str


class Page(Struct, Generic[T], frozen=True, kw_only=True):
    """Some of a list. next: send it as `cursor` for the ones after; null on the last page."""

    items: list[T]
    next: str | None


class CaseRef(Struct, frozen=True, kw_only=True):
    """The newest case of a session: see /queue."""

    id: str
    state: CaseState


class SessionSummary(Struct, frozen=True, kw_only=True):
    """A session that something was said in. last_at: its newest turn; ended_at: null while it goes on.

    level: the highest that was read in a turn, held_level: where the protocol stands, both 0..4. incongruence: the
    highest of words and voice in a turn, 0..1, and its kind. state: how valence moved, after the newest turn.
    valence_mean, valence_last: over the turns where it is known. models: that answered. online: they are there now.
    """

    id: str
    user_id: str
    started_at: float
    ended_at: float | None
    last_at: float
    turns: int
    language: str | None
    persona: str | None
    level: int
    held_level: int
    incongruence: float | None
    incongruent_kind: str | None
    state: State
    valence_mean: float | None
    valence_last: float | None
    models: list[str]
    likes: int
    dislikes: int
    online: bool
    case: CaseRef | None


class Audio(Struct, frozen=True, kw_only=True):
    """What was spoken. seconds: how long; available: you may play it now (GET /turns/{id}/audio)."""

    seconds: float | None
    available: bool


class WordsRead(Struct, frozen=True, kw_only=True):
    """What the words tell. uncertainty: 0..1. categories: probabilities. evidence: [expression, signed weight]."""

    valence: float | None
    arousal: float | None
    uncertainty: float
    categories: dict[str, float]
    evidence: list[tuple[str, float]]


class VoiceRead(Struct, frozen=True, kw_only=True):
    """What the voice tells beside the person's usual one. evidence: such as "pitch 4.1 st above usual"."""

    valence: float | None
    arousal: float | None
    uncertainty: float
    categories: dict[str, float]
    evidence: list[str]


class Incongruent(Struct, frozen=True, kw_only=True):
    """How far words and voice disagree, 0..1; kind null while too little to name one."""

    score: float
    kind: str | None


class AffectRead(Struct, frozen=True, kw_only=True):
    """How the person seemed: a reading with uncertainty (0..1), never a fact. status: final, partial or none. voice,
    words: each channel as it was read."""

    valence: float | None
    arousal: float | None
    dominance: float | None
    uncertainty: float
    status: str
    voice: VoiceRead | None
    words: WordsRead | None
    incongruence: Incongruent | None


class RiskReason(Struct, frozen=True, kw_only=True):
    """One ground. rule: its name; level: 0..4, of this ground alone; span: [start, end) in what was said, or null."""

    kind: str
    rule: str
    source: str
    level: int
    span: tuple[int, int] | None


class RiskRead(Struct, frozen=True, kw_only=True):
    """What was read of danger. level: of this turn, held: of the talk after it, both 0..4; phase: of the protocol."""

    level: int
    held: int
    phase: str | None
    kinds: list[str]
    reasons: list[RiskReason]


class UsedMemory(Struct, frozen=True, kw_only=True):
    """A memory that was recalled for the reply. score: 0..1, reasons: each part's share of it. text: null where it was
    forgotten since. current: false where it was told as history."""

    id: str
    text: str | None
    score: float
    reasons: dict[str, float]
    current: bool


class PromptBlock(Struct, frozen=True, kw_only=True):
    """One part of what the model read. sha256: of its text, hex."""

    name: str
    sha256: str
    tokens: int


class PromptRef(Struct, frozen=True, kw_only=True):
    """What the model read (all of it: GET /turns/{id}/prompt)."""

    id: str
    blocks: list[PromptBlock]


class Strategy(Struct, frozen=True, kw_only=True):
    """Which helping skill the reply was to use, and the code of what decided it."""

    skill: str
    reason: str | None


class Label(Struct, frozen=True, kw_only=True):
    """What a reviewer says of a turn or session. version: of the label schema; value: true or false, a step, a choice.

    adjudicated: it settles what two said differently.
    """

    name: str
    value: Value
    by: ById
    at: float
    version: int
    adjudicated: bool


class TimelineTurn(Struct, frozen=True, kw_only=True):
    """One thing said, and its reply. state: committed, replying, replied, answered, cancelled, failed or deleted (by
    the person: then without words).

    modality: voice, text, or told, where the person was spoken to unasked. by: the counsellor who answered.
    trajectory: how valence moved up to here. models: by what they did; arm: of an experiment, none yet. timings: s.
    changes: what the screen did to the reply. notes: how many. labels: yours; and others', once you have given yours.
    """

    id: str
    index: int
    at: float
    modality: str
    state: str
    said: str | None
    reply: str | None
    answered_by: Answerer | None
    by: ById | None
    language: str | None
    audio: Audio | None
    affect: AffectRead | None
    trajectory: State | None
    risk: RiskRead
    memories: list[UsedMemory]
    prompt: PromptRef | None
    strategy: Strategy | None
    models: dict[str, str]
    arm: None
    timings: dict[str, float]
    rating: Literal["like", "dislike"] | None
    changes: list[dict[str, Any]]
    notes: int
    labels: list[Label]


class PromptMessage(Struct, frozen=True, kw_only=True):
    """One message as the model read it. role: system, user or assistant."""

    role: str
    content: str


class PromptRead(Struct, frozen=True, kw_only=True):
    """All that the model read for a reply, and why. blocks: name, text, sha256, tokens, why."""

    id: str
    messages: list[PromptMessage]
    blocks: list[dict[str, Any]]
    strategy: dict[str, Any] | None
    recalls: list[dict[str, Any]]


class Person(Struct, frozen=True, kw_only=True):
    """Somebody whom you may see. sessions: how many; last_at: their newest turn; held_level: 0..4, where their newest
    session stands that was read for danger.

    readable: they agreed to counsellor_review ("agreed"), or you broke the glass for them ("danger"); else "no", and
    then nothing of how they are is told. weekly_valence: means of the last eight ISO weeks, the newest
    last, null where a week says too little.
    """

    user_id: str
    sessions: int
    last_at: float | None
    held_level: int | None
    readable: Readable
    weekly_valence: list[float | None]


class WeekOfAffect(Struct, frozen=True, kw_only=True):
    """One ISO week (week_start: its Monday, YYYY-MM-DD, in the timezone of the server's people); null: too few turns.

    turns: of sessions that began in it; incongruent: of those, with a kind of incongruence named.
    """

    week_start: str
    valence_mean: float | None
    valence_sd: float | None
    arousal_mean: float | None
    turns: int
    incongruent: int


class PastMemory(Struct, frozen=True, kw_only=True):
    """What was known before."""

    id: str
    text: str
    valid_from: float
    valid_to: float | None


class PersonMemory(Struct, frozen=True, kw_only=True):
    """Something known of the person. valid_to: null while it holds; evidence: ids of the turns that say it. history:
    what it took the place of, the newest first."""

    id: str
    kind: str
    text: str
    valid_from: float
    valid_to: float | None
    evidence: list[str]
    history: list[PastMemory]


class PersonDetail(Struct, frozen=True, kw_only=True):
    """How somebody is, over all sessions. consents: purpose -> yes, no, or null where they were not asked.

    readable: as in the list; where it is "no", affect_by_week and memories are empty.
    """

    user_id: str
    sessions: int
    readable: Readable
    affect_by_week: list[WeekOfAffect]
    memories: list[PersonMemory]
    consents: dict[str, bool | None]


class NewNote(Struct, frozen=True, kw_only=True):
    """What a member of staff writes down. turn_id: of this session, where it is about one turn."""

    text: Annotated[str, Meta(min_length=1, max_length=4000, pattern=r"\S")]
    turn_id: Annotated[str, Meta(max_length=128)] | None = None


class Note(Struct, frozen=True, kw_only=True):
    """What a member of staff wrote down of a session, or of one turn."""

    id: str
    session_id: str
    turn_id: str | None
    by: ById
    at: float
    text: str


class Deletion(Struct, frozen=True, kw_only=True):
    """Something is to be deleted, once somebody else agrees (within a week). kind: note, or other."""

    id: str
    object_id: str
    kind: str
    requested_by: ById
    requested_at: float


class LabelDefinition(Struct, frozen=True, kw_only=True):
    """A question for reviewers. values: of a choice, 2 to 20 names; of a scale, its steps, whole numbers upwards; of a
    flag (yes or no), none."""

    name: _Name
    title_zh: _Title
    title_en: _Title
    kind: LabelKind
    values: Annotated[list[str | int], Meta(max_length=20)] = []
    per: LabelPer = "turn"


class NewLabelSchema(Struct, frozen=True, kw_only=True):
    """The questions from now on, 40 at most. It becomes the next version; labels of earlier ones are kept."""

    labels: Annotated[list[LabelDefinition], Meta(max_length=40)]


class LabelSchema(Struct, frozen=True, kw_only=True):
    """What reviewers are asked. version: 0 where nobody has defined anything."""

    version: int
    labels: list[LabelDefinition]


class NewLabel(Struct, frozen=True, kw_only=True):
    """An answer to a question of the schema in force; the same reviewer's later one replaces it."""

    name: _Name
    value: bool | int | Annotated[str, Meta(max_length=64)]


class Labels(Struct, frozen=True, kw_only=True):
    """Of one turn or session, by the schema in force: yours, and of the questions that you answered, everybody's.

    hidden: how many answers of others you do not see yet. disputed: questions on which reviewers disagree and nobody
    has settled it, of those that you see.
    """

    labels: list[Label]
    hidden: int
    disputed: list[str]


class Agreement(Struct, frozen=True, kw_only=True):
    """How far reviewers agree on a question. units: turns or sessions that two or more answered; reviewers: who did.

    kappa: Cohen's, of exactly two reviewers (of a scale: with quadratic weights); alpha: Krippendorff's (of a scale:
    ordinal, else nominal), ci95: its interval, by bootstrap. percent: of pairs of answers that are the same, 0..100.
    Null: it cannot be told, such as where everybody gave the same answer throughout.
    """

    name: str
    version: int
    units: int
    reviewers: int
    kappa: float | None
    alpha: float | None
    percent: float | None
    ci95: tuple[float, float] | None
