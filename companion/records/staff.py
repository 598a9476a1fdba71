"""Staff: who may look at what people said. Accounts, their roles, and how they are made and ended."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    delete,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from companion.errors import InputError
from companion.records.audit import Audit
from companion.records.database import Store
from companion.records.passwords import Passwords, check_password, new_password
from companion.records.second_factor import SecondFactor, new_recovery_codes, new_secret, provisioning_uri

ROLES = ("counsellor", "supervisor", "researcher", "admin")
# One account acts in one capacity: who reads named sessions must not be able to match them with an export, and who
# makes accounts must not read. Somebody who does both has two accounts, and the audit tells which it was.
_TOGETHER = (frozenset({"counsellor", "supervisor"}), frozenset({"researcher"}), frozenset({"admin"}))
_NAME = re.compile(r"[\w.@-]{1,64}")


class StaffRow(SQLModel, table=True):
    """An account. roles: with commas between; totp: the secret, sealed; totp_step: of the last code that was taken;
    recovery: hashes of the recovery codes that are left, with commas between. Unix seconds."""

    __tablename__: ClassVar[str] = "staff"

    id: str = Field(sa_column=Column(String(64), primary_key=True))
    name: str = Field(sa_column=Column(String(64), nullable=False, unique=True, index=True))
    roles: str = Field(sa_column=Column(String(100), nullable=False))
    password_hash: str = Field(sa_column=Column(String(200), nullable=False))
    totp: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    totp_step: int = Field(sa_column=Column(BigInteger, nullable=False))
    recovery: str = Field(sa_column=Column(Text, nullable=False))
    created_at: float = Field(sa_column=Column(Double, nullable=False))
    disabled_at: float | None = Field(default=None, sa_column=Column(Double))


class StaffSessionRow(SQLModel, table=True):
    """Somebody who signed in. id: SHA-256 of the token, hex; complete: with the second factor too. Unix seconds."""

    __tablename__: ClassVar[str] = "staff_session"
    __table_args__ = (Index("ix_staff_session_staff", "staff_id"),)

    id: str = Field(sa_column=Column(String(64), primary_key=True))
    staff_id: str = Field(
        sa_column=Column(
            String(64), ForeignKey("staff.id", name="fk_staff_session", ondelete="CASCADE"), nullable=False
        )
    )
    complete: bool = Field(sa_column=Column(Boolean, nullable=False))
    created_at: float = Field(sa_column=Column(Double, nullable=False))
    seen_at: float = Field(sa_column=Column(Double, nullable=False))


@dataclass(frozen=True, slots=True)
class Staff:
    """Who asks: a member of staff who has signed in with both factors."""

    id: str
    name: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Account:
    """An account as an admin sees it. Times: unix s; seen_at: of the newest session that is open."""

    id: str
    name: str
    roles: frozenset[str]
    created_at: float
    disabled_at: float | None
    recovery_codes: int


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What its owner needs, told once. password: None where it was given; uri: for the authenticator app."""

    staff_id: str
    name: str
    password: str | None = field(repr=False)
    uri: str = field(repr=False)
    recovery_codes: tuple[str, ...] = field(repr=False)


class StaffAccounts:
    """Accounts over the database. by: the id of who does it, for the audit. Raises StorageError.

    A name is written as it is looked up: NFKC, in small letters.
    """

    def __init__(self, store: Store, audit: Audit, passwords: Passwords, factor: SecondFactor) -> None:
        self._store, self._audit, self._passwords, self._factor = store, audit, passwords, factor

    async def add(
        self, name: str, roles: Collection[str], now: float, *, by: str, password: str | None = None
    ) -> Enrolment:
        """A new account. password: None for a random one. Raises InputError for what cannot be, or a name in use."""
        name, joined = staff_name(name), _joined(roles)
        staff_id = f"staff_{uuid.uuid4().hex}"
        enrolment, values = await self._enrolled(staff_id, name, password)

        async def work(session: AsyncSession) -> None:
            session.add(StaffRow(id=staff_id, name=name, roles=joined, created_at=now, **values))
            await self._audit.row(now, by, "staff.add", object_id=staff_id, roles=joined)(session)

        try:
            await self._store.transaction(work, passing=IntegrityError)
        except IntegrityError:
            raise InputError("an account of this name is there: companion staff reset NAME", code="exists") from None
        return enrolment

    async def reset(self, name: str, now: float, *, by: str, password: str | None = None) -> Enrolment:
        """New password, second factor and recovery codes; the account's sessions end. Raises InputError."""
        account = await self.find(name)
        enrolment, values = await self._enrolled(account.id, account.name, password)

        async def work(session: AsyncSession) -> None:
            await session.execute(update(StaffRow).where(col(StaffRow.id) == account.id).values(**values))
            await _end_sessions(session, account.id)
            await self._audit.row(now, by, "staff.reset", object_id=account.id)(session)

        await self._store.transaction(work)
        return enrolment

    async def disable(self, name: str, now: float, *, by: str) -> None:
        """Nobody signs in with this account any more, and its sessions end. Raises InputError."""
        await self._set_disabled(name, now, "staff.disable", now, by)

    async def enable(self, name: str, now: float, *, by: str) -> None:
        """The account may be used again. Raises InputError."""
        await self._set_disabled(name, None, "staff.enable", now, by)

    async def find(self, name: str) -> Account:
        """The account of this name. Raises InputError (not_found)."""

        async def work(session: AsyncSession) -> StaffRow | None:
            return await session.scalar(select(StaffRow).where(col(StaffRow.name) == staff_name(name)))

        row = await self._store.transaction(work)
        if row is None:
            raise InputError("no account has this name: companion staff list", code="not_found")
        return _account(row)

    async def accounts(self) -> list[Account]:
        """All, by name."""

        async def work(session: AsyncSession) -> Sequence[StaffRow]:
            return (await session.execute(select(StaffRow).order_by(col(StaffRow.name)))).scalars().all()

        return [_account(row) for row in await self._store.transaction(work)]

    async def _set_disabled(self, name: str, disabled_at: float | None, action: str, now: float, by: str) -> None:
        account = await self.find(name)

        async def work(session: AsyncSession) -> None:
            mine = col(StaffRow.id) == account.id
            await session.execute(update(StaffRow).where(mine).values(disabled_at=disabled_at))
            await _end_sessions(session, account.id)
            await self._audit.row(now, by, action, object_id=account.id)(session)

        await self._store.transaction(work)

    async def _enrolled(self, staff_id: str, name: str, password: str | None) -> tuple[Enrolment, dict[str, Any]]:
        if password is not None:
            check_password(password, name)
        chosen = password or new_password()
        secret, codes = new_secret(), new_recovery_codes()
        values = {
            "password_hash": await self._passwords.hash(chosen),
            "totp": self._factor.seal(staff_id, secret),
            "totp_step": 0,
            "recovery": ",".join(self._factor.hashed(code) for code in codes),
        }
        told = None if password is not None else chosen
        return Enrolment(staff_id, name, told, provisioning_uri(secret, name), tuple(codes)), values


def staff_name(name: str) -> str:
    """The name as it is kept. Raises InputError for one that cannot be."""
    name = unicodedata.normalize("NFKC", name).casefold()
    if not _NAME.fullmatch(name):
        raise InputError("a name has 1 to 64 letters, digits, or . _ @ -", code="invalid_name")
    return name


def roles_of(row: StaffRow) -> frozenset[str]:
    """The roles of an account."""
    return frozenset(row.roles.split(","))


async def _end_sessions(session: AsyncSession, staff_id: str) -> None:
    await session.execute(delete(StaffSessionRow).where(col(StaffSessionRow.staff_id) == staff_id))


def _account(row: StaffRow) -> Account:
    left = len(row.recovery.split(",")) if row.recovery else 0
    return Account(row.id, row.name, roles_of(row), row.created_at, row.disabled_at, left)


def _joined(roles: Collection[str]) -> str:
    if not roles or not set(roles) <= set(ROLES):
        raise InputError(f"an account has one or more of the roles {', '.join(ROLES)}", code="invalid_role")
    if not any(set(roles) <= together for together in _TOGETHER):
        raise InputError(
            "researcher and admin stand alone: give somebody who does both a second account", code="invalid_role"
        )
    return ",".join(sorted(set(roles)))
