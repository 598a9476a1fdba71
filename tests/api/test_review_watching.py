"""Who watches and who has the floor, in virtual time: leases, sessions that move, floors that nobody has."""

from types import SimpleNamespace
from typing import Any

import pytest

from api.review.commands import Command, Standing, Told
from api.review.watching import LEASE_S, Watching
from companion.safety.protocol_types import Phase, State

ANN, BEN = {"staff_id": "a", "name": "ann"}, {"staff_id": "b", "name": "ben"}


class StubFloor:
    def __init__(self, phase: Phase = Phase.SUPPORTING) -> None:
        self.by: str | None = None
        self.state = State(phase=phase, level=3)
        self.done: list[Any] = []

    async def take_over(self, staff_id: str, name: str) -> bool:
        self.by, self.state = staff_id, State(phase=Phase.HUMAN, level=3)
        self.done.append(("take_over", name))
        return True

    async def say(self, text: str) -> str:
        self.done.append(("say", text))
        return "item"

    async def lost(self) -> None:
        self.by, self.state = None, State(phase=Phase.QUEUED, level=3)
        self.done.append("lost")

    async def give_back(self, level: int) -> None:
        self.by, self.state = None, State(phase=Phase.EASING, level=level)


class Written:
    """An audit that keeps what it is told."""

    def __init__(self) -> None:
        self.rows: list[Any] = []

    async def write(self, at: float, staff_id: str, action: str, **what: Any) -> None:
        self.rows.append((staff_id, action, what["user_id"]))


class Process:
    """One with a session, and a clock that stands still."""

    def __init__(self, floor: StubFloor) -> None:
        self.now, self.floor, self.audit = 0.0, floor, Written()
        self.told: list[tuple[str, Told]] = []
        self.room = True
        conversation = SimpleNamespace(floor=floor)
        self.live = SimpleNamespace(
            id="s0",
            user_id="xiaoyu",
            writer=SimpleNamespace(moved=False),
            outlet=object(),
            watcher=None,
            session=SimpleNamespace(conversation=conversation),
        )
        self.sessions = SimpleNamespace(live={"s0": self.live})
        clock: Any = lambda: self.now  # noqa: E731
        self.watching = Watching(self.sessions, self.audit, self.tell, clock=clock, now=clock)  # type: ignore[arg-type]

    def tell(self, replica: str, live: Any, told: Told) -> bool:
        if self.room:
            self.told.append((replica, told))
        return self.room

    async def do(self, verb: Any, who: Any = ANN, socket: str = "one", **other: Any) -> Any:
        command = Command(verb=verb, socket=socket, replica=f"of {who['name']}", **who, **other)
        return await self.watching.obey("s0", command)

    async def wait(self, seconds: float) -> None:
        """Time passes, with a look each second."""
        for _ in range(int(seconds)):
            self.now += 1.0
            self.watching.look()
            await self.watching.settle()

    @property
    def standings(self) -> list[Standing]:
        return [told.standing for _, told in self.told if told.standing is not None]


@pytest.fixture
def process() -> Process:
    return Process(StubFloor())


async def test_who_gives_no_sign_of_life_is_gone(process: Process) -> None:
    await process.do("take_over")
    for _ in range(3):
        await process.wait(LEASE_S - 1)
        await process.do("watch", holds=True)
    await process.wait(1)
    await process.do("watch", BEN, "two")
    assert process.floor.by == "a"
    await process.wait(LEASE_S - 1)
    assert process.floor.done == [("take_over", "ann"), "lost"]
    assert process.audit.rows == [("a", "floor.lost", "xiaoyu")]
    assert process.told[-1][0] == "of ben" and process.standings[-1].phase == "queued"
    await process.wait(1)
    assert process.live.watcher is None


async def test_one_who_watches_and_goes_takes_nobodys_floor(process: Process) -> None:
    await process.do("take_over")
    await process.do("watch", BEN, "two")
    await process.do("gone", BEN, "two")
    assert process.floor.by == "a"
    await process.do("lost", ANN, "another tab of hers")
    assert process.floor.by == "a"
    await process.do("gone")
    assert process.floor.by is None and process.live.watcher is not None
    await process.do("gone", ANN, "another tab of hers")
    assert process.live.watcher is None


async def test_a_floor_that_nobody_is_known_to_have_is_given_up(process: Process) -> None:
    """Its session came from a process that died, and so did the counsellor's."""
    process.floor.state = State(phase=Phase.HUMAN, level=4)
    await process.wait(LEASE_S)
    assert process.floor.done == []
    await process.wait(1)
    assert process.floor.done == ["lost"] and process.floor.state.phase is Phase.QUEUED
    await process.wait(LEASE_S + 1)
    assert process.floor.done == ["lost"]


async def test_who_had_the_floor_in_the_process_before_has_it_here(process: Process) -> None:
    process.floor.state = State(phase=Phase.HUMAN, level=4)
    await process.wait(5)
    assert (await process.do("watch", BEN, "two")).standing.holder is None  # who only watches gets nothing by it
    answer = await process.do("watch", holds=True)
    assert answer.fresh and answer.standing.holder == "one" and answer.standing.by == ("a", "ann")
    await process.wait(LEASE_S - 1)
    assert "lost" not in process.floor.done
    assert (await process.do("say", BEN, "two", text="我也在")).code == "no_floor"
    assert (await process.do("say", text="我在")).code is None


async def test_what_there_was_no_room_for_is_missed_and_known_to_be(process: Process) -> None:
    assert (await process.do("watch")).fresh and not (await process.do("watch")).fresh
    process.live.watcher('{"type":"response.output_text.delta","delta":"嗯"}')
    assert process.told[-1][1].event is not None
    process.room = False
    process.live.watcher('{"type":"response.output_text.delta","delta":"嗯"}')
    process.room = True
    assert (await process.do("watch")).fresh  # the page is told that it has missed something


@pytest.mark.parametrize("kind", ["companion.session", "session.created", "companion.timings", "rate_limits.updated"])
async def test_what_is_not_for_a_counsellor_stays_here(process: Process, kind: str) -> None:
    await process.do("watch")
    process.live.watcher(f'{{"type":"{kind}","resume_token":"secret"}}')
    process.live.watcher("no event at all")  # and whatever it is, the talk goes on
    assert [told for _, told in process.told if told.event is not None] == []


async def test_a_session_that_went_elsewhere_is_nobodys_here(process: Process) -> None:
    await process.do("watch")
    process.live.writer.moved = True
    assert await process.do("watch") is None
    await process.wait(1)
    del process.sessions.live["s0"]
    assert await process.do("watch") is None
