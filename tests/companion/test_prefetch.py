"""What a partial transcript brings to mind is at hand when it turns out to be the whole, and only then."""

import asyncio
from types import SimpleNamespace
from typing import Any

import numpy as np

from companion.prefetch import Prefetch


class Memories:
    """Counts what it is asked; gives the words back as what they bring to mind."""

    def __init__(self) -> None:
        self.embedded: list[str] = []
        self.asked: list[tuple[str, float | None]] = []

    async def vector(self, text: str) -> Any:
        self.embedded.append(text)
        await asyncio.sleep(0)
        return np.ones(4, np.float32)

    async def recall(self, _: Any, text: str, now: float, *, vector: Any, valence: float | None, k: int) -> list[str]:
        if vector is None:
            await self.vector(text)
        self.asked.append((text, valence))
        return [f"what {text} brings to mind"]


def prefetch() -> tuple[Prefetch, Memories, SimpleNamespace]:
    memories, person = Memories(), SimpleNamespace(user_id="u1", rows=object(), remembered=True)
    settings = SimpleNamespace(memory=SimpleNamespace(recalls=4))

    async def permits(user_id: str, purpose: str) -> bool:
        assert (user_id, purpose) == ("u1", "memory")
        return bool(person.remembered)

    consents = SimpleNamespace(permits=permits)
    engine: Any = SimpleNamespace(memories=memories, settings=settings, consents=consents, now=lambda: 0.0)
    return Prefetch(engine, person), memories, person  # type: ignore[arg-type]


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_the_same_words_are_not_looked_up_again() -> None:
    ahead, memories, _ = prefetch()
    ahead.start("我妈妈")
    ahead.start("我妈妈病了")
    await settle()
    asked = len(memories.asked)
    assert await ahead.take("我妈妈病了", None, None) == ["what 我妈妈病了 brings to mind"]
    assert len(memories.asked) == asked and (ahead.hits, ahead.misses) == (1, 0)


async def test_other_words_are_looked_up_anew() -> None:
    ahead, memories, _ = prefetch()
    ahead.start("我妈妈")
    await settle()
    assert await ahead.take("我妈妈病了", None, None) == ["what 我妈妈病了 brings to mind"]
    assert memories.asked[-1] == ("我妈妈病了", None) and ahead.misses == 1


async def test_another_mood_is_looked_up_anew_with_the_vector_at_hand() -> None:
    ahead, memories, _ = prefetch()
    ahead.start("我妈妈病了")
    await settle()
    await ahead.take("我妈妈病了", None, -0.6)
    assert memories.asked[-1] == ("我妈妈病了", -0.6) and memories.embedded == ["我妈妈病了"]


async def test_what_was_learnt_or_forgotten_meanwhile_counts() -> None:
    ahead, memories, person = prefetch()
    ahead.start("我妈妈病了")
    await settle()
    person.rows = object()
    await ahead.take("我妈妈病了", None, None)
    assert len(memories.asked) == 2


async def test_a_reading_that_was_begun_ahead_brings_its_recall() -> None:
    ahead, memories, _ = prefetch()
    heard: Any = SimpleNamespace(
        transcript=SimpleNamespace(text="我妈妈病了"),
        vector=np.ones(4, np.float32),
        affect=SimpleNamespace(valence=-0.5),
    )

    async def listening() -> Any:
        return heard

    await ahead.follow(asyncio.create_task(listening()))
    assert await ahead.take("我妈妈病了", None, -0.45) and memories.embedded == [] and ahead.hits == 1


async def test_a_reading_that_was_thrown_away_brings_nothing() -> None:
    ahead, memories, _ = prefetch()

    async def listening() -> Any:
        await asyncio.sleep(60)

    task = asyncio.create_task(listening())
    following = asyncio.create_task(ahead.follow(task))
    await asyncio.sleep(0)
    task.cancel()
    await following
    assert memories.asked == []


async def test_what_was_fetched_before_they_said_no_is_not_told_after_it() -> None:
    ahead, memories, person = prefetch()
    ahead.start("my cat")
    await settle()
    person.remembered = False
    assert await ahead.take("my cat", None, None) == ()
    ahead.start("my cat is ill")
    await settle()
    assert await ahead.take("my cat is ill", None, None) == () and len(memories.asked) == 1
    person.remembered = True
    assert await ahead.take("my cat is ill", None, None) == ["what my cat is ill brings to mind"]
