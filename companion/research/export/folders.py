"""Where exports are kept: what may be downloaded, what a run has made so far, and the keys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from companion.research.export.keys import Keys


@dataclass(frozen=True, slots=True)
class Folders:
    """Below one root, which all replicas that run or hand out exports share."""

    root: Path

    def ready(self, export_id: str) -> Path:
        """What may be downloaded once its row says `published`."""
        return self.root / "exports" / export_id

    def work(self, export_id: str) -> Path:
        """What a run has made so far."""
        return self.root / "work" / export_id

    @property
    def keys(self) -> Keys:
        """The keys of all lineages."""
        return Keys(self.root / "keys")
