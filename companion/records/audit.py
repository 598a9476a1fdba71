"""What staff did: one append-only chain of rows, each signed together with the one before it.

A row is written in the transaction of the act itself, so that neither is there without the other. It holds no content:
a person, and what is theirs, stand in it as keyed hashes that mean nothing once they are erased; `detail` takes
numbers and identifiers. Whoever can write the database but has not the master key can alter, delete, insert or reorder
nothing unnoticed; that they cut off the end is told by the signed head, a file outside the database.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Double, Index, String, Text, delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from companion.records.audit_head import AuditHead, Head
from companion.records.database import Store, Work

OPERATOR = "operator"  # whoever has a shell on the server
UNKNOWN = "unknown"  # who signs in under a name that nobody has
_GENESIS = "0" * 64
_LOCK = 0x61756469  # PostgreSQL's advisory lock of the chain; any number that nothing else uses
_BATCH = 1000
_MOST_FAULTS = 100
_ACTION = re.compile(r"[a-z_]+(\.[a-z_]+)*")
_PLAIN = re.compile(r"[A-Za-z0-9_.:,/@-]{0,128}")


class AuditRow(SQLModel, table=True):
    """One act. staff_id: whose; subject: keyed hash of the person it was about, hex; object_id: what it was done to,
    hashed where it is a person's; detail: JSON; hash: HMAC-SHA256 of all that, seq and prev_hash, hex."""

    __tablename__: ClassVar[str] = "audit"
    __table_args__ = (Index("ix_audit_subject", "subject"), Index("ix_audit_staff", "staff_id"))

    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    at: float = Field(sa_column=Column(Double, nullable=False))
    staff_id: str = Field(sa_column=Column(String(64), nullable=False))
    action: str = Field(sa_column=Column(String(64), nullable=False))
    subject: str | None = Field(default=None, sa_column=Column(String(64)))
    object_id: str | None = Field(default=None, sa_column=Column(String(128)))
    detail: str = Field(sa_column=Column(Text, nullable=False))
    prev_hash: str = Field(sa_column=Column(String(64), nullable=False))
    hash: str = Field(sa_column=Column(String(64), nullable=False))


_row: Any = AuditRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Entry:
    """A row as it is read. at: unix s; detail: parsed."""

    seq: int
    at: float
    staff_id: str
    action: str
    subject: str | None
    object_id: str | None
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that was done to the chain. kind: altered (or put in by a stranger), missing, unlinked (what stood
    before it is another row now), truncated, replaced (not the row that the head saw), no_head, forged_head."""

    seq: int
    kind: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `verify` found: the rows it read, up to which seq, and the first 100 faults. sound: none."""

    rows: int
    last_seq: int
    faults: tuple[Fault, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not self.faults


class Audit:
    """The chain. master: `KeyRing.receipt_key`, the same in all replicas; head: file of the signed head."""

    def __init__(self, store: Store, master: bytes, head: Path) -> None:
        self._store, self._master = store, master
        self._key = derived_key(master, "audit")
        self._head = AuditHead(head, derived_key(master, "audit head"))

    def row(
        self,
        at: float,
        staff_id: str,
        action: str,
        *,
        user_id: str | None = None,
        object_id: str | None = None,
        **detail: bool | int | float | str | None,
    ) -> Work:
        """Write down an act, as the last work of its transaction. at: unix s; user_id: the person it was about.

        detail: numbers, or identifiers in ASCII; raises ValueError for other words, which would be content.
        """
        if not _ACTION.fullmatch(action):
            raise ValueError(f"{action!r} is no action: use words of a to z, joined by dots")
        strange = [name for name, value in detail.items() if isinstance(value, str) and not _PLAIN.fullmatch(value)]
        if strange:
            raise ValueError(f"{', '.join(strange)}: an audit row holds identifiers, never words")
        values = {
            "at": at,
            "staff_id": staff_id,
            "action": action,
            "subject": None if user_id is None else self.subject(user_id),
            "object_id": object_id if user_id is None or object_id is None else self.hashed(object_id),
            "detail": json.dumps(detail, sort_keys=True, allow_nan=False),
        }

        async def work(session: AsyncSession) -> None:
            await _alone(session)
            newest = select(col(AuditRow.seq), col(AuditRow.hash)).order_by(col(AuditRow.seq).desc()).limit(1)
            before = (await session.execute(newest)).first()
            seq, prev_hash = (1, _GENESIS) if before is None else (before.seq + 1, before.hash)
            chained: dict[str, Any] = {"seq": seq, **values, "prev_hash": prev_hash}
            await session.execute(insert(_row).values(**chained, hash=self._hash(chained)))

        return work

    async def write(self, at: float, staff_id: str, action: str, **what: Any) -> None:
        """`row` in a transaction of its own. Raises StorageError."""
        await self._store.transaction(self.row(at, staff_id, action, **what))

    def subject(self, user_id: str) -> str:
        """A person as the chain, and the receipt of their erasure, names them."""
        return hmac.new(self._master, user_id.encode(), "sha256").hexdigest()

    def hashed(self, object_id: str) -> str:
        """What is a person's as the chain names it."""
        return hmac.new(self._key, f"object\n{object_id}".encode(), "sha256").hexdigest()

    async def entries(
        self, *, user_id: str | None = None, staff_id: str | None = None, action: str | None = None, latest: int = 100
    ) -> list[Entry]:
        """The latest rows that fit, oldest first."""

        async def work(session: AsyncSession) -> Sequence[AuditRow]:
            query = select(AuditRow).order_by(col(AuditRow.seq).desc()).limit(latest)
            if user_id is not None:
                query = query.where(col(AuditRow.subject) == self.subject(user_id))
            if staff_id is not None:
                query = query.where(col(AuditRow.staff_id) == staff_id)
            if action is not None:
                query = query.where(col(AuditRow.action) == action)
            return (await session.execute(query)).scalars().all()

        rows = await self._store.transaction(work)
        return [
            Entry(r.seq, r.at, r.staff_id, r.action, r.subject, r.object_id, json.loads(r.detail))
            for r in reversed(rows)
        ]

    async def verify(self) -> Verdict:
        """Read the whole chain and the head. Rows that are written meanwhile are read too. Raises StorageError."""
        faults: list[Fault] = []
        head = self._head.read()
        rows, last_seq, prev_hash, seen_by_head = 0, 0, _GENESIS, None
        async for row in self._all():
            rows += 1
            if row.seq != last_seq + 1:
                faults.append(Fault(last_seq + 1, "missing"))
            elif row.prev_hash != prev_hash:
                faults.append(Fault(row.seq, "unlinked"))
            if not hmac.compare_digest(row.hash.encode(), self._hash(_values(row)).encode()):
                faults.append(Fault(row.seq, "altered"))
            last_seq, prev_hash = row.seq, row.hash
            if head and row.seq == head.seq:
                seen_by_head = row.hash
        if head is None and (rows or self._head.exists()):
            faults.append(Fault(last_seq, "forged_head" if self._head.exists() else "no_head"))
        elif head is not None and head.seq > last_seq:
            faults.append(Fault(last_seq + 1, "truncated"))
        elif head is not None and seen_by_head not in (None, head.hash):
            faults.append(Fault(head.seq, "replaced"))
        return Verdict(rows, last_seq, tuple(faults[:_MOST_FAULTS]))

    async def sign_head(self, now: float) -> Fault | None:
        """Keep the newest row's seq and hash in the head's file; at: unix s. Raises StorageError, OSError.

        The old head must still be in the chain: else the fault is returned and the file, as evidence, left alone.
        """
        head = self._head.read()
        if head is None and self._head.exists():
            return Fault(0, "forged_head")

        async def work(session: AsyncSession) -> tuple[str | None, Any]:
            newest = select(col(AuditRow.seq), col(AuditRow.hash)).order_by(col(AuditRow.seq).desc()).limit(1)
            last = (await session.execute(newest)).first()
            known = select(col(AuditRow.hash)).where(col(AuditRow.seq) == (head.seq if head else 0))
            return await session.scalar(known), last

        known, last = await self._store.transaction(work)
        if head is not None and known != head.hash:
            gone = last is None or last.seq < head.seq
            return Fault(head.seq, "truncated" if gone else "replaced" if known else "missing")
        if last is not None and (head is None or last.seq > head.seq):
            self._head.write(Head(last.seq, last.hash, now))
        return None

    def head(self) -> Head | None:
        """The head as it was signed last; None where there is none that is ours."""
        return self._head.read()

    def _hash(self, chained: dict[str, Any]) -> str:
        return hmac.new(self._key, json.dumps(chained, sort_keys=True).encode(), "sha256").hexdigest()

    async def _all(self) -> AsyncIterator[AuditRow]:
        after: int | None = None
        while True:

            async def work(session: AsyncSession, after: int | None = after) -> Sequence[AuditRow]:
                query = select(AuditRow).order_by(col(AuditRow.seq)).limit(_BATCH)
                if after is not None:
                    query = query.where(col(AuditRow.seq) > after)
                return (await session.execute(query)).scalars().all()

            rows = await self._store.transaction(work)
            for row in rows:
                yield row
            if len(rows) < _BATCH:
                return
            after = rows[-1].seq


def derived_key(master: bytes, purpose: str) -> bytes:
    """A key for one purpose. master: `KeyRing.receipt_key`. No id of a person has a blank, so none meets a purpose."""
    return hmac.new(master, f"key of {purpose}".encode(), "sha256").digest()


async def _alone(session: AsyncSession) -> None:
    """Until the end of this transaction nobody else appends. What came before in it takes its own locks first."""
    await session.flush()
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    else:  # a write, even one that no row can meet, takes SQLite's one write lock before the newest row is read
        await session.execute(delete(AuditRow).where(col(AuditRow.seq) < 0, col(AuditRow.seq) > 0))


def _values(row: AuditRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _row.columns.keys() if name != "hash"}  # noqa: SIM118
