"""Values of risk reading. Nothing here holds a person's words: a reason points to them by offsets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

HIGHEST = 4
SERIOUS = 2  # from here on the protocol answers, not the model
Source = Literal["words", "context", "voice", "trajectory", "head"]


class RiskKind(StrEnum):
    """What a turn may be about. DISTRESS goes with level 1 only: nothing else was found."""

    SUICIDE = "suicide"
    SELF_HARM = "self_harm"  # without intent to die
    THIRD_PARTY = "third_party"  # somebody else is at risk
    VIOLENCE = "violence"  # against others, or by others against the person
    ABUSE_OF_MINOR = "abuse_of_minor"
    EATING_DISORDER = "eating_disorder"
    PSYCHOSIS_MANIA = "psychosis_mania"
    MEDICAL_EMERGENCY = "medical_emergency"
    FRAUD = "fraud"
    DISTRESS = "distress"


@dataclass(frozen=True, slots=True)
class Reason:
    """One ground of a decision.

    rule: id of the rule, then the parts of the grammar that changed its level ("wish.die+degree"). level: 0..4, what
    this ground alone amounts to. span: offsets into the text of the turn, start <= i < end,
    None where it lies elsewhere.
    """

    kind: RiskKind
    rule: str
    source: Source
    level: int
    span: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Risk:
    """Level of one turn, its kinds (of the grounds that count, highest first) and all grounds, highest first.

    level: 0 none; 1 distress; 2 passive ideation, a wish to be dead; 3 active thoughts or a method; 4 intent, plan,
    preparation, behaviour or something in progress (after the C-SSRS screener: the highest ground decides, not a sum).
    Of the other kinds: 1 attention, 2 current concern, 3 acute, 4 in progress.
    """

    level: int
    kinds: tuple[RiskKind, ...] = ()
    reasons: tuple[Reason, ...] = ()


NO_RISK = Risk(0)
