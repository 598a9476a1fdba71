"""Values of the memory domain. Times are unix seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class MemoryKind(StrEnum):
    """What a memory is about."""

    PROFILE = "profile"  # name, age, where they live
    PERSON = "person"  # somebody, or an animal, in their life
    WORK = "work"  # work or study
    PREFERENCE = "preference"  # what they like and do not like
    EVENT = "event"  # something that happened or will happen
    WORRY = "worry"  # what weighs on them


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something worth remembering in one turn, in the person's own words. salience: 0..1."""

    kind: MemoryKind
    text: str
    salience: float
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """Something known about a person, with the turns that it comes from.

    salience: 0..1. valence: how it felt when it was said, -1..1, None when unknown.
    valid_to: None while it holds; the time at which something newer took its place.
    """

    id: str
    user_id: str
    kind: MemoryKind
    text: str
    evidence: tuple[str, ...]
    valid_from: float
    valid_to: float | None
    salience: float
    valence: float | None
    language: str | None


@dataclass(frozen=True, slots=True)
class Recall:
    """A memory brought back for one turn. score: 0..1; reasons: each part's share of the score."""

    memory: Memory
    score: float
    reasons: Mapping[str, float]
