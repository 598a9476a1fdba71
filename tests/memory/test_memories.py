from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from memory.backends.use import create
from memory.errors import NoSuchMemory
from memory.extraction import extract
from memory.memories import Memories, PersonMemory
from memory.types import Candidate, Felt, Memory, Source
from tests.memory.conftest import Mind, mind_in

DAY = 86_400.0


async def tell(memories: Memories, person: PersonMemory, text: str, *, now: float = 0.0, turn: str = "t1") -> list[str]:
    learnt = await memories.learn(person, extract(text, turn_id=turn, now=now), now=now, session_id="s1")
    return [m.text for m in learnt]


def texts(memories: Sequence[Memory]) -> list[str]:
    return [m.text for m in memories]


async def test_what_was_said_in_one_session_is_recalled_in_the_next_and_by_nobody_else(mind: Mind) -> None:
    first = await mind.memories.open("a")
    await tell(mind.memories, first, "我叫小雨，下周三要面试，我有点紧张")
    memories = mind.reopened()
    second = await memories.open("a")
    recalls = await memories.recall(second, "我回来了，还记得我说过什么吗", DAY)
    assert any("下周三要面试" in r.memory.text for r in recalls)
    assert recalls[0].memory.evidence == ("t1",) and recalls[0].memory.session_id == "s1"
    stranger = await memories.open("b")
    assert await memories.recall(stranger, "面试", DAY) == []
    assert sorted(await memories.index.ids("a")) == sorted(m.id for m in second.memories)
    assert await memories.index.ids("b") == []


async def test_two_sessions_of_one_person_share_what_is_learnt(mind: Mind) -> None:
    one, two = await mind.memories.open("a"), await mind.memories.open("a")
    await tell(mind.memories, one, "我的猫叫团子")
    assert texts(two.memories) == texts(one.memories) != []


async def test_said_again_is_one_memory_with_more_evidence_and_more_weight(mind: Mind) -> None:
    person = await mind.memories.open("a")
    await tell(mind.memories, person, "我的猫叫团子", turn="t1")
    (before,) = person.memories
    assert await tell(mind.memories, person, "我的猫叫团子", turn="t2", now=DAY) == []
    for (after,) in (person.memories, (await mind.reopened().open("a")).memories):
        assert after.evidence == ("t1", "t2")
        assert after.salience > before.salience and after.confidence > before.confidence


async def test_a_new_name_takes_the_place_of_the_old_one_which_stays_as_history(mind: Mind) -> None:
    person = await mind.memories.open("a")
    await tell(mind.memories, person, "我叫小雨", now=0.0)
    await tell(mind.memories, person, "我叫王大力", now=DAY, turn="t2")
    for known in (person, await mind.reopened().open("a")):
        old, new = known.memories
        assert (old.text, old.valid_to, old.superseded_by) == ("我叫小雨", DAY, new.id)
        assert new.holds(DAY) and not old.holds(DAY) and old.holds(DAY / 2)
        recalls = await mind.memories.recall(known, "我叫什么名字", 2 * DAY)
        assert "我叫小雨" not in [r.memory.text for r in recalls if r.current]


async def test_how_it_felt_is_kept_with_what_was_said(mind: Mind) -> None:
    person = await mind.memories.open("a")
    felt = {"t1": Felt(-0.6, -0.4, 0.3, "masked_distress")}
    await mind.memories.learn(person, extract("我工作挺好的，面试过了", turn_id="t1"), now=0.0, felt=felt)
    kept = (await mind.reopened().open("a")).memories
    assert kept and all(m.felt == felt["t1"] for m in kept)


async def test_the_person_corrects_and_their_word_stands(mind: Mind) -> None:
    person = await mind.memories.open("a")
    await tell(mind.memories, person, "我的猫叫团子")
    new = await mind.memories.correct(person, person.memories[0].id, "我的猫叫圆子", DAY)
    again = await mind.reopened().open("a")
    assert [m.text for m in again.memories if m.holds(DAY)] == ["我的猫叫圆子"]
    assert (new.source, new.confidence) == (Source.PERSON, 1.0) and person.edits == 1
    with pytest.raises(NoSuchMemory):
        await mind.memories.correct(await mind.memories.open("b"), new.id, "我的猫叫别的", DAY)


async def test_forgetting_deletes_in_the_ledger_in_process_and_in_the_index(mind: Mind) -> None:
    person = await mind.memories.open("a")
    await tell(mind.memories, person, "我的猫叫团子")
    await tell(mind.memories, person, "我前男友在深圳上班", turn="t2")
    meant = await mind.memories.about(person, "我前男友", DAY)
    assert meant and all("前男友" in m.text for m in meant)
    await mind.memories.forget(person, [m.id for m in meant])
    left = texts((await mind.reopened().open("a")).memories)
    assert left == texts(person.memories) and not any("前男友" in text for text in left) and left
    assert len(await mind.memories.index.ids("a")) == len(left)
    with pytest.raises(NoSuchMemory):
        await mind.memories.forget(person, [person.memories[0].id, "mem_of_nobody"])
    assert texts(person.memories) == left


async def test_nobody_forgets_for_somebody_else(mind: Mind) -> None:
    a, b = await mind.memories.open("a"), await mind.memories.open("b")
    await tell(mind.memories, a, "我的猫叫团子")
    with pytest.raises(NoSuchMemory):
        await mind.memories.forget(b, [a.memories[0].id])
    assert (await mind.reopened().open("a")).memories


async def test_being_recalled_is_remembered(mind: Mind) -> None:
    person = await mind.memories.open("a")
    await tell(mind.memories, person, "我的猫叫团子")
    await mind.memories.recalled(person, await mind.memories.recall(person, "我的猫叫什么", DAY), DAY)
    for (memory,) in (person.memories, (await mind.reopened().open("a")).memories):
        assert (memory.recalls, memory.last_recalled) == (1, DAY)


async def test_erasing_leaves_nothing_and_words_never_lie_open(mind: Mind, tmp_path: Path) -> None:
    person = await mind.memories.open("a")
    await tell(mind.memories, person, "My dog is called Maximilian")
    kept = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert b"Maximilian" not in kept
    assert await mind.memories.erase("a") == 1
    assert person.memories == () == (await mind.reopened().open("a")).memories
    assert await mind.memories.index.ids("a") == []


async def test_an_index_that_is_away_does_not_fail_a_turn(mind: Mind) -> None:
    class Away:
        async def upsert(self, *_: object) -> None:
            raise ConnectionError

    mind.memories.index = Away()  # type: ignore[assignment]
    person = await mind.memories.open("a")
    assert await tell(mind.memories, person, "我的猫叫团子") and len((await mind.reopened().open("a")).memories) == 1


async def test_a_new_embedder_makes_the_vectors_anew_and_once(mind: Mind) -> None:
    await tell(mind.memories, await mind.memories.open("a"), "我的猫叫团子")
    memories = mind.reopened()
    calls = 0

    class Other(type(memories.embedder)):  # type: ignore[misc]
        name = "another"

        async def embed(self, given: Sequence[str]) -> np.ndarray:
            nonlocal calls
            calls += len(given)
            return np.asarray(-(await super().embed(given)))

    memories.embedder = Other()
    first = (await memories.open("a")).rows.vectors
    again = mind.reopened()
    again.embedder = memories.embedder
    assert np.allclose(first, (await again.open("a")).rows.vectors) and calls == 1


class _Section:
    model, base_url, api_key, timeout_s = "use", None, None, 1.0


async def test_the_real_embedder_finds_the_right_memory_across_wording_and_language(tmp_path: Path) -> None:
    embedder = await create(_Section(), Path)
    said = ["我的猫叫团子", "下周三要面试", "我在医院上班", "我特别喜欢爬山", "我爸上个月住院了", "I hate trains"]
    asked = {
        "求职的那个面谈准备得怎么样": "面试",
        "my kitten keeps waking me up": "团子",
        "周末想去登山": "爬山",
        "my father is still in the hospital": "住院",
    }
    async with mind_in(tmp_path, embedder) as mind:
        person = await mind.memories.open("a")
        for n, text in enumerate(said):
            await tell(mind.memories, person, text, turn=f"t{n}")
        for query, wanted in asked.items():
            recalls = await mind.memories.recall(person, query, DAY)
            assert any(wanted in r.memory.text for r in recalls), query
        assert await mind.memories.recall(person, "二加三等于几", DAY) == []
    await embedder.close()


async def test_a_batch_that_contradicts_itself_keeps_the_last_word(mind: Mind) -> None:
    person = await mind.memories.open("a")
    candidates: list[Candidate] = [*extract("我叫小雨", turn_id="t1"), *extract("我叫王大力", turn_id="t2")]
    await mind.memories.learn(person, candidates, now=0.0)
    holding = [m.text for m in (await mind.reopened().open("a")).memories if m.holds(0.0)]
    assert holding == ["我叫王大力"]


async def test_what_only_the_whole_turn_claims_replaces_what_was_known(mind: Mind) -> None:
    person = await mind.memories.open("a")
    await tell(mind.memories, person, "我住在杭州", now=0.0)
    await tell(mind.memories, person, "我搬家了，上个礼拜到的成都", now=9 * DAY, turn="t2")
    holding = [m.text for m in (await mind.reopened().open("a")).memories if m.holds(9 * DAY)]
    assert not any("杭州" in text for text in holding) and any("成都" in text for text in holding)


async def test_habits_are_kept_and_a_habit_that_was_given_up_overtakes_the_older_one(tmp_path: Path) -> None:
    embedder = await create(_Section(), Path)
    async with mind_in(tmp_path, embedder) as mind:
        person = await mind.memories.open("a")
        await tell(mind.memories, person, "我一天得两杯咖啡", now=0.0)
        await tell(mind.memories, person, "咖啡我已经戒了", now=DAY, turn="t2")
        found = await mind.memories.recall(person, "来杯咖啡吧", 2 * DAY)
        assert [(r.memory.text, r.current) for r in found] == [("咖啡我已经戒了", True), ("我一天得两杯咖啡", False)]
    await embedder.close()
