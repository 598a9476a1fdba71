"""Values of the memory domain. Times are unix seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class MemoryKind(StrEnum):
    """What a memory is about."""

    PROFILE = "profile"  # who they are and how they live
    RELATIONSHIP = "relationship"  # somebody, or an animal, in their life
    PREFERENCE = "preference"  # what they like and do not like
    EVENT = "event"  # something that happened or will happen
    WORRY = "worry"  # what weighs on them
    PROMISE = "promise"  # what they mean to do
    COMPANION = "companion"  # the companion's own words: what it said it would keep in mind or ask about


class Slot(StrEnum):
    """A place of the profile."""

    ADDRESS = "address"  # how they want to be called
    PRONOUNS = "pronouns"
    AGE = "age"
    HOME = "home"  # where they live, where they are from
    PEOPLE = "people"
    PETS = "pets"
    WORK = "work"  # or study
    HEALTH = "health"
    WORRIES = "worries"
    LIKES = "likes"  # and dislikes
    BOUNDARIES = "boundaries"  # what they do not want asked or said
    RHYTHM = "rhythm"  # of the day: when they sleep, work, are free


class Sensitivity(StrEnum):
    """How careful to be with it."""

    ORDINARY = "ordinary"
    PRIVATE = "private"  # health, money, love, family quarrels: only where the talk is about it
    CRISIS = "crisis"  # death, violence, harm: only where they themselves come back to it


class Source(StrEnum):
    """Who put it into the ledger."""

    RULES = "rules"
    MODEL = "model"
    PERSON = "person"  # said or corrected by themselves, through the app


@dataclass(frozen=True, slots=True)
class Felt:
    """How it felt when it was said. valence, arousal: -1..1, None when unknown. uncertainty: 0..1.

    incongruence: how words and voice disagreed (affect.incongruence.KINDS), None where they did not: what was said to
    be fine and sounded upset is kept as that.
    """

    valence: float | None = None
    arousal: float | None = None
    uncertainty: float = 1.0
    incongruence: str | None = None


UNKNOWN_FELT = Felt()


@dataclass(frozen=True, slots=True)
class Claim:
    """What a sentence says holds of one attribute of the person, so that a newer value can replace an older one.

    key: names the attribute, such as "name", "home", "diet", "pet/团子/alive", "likes/咖啡". value: what it is now, in
    the person's words. single: a person has one value of it at a time. holds: False where the sentence ends or denies
    it.
    """

    key: str
    value: str
    single: bool = True
    holds: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Something worth remembering in some turns, in the person's own words and language.

    salience, confidence: 0..1. evidence: the turns that say it. about: when it happens, [start, end) unix s, where it
    says so. corrects: the person says that what was known is wrong.
    """

    kind: MemoryKind
    text: str
    salience: float
    language: str | None = None
    slot: Slot | None = None
    claim: Claim | None = None
    about: tuple[float, float] | None = None
    confidence: float = 0.8
    sensitivity: Sensitivity = Sensitivity.ORDINARY
    source: Source = Source.RULES
    evidence: tuple[str, ...] = ()
    corrects: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Something known about a person, with the turns that it comes from.

    learned_at: when it was said. valid_from, valid_to: since when and until when it holds; valid_to None while it
    holds, superseded_by: the memory that took its place then. about: see Candidate. recalls, last_recalled: how often
    and when it was last brought back. session_id, evidence: where it was said, the newest turn last.
    """

    id: str
    user_id: str
    kind: MemoryKind
    text: str
    learned_at: float = 0.0
    valid_from: float = 0.0
    valid_to: float | None = None
    superseded_by: str | None = None
    confidence: float = 0.8
    salience: float = 0.5
    felt: Felt = UNKNOWN_FELT
    language: str | None = None
    slot: Slot | None = None
    claim: Claim | None = None
    about: tuple[float, float] | None = None
    sensitivity: Sensitivity = Sensitivity.ORDINARY
    source: Source = Source.RULES
    session_id: str | None = None
    evidence: tuple[str, ...] = ()
    recalls: int = 0
    last_recalled: float | None = None

    def holds(self, now: float) -> bool:
        """Whether it is still the case, as far as is known."""
        return self.valid_to is None or self.valid_to > now


@dataclass(frozen=True, slots=True)
class Recall:
    """A memory brought back for one turn. score: 0..1.

    reasons: each part's share of the score. terms: the words shared with the query. current: False where something
    newer has taken its place, and it is told as history because the query asks for the past.
    """

    memory: Memory
    score: float
    reasons: Mapping[str, float]
    terms: tuple[str, ...] = ()
    current: bool = True
