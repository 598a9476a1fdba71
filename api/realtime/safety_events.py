"""companion.v1, server to client: what the risk protocol does."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from api.realtime.server_events import ServerEvent
from companion.events import SafetyTold


class SafetyResource(Struct, frozen=True, kw_only=True):
    """Whom to call. phone: "" where there is only a page. verified_on: ISO date of the last check, null: not yet."""

    id: str
    name: str
    phone: str
    hours: str
    url: str
    verified_on: str | None


class SafetyEvent(ServerEvent, frozen=True, kw_only=True, tag="companion.safety"):
    """What the risk protocol does; see docs/safety-protocol.md. level: that is held, 0..4. kinds: the latest first.

    resources: to be shown until others come; [] leaves what is shown. actions: what was set going. asked: "safe",
    "review" or "contact" where the person is asked something, for buttons. beside: a line to show, never to be spoken.
    """

    level: int
    kinds: Sequence[str]
    phase: str
    resources: Sequence[SafetyResource]
    actions: Sequence[str]
    asked: str = ""
    beside: str = ""


def safety(event: SafetyTold) -> SafetyEvent:
    """The event for what the risk protocol does."""
    english = event.language == "en"
    resources = [
        SafetyResource(
            id=one.id,
            name=one.name_en if english else one.name_zh,
            phone=one.number,
            hours=one.hours_en if english else one.hours_zh,
            url=one.url,
            verified_on=one.verified_on.isoformat() if one.verified_on else None,
        )
        for one in event.resources
    ]
    return SafetyEvent(
        level=event.level,
        kinds=event.kinds,
        phase=event.phase,
        resources=resources,
        actions=event.actions,
        asked=event.asked,
        beside=event.beside,
    )
