"""Whom a person wants told when a life is in danger: one contact, sealed, there only while they agree to it."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import ClassVar

from sqlalchemy import Column, Double, ForeignKey, LargeBinary, String, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from companion.errors import InputError
from companion.records.crypto import KeyRing
from companion.records.database import Store, Work

_NAME = 64  # characters at most
_PHONE = re.compile(r"\+?\d{5,15}")  # E.164 has at most 15 digits
_BETWEEN = re.compile(r"[\s()./\-]+")  # what people write between digits
_EMAIL = re.compile(r"[^@\s]{1,64}@(?:[^@\s.]{1,63}\.)+[^@\s.]{2,63}")
_FULL_WIDTH = str.maketrans({0xFF01 + at: 0x21 + at for at in range(94)} | {0x3000: 0x20})  # as Chinese keyboards type


class ContactRow(SQLModel, table=True):
    """A person's contact: name, phone and e-mail, sealed with the person's key. at: unix s."""

    __tablename__: ClassVar[str] = "contact"

    user_id: str = Field(
        sa_column=Column(
            String(128), ForeignKey("user.id", name="fk_contact_user", ondelete="CASCADE"), primary_key=True
        )
    )
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    at: float = Field(sa_column=Column(Double, nullable=False))


@dataclass(frozen=True, slots=True, repr=False)
class Contact:
    """Somebody to call in an emergency; phone (digits, maybe with a +) or e-mail, or both."""

    name: str
    phone: str | None = None
    email: str | None = None

    def masked(self) -> Contact:
        """As it is shown: enough to know who it is, too little to call them."""
        name = self.name[0] + "*" * min(3, len(self.name) - 1)
        phone = None
        if self.phone is not None:
            shown = 4 if len(self.phone) > 7 else 2
            phone = "*" * (len(self.phone) - shown) + self.phone[-shown:]
        email = None
        if self.email is not None:
            local, _, domain = self.email.partition("@")
            email = f"{local[0]}***@{domain}"
        return Contact(name, phone, email)


def contact_of(name: str, phone: str | None, email: str | None) -> Contact:
    """A contact as it was typed. Raises InputError (invalid_contact), which does not repeat it."""
    name = " ".join(name.split())
    if not 0 < len(name) <= _NAME or not name.isprintable():
        raise InputError(f"a contact's name has 1 to {_NAME} printable characters", code="invalid_contact")
    number = None if not phone else _BETWEEN.sub("", phone.translate(_FULL_WIDTH))
    if number is not None and not _PHONE.fullmatch(number):
        raise InputError("a phone number has 5 to 15 digits, maybe with a + before them", code="invalid_contact")
    address = None if not email else email.strip().translate(_FULL_WIDTH)
    if address is not None and not (_EMAIL.fullmatch(address) and address.isprintable()):
        raise InputError("this is no e-mail address", code="invalid_contact")
    if number is None and address is None:
        raise InputError("a contact has a phone number or an e-mail address, or both", code="invalid_contact")
    return Contact(name, number, address)


class Contacts:
    """Over the database. Whoever calls asks for the consent first, and writes down that staff looked."""

    def __init__(self, store: Store, ring: KeyRing) -> None:
        self._store, self._ring = store, ring

    async def of(self, user_id: str) -> Contact | None:
        """The person's contact, not masked. Their key must be loaded. Raises StorageError."""

        async def work(session: AsyncSession) -> bytes | None:
            return await session.scalar(select(col(ContactRow.sealed)).where(col(ContactRow.user_id) == user_id))

        sealed = await self._store.transaction(work)
        return None if sealed is None else Contact(**json.loads(self._ring.open(user_id, sealed)))

    async def on_file(self, user_id: str) -> bool:
        """Whether there is one."""

        async def work(session: AsyncSession) -> bool:
            return bool(await session.scalar(select(func.count()).where(col(ContactRow.user_id) == user_id)))

        return await self._store.transaction(work)

    def kept(self, user_id: str, contact: Contact, now: float) -> Work:
        """It takes the place of the one before; for a transaction."""
        sealed = self._ring.seal(user_id, json.dumps(asdict(contact), ensure_ascii=False))

        async def work(session: AsyncSession) -> None:
            await session.merge(ContactRow(user_id=user_id, sealed=sealed, at=now))

        return work

    def removed(self, user_id: str) -> Work:
        """There is none any more; for a transaction."""

        async def work(session: AsyncSession) -> None:
            await session.execute(delete(ContactRow).where(col(ContactRow.user_id) == user_id))

        return work
