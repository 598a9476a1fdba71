"""Turns go into the outbox with their record, and come out with what was learnt: never lost, never doubled."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from memory.embedder import FakeEmbedder
from memory.errors import EmbedderError
from memory.learning import Batching, Learner
from memory.outbox import Spoken
from memory.types import Source
from tests.memory.conftest import Mind

Says = Callable[..., Spoken]


class Script:
    """A model that answers with the given memories; `gate` holds it back."""

    def __init__(self, *memories: Mapping[str, Any], error: Exception | None = None) -> None:
        self.memories, self.error, self.calls = memories, error, 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def complete(self, messages: Sequence[tuple[str, str]], schema: Mapping[str, Any], max_tokens: int) -> str:
        self.calls += 1
        await self.gate.wait()
        if self.error:
            raise self.error
        return json.dumps({"memories": self.memories}, ensure_ascii=False)


FOUND = {"kind": "event", "text": "我下周三要面试", "turns": [1], "importance": 4}


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not done():
            await asyncio.sleep(0.01)


async def test_a_turn_is_learnt_from_once_and_leaves_the_outbox(mind: Mind, says: Says) -> None:
    learner, turn = mind.learner(), says("t1", "我叫小雨，下周三要面试")
    person = await mind.memories.open("a")
    await mind.said(turn)
    learnt = await learner.heard(person, turn)
    assert {"我叫小雨", "下周三要面试"} <= {m.text for m in learnt} and all(m.evidence == ("t1",) for m in learnt)
    assert (await learner.outbox.backlog()).waiting == 0
    assert await learner.heard(person, turn) == []  # a second process that was slower
    assert len((await mind.reopened().open("a")).memories) == len(learnt)


async def test_what_a_dead_process_left_is_learnt_at_the_next_session(mind: Mind, says: Says) -> None:
    await mind.said(says("t1", "我的猫叫团子"), says("t2", "我在杭州的医院上班"))
    memories = mind.reopened()
    learner = Learner(memories, mind.outbox, now=lambda: 9.0, load_key=_nothing)
    person = await memories.open("a")
    await learner.catch_up(person)
    assert len(person.memories) == 2 and (await learner.outbox.backlog()).waiting == 0


async def test_a_failure_keeps_the_turn_backs_off_and_is_visible_when_it_sticks(mind: Mind, says: Says) -> None:
    class Away(FakeEmbedder):
        async def embed(self, texts: Sequence[str]) -> Any:
            raise EmbedderError("the embeddings server cannot be reached (ConnectError)")

    learner, turn = mind.learner(), says("t1", "我的猫叫团子")
    person = await mind.memories.open("a")
    real, mind.memories.embedder = mind.memories.embedder, Away()
    await mind.said(turn)
    waits = []
    for _ in range(5):
        assert await learner.heard(person, turn) == []
        early = [t for t in (10.0, 20.0, 40.0, 100.0, 300.0, 600.0) if "a" in await mind.outbox.due(t)]
        waits.append(min(early, default=float("inf")))
    assert waits == sorted(waits) and waits[-1] > waits[0]
    backlog = await learner.outbox.backlog()
    assert (backlog.waiting, backlog.stuck) == (1, 1) and list(backlog.errors) == [
        "the embeddings server cannot be reached (ConnectError)"
    ]
    mind.memories.embedder = real
    assert len(await learner.heard(person, turn)) == 1 and (await learner.outbox.backlog()).waiting == 0


async def test_a_ledger_that_fails_takes_nothing_out_of_the_outbox(mind: Mind, says: Says) -> None:
    learner, turn = mind.learner(), says("t1", "我的猫叫团子")
    person = await mind.memories.open("a")
    await mind.said(turn)
    row = mind.memories.ledger._row

    def fails(*args: object) -> object:
        raise RuntimeError

    mind.memories.ledger._row = fails  # type: ignore[method-assign,assignment]
    with pytest.raises(RuntimeError):
        await learner.heard(person, turn)
    assert person.memories == () and (await learner.outbox.backlog()).waiting == 1
    mind.memories.ledger._row = row  # type: ignore[method-assign]
    assert len(await learner.heard(person, turn)) == 1


async def test_the_model_reads_a_batch_when_it_is_quiet_and_sessions_are_told(mind: Mind, says: Says) -> None:
    model = Script(FOUND)
    learner = mind.learner(model, Batching(turns=2, idle_s=1000))
    person = await mind.memories.open("a")
    told: list[str] = []
    person.listeners.add(lambda memories: told.extend(m.text for m in memories))
    running = asyncio.create_task(learner.run())
    await mind.said(one := says("t1", "嗯，就是我下周三要面试嘛"), two := says("t2", "今天天气不错"))
    await learner.heard(person, one)
    await asyncio.sleep(0.05)
    assert model.calls == 0 and (await learner.outbox.backlog()).waiting == 1 + 1  # for the model
    await learner.heard(person, two)
    await until(lambda: model.calls == 1)
    async with asyncio.timeout(10):
        while (await learner.outbox.backlog()).waiting:
            await asyncio.sleep(0.01)
    running.cancel()
    by_model = [m for m in person.memories if m.source is Source.MODEL]
    assert told == [m.text for m in by_model]
    assert sum("面试" in m.text for m in person.memories) == 1  # the rules had it, or the model: never both


async def test_a_model_gives_way_to_a_reply_and_comes_back(mind: Mind, says: Says) -> None:
    model = Script(FOUND)
    model.gate.clear()
    learner = mind.learner(model, Batching(turns=1, idle_s=0.05))
    talking = False
    learner.busy = lambda: talking
    person = await mind.memories.open("a")
    running = asyncio.create_task(learner.run())
    await mind.said(turn := says("t1", "下周三我要面试"))
    await learner.heard(person, turn)
    await until(lambda: model.calls == 1)
    talking = True
    await until(lambda: not learner._reading)
    assert (await learner.outbox.backlog()).waiting == 1 and model.calls == 1
    talking = False
    model.gate.set()
    mind.now = 1.0
    await until(lambda: model.calls == 2)
    async with asyncio.timeout(10):
        while (await learner.outbox.backlog()).waiting:
            await asyncio.sleep(0.01)
    running.cancel()


async def test_what_a_model_makes_up_is_not_kept(mind: Mind, says: Says) -> None:
    model = Script(FOUND | {"text": "我在北京有三套房子"}, FOUND)
    learner = mind.learner(model, Batching(turns=1, idle_s=0.05))
    person = await mind.memories.open("a")
    running = asyncio.create_task(learner.run())
    await mind.said(turn := says("t1", "下周三我要面试"))
    await learner.heard(person, turn)
    async with asyncio.timeout(10):
        while (await learner.outbox.backlog()).waiting:
            await asyncio.sleep(0.01)
    running.cancel()
    assert model.calls == 1 and not any("房子" in m.text for m in person.memories)


async def test_a_model_that_fails_is_tried_again_later(mind: Mind, says: Says) -> None:
    model = Script(error=ConnectionError("away"))
    learner = mind.learner(model, Batching(turns=1, idle_s=0.05))
    person = await mind.memories.open("a")
    running = asyncio.create_task(learner.run())
    await mind.said(turn := says("t1", "下周三我要面试"))
    await learner.heard(person, turn)
    async with asyncio.timeout(10):
        while not (await learner.outbox.backlog()).errors:
            await asyncio.sleep(0.01)
    assert (await learner.outbox.backlog()).errors == {"ConnectionError": 1}
    model.error, mind.now = None, 10_000.0
    async with asyncio.timeout(10):
        while (await learner.outbox.backlog()).waiting:
            await asyncio.sleep(0.01)
    running.cancel()


async def _nothing(_: str) -> None:
    return None
