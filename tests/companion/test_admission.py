"""Who may come in, in time that is only counted."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.admission import Admission, Admit, LagMeter, Limits, Line, Load, Recent, Refuse, Wait
from companion.errors import Overloaded
from companion.settings import Admission as Settings

EASY = Load(0, 0.0, 0.0)
LATE = Load(0, 0.3, 0.0)


def test_whoever_comes_first_comes_in_first() -> None:
    line = Line(Settings(max_lag_s=0.2, wait_s=20))
    tickets = [line.arrive(0.0) for _ in range(3)]
    assert [line.look(t, LATE, 0.0) for t in tickets] == [Wait(n, 20.0) for n in (1, 2, 3)]
    assert line.look(tickets[2], EASY, 1.0) == Wait(3, 20.0)  # room, but it is not their turn
    assert line.look(tickets[0], EASY, 1.0) == Admit()
    assert line.look(tickets[1], EASY, 1.05) == Wait(1, 20.0)  # the load of one shows before the next comes in
    assert line.look(tickets[1], EASY, 1.1) == Admit()
    line.leave(tickets[2])
    assert line.look(line.arrive(1.11), EASY, 1.11) == Admit()  # nobody waits: nor does this one


@pytest.mark.parametrize("load", [Load(5, 0, 0), Load(0, 0.21, 0), Load(0, 0, 3.1)])
def test_each_measure_closes_the_door(load: Load) -> None:
    line = Line(Settings(max_sessions=5, max_lag_s=0.2, max_queue_s=3.0))
    assert line.look(line.arrive(0.0), load, 0.0) == Wait(1, 20.0)


def test_a_door_that_was_closed_opens_only_once_the_load_has_eased() -> None:
    line = Line(Settings(max_lag_s=0.2))
    ticket = line.arrive(0.0)
    seen = [isinstance(line.look(ticket, Load(0, lag_s, 0), 0.0), Admit) for lag_s in (0.25, 0.19, 0.15, 0.13)]
    assert seen == [False, False, False, True]
    assert line.look(line.arrive(1.0), Load(0, 0.19, 0), 1.0) == Admit()  # it was open: so it stays, up to the limit


def test_nobody_waits_for_longer_than_is_told_or_in_a_line_without_end() -> None:
    line = Line(Settings(wait_s=20, waiting=2))
    first, second, third = (line.arrive(0.0) for _ in range(3))
    assert line.look(first, LATE, 0.0) == Wait(1, 20.0)
    assert line.look(third, LATE, 0.0) == Refuse(20.0)
    assert line.look(first, LATE, 20.0) == Refuse(20.0)
    assert line.look(second, EASY, 20.0) == Admit()


@given(st.lists(st.tuples(st.sampled_from(["come", "look", "go"]), st.integers(0, 9), st.floats(0, 0.4)), max_size=60))
def test_the_line_never_lets_anybody_overtake(steps: list[tuple[str, int, float]]) -> None:
    line, waiting, now = Line(Settings(max_lag_s=0.2, wait_s=1e9, waiting=5)), list[int](), 0.0
    for step, which, lag_s in steps:
        now += 0.05
        if step == "come":
            waiting.append(line.arrive(now))
        elif waiting:
            ticket = waiting[which % len(waiting)]
            if step == "go":
                line.leave(ticket)
                waiting.remove(ticket)
                continue
            match line.look(ticket, Load(0, lag_s, 0), now):
                case Admit():
                    assert ticket == waiting.pop(0) and lag_s <= 0.2
                case Wait(position, _):
                    assert position == waiting.index(ticket) + 1 <= 5
                case Refuse():
                    assert waiting.index(ticket) >= 5
                    waiting.remove(ticket)


def test_percentiles_are_of_what_is_recent() -> None:
    recent = Recent(10.0)
    assert recent.quantile(0.95, 0.0) == 0.0
    for n in range(1, 101):
        recent.add(float(n), n / 10)
    assert recent.quantile(0.95, 10.0) == 95.0
    assert recent.quantile(0.5, 15.0) == 75.0  # 50 to 100 are left
    assert recent.quantile(0.5, 30.0) == 0.0
    few = Recent(10.0, least=20)
    few.add(5.0, 0.0)
    assert few.quantile(0.95, 0.0) == 0.0
    few.add(5.0, 0.0)
    assert few.quantile(0.95, 0.0) == 5.0


async def admitted(admission: Admission, told: list[int], **how: Any) -> bool:
    try:
        await admission.enter(lambda position, _: told.append(position), **how)
    except Overloaded as error:
        assert error.retry_after_s >= 1 and error.retryable
        return False
    return True


@pytest.fixture
async def door() -> Any:
    doors: list[Admission] = []

    def make(**limits: Any) -> Admission:
        doors.append(Admission(Settings(**{"max_lag_s": 60.0} | limits)))
        return doors[-1]

    yield make
    for each in doors:
        await each.close()


async def test_a_place_that_is_left_goes_to_whoever_waits_longest(door: Callable[..., Admission]) -> None:
    admission, told = door(max_sessions=1), (list[int](), list[int](), list[int]())
    assert await admitted(admission, told[0])
    waiting = [asyncio.create_task(admitted(admission, told[n])) for n in (1, 2)]
    await asyncio.sleep(0)
    assert told == ([], [1], [2])
    admission.leave()
    assert await asyncio.wait_for(waiting[0], 2) and not waiting[1].done()
    assert await admitted(admission, told[0], resuming=True) and admission.load().open == 2  # is open already
    admission.leave()
    admission.leave()
    assert await asyncio.wait_for(waiting[1], 2)
    assert told == ([], [1], [2, 1]) and admission.load().open == 1


async def test_who_goes_away_while_they_wait_keeps_no_place(door: Callable[..., Admission]) -> None:
    admission, told = door(max_sessions=1), list[int]()
    assert await admitted(admission, told)
    gone, stays = (asyncio.create_task(admitted(admission, told)) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    admission.leave()
    assert await asyncio.wait_for(stays, 2) and gone.cancelled() and admission.load().open == 1


async def test_who_cannot_come_in_is_told_when_to_come_again(door: Callable[..., Admission]) -> None:
    admission = door(max_sessions=1, wait_s=0.1)
    assert await admitted(admission, [])
    told = list[int]()
    assert not await admitted(admission, told)
    assert told == [1] and admission.load().open == 1


async def test_slow_recognition_closes_the_door_but_one_slow_word_does_not(door: Callable[..., Admission]) -> None:
    admission, told = door(max_queue_s=0.5, wait_s=0), list[int]()
    admission.recognized(2.0)
    assert await admitted(admission, told)
    admission.recognized(2.0)
    assert not await admitted(admission, told) and admission.load().queue_s == 2.0


async def test_a_loop_that_is_held_up_shows() -> None:
    meter = LagMeter(window_s=0.5, period_s=0.01)
    meter.start()
    await asyncio.sleep(0.1)
    calm = meter.quantile(0.5)
    loop, held = asyncio.get_running_loop(), 0
    until = loop.time() + 0.3
    while loop.time() < until:
        started = loop.time()
        while loop.time() < started + 0.04:
            held += 1
        await asyncio.sleep(0)
    assert meter.quantile(0.99) > 0.015 > calm
    meter.forget()
    assert meter.quantile(0.95) == 0.0
    await meter.close()


def test_one_address_has_its_share() -> None:
    limits = Limits(2)
    assert [limits.enter("a"), limits.enter("a"), limits.enter("a"), limits.enter("b")] == [True, True, False, True]
    limits.leave("a")
    assert limits.enter("a") and not limits.enter("a")
