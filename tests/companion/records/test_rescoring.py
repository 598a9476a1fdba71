"""Kept recordings read by another model: only with both consents, beside the first reading, and never twice."""

from typing import Any

from affect.speech_emotion import FakeSpeechEmotion
from companion.records.consents import Consents
from companion.records.readings import Readings
from companion.records.repository import Records
from companion.rescoring import Rescored, rescore
from companion.speech.voice import ProsodyReader, WithEmotion
from tests.affect.voices import vowel

NOW = 1_780_000_000.0


async def spoken(records: Records, user_id: str, *, samples: Any) -> str:
    """A turn of somebody whose recording is there; its id."""
    turn_id = f"turn-{user_id}"
    await records.start_session(f"s-{user_id}", user_id, NOW)
    await records.commit_utterance(
        turn_id, f"s-{user_id}", user_id, index=0, now=NOW, modality="voice", samples=samples
    )
    return turn_id


async def say(records: Records, consents: Consents, user_id: str, purpose: Any, given: bool) -> None:
    version = consents.version(purpose)
    said = consents.recorded(user_id, purpose, given, version=version, language="zh", now=NOW, by="person")
    await records.store.transaction(said)


async def rescored(records: Records, consents: Consents, reader: Any, most: int | None = None) -> Rescored:
    steps = [done async for done in rescore(records, consents, reader, NOW + 1, most=most)]
    return steps[-1]


async def test_only_who_agreed_is_read_again_and_once(records: Records) -> None:
    consents = Consents(records.store, records.ring)
    for user in ("both", "no-voice", "no-keeping"):
        await spoken(records, user, samples=vowel(200.0))
    for user in ("both", "no-voice"):
        await say(records, consents, user, "audio_retention", True)
    await say(records, consents, "no-voice", "voice_analysis", False)
    reader = WithEmotion(ProsodyReader(), FakeSpeechEmotion({"sad": 1.0}), "heads/second.npz")
    other = WithEmotion(ProsodyReader(), FakeSpeechEmotion({"happy": 1.0}), "heads/third.npz")
    try:
        assert await rescored(records, consents, reader) == Rescored(read=1, withheld=2)
        assert await rescored(records, consents, reader) == Rescored(withheld=2)
        assert await rescored(records, consents, other) == Rescored(read=1, withheld=2)
        known = await Readings(records.store).of("turn-both")
        assert list(known) == [reader.name, other.name] and reader.name.endswith("second.npz")
        assert known[reader.name]["categories"]["sad"] > known[other.name]["categories"]["sad"]
        for user in ("no-voice", "no-keeping"):
            assert await Readings(records.store).of(f"turn-{user}") == {}
    finally:
        await reader.close()
        await other.close()


async def test_what_is_too_short_or_gone_is_passed_over_and_a_limit_holds(records: Records) -> None:
    consents = Consents(records.store, records.ring)
    for user, samples in (("a", vowel(200.0)[:100]), ("b", vowel(200.0)), ("c", vowel(180.0)), ("d", vowel(180.0))):
        await spoken(records, user, samples=samples)
        await say(records, consents, user, "audio_retention", True)
    records.spool.erase("b")
    reader = ProsodyReader()
    try:
        assert await rescored(records, consents, reader, most=1) == Rescored(read=1, unreadable=2)
        assert await rescored(records, consents, reader) == Rescored(read=1, unreadable=2)
    finally:
        await reader.close()
