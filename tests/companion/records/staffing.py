"""Staff for tests: real accounts over a real database, a clock that stands still, and cheap hashes."""

from __future__ import annotations

from pathlib import Path

import pyotp
from argon2 import PasswordHasher

from api.staff import Access
from companion.records.passwords import Passwords
from companion.records.repository import Records
from companion.records.staff import Enrolment, Staff

NOW = 1_800_000_000.0
PASSWORD = "correct horse battery"
HOME, ELSEWHERE = "203.0.113.7", "198.51.100.9"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Clock:
    """Says what it is set to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def access(records: Records, folder: Path, clock: Clock | None = None, hasher: PasswordHasher = CHEAP) -> Access:
    return Access(records, folder / "audit.head", clock or Clock(), Passwords(hasher))


async def hire(desk: Access, name: str = "ann", *roles: str) -> Enrolment:
    return await desk.accounts.add(name, roles or ("counsellor",), desk.now(), by="operator", password=PASSWORD)


async def staff_of(desk: Access, name: str, *roles: str) -> Staff:
    """A principal, as if they had signed in."""
    enrolment = await hire(desk, name, *roles)
    return Staff(enrolment.staff_id, enrolment.name, frozenset(roles))


def code(enrolment: Enrolment, at: float) -> str:
    return pyotp.parse_uri(enrolment.uri).at(int(at))


async def signed_in(desk: Access, enrolment: Enrolment, address: str = HOME, now: float | None = None) -> str:
    """The token of a session."""
    now = desk.now() if now is None else now
    pending = await desk.sign_in.password(enrolment.name, PASSWORD, address, now)
    return (await desk.sign_in.second(pending, code(enrolment, now), address, now))[0]
