"""Attempts to sign in, counted before they are looked at, so that a thousand at once are not a thousand guesses.

After five failures each further one waits longer, per account and per address. An address from which this account has
signed in before is counted by itself: strangers who guess at an account do not shut out who always comes from there.
An attempt during the wait is refused, and neither counts nor makes it longer. The database keeps keyed hashes.
"""

from __future__ import annotations

import hmac
import ipaddress
import math
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import Column, Double, Index, Integer, String, case, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from companion.errors import AuthenticationError
from companion.records.database import Store, Work

FREE = 4  # failures that cost nothing; this and the rest authored
_FIRST_S, _LONGEST_S = 30.0, 900.0
_FORGOTTEN_S = 86_400.0  # after the last counted attempt
_KNOWN_S = 30 * 86_400.0  # after the last sign-in from an address
MOST_ROWS = 10_000  # of addresses and accounts; those that were quiet for longest go first


class StaffAttemptRow(SQLModel, table=True):
    """Failures under one name (keyed hash of an account, an address, or both). at: of the last that counted;
    until: the next is refused before; known_until: so long the account is at home at the address. Unix seconds."""

    __tablename__: ClassVar[str] = "staff_attempt"
    __table_args__ = (Index("ix_staff_attempt_at", "at"),)

    subject: str = Field(sa_column=Column(String(64), primary_key=True))
    failures: int = Field(sa_column=Column(Integer, nullable=False))
    at: float = Field(sa_column=Column(Double, nullable=False))
    until: float = Field(sa_column=Column(Double, nullable=False))
    known_until: float | None = Field(default=None, sa_column=Column(Double))


_row: Any = StaffAttemptRow.__table__  # type: ignore[attr-defined]


class TooManyAttempts(AuthenticationError):
    """Too many failures. retry_after_s: when the next attempt is looked at, whole seconds."""

    retryable = True

    def __init__(self, retry_after_s: float) -> None:
        retry_after_s = math.ceil(max(1.0, retry_after_s))
        super().__init__(f"too many attempts to sign in: try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Attempt:
    """One that was let in. failures: most that any of its subjects has had, this attempt among them."""

    subjects: tuple[str, ...]
    pair: str
    failures: int


class Attempts:
    """Over the database. key: the same in all replicas."""

    def __init__(self, store: Store, key: bytes) -> None:
        self._store, self._key = store, key

    async def begin(self, name: str, address: str, now: float) -> Attempt:
        """Count an attempt as a failure, until `forgiven` or `succeeded`. Raises TooManyAttempts, StorageError."""
        address = network(address)
        pair = self._subject("pair", name, address)
        # Sorted: two that wait for each other never meet.
        strangers = tuple(sorted((self._subject("account", name), self._subject("address", address))))

        async def work(session: AsyncSession) -> Attempt:
            # Read first: an attempt that must wait asks for no lock.
            kept = select(StaffAttemptRow).where(col(StaffAttemptRow.subject).in_((pair, *strangers)))
            rows = {row.subject: row for row in (await session.execute(kept)).scalars()}
            at_home = pair in rows and (rows[pair].known_until or 0.0) > now
            subjects = (pair,) if at_home else strangers
            until = max((rows[each].until for each in subjects if each in rows), default=now)
            if until > now:
                raise TooManyAttempts(until - now)
            return Attempt(subjects, pair, max([await _count(session, each, now) for each in subjects]))

        for _ in range(3):
            try:
                return await self._store.transaction(work, passing=IntegrityError)
            except IntegrityError:  # somebody else made the row at the same moment: now there is one to update
                continue
        raise TooManyAttempts(1.0)

    def forgiven(self, attempt: Attempt) -> Work:
        """The attempt was no failure, and says nothing of those before it; for a transaction."""

        async def work(session: AsyncSession) -> None:
            failures = col(StaffAttemptRow.failures)
            for subject in attempt.subjects:
                one = col(StaffAttemptRow.subject) == subject
                # The wait that it began ends with it; the one before was over, or it had not been let in.
                less = update(StaffAttemptRow).where(one, failures > 0)
                await session.execute(less.values(failures=failures - 1, until=col(StaffAttemptRow.at)))

        return work

    def succeeded(self, name: str, attempt: Attempt, now: float) -> Work:
        """Somebody is in: the account's failures are over, and it is at home at this address."""
        account = self._subject("account", name)

        async def work(session: AsyncSession) -> None:
            await self.forgiven(attempt)(session)
            mine = col(StaffAttemptRow.subject).in_((account, attempt.pair))
            await session.execute(delete(StaffAttemptRow).where(mine))
            values = {"subject": attempt.pair, "failures": 0, "at": now, "until": now, "known_until": now + _KNOWN_S}
            await session.execute(insert(_row).values(**values))

        return work

    async def rows(self) -> int:
        """How many subjects are counted."""

        async def work(session: AsyncSession) -> int:
            return await session.scalar(select(func.count()).select_from(StaffAttemptRow)) or 0

        return await self._store.transaction(work)

    def _subject(self, kind: str, *names: str) -> str:
        return hmac.new(self._key, "\n".join((kind, *names)).encode(), "sha256").hexdigest()


def network(address: str) -> str:
    """What counts as one address: an IPv4 address, the /64 of an IPv6 one; anything else as it is."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed.packed[:8] + bytes(8), 64)))
    return str(parsed)


def delay_s(failures: int) -> float:
    """How long the next attempt waits after so many failures: 0, then 30 s, doubled each time, 15 minutes at most."""
    over = failures - FREE
    return 0.0 if over <= 0 else min(_LONGEST_S, _FIRST_S * 2.0 ** min(over - 1, 10))


async def _count(session: AsyncSession, subject: str, now: float) -> int:
    """One failure more of this subject; how many it has. Raises TooManyAttempts where it must wait."""
    one = col(StaffAttemptRow.subject) == subject
    failures = case((col(StaffAttemptRow.at) > now - _FORGOTTEN_S, col(StaffAttemptRow.failures) + 1), else_=1)
    allowed = update(StaffAttemptRow).where(one, col(StaffAttemptRow.until) <= now)
    done: Any = await session.execute(allowed.values(failures=failures, at=now))  # holds the row from here on
    if done.rowcount:
        counted = await session.scalar(select(col(StaffAttemptRow.failures)).where(one)) or 1
        await session.execute(update(StaffAttemptRow).where(one).values(until=now + delay_s(counted)))
        return counted
    until = await session.scalar(select(col(StaffAttemptRow.until)).where(one))
    if until is not None:
        raise TooManyAttempts(until - now)
    await _make_room(session, now)
    await session.execute(insert(_row).values(subject=subject, failures=1, at=now, until=now))
    return 1


async def _make_room(session: AsyncSession, now: float) -> None:
    at, known_until = col(StaffAttemptRow.at), col(StaffAttemptRow.known_until)
    stranger = known_until.is_(None)
    gone = (stranger & (at < now - _FORGOTTEN_S)) | (known_until < now)
    await session.execute(delete(StaffAttemptRow).where(gone))
    while (await session.scalar(select(func.count()).where(stranger)) or 0) >= MOST_ROWS:
        quiet = select(col(StaffAttemptRow.subject)).where(stranger).order_by(at).limit(MOST_ROWS // 10)
        await session.execute(delete(StaffAttemptRow).where(col(StaffAttemptRow.subject).in_(quiet)))
