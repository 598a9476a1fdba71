"""What is counted for the yearly report (California B&P 22603) and for the operators: names only."""

from __future__ import annotations

from collections.abc import Sequence

from companion.safety.protocol_types import (
    Action,
    Claimed,
    Event,
    NotifyContact,
    Phase,
    Queue,
    Resources,
    Say,
    SosPressed,
    State,
    TookOver,
    Turn,
)

# Counter -> what one more of it means. Dots separate a family from its member.
COUNTERS = {
    **{f"turns_at_risk.{level}": f"a turn of level {level}" for level in (1, 2, 3, 4)},
    "referrals": "resources were said aloud: a crisis service referral",
    "resources_shown": "resources were shown without being said",
    "scripted_turns": "a turn that a script answered",
    "sos": "the help button was pressed",
    "review_offered": "a counsellor was offered",
    "review_refused": "a counsellor was refused",
    "queued": "a counsellor was asked for",
    "queue_late": "nobody claimed it in time",
    "claimed": "a counsellor claimed it",
    "takeovers": "a counsellor took over",
    "contact_notified": "the person's own contact was told",
    "cooled_down": "a level fell by a cool-down",
    "ai_disclosures": "it was said that this is an AI, at the start, by the clock or on request",
    "break_reminders": "a break was suggested",
    "exits": "a one-word exit was followed",
    "roleplay_declined": "a minor asked for a partner or relative and was declined",
    "nudges": "a word towards people was said",
    "farewells": "a goodbye was answered",
    "farewells_screened": "a reply that held somebody back was replaced",
}


def counted(before: State, event: Event, after: State, actions: Sequence[Action]) -> tuple[str, ...]:
    """The counters that one step of the protocol adds 1 to."""
    said = {action.script for action in actions if isinstance(action, Say)}
    shown = [action for action in actions if isinstance(action, Resources)]
    facts = {
        "referrals": any(action.aloud for action in shown),
        "resources_shown": bool(shown) and not any(action.aloud for action in shown),
        "scripted_turns": isinstance(event, Turn) and any(isinstance(a, Say) and not a.aside for a in actions),
        "sos": isinstance(event, SosPressed),
        "review_offered": "offer.human" in said,
        "review_refused": "refused.human" in said,
        "queued": any(isinstance(action, Queue) for action in actions) and not before.queued,
        "queue_late": "queue.late" in said,
        "claimed": isinstance(event, Claimed) and after.claimed and not before.claimed,
        "takeovers": isinstance(event, TookOver) and before.phase is not Phase.HUMAN and after.phase is Phase.HUMAN,
        "contact_notified": any(isinstance(action, NotifyContact) for action in actions),
        "cooled_down": before.phase is not Phase.HUMAN and after.level < before.level,
    }
    found = [name for name, true in facts.items() if true]
    if isinstance(event, Turn) and after.level_turn:
        found.append(f"turns_at_risk.{after.level_turn}")
    return tuple(found)
