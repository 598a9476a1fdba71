"""Rare content waits for a human, who masks it or lets it pass; what was decided once holds for later versions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from companion.errors import InputError
from companion.research.export.request import Request
from tests.companion.records.staffing import NOW
from tests.companion.research.export.people import PURPOSE, World, audit_of, consent, crowd, talk

RARE = "我是我们消防队里唯一的女消防员，去年还上过电视台的采访"
MESSAGES = Request(formats=("messages",))


async def waiting(world: World) -> tuple[Any, list[str]]:
    """An export that waits in review, and the people in it, of whom the first is rare."""
    ids = await crowd(world.records, 7)
    await talk(world.records, ids[0], 3, [(RARE, "听起来你很不容易。"), ("今天也挺好", "真好。")])
    row = await world.exports.ask(world.researcher, PURPOSE, MESSAGES)
    await world.exports.approve(world.supervisor, row.id)
    made = await world.job.next(row.id)
    assert made is not None and made.state == "review", made
    return made, ids


def said(world: World, row: Any) -> str:
    return (world.ready(row) / "messages.jsonl").read_text("utf-8")


async def test_nothing_is_published_before_a_human_has_looked(world: World) -> None:
    row, _ = await waiting(world)
    assert world.exports.files(row) == [] and not world.ready(row).exists()
    found, decided = await world.exports.flags(world.supervisor, row.id, after=0, limit=50)
    assert found and decided == [] and any("唯一" in flag.words or "消防" in flag.words for flag in found)
    with pytest.raises(InputError, match="supervisor or an admin"):
        await world.exports.flags(world.researcher, row.id, after=0, limit=50)
    with pytest.raises(InputError, match="not of this export"):
        await world.exports.decide(world.supervisor, row.id, {"flag_" + "0" * 24: "keep"}, rest=None)
    one = await world.exports.decide(world.supervisor, row.id, {found[0].id: "mask"}, rest=None)
    assert one.state == ("review" if len(found) > 1 else "queued")
    if len(found) > 1:
        await world.exports.decide(world.supervisor, row.id, {}, rest="mask")
    done = await world.job.next(row.id)
    assert done is not None and done.state == "published" and not (world.folder / "work" / row.id).exists()
    for flag in found:
        assert flag.words not in said(world, done)
    manifest = json.loads((world.ready(done) / "manifest.json").read_text("utf-8"))
    assert manifest["flags"] == {"found": len(found), "masked": len(found), "kept": 0}
    acts = [entry.action for entry in await audit_of(world).entries()]
    assert {"research.review", "research.flags", "research.decide"} <= set(acts)


async def test_what_a_human_lets_pass_is_there(world: World) -> None:
    row, _ = await waiting(world)
    found, _ = await world.exports.flags(world.supervisor, row.id, after=0, limit=200)
    await world.exports.decide(world.supervisor, row.id, {}, rest="keep")
    done = await world.job.next(row.id)
    assert done is not None and done.state == "published" and done.counts["flags_kept"] == len(found)
    assert all(flag.words in said(world, done) for flag in found)


async def test_what_was_decided_holds_for_the_next_version(world: World) -> None:
    row, ids = await waiting(world)
    await world.exports.decide(world.supervisor, row.id, {}, rest="mask")
    done = await world.job.next(row.id)
    assert done is not None and done.state == "published"
    await consent(world.records, ids[3], "research", given=False, at=NOW)
    assert await world.upkeep.sweep() == 1
    (new,) = [one for one in await world.job.register.all() if one.version == 2]
    after = await world.job.next(new.id)
    assert after is not None and after.state == "published" and "唯一的女消防员" not in said(world, after)


async def test_who_withdraws_while_a_human_looks_is_gone_from_there_too(world: World) -> None:
    row, ids = await waiting(world)
    work = world.job.folders.work(row.id)
    words = (work / "flags.jsonl").read_text("utf-8")
    assert "消防" in words
    await consent(world.records, ids[0], "research", given=False, at=NOW)
    assert await world.upkeep.sweep() == 1
    left = "".join(path.read_text("utf-8") for path in work.rglob("*") if path.is_file())
    assert "消防" not in left
    done = await world.made(row.id)
    assert done.state == "published" and "消防" not in said(world, done) and done.counts["people"] == 6
