"""A yes counts for the text in force and until it is taken back; a child's takes a guardian."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from companion.consent.purposes import LANGUAGES, PURPOSES, guardian_note, wordings
from companion.errors import InputError, StorageError
from companion.records.consents import BELIEVED_S, Consents
from companion.records.contacts import Contact, Contacts, contact_of
from companion.records.repository import Records


class Clock:
    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


async def consents_of(records: Records, user_id: str = "u1", **settings: Any) -> Consents:
    await records.ensure_user(user_id, 1.0)
    return Consents(records.store, records.ring, **settings)


async def say(records: Records, consents: Consents, purpose: str, given: bool, **other: Any) -> None:
    said = {"version": consents.version(purpose), "language": "zh", "now": 5.0, "by": "person", **other}
    await records.store.transaction(consents.recorded("u1", purpose, given, **said))


async def test_what_holds_before_anybody_was_asked_and_what_never_does(records: Records) -> None:
    consents = await consents_of(records)
    assert await consents.standing("u1") == dict.fromkeys(PURPOSES)
    assert {p for p in PURPOSES if await consents.allowed("u1", p)} == {"chat", "voice_analysis", "memory"}
    asking = await consents_of(records, required=["memory", "chat"])
    assert {p for p in PURPOSES if await asking.allowed("u1", p)} == {"voice_analysis"}
    await say(records, asking, "memory", True)
    assert await asking.allowed("u1", "memory")
    with pytest.raises(InputError, match="PUT /v1/me/consents/chat") as refused:
        await asking.require("u1", "chat")
    assert refused.value.code == "consent_needed"


async def test_given_withdrawn_and_given_again_with_the_whole_history(records: Records) -> None:
    consents = await consents_of(records)
    for at, given in enumerate((True, False, True)):
        await say(records, consents, "training", given, now=float(at), language="en")
        assert await consents.given("u1", "training") is given
        assert await consents.given("u1", "research") is None  # agreed to by itself
    history = await consents.history("u1")
    assert [(d.given, d.at, d.by) for d in history] == [
        (True, 0.0, "person"),
        (False, 1.0, "person"),
        (True, 2.0, "person"),
    ]
    assert {(d.version, d.language) for d in history} == {(consents.version("training"), "en")}


async def test_a_yes_to_another_text_is_refused_and_an_old_yes_no_longer_counts_but_an_old_no_does(
    records: Records,
) -> None:
    before, after = await consents_of(records, audio_days=30.0), await consents_of(records, audio_days=365.0)
    assert before.version("audio_retention") != after.version("audio_retention")
    assert before.version("memory") == after.version("memory")
    await say(records, before, "audio_retention", True)
    assert await before.given("u1", "audio_retention") is True
    assert await after.given("u1", "audio_retention") is None and not await after.allowed("u1", "audio_retention")
    with pytest.raises(InputError, match=after.version("audio_retention")) as refused:
        await say(records, after, "audio_retention", True, version=before.version("audio_retention"))
    assert refused.value.code == "consent_outdated"
    await say(records, after, "audio_retention", False, version=None)  # taking back never takes a version
    assert await after.given("u1", "audio_retention") is False
    before.forget("u1")
    assert await before.given("u1", "audio_retention") is False
    with pytest.raises(InputError, match="emergency_contact"):
        await after.given("u1", "marketing")


async def test_a_text_that_says_the_same_need_not_be_asked_anew(records: Records) -> None:
    consents = await consents_of(records)
    await say(records, consents, "research", True)
    mended = await consents_of(records)
    wording = mended.wordings["research"]
    other = type(wording)("research", "2027-01-01.000000000000", frozenset({wording.version}), wording.texts)
    mended.wordings = {**mended.wordings, "research": other}
    assert await mended.given("u1", "research") is True


async def test_a_withdrawal_counts_here_at_once_and_in_another_process_within_seconds(records: Records) -> None:
    clock = Clock()
    here, there = await consents_of(records), await consents_of(records, clock=clock)
    await say(records, here, "memory", True)
    assert await here.given("u1", "memory") is await there.given("u1", "memory") is True
    await say(records, here, "memory", False)
    assert await here.given("u1", "memory") is False
    assert await there.given("u1", "memory") is True  # believed for a moment longer
    clock.s += BELIEVED_S
    assert await there.given("u1", "memory") is False and BELIEVED_S <= 5.0


async def test_what_was_read_before_a_withdrawal_is_not_believed_after_it(records: Records) -> None:
    consents = await consents_of(records)
    await say(records, consents, "memory", True)
    consents.forget("u1")
    go_on, waits = asyncio.Event(), asyncio.Event()
    transaction = records.store.transaction

    async def late(work: Any, **other: Any) -> Any:
        found = await transaction(work, **other)
        if "_standing" in work.__qualname__:
            waits.set()
            await go_on.wait()
        return found

    records.store.transaction = late  # type: ignore[method-assign,assignment]
    reading = asyncio.create_task(consents.given("u1", "memory"))
    await waits.wait()
    await say(records, consents, "memory", False)
    go_on.set()
    await reading
    assert await consents.given("u1", "memory") is False


async def test_a_decision_that_is_rolled_back_was_never_made(records: Records) -> None:
    consents = await consents_of(records)

    async def fails(session: AsyncSession) -> None:
        yes = consents.recorded(
            "u1", "training", True, version=consents.version("training"), language="zh", now=1.0, by="person"
        )
        await yes(session)
        raise StorageError("the disk is full")

    with pytest.raises(StorageError):
        await records.store.transaction(fails)
    assert await consents.given("u1", "training") is None and await consents.history("u1") == []


async def test_nothing_holds_for_a_child_but_what_a_guardian_agreed_to(records: Records) -> None:
    consents = await consents_of(records)
    await say(records, consents, "memory", True)
    children: Mapping[str, bool] = {"u1": True}

    async def child(user_id: str) -> bool | None:
        return children.get(user_id)

    consents.child = child
    consents.forget("u1")
    assert await consents.given("u1", "memory") is None
    assert not any([await consents.allowed("u1", p) for p in PURPOSES])
    with pytest.raises(InputError, match="guardian"):
        await consents.require("u1", "memory")
    await say(records, consents, "memory", True, by="guardian", guardian="mother-of-u1")
    assert await consents.given("u1", "memory") is True
    assert (await consents.history("u1"))[-1].guardian == "mother-of-u1"
    await say(records, consents, "memory", False)  # a child may always say no
    assert await consents.given("u1", "memory") is False


async def test_where_the_database_is_away_nothing_is_permitted(records: Records) -> None:
    consents = await consents_of(records)
    assert await consents.permits("u1", "memory")
    consents.forget("u1")

    async def away(*_: Any, **__: Any) -> Any:
        raise StorageError("the database failed")

    records.store.transaction = away  # type: ignore[method-assign]
    assert not await consents.permits("u1", "memory")


def test_every_text_is_there_in_both_languages_whole_and_in_its_own_words() -> None:
    for purpose, wording in wordings(30.0).items():
        assert set(wording.texts) == set(LANGUAGES)
        for language, text in wording.texts.items():
            parts = (text.title, text.what, text.why, text.how_long, text.withdraw)
            assert all(len(part) >= 4 and "{" not in part for part in parts), (purpose, language)
            han = sum("\u4e00" <= c <= "\u9fff" for part in parts for c in part)
            assert (han > 40) is (language == "zh"), (purpose, language)
    assert "30 天" in wordings(30.0)["audio_retention"].texts["zh"].how_long
    assert "14" in guardian_note("zh", 14) and "14" in guardian_note("en", 14)
    assert len({w.version for w in wordings(30.0).values()}) == len(PURPOSES)


async def test_a_contact_is_kept_sealed_shown_masked_and_gone(records: Records) -> None:
    await records.ensure_user("u1", 1.0)
    contacts = Contacts(records.store, records.ring)
    kept = contact_of(" 王 小梅 ", "+86 138-0013-5678", "mei@example.com")
    assert kept == Contact("王 小梅", "+8613800135678", "mei@example.com")
    await records.store.transaction(contacts.kept("u1", kept, 1.0))
    assert await contacts.of("u1") == kept and await contacts.on_file("u1")
    masked = kept.masked()
    assert (masked.name, masked.phone, masked.email) == ("王***", "**********5678", "m***@example.com")
    assert "13800" not in repr(kept)
    await records.store.transaction(contacts.kept("u1", Contact("Li", "12345"), 2.0))
    again = await contacts.of("u1")
    assert again == Contact("Li", "12345") and again.masked().phone == "***45"
    await records.store.transaction(contacts.removed("u1"))
    assert await contacts.of("u1") is None and not await contacts.on_file("u1")


@pytest.mark.parametrize(
    ("name", "phone", "email"),
    [
        ("", "13800135678", None),
        ("x" * 65, "13800135678", None),
        ("a\u202eb", "13800135678", None),
        ("王", None, None),
        ("王", "call me", None),
        ("王", "1" * 16, None),
        ("王", None, "not an address"),
        ("王", None, "a@b"),
    ],
)
def test_what_is_no_contact_is_refused_and_not_repeated(name: str, phone: str | None, email: str | None) -> None:
    with pytest.raises(InputError) as refused:
        contact_of(name, phone, email)
    assert refused.value.code == "invalid_contact"
    assert all(part not in str(refused.value) for part in (phone, email) if part)
