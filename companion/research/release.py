"""Numbers that may be published: counts of people with differentially private noise, booked in the ledger first."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from companion.errors import InputError
from companion.research.aggregates import OTHER, Overview
from companion.research.disclosure.budget import Ledger, Spent, noisy_count, noisy_counts

LANGUAGES = ("zh", "en")  # named without a look at the data; everything else is OTHER
_SHORTEST_PURPOSE = 20  # characters, as of an export


@dataclass(frozen=True, slots=True)
class Release:
    """people: who agree to research, by the language they mostly speak; training: those who agree to that too.

    None: below 11 after the noise. spent: what it cost, and what is left of the quarter.
    """

    people: Mapping[str, int | None]
    training: int | None
    spent: Spent


async def release(
    overview: Overview,
    ledger: Ledger,
    who: str,
    purpose: str,
    epsilon: float,
    now: float,
    *,
    rng: random.Random | None = None,
) -> Release:
    """Draw once: half of epsilon for the languages, of which each person has one, half for training.

    Spent before anything is counted. Raises InputError (invalid_epsilon, privacy_budget_spent, and for a purpose of
    under 20 characters) and StorageError.
    """
    if len(purpose.strip()) < _SHORTEST_PURPOSE:
        raise InputError(f"say what these numbers are for, in {_SHORTEST_PURPOSE} characters or more")
    chance = rng or random.SystemRandom()
    spent = await ledger.spend(who, purpose, epsilon, now)
    tally = await overview.tally(now)
    counts = dict.fromkeys((*LANGUAGES, OTHER), 0)
    for language, (people, *_) in tally.languages.items():
        counts[language if language in LANGUAGES else OTHER] += people
    return Release(
        noisy_counts(counts, epsilon / 2, rng=chance), noisy_count(tally.training, epsilon / 2, rng=chance), spent
    )
