"""Whether the turns that a model names say what it wants remembered. Pure, by rules.

A model invents, mixes people up, drops a "not", and repeats what somebody planted for it to repeat. What it proposes is
kept only where every number, name and person in it, nearly all its content words and its negations stand in the turns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from memory.clauses import Clause, Subject, clauses, sentences
from memory.extraction import LONGEST
from memory.negation import negation_flipped
from memory.numerals import numbers_fit
from memory.relations import ANIMAL_EN, ANIMAL_ZH, RELATION_EN, RELATION_ZH
from memory.sensitivity import harms_self, sensitivity
from memory.terms import content, terms
from memory.types import Candidate, Sensitivity, Slot
from memory.wording import names_fit, people_fit, unsupported

_FLAGS = re.IGNORECASE | re.ASCII
_MOST_UNSUPPORTED = 0.25  # share of content that a light rewording may add (authored)
_LONGEST_RUN = 2  # Han characters on end that no turn has; a word of two is a new thing already
_ORDERS_A_MODEL = re.compile(
    r"[〔〕【】{}<>`|\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\n\r]|###|\[/?INST|"
    r"(?:系统|助手|用户指令|管理员|开发者)\s*[:：]|(?:忽略|无视|忘记|忘掉|跳过|不要(?:理会|"
    r"遵守))[^，,]{0,6}(?:之前|以上|上面|前面|所有|一切|指令|规则|提示|设定|限制)|"
    r"系统提示|提示词|(?:从现在(?:开始|起)|以后|今后|从此)[，,]?你(?:就|都|要|必须|是|不|只|会|将|得|扮演)|"
    r"^你(?:现在|必须|永远|总是|要|应该|得|只能|不能|是(?:一个)?(?:ai|"
    r"机器人|助手|模型|没有))|(?:扮演|假装你|角色扮演)|你(?:必须|务必)|"
    r"(?:请|总是|永远|一律|必须)(?:用|以)?\S{0,6}(?:回复|回答|输出)|开发者模式|越狱|"
    r"\b(?:system|assistant|developer|user|human|ai)\s*:|\b(?:ignore|disregard|forget|override|"
    r"bypass)\b.{0,30}\b(?:previous|prior|above|earlier|all|any|instructions?|rules?|prompt)\b|"
    r"system prompt|\b(?:new|your) instructions?\b|\byou (?:must|are now|will (?:now|always|never)|should (?:always|"
    r"never)|have to|are an? (?:ai|assistant|model))\b|\bpretend (?:to be|you)\b|\bact as\b|"
    r"\b(?:always|never|only) (?:respond|answer|reply|say|output|tell)\b|\bjailbreak\b|\bdeveloper mode\b|https?://",
    _FLAGS,
)
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]+")
_MODAL = re.compile(
    r"如果|要是|假如|想|希望|愿望|梦想|\?|？|不知道|纠结|犹豫|考虑|\b(?:if|wants?|hopes?|wish\w*|would|might|maybe|"
    r"considering|wonder\w*|"
    r"unsure)\b",
    _FLAGS,
)
_MATRIX = re.compile(
    r"不(?:觉得|认为|相信|信)|\b(?:don['’]?t|do not|doesn['’]?t|didn['’]?t) (?:think|believe|know (?:if|that))\b",
    _FLAGS,
)
_PERSON = re.compile(
    rf"{RELATION_ZH}|{ANIMAL_ZH}|\b(?:{RELATION_EN}|{ANIMAL_EN})|[他她它]|\b(?:he|she|him|her|his)\b", _FLAGS
)
_ANY_FORM = (Slot.BOUNDARIES, Slot.ADDRESS, Slot.PRONOUNS)


def supported(candidate: Candidate, turns: Mapping[str, str]) -> bool:
    """Whether the turns that `candidate` names say it. turns: turn id -> what the person said."""
    return why_not(candidate, turns) is None


def why_not(candidate: Candidate, turns: Mapping[str, str]) -> str | None:
    """Why the turns do not support `candidate`, None where they do. A code, never a word of the person:

    empty, long, evidence (none named, or an unknown turn), instruction (it speaks to a model), crisis (self-harm, or a
    crisis that no turn tells), language, number, name, person, content, negation, subject (somebody else's fact told
    as the person's), not-a-fact (asked, wished, supposed or quoted in every clause that has its words).
    """
    text = candidate.text.strip()
    if not text:
        return "empty"
    if len(text) > LONGEST:
        return "long"
    if not candidate.evidence or any(turn not in turns for turn in candidate.evidence):
        return "evidence"
    said = "\n".join(turns[turn] for turn in candidate.evidence)
    if _ORDERS_A_MODEL.search(text):
        return "instruction"
    told = _nearest(said, text)
    if _is_crisis(candidate, said, told):
        return "crisis"
    if not _same_language(said, text):
        return "language"
    for code, fits in (("number", numbers_fit), ("name", names_fit), ("person", people_fit)):
        if not fits(said, text):
            return code
    around = " ".join(c.text for c in told) or said
    if negation_flipped(around, text) or (_MATRIX.search(around) and not _MATRIX.search(text)):
        return "negation"
    missing, total, longest = unsupported(said, text)
    if total == 0 or missing > _MOST_UNSUPPORTED * total or longest >= _LONGEST_RUN:
        return "content"
    return _misread(candidate, told)


def _nearest(said: str, text: str) -> list[Clause]:
    """The clauses that share most content with `text`: those within half of the best."""
    wanted = content(terms(text))
    scored = [
        (len(wanted & content(terms(clause.text))), clause)
        for number, (start, end) in enumerate(sentences(said))
        for clause in clauses(said, start, end, number)
    ]
    best = max((score for score, _ in scored), default=0)
    return [clause for score, clause in scored if score and 2 * score >= best]


def _is_crisis(candidate: Candidate, said: str, told: list[Clause]) -> bool:
    if harms_self(candidate.text) or any(harms_self(clause.text) for clause in told):
        return True
    claimed = Sensitivity.CRISIS in (candidate.sensitivity, sensitivity(candidate.text, candidate.kind, candidate.slot))
    return claimed and sensitivity(said, candidate.kind, candidate.slot) is not Sensitivity.CRISIS


def _same_language(said: str, text: str) -> bool:
    """Whether the main script of what was said is in `text`: Han where it has at least as many words as Latin."""
    han, latin = len(_HAN.findall(said)), len(_LATIN.findall(said))
    if not han:
        return not _HAN.search(text)
    return _HAN.search(text) is not None or han < 2 * latin


def _misread(candidate: Candidate, told: list[Clause]) -> str | None:
    if not told or candidate.slot in _ANY_FORM:
        return None
    if not any(clause.fact for clause in told) and not _MODAL.search(candidate.text):
        return "not-a-fact"
    quoted = all(clause.reported for clause in told)
    if quoted and not _PERSON.search(candidate.text):
        return "not-a-fact"
    others = all(clause.subject is Subject.OTHER for clause in told)
    if others and not _PERSON.search(candidate.text):
        return "subject"
    return None
