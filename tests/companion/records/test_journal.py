"""What a client was told is kept, in one piece, and by one process at a time."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from companion.errors import Moved
from companion.records.journal import Journal, JournalWriter
from companion.records.repository import Records

NOW = 1_800_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def journal(
    records: Records, clock: Callable[[], float] = lambda: NOW, **limits: float
) -> AsyncIterator[Journal]:
    most = {"window_s": 600.0, "max_events": 1000} | limits
    events = int(most["max_events"])
    one = Journal(records.store, records.ring, now=clock, window_s=most["window_s"], max_events=events)
    yield one
    await one.close()


async def begin(records: Records, one: Journal, session_id: str = "s1", user_id: str = "ann") -> JournalWriter:
    await records.start_session(session_id, user_id, NOW)
    return one.begin(session_id, user_id)


def say(writer: JournalWriter, *words: str) -> None:
    for word in words:
        writer.add(lambda seq, word=word: f"{seq} {word}")  # type: ignore[misc]


def mark(seq: int) -> str:
    return f"{seq} taken over"


async def test_what_was_told_comes_back_in_order_and_sealed(records: Records, tmp_path: Path) -> None:
    async with journal(records) as one:
        writer = await begin(records, one)
        say(writer, "one", "two")
        await writer.written()
        say(writer, "我很难过")
        writer.acted_on("event of the client")
        await writer.written()
        kept = await one.read("s1", "ann", 1)
        assert kept is not None
        assert list(kept.frames) == [(2, "2 two"), (3, "3 我很难过")] and kept.last_seq == 3
        assert "event of the client" in kept.acted_on
        assert await one.read("s1", "somebody else", 0) is None
    for path in tmp_path.rglob("*.db*"):
        assert "难过".encode() not in path.read_bytes()


async def test_an_event_that_nobody_waits_for_is_written_soon(records: Records) -> None:
    async with journal(records) as one:
        writer = await begin(records, one)
        say(writer, "one")
        async with asyncio.timeout(2):
            while await one.read("s1", "ann", 0) is None:
                await asyncio.sleep(0.01)


async def test_many_sessions_share_one_transaction(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    async with journal(records) as one:
        writers = [await begin(records, one, f"s{n}", f"user{n}") for n in range(20)]
        transaction, count = records.store.transaction, 0

        async def counted(*args: object, **kwargs: object) -> object:
            nonlocal count
            count += 1
            return await transaction(*args, **kwargs)  # type: ignore[arg-type]

        monkeypatch.setattr(records.store, "transaction", counted)
        for writer in writers:
            say(writer, "one", "two")
        await asyncio.gather(*(writer.written() for writer in writers))
        assert count <= 2


async def test_who_is_taken_over_learns_it_and_writes_nothing_more(records: Records) -> None:
    async with journal(records) as first, journal(records) as second:
        writer = await begin(records, first)
        told: list[str] = []
        writer.on_moved = lambda: told.append("moved")
        say(writer, "one")
        await writer.written()
        taken = await second.take_over("s1", "ann", 1, seen_at=NOW, mark=mark)
        assert taken is not None
        other, kept = taken
        assert list(kept.frames) == [(1, "1 one")]
        done = []
        writer.add(lambda seq: f"{seq} too late", also=_noted(done))
        with pytest.raises(Moved):
            await writer.written()
        with pytest.raises(Moved):
            await writer.written()
        say(other, "three")
        await other.written()
        after = await second.read("s1", "ann", 0)
        assert after is not None
        assert [text for _, text in after.frames] == ["1 one", "2 taken over", "3 three"]
        assert done == [] and told == ["moved"]


def _noted(done: list[int]) -> Callable[..., object]:
    async def work(_: object) -> None:
        done.append(1)

    return work  # its effect would be rolled back with the rest; here it must not even begin


async def test_the_sessions_beside_one_that_was_taken_go_on(records: Records) -> None:
    async with journal(records) as first, journal(records) as second:
        mine, theirs = await begin(records, first, "s1"), await begin(records, first, "s2")
        for writer in (mine, theirs):
            say(writer, "one")
        await asyncio.gather(mine.written(), theirs.written())
        assert await second.take_over("s2", "ann", 1, seen_at=NOW, mark=mark) is not None
        say(mine, "two")
        say(theirs, "two")
        results = await asyncio.gather(mine.written(), theirs.written(), return_exceptions=True)
        assert results[0] is None and isinstance(results[1], Moved)
        kept = await first.read("s1", "ann", 0)
        assert kept is not None and kept.last_seq == 2


async def test_numbers_go_on_after_what_a_client_has_seen_and_the_dead_process_never_wrote(records: Records) -> None:
    async with journal(records) as first, journal(records) as second:
        writer = await begin(records, first)
        say(writer, "one")
        await writer.written()
        taken = await second.take_over("s1", "ann", 3, seen_at=NOW, mark=mark)
        assert taken is not None and taken[0].seq == 4
        kept = await second.read("s1", "ann", 3)
        assert kept is not None and list(kept.frames) == [(4, "4 taken over")]


async def test_two_that_reach_for_it_at_once_do_not_both_get_it(records: Records) -> None:
    async with journal(records) as first, journal(records) as second, journal(records) as third:
        writer = await begin(records, first)
        say(writer, "one")
        await writer.written()
        both = await asyncio.gather(
            second.take_over("s1", "ann", 1, seen_at=NOW, mark=mark),
            third.take_over("s1", "ann", 1, seen_at=NOW, mark=mark),
        )
        writers = [taken[0] for taken in both if taken is not None]
        for one in writers:
            say(one, "mine")
        results = await asyncio.gather(*(one.written() for one in writers), return_exceptions=True)
        assert sum(result is None for result in results) == 1


async def test_what_is_older_than_the_window_goes_but_never_the_newest(records: Records) -> None:
    clock = Clock()
    async with journal(records, clock) as one:
        writer = await begin(records, one)
        for word in ("one", "two"):
            say(writer, word)
            await writer.written()
        clock.now += 700
        await one._prune()
        kept = await one.read("s1", "ann", 0)
        assert kept is not None and kept.first_seq == 2
        assert await one.take_over("s1", "ann", 2, seen_at=NOW, mark=mark) is None  # left too long ago
        assert await one.take_over("s1", "ann", 0, seen_at=clock.now, mark=mark) is None  # what follows 0 is gone
        assert await one.take_over("s1", "ann", 2, seen_at=clock.now, mark=mark) is not None
        clock.now += 90_000
        await one._prune()
        assert await one.read("s1", "ann", 0) is None


async def test_of_one_session_only_so_much_is_kept(records: Records) -> None:
    async with journal(records, max_events=10) as one:
        writer = await begin(records, one)
        for _ in range(6):
            say(writer, *"abcde")
            await writer.written()
        await one._prune()
        kept = await one.read("s1", "ann", 0)
        assert kept is not None and len(kept.frames) == 10


async def test_somebody_who_was_erased_is_not_written_again(records: Records) -> None:
    async with journal(records) as one:
        writer = await begin(records, one)
        records.ring.forget("ann")
        say(writer, "one")
        with pytest.raises(Moved):
            await writer.written()


async def test_a_database_that_is_away_loses_nothing(
    records: Records, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("a lock is SQLite's way of being away")
    monkeypatch.setattr("companion.records.database._RETRIES_S", ())
    async with journal(records) as one:
        writer = await begin(records, one)
        other = sqlite3.connect(tmp_path / "records.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        say(writer, "one")
        waiting = writer.written()
        await asyncio.sleep(0.3)
        assert not waiting.done()
        other.execute("ROLLBACK")
        other.close()
        await asyncio.wait_for(waiting, 5)
        kept = await one.read("s1", "ann", 0)
        assert kept is not None and list(kept.frames) == [(1, "1 one")]
