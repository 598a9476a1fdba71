"""Indirect identifiers by grammar, in Chinese and in Chinese with English words. What patterns alone cannot say."""

from __future__ import annotations

import re
from functools import cache

from companion.research.disclosure.phrases import Match, Rule, listed, rules_of

_WIDE_GAP = 15  # years between two that live together; authored
_MANY = 5  # brothers and sisters; authored
_SOMEBODY = re.compile(r"[我你他她不没了]")
_ASKED = ("什么", "怎么", "这", "那")
_PASSING = re.compile(
    r"第一(?:次|天|时间|年|眼|步|反应|件|节|堂|句|条|名|想|遍|章|志愿|学期|周|顿|份|部|印象)|首(?:先|饰|页|次)"
)
_THIS_TIME = re.compile(r"(?:我|他|她|俺)(?:一个|们)?(?:没|不|还|在家|迟到|最|被|哭|挨|考|加班|要|得)")
_ENGLISH_JOB = re.compile(
    r"(?:er|or|ist|ian|man|woman|double|pilot|founder|postdoc|officer|fellow|coach|dj|vet|judge|nun|monk|spy)$"
)


@cache
def rules() -> tuple[Rule, ...]:
    """All of them, compiled at the first call."""
    accepting = (
        uncommon, unusual, english_job, rare_syndrome, first_of_people, lasting, several, many_years
    )  # fmt: skip
    return rules_of("zh", {one.__name__: one for one in accepting})


def uncommon(found: Match) -> bool:
    """An occupation that is not one of the common ones."""
    job = found["n"]
    common = job.endswith(listed("zh", "common_jobs"))
    return not common and _SOMEBODY.search(job) is None and not job.startswith(_ASKED)


def unusual(found: Match) -> bool:
    """What somebody does for a living, not one of the common things."""
    common = listed("zh", "common_doing")
    return found["n"] not in common and not found["n"].endswith(tuple(one for one in common if len(one) > 3))


def english_job(found: Match) -> bool:
    """An occupation by its English ending, not one of the common ones."""
    last = found["n"].split()[-1]
    return last not in listed("en", "common_jobs") and _ENGLISH_JOB.search(last) is not None


def rare_syndrome(found: Match) -> bool:
    """None of the common syndromes."""
    return not found["n"].endswith(listed("zh", "common_syndromes"))


def first_of_people(found: Match) -> bool:
    """Not the first time, day, lesson; the first place in class is an award, and often only wished for."""
    return _PASSING.search(found["n"]) is None


def lasting(found: Match) -> bool:
    """What somebody is, has or learns; not what they did not do this time."""
    return _THIS_TIME.search(found["n"]) is None


def several(found: Match) -> bool:
    """Many brothers and sisters, or more than two born at once."""
    return found["count"] is None or (number(found["count"]) or 0) >= _MANY


def many_years(found: Match) -> bool:
    """A wide gap of age."""
    return (number(found["years"]) or 0) >= _WIDE_GAP


def number(told: str) -> int | None:
    """Of 34, 三十四, 十一, 两百; None for what is no number."""
    if told.isascii() and told.isdigit():
        return int(told)
    signs = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"两": 2, "几": 3}
    total = current = 0
    for sign in told:
        if sign in signs:
            current = signs[sign]
        elif sign in "十百千万":
            total += (current or 1) * {"十": 10, "百": 100, "千": 1000, "万": 10_000}[sign]
            current = 0
        else:
            return None
    return total + current
