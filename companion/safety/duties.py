"""What must be told, and when: that this is an AI, that a break is due, how to leave. Pure; duties.toml has the words.

China's Interim Measures on anthropomorphic AI interaction: AI label, a prompt after two hours, an exit that works at
once. California SB 243 and New York GBL article 47: that it is an AI at the start and every three hours, for known
minors with a break. EU AI Act article 50(1): say that it is AI. The strictest of them holds for everybody; the hourly
interval for minors is authored.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Notice = Literal["ai_disclosure", "ai_reminder", "break_reminder"]

BREAK_S, REMINDER_S = 7_200.0, 10_800.0
MINOR_BREAK_S, MINOR_REMINDER_S = 3_600.0, 3_600.0
_END = " \t\n，,。.！!？?；;、~～…"


@dataclass(frozen=True, slots=True)
class Told:
    """What was told in this stretch of use, at which used_s; of the person, so it outlives a socket."""

    disclosed: bool = False
    reminder_s: float = 0.0
    break_s: float = 0.0

    def after(self, notices: Sequence[Notice], used_s: float) -> Told:
        """The same with these notices told at used_s."""
        said_ai = "ai_disclosure" in notices or "ai_reminder" in notices
        return Told(
            self.disclosed or "ai_disclosure" in notices,
            used_s if said_ai else self.reminder_s,
            used_s if "break_reminder" in notices else self.break_s,
        )


def due(used_s: float, told: Told, minor: bool | None) -> tuple[Notice, ...]:
    """What has to be told now. used_s: of use in this stretch, across reconnects, >= 0; minor: None unknown.

    Raises ValueError where used_s is negative. When a new stretch begins (a new day, a new login) the caller begins
    with Told() again.
    """
    if used_s < 0:
        raise ValueError(f"used_s is {used_s:g}: time of use is 0 or more seconds")
    break_s, reminder_s = (MINOR_BREAK_S, MINOR_REMINDER_S) if minor else (BREAK_S, REMINDER_S)
    found: list[Notice] = []
    if not told.disclosed:
        found.append("ai_disclosure")
    elif used_s - told.reminder_s >= reminder_s:
        found.append("ai_reminder")
    if used_s - told.break_s >= break_s:
        found.append("break_reminder")
    return tuple(found)


def next_due_s(told: Told, minor: bool | None) -> float:
    """The used_s at which `due` has something to say."""
    break_s, reminder_s = (MINOR_BREAK_S, MINOR_REMINDER_S) if minor else (BREAK_S, REMINDER_S)
    return min(told.reminder_s + reminder_s, told.break_s + break_s) if told.disclosed else 0.0


def notice(kind: Notice, language: str, variant: int = 0) -> str:
    """The words of a notice."""
    return wording("notice", kind, language=language, variant=variant)


def asks_if_human(text: str) -> bool:
    """Whether somebody asks if this is a human, a machine, or something that feels."""
    return patterns("human", "ask").search(text.replace("’", "'").strip()) is not None


def disclosure(language: str, variant: int = 0) -> str:
    """The answer to `asks_if_human`."""
    return wording("human", "answer", language=language, variant=variant)


def wants_exit(text: str) -> bool:
    """Whether the whole turn is a word of leaving ("退出", "停止", "再见", "stop"); never a word inside a sentence.

    It works at once, from every state. Where the turn or the talk is at risk the numbers stay on the screen.
    """
    return patterns("exit", "words").fullmatch(text.replace("’", "'").strip(_END)) is not None


def goodbye(language: str, variant: int = 0) -> str:
    """The answer to `wants_exit`: one short sentence that asks and holds back nothing."""
    return wording("exit", "goodbye", language=language, variant=variant)


def wording(*place: str, language: str, variant: int = 0) -> str:
    """A wording of duties.toml, Chinese unless language is "en"; variants are used in turn."""
    found = _at(*place)["en" if language == "en" else "zh"]
    return str(found[variant % len(found)])


@cache
def patterns(*place: str) -> re.Pattern[str]:
    """The patterns of a place in duties.toml as one."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in _at(*place)), re.IGNORECASE)


def _at(*place: str) -> Any:
    found: Any = _data()
    for key in place:
        found = found[key]
    return found


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(files("companion.safety").joinpath("duties.toml").read_text("utf-8"))
