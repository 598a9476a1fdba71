"""One step of the protocol on its way: what each event changes, says and sets going. See protocol.py."""

from __future__ import annotations

from dataclasses import replace

from companion.safety.protocol_types import (
    Action,
    MuteModel,
    NotifyContact,
    Phase,
    Policy,
    Queue,
    Remind,
    Resources,
    Say,
    State,
    Turn,
    UnmuteModel,
    Unqueue,
)
from companion.safety.resources import choose

SCRIPTED = 2  # level of a turn from which on a script answers it
ACUTE, UTMOST = 3, 4
_AGAIN = 8  # turns after which what was said of resources may be said again unasked
_CHECK_IN_S = 3600.0
_SELF = frozenset({"suicide", "self_harm", "eating_disorder", "distress"})  # others happen around the person
_UNSAFE = frozenset({"suicide", "self_harm", "violence", "abuse_of_minor"})  # "no, not safe" is then level 4
_CONTACT = frozenset({"suicide", "self_harm", "medical_emergency", "psychosis_mania", "eating_disorder", "fraud"})
_HOME_MAY_HARM = frozenset({"violence", "abuse_of_minor"})


def _check_level(level: int) -> None:
    if not 0 <= level <= UTMOST:
        raise ValueError(f"a risk level is 0..{UTMOST}, not {level}")


def cool_down_s(state: State, policy: Policy) -> float:
    """How long after the last turn at risk the level falls, s."""
    mild = state.level < ACUTE and state.phase is not Phase.EASING
    return policy.mild_cool_down_s if mild else policy.cool_down_s


class Course:
    """One step on its way: the state so far, and what is to be done."""

    def __init__(self, state: State, now: float, policy: Policy) -> None:
        self.state, self.now, self.policy = state, now, policy
        self._about: tuple[str, ...] = ()  # kinds of this turn
        self.actions: list[Action] = []

    # What happens

    def deadlines(self) -> None:
        """Deal with what passed: an unanswered call for a counsellor, cool-downs."""
        if self.state.phase is Phase.HUMAN:
            return
        if self.state.waits_until is not None and self.now >= self.state.waits_until:
            self._set(waits_until=None, claimed=False, priority=1)
            self.actions.append(Queue(1, self.policy.sla_s[0], self.state.kinds))
            if not self.state.away:
                self._say("queue.late")
                self._show(aloud=self.state.aloud_turn != self.state.turn)
                if self._may_tell_contact() and self.state.contact == "none":
                    self._offer_contact()
        while self.state.level and self.now >= self.state.at_risk + cool_down_s(self.state, self.policy):
            at_risk = self.state.at_risk + cool_down_s(self.state, self.policy)
            if self.state.level >= ACUTE:
                self._set(level=2, aloud_level=2, phase=Phase.EASING, at_risk=at_risk, asked="")
            else:
                if self.state.queued:
                    self.actions.append(Unqueue())
                kept = State(turn=self.state.turn, spoken=self.state.spoken, seed=self.state.seed, away=self.state.away)
                refused = self.state.review == "refused"
                self.state = replace(kept, review="refused" if refused else "unasked", at_risk=at_risk)

    def turn(self, event: Turn) -> None:
        """The person said something."""
        _check_level(event.level)
        asked, answer, level = self.state.asked, event.answer, event.level
        if asked == "safe" and answer == "no" and _UNSAFE & set(self.state.kinds or _UNSAFE):
            level = UTMOST
        kinds = tuple(kind for kind in event.kinds if kind != "distress") if level >= SCRIPTED else ()
        kinds = tuple(sorted(kinds, key=lambda kind: kind != "medical_emergency"))  # an ambulance comes before all else
        self._about = kinds
        rose, new = level > self.state.level, not set(kinds) <= set(self.state.kinds)
        known = (*kinds, *(kind for kind in self.state.kinds if kind not in kinds))
        self._set(turn=self.state.turn + 1, level_turn=level, level=max(level, self.state.level), kinds=known)
        if level >= max(1, min(SCRIPTED, self.state.level)) or event.wants_help:
            self._set(at_risk=self.now)
        if self.state.phase is Phase.HUMAN:
            if level >= ACUTE or event.wants_help:
                self._beside_counsellor()
            return
        if self.state.phase is Phase.CALM:
            self._set(phase=self._home())
        self._unask()
        if level >= ACUTE:
            self._acute(rose=rose, new=new, asked=asked, answer=answer, wants_help=event.wants_help)
        elif level == SCRIPTED:
            self._concern(new=rose or new, asked=asked, answer=answer)
        elif asked == "safe":
            self._say(f"follow.{answer}.{self._group()}")
        if asked in ("review", "contact"):
            self._answered(asked, answer)
        elif asked == "safe" and not (level >= ACUTE and (rose or new)):
            if answer == "unclear" and self.state.spoken.get(f"follow.unclear.{self._group()}") == 1:
                self._set(asked="safe")  # asked once more, in other words
            else:
                self._offer()
        if event.wants_help and level < ACUTE:
            self._asked_for_help()
        elif event.declines_review and self.state.queued:
            self.review(False)

    def review(self, given: bool) -> None:
        """A counsellor may look, or not. In the counsellor's own talk they decide what a refusal means."""
        self._set(review="given" if given else "refused")
        if self.state.phase is Phase.HUMAN:
            return
        if given and self.policy.staffed and not self.state.queued:
            self._queue()
        if not given:
            if self.state.queued:
                self.actions.append(Unqueue())
            self._set(queued=False, claimed=False, waits_until=None)
            self._set(phase=self._home() if self.state.phase is Phase.QUEUED else self.state.phase)
            self._say("refused.human")
        if self.state.asked == "review" or not given:
            self._unask()

    def contact(self, given: bool) -> None:
        """The contact may be told, or not."""
        if given and self._may_tell_contact():
            self._tell_contact()
        elif not given and self.state.contact != "told":
            self._set(contact="refused")
            self._say("refused.contact")
        if self.state.asked == "contact":
            self._unask()

    def claimed(self) -> None:
        """A counsellor reads."""
        if self.state.queued and not self.state.claimed and self.state.phase is not Phase.HUMAN:
            wait = self.policy.sla_s[self.state.priority - 1]
            self._set(claimed=True, waits_until=self.now + wait, phase=Phase.QUEUED, asked="")
            self._set(at_risk=self.now)
            self._say("queue.claimed")

    def took_over(self) -> None:
        """A counsellor answers from here on, where the person agreed or a life may be at stake."""
        if self.state.phase is Phase.HUMAN or not self._may_review():
            return
        self._say("human.joined")
        self.actions.append(MuteModel())
        self._set(phase=Phase.HUMAN, queued=False, claimed=False, waits_until=None, asked="")

    def gave_back(self, level: int) -> None:
        """A counsellor lets go, or closes a case that they only read, and says how they judge it."""
        _check_level(level)
        human = self.state.phase is Phase.HUMAN
        if not human and not self.state.queued:
            return
        phase = Phase.SUPPORTING if level >= ACUTE else Phase.EASING if level else Phase.CALM
        kinds = self.state.kinds if level else ()
        self._set(phase=phase, level=level, aloud_level=min(level, self.state.aloud_level), kinds=kinds)
        self._set(at_risk=self.now, queued=False, claimed=False, waits_until=None, asked="")
        if human:
            self.actions.append(UnmuteModel())
            self._say("human.left")

    def lost(self) -> None:
        """The counsellor is gone without giving back."""
        if self.state.phase is Phase.HUMAN:
            self._set(phase=self._home(), at_risk=self.now)
            self.actions.append(UnmuteModel())
            self._say("human.lost")
            if self.policy.staffed and self._may_review():
                self._queue(priority=1, told=True)
        elif self.state.claimed:
            self._set(claimed=False)
            self._queue(priority=1, told=True)

    def sos(self) -> None:
        """The help button."""
        self._set(level=max(ACUTE, self.state.level), at_risk=self.now)
        if self.state.phase is Phase.HUMAN:
            self._beside_counsellor()
            return
        self._set(phase=self._home(), asked="")
        self._say("sos")
        self._show(aloud=True)
        self._offer(contact=False)

    def left(self) -> None:
        """The person's connection ended."""
        self._set(away=True)
        if self.state.level >= ACUTE and self.state.phase is not Phase.HUMAN:
            self.actions.append(Remind(_CHECK_IN_S, "check_in"))

    def returned(self) -> None:
        """The person is back; what was asked before may have been forgotten."""
        self._set(away=False)
        if self.state.phase is Phase.HUMAN:
            return
        self._unask()
        if self.state.level >= ACUTE:
            self._say("welcome_back")
            self._show(aloud=False)

    # What is said and done about it

    def _acute(self, *, rose: bool, new: bool, asked: str, answer: str, wants_help: bool) -> None:
        first = rose or new
        self._set(phase=self._home())
        if rose and self.state.review == "asked":
            self._set(review="unasked")  # what was left open may be asked once more
        if first:
            self._say(f"support.{self.state.level_turn}.{self._leading()}")
        elif asked == "safe":
            self._say(f"follow.{answer}.{self._group()}")
        else:
            self._say(f"stay.{self._group()}")
        self._show(aloud=wants_help or self._due_aloud())
        if self.state.level >= UTMOST and not self.state.queued and self._may_review() and self.policy.staffed:
            self._queue()
        if self.state.level >= UTMOST and self.policy.contact_duty and self._may_tell_contact():
            self._tell_contact()
        if first and not (asked in ("review", "contact") and answer != "unclear"):
            self._say(f"ask.{self._leading()}")
            self._set(asked="safe")

    def _concern(self, *, new: bool, asked: str, answer: str) -> None:
        if new or not self.state.spoken.get(f"support.{SCRIPTED}.{self._leading()}"):
            self._say(f"support.{SCRIPTED}.{self._leading()}")
        elif asked == "safe":
            self._say(f"follow.{answer}.{self._group()}")
        else:
            self._say(f"stay.{self._group()}")
        if self.state.turn - self.state.shown_turn >= _AGAIN or self.state.shown_turn < 0:
            self._show(aloud=False)

    def _answered(self, asked: str, answer: str) -> None:
        """What was offered is taken, refused, or left open."""
        if answer == "unclear":
            return
        if asked == "review":
            self.review(answer == "yes")
        else:
            self.contact(answer == "yes")

    def _offer(self, *, contact: bool = True) -> None:
        """The next offer that was not made yet: a counsellor, then the person's own contact."""
        if self.state.level < ACUTE:
            return
        if self.policy.staffed and not self.state.queued and self._may_review():
            self._queue()
        elif self.policy.staffed and not self.state.queued and self.state.review == "unasked":
            self._say("offer.human")
            self._set(asked="review", review="asked", phase=Phase.CONSENT_ASKED)
        elif contact and self.state.contact == "none" and self._may_tell_contact():
            self._offer_contact()

    def _asked_for_help(self) -> None:
        self._say("resources.asked")
        self._show(aloud=True)
        if self.policy.staffed and not self.state.queued and not self.state.asked:
            self._say("offer.human")
            self._set(asked="review", review="asked", phase=Phase.CONSENT_ASKED)

    def _beside_counsellor(self) -> None:
        self._say("with_human")
        self._show(aloud=False)

    def _queue(self, *, priority: int | None = None, told: bool = False) -> None:
        priority = priority or {UTMOST: 1, ACUTE: 2}.get(self.state.level, 3)
        wait = self.policy.sla_s[priority - 1]
        self._set(queued=True, claimed=False, priority=priority, waits_until=self.now + wait, phase=Phase.QUEUED)
        self._set(asked="", at_risk=self.now)
        self.actions.append(Queue(priority, wait, self.state.kinds))
        if not told:
            agreed = self.state.review == "given" or self.policy.review_on_file
            self._say("queue.agreed" if agreed else "queue.unasked")

    def _offer_contact(self) -> None:
        self._say("offer.contact")
        self._set(asked="contact", contact="offered", phase=Phase.CONTACT_OFFERED)

    def _tell_contact(self) -> None:
        self._set(contact="told")
        self.actions.append(NotifyContact())
        self._say("contact.told")

    def _say(self, script: str) -> None:
        aside = self.state.phase is Phase.HUMAN  # never over the counsellor's words
        used = self.state.spoken.get(script, 0)
        self.actions.append(Say(script, self.state.seed + used, aside))
        self._set(spoken={**self.state.spoken, script: used + 1})

    def _show(self, *, aloud: bool) -> None:
        used = self.state.spoken.get("aloud", 0)
        ids = self._resources()
        self.actions.append(Resources(ids, aloud, self.state.seed + used))
        self._set(shown=ids, shown_turn=self.state.turn)
        if aloud:
            self._set(aloud_turn=self.state.turn, aloud_level=self.state.level)
            self._set(spoken={**self.state.spoken, "aloud": used + 1})

    # What holds

    def _set(self, **changes: object) -> None:
        self.state = replace(self.state, **changes)  # type: ignore[arg-type]

    def _resources(self) -> tuple[str, ...]:
        found = choose(self.policy.region, self.state.kinds, (self.policy.language,), self.policy.minor)
        return tuple(resource.id for resource in found)

    def _due_aloud(self) -> bool:
        state = self.state
        return (
            state.aloud_turn < 0
            or state.level_turn > state.aloud_level
            or state.turn - state.aloud_turn >= _AGAIN
            or not set(self._resources()) <= set(state.shown)
        )

    def _may_review(self) -> bool:
        """Agreed now or before, or a life may be at stake and nobody refused."""
        if self.state.review == "given":
            return True
        unasked = self.state.level >= self.policy.unasked_from and self.policy.review_on_file is None
        return self.state.review != "refused" and (self.policy.review_on_file is True or unasked)

    def _may_tell_contact(self) -> bool:
        kinds = set(self.state.kinds)
        fit = bool(kinds & _CONTACT) and not kinds & _HOME_MAY_HARM
        open_ = self.state.contact in ("none", "offered")
        return self.policy.contact_on_file and self.state.level >= ACUTE and fit and open_

    def _unask(self) -> None:
        """Nothing is being asked any more."""
        offered = self.state.phase in (Phase.CONSENT_ASKED, Phase.CONTACT_OFFERED)
        self._set(asked="", phase=self._home() if offered else self.state.phase)

    def _home(self) -> Phase:
        """Where the talk stands when nothing is being asked."""
        if self.state.queued:
            return Phase.QUEUED
        if self.state.level >= ACUTE:
            return Phase.SUPPORTING
        return Phase.ATTENTIVE if self.state.level else Phase.CALM

    def _leading(self) -> str:
        """The kind that the turn is answered for."""
        return next(iter(self._about or self.state.kinds), "distress")

    def _group(self) -> str:
        return "self" if self._leading() in _SELF else "around"
