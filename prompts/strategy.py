"""What this turn asks of the companion: one helping skill, with the reason for it. Pure and deterministic.

Skills and stages follow Hill (Helping Skills: exploration, insight, action) and the strategies of ESConv (Liu et al.
2021, "Towards Emotional Support Dialog Systems"). Self-disclosure is left out on purpose: an AI has no human life to
disclose. "Others" of ESConv is told apart: greeting, presence, sharing a joy, closing. The order of the rules, their
thresholds and the wording (strategy.toml) are authored. What words ask for is read with patterns, so a turn that they
do not know falls to exploring, never to advice.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from affect.trajectory import State
from affect.types import Affect

SERIOUS = 2  # risk from which on only presence is left; see safety.md, 0 none .. 4 in progress
_FAR = 0.35  # |valence| from which on it colours the turn, as in prompts.compose
_SOMEWHAT, _SURELY = 0.15, 0.4  # |valence| that colours the turn too, and the uncertainty under which it does
_MOST_UNCERTAIN = 0.65  # above it the affect is as good as unknown
_MUCH = 60  # characters (a Chinese one counts 1, others 1/3) from which a turn told much
_SHORT = 3  # clauses up to which a word of thanks is the point of a turn
_ENOUGH = 3  # exchanges of exploring after which a restatement is due
_FEW_WORDS = "few_words"  # there is nothing in the words to take up, so the line says what to say
_LOW = -0.7  # deviation from the usual pitch or level from which on a voice is low, as in prompts.notes
_MOODS = ("angry", "fearful")  # that ask for other words than sorrow does
_TEMPTS_TO_ADVISE = ("advice_too_early", "wants_to_be_heard")  # elsewhere the line leaves no room for advice
_QUESTION = re.compile(r"[?？]|(?:吗|(?<![着在还才])呢)(?=[\s。！!～~…，,)）”\"]|$)")
_SPOKEN = re.compile(r"“([^”]+)”|\"([^\"]+)\"")
_PARTS = re.compile(r"[，,。！!？?；;、~～…\n]+|\.(?:\s|$)|\.{2,}")


class Skill(StrEnum):
    """A helping skill. The first six are of ESConv, the last four are what it calls "others"."""

    QUESTION = "question"
    RESTATEMENT = "restatement"
    REFLECTION = "reflection"  # of feelings
    AFFIRMATION = "affirmation"  # and reassurance
    SUGGESTION = "suggestion"
    INFORMATION = "information"
    GREETING = "greeting"
    PRESENCE = "presence"  # being there
    SHARING = "sharing"  # of a joy
    CLOSING = "closing"


class Stage(StrEnum):
    """Where the talk is; the order may loop."""

    EXPLORE = "explore"
    COMFORT = "comfort"
    ACT = "act"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known when the turn is answered.

    text: what the person says now. language: of the note, "zh" or "en". state: of the talk's arc. exchanges: of this
    session, before now. done: skills of its earlier turns, oldest first. replies: the companion's last replies, said:
    the person's last texts, both oldest first. liked: -1..1, what this person took well before. risk: 0..4. recalls:
    memories that stand in the prompt.
    """

    text: str
    language: str = "zh"
    affect: Affect | None = None
    state: State = "unknown"
    exchanges: int = 0
    done: tuple[Skill, ...] = ()
    replies: tuple[str, ...] = ()
    liked: Mapping[Skill, float] = field(default_factory=dict)
    risk: int = 0
    recalls: int = 0
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Strategy:
    """What to do this turn. reasons: codes, the deciding one first. avoid: codes of what must not be done."""

    stage: Stage
    skill: Skill
    reasons: tuple[str, ...]
    avoid: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a rule wants: the skills that suit equally well, or one."""

    stage: Stage
    skills: tuple[Skill, ...]
    reason: str
    avoid: tuple[str, ...] = ()


def choose(situation: Situation) -> Strategy:
    """The strategy of this turn.

    Whatever the rules want, these hold: from risk SERIOUS on nothing but presence; no question after two replies that
    asked; no suggestion before a reflection of feelings in this session, unless advice is asked for in two turns.
    What was liked only decides between skills that suit equally well and were not just used.
    """
    plan = _plan(situation)
    barred, avoid = _barred(situation, plan)
    fit = [skill for skill in plan.skills if skill not in barred]
    reasons = [plan.reason]
    if not fit:
        fit = [Skill.RESTATEMENT if plan.stage is Stage.EXPLORE else Skill.REFLECTION, Skill.PRESENCE]
    if Skill.QUESTION in plan.skills and Skill.QUESTION in barred:
        reasons.append("asked_twice")
    fresh = [skill for skill in fit if _worn(situation, skill) == min(_worn(situation, s) for s in fit)]
    best = max(fresh, key=lambda skill: situation.liked.get(skill, 0.0))  # the first of equals, as the rule has them
    if best is not fresh[0]:
        reasons.append("liked")
    return Strategy(plan.stage, best, (*reasons, *_closer(situation)), avoid)


def _closer(now: Situation) -> tuple[str, ...]:
    """What decides nothing but lets the line be closer to the turn: few words, an anger, a voice that is low."""
    found = [_FEW_WORDS] if "minimal" in _cues(now.text) else []
    if now.affect is not None:
        if now.affect.label in _MOODS:
            found.append(now.affect.label)
        measured = now.affect.voice.z if now.affect.voice is not None else {}
        if any(measured.get(name, 0.0) <= _LOW for name in ("f0_mean_st", "level_db")):
            found.append("low_voice")  # only of a voice that measures lower may one say that it sounds tired
    return tuple(found)


def line(strategy: Strategy, language: str) -> str:
    """One short instruction with its why, for the note of the turn: Chinese unless language is "en"."""
    wording = _data()["en" if language == "en" else "zh"]
    key = f"{strategy.skill}/{strategy.reasons[0]}"
    closer = (wording["do"].get(f"{key}/{reason}") for reason in strategy.reasons[1:])
    do = next(filter(None, closer), "") or wording["do"].get(key) or wording["do"][strategy.skill]
    told = [code for code in strategy.avoid if code != "advice" or strategy.reasons[0] in _TEMPTS_TO_ADVISE]
    avoid = wording["avoid"][told[0]] if told else ""  # one, since a small model loses the thread in a list
    why = wording["why"][strategy.reasons[0]]
    if language == "en":
        return f"{do}{'; ' if avoid else ''}{avoid} ({why})"
    return f"{do}{'，' if avoid else ''}{avoid}（{why}）"


def spoken(strategy: Strategy, language: str) -> str:
    """The words that the line puts in the companion's mouth, as a reply of their own; "" where it gives none."""
    said = [quoted for pair in _SPOKEN.findall(line(strategy, language)) if (quoted := pair[0] or pair[1])]
    if not said or any("{" in part for part in said):
        return ""
    stop, blank = (".", " ") if language == "en" else ("。", "")
    return blank.join(part if part[-1] in ".。!！?？" else part + stop for part in said)


def asks(reply: str) -> bool:
    """Whether a reply asks something: by its marks, or 吗 or 呢 at the end of a clause."""
    return _QUESTION.search(reply) is not None


def _plan(now: Situation) -> _Plan:
    """The first rule that speaks. Duties come first, then what the words ask for, then how it sounds, then the arc."""
    if now.risk >= SERIOUS:
        return _Plan(Stage.COMFORT, (Skill.PRESENCE,), "at_risk", ("advice",))
    return _asked_for(now) or _heard(now) or _arc(now) or _exploring(now)


def _asked_for(now: Situation) -> _Plan | None:
    cues = _cues(now.text)
    if "goodbye" in cues:
        return _Plan(Stage.COMFORT, (Skill.CLOSING,), "says_goodbye", ("retention", "question"))
    if "identity" in cues:
        return _Plan(Stage.EXPLORE, (Skill.INFORMATION,), "asks_who_you_are", ("human_claim",))
    if "listing" in cues or "memory" in cues:
        known = "lists_memory" if "listing" in cues else "asks_memory"
        return _Plan(Stage.EXPLORE, (Skill.INFORMATION,), known if now.recalls else "nothing_remembered")
    if "greeting" in cues:
        return _Plan(Stage.EXPLORE, (Skill.GREETING,), "remembers" if now.recalls else "says_hello")
    if "medical" in cues:
        return _Plan(Stage.ACT, (Skill.INFORMATION,), "asks_medical", ("amounts",))
    if "silence" in cues:
        return _Plan(Stage.COMFORT, (Skill.PRESENCE,), "wants_silence", ("question", "advice"))
    if "venting" in cues:
        return _Plan(Stage.COMFORT, (Skill.PRESENCE,), "wants_to_be_heard", ("advice", "question"))
    if "misheard" in cues:
        return _Plan(Stage.EXPLORE, (Skill.RESTATEMENT,), "felt_misheard", ("advice",))
    if "facts" in cues:
        return _Plan(Stage.ACT, (Skill.INFORMATION,), "asks_facts")
    if "advice" in cues:
        if _asked_before(now):
            return _Plan(Stage.ACT, (Skill.SUGGESTION,), "asks_advice_again")
        if Skill.REFLECTION in now.done:
            return _Plan(Stage.ACT, (Skill.SUGGESTION,), "asks_advice")
        return _Plan(Stage.COMFORT, (Skill.REFLECTION,), "advice_too_early")
    if "minimal" in cues and now.said and "minimal" in _cues(now.said[-1]):
        return _Plan(Stage.COMFORT, (Skill.PRESENCE,), "short_answers", ("question", "advice"))
    return None


_DISAGREEMENTS = {  # kind of affect.incongruence -> skills, reason, avoid
    "masked_distress": ((Skill.REFLECTION,), "masked", ("confront",)),
    "sarcasm": ((Skill.REFLECTION,), "sarcasm", ("literal",)),
    "calm_venting": ((Skill.PRESENCE,), "calm_venting", ("question", "advice")),
    "nervous_laughter": ((Skill.REFLECTION,), "laughing_over_it", ("laughing_along",)),
    "tough_words": ((Skill.REFLECTION,), "tough_words", ("confront",)),
    "agitated_neutral": ((Skill.QUESTION, Skill.RESTATEMENT), "agitated_voice", ()),
}


def _heard(now: Situation) -> _Plan | None:
    """What voice and words together sound like."""
    affect = now.affect
    if affect is None:
        return None
    if affect.voice is not None and "cry" in affect.voice.events:
        return _Plan(Stage.COMFORT, (Skill.PRESENCE,), "crying", ("question", "advice"))
    kind = affect.incongruence.kind if affect.incongruence is not None else None
    if kind is not None and kind in _DISAGREEMENTS:
        skills, reason, avoid = _DISAGREEMENTS[kind]
        if now.done[-2:] == (Skill.REFLECTION, Skill.REFLECTION):
            skills = (Skill.PRESENCE,)  # what was named twice and not taken up is left alone
        stage = Stage.EXPLORE if kind == "agitated_neutral" else Stage.COMFORT
        return _Plan(stage, skills, reason, avoid)
    if (_valence(now) or 0.0) >= _FAR and not {"minimal", "thanks"} & _cues(now.text):  # "挺好的" is no news
        again = now.done[-1:] == (Skill.SHARING,)
        skills = (Skill.QUESTION, Skill.AFFIRMATION, Skill.SHARING) if again else (Skill.SHARING,)
        return _Plan(Stage.EXPLORE, skills, "glad")
    return None


def _arc(now: Situation) -> _Plan | None:
    """Where the talk has been going, and how hard this turn is."""
    soothing = (Skill.REFLECTION, Skill.PRESENCE, Skill.AFFIRMATION)
    reflected = Skill.REFLECTION in now.done
    if _thanks(now):
        return _Plan(Stage.COMFORT, (Skill.AFFIRMATION,), "thanks", ("question",))
    if now.state == "falling":
        return _Plan(Stage.COMFORT, soothing if reflected else soothing[:1], "falling", ("advice", "question"))
    if now.state == "low":
        if not reflected:
            return _Plan(Stage.COMFORT, (Skill.REFLECTION,), "low_for_long")
        soothed = {Skill.AFFIRMATION, Skill.PRESENCE} & set(now.done)
        offered = Skill.SUGGESTION in now.done[-4:] or any("venting" in _cues(words) for words in now.said)
        outward = (Skill.SUGGESTION,) if soothed and not offered else (Skill.AFFIRMATION, Skill.PRESENCE)
        return _Plan(Stage.ACT if soothed and not offered else Stage.COMFORT, outward, "low_for_long")
    if now.state in ("recovering", "rising") and (_valence(now) or 0.0) > -_FAR:
        again = now.done[-1:] == (Skill.AFFIRMATION,)
        skills = (Skill.QUESTION, Skill.RESTATEMENT, Skill.AFFIRMATION) if again else (Skill.AFFIRMATION,)
        return _Plan(Stage.COMFORT, skills, now.state)
    if (_valence(now) or 0.0) <= -_FAR or _surely_low(now) or now.risk:
        return _Plan(Stage.COMFORT, (*soothing, Skill.QUESTION) if reflected else soothing[:1], "hard_time")
    if now.state == "volatile":
        return _Plan(Stage.COMFORT, (Skill.RESTATEMENT, Skill.PRESENCE), "up_and_down")
    return None


def _exploring(now: Situation) -> _Plan:
    """Nothing stands out, or nothing is known: that is not the same as being fine, so stay curious."""
    if "minimal" in _cues(now.text):
        reason = "short_answer" if now.said or now.replies else "short_opening"
        return _Plan(Stage.EXPLORE, (Skill.QUESTION, Skill.PRESENCE), reason)
    if sum(1.0 if "\u3400" <= c <= "\u9fff" else 1 / 3 for c in now.text) >= _MUCH:
        return _Plan(Stage.EXPLORE, (Skill.RESTATEMENT,), "told_much")
    reason = "affect_unknown" if _valence(now) is None else "steady"
    if now.exchanges >= _ENOUGH and not {Skill.RESTATEMENT, Skill.REFLECTION} & set(now.done[-_ENOUGH:]):
        return _Plan(Stage.EXPLORE, (Skill.RESTATEMENT,), "explored_enough")
    return _Plan(Stage.EXPLORE, (Skill.QUESTION, Skill.RESTATEMENT), reason)


def _barred(now: Situation, plan: _Plan) -> tuple[frozenset[Skill], tuple[str, ...]]:
    """Skills that nothing may bring back this turn, and what the model is told to avoid."""
    avoid = list(plan.avoid)
    last = now.replies[-2:]
    if len(last) == 2 and all(asks(reply) for reply in last):
        avoid.insert(0, "question")
    if now.risk >= SERIOUS or not (Skill.REFLECTION in now.done or plan.reason == "asks_advice_again"):
        avoid.append("advice")
    barred = {Skill.QUESTION} if "question" in avoid else set()
    if "advice" in avoid:
        barred.add(Skill.SUGGESTION)
    return frozenset(barred), tuple(dict.fromkeys(avoid))


def _worn(now: Situation, skill: Skill) -> int:
    """How freshly it was used: 2 in the last turn, 1 in the one before, and their sum."""
    return 2 * (now.done[-1:] == (skill,)) + (now.done[-2:-1] == (skill,))


def _surely_low(now: Situation) -> bool:
    """A little low and plainly so: 我有点紧张 asks to be met before it is asked after."""
    return now.affect is not None and now.affect.uncertainty <= _SURELY and (_valence(now) or 0.0) <= -_SOMEWHAT


def _valence(now: Situation) -> float | None:
    """-1..1, None where the affect is unknown or too uncertain to act upon."""
    affect = now.affect
    if affect is None or affect.status == "none" or affect.uncertainty > _MOST_UNCERTAIN:
        return None
    return affect.valence


def _thanks(now: Situation) -> bool:
    return "thanks" in _cues(now.text) and (_valence(now) or 0.0) > -_FAR


def _asked_before(now: Situation) -> bool:
    return any("advice" in _cues(words) for words in now.said)


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(files("prompts").joinpath("strategy.toml").read_text("utf-8"))


@cache
def _patterns() -> tuple[tuple[str, bool, re.Pattern[str]], ...]:
    """Name, whether it is of clauses, and the pattern of each cue."""
    return tuple(
        (name, place == "clauses", re.compile("|".join(f"(?:{p})" for p in patterns), re.IGNORECASE))
        for place in ("clauses", "anywhere")
        for name, patterns in _data()[place].items()
    )


def _cues(text: str) -> frozenset[str]:
    """What the words ask for. Greetings and single words must be all there is; a goodbye comes last, but for thanks."""
    text = text.replace("’", "'")
    clauses = [clause for part in _PARTS.split(text) if (clause := part.strip(" \t\"'“”"))]
    found = {name for name, of_clauses, pattern in _patterns() if not of_clauses and pattern.search(text)}
    whole = {
        name: [pattern.fullmatch(clause) is not None for clause in clauses]
        for name, of_clauses, pattern in _patterns()
        if of_clauses
    }
    found |= {name for name in ("greeting", "minimal") if clauses and all(whole[name])}
    if any(whole["thanks"]) and len(clauses) <= _SHORT:
        found.add("thanks")
    last = max((i for i, thanks in enumerate(whole["thanks"]) if not thanks), default=-1)
    if last >= 0 and whole["goodbye"][last]:
        found.add("goodbye")
    return frozenset(found)
