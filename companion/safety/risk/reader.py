"""One turn -> level, kinds and reasons. Rules, grammar, the last turns, the voice and a small head; some 1 ms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from affect.trajectory import State
from affect.types import Affect
from companion.safety.risk.grammar import doubtful, excused, judge, mask, mentions_game
from companion.safety.risk.head import Head, default_head, load
from companion.safety.risk.normal import Normal, normal
from companion.safety.risk.patterns import rules
from companion.safety.risk.patterns import wording as _wording
from companion.safety.risk.types import NO_RISK, SERIOUS, Reason, Risk, RiskKind, Source

TURNS = 5  # of the person before this one that are looked at
_LONGEST = 2000  # characters of a turn that are read: its beginning and its end
_EARLIER = 400  # the same of a turn before
_HEARD_AT_MOST = 3  # level of what only another hypothesis of the recogniser says
_WITH_MEANS = frozenset({RiskKind.SUICIDE, RiskKind.SELF_HARM, RiskKind.VIOLENCE})
_HEAVY = frozenset({"despair", "burden"})
_LAST_THINGS = frozenset({"farewell", "prepare"})
_RETRACTS = _wording("retracts")
_CALM = _wording("calm")
_DOES = _wording("does")
_ALARMING = frozenset({"masked_distress", "calm_venting", "nervous_laughter"})
_ODD, _SURE = 0.4, 0.4  # score and confidence from which an incongruence counts; authored
_SAGGING: frozenset[State] = frozenset({"falling", "low", "volatile"})


class RiskReader:
    """Reads turns. Keeps nothing of them."""

    def __init__(self, *, embedder: str | None = None, weights: Path | None = None) -> None:
        """embedder: name of the embedder that the vectors of `read` come from, None where there are none.

        weights: a head of your own (`companion risk train`), default: ours. Vectors of an embedder that the head does
        not know are left aside. Raises ValueError and OSError for a file that is no head.
        """
        self._head: Head | None = None
        if embedder is not None:
            head = load(weights) if weights else default_head()
            self._head = head if head.embedder == embedder else None
        rules()

    def read(
        self,
        text: str,
        *,
        language: str | None = None,
        before: Sequence[tuple[str, int]] = (),
        alternatives: Sequence[str] = (),
        affect: Affect | None = None,
        state: State = "unknown",
        vector: NDArray[np.float32] | None = None,
    ) -> Risk:
        """What this turn amounts to; never raises for its words' sake.

        language: not needed, both are always looked for. before: the person's last turns with their levels, oldest
        first; the last five count. alternatives: other hypotheses of the recogniser. affect, state: how it was said and
        how the person has been; alone they amount to 2 at most. vector: of `text`, unit, (512,), by the embedder named.
        """
        last = tuple(before)[-TURNS:]
        games = any(level == 0 and mentions_game(normal(said).text) for said, level in last[-2:])
        reasons, groups = _said(_clip(text), games)
        reasons += _gathered(groups, last, state)
        earlier, kind = _gravest(last)
        reasons = _with_means(reasons, earlier, kind)
        reasons += _otherwise_heard(alternatives, games, reasons)
        reasons += _from_before(text, earlier, kind)
        reasons += self._felt(text, vector, reasons)
        reasons += _from_voice(affect, state, last, reasons)
        return _weighed(reasons)

    def _felt(self, text: str, vector: NDArray[np.float32] | None, reasons: Sequence[Reason]) -> list[Reason]:
        if self._head is None or vector is None or vector.shape != (self._head.dimensions,):
            return []
        form = normal(_clip(text)).text
        masked = mask(form)
        found = max((r.level for r in reasons), default=0)
        level = self._head.level(masked, vector, found, doubtful=found < SERIOUS and doubtful(form, masked))
        if not level or (found < SERIOUS and excused(form, masked)):
            return []
        return [Reason(RiskKind.SUICIDE, "head", "head", level)]


def _clip(text: str, most: int = _LONGEST) -> str:
    return text if len(text) <= most else text[: most // 2] + "\n" + text[-most // 2 + 1 :]


def _said(text: str, games: bool) -> tuple[list[Reason], set[str]]:
    """Grounds in the words, latent ones at level 0, and the groups of distress that they are of."""
    form = normal(text)
    reasons, groups = _matched(form.text, form, games, heard=False)
    if form.heard is not None:
        more, others = _matched(form.heard, form, games, heard=True)
        known = {(r.rule.split("+")[0], r.level) for r in reasons}
        reasons += [r for r in more if (r.rule.split("+")[0], r.level) not in known]
        groups |= others
    return reasons, groups


def _matched(text: str, form: Normal, games: bool, *, heard: bool) -> tuple[list[Reason], set[str]]:
    masked = mask(text)
    reasons: list[Reason] = []
    groups: set[str] = set()
    for rule in rules():
        for m in rule.wording.finditer(masked):
            reading = judge(text, masked, m.start(), m.end(), rule, games)
            if reading is None:
                continue
            if rule.group:
                groups.add(rule.group)
            name = "+".join((rule.id, *reading.marks, *(("heard",) if heard else ())))
            level = 0 if rule.latent else reading.level
            kind = (
                RiskKind.DISTRESS
                if level == 1 and rule.kind is RiskKind.SUICIDE and reading.kind is not RiskKind.THIRD_PARTY
                else reading.kind
            )
            reasons.append(Reason(kind, name, "words", level, form.span(m.start(), m.end(), heard=heard)))
    return reasons, groups


def _groups_of(last: Sequence[tuple[str, int]]) -> set[str]:
    """Groups of distress in the turns before, which weigh with those of this one."""
    return set().union(*(_said(_clip(said, _EARLIER), False)[1] for said, level in last if level))


def _gravest(last: Sequence[tuple[str, int]]) -> tuple[int, RiskKind]:
    """The highest level of the turns before, and what that turn was about."""
    said, level = max(last, key=lambda turn: turn[1], default=("", 0))
    if level < SERIOUS:
        return level, RiskKind.DISTRESS
    grounds = [r for r in _said(_clip(said, _EARLIER), False)[0] if r.level >= SERIOUS]
    return level, max(grounds, key=lambda r: r.level).kind if grounds else RiskKind.SUICIDE


def _gathered(groups: set[str], last: Sequence[tuple[str, int]], state: State) -> list[Reason]:
    """Several kinds of distress together are more than each: despair and a farewell, or three at once."""
    if not groups:
        return []
    every = groups | _groups_of(last)
    heavy, last_things = bool(every & _HEAVY), bool(every & _LAST_THINGS)
    if (heavy and last_things) or (len(every) >= 4 and heavy) or ("prepare" in every and len(every) > 1):
        source: Source = "words" if groups == every else "context"
        return [Reason(RiskKind.SUICIDE, "gathered." + "_".join(sorted(every)), source, 2)]
    if state in _SAGGING and heavy and len(every) >= 2:
        return [Reason(RiskKind.SUICIDE, "gathered." + state, "trajectory", 2)]
    return []


def _with_means(reasons: list[Reason], earlier: int, kind: RiskKind) -> list[Reason]:
    """Means, a place or things put in order count once death has been spoken of, now or in the turns before."""
    now = any(r.kind is RiskKind.SUICIDE and r.level >= SERIOUS for r in reasons)
    out = []
    for r in reasons:
        if r.level == 0 and r.rule.startswith("means."):
            if now:
                r = replace(r, level=4, rule=r.rule + "+with")
            elif earlier >= SERIOUS and kind in _WITH_MEANS:
                r = replace(r, kind=kind, level=4, rule=r.rule + "+after", source="context")
        out.append(r)
    return out


def _otherwise_heard(alternatives: Sequence[str], games: bool, reasons: Sequence[Reason]) -> Iterator[Reason]:
    top = max((r.level for r in reasons), default=0)
    for other in alternatives:
        for r in _said(_clip(other), games)[0]:
            if r.level > top and r.level >= SERIOUS:
                yield replace(r, rule=r.rule + "+alternative", level=min(r.level, _HEARD_AT_MOST), span=None)


def _from_before(text: str, earlier: int, kind: RiskKind) -> Iterator[Reason]:
    """What this turn means after those before: taking it back or growing calm lowers nothing."""
    if earlier < SERIOUS:
        return
    form = normal(text).text
    if _DOES.search(form) and kind in _WITH_MEANS:
        yield Reason(kind, "context.decided", "context", 4 if earlier > SERIOUS else 3)
    if _RETRACTS.search(form):
        yield Reason(kind, "context.taken_back", "context", earlier)
    elif _CALM.search(form):
        yield Reason(kind, "context.calm", "context", earlier)


def _from_voice(
    affect: Affect | None, state: State, last: Sequence[tuple[str, int]], reasons: Sequence[Reason]
) -> Iterator[Reason]:
    """A voice that does not go with its words raises attention: by one, to 2 at most."""
    odd = affect.incongruence if affect else None
    if odd is None or odd.kind not in _ALARMING or odd.score < _ODD or odd.confidence < _SURE:
        return
    words = max((r.level for r in reasons), default=0)
    if words >= SERIOUS:
        return
    troubled = words == 1 or any(level for _, level in last)
    level = 2 if troubled and (state in _SAGGING or words == 1) else 1
    yield Reason(RiskKind.SUICIDE if level == 2 else RiskKind.DISTRESS, f"voice.{odd.kind}", "voice", level)
    if level == 2 and state in _SAGGING:
        yield Reason(RiskKind.DISTRESS, f"trajectory.{state}", "trajectory", 1)


def _weighed(reasons: Sequence[Reason]) -> Risk:
    grounds = sorted({r for r in reasons if r.level > 0}, key=lambda r: (-r.level, r.rule, r.span or (0, 0)))
    if not grounds:
        return NO_RISK
    level = grounds[0].level
    kinds = dict.fromkeys(r.kind for r in grounds if r.level > 1 or level == 1)
    if len(kinds) > 1:
        kinds.pop(RiskKind.DISTRESS, None)
    return Risk(level, tuple(kinds), tuple(grounds))
