"""/v1/me/contacts: whom you want told when a life is in danger."""

from __future__ import annotations

from typing import Annotated

from litestar import delete, get, put
from litestar.params import JSONBody
from msgspec import Meta, Struct

from api.errors import refusals
from api.me.caller import AnyRequest, engine_of, person_of
from companion.records.contacts import Contact, contact_of

_Field = Annotated[str, Meta(max_length=200)]


class NewContact(Struct, frozen=True, kw_only=True):
    """One person, with a phone number or an e-mail address, or both."""

    name: _Field
    phone: _Field | None = None
    email: _Field | None = None


class MaskedContact(Struct, frozen=True, kw_only=True):
    """As it is shown: enough to know who it is. The archive has it whole."""

    name: str
    phone: str | None
    email: str | None


class MyContacts(Struct, frozen=True, kw_only=True):
    """emergency: null where you named nobody."""

    emergency: MaskedContact | None


@get("/contacts")
async def list_contacts(request: AnyRequest) -> MyContacts:
    """Whom you named."""
    contact = await engine_of(request).contacts.of(await person_of(request))
    return MyContacts(emergency=None if contact is None else _masked(contact))


@put(
    "/contacts/emergency",
    exception_handlers=refusals(
        unfit='the body does not fit: send {"name", "phone", "email"}, each of 200 characters at most'
    ),
)
async def set_contact(request: AnyRequest, data: JSONBody[NewContact]) -> MyContacts:
    """Name somebody, in place of the one before. Takes your consent to emergency_contact, and goes with it."""
    engine, user_id = engine_of(request), await person_of(request)
    contact = contact_of(data.name, data.phone, data.email)
    await engine.consents.require(user_id, "emergency_contact")
    await engine.records.store.transaction(engine.contacts.kept(user_id, contact, engine.now()))
    return MyContacts(emergency=_masked(contact))


@delete("/contacts/emergency")
async def remove_contact(request: AnyRequest) -> None:
    """Nobody is to be told any more."""
    engine, user_id = engine_of(request), await person_of(request)
    await engine.records.store.transaction(engine.contacts.removed(user_id))


def _masked(contact: Contact) -> MaskedContact:
    masked = contact.masked()
    return MaskedContact(name=masked.name, phone=masked.phone, email=masked.email)
