"""Numbers that may be published: noisy, paid for before they are drawn, and refused once nothing is left."""

from pathlib import Path
from statistics import mean

import pytest

from companion.errors import InputError
from companion.records.repository import Records
from companion.research.aggregates import Overview
from companion.research.disclosure.budget import Ledger
from companion.research.export.register import Register
from companion.research.release import LANGUAGES, release
from tests.companion.records.conftest import records, url  # noqa: F401
from tests.companion.records.staffing import NOW
from tests.companion.research.export.people import consent, talk, world_of

WHY = "a talk at a conference on loneliness"


async def test_numbers_are_noisy_around_who_agrees_and_spend_the_budget(
    records: Records,  # noqa: F811
    tmp_path: Path,
) -> None:
    world = await world_of(records, tmp_path)
    overview = Overview(world.job.sources, Register(records.store))
    for number in range(30):
        await talk(records, f"user-{number}", 20, [("今天好多了", "真好。")])
        if number < 25:
            await consent(records, f"user-{number}", "research")
    ledger = Ledger(records.store, 8.0)
    drawn = [await release(overview, ledger, "li.wei", WHY, 2.0, NOW) for _ in range(4)]
    told = [one.people["zh"] for one in drawn]
    assert all(n is not None and 11 <= n <= 45 for n in told) and abs(mean(n or 0 for n in told) - 25) < 8
    assert set(drawn[0].people) == {*LANGUAGES, "other"} and [one.spent.left for one in drawn] == [6.0, 4.0, 2.0, 0.0]
    with pytest.raises(InputError) as spent:
        await release(overview, ledger, "li.wei", WHY, 0.1, NOW)
    assert spent.value.code == "privacy_budget_spent"


async def test_what_is_for_nothing_costs_nothing(records: Records, tmp_path: Path) -> None:  # noqa: F811
    world = await world_of(records, tmp_path)
    overview, ledger = Overview(world.job.sources, Register(records.store)), Ledger(records.store, 1.0)
    for purpose, epsilon in (("why", 0.1), (WHY, 0.0), (WHY, 1000.0)):
        with pytest.raises(InputError):
            await release(overview, ledger, "li.wei", purpose, epsilon, NOW)
    assert await ledger.left(NOW) == 1.0
