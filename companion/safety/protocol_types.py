"""What the protocol is told, what it answers with, and what it keeps. Values only; times in s of one wall clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

Answer = Literal["yes", "no", "unclear"]
Asked = Literal["", "safe", "review", "contact"]  # yes to "safe" is the good answer, whatever the kind


class Phase(StrEnum):
    """Where a talk stands; docs/safety-protocol.md says what each means for the person."""

    CALM = "calm"
    ATTENTIVE = "attentive"  # level 1 or 2
    SUPPORTING = "supporting"  # level 3 or 4: a scripted turn was given
    CONSENT_ASKED = "consent_asked"  # may a person look?
    QUEUED = "queued"  # a counsellor was asked for, or has claimed it and is reading
    HUMAN = "human"  # a counsellor has taken over; the model is mute
    CONTACT_OFFERED = "contact_offered"  # may the person's own contact be told?
    EASING = "easing"  # after a counsellor or a cool-down


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What holds for this person at this deployment; authored defaults. Given anew at every step, so that a consent
    which was withdrawn binds at once.

    region: ISO 3166 code, "" unknown. minor: None unknown. staffed: counsellors are there. review_on_file: consent to
    counsellor review given (True) or refused (False) before, None where nobody asked. contact_on_file: an emergency
    contact or guardian with consent for exactly this purpose. contact_duty: the law of the region has the contact told
    from level 4 on. unasked_from: level from which a counsellor is asked for at once (5: never); the person is told and
    may refuse. sla_s: how long a queued talk may wait, by priority 1, 2, 3. cool_down_s: since the last turn at risk,
    from level 3 on; mild_cool_down_s: at levels 1 and 2.
    """

    region: str = ""
    language: str = "zh"
    minor: bool | None = None
    staffed: bool = False
    review_on_file: bool | None = None
    contact_on_file: bool = False
    contact_duty: bool = False
    unasked_from: int = 4
    sla_s: tuple[float, float, float] = (60.0, 300.0, 900.0)
    cool_down_s: float = 86_400.0
    mild_cool_down_s: float = 7_200.0


@dataclass(frozen=True, slots=True)
class State:
    """All that the protocol keeps of a talk; survives as JSON (`protocol.dump`, `protocol.load`).

    level: 0..4, the highest until a counsellor or a cool-down lowers it. kinds: of its turns, the latest first.
    level_turn: level of the last turn. at_risk: from when the cool-down counts, that is the last turn at risk, SOS or
    call for a counsellor. queued: a request for a counsellor is open, of priority 1..3, to be claimed by `waits_until`.
    claimed: a counsellor reads. review, contact: what became of the offers. shown: resources of the last turn that had
    any; aloud_turn: the turn in which they were last said, at aloud_level. spoken: script -> how often it was used;
    seed: where its variants begin.
    """

    phase: Phase = Phase.CALM
    level: int = 0
    kinds: tuple[str, ...] = ()
    turn: int = 0
    level_turn: int = 0
    at_risk: float = 0.0
    asked: Asked = ""
    review: Literal["unasked", "asked", "given", "refused"] = "unasked"
    contact: Literal["none", "offered", "told", "refused"] = "none"
    queued: bool = False
    claimed: bool = False
    priority: int = 3
    waits_until: float | None = None
    away: bool = False
    shown: tuple[str, ...] = ()
    shown_turn: int = -2
    aloud_turn: int = -2
    aloud_level: int = 0
    spoken: Mapping[str, int] = field(default_factory=dict)
    seed: int = 0


# Events


@dataclass(frozen=True, slots=True)
class Turn:
    """The person said something. level 0..4 and kinds of this turn alone; answer: read as an answer to what was asked
    (`answers.read_answer`); wants_help: it asks for numbers, a hotline or a person (`answers.wants_help`);
    declines_review: it wants no counsellor (`answers.declines_review`)."""

    level: int
    kinds: tuple[str, ...] = ()
    answer: Answer = "unclear"
    wants_help: bool = False
    declines_review: bool = False


@dataclass(frozen=True, slots=True)
class Consented:
    """A button of the app: may a counsellor look ("review"), may the contact be told ("contact")?"""

    to: Literal["review", "contact"]
    given: bool


@dataclass(frozen=True, slots=True)
class Claimed:
    """A counsellor took the talk out of the queue and reads; the model still answers."""


@dataclass(frozen=True, slots=True)
class TookOver:
    """A counsellor writes to the person now."""


@dataclass(frozen=True, slots=True)
class GaveBack:
    """A counsellor lets the talk go, or closes a case they only read. level: 0..4, how they judge it now."""

    level: int


@dataclass(frozen=True, slots=True)
class CounsellorLost:
    """The counsellor's connection is gone."""


@dataclass(frozen=True, slots=True)
class SosPressed:
    """The person pressed the help button."""


@dataclass(frozen=True, slots=True)
class Left:
    """The person's connection ended."""


@dataclass(frozen=True, slots=True)
class Returned:
    """The person is back in the same talk."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed; worth sending at `protocol.due_at(state, policy)`."""


Event = Turn | Consented | Claimed | TookOver | GaveBack | CounsellorLost | SosPressed | Left | Returned | Tick


# Actions, to be done in order


@dataclass(frozen=True, slots=True)
class Say:
    """A script: `scripts.words` gives its text. aside: shown as a line, never spoken over the counsellor."""

    script: str
    variant: int = 0
    aside: bool = False


@dataclass(frozen=True, slots=True)
class Resources:
    """Numbers for the app to show and keep on the screen. aloud: they are also part of what is said this turn."""

    ids: tuple[str, ...]
    aloud: bool
    variant: int = 0


@dataclass(frozen=True, slots=True)
class Queue:
    """Ask for a counsellor. priority: 1 the most urgent .. 3; the same talk is queued once, a later one moves it up."""

    priority: int
    sla_s: float
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unqueue:
    """Nobody is asked for any more."""


@dataclass(frozen=True, slots=True)
class NotifyContact:
    """Tell the person's own contact that they may need someone now: nothing of what was said, no level."""


@dataclass(frozen=True, slots=True)
class MuteModel:
    """The model says nothing until UnmuteModel."""


@dataclass(frozen=True, slots=True)
class UnmuteModel:
    """The model may answer again."""


@dataclass(frozen=True, slots=True)
class Remind:
    """Look in on the person once, after after_s, with this script, if they are not back before."""

    after_s: float
    script: str


Action = Say | Resources | Queue | Unqueue | NotifyContact | MuteModel | UnmuteModel | Remind
