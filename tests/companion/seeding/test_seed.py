"""Made-up people: the same ones for the same number, never among real ones, and as consistent as those who talked."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import SQLModel

from companion.errors import InputError
from companion.records.consents import Consents
from companion.records.repository import Records
from companion.records.summaries import SummaryRow, summarised
from companion.records.tables import SessionRow, TurnRow, UserRow
from companion.review.labels import LabelRow
from companion.review.notes import NoteRow
from companion.safety.protocol import load
from companion.seeding.writing import Amount, seed, shares
from memory.ledger import Ledger, MemoryRow
from tests.companion.records.staffing import NOW, access

SMALL = Amount(sessions=30, turns=400, people=4)


async def _fill(records: Records, folder: Path, amount: Amount = SMALL, **how: Any) -> None:
    desk = access(records, folder)
    await seed(records, desk.accounts, desk.audit, amount, NOW, audio_days=30.0, **how)


async def _all(records: Records, table: type[SQLModel]) -> list[Any]:
    async def work(session: Any) -> list[Any]:
        return list((await session.execute(select(table))).scalars())

    return await records.store.transaction(work)


async def _said(records: Records) -> list[tuple[str, str | None, str | None, Any]]:
    for person in await _all(records, UserRow):
        await records.ring.load(person.id)
    sessions = sorted(row.id for row in await _all(records, SessionRow))
    return [(t.id, t.user_text, t.reply_text, t.affect) for s in sessions for t in await records.turns(s)]


async def test_as_many_as_asked_and_each_summary_is_that_of_its_turns(records: Records, tmp_path: Path) -> None:
    told: list[int] = []
    await _fill(records, tmp_path, done=told.append)
    assert await records.counts() == {"users": 4, "sessions": 30, "turns": 400} and told[-1] == 30
    written = {row.session_id: row.model_dump() for row in await _all(records, SummaryRow)}
    for session_id in written:
        await records.store.transaction(summarised(session_id))
    for row in await _all(records, SummaryRow):
        assert row.model_dump() == written[row.session_id]
    for row in await _all(records, SessionRow):
        assert load(row.safety).level == row.risk_level and row.started_at < row.ended_at <= NOW
    said = await _said(records)
    assert all(text and reply for _, text, reply, _ in said)
    assert {affect["voice"] is None for *_, affect in said} == {True, False}
    kept = await Ledger(records.store, records.ring).of("seed0-00000", "other")
    assert kept[0] and all(memory.text for memory in kept[0])
    consents = Consents(records.store, records.ring)
    assert {await consents.given(p.id, "counsellor_review") for p in await _all(records, UserRow)} & {True}


async def test_the_same_number_makes_the_same_people(records: Records, tmp_path: Path) -> None:
    def people(number: int) -> list[Any]:
        return [(asdict(who), sizes) for who, sizes in shares(Amount(30, 400, 4, number), f"seed{number}")]

    assert people(1) == people(1) != people(2)
    assert sum(sum(sizes) for _, sizes in people(1)) == 400
    await _fill(records, tmp_path)
    first = await _said(records)
    labels, notes = await _all(records, LabelRow), await _all(records, NoteRow)
    from companion.records.erasure import tables_of_people

    async def work(session: Any) -> None:
        for table in reversed(tables_of_people()):
            await session.execute(table.delete())
        await session.execute(UserRow.__table__.delete())  # type: ignore[attr-defined]

    await records.store.transaction(work)
    await _fill(records, tmp_path)
    assert await _said(records) == first
    assert [row.value for row in await _all(records, LabelRow)] == [row.value for row in labels]
    assert len(await _all(records, NoteRow)) == len(notes)


async def test_never_among_real_people_unless_forced(records: Records, tmp_path: Path) -> None:
    await records.start_session("s1", "xiaoyu", NOW)
    with pytest.raises(InputError, match="did not make up") as refused:
        await _fill(records, tmp_path)
    assert refused.value.code == "real_people" and (await records.counts())["users"] == 1
    await _fill(records, tmp_path, force=True)
    assert (await records.counts())["users"] == 5
    with pytest.raises(InputError, match="another --seed") as again:
        await _fill(records, tmp_path, force=True)
    assert again.value.code == "seeded"
    await _fill(records, tmp_path, Amount(4, 8, 2, seed=7), force=True)
    assert {row.id[:6] for row in await _all(records, UserRow)} == {"seed0-", "seed7-", "xiaoyu"}
    assert all(row.user_id.startswith("seed") for row in await _all(records, MemoryRow))


@pytest.mark.parametrize("amount", [Amount(3, 2, 1), Amount(3, 9, 4), Amount(3, 9, 0)])
async def test_what_cannot_be_shared_out_is_refused(records: Records, tmp_path: Path, amount: Amount) -> None:
    with pytest.raises(InputError, match="at least one turn"):
        await _fill(records, tmp_path, amount)


async def test_flagged_words_are_where_the_risk_says(records: Records, tmp_path: Path) -> None:
    await _fill(records, tmp_path, Amount(120, 1200, 6))
    texts = {turn_id: text or "" for turn_id, text, *_ in await _said(records)}
    flagged = [row for row in await _all(records, TurnRow) if row.risk_level]
    assert {row.risk_level for row in flagged} >= {1, 2}
    for row in flagged:
        (reason,) = row.risk["reasons"]
        start, end = reason["span"]
        assert 0 <= start < end <= len(texts[row.id]) and row.risk["held"] >= row.risk_level
