"""The level that a session or a person is held at: it rises at once, and falls by a person or after a quiet time."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from companion.safety.risk.types import HIGHEST, Risk

HOUR_S = 3600.0
# Quiet time after which each level falls by one, s. Authored: 24 h for 3 and 4, and less for what is less.
COOL_DOWN: Mapping[int, float] = {4: 24 * HOUR_S, 3: 24 * HOUR_S, 2: 6 * HOUR_S, 1: HOUR_S}


@dataclass(frozen=True, slots=True)
class Lowered:
    """A person took the level down. at: unix s; was, level: 0..4."""

    staff_id: str
    at: float
    was: int
    level: int


@dataclass(frozen=True, slots=True)
class Watch:
    """level: held, 0..4; since: unix s of the last turn at this level or above. lowered: by whom, oldest first.

    Values, not an object that changes: each step gives the next.
    """

    level: int = 0
    since: float = 0.0
    lowered: tuple[Lowered, ...] = ()
    cool_down: Mapping[int, float] = field(default_factory=lambda: dict(COOL_DOWN))

    def __post_init__(self) -> None:
        """Raises ValueError for a level out of range or a cool-down that is missing or not above 0."""
        _checked(self.level, self.since)
        bad = [n for n in range(1, HIGHEST + 1) if not self.cool_down.get(n, 0.0) > 0]
        if bad:
            raise ValueError(f"the cool-down of level {bad[0]} must be above 0 s: give one for each of 1 to {HIGHEST}")

    def step(self, risk: Risk, now: float) -> Watch:
        """After a turn of this risk at `now`, unix s. `level` of the answer is the held level.

        A turn at or above the held level renews it; a lower one leaves it, however calm it sounds.
        """
        _checked(risk.level, now)
        cooled = self.at(now)
        if risk.level and risk.level >= cooled.level:
            return replace(cooled, level=risk.level, since=max(now, cooled.since))
        return cooled

    def at(self, now: float) -> Watch:
        """Without a turn: what is held at `now`; each level falls to the next after its own quiet time."""
        level, since = self.level, self.since
        while level and now - since >= self.cool_down[level]:
            since += self.cool_down[level]
            level -= 1
        return replace(self, level=level, since=since)

    def lowered_by(self, staff_id: str, now: float, level: int = 0) -> Watch:
        """A member of staff takes it down to `level`. Raises ValueError without an id or for a level not below."""
        if not staff_id.strip():
            raise ValueError("lowering a level needs the id of the person who does it")
        _checked(level, now)
        held = self.at(now)
        if level >= held.level:
            raise ValueError(f"the level held is {held.level}: it can be lowered to less, not to {level}")
        entry = Lowered(staff_id, now, held.level, level)
        return replace(held, level=level, since=now, lowered=(*held.lowered, entry))

    def to_json(self) -> str:
        """For storage; `from_json` gives the same back."""
        return json.dumps(asdict(self), separators=(",", ":"), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Watch:
        """Raises ValueError for anything that `to_json` did not write."""
        try:
            data = json.loads(text)
            lowered = tuple(Lowered(**entry) for entry in data["lowered"])
            cool_down = {int(level): float(s) for level, s in data["cool_down"].items()}
            return cls(int(data["level"]), float(data["since"]), lowered, cool_down)
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            raise ValueError(f"this is no watch ({type(error).__name__}): give what to_json wrote") from None


def _checked(level: int, at: float) -> None:
    if not 0 <= level <= HIGHEST:
        raise ValueError(f"a level of {level}: wanted 0 to {HIGHEST}")
    if not math.isfinite(at):
        raise ValueError(f"a time of {at}: wanted unix seconds")
