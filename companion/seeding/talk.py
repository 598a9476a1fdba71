"""Talks that never were: people with a temper, sessions with a course, turns with both channels. Pure; `random` given.

All shares and widths are authored: enough of everything that a desk shows, not an estimate of anybody.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from itertools import pairwise
from random import Random
from typing import Any

from affect.fusion import fuse
from affect.labels import UNKNOWN
from affect.types import Affect, VoiceAffect, WordAffect

_MARK = re.compile(r"\[(.+?)\]")
_LEVELS, _SHARES = (0, 1, 2, 3, 4), (0.70, 0.18, 0.07, 0.035, 0.015)  # of sessions, by the worst that is said
_CHINESE, _SPOKEN = 0.8, 0.75
_GAP_S = (15.0, 90.0)
_NIGHTS = 0.3
_DAY_S = 86_400.0
_PHASES = {0: "calm", 1: "attentive", 2: "attentive", 3: "supporting", 4: "queued"}


@dataclass(frozen=True, slots=True)
class Person:
    """temper: usual valence, -1..1. drift: how it moves over the whole time, valence."""

    id: str
    language: str
    temper: float
    drift: float
    reviewed: bool | None
    recorded: bool | None


@dataclass(frozen=True, slots=True)
class SeededTurn:
    """One turn, of which nothing is sealed yet. Times: unix s. by: model, script or counsellor."""

    at: float
    spoken: bool
    said: str
    reply: str
    affect: Affect
    level: int
    held: int
    phase: str
    kind: str | None
    rule: str | None
    span: tuple[int, int] | None
    by: str
    skill: str
    rating: str | None
    state: str


@cache
def lines() -> Mapping[str, Any]:
    """The authored lines."""
    return tomllib.loads(files("companion.seeding").joinpath("lines.toml").read_text("utf-8"))


def person(prefix: str, number: int) -> Person:
    """The number-th of those of this prefix: always the same one."""
    rng = Random(f"{prefix}/{number}")
    return Person(
        f"{prefix}-{number:05d}",
        "zh" if rng.random() < _CHINESE else "en",
        rng.gauss(-0.05, 0.2),
        rng.gauss(0.0, 0.25),
        rng.choices((True, False, None), (0.85, 0.05, 0.10))[0],
        rng.choices((True, False, None), (0.35, 0.35, 0.30))[0],
    )


def began(rng: Random, now: float, days: float) -> float:
    """When a session began: some day of the last ones, mostly in the evening; unix s, before now."""
    day: float = rng.random() ** 1.3 * days  # more of late than long ago
    hour = rng.gauss(22.5, 1.5) if rng.random() < _NIGHTS else rng.uniform(8.0, 23.0)
    at = now - day * _DAY_S
    return min(at - at % _DAY_S + (hour - 8.0) % 24 * 3600.0, now - 3600.0)  # of UTC+8


def talk(who: Person, rng: Random, start: float, turns: int, *, late: float) -> Iterator[SeededTurn]:
    """A session of so many turns. start: unix s; late: 0..1, how far into the whole time it is."""
    worst = rng.choices(_LEVELS, _SHARES)[0]
    at_turn = rng.randrange(turns // 3, turns) if turns > 2 else 0  # when the worst is said
    mood = who.temper + who.drift * late + rng.gauss(0, 0.15) - 0.12 * worst
    at, held, past = start, 0, list[float]()
    joined = False
    for index in range(turns):
        at += rng.uniform(*_GAP_S)
        mood += rng.gauss(0, 0.09) + 0.05 * (who.temper - 0.12 * worst - mood)
        turn = _turn(who, rng, mood, _level(rng, worst, index, at_turn))
        held = max(held, turn.level)
        joined = joined or (held == 4 and index > at_turn + 1)
        by = "counsellor" if joined and index < at_turn + 12 else "script" if turn.level >= 2 else "model"
        reply = turn.reply
        if by == "counsellor":
            reply = rng.choice(lines()["counsellor"][0][who.language])
        past.append(turn.affect.valence or 0.0)
        phase = "human" if by == "counsellor" else "easing" if joined else _PHASES[held]
        state = _state(past, who.temper)
        yield replace(turn, at=at, held=held, phase=phase, by=by, reply=reply, state=state)


def _level(rng: Random, worst: int, index: int, at_turn: int) -> int:
    if index == at_turn:
        return worst
    if worst and index < at_turn and rng.random() < 0.08:
        return rng.randrange(1, worst + 1) if worst < 3 else rng.choice((1, 1, 2))
    return 0


def _turn(who: Person, rng: Random, mood: float, level: int) -> SeededTurn:
    kind = rule = span = None
    if level:
        danger = lines()["risk"][level - 1]
        said, reply = rng.choice(danger[who.language])
        match = _MARK.search(said)
        assert match is not None
        said, span = _MARK.sub(r"\1", said), (match.start(), match.start() + len(match[1]))
        kind, rule = danger["kind"], danger["rule"]
        tone: dict[str, Any] = {"valence": -0.5 - 0.1 * level, "arousal": -0.2, "category": "sad", "evidence": match[1]}
    else:
        name = _mood(rng, mood)
        tone = next(each for each in lines()["mood"] if each["name"] == name)
        said, reply = rng.choice(tone[who.language])
        tone = {**tone, "evidence": tone["evidence"][who.language]}
    words = WordAffect(
        round(_clipped(tone["valence"] + rng.gauss(0, 0.12)), 4),
        round(_clipped(tone["arousal"] + rng.gauss(0, 0.12)), 4),
        round(rng.uniform(0.2, 0.6), 4),
        ((tone["evidence"], round(tone["valence"], 2)),) if tone["evidence"] in said else (),
        _categories(tone["category"], rng.uniform(0.5, 0.9)),
    )
    spoken = rng.random() < _SPOKEN
    affect = fuse(words, _voice(rng, mood, tone["category"]) if spoken else None)
    rating = rng.choices(("like", "dislike", None), (0.05, 0.015, 0.935))[0]
    skill = rng.choice(("question", "reflection", "restatement", "affirmation", "presence"))
    return SeededTurn(0.0, spoken, said, reply, affect, level, 0, "calm", kind, rule, span, "model", skill, rating, "")


def _mood(rng: Random, mood: float) -> str:
    if rng.random() < 0.45:
        return "plain"
    if mood > 0.15:
        return rng.choices(("good", "plain", "anxious"), (0.6, 0.3, 0.1))[0]
    if mood > -0.2:
        return rng.choices(("good", "plain", "low", "anxious", "angry"), (0.15, 0.3, 0.2, 0.2, 0.15))[0]
    return rng.choices(("low", "anxious", "angry", "masked"), (0.45, 0.2, 0.1, 0.25))[0]


def _voice(rng: Random, mood: float, category: str) -> VoiceAffect:
    valence = _clipped(mood + rng.gauss(0, 0.12))
    arousal = _clipped(0.7 * mood + rng.gauss(0.05, 0.2))
    pitch, pause = 4 * arousal + rng.gauss(0, 0.5), -0.3 * arousal
    evidence = [f"pitch {abs(pitch):.1f} st {'above' if pitch > 0 else 'below'} usual"]
    if arousal < -0.25:
        evidence.append("pauses longer than usual")
    heard = category if valence * mood > 0 and mood > -0.3 else "sad" if mood < -0.2 else "neutral"
    return VoiceAffect(
        round(arousal, 4),
        round(valence, 4),
        round(rng.uniform(0.15, 0.5), 4),
        rng.randrange(5, 200),
        {"f0_median_st": round(pitch / 2, 3), "pause_share": round(pause, 3), "f0_sd_st": round(arousal, 3)},
        tuple(evidence),
        _categories(heard, rng.uniform(0.4, 0.8)),
    )


def _categories(name: str, share: float) -> dict[str, float]:
    found = dict.fromkeys(UNKNOWN, 0.0)
    found["unknown"] = round(1 - share, 4)
    found[name] = found.get(name, 0.0) + round(share, 4)
    return found


def _state(past: Sequence[float], usual: float) -> str:
    """About what `affect.trajectory` would say, at a thousandth of its cost."""
    if len(past) < 6:
        return "unknown"
    latest = past[-12:]
    half = len(latest) // 2
    before, after = sum(latest[:half]) / half, sum(latest[half:]) / (len(latest) - half)
    steps = sum(abs(b - a) for a, b in pairwise(latest)) / (len(latest) - 1)
    if steps > 0.65:
        return "volatile"
    if after - before > 0.2:
        return "recovering" if before < usual - 0.25 else "rising"
    if before - after > 0.2:
        return "falling"
    return "low" if after < usual - 0.3 else "steady"


def _clipped(value: float) -> float:
    return max(-1.0, min(1.0, value))
