"""What kind of memory a clause is: rules in order, the first that fits names it. Pure; patterns are authored."""

from __future__ import annotations

import re

from memory import kinds_of_life as of_life
from memory import kinds_of_self as of_self
from memory.clauses import Clause, Subject
from memory.kind_words import TIME, Rule
from memory.types import MemoryKind

_FLAGS = re.IGNORECASE | re.ASCII
_RULES: tuple[Rule, ...] = (
    of_self.BOUNDARIES,
    of_self.PRONOUNS,
    of_self.ADDRESS,
    of_self.NEW_JOB,
    of_life.PROMISE,
    of_self.HEALTH,
    of_self.AGE,
    of_self.HOME,
    of_self.RHYTHM,
    of_self.WORK,
    of_life.CLOSE,
    of_life.WORRY,
    of_life.STRAIN,
    of_life.EVENT,
    of_life.PET,
    of_life.TASTE,
    of_life.SOMEBODY,
    of_self.TRAIT,
    of_life.DEED,
    of_life.DATED,
)
WEAK = (of_life.DEED, of_life.DATED)  # they only know that something was done, or when
_ACTED = re.compile(
    r"[骂哭闹坐被帮换改收请停死坏赢输裁着要去有得吃喝买看做回来到见打写学带陪约送飞坐开玩跑过了给]|\b(?:went|go|"
    r"going|have|had|saw|met|got|made|did|"
    r"bought|ate|will|visit\w*|"
    r"\w+ed|\w+ing|took|came|left)\b",
    _FLAGS,
)
_STATE = re.compile(
    r"天气|下雨|下雪|(?:好|很|真|太|有点)?(?:热|冷|累|困|饿|忙|烦|无聊|开心|难过)(?:啊|了|死了)?$|聊(?:到|天|会)|"
    r"说(?:到|完|话)|跟你|和你|洗澡|厕所|睡了$|起床|上班了$|"
    r"回来了$|\b(?:tired|hungry|sleepy|bored|talk to you|be right back|going to bed|weather)\b",
    _FLAGS,
)
_OF_SELF = re.compile(r"我|咱|\b(?:i|my|me|our|us)\b", _FLAGS)
_HABIT = re.compile(
    r"经常|总是|老是|天天|每[天周年次]|常常|一直|从不|\b(?:always|often|usually|every|never|all the time)\b", _FLAGS
)
_ANY_TIME = re.compile(TIME, _FLAGS)


def rule_for(clause: Clause) -> Rule | None:
    """The first rule that fits, None where the clause is nothing to remember."""
    if clause.subject is Subject.NOBODY and not clause.text:
        return None
    for rule in _RULES:
        if not rule.any_form and (not clause.fact or clause.subject is Subject.NOBODY):
            continue
        if clause.reported and not rule.reported:
            continue
        if rule.pattern.search(clause.text) and _allowed(rule, clause):
            return rule
    return None


def _allowed(rule: Rule, clause: Clause) -> bool:
    if rule.kind is MemoryKind.EVENT:
        if rule in WEAK:
            return _ACTED.search(clause.text) is not None and _STATE.search(clause.text) is None
        return _HABIT.search(clause.text) is None or _ANY_TIME.search(clause.text) is not None
    if rule.kind is MemoryKind.WORRY:
        return not clause.feels and (clause.subject is not Subject.OTHER or _OF_SELF.search(clause.text) is not None)
    return True
