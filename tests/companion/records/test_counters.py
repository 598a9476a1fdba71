"""Counts of a day, for the yearly report: real stores, and nobody in them."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from companion.records.counters import Counters, CountRow
from companion.records.repository import Records
from companion.safety.counters import COUNTERS

DAY = 86_400.0


def at(year: int, month: int, day: int, hour: int = 12) -> float:
    return datetime(year, month, day, hour, tzinfo=UTC).timestamp()


async def test_each_is_counted_as_often_as_it_is_named(records: Records) -> None:
    counters = Counters(records.store)
    await counters.add(["exits", "sos", "exits"], at(2026, 3, 1))
    await counters.add(["exits"], at(2026, 3, 1, 23))
    await counters.add([], at(2026, 3, 1))
    assert await counters.totals(at(2026, 1, 1, 0), at(2027, 1, 1, 0)) == {"exits": 3, "sos": 1}


async def test_a_year_is_all_of_its_days_and_none_of_the_next(records: Records) -> None:
    counters = Counters(records.store)
    for when in (at(2025, 12, 31, 23), at(2026, 1, 1, 0), at(2026, 12, 31, 23), at(2027, 1, 1, 0)):
        await counters.add(["referrals"], when)
    assert await counters.totals(at(2026, 1, 1, 0), at(2027, 1, 1, 0)) == {"referrals": 2}
    assert await counters.totals(at(2024, 1, 1, 0), at(2025, 1, 1, 0)) == {}


async def test_many_at_once_lose_no_count(records: Records) -> None:
    counters = Counters(records.store)
    names = ["farewells", "ai_disclosures", "exits"]
    await asyncio.gather(*(counters.add(names[n % 3 :] + names[: n % 3], at(2026, 5, 5)) for n in range(20)))
    found = await counters.totals(at(2026, 5, 5, 0), at(2026, 5, 6, 0))
    assert found == dict.fromkeys(names, 20)


async def test_counts_stand_and_fall_with_the_transaction_that_they_are_in(records: Records) -> None:
    counters = Counters(records.store)

    async def work(session) -> None:  # type: ignore[no-untyped-def]
        await counters.added(["sos"], at(2026, 5, 5))(session)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await records.store.transaction(work)
    assert await counters.totals(at(2026, 5, 5, 0), at(2026, 5, 6, 0)) == {}


async def test_the_table_has_a_day_a_name_and_a_number_and_no_person(records: Records) -> None:
    counters = Counters(records.store)
    await records.ensure_user("xiaoyu", at(2026, 5, 5))
    await counters.add(list(COUNTERS), at(2026, 5, 5))
    assert set(CountRow.__table__.columns.keys()) == {"day", "name", "n"}  # type: ignore[attr-defined]
    assert not CountRow.__table__.foreign_keys  # type: ignore[attr-defined]

    async def all_of_it(session) -> list[tuple[str, str, int]]:  # type: ignore[no-untyped-def]
        return [tuple(row) for row in (await session.execute(text("select day, name, n from safety_count"))).all()]

    rows = await records.store.transaction(all_of_it)
    assert {day for day, _, _ in rows} == {"2026-05-05"} and {name for _, name, _ in rows} == set(COUNTERS)
    assert "xiaoyu" not in str(rows)


async def test_a_store_that_fails_is_logged_and_stops_nothing(
    records: Records, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from companion.errors import StorageError

    async def broken(_: object) -> None:
        raise StorageError("the database is away")

    monkeypatch.setattr(records.store, "transaction", broken)
    with caplog.at_level(logging.ERROR):
        await Counters(records.store).add(["sos"], at(2026, 5, 5))
    assert "could not be counted" in caplog.text
