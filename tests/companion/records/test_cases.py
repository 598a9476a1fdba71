"""Calls for a counsellor: opened once, moved up, claimed by one, closed with an outcome."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from companion.errors import InputError
from companion.records.case_views import Case, Viewer, of_session, one, page, person_of, waiting
from companion.records.cases import Cases
from companion.records.database import Work
from companion.records.erasure import erase
from companion.records.repository import Records
from companion.records.safety import SafetyRecords
from companion.records.staff import Staff
from companion.safety.protocol import dump, load, step
from companion.safety.protocol_types import Policy, Returned, State, Turn
from companion.safety.protocol_types import Queue as Call
from memory.embedder import FakeEmbedder
from memory.index import ChromaIndex
from memory.ledger import Ledger
from memory.memories import Memories
from tests.companion.records.staffing import NOW, access, staff_of

SAID = "我把遗书写好了"


class Queue:
    """Cases over a database, and two counsellors."""

    def __init__(self, records: Records, ann: Staff, ben: Staff) -> None:
        self.records, self.cases, self.ann, self.ben = records, Cases(records.store, records.ring), ann, ben
        self.all = Viewer("sue", None)

    async def do(self, *works: Work) -> None:
        async def work(session: Any) -> None:
            for each in works:
                await each(session)

        await self.cases.store.transaction(work)

    async def ask(self, session_id: str, user_id: str, now: float = NOW, **other: Any) -> Case:
        given = {"priority": 2, "sla_s": 300.0, "level": 3, "kinds": ["suicide"], "reasons": ["plan"], "said": SAID}
        await self.do(self.cases.asked(session_id, user_id, now=now, **(given | other)))
        return await self.of(session_id)

    async def of(self, session_id: str, viewer: Viewer | None = None) -> Case:
        case = await of_session(self.cases, viewer or self.all, session_id)
        assert case is not None
        return case

    async def refused(self, work: Work) -> str:
        with pytest.raises(InputError) as error:
            await self.do(work)
        return error.value.code

    async def listed(self, viewer: Viewer, which: Any, now: float = NOW, limit: int = 50) -> list[Case]:
        """All pages."""
        found: list[Case] = []
        after = None
        while True:
            got = await page(self.cases, viewer, which, now, limit=limit, after=after)
            found += got.cases
            if (after := got.after) is None:
                return found


@pytest.fixture
async def queue(records: Records, tmp_path: Path) -> Queue:
    desk = access(records, tmp_path)
    for number, user in enumerate(("xiaoyu", "max", "lea")):
        await records.start_session(f"s{number}", user, NOW)
    return Queue(records, await staff_of(desk, "ann", "counsellor"), await staff_of(desk, "ben", "counsellor"))


async def test_a_session_has_one_open_case_which_moves_up_and_keeps_what_is_known(queue: Queue) -> None:
    first = await queue.ask("s0", "xiaoyu")
    assert (first.state, first.priority, first.due_at, first.said) == ("waiting", 2, NOW + 300, SAID)
    assert not first.late(NOW + 300) and first.late(NOW + 300.1)
    worse = await queue.ask("s0", "xiaoyu", NOW + 10, priority=1, sla_s=60.0, level=4, said="", reasons=[])
    assert (worse.id, worse.priority, worse.level, worse.due_at) == (first.id, 1, 4, NOW + 70)
    assert worse.said == SAID and list(worse.reasons) == ["plan"] and worse.asked_at == NOW
    milder = await queue.ask("s0", "xiaoyu", NOW + 20, priority=3, sla_s=900.0, said="还好")
    assert (milder.priority, milder.due_at, milder.said) == (1, NOW + 70, "还好")  # never down, never later
    late = await queue.ask("s0", "xiaoyu", NOW + 100, priority=1, sla_s=60.0)
    assert late.due_at == NOW + 70 and late.late(NOW + 100)  # asked for again, and late all the same
    async with queue.records.store.sessions() as session:
        assert len((await session.execute(text("select id from risk_case"))).all()) == 1
        kept = str((await session.execute(text("select said, reasons, kinds from risk_case"))).all())
        assert SAID not in kept and "还好" not in kept
    with pytest.raises(IntegrityError):  # the database itself sees to it
        async with queue.records.store.sessions() as session, session.begin():
            columns = "id, session_id, user_id, state, level, kinds, reasons, priority, asked_at, due_at, sla_s"
            values = "'x', 's0', 'xiaoyu', 'waiting', 3, '[]', '[]', 1, 0, 0, 1"
            await session.execute(text(f"insert into risk_case ({columns}) values ({values})"))


async def test_withdrawn_and_asked_for_again_is_another_case(queue: Queue) -> None:
    first = await queue.ask("s0", "xiaoyu")
    await queue.do(queue.cases.withdrawn("s0", NOW + 5))
    gone = await queue.of("s0")
    assert (gone.state, gone.closed_at) == ("withdrawn", NOW + 5)
    assert await queue.refused(queue.cases.claimed(first.id, queue.ann.id, NOW)) == "case_closed"
    again = await queue.ask("s0", "xiaoyu", NOW + 9)
    assert again.id != first.id and again.state == "waiting"
    await queue.do(queue.cases.withdrawn("s1", NOW))  # nobody was asked for: nothing happens


async def test_of_two_who_claim_at_once_one_wins(queue: Queue) -> None:
    for round_ in range(8):
        case = await queue.ask("s0", "xiaoyu", NOW + round_)
        works = [queue.cases.claimed(case.id, who.id, NOW + round_ + 0.5) for who in (queue.ann, queue.ben)]
        ends = await asyncio.gather(*(queue.do(work) for work in works), return_exceptions=True)
        (lost,) = [end for end in ends if end is not None]
        assert isinstance(lost, InputError) and lost.code == "claimed_by_other"
        won = (queue.ann, queue.ben)[ends.index(None)]
        case = await queue.of("s0")
        assert case.state == "claimed" and case.claimed_by == (won.id, won.name)
        assert case.due_at == NOW + round_ + 0.5 + 300
        await queue.do(queue.cases.claimed(case.id, won.id, NOW + round_ + 0.6))  # once more is no conflict
        await queue.do(queue.cases.withdrawn("s0", NOW + round_ + 0.7))


async def test_the_way_of_a_case_to_its_end(queue: Queue) -> None:
    cases, ann, ben = queue.cases, queue.ann.id, queue.ben.id
    case = await queue.ask("s0", "xiaoyu")
    resolution: Any = {"user_id": "xiaoyu", "outcome": "supported", "level": 1, "note": "她答应明天见医生"}
    assert await queue.refused(cases.released(case.id, ann, NOW)) == "not_claimed"
    assert await queue.refused(cases.resolved(case.id, ann, NOW, **resolution)) == "not_claimed"
    await queue.do(cases.claimed(case.id, ann, NOW + 1))
    for work in (cases.released(case.id, ben, NOW), cases.resolved(case.id, ben, NOW, **resolution)):
        assert await queue.refused(work) == "claimed_by_other"
    await queue.do(cases.released(case.id, ann, NOW + 2))
    assert (await queue.of("s0")).claimed_by is None
    await queue.do(cases.claimed(case.id, ann, NOW + 3))
    await queue.do(cases.handed_over(case.id, ann, ben, NOW + 4, user_id="xiaoyu", note="她想要一位女咨询师"))
    assert (handed := await queue.of("s0")).claimed_by == (ben, "ben") and handed.note == "她想要一位女咨询师"
    await queue.do(cases.joined("s0", ben, NOW + 5))
    assert (talking := await queue.of("s0")).state == "with_person" and not talking.late(NOW + 10_000)
    assert await queue.refused(cases.handed_over(case.id, ben, ann, NOW, user_id="xiaoyu")) == "with_person"
    assert await queue.refused(cases.claimed(case.id, ann, NOW)) == "claimed_by_other"
    await queue.do(cases.left("s0", NOW + 6))
    assert (await queue.of("s0")).state == "claimed"
    await queue.do(cases.resolved(case.id, ben, NOW + 7, **resolution))
    end = await queue.of("s0")
    assert (end.state, end.outcome, end.level, end.closed_at) == ("resolved", "supported", 1, NOW + 7)
    assert end.note == resolution["note"] and end.claimed_by == (ben, "ben")
    assert await queue.refused(cases.released(case.id, None, NOW)) == "case_closed"
    assert await queue.refused(cases.released("risk_none", None, NOW)) == "not_found"
    other = await queue.ask("s1", "max")
    await queue.do(cases.resolved(other.id, None, NOW + 8, user_id="max", outcome="false_alarm", level=0))  # supervisor
    assert (await queue.of("s1")).outcome == "false_alarm"


async def test_who_lost_the_counsellor_is_put_back_for_all(queue: Queue) -> None:
    await queue.ask("s0", "xiaoyu")
    await queue.do(queue.cases.joined("s0", queue.ann.id, NOW + 1))  # without having claimed it
    assert (await queue.of("s0")).claimed_by == (queue.ann.id, "ann")
    again = await queue.ask("s0", "xiaoyu", NOW + 50, priority=1, sla_s=60.0, said="", reasons=[])
    assert (again.state, again.priority, again.claimed_by, again.due_at) == ("waiting", 1, None, NOW + 110)
    await queue.do(queue.cases.left("s0", NOW + 51))  # told late: it stays in the queue
    assert (await queue.of("s0")).state == "waiting"


async def test_the_queue_shows_who_needs_somebody_first_and_words_only_of_ones_own(queue: Queue) -> None:
    cases = queue.cases
    slow = await queue.ask("s0", "xiaoyu", NOW - 1000, priority=3, sla_s=900.0)  # late
    soon = await queue.ask("s1", "max", NOW - 5, priority=1, sla_s=60.0)
    then = await queue.ask("s2", "lea", NOW - 9, priority=2)
    for limit in (1, 2, 50):
        assert [c.id for c in await queue.listed(queue.all, "open", limit=limit)] == [slow.id, soon.id, then.id]
    assert [c.id for c in await queue.listed(queue.all, "open", NOW - 200)][-1] == slow.id  # while it was not late
    assert await waiting(cases) == {slow.id, soon.id, then.id}
    mine = Viewer(queue.ann.id, frozenset({"max"}))
    assert [c.said for c in await queue.listed(mine, "open")] == [None, SAID, None]
    await queue.do(cases.claimed(then.id, queue.ben.id, NOW))
    assert [c.id for c in await queue.listed(mine, "open")] == [slow.id, soon.id]  # another one's person
    await queue.do(cases.claimed(soon.id, queue.ann.id, NOW))
    assert [c.id for c in await queue.listed(mine, "mine", limit=1)] == [soon.id]
    for number, case in enumerate((soon, then)):
        user_id = case.user_id
        done = cases.resolved(case.id, None, NOW + number, user_id=user_id, outcome="referred", level=1)
        await queue.do(done)
    assert [c.id for c in await queue.listed(queue.all, "closed", limit=1)] == [then.id, soon.id]
    assert [c.id for c in await queue.listed(mine, "closed")] == [soon.id]
    assert await one(cases, mine, "no such") is None and await person_of(cases, "s2") == "lea"
    assert await person_of(cases, "s\0") is None and await cases.named("risk_\0") is None


async def test_a_talk_that_is_live_nowhere_calls_nobody_again_once_its_case_was_resolved(queue: Queue) -> None:
    records = queue.records
    safety = SafetyRecords(records.store, records.ring)
    state, _ = step(State(review="given"), Turn(4, ("suicide",)), NOW, Policy(staffed=True))
    assert state.queued and state.level == 4
    await queue.do(safety.kept("s0", lambda: (dump(state).decode(), state.level)))
    await queue.do(queue.cases.settled("s0", 1, NOW + 30), queue.cases.settled("s1", 1, NOW))  # s1: nothing kept
    kept = await safety.newest("s0", "xiaoyu")
    assert kept is not None
    after = load(kept)
    assert after.level == 1 and not after.queued
    _, actions = step(after, Returned(), NOW + 3600, Policy(staffed=True))
    assert not [action for action in actions if isinstance(action, Call)]


async def test_a_case_tells_how_the_person_sounded_last(queue: Queue) -> None:
    records = queue.records
    await queue.ask("s0", "xiaoyu")
    assert (await queue.of("s0")).voice is None
    for index, (valence, odd) in enumerate([(0.2, 0.1), (-0.4, 0.8)]):
        turn = f"t{index}"
        await records.commit_utterance(turn, "s0", "xiaoyu", index=index, now=NOW, modality="voice", text="嗯")
        voice = {"valence": valence, "arousal": -0.5, "uncertainty": 0.2}
        felt = {"valence": 0.0, "voice": voice, "words": None, "incongruence": {"score": odd, "kind": "masking"}}
        await records.finish_turn(turn, "xiaoyu", state="answered", affect=felt, language="zh")
    await records.commit_utterance("t9", "s0", "xiaoyu", index=9, now=NOW, modality="voice", text="嗯")
    case = await queue.of("s0")
    assert case.voice is not None and case.language == "zh"
    assert (case.voice.valence, case.voice.arousal, case.voice.incongruence) == (-0.4, -0.5, 0.8)


async def test_who_is_told_of_a_change_and_that_nobody_stands_in_the_way(queue: Queue) -> None:
    told: list[Sequence[str]] = []

    def broken(session_id: str, user_id: str) -> None:
        raise RuntimeError("a page is gone")

    queue.cases.on_change += [broken, lambda *change: told.append(change)]
    queue.cases.changed("s0", "xiaoyu")
    assert told == [("s0", "xiaoyu")]


async def test_an_erased_person_is_in_no_queue(queue: Queue, tmp_path: Path) -> None:
    records, embedder = queue.records, FakeEmbedder()
    case = await queue.ask("s0", "xiaoyu")
    await queue.ask("s1", "max")
    index = ChromaIndex.embedded(tmp_path / "chroma", embedder.name, 2)
    receipt = await erase(records, Memories(Ledger(records.store, records.ring), index, embedder), "xiaoyu", NOW)
    assert receipt.counts["risk_case"] == 1
    assert await one(queue.cases, queue.all, case.id) is None
    assert [c.user_id for c in await queue.listed(queue.all, "open")] == ["max"]
