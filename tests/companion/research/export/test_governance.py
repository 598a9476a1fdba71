"""Who may ask, agree, see and download; that every act is written down; that few people are not exported."""

from __future__ import annotations

import pytest

from companion.errors import InputError
from companion.records.staff import Staff
from companion.research.export.request import Filters, Request
from tests.companion.records.staffing import NOW, staff_of
from tests.companion.research.export.people import DAY_S, PURPOSE, World, audit_of, consent, crowd

PLAIN = Request()


async def refusal(code: str, awaited: object) -> str:
    with pytest.raises(InputError) as caught:
        await awaited  # type: ignore[misc]
    assert caught.value.code == code, caught.value
    return str(caught.value)


async def test_it_takes_two_and_everything_is_written_down(world: World) -> None:
    await crowd(world.records)
    ask, agree = world.exports.ask, world.exports.approve
    await refusal("forbidden", ask(world.supervisor, PURPOSE, PLAIN))
    row = await ask(world.researcher, PURPOSE, PLAIN)
    assert row.state == "requested" and await world.job.next() is None
    await refusal("forbidden", agree(world.researcher, row.id))
    both = Staff(world.researcher.id, "both", frozenset({"researcher", "supervisor"}))
    assert "somebody else" in await refusal("forbidden", agree(both, row.id))
    await agree(world.supervisor, row.id)
    await refusal("not_waiting", agree(world.supervisor, row.id))
    made = await world.made(row.id)
    assert made.state == "published" and made.approved_by == world.supervisor.id
    path = await world.exports.download(world.researcher, row.id, "messages.jsonl")
    assert path.is_file()
    await refusal("not_found", world.exports.download(world.supervisor, row.id, "messages.jsonl"))
    await refusal("not_found", world.exports.download(world.researcher, row.id, "../../keys/x.key"))
    entries = [entry for entry in await audit_of(world).entries() if entry.action.startswith("research.")]
    acts = {entry.action for entry in entries}
    assert {"research.request", "research.approve", "research.publish", "research.download"} <= acts
    assert (await audit_of(world).verify()).faults[:0] == ()


async def test_somebody_elses_export_is_not_there(world: World) -> None:
    await crowd(world.records)
    row = await world.published(PLAIN)
    other = await staff_of(world.desk, "mallory", "researcher")
    counsellor = await staff_of(world.desk, "cora", "counsellor")
    for stranger in (other, counsellor):
        there = await refusal("not_found", world.exports.see(stranger, row.id))
        nowhere = await refusal("not_found", world.exports.see(stranger, f"export_{'0' * 32}"))
        assert there == nowhere
        await refusal("not_found", world.exports.download(stranger, row.id, "messages.jsonl"))
    assert await world.exports.listed(other) == []
    assert [one.id for one in await world.exports.listed(world.researcher)] == [row.id]
    await refusal("not_found", world.exports.see(world.researcher, "export_'; DROP TABLE user"))


@pytest.mark.parametrize("people", [0, 1, 4])
async def test_fewer_than_k_are_refused_and_not_counted(world: World, people: int) -> None:
    if people:
        await crowd(world.records, people)
    told = await refusal("too_few_people", world.exports.ask(world.researcher, PURPOSE, PLAIN))
    assert "fewer than 5" in told and (people in (0,) or f" {people} " not in told)
    assert [entry.action for entry in await audit_of(world).entries()][-1] == "research.refuse"
    assert await world.exports.listed(world.researcher) == []


async def test_a_filter_that_fits_one_person_is_refused(world: World) -> None:
    await crowd(world.records, 6)
    for filters in (Filters(model="gpt"), Filters(persona="nobody"), Filters(until=1.0), Filters(min_turns=9)):
        await refusal("too_few_people", world.exports.ask(world.researcher, PURPOSE, Request(filters=filters)))
    fits = Filters(since=NOW - 60 * DAY_S, language="zh", persona="warm_friend", model="qwen3-4b@1.2", rated="like")
    assert (await world.published(Request(filters=fits))).state == "published"


async def test_only_who_agreed_is_in_it(world: World) -> None:
    ids = await crowd(world.records, 8)
    await consent(world.records, ids[0], "research", given=False, at=NOW)
    world.job.sources.consents.child = lambda user_id: _child(user_id == ids[1])
    row = await world.published(PLAIN)
    assert row.counts["people"] == 6
    members = await world.job.register.members(row.id)
    from companion.research.disclosure.pseudonyms import Pseudonyms

    names = Pseudonyms(world.job.folders.keys.of(row.lineage))
    assert {names.person(user_id) for user_id in ids[2:]} == set(members)


async def _child(young: bool) -> bool:
    return young


async def test_pairs_take_consent_to_training_too(world: World) -> None:
    ids = await crowd(world.records, 6)
    await consent(world.records, ids[0], "training")
    row = await world.published(Request(formats=("messages", "kto")))
    assert row.counts["rows_kto"] == 2 and row.counts["people"] == 6


@pytest.mark.parametrize(
    "unfit",
    [
        Request(k=4),
        Request(public=True),
        Request(k=11, public=True, crisis_text=True),
        Request(l=0),
        Request(formats=()),
        Request(expires_days=0),
        Request(filters=Filters(since=2.0, until=1.0)),
        Request(filters=Filters(since=NOW - 27 * DAY_S)),
        Request(filters=Filters(since=NOW - 90 * DAY_S, until=NOW - 63 * DAY_S)),
        Request(filters=Filters(since=NOW - 20 * DAY_S, until=NOW + 20 * DAY_S)),
        Request(filters=Filters(language="z h")),
        Request(filters=Filters(min_turns=0)),
    ],
)
async def test_unfit_requests_are_refused_before_anybody_is_looked_up(world: World, unfit: Request) -> None:
    await refusal("invalid_request", world.exports.ask(world.researcher, PURPOSE, unfit))
    await refusal("invalid_request", world.exports.ask(world.researcher, "why", PLAIN))
