"""What happens at each risk level: a pure state machine. `docs/safety-protocol.md` is its page for people.

These hold on every path, and tests/companion/safety/test_protocol.py proves them:

- A turn of level 2 or more is answered by a script, from level 3 on with resources in that same turn.
- Resources are said again in the next turn only when the level rises, others are due or they are asked for; from level
  3 on they are shown with every turn all the same, and an SOS or a wish for them always brings them.
- The model is mute for exactly as long as a counsellor has taken over, and nobody takes over without a basis.
- Only a counsellor or a cool-down lowers the level. Who refuses an offer is supported as before.
- The contact is told only with consent on file, once, and never where a home may be the danger.

What no script answers, the model does, with `risk=state.level`; see `who_answers`. Thresholds and times are authored,
after the C-SSRS triage (levels 3 and 4: immediate referral and safety precautions).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from companion.errors import StorageError
from companion.safety.course import ACUTE, Course, cool_down_s
from companion.safety.protocol_types import (
    Action,
    Claimed,
    Consented,
    CounsellorLost,
    Event,
    GaveBack,
    Left,
    Phase,
    Policy,
    Returned,
    Say,
    SosPressed,
    State,
    Tick,
    TookOver,
    Turn,
)

_C, _A, _S, _Q = Phase.CALM, Phase.ATTENTIVE, Phase.SUPPORTING, Phase.QUEUED
_ASK, _H, _O, _E = Phase.CONSENT_ASKED, Phase.HUMAN, Phase.CONTACT_OFFERED, Phase.EASING
_ANY = tuple(Phase)
_OTHER = tuple(phase for phase in Phase if phase is not _H)
# Event: where it may lead, from where. Staying is always allowed; a missed deadline counts as a Tick before the event.
TRANSITIONS: Mapping[type, Sequence[tuple[Sequence[Phase], Sequence[Phase]]]] = {
    Turn: (
        ((_C, _A), (_A, _S, _ASK, _Q)),
        ((_S,), (_ASK, _Q, _O)),
        ((_ASK,), (_C, _A, _S, _Q, _O)),
        ((_O,), (_S, _Q, _ASK)),
        ((_Q,), (_O,)),
        ((_E,), (_S, _ASK, _Q)),
    ),
    Consented: ((_OTHER, (_C, _A, _S, _Q, _O)),),
    Claimed: ((_OTHER, (_Q,)),),
    TookOver: ((_OTHER, (_H,)),),
    GaveBack: ((_ANY, (_C, _E, _S)),),
    CounsellorLost: (((_H,), (_C, _A, _S, _Q)), (_OTHER, (_Q,))),
    SosPressed: ((_OTHER, (_S, _ASK, _Q)),),
    Left: (),
    Returned: (((_ASK, _O), (_C, _A, _S, _Q)),),
    Tick: (((_Q, _S, _ASK), (_O,)), ((_S, _Q, _ASK, _O), (_E,)), ((_A, _E, _ASK, _Q), (_C,)), (_OTHER, (_C,))),
}


def step(state: State, event: Event, now: float, policy: Policy) -> tuple[State, tuple[Action, ...]]:
    """What becomes of the talk, and what to do, in order. Pure. Raises ValueError for a level outside 0..4.

    now: s, never less than at the step before; deadlines that passed meanwhile are dealt with first.
    """
    course = Course(state, now, policy)
    course.deadlines()
    match event:
        case Turn():
            course.turn(event)
        case Consented(to="review"):
            course.review(event.given)
        case Consented():
            course.contact(event.given)
        case Claimed():
            course.claimed()
        case TookOver():
            course.took_over()
        case GaveBack():
            course.gave_back(event.level)
        case CounsellorLost():
            course.lost()
        case SosPressed():
            course.sos()
        case Left():
            course.left()
        case Returned():
            course.returned()
        case Tick():
            pass
    return course.state, tuple(course.actions)


def due_at(state: State, policy: Policy) -> float | None:
    """When a Tick is worth sending next; None: nothing waits."""
    if state.phase is Phase.HUMAN:
        return None
    waits = [state.waits_until] if state.waits_until is not None else []
    if state.level:
        waits.append(state.at_risk + cool_down_s(state, policy))
    return min(waits, default=None)


def carried(state: State, now: float, policy: Policy) -> State:
    """Where a new talk of the same person begins: danger does not end with a session. What was asked or said is not."""
    before, _ = step(state, Tick(), now, policy)
    if not before.level:
        return State(seed=before.seed)
    easing = before.phase is Phase.EASING
    phase = Phase.EASING if easing else Phase.SUPPORTING if before.level >= ACUTE else Phase.ATTENTIVE
    return State(
        phase=phase,
        level=before.level,
        kinds=before.kinds,
        at_risk=before.at_risk,
        review=before.review if before.review != "asked" else "unasked",
        contact=before.contact if before.contact != "offered" else "none",
        spoken=before.spoken,
        seed=before.seed,
    )


def who_answers(state: State, actions: Sequence[Action]) -> Literal["script", "counsellor", "model"]:
    """Who answers the turn whose step gave these."""
    if state.phase is Phase.HUMAN:
        return "counsellor"
    return "script" if any(isinstance(action, Say) and not action.aside for action in actions) else "model"


def dump(state: State) -> bytes:
    """The state as JSON, without a word of the person."""
    return msgspec.json.encode(state)


def load(kept: bytes | str) -> State:
    """What `dump` gave, also of an older version. Raises StorageError."""
    try:
        return msgspec.json.decode(kept, type=State)
    except msgspec.MsgspecError as error:
        raise StorageError(
            "the kept safety state cannot be read: go on at level 3, and have a counsellor look", retryable=False
        ) from error
