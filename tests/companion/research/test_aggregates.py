"""Numbers from which nobody can be told: no cell below 11, none that the others give away, everybody counted once."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from companion.records.repository import Records
from companion.research.aggregates import OTHER, Overview, Tally, coarse, mean, merged, part, told
from companion.research.export.register import Register
from tests.companion.records.conftest import records, url  # noqa: F401
from tests.companion.records.staffing import NOW
from tests.companion.research.export.people import consent, talk, world_of

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 25)  # a Wednesday
WEEK = timedelta(weeks=1)


def at(day: date, hour: int = 12) -> float:
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZONE).timestamp()


@given(st.integers(0, 10_000))
def test_people_are_told_from_eleven_on_in_steps_of_five(people: int) -> None:
    found = told(people)
    assert (found is None) == (people < 11)
    if found is not None:
        assert 11 <= found <= people < found + 5 and (found == 11 or found % 5 == 0)


@given(st.integers(0, 500), st.integers(0, 500))
def test_a_part_is_not_told_where_the_rest_is_few(one: int, rest: int) -> None:
    found = part(one, one + rest)
    assert (found is None) == (one < 11 or 0 < rest < 11)


@given(st.integers(0, 10**9))
def test_things_are_told_by_two_digits(count: int) -> None:
    found = coarse(count)
    assert found <= count and found * 1.1 >= count - 1 and len(str(found).rstrip("0")) <= 2


def test_a_mean_is_of_eleven_people_at_least() -> None:
    assert mean([0.5] * 10) is None
    assert mean([0.5] * 11) == 0.5
    assert mean([0.511] * 30) == 0.5 and mean([-0.33] * 30) == -0.35


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.tuples(st.integers(1, 40), st.integers(0, 900)), min_size=1))
def test_small_groups_are_put_together_until_nobody_is_told_by_what_is_left(
    groups: dict[str, tuple[int, int]],
) -> None:
    found = merged(groups)
    assert [sum(numbers[at] for _, numbers in found) for at in (0, 1)] == [
        sum(numbers[at] for numbers in groups.values()) for at in (0, 1)
    ]
    assert len(found) == 1 or all(numbers[0] >= 11 for _, numbers in found)
    assert all(numbers == groups[name] for name, numbers in found if name != OTHER)


def test_people_come_back_week_after_week_as_far_as_the_weeks_are_over() -> None:
    tally, begun = Tally(ZONE, TODAY), TODAY - 3 * WEEK
    rows = []
    for number in range(40):
        rows.append((f"u{number}", at(begun), 3, "zh"))
        if number < 20:
            rows.append((f"u{number}", at(begun + WEEK), 3, "zh"))
        if number < 33:
            rows.append((f"u{number}", at(begun + 2 * WEEK), 3, "zh"))
        rows.append((f"u{number}", at(TODAY), 3, "zh"))  # in a week that is not over
    tally.talks(rows, [])
    by_week = {each.week: each for each in tally.aggregates(0.0).cohorts}
    assert len(by_week) == 12
    found = by_week["2026-11-02"]
    assert (found.people, list(found.back)) == (40, [20, None])  # 7 of 40 stayed away two weeks later
    assert by_week["2026-11-23"].people is None and by_week["2026-11-23"].back == []


def test_whoever_talks_much_counts_once() -> None:
    tally = Tally(ZONE, TODAY)
    rows: list[Any] = [("loud", at(TODAY, 23), 1.0, 0.0) for _ in range(500)]
    rows += [(f"u{number}", at(TODAY, 23), -0.5, 0.2) for number in range(20)]
    rows += [(f"u{number}", at(TODAY, 3), -0.5, 0.2) for number in range(10)]
    rows += [(f"x{number}", at(TODAY, 3), -0.5, 1.0) for number in range(5)]  # nothing is known
    tally.felt(rows)
    hours = tally.aggregates(0.0).hours
    assert (hours[23].people, hours[23].valence) == (20, -0.45)  # (1 - 20 * 0.5) / 21, in steps of .05
    assert (hours[3].people, hours[3].valence) == (None, None)


def test_ratings_are_a_mean_over_raters() -> None:
    tally = Tally(ZONE, TODAY)
    rows: list[Any] = [("loud", "m", "dislike", 400)]
    rows += [(f"u{number}", "m", "like", 1) for number in range(19)] + [("u1", "n", "like", 9)]
    tally.rated(rows)
    found = {each.model: each for each in tally.aggregates(0.0).models}
    assert (found["m"].people, found["m"].likes) == (20, 0.95)
    assert (found["n"].people, found["n"].likes) == (None, None)


async def test_only_who_agrees_now_counts_and_whoever_withdraws_counts_no_more(
    records: Records,  # noqa: F811
    tmp_path: Path,
) -> None:
    world = await world_of(records, tmp_path)
    overview = Overview(world.job.sources, Register(records.store))
    ids = [f"user-{number}" for number in range(18)]
    for number, user_id in enumerate(ids):
        await talk(records, user_id, 20, [("今天好多了", "真好。"), ("晚安", "晚安。")], ratings={0: "like"})
        if number < 16:
            await consent(records, user_id, "research")
    first = await overview.at(NOW)
    assert (first.totals.people, first.totals.dialogues, first.totals.turns) == (15, 16, 32)
    assert first.totals.training is None and first.totals.rated == 16
    assert [(each.name, each.people) for each in first.languages] == [("zh", 15)]
    [rated] = first.models
    assert (rated.model, rated.people, rated.likes) == ("qwen3-4b@1.2", 15, 1.0)
    assert {each.valence for each in first.hours if each.people} == {-0.45}
    assert await overview.at(NOW + 1.0) is first  # counted once
    await consent(records, ids[0], "research", given=False)
    second = await overview.at(NOW + 2.0)
    assert (second.totals.people, second.totals.dialogues) == (15, 15)
    for user_id in ids[1:6]:
        await consent(records, user_id, "research", given=False)
    third = await overview.at(NOW + 3.0)
    assert third.totals.people is None and third.totals.turns is None
    assert not [each for each in third.hours if each.people is not None or each.valence is not None]
