"""The signed head of the audit: how long the chain was and how it ended, in a file outside the database.

It tells whoever cuts off the chain's end, or puts an older copy of the database back, without also having this file.
Kept on another machine, it tells it even of those who have all of this one, but for the master key.
"""

from __future__ import annotations

import hmac
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

HEAD_FILE = "audit.head"  # in the data directory


@dataclass(frozen=True, slots=True)
class Head:
    """The newest row's seq and hash (hex), as it was at `at` (unix s)."""

    seq: int
    hash: str
    at: float


class AuditHead:
    """The file. key: signs it; the same in all replicas."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path, self._key = path, key

    def exists(self) -> bool:
        """Whether there is a file, ours or not."""
        return self._path.exists()

    def read(self) -> Head | None:
        """The head; None where there is none, or one that we did not sign."""
        try:
            kept = json.loads(self._path.read_text("utf-8"))
            head = Head(int(kept["seq"]), str(kept["hash"]), float(kept["at"]))
            signed = str(kept["mac"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None
        return head if hmac.compare_digest(signed.encode(), self._mac(head).encode()) else None

    def write(self, head: Head) -> None:
        """Replace the file in one step. Raises OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(f"{self._path.name}.{os.urandom(6).hex()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({**asdict(head), "mac": self._mac(head)}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, self._path)

    def _mac(self, head: Head) -> str:
        return hmac.new(self._key, f"{head.seq}\n{head.hash}\n{head.at!r}".encode(), "sha256").hexdigest()
