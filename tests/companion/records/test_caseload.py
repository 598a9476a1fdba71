"""Who may see whom, and that every look is written down."""

import logging
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from companion.errors import InputError
from companion.records.erasure import erase, files_with
from companion.records.repository import Records
from memory.embedder import FakeEmbedder
from memory.index import ChromaIndex
from memory.ledger import Ledger
from memory.memories import Memories
from tests.companion.records.staffing import NOW, access, staff_of

WHY = "calls from their phone, says it is urgent"


async def test_who_may_see_whom(records: Records, tmp_path: Path) -> None:
    desk = access(records, tmp_path)
    for user in ("xiaoyu", "max"):
        await records.ensure_user(user, NOW)
    ann = await staff_of(desk, "ann", "counsellor")
    ben = await staff_of(desk, "ben", "counsellor")
    others = {role: await staff_of(desk, role, role) for role in ("supervisor", "researcher", "admin")}
    await desk.caseload.add(ann.id, "xiaoyu", NOW, by=others["admin"].id)
    for staff in others.values():  # being in a caseload makes nobody a counsellor
        await desk.caseload.add(staff.id, "xiaoyu", NOW, by="operator")
    may = desk.caseload.may_see
    assert await may(ann, "xiaoyu", NOW) and not await may(ann, "max", NOW) and not await may(ben, "xiaoyu", NOW)
    assert not await may(ann, "xiaoyu", NOW - 1)
    assert await may(others["supervisor"], "max", NOW) and not await may(others["supervisor"], "nobody", NOW)
    assert not await may(others["researcher"], "xiaoyu", NOW) and not await may(others["admin"], "xiaoyu", NOW)
    seen = [await desk.caseload.people(staff, NOW) for staff in (ann, ben, *others.values())]
    assert seen == [["xiaoyu"], [], ["max", "xiaoyu"], [], []]
    await desk.caseload.remove(ann.id, "xiaoyu", NOW + 10, by="operator")
    assert await may(ann, "xiaoyu", NOW + 9.9) and not await may(ann, "xiaoyu", NOW + 10)
    with pytest.raises(InputError, match="not in that caseload"):
        await desk.caseload.remove(ann.id, "xiaoyu", NOW + 11, by="operator")
    with pytest.raises(InputError, match="nobody of this id"):
        await desk.caseload.add(ann.id, "nobody", NOW, by="operator")


async def test_a_look_is_written_down_before_it_is_had_and_so_is_a_refusal(records: Records, tmp_path: Path) -> None:
    desk = access(records, tmp_path)
    await records.ensure_user("xiaoyu", NOW)
    ann = await staff_of(desk, "ann", "counsellor")
    done: list[str] = []

    async def act(session: AsyncSession) -> None:
        done.append("acted")
        await session.execute(text('update "user" set seen_at = 7'))

    told = []
    for user in ("xiaoyu", "nobody"):
        with pytest.raises(InputError) as error:
            await desk.caseload.seen(ann, user, "session.read", NOW, object_id="s1", also=[act])
        told.append((error.value.code, str(error.value)))
    assert told[0] == told[1] and told[0][0] == "not_found" and done == []  # who is here is not given away
    await desk.caseload.add(ann.id, "xiaoyu", NOW, by="operator")
    await desk.caseload.seen(ann, "xiaoyu", "session.read", NOW, object_id="s1", also=[act])
    rows = await desk.audit.entries(user_id="xiaoyu")
    assert [(r.staff_id, r.action, r.detail) for r in rows] == [
        (ann.id, "refused", {"wanted": "session.read"}),
        ("operator", "caseload.add", {"to": ann.id}),
        (ann.id, "session.read", {}),
    ]
    assert rows[-1].object_id == desk.audit.hashed("s1") and done == ["acted"]


async def test_broken_glass_opens_for_hours_and_is_loud(
    records: Records, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    desk = access(records, tmp_path)
    await records.ensure_user("xiaoyu", NOW)
    ann = await staff_of(desk, "ann", "counsellor")
    for reason, hours in (("   short   ", 0.5), ("x" * 501, 1), (WHY, 4.01), (WHY, 0), (WHY, float("nan"))):
        with pytest.raises(InputError):
            await desk.caseload.break_glass(ann, "xiaoyu", reason, NOW, hours=hours)
    for role in ("supervisor", "researcher", "admin"):
        with pytest.raises(InputError) as error:
            await desk.caseload.break_glass(await staff_of(desk, role, role), "xiaoyu", WHY, NOW, hours=1)
        assert error.value.code == "forbidden"
    with pytest.raises(InputError, match="nobody of this id"):
        await desk.caseload.break_glass(ann, "nobody", WHY, NOW, hours=1)
    assert not await desk.caseload.may_see(ann, "xiaoyu", NOW)
    with caplog.at_level(logging.WARNING):
        broken = await desk.caseload.break_glass(ann, "xiaoyu", WHY, NOW, hours=4)
    assert "break glass" in caplog.text and "xiaoyu" not in caplog.text and "urgent" not in caplog.text
    assert broken.until == NOW + 4 * 3600 and await desk.caseload.people(ann, NOW) == ["xiaoyu"]
    assert await desk.caseload.may_see(ann, "xiaoyu", NOW + 4 * 3600 - 1)
    assert not await desk.caseload.may_see(ann, "xiaoyu", NOW + 4 * 3600)
    (row,) = await desk.audit.entries(action="break_glass")
    assert row.subject == desk.audit.subject("xiaoyu") and row.detail["hours"] == 4
    assert row.detail["reason"] == desk.audit.hashed(f"{broken.id}\n{WHY}") and WHY not in repr(row)
    assert await desk.caseload.broken_glass() == [broken]
    await desk.caseload.remove(ann.id, "xiaoyu", NOW + 60, by="operator")  # somebody ends it
    assert not await desk.caseload.may_see(ann, "xiaoyu", NOW + 60)


async def test_a_deletion_takes_four_eyes_and_both_are_written_down(records: Records, tmp_path: Path) -> None:
    desk = access(records, tmp_path)
    await records.start_session("s1", "xiaoyu", NOW)
    await records.start_session("s2", "xiaoyu", NOW)
    ann = await staff_of(desk, "ann", "counsellor")
    sue = await staff_of(desk, "sue", "counsellor", "supervisor")
    tom = await staff_of(desk, "tom", "admin")
    await desk.caseload.add(ann.id, "xiaoyu", NOW, by="operator")
    with pytest.raises(InputError, match="nobody of this id"):
        await desk.deletions.request(tom, "xiaoyu", "s1", NOW)

    async def gone(session: AsyncSession) -> None:
        await session.execute(text("delete from session where id = 's1'"))

    hers = await desk.deletions.request(sue, "xiaoyu", "s1", NOW)
    for staff, code in ((sue, "forbidden"), (ann, "forbidden")):
        with pytest.raises(InputError) as error:
            await desk.deletions.approve(staff, hers.id, NOW + 1, also=[gone])
        assert error.value.code == code
    assert await desk.deletions.waiting(NOW + 1) == [hers] and (await records.counts())["sessions"] == 2
    with pytest.raises(InputError, match="waits for approval"):
        await desk.deletions.approve(tom, hers.id, NOW + 7 * 86_400, also=[gone])
    assert await desk.deletions.approve(tom, hers.id, NOW + 2, also=[gone]) == hers
    assert (await records.counts())["sessions"] == 1 and await desk.deletions.waiting(NOW + 2) == []
    with pytest.raises(InputError, match="waits for approval"):
        await desk.deletions.approve(tom, hers.id, NOW + 3, also=[gone])
    asked, approved = (await desk.audit.entries(user_id="xiaoyu"))[-2:]
    assert (asked.action, asked.staff_id) == ("deletion.request", sue.id)
    assert (approved.action, approved.staff_id) == ("deletion.approve", tom.id)
    assert approved.detail == {"requested_by": sue.id} and approved.object_id == asked.object_id


async def test_an_erased_person_is_gone_from_here_too_and_the_chain_stays_whole(
    records: Records, tmp_path: Path
) -> None:
    desk = access(records, tmp_path)
    await records.start_session("a-session-unmistakable", "a-person-unmistakable", NOW)
    person = "a-person-unmistakable"
    ann, sue = await staff_of(desk, "ann", "counsellor"), await staff_of(desk, "sue", "supervisor")
    await desk.caseload.add(ann.id, person, NOW, by="operator")
    await desk.caseload.break_glass(ann, person, WHY, NOW, hours=1)
    await desk.caseload.seen(ann, person, "session.read", NOW, object_id="a-session-unmistakable")
    await desk.deletions.request(sue, person, "a-session-unmistakable", NOW)
    embedder = FakeEmbedder()
    memories = Memories(
        Ledger(records.store, records.ring), ChromaIndex.embedded(tmp_path / "chroma", embedder.name, 2), embedder
    )
    receipt = await erase(records, memories, person, NOW + 1)
    assert not await desk.caseload.may_see(ann, person, NOW + 1)
    assert await desk.caseload.broken_glass() == [] and await desk.deletions.waiting(NOW + 1) == []
    async with records.store.sessions() as session:
        for table in ("audit", "caseload", "break_glass", "deletion_request", "staff_attempt"):
            assert "unmistakable" not in str((await session.execute(text(f"select * from {table}"))).all())
    assert files_with(tmp_path, [person.encode(), b"a-session-unmistakable"]) == []
    rows = await desk.audit.entries(user_id=person)  # whoever gives the id can still be told who looked
    assert [row.action for row in rows] == ["caseload.add", "break_glass", "session.read", "deletion.request"]
    assert {row.subject for row in rows} == {receipt.subject}
    await desk.audit.sign_head(NOW)
    assert (await desk.audit.verify()).sound
