"""What replicas tell each other: in memory and over Redis, and what is done where Redis fails or a reader is slow."""

import asyncio
import os
from typing import Any

import pytest

from api.review.bus import CASES, DESK, MISSED, Behind, Bus


@pytest.fixture(params=["memory", "redis"])
def url(request: pytest.FixtureRequest) -> str | None:
    if request.param == "memory":
        return None
    url = os.environ.get("COMPANION_TEST_REDIS")
    if not url:
        assert not os.environ.get("COMPANION_CI"), "CI must name Redis"
        pytest.skip("COMPANION_TEST_REDIS is not set: run `eval $(.ci/services)`")
    return url


async def test_who_listens_is_told_in_order_and_only_what_is_for_them(url: str | None) -> None:
    async with Bus.open(url) as bus, bus.listening(CASES) as cases, bus.listening(DESK, bus.me) as mine:
        for number in range(20):
            assert bus.publish(CASES, b"%d" % number)
        bus.publish(bus.me, b"to me")
        assert [await cases.next(5) for _ in range(20)] == [b"%d" % number for number in range(20)]
        assert await mine.next(5) == b"to me" and await mine.next(0.01) is None
        assert bus.alone == (url is None)


async def test_who_does_not_read_is_left_behind_and_holds_nobody_up(url: str | None) -> None:
    async with Bus.open(url) as bus, bus.listening(CASES, most=3) as slow, bus.listening(CASES) as quick:
        for number in range(8):
            bus.publish(CASES, b"%d" % number)
        assert [await quick.next(5) for _ in range(8)] == [b"%d" % number for number in range(8)]
        with pytest.raises(Behind):
            await slow.next(1)


async def test_when_the_server_goes_who_follows_the_queue_is_let_go_at_once_and_others_are_not(url: str | None) -> None:
    async with Bus.open(url) as bus, bus.listening(CASES) as page, bus.listening(bus.me) as other:
        waiting = asyncio.create_task(page.next(30))
        await asyncio.sleep(0.01)
        bus.hang_up(CASES)
        with pytest.raises(Behind):
            await asyncio.wait_for(waiting, 1)
        bus.publish(bus.me, b"still here")
        assert await other.next(5) == b"still here"


async def test_where_redis_does_not_take_it_at_least_this_process_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Bus.open(None) as bus, bus.listening(CASES) as line:

        async def refuses(*_: Any) -> None:
            raise ConnectionError

        monkeypatch.setattr(bus._channels, "wait_published", refuses)
        bus.publish(CASES, b"s0")
        assert await line.next(5) == b"s0"


async def test_after_redis_was_away_pages_are_told_to_read_anew() -> None:
    url = os.environ.get("COMPANION_TEST_REDIS")
    if not url:
        pytest.skip("COMPANION_TEST_REDIS is not set: run `eval $(.ci/services)`")
    from redis.asyncio import Redis

    async with (
        Redis.from_url(url) as admin,
        Bus.open(url) as here,
        Bus.open(url) as there,
        there.listening(CASES) as line,
    ):
        here.publish(CASES, b"one")
        assert await line.next(5) == b"one"
        (mine,) = [each for each in await admin.client_list(_type="pubsub") if each["name"] == there.me]
        await admin.client_kill_filter(_id=mine["id"])
        here.publish(CASES, b"lost")
        assert await line.next(5) == MISSED
        here.publish(CASES, b"two")
        assert await line.next(5) == b"two"
