"""A finished turn -> what is worth remembering, in the person's own words. Pure, by rules.

One clause is one candidate, a slice of what was said; a clause that means nothing alone keeps its neighbour. Questions,
wishes, suppositions, orders and quotations are not facts about a person, and words about harming oneself are never
kept as memories: the safety protocol owns them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from memory.claims import claims
from memory.clauses import Clause, Subject, clauses, sentences
from memory.commitments import companion_words
from memory.kind_words import Rule
from memory.kinds import WEAK, rule_for
from memory.relations import ANIMAL_EN, ANIMAL_ZH
from memory.sensitivity import harms_self, sensitivity
from memory.time_expressions import spans
from memory.types import Candidate, MemoryKind, Sensitivity, Slot

__all__ = ["LONGEST", "companion_words", "extract", "language_of"]

LONGEST = 200  # characters of one memory
_FLAGS = re.IGNORECASE | re.ASCII
_CORRECTS = re.compile(
    r"^(?:哦|啊|嗯|诶|呃|噢|no|oh|wait|sorry|[\s，,])*(?:不对|不是(?:的|啦)?(?=$|[，,。])|错了|我?说错|我?记错|"
    r"搞错|口误|更正|我是说|我的意思是|"
    r"\b(?:actually|i meant|correction|i said (?:that|it) wrong|i misspoke|scratch that|no wait|wait no|"
    r"not \w+, )\b)|我(?:刚才?)?(?:说|记|讲)错|应该是",
    _FLAGS,
)
_ONLY_CORRECTS = re.compile(
    r"^(?:哦|啊|嗯|诶|呃|噢|no|oh|wait|sorry|[\s，,])*(?:不对(?:不对)?|不是(?:的|啦)?|错了|我?(?:刚才?)?(?:说|记|"
    r"搞|讲)错了?|口误|更正(?:一下)?|no|"
    r"wait|no wait|wait no|actually|sorry|"
    r"i said (?:that|it) wrong|i misspoke|scratch that|correction)$",
    _FLAGS,
)
_NOT_BUT = re.compile(
    r"^(?:我|咱)(?:可|也|并)?(?:不是|不在|不叫|没在)(?!.*了$)|\bi(?:['’]m| am) not\b|\bit['’]?s not\b", _FLAGS
)
_BUT = re.compile(r"^(?:我|咱)?(?:是|在|叫|应该是)|\bi(?:['’]m| am)\b|\bit['’]?s\b", _FLAGS)
_OPENS = re.compile(
    r"^我?(?:已经|终于)?(?:决定|想好|下定决心|想清楚|发誓)(?:好)?了?$|^i(?:['’]ve)? (?:have )?(?:decided|"
    r"made up my mind)$",
    _FLAGS,
)
_PLACE = re.compile(r"(?:是)?在\S{2,}|\bin [A-Z]")
_WEIGHTY = re.compile(
    r"第一次|终于|永远|一辈子|最(?!近|后|多|少|好的?朋友)|一直|\b(?:first time|finally|forever|always|never|ever|"
    r"the (?:best|worst))\b",
    _FLAGS,
)
_TRIVIAL = re.compile(
    r"(?:吃|喝|点)(?:了|过|的)?(?:\S{0,3})?(?:面|饭|粥|包子|饺子|火锅|外卖|三明治|米线|早[饭餐]|午饭|晚饭|夜宵|"
    r"奶茶|咖啡|面包|鸡蛋|水果)|随便吃|洗(?:衣服|头|碗)|"
    r"逛(?:了)?(?:超市|淘宝)|堵车|刷(?:手机|视频|剧)|\b(?:for (?:breakfast|lunch|dinner)|groceries|laundry|dishes|"
    r"traffic|toast|"
    r"sandwich|netflix)\b",
    _FLAGS,
)
_PET = re.compile(rf"{ANIMAL_ZH}|\b{ANIMAL_EN}", _FLAGS)
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]{2,}|\bI\b")


_PLACED = Rule(MemoryKind.PROFILE, Slot.HOME, 0.7, _PLACE)
_PROMISED = Rule(MemoryKind.PROMISE, None, 0.65, _OPENS)


@dataclass(frozen=True, slots=True)
class _Found:
    """A clause, or several on end, with the rule that they fit."""

    start: int
    end: int
    sentence: int
    subject: Subject
    rule: Rule
    corrects: bool


def extract(
    text: str,
    *,
    turn_id: str = "",
    language: str | None = None,
    valence: float | None = None,
    now: float | None = None,
    timezone: str = "Asia/Shanghai",
) -> list[Candidate]:
    """Candidates of one turn, in order, without repeats.

    salience: by kind; a strong feeling (|valence|) adds up to .2, first and last times and crises .1, trifles get .15.
    about: from the narrowest time expression in the words, where `now` (unix s) is given. language: of the words
    where none is given: "zh", "en" or "mixed".
    """
    found: dict[str, Candidate] = {}
    for part in _found(text):
        words = text[part.start : part.end][:LONGEST]
        candidate = _candidate(part, words, language or language_of(words), valence)
        if turn_id:
            candidate = replace(candidate, evidence=(turn_id,))
        if now is not None and candidate.kind not in (MemoryKind.PROFILE, MemoryKind.PREFERENCE):
            times = [s for s in spans(words, now, timezone) if s.end > s.start]
            narrowest = min(times, key=lambda s: s.end - s.start, default=None)
            if narrowest:
                candidate = replace(candidate, about=(narrowest.start, narrowest.end))
        found.setdefault(words.lower(), candidate)
    return _claimed(text, list(found.values()), language)


# Where the value of a claim stands in the profile, however the clause was said.
_SLOTS = {"home": Slot.HOME, "job": Slot.WORK, "job/role": Slot.WORK, "name": Slot.ADDRESS, "age": Slot.AGE}


def _claimed(text: str, candidates: list[Candidate], language: str | None) -> list[Candidate]:
    """The same, with what only the whole turn claims (我搬家了，上周到的成都) at the candidate that holds the value."""
    if len(candidates) < 2:
        return candidates
    known = {c.claim.key for c in candidates if c.claim is not None}
    for claim in claims(text, language):
        if claim.key not in known and claim.value:
            bare = (n for n, c in enumerate(candidates) if c.claim is None and claim.value in c.text)
            if (at := next(bare, None)) is not None:
                candidates[at] = replace(candidates[at], claim=claim)
                if claim.holds and claim.key in _SLOTS:
                    candidates[at] = replace(candidates[at], kind=MemoryKind.PROFILE, slot=_SLOTS[claim.key])
    return candidates


def language_of(text: str) -> str:
    """ "zh", "en", or "mixed" where a word of the one stands among the other."""
    han, latin = _HAN.search(text) is not None, _LATIN.search(text) is not None
    return "mixed" if han and latin else "zh" if han else "en"


def _candidate(part: _Found, words: str, language: str, valence: float | None) -> Candidate:
    rule = part.rule
    care = sensitivity(words, rule.kind, rule.slot)
    salience = rule.salience + 0.2 * abs(valence or 0.0)
    salience += 0.1 * (_WEIGHTY.search(words) is not None) + 0.1 * (care is Sensitivity.CRISIS)
    if rule.kind is MemoryKind.EVENT and care is Sensitivity.ORDINARY and _TRIVIAL.search(words):
        salience = 0.15
    slot = rule.slot
    if slot is Slot.PEOPLE and _PET.search(words) and not re.search(r"朋友|friend", words):
        slot = Slot.PETS if rule.kind is MemoryKind.RELATIONSHIP else slot
    held = claims(words, language)
    return Candidate(
        kind=rule.kind,
        text=words,
        salience=round(min(1.0, salience), 3),
        language=language,
        slot=slot,
        claim=held[0] if held else None,
        confidence=0.9 if part.corrects else 0.6 if rule in WEAK else 0.8,
        sensitivity=care,
        corrects=part.corrects,
    )


def _found(text: str) -> list[_Found]:
    """The parts worth keeping, neighbours joined."""
    kept: list[_Found] = []
    dark = harms_self(text)
    corrects = False
    for number, (start, end) in enumerate(sentences(text)):
        if dark and harms_self(text[start:end]):
            continue
        before: Clause | None = None
        for clause in clauses(text, start, end, number):
            if _ONLY_CORRECTS.match(clause.text):
                corrects = True
                continue
            corrects = corrects or _CORRECTS.search(clause.text) is not None
            _take(text, kept, before, clause, corrects)
            before = clause
    if dark:  # a promise or a worry beside such words may be part of them
        kept = [k for k in kept if k.rule.kind not in (MemoryKind.PROMISE, MemoryKind.WORRY)]
    return kept


def _take(text: str, kept: list[_Found], before: Clause | None, clause: Clause, corrects: bool) -> None:
    """Add one clause to what is kept: as its own, or joined to what stands before it."""
    last = kept[-1] if kept and kept[-1].sentence == clause.sentence else None
    touching = last is not None and before is not None and last.end == before.end
    rule = rule_for(clause)
    if before and before.fact and _NOT_BUT.search(before.text) and _BUT.search(clause.text):
        rule = rule or (_PLACED if _PLACE.search(clause.text) else None)
        if rule:
            if touching:
                kept.pop()
            kept.append(_Found(before.start, clause.end, clause.sentence, clause.subject, rule, True))
            return
    if rule is None and before and before.fact and clause.fact and _OPENS.search(before.text):
        kept.append(_Found(before.start, clause.end, clause.sentence, Subject.SELF, _PROMISED, corrects))
        return
    dropped = clause.subject in (Subject.DROPPED, Subject.OTHER) and _leans(clause)
    hangs = (
        clause.leans or clause.feels or (dropped and touching and last is not None and last.subject is Subject.OTHER)
    )
    if touching and last is not None and before is not None:
        if rule is None and clause.fact and clause.subject is not Subject.NOBODY and not clause.reported:
            _join(kept, last, clause, last.rule)
            return
        if rule is not None and hangs:
            stronger = rule if rule.salience > last.rule.salience or rule.kind is MemoryKind.EVENT else last.rule
            _join(kept, last, clause, stronger)
            return
    if rule is None:
        return
    alone = before is None or not before.fact or before.subject is Subject.NOBODY or before.reported
    start = clause.start if alone or not clause.leans or touching or before is None else before.start
    kept.append(_Found(start, clause.end, clause.sentence, clause.subject, rule, corrects))


def _leans(clause: Clause) -> bool:
    return clause.subject is Subject.DROPPED or clause.leans


def _join(kept: list[_Found], last: _Found, clause: Clause, rule: Rule) -> None:
    if clause.end - last.start <= LONGEST:
        kept[-1] = replace(last, end=clause.end, rule=rule)
