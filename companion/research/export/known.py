"""Everything that is known of a person, as a dictionary for the de-identifier and as what the leak test replays."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from companion.records.contacts import Contact
from companion.research.deidentify import Deidentifier, Entity, KnownOf
from companion.research.disclosure.bands import province
from companion.research.export.people import Sources
from memory.names import names
from memory.profile import Profile
from memory.types import Memory

_NAMED = re.compile(r"^(?:pet/([^/]+)(?:/.*)?|person/.+/name|name)$")
_UNIT = re.compile(r"(?:省|市|特别行政区|维吾尔自治区|壮族自治区|回族自治区|自治区)$")
_HOTWORDS = 1000  # as good as all
# Entity of a span in a memory -> the field of KnownOf; provinces, days and ages are banded, not known.
_FIELDS = {
    Entity.PERSON: "names",
    Entity.ADDRESS: "places",
    Entity.ORGANIZATION: "bodies",
    Entity.EMAIL: "accounts",
    Entity.URL: "accounts",
    Entity.WECHAT: "accounts",
    Entity.QQ: "accounts",
    Entity.DOUYIN: "accounts",
    Entity.ACCOUNT: "accounts",
    **dict.fromkeys(
        (
            *(Entity.PHONE, Entity.CN_ID, Entity.BANK_CARD, Entity.PLATE, Entity.USCC, Entity.PASSPORT),
            *(Entity.TRAVEL_PERMIT, Entity.HK_ID, Entity.MACAU_ID, Entity.TW_ID, Entity.US_SSN, Entity.IP),
            Entity.NUMBER,
        ),
        "numbers",
    ),
}


@dataclass(frozen=True, slots=True, repr=False)
class Told:
    """of: for the de-identifier. replay: what must not stand in a file. unique: of that, what is nobody else's."""

    of: KnownOf
    replay: Collection[str]
    unique: Collection[str]


async def told_of(sources: Sources, user_id: str, deidentifier: Deidentifier) -> Told:
    """Of a person whose key is loaded. Raises StorageError."""
    memories, _ = await sources.ledger.of(user_id, "")
    return told(user_id, memories, await sources.contacts.of(user_id), deidentifier)


def told(user_id: str, memories: Sequence[Memory], contact: Contact | None, deidentifier: Deidentifier) -> Told:
    """From what is on record. Takes some ms a memory."""
    found: dict[str, set[str]] = defaultdict(set)
    texts = [memory.text for memory in memories]
    for text, spans in zip(texts, deidentifier.dialogue(texts), strict=True):
        found["names"] |= names(text)
        for span in spans:
            if (field := _FIELDS.get(span.type)) is not None:
                found[field].add(text[span.start : span.end])
    found["names"] |= _called(memories)
    for memory in memories:
        if memory.claim is not None and memory.claim.holds and memory.claim.key in ("home", "from"):
            found["places"].add(memory.claim.value)
    ever = Profile.of(memories, float("-inf"))  # before anything ended: also what holds no more
    found["names"] |= set(ever.hotwords(_HOTWORDS)) - found["places"]
    if contact is not None:
        found["names"].add(contact.name)
        found["numbers"] |= {contact.phone} if contact.phone else set()
        found["accounts"] |= {contact.email} if contact.email else set()
    found["accounts"].add(user_id)
    plain = {field: tuple(sorted(filter(_tells, entries))) for field, entries in found.items()}
    known = KnownOf(**plain)
    own = {*known.numbers, *known.accounts}
    return Told(known, {*known.names, *known.places, *known.bodies, *own}, {one for one in own if _unique(one)})


def _called(memories: Sequence[Memory]) -> set[str]:
    """Names that claims hold: of themselves, of people and animals in their life."""
    found = set()
    for memory in memories:
        if memory.claim is not None and (named := _NAMED.match(memory.claim.key)):
            found.add(named[1] or memory.claim.value)
    return found


def _unique(entry: str) -> bool:
    """Nobody else's: an address of mail, seven digits, a longer account with a digit. Not 12356, and not anna."""
    digits = sum(c.isdigit() for c in entry)
    return "@" in entry or digits >= 7 or (digits > 0 and len(entry) >= 8)


def _tells(entry: str) -> bool:
    """Not of one letter, and not the name of a province, which an export tells in its band."""
    bare = _UNIT.sub("", entry.strip())
    return len(entry.strip()) > 1 and province(bare) != bare
