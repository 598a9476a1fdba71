"""How a run can end early."""

from __future__ import annotations


class Failed(Exception):
    """The export cannot be made. code: why; counts: how often."""

    def __init__(self, code: str, **counts: int) -> None:
        super().__init__(code)
        self.code, self.counts = code, counts


class Lost(Exception):
    """Another process runs it now, or it was taken back."""
