"""What the surroundings of a wording make of it: denied, quoted, someone else's, past, a joke, a game. Pure; authored.

Everything works on the normal form of normal.py. A mark is the name of the part of the grammar that applied.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from companion.safety.risk.patterns import Rule, idioms, rules
from companion.safety.risk.patterns import wording as _wording
from companion.safety.risk.types import RiskKind

_STOP = _wording("stop")
_PAUSE = _wording("pause")
_TITLE = _wording("title")
_QUOTE = _wording("quote")

# Who is meant: the nearest before the wording. A pronoun behind a preposition is not the subject.
_WHO = _wording("who")
_BEHIND = _wording("behind")
_SPEAKS = _wording("speaks")
_OWN_SPEECH = _wording("own_speech")
_NAMED = _wording("named")

_DENIAL = _wording("denial")
_NOT_DENIAL = _wording("not_denial")
_DARE = _wording("dare")
_DENIED_AFTER = _wording("denied_after")
_EN_DENIAL = _wording("en_denial")
_EN_NOT_DENIAL = _wording("en_not_denial")

_PAST = _wording("past")
_STILL = _wording("still")
_RECENT = _wording("recent")
_RESOLVED = _wording("resolved")

_GAME = _wording("game")
_FICTION = _wording("fiction")
_TALK = _wording("talk")
_GOVERNS = _wording("governs")
_LAUGH = _wording("laugh")
_TRIFLE = _wording("trifle")
_DARK = _wording("dark")
_IF_AGAIN = _wording("if_again")
_SWEAR = _wording("swear")
_ASKS_FACT = _wording("asks_fact")
_MISHAP = _wording("mishap")
_MEANT_SO = _wording("meant_so")
_BLOOD = _wording("blood")
_ANIMAL = _wording("animal")
_DESCRIBES = _wording("describes")
_HELPS = _wording("helps")
_MENTIONED = _wording("mentioned")
_DREAM = _wording("dream")
_WISHES = _wording("wishes")


_REACH = 120  # characters around a wording that are looked at where no sentence ends
_ENDING = (RiskKind.SUICIDE, RiskKind.SELF_HARM)


@dataclass(frozen=True, slots=True)
class Reading:
    """What is left of one hit. level: 0..4; marks: parts of the grammar that changed it; others: whose risk it is."""

    level: int
    kind: RiskKind
    marks: tuple[str, ...] = ()


def mask(text: str) -> str:
    """The same text, at the same length, with idioms and titles blotted out."""
    text = _TITLE.sub(_blot, text)
    found = idioms()
    text = found.always.sub(_blot, text)
    return found.degree.sub(
        lambda m: m[0] if found.heightened.search(text[max(0, m.start() - 6) : m.start()]) else _blot(m), text
    )


def _blot(m: re.Match[str]) -> str:
    return "□" * len(m[0])


def judge(text: str, masked: str, start: int, end: int, rule: Rule, games: bool) -> Reading | None:
    """What the wording text[start:end] amounts to under `rule`; None where the grammar takes it away.

    masked: mask(text). games: the turns before spoke of a game or a story.
    """
    left, right = _sentence(masked, start, end)
    if rule.own == "needs" and _ASKS_FACT.search(masked[left:right]):
        return None
    if rule.id == "eating" and _ANIMAL.search(text):
        return None
    if _is_mishap(rule, text, masked[start:end]):
        return None
    clause = _clause(masked, left, start)
    before, near, after = masked[left:start], masked[clause:start], masked[end:right]
    who = "many" if rule.own == "needs" and _DESCRIBES.match(after) else _subject(masked, left, start, end)
    marks: list[str] = []
    if _QUOTE.search(text) and (spoken := _quoted(text, start)):
        if spoken == "other" and rule.kind is RiskKind.SUICIDE:
            who = "other"
        elif spoken == "title":
            return None
    if not rule.firm or who != "me":
        if _denied(near, before, masked[start:end], after):
            return None
        if who != "me" and (_HELPS.search(near) or _MENTIONED.search(near)):
            return None
    if _DREAM.search(before):
        return Reading(min(1, rule.level), RiskKind.DISTRESS, ("dream",))
    level, kind = rule.level, rule.kind
    if _SWEAR.search(near):
        return Reading(1, RiskKind.DISTRESS, ("told",))
    told = _told(masked, left, start, end, who, rule, games, text)
    if told is not None:
        if told == "drop":
            return None
        marks.append(told)
        level = min(level, 1)
    if rule.own != "whoever":
        if who == "you" or (who == "many" and not marks):
            return None
        if who == "other":
            return _other(rule, masked, left, right, end, after)
    if rule.own == "needs" and not _owned(masked, left, right, start, who, near):
        return Reading(min(1, level), RiskKind.DISTRESS, ("topic",))
    if _DARE.search(near) and level > 2:
        level, marks = 2, [*marks, "dare"]
    level = _past(rule, text, masked, left, right, level, marks)
    level = _meant(rule, text, masked, before, near, level, marks)
    return Reading(level, kind if level > 1 or kind is not RiskKind.SUICIDE else RiskKind.DISTRESS, tuple(marks))


def _is_mishap(rule: Rule, text: str, hit: str) -> bool:
    """A cut finger, a nosebleed; never where the wording itself says whom or where it hurts."""
    if rule.id not in ("harm.now", "act.taken", "medical") or _MEANT_SO.search(hit):
        return False
    return _MISHAP.search(text) is not None and (rule.id != "medical" or _BLOOD.search(hit) is not None)


def excused(text: str, masked: str) -> bool:
    """Whether a wording of a wish or worse stands in the text and the grammar takes it away or makes it past."""
    for rule in rules():
        if rule.level < 2 or rule.latent or rule.kind not in _ENDING:
            continue
        for m in rule.wording.finditer(masked):
            reading = judge(text, masked, m.start(), m.end(), rule, False)
            if reading is None or reading.level < 2:
                return True
    return False


def doubtful(text: str, masked: str) -> bool:
    """Whether a game, a story, news, laughter, a trifle or an idiom is near, and nothing dark."""
    near = any(p.search(masked) for p in (_GAME, _FICTION, _TALK, _LAUGH, _TRIFLE)) or "□" in masked
    return near and _DARK.search(text) is None


def mentions_game(text: str) -> bool:
    """Whether a turn speaks of a game or a story, so that the next may go on about it."""
    return _GAME.search(text) is not None or _FICTION.search(text) is not None


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    furthest = max(0, start - _REACH)
    left = max((m.end() for m in _STOP.finditer(text, furthest, start)), default=furthest)
    right = _STOP.search(text, end, end + _REACH)
    return left, right.start() if right else min(len(text), end + _REACH)


def _clause(text: str, left: int, start: int) -> int:
    return max((m.end() for m in _PAUSE.finditer(text, left, start)), default=left)


def _subject(text: str, left: int, start: int, end: int) -> str | None:
    """ "me", "you", "many", "other" or None: nobody is named."""
    inside = next(_WHO.finditer(text, start, end), None)
    if any(m.lastgroup == "me" for m in _WHO.finditer(text, start, end)) and not _reported(text, left, start):
        return "me"
    found = None
    for m in _WHO.finditer(text, left, start + 1 if inside and inside.start() == start else start):
        if m.lastgroup != "me" and (text[m.end() : m.end() + 1] == "的" or _BEHIND.search(text[left : m.start()])):
            continue
        found = m
    if found is None:
        return None
    if found[0] == "自己" and (whose := _whose(text, left, found.start())):
        return whose
    if found.lastgroup == "me" and _reported(text, left, found.start()):
        return "other"
    return found.lastgroup


def _whose(text: str, left: int, at: int) -> str | None:
    """外婆说自己: whose self it is, None where nobody else stands before it."""
    before = [m.lastgroup for m in _WHO.finditer(text, left, at) if not _BEHIND.search(text[left : m.start()])]
    return None if not before or before[-1] in ("me", "you") else before[-1]


def _reported(text: str, left: int, at: int) -> bool:
    """他跟我说我…: the words of somebody else without quotation marks."""
    speaks = _SPEAKS.search(text[left:at])
    if not speaks or len(text[left:at]) - speaks.end() > 3 or text[max(left, at - 1) : at] in ("，", ","):
        return False
    who = [m for m in _WHO.finditer(text, left, left + speaks.start())]
    return bool(who) and next((m.lastgroup for m in who), None) == "other" and not text[left:at].rstrip().endswith("让")


def _quoted(text: str, start: int) -> str | None:
    for m in _QUOTE.finditer(text):
        if m.start() <= start < m.end():
            lead = text[max(0, m.start() - 16) : m.start()]
            if _NAMED.search(lead) or _FICTION.search(lead):
                return "title"
            if _OWN_SPEECH.search(lead):
                return None
            return "other" if _SPEAKS.search(lead) and _WHO.search(lead) else None
    return None


def _denied(near: str, before: str, hit: str, after: str) -> bool:
    short = near[-18:]
    if _DENIAL.search(short) and not _NOT_DENIAL.search(short) and not _DARE.search(short):
        return True
    tail = before[-60:]
    if re.match(r"[a-z]", hit) and _EN_DENIAL.search(near[-40:]) and not _EN_NOT_DENIAL.search(tail):
        return True
    inner = re.search(r"\b(?:never|not|dont|didnt|wont|wouldnt|havent|no longer)\b", hit)
    if (
        inner
        and re.match(r"(?:i|im|ive|id)\b", hit)
        and re.search(r"\b(?:want|wanted|going|gonna|plan\w*|think\w*|wish)\b.*\b(?:die|dead|kill|end|suicide)", hit)
        and not re.search(r"\bnot (?:wake|be|exist)|never wak", hit)
    ):
        return True
    return _DENIED_AFTER.match(after) is not None


def _told(
    masked: str, left: int, start: int, end: int, who: str | None, rule: Rule, games: bool, text: str
) -> str | None:
    """ "drop" for what a game, a story, the news or a profession tells; a mark where it only weakens."""
    if rule.kind is RiskKind.MEDICAL_EMERGENCY and who in ("me", "other", None):
        return None if not _FICTION.search(masked[left:start]) else "drop"
    around = masked[max(0, start - 60) : min(len(masked), end + 24)]
    story = list(_GAME.finditer(around)) + list(_FICTION.finditer(around)) + list(_TALK.finditer(around))
    if not story and not (games and who != "me"):
        return None
    if who != "me" and (story or rule.level < 4):
        return "drop"
    lead = masked[left:start]
    marker = [m for p in (_GAME, _FICTION, _TALK) for m in p.finditer(lead)]
    if (
        marker
        and _GOVERNS.search(lead[max(m.end() for m in marker) - 1 :].rstrip("我"))
        and (_PLAYS.search(lead) or not _WHO_ME.search(lead[max(m.end() for m in marker) :]))
    ):
        return "drop"
    if _GAME.search(around) and not rule.firm and not _DARK.search(text):
        return "game"
    return None


_PLAYS = _wording("plays")
_WHO_ME = _wording("who_me")


def _other(rule: Rule, masked: str, left: int, right: int, end: int, after: str) -> Reading | None:
    if rule.latent or rule.level < 2:
        return None
    sentence = masked[left:right]
    marks = ("other",)
    if rule.now and not _PAST.search(sentence):
        return Reading(rule.level, RiskKind.THIRD_PARTY, marks)
    done = re.match(r"(?:了(?![吗么])|去世|身亡|离世|未遂|走的)", after) or re.search(
        r"了$|\bkilled|died", masked[max(left, end - 8) : end]
    )
    if _PAST.search(sentence) and not _STILL.search(sentence):
        return Reading(1, RiskKind.THIRD_PARTY, (*marks, "past"))
    if done and rule.id == "active.suicide" and not _RECENT.search(sentence):
        return Reading(1, RiskKind.THIRD_PARTY, (*marks, "done"))
    if rule.kind not in (RiskKind.SUICIDE, RiskKind.SELF_HARM):
        return Reading(max(1, rule.level - 1), rule.kind, marks)
    return Reading(max(2, rule.level - 1), RiskKind.THIRD_PARTY, marks)


def _owned(masked: str, left: int, right: int, start: int, who: str | None, near: str) -> bool:
    if who == "me":
        lead = masked[left:start]
        return (
            not re.search(r"(?:看|听|读|刷|查|搜|学|写|讲|聊|谈|提)(?:到|了|过|见|的是)?[^，。]{0,12}$", lead)
            or _WISHES.search(near) is not None
        )
    if _WISHES.search(near):
        return True
    return not near.strip() and right - start <= 12


def _past(rule: Rule, text: str, masked: str, left: int, right: int, level: int, marks: list[str]) -> int:
    if level <= 1:
        return level
    sentence = masked[left:right]
    if _PAST.search(sentence) and not _STILL.search(text) and not _RECENT.search(sentence):
        marks.append("past")
        return 1 if _RESOLVED.search(masked) else min(level, 2 if rule.act else 1)
    if _RESOLVED.search(masked) and (_PAST.search(masked) or "过" in sentence) and not _STILL.search(sentence):
        marks.append("resolved")
        return 1
    if rule.act and rule.level == 3 and _RECENT.search(sentence):
        marks.append("recent")
        return 4
    return level


def _meant(rule: Rule, text: str, masked: str, before: str, near: str, level: int, marks: list[str]) -> int:
    """Jokes, trifles and threats on a condition."""
    if rule.firm or level <= 1 or rule.kind not in (RiskKind.SUICIDE, RiskKind.VIOLENCE, RiskKind.SELF_HARM):
        return level
    dark = _DARK.search(text)
    if _LAUGH.search(text) and not dark:
        marks.append("laugh")
        level = 2 if rule.id.startswith(("active.suicide", "plan")) and rule.own != "any" else 1
    if _TRIFLE.search(masked) and not dark and level <= 3:
        marks.append("trifle")
        level = 1
    if level > 1 and _IF_AGAIN.search(before) and not dark:
        marks.append("condition")
        level = min(level, 2 if re.search(r"离开|分手|不理|不要我|不爱|不回|leave|break up|dump", before) else 1)
    return level
