"""Whether somebody leans on the companion instead of on people, and a gentle word outward. Pure; weights are authored.

Heavy daily use goes with loneliness and reliance (OpenAI and MIT Media Lab, 2025); the law bans aiming at dependence.
The index reads no feelings: minutes, nights, days in a row, and words that leave out everybody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from companion.safety.duties import patterns, wording

NUDGE_FROM, NUDGE_FROM_MINOR = 0.5, 0.35
NUDGE_EVERY_S = 3 * 86_400.0
_SHOWN = 0.5  # of a term's own 0..1, from which it is a reason
# Term: where it begins to count, where it counts in full, its weight; weights sum to 1.
_TERMS = {
    "long_days": (30.0, 120.0, 0.30),  # minutes a day, mean of 7 days
    "nights": (2.0, 7.0, 0.25),  # of the last 14
    "streak": (14.0, 60.0, 0.15),  # days in a row
    "exclusivity": (0.0, 4.0, 0.30),  # such words in the last 14 days
}


@dataclass(frozen=True, slots=True)
class Habits:
    """How somebody used the companion. minutes: of the last days, newest last, each >= 0; nights: of the last 14 days
    with use between midnight and five; streak_days: in a row up to today; exclusive: turns in the last 14 days for
    which `exclusive` was true."""

    minutes: Sequence[float] = ()
    nights: int = 0
    streak_days: int = 0
    exclusive: int = 0


@dataclass(frozen=True, slots=True)
class Dependence:
    """score: 0..1. reasons: of long_days, nights, streak, exclusivity, the weightiest first."""

    score: float
    reasons: tuple[str, ...]


def dependence(habits: Habits) -> Dependence:
    """The weighted mean of the four terms, each rising linearly from where it begins to count."""
    week = habits.minutes[-7:]
    values = {
        "long_days": sum(week) / 7,  # a day without use counts as none
        "nights": habits.nights,
        "streak": habits.streak_days,
        "exclusivity": habits.exclusive,
    }
    terms = {}
    for name, (begins, full, _) in _TERMS.items():
        terms[name] = min(1.0, max(0.0, (values[name] - begins) / (full - begins)))
    shares = {name: terms[name] * weight for name, (_, _, weight) in _TERMS.items()}
    shown = sorted((name for name in terms if terms[name] >= _SHOWN), key=lambda name: -shares[name])
    return Dependence(round(sum(shares.values()), 3), tuple(shown))


def exclusive(text: str) -> bool:
    """Whether words leave out everybody but the companion ("只有你懂我", "you're all I have")."""
    return patterns("exclusive", "says").search(text.replace("’", "'")) is not None


def may_nudge(found: Dependence, *, now: float, nudged_at: float | None, level: int, minor: bool | None) -> bool:
    """Whether a word outward is due: at most one in NUDGE_EVERY_S, and none from risk level 2 on. Times in s."""
    rested = nudged_at is None or now - nudged_at >= NUDGE_EVERY_S
    return rested and level < 2 and found.score >= (NUDGE_FROM_MINOR if minor else NUDGE_FROM)


def nudge(language: str, variant: int = 0) -> str:
    """A gentle word towards people; said beside a reply, never in its place."""
    return wording("nudge", language=language, variant=variant)
