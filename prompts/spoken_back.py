"""A memory in the companion's mouth: "我下周三要面试", said a week ago, becomes "你今天要面试". Pure and authored.

Small models copy what stands between quotes letter by letter, so what they may say aloud is turned round for them.
"""

from __future__ import annotations

import re
from typing import Literal
from zoneinfo import ZoneInfoNotFoundError

from memory.time_expressions import describe, spans
from memory.types import Memory, MemoryKind
from prompts.quoting import inline

_LONGEST = 60  # characters: more than that nobody says of somebody else's words in one breath
_CUT = re.compile(r"[，,；;。.！!？?…]")
_ENGLISH = {
    "i'm": "you're", "i am": "you are", "i was": "you were", "i've": "you've", "i'd": "you'd", "i'll": "you'll",
    "am i": "are you", "was i": "were you", "i": "you", "me": "you", "my": "your", "mine": "yours",
    "myself": "yourself", "you're": "I'm", "you are": "I am", "your": "my", "yours": "mine", "yourself": "myself",
    "you": "me",
}  # fmt: skip
_CHINESE = {"我们": "你们", "咱们": "你们", "我": "你", "你": "我", "您": "我"}
_CALLED = re.compile(  # how they want to be called: "call me Lee" makes no sense the other way round
    r"^(?:(?:你)?(?:可以|就)?(?:叫|喊)我|(?:you can |just |please )*call me )"
    r"(?P<name>[^，,。.！!？?]+?)(?:就行|就好|吧|好了)?$",
    re.IGNORECASE,
)
_TOLD_BY_OTHERS = re.compile(r"(‘[^’]*’)")  # speech within the memory keeps its own 我
_PERSON = re.compile(
    "|".join([*_CHINESE, *(rf"(?<![\w']){form}(?![\w'])" for form in sorted(_ENGLISH, key=len, reverse=True))]),
    re.IGNORECASE,
)


def spoken_back(memory: Memory, now: float, timezone: str, language: Literal["zh", "en"]) -> str:
    """Its words as the companion says them to the person: 你 for 我, "you" for "I", and the day as it is called now.

    now: unix s. timezone: IANA name. language: "zh" or "en", of the day's name. At most about 60 characters, cut where
    a clause ends. The companion's own words stay as they are. Never raises for any text.
    """
    said = _dated(memory, now, timezone, language).rstrip("。.；; ")
    if len(said) > _LONGEST:
        ends = [found.start() for found in _CUT.finditer(said[:_LONGEST])]
        said = said[: ends[-1]] if ends and ends[-1] else said[: _LONGEST - 1] + "…"
    if memory.kind is MemoryKind.COMPANION:
        return said
    if called := _CALLED.match(said):
        return f"你叫{called['name']}" if language == "zh" else f"you go by {called['name']}"
    return "".join(part if part[:1] == "‘" else _PERSON.sub(_other, part) for part in _TOLD_BY_OTHERS.split(said))


def _dated(memory: Memory, now: float, timezone: str, language: Literal["zh", "en"]) -> str:
    """Where it names one time, and it is known which, the time is named as seen from now."""
    said = inline(memory.text)
    if memory.about is None:
        return said
    try:
        named = spans(said, memory.learned_at, timezone)
        if len(named) != 1:
            return said
        at, end = named[0].at, named[0].at + named[0].length
        return said[:at] + describe(memory.about[0], now, language, timezone) + said[end:]
    except (ZoneInfoNotFoundError, ValueError, OverflowError):
        return said


def _other(found: re.Match[str]) -> str:
    word = found[0]
    return _CHINESE.get(word) or _ENGLISH[word.lower()]
