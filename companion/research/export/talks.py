"""A talk as it may leave: what was said without anybody in it, and what was read of it in coarse bands."""

from __future__ import annotations

import msgspec

WITHHELD = "〔…〕"  # instead of words of somebody in danger, and of rare content


class Turn(msgspec.Struct, omit_defaults=True):
    """One turn of a dialogue, fit to leave. week: ISO week after the person's shift. Bands: steps of .2, -1..1."""

    id: str
    index: int
    week: str
    modality: str
    state: str
    said: str | None = None
    reply: str | None = None
    withheld: bool = False
    language: str | None = None
    answered_by: str | None = None
    strategy: str | None = None
    rating: str | None = None
    trajectory: str | None = None
    risk_level: int | None = None
    risk_kinds: list[str] = []
    words_valence: float | None = None
    words_arousal: float | None = None
    voice_valence: float | None = None
    voice_arousal: float | None = None
    valence: float | None = None
    arousal: float | None = None
    emotion: str | None = None
    incongruent: bool | None = None
    incongruence_kind: str | None = None
    models: dict[str, str] = {}
    labels: dict[str, list[bool | int | str]] = {}


class Dialogue(msgspec.Struct, omit_defaults=True):
    """A talk, or a piece of one. number: of the person's, in their order. labels: as a turn has them."""

    id: str
    number: int
    persona: str | None
    language: str | None
    turns: list[Turn]
    labels: dict[str, list[bool | int | str]] = {}
