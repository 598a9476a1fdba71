"""What a benchmark says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Result:
    """value and peer_value in `unit`, from one run; n: repetitions. goal: in words; met: whether all of it was reached.

    value or peer_value None: that side could not be measured, and `detail` says why. detail: further figures.
    """

    name: str
    value: float | None
    unit: str
    peer: str
    peer_value: float | None
    goal: str
    met: bool
    n: int
    detail: Mapping[str, object] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """value / peer_value."""
        return self.value / self.peer_value if self.value is not None and self.peer_value else None

    def line(self) -> dict[str, object]:
        """The JSON line: the fields, the ratio to the peer, and the load average of the machine."""
        return {
            "name": self.name,
            "value": _rounded(self.value, 5),
            "unit": self.unit,
            "peer": self.peer,
            "peer_value": _rounded(self.peer_value, 5),
            "ratio": _rounded(self.ratio, 4),
            "goal": self.goal,
            "met": self.met,
            "n": self.n,
            "load": round(os.getloadavg()[0], 2),
            **({"detail": {k: _rounded(v, 4) for k, v in self.detail.items()}} if self.detail else {}),
        }


def _rounded(value: object, digits: int) -> object:
    return round(value, digits) if isinstance(value, float) else value
