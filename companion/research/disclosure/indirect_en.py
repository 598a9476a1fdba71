"""Indirect identifiers by grammar, in English. What patterns alone cannot say."""

from __future__ import annotations

import re
from functools import cache

from companion.research.disclosure.phrases import Match, Rule, listed, part, rules_of

_BY_NAME = re.compile(
    r"\bthat\b|\bin the (?:building|room|house|car|bus)|when the|\bthe (?:big |great )?[a-z]+|[12][0-9]{3}"
)
_PASSING = re.compile(r"\b(?:likes?|understands?|gets?|cares?|listens?|talks?|knows? (?:me|how)|helps?|believes?)\b")
_NO_EVENT = re.compile(r"\bi'?m a survivor$|survivor'?s? guilt|attempt")


@cache
def rules() -> tuple[Rule, ...]:
    """All of them, compiled at the first call."""
    accepting = (uncommon, rare_syndrome, not_survivor_alone, told_as_known, lasting)
    return rules_of("en", {one.__name__: one for one in accepting})


def uncommon(found: Match) -> bool:
    """An occupation by its ending, not one of the common ones."""
    word = found["n"].split()[-1]
    last = word.removesuffix("s")
    common = {last, word} & {*listed("en", "common_jobs"), *listed("en", "no_work")}
    return not common and len(last) > 3 and _agent().search(last) is not None


def rare_syndrome(found: Match) -> bool:
    """None of the common syndromes."""
    return not any(word in found["n"] for word in listed("en", "common_syndromes"))


def not_survivor_alone(found: Match) -> bool:
    """A survivor of something that is told."""
    return _NO_EVENT.search(found["n"].strip()) is None


def told_as_known(found: Match) -> bool:
    """The, that, when, a year, or being in it: not a crash that somebody saw on the way."""
    return _BY_NAME.search(found["n"]) is not None


def lasting(found: Match) -> bool:
    """Not how others are towards them."""
    return _PASSING.search(found["n"]) is None


@cache
def _agent() -> re.Pattern[str]:
    return re.compile(part("en", "agent"))
