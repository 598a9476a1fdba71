"""What a session needs to go on elsewhere is kept, for its own person only."""

from companion.records.repository import Records
from companion.records.resumable import Resumable

NOW = 1_800_000_000.0


async def begun(records: Records) -> Resumable:
    await records.start_session("s1", "ann", NOW)
    for index, turn_id in enumerate(("t1", "t2"), 1):
        await records.commit_utterance(turn_id, "s1", "ann", index=index, now=NOW, modality="text", text="我很累")
    return Resumable(records)


async def test_what_a_client_chose_comes_back_to_its_person_only(records: Records) -> None:
    kept = await begun(records)
    await records.store.transaction(kept.settings_kept("s1", "ann", b"a choice"))
    await kept.seen(["s1"], NOW + 5)
    known = await kept.session("s1", "ann")
    assert known is not None and known.settings == b"a choice" and known.seen_at == NOW + 5
    await records.ensure_user("ben", NOW)
    assert await kept.session("s1", "ben") is None and await kept.session("s2", "ann") is None


async def test_a_reply_goes_from_begun_to_told_once(records: Records) -> None:
    kept = await begun(records)
    transaction = records.store.transaction
    await transaction(kept.reply_begun(["t1", "t2"], "resp_1", "item_r"))
    assert [(t.state, t.reply_item_id) for t in await records.turns("s1")] == [("replying", "item_r")] * 2
    await transaction(kept.reply_told(["t1", "t2"], "ann", "我在听。", "completed", None))
    await transaction(kept.reply_told(["t1", "t2"], "ann", "again", "completed", None))
    turns = await records.turns("s1")
    assert [(t.state, t.reply_text) for t in turns] == [("replied", None), ("replied", "我在听。")]


async def test_a_reply_that_was_cut_off_is_at_its_end(records: Records) -> None:
    kept = await begun(records)
    await records.store.transaction(kept.reply_begun(["t1"], "resp_1", "item_r"))
    await records.store.transaction(kept.reply_told(["t1"], "ann", "我在", "cancelled", "turn_detected"))
    await kept.heard("item_r", 300)
    first, second = await records.turns("s1")
    assert (first.state, first.heard_ms, second.state) == ("cancelled", 300, "committed")


async def test_a_reply_of_which_nothing_was_told_leaves_its_turns_to_the_next(records: Records) -> None:
    kept = await begun(records)
    await records.store.transaction(kept.reply_begun(["t1"], "resp_1", "item_r"))
    await records.store.transaction(kept.reply_told(["t1"], "ann", "", "cancelled", "turn_detected"))
    first = (await records.turns("s1"))[0]
    assert (first.state, first.reply_item_id, first.reply_text) == ("committed", None, None)


async def test_what_is_taken_out_of_the_talk_has_no_words_left(records: Records) -> None:
    kept = await begun(records)
    await records.store.transaction(kept.reply_begun(["t1"], "resp_1", "item_r"))
    await records.store.transaction(kept.reply_told(["t1"], "ann", "我在", "completed", None))
    await kept.deleted("item_r")
    await kept.deleted("t2")
    first, second = await records.turns("s1")
    assert first.user_text == "我很累" and first.reply_text is None
    assert second.user_text is None and second.state == "deleted"


async def test_use_is_counted_over_sessions_until_a_pause(records: Records) -> None:
    kept = await begun(records)
    assert await kept.used_s("ann", NOW) == 0
    assert await kept.used_s("ann", NOW + 1200) == 1200
    await records.start_session("s2", "ann", NOW + 1300)
    assert await kept.used_s("ann", NOW + 2400) == 2400
    assert await kept.used_s("ann", NOW + 2400 + 1801) == 0
    assert await kept.used_s("somebody who never came", NOW) == 0
