"""Erasing a person: everything that is kept of them, their key first of all, and a receipt without content.

Order: files and vectors, then all rows and the key in one transaction with the receipt, then the bytes that stores keep
of what they deleted. Cut off at any point, it is run again and goes on.
"""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Table, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from companion.errors import InputError
from companion.records.repository import Records
from companion.records.tables import ErasureRow, UserRow
from memory.memories import Memories

_CHUNK = 1 << 22
_WINDOW = 64  # bytes of a longer blob that are looked for: a database may part it between pages
# Names of tables on a receipt; any other table is called as it is.
_PARTS = {"session": "sessions", "turn": "turns", "memory": "memories", "memory_outbox": "waiting", "journal": "events"}


@dataclass(frozen=True, slots=True)
class Receipt:
    """That somebody was erased. subject: keyed hash of their id; counts: what there was, by kind."""

    id: str
    subject: str
    erased_at: float
    counts: Mapping[str, int]


async def erase(records: Records, memories: Memories, user_id: str, now: float) -> Receipt:
    """Erase a person. Raises InputError for somebody who is not here, StorageError; then run it again."""
    counts = await _inventory(records, user_id)
    counts["recordings"] = records.spool.erase(user_id)
    counts["vectors"] = await memories.erase(user_id)
    receipt = Receipt(f"erasure_{uuid.uuid4().hex}", subject(records, user_id), now, counts)

    async def work(session: AsyncSession) -> None:
        for table in reversed(tables_of_people()):
            await session.execute(delete(table).where(table.c.user_id == user_id))
        await session.execute(delete(UserRow).where(col(UserRow.id) == user_id))
        session.add(ErasureRow(id=receipt.id, subject=receipt.subject, erased_at=now, counts=dict(receipt.counts)))

    await records.store.transaction(work)
    records.ring.forget(user_id)
    await records.store.scrub()
    return receipt


def tables_of_people() -> list[Table]:
    """Every table that names a person in `user_id`, those before others that others point to."""
    return [table for table in SQLModel.metadata.sorted_tables if "user_id" in table.c]


async def receipts(records: Records, user_id: str) -> list[Receipt]:
    """The receipts of a person who gives their id, oldest first."""

    async def work(session: AsyncSession) -> Sequence[ErasureRow]:
        mine = select(ErasureRow).where(col(ErasureRow.subject) == subject(records, user_id))
        return (await session.execute(mine.order_by(col(ErasureRow.erased_at)))).scalars().all()

    return [Receipt(r.id, r.subject, r.erased_at, r.counts) for r in await records.store.transaction(work)]


def subject(records: Records, user_id: str) -> str:
    """HMAC-SHA256 of the id under the master key, hex: nobody without that key can go through ids."""
    return hmac.new(records.ring.receipt_key, user_id.encode(), "sha256").hexdigest()


async def traces(records: Records, user_id: str) -> tuple[bytes, ...]:
    """Bytes that tell that something of the person is in a file: ids, key, sealed words, vectors. Take them before."""

    async def work(session: AsyncSession) -> list[bytes]:
        found = [user_id.encode()]
        if (person := await session.get(UserRow, user_id)) is not None:
            found.append(person.wrapped_key)
        for table in tables_of_people():
            for row in (await session.execute(select(table).where(table.c.user_id == user_id))).mappings():
                if isinstance(row.get("id"), str):
                    found.append(row["id"].encode())
                for value in row.values():
                    found += _windows(value) if isinstance(value, bytes) else []
        return found

    return tuple({needle for needle in await records.store.transaction(work) if needle})


def files_with(folder: Path, needles: Iterable[bytes]) -> list[Path]:
    """Every file under `folder` that holds one of the needles."""
    wanted = sorted(needles)
    overlap = max(map(len, wanted), default=0)
    found = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        tail = b""
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                block = tail + chunk
                if any(needle in block for needle in wanted):
                    found.append(path)
                    break
                tail = block[-overlap:]
    return found


def _windows(blob: bytes) -> list[bytes]:
    """The two pieces of a blob that are least like anything else: zeros are everywhere."""
    pieces = [blob[at : at + _WINDOW] for at in range(0, max(1, len(blob) - _WINDOW + 1), _WINDOW)]
    return sorted(pieces, key=lambda piece: -len(set(piece)))[:2]


async def _inventory(records: Records, user_id: str) -> dict[str, int]:
    async def work(session: AsyncSession) -> dict[str, int]:
        if await session.get(UserRow, user_id) is None:
            raise InputError("nobody of this id is here: they never were, or were erased", code="not_found")
        counts = {}
        for table in tables_of_people():
            mine = select(func.count()).select_from(table).where(table.c.user_id == user_id)
            counts[_PARTS.get(table.name, table.name)] = await session.scalar(mine) or 0
        return counts

    return await records.store.transaction(work)
