"""What the duties know of a person: real stores."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from companion.records.habits import Habits
from companion.records.repository import Records
from companion.safety.dependence import dependence
from companion.safety.duties import Told

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOUR = 3600.0


def at(day: int, hour: float = 12.0, month: int = 6) -> float:
    return datetime(2026, month, day, tzinfo=SHANGHAI).timestamp() + hour * HOUR


@pytest.fixture
async def habits(records: Records) -> Habits:
    await records.ensure_user("xiaoyu", at(1))
    await records.ensure_user("other", at(1))
    return Habits(records.store, "Asia/Shanghai")


async def test_nothing_is_known_of_a_stranger(habits: Habits) -> None:
    known = await habits.of("xiaoyu", at(10))
    assert (known.minor, known.born, known.told, known.nudged_at) == (None, None, Told(), None)
    assert sum(known.use.minutes) == 0 and known.use.streak_days == 0
    assert await habits.child("xiaoyu", 14, at(10)) is None


async def test_what_is_kept_is_known_again_and_one_thing_leaves_the_others(habits: Habits) -> None:
    await habits.keep("xiaoyu", minor=True, born=2013)
    await habits.keep("xiaoyu", told=Told(True, 3600.0, 7200.0))
    await habits.keep("xiaoyu", nudged_at=at(9))
    known = await habits.of("xiaoyu", at(10))
    assert (known.minor, known.born, known.nudged_at) == (True, 2013, at(9))
    assert known.told == Told(True, 3600.0, 7200.0)
    assert (await habits.of("other", at(10))).minor is None


async def test_days_are_those_of_the_time_zone_and_nights_are_seen(habits: Habits) -> None:
    await habits.used("xiaoyu", at(10, 23.5), at(11, 0.5), 1)  # over midnight: a night, on the day on which it ended
    await habits.used("xiaoyu", at(11, 12), at(11, 12.5), 2)
    use = (await habits.of("xiaoyu", at(11, 20))).use
    assert use.minutes[-1] == pytest.approx(90.0) and use.minutes[-2] == 0.0
    assert (use.nights, use.exclusive, use.streak_days) == (1, 3, 1)
    assert len(use.minutes) == 7


@pytest.mark.parametrize(("start", "end", "night"), [(9, 10, 0), (4.5, 5.5, 1), (22, 23.9, 0), (2, 3, 1)])
async def test_a_night_is_between_midnight_and_five(habits: Habits, start: float, end: float, night: int) -> None:
    await habits.used("xiaoyu", at(10, start), at(10, end), 0)
    assert (await habits.of("xiaoyu", at(10, 23.95))).use.nights == night


async def test_a_streak_is_broken_by_a_day_without(habits: Habits) -> None:
    for day in (1, 2, 4, 5, 6):
        await habits.used("xiaoyu", at(day), at(day, 12.2), 0)
    assert (await habits.of("xiaoyu", at(6, 20))).use.streak_days == 3
    assert (await habits.of("xiaoyu", at(7, 20))).use.streak_days == 0
    assert (await habits.of("other", at(6, 20))).use.streak_days == 0


async def test_two_weeks_of_long_lonely_nights_are_dependence_and_a_quiet_week_is_none(habits: Habits) -> None:
    for day in range(1, 16):
        await habits.used("xiaoyu", at(day, 1), at(day, 4), 1)
    assert dependence((await habits.of("xiaoyu", at(15, 20))).use).score >= 0.8
    assert dependence((await habits.of("xiaoyu", at(29, 20))).use).score == 0.0


async def test_old_days_go(habits: Habits, records: Records) -> None:
    await habits.used("xiaoyu", at(1, month=1), at(1, 13, month=1), 0)
    await habits.used("other", at(1, month=1), at(1, 13, month=1), 0)
    await habits.used("xiaoyu", at(10), at(10, 13), 0)

    async def days(session) -> list[tuple[str, str]]:  # type: ignore[no-untyped-def]
        return [tuple(row) for row in (await session.execute(text("select user_id, day from use_of_day"))).all()]

    assert sorted(await records.store.transaction(days)) == [("other", "2026-01-01"), ("xiaoyu", "2026-06-10")]


@pytest.mark.parametrize(
    ("minor", "born", "child"),
    [(None, None, None), (False, None, False), (False, 1990, False), (True, None, None), (True, 2014, True),
     (True, 2010, False)],
)  # fmt: skip
async def test_whether_a_guardian_has_to_agree(
    habits: Habits, minor: bool | None, born: int | None, child: bool | None
) -> None:
    await habits.keep("xiaoyu", minor=minor, born=born)
    assert await habits.child("xiaoyu", 14, at(10)) is child


async def test_nothing_of_it_outlives_the_person(habits: Habits, records: Records) -> None:
    await habits.keep("xiaoyu", minor=True)
    await habits.used("xiaoyu", at(10), at(10, 13), 0)

    async def gone(session) -> int:  # type: ignore[no-untyped-def]
        await session.execute(text("""delete from "user" where id = 'xiaoyu'"""))
        left = 0
        for table in ("duty", "use_of_day"):
            left += await session.scalar(text(f"select count(*) from {table} where user_id = 'xiaoyu'"))
        return left

    assert await records.store.transaction(gone) == 0
