"""Signing in: a password, then the second factor, then a session that the server keeps and can end.

The token of a session is random, and another one after each step, so that nobody can have planted it; the database has
its hash. A wrong name, a wrong password and a disabled account get one answer, and take as long.
"""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from companion.errors import AuthenticationError, InputError
from companion.records.attempts import FREE, Attempt, Attempts
from companion.records.audit import UNKNOWN, Audit, derived_key
from companion.records.database import Store
from companion.records.passwords import Passwords, check_password
from companion.records.second_factor import SecondFactor, matching_step, without
from companion.records.staff import Staff, StaffRow, StaffSessionRow, roles_of, staff_name

PENDING_S = 300.0  # between password and second factor; this and the rest authored
IDLE_S, ABSOLUTE_S = 1800.0, 43_200.0
_SEEN_EVERY_S = 60.0  # a session is written so often at most: it ends after 29 to 30 minutes without a request
_MOST_PENDING = 5  # of one account


class SignIn:
    """Over the database. master: `KeyRing.receipt_key`; address: of the client. Times: unix s. Raises StorageError."""

    def __init__(self, store: Store, master: bytes, audit: Audit, passwords: Passwords, factor: SecondFactor) -> None:
        self._store, self._audit, self._passwords, self._factor = store, audit, passwords, factor
        self.attempts = Attempts(store, derived_key(master, "sign-in"))
        self._csrf_key = derived_key(master, "csrf")

    async def password(
        self, name: str, password: str, address: str, now: float, *, replacing: str | None = None
    ) -> str:
        """The first step: a token that is good for `second` only. replacing: the token the client came with; it ends.

        Raises AuthenticationError, TooManyAttempts.
        """
        try:
            name = staff_name(name)
        except InputError:
            name = ""  # nobody's; goes the same way as every other
        attempt = await self.attempts.begin(name, address, now)

        async def look(session: AsyncSession) -> StaffRow | None:
            return await session.scalar(select(StaffRow).where(col(StaffRow.name) == name))

        row = await self._store.transaction(look)
        right = await self._passwords.verify(row.password_hash if row else None, password)
        if not right or row is None or row.disabled_at is not None:
            await self._failed(row, attempt, now)
            raise AuthenticationError("the name or the password is wrong")
        renewed = await self._passwords.hash(password) if self._passwords.outdated(row.password_hash) else None
        token, staff_id, kept = _token(), row.id, row.password_hash

        async def work(session: AsyncSession) -> None:
            await self._prune(session, staff_id, now)
            if replacing is not None:
                await session.execute(delete(StaffSessionRow).where(col(StaffSessionRow.id) == _hash(replacing)))
            if renewed is not None:
                unchanged = (col(StaffRow.id) == staff_id) & (col(StaffRow.password_hash) == kept)
                await session.execute(update(StaffRow).where(unchanged).values(password_hash=renewed))
            session.add(_session(token, staff_id, now, complete=False))
            await self.attempts.forgiven(attempt)(session)

        await self._store.transaction(work)
        return token

    async def second(self, token: str | None, code: str, address: str, now: float) -> tuple[str, Staff]:
        """The second step, with a code of the app or a recovery code: the session's token, and who it is.

        Raises AuthenticationError, TooManyAttempts. A code is taken once.
        """
        row, _ = await self._open(token, now, complete=False)
        attempt = await self.attempts.begin(row.name, address, now)
        used: dict[str, Any] | None = None
        step = matching_step(self._factor.open(row.id, row.totp), code, now)
        left = without(row.recovery.split(","), self._factor.hashed(code))
        if step is not None and step > row.totp_step:
            used = {"totp_step": step}
        elif left is not None:
            used = {"recovery": ",".join(left)}
        fresh = _token()

        async def work(session: AsyncSession) -> bool:
            # As it was read: of two that bring the same code at once, one changes the row.
            same = (col(StaffRow.totp_step) == row.totp_step) & (col(StaffRow.recovery) == row.recovery)
            mine = (col(StaffRow.id) == row.id) & col(StaffRow.disabled_at).is_(None) & same
            done: Any = await session.execute(update(StaffRow).where(mine).values(**used or {}))
            ended: Any = await session.execute(delete(StaffSessionRow).where(col(StaffSessionRow.id) == _hash(token)))
            if not (done.rowcount and ended.rowcount):
                return False
            session.add(_session(fresh, row.id, now, complete=True))
            await self.attempts.succeeded(row.name, attempt, now)(session)
            how = "recovery" if step is None else "totp"
            await self._audit.row(now, row.id, "staff.login", factor=how, failures=attempt.failures - 1)(session)
            return True

        if used is None or not await self._store.transaction(work):
            await self._failed(row, attempt, now)
            raise AuthenticationError("the code is wrong, or was used before: wait for the next one")
        return fresh, Staff(row.id, row.name, roles_of(row))

    async def session(self, token: str | None, now: float) -> Staff:
        """Who has this session. Raises AuthenticationError where it is not there, not complete, or over."""
        row, kept = await self._open(token, now, complete=True)
        if now - kept.seen_at >= _SEEN_EVERY_S:

            async def work(session: AsyncSession) -> None:
                mine = (col(StaffSessionRow.id) == kept.id) & (col(StaffSessionRow.seen_at) < now)
                await session.execute(update(StaffSessionRow).where(mine).values(seen_at=now))

            await self._store.transaction(work)
        return Staff(row.id, row.name, roles_of(row))

    async def leave(self, token: str, staff: Staff, now: float) -> None:
        """The session ends."""

        async def work(session: AsyncSession) -> None:
            await session.execute(delete(StaffSessionRow).where(col(StaffSessionRow.id) == _hash(token)))
            await self._audit.row(now, staff.id, "staff.logout")(session)

        await self._store.transaction(work)

    async def change_password(self, token: str, old: str, new: str, address: str, now: float) -> str:
        """Another password; all sessions of the account end, and the caller's goes on under the token returned.

        Raises AuthenticationError (also for a wrong old one), TooManyAttempts, InputError for a weak new one.
        """
        row, kept = await self._open(token, now, complete=True)
        check_password(new, row.name)
        attempt = await self.attempts.begin(row.name, address, now)
        if not await self._passwords.verify(row.password_hash, old):
            await self._failed(row, attempt, now)
            raise AuthenticationError("the old password is wrong")
        fresh, hashed = _token(), await self._passwords.hash(new)

        async def work(session: AsyncSession) -> bool:
            unchanged = (col(StaffRow.id) == row.id) & (col(StaffRow.password_hash) == row.password_hash)
            done: Any = await session.execute(update(StaffRow).where(unchanged).values(password_hash=hashed))
            if not done.rowcount:
                return False
            await session.execute(delete(StaffSessionRow).where(col(StaffSessionRow.staff_id) == row.id))
            session.add(_session(fresh, row.id, kept.created_at, complete=True, seen_at=now))
            await self.attempts.forgiven(attempt)(session)
            await self._audit.row(now, row.id, "staff.password")(session)
            return True

        if not await self._store.transaction(work):
            raise AuthenticationError("the password was changed at the same moment: sign in again")
        return fresh

    def csrf(self, token: str) -> str:
        """What a page must send along, in a header, with what it changes in this session."""
        return hmac.new(self._csrf_key, token.encode(), "sha256").hexdigest()

    def csrf_fits(self, token: str, sent: str | None) -> bool:
        """Whether that was sent for this very session."""
        return sent is not None and hmac.compare_digest(self.csrf(token).encode(), sent.encode())

    async def _open(self, token: str | None, now: float, *, complete: bool) -> tuple[StaffRow, StaffSessionRow]:
        async def work(session: AsyncSession) -> Any:
            mine = (col(StaffSessionRow.id) == _hash(token or "")) & (col(StaffSessionRow.complete) == complete)
            query = select(StaffRow, StaffSessionRow).join(
                StaffSessionRow, col(StaffSessionRow.staff_id) == col(StaffRow.id)
            )
            return (await session.execute(query.where(mine, col(StaffRow.disabled_at).is_(None)))).first()

        found = await self._store.transaction(work) if token else None
        if found is None:
            raise AuthenticationError("sign in first: there is no such session of staff")
        row, kept = found
        idle_s, absolute_s = (IDLE_S, ABSOLUTE_S) if complete else (PENDING_S, PENDING_S)
        if now - kept.seen_at >= idle_s or now - kept.created_at >= absolute_s:
            raise AuthenticationError("the session is over: sign in again")
        return row, kept

    async def _failed(self, row: StaffRow | None, attempt: Attempt, now: float) -> None:
        if attempt.failures > FREE:  # also where there is no such account: both take as long
            await self._audit.write(now, row.id if row else UNKNOWN, "staff.refused", failures=attempt.failures)

    async def _prune(self, session: AsyncSession, staff_id: str, now: float) -> None:
        """Take out what is over, and all but the newest sessions of this account that wait for the second factor."""
        complete, created = col(StaffSessionRow.complete), col(StaffSessionRow.created_at)
        over = (col(StaffSessionRow.seen_at) < now - IDLE_S) | (created < now - ABSOLUTE_S)
        over |= complete.is_(False) & (created < now - PENDING_S)
        await session.execute(delete(StaffSessionRow).where(over))
        waiting = complete.is_(False) & (col(StaffSessionRow.staff_id) == staff_id)
        newest = select(col(StaffSessionRow.id)).where(waiting).order_by(created.desc()).limit(_MOST_PENDING - 1)
        kept = (await session.execute(newest)).scalars().all()
        await session.execute(delete(StaffSessionRow).where(waiting, col(StaffSessionRow.id).not_in(kept)))


def _token() -> str:
    return f"st_{secrets.token_urlsafe(32)}"


def _hash(token: str | None) -> str:
    return sha256((token or "").encode()).hexdigest()


def _session(
    token: str, staff_id: str, created_at: float, *, complete: bool, seen_at: float | None = None
) -> StaffSessionRow:
    seen = created_at if seen_at is None else seen_at
    return StaffSessionRow(id=_hash(token), staff_id=staff_id, complete=complete, created_at=created_at, seen_at=seen)
