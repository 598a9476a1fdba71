"""What a benchmark says."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """value and peer_value in `unit`, from one run; n: repetitions. goal: in words; met: whether it was reached."""

    name: str
    value: float
    unit: str
    peer: str
    peer_value: float
    goal: str
    met: bool
    n: int

    def line(self) -> dict[str, object]:
        """The JSON line: the fields, the ratio to the peer, and the load average of the machine."""
        return {
            "name": self.name,
            "value": round(self.value, 5),
            "unit": self.unit,
            "peer": self.peer,
            "peer_value": round(self.peer_value, 5),
            "ratio": round(self.value / self.peer_value, 4),
            "goal": self.goal,
            "met": self.met,
            "n": self.n,
            "load": round(os.getloadavg()[0], 2),
        }
