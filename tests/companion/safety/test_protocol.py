"""What happens at each level, proven on arbitrary paths; and that every script can be said to somebody in distress."""

import json
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.errors import StorageError
from companion.safety import resources
from companion.safety.protocol import TRANSITIONS, due_at, dump, load, step, who_answers
from companion.safety.protocol_types import (
    Claimed,
    Consented,
    CounsellorLost,
    GaveBack,
    Left,
    MuteModel,
    NotifyContact,
    Phase,
    Policy,
    Queue,
    Remind,
    Resources,
    Returned,
    Say,
    SosPressed,
    State,
    Tick,
    TookOver,
    Turn,
    UnmuteModel,
    Unqueue,
)
from companion.safety.risk.types import RiskKind

KINDS = (
    "suicide", "self_harm", "third_party", "violence", "abuse_of_minor", "eating_disorder", "psychosis_mania",
    "medical_emergency", "fraud", "distress",
)  # fmt: skip
STAFFED = Policy(region="CN", staffed=True)
ALONE = Policy(region="CN")

turns = st.builds(
    Turn,
    level=st.integers(0, 4),
    kinds=st.lists(st.sampled_from(KINDS), max_size=2, unique=True).map(tuple),
    answer=st.sampled_from(("yes", "no", "unclear")),
    wants_help=st.booleans(),
)
others = st.one_of(
    st.builds(Consented, to=st.sampled_from(("review", "contact")), given=st.booleans()),
    st.builds(GaveBack, level=st.integers(0, 4)),
    st.sampled_from((Claimed(), TookOver(), CounsellorLost(), SosPressed(), Left(), Returned(), Tick())),
)
policies = st.builds(
    Policy,
    region=st.sampled_from(("CN", "US", "GB", "DE", "", "ZZ")),
    language=st.sampled_from(("zh", "en")),
    minor=st.sampled_from((True, False, None)),
    staffed=st.booleans(),
    review_on_file=st.sampled_from((True, False, None)),
    contact_on_file=st.booleans(),
    contact_duty=st.booleans(),
    unasked_from=st.sampled_from((4, 5)),
)
waits = st.sampled_from((1.0, 20.0, 400.0, 8_000.0, 90_000.0))
paths = st.lists(st.tuples(waits, turns | others), max_size=14)


def walk(path, policy):
    """Each step with its time apart, so that what a deadline did is not taken for what the event did."""
    state, now = State(), 1_000.0
    for wait, event in path:
        now += wait
        for happened in (Tick(), event):
            after, actions = step(state, happened, now, policy)
            yield state, happened, after, actions, now
            state = after


def scripts_of(actions):
    return [action.script for action in actions if isinstance(action, Say)]


@given(paths, policies)
@settings(max_examples=300, deadline=None)
def test_an_acute_turn_is_answered_by_a_script_with_resources_in_that_turn(path, policy) -> None:
    for _, event, after, actions, _ in walk(path, policy):
        if isinstance(event, Turn) and event.level >= 3:
            assert scripts_of(actions) and any(isinstance(a, Resources) and a.ids for a in actions)
            assert who_answers(after, actions) == ("counsellor" if after.phase is Phase.HUMAN else "script")
        if isinstance(event, Turn) and event.level == 2:
            assert who_answers(after, actions) != "model"
        if isinstance(event, SosPressed) or (isinstance(event, Turn) and event.wants_help):
            assert any(isinstance(a, Resources) and a.ids for a in actions), "always reachable on request"


@given(paths, policies)
@settings(max_examples=300, deadline=None)
def test_the_model_is_mute_exactly_while_a_counsellor_holds(path, policy) -> None:
    mute = False
    for before, event, after, actions, _ in walk(path, policy):
        for action in actions:
            assert not (mute and isinstance(action, MuteModel)) and not (not mute and isinstance(action, UnmuteModel))
            mute = isinstance(action, MuteModel) or (mute and not isinstance(action, UnmuteModel))
        assert mute == (after.phase is Phase.HUMAN)
        if before.phase is Phase.HUMAN and after.phase is not Phase.HUMAN:
            assert isinstance(event, GaveBack | CounsellorLost)
        if after.phase is Phase.HUMAN:
            assert all(a.aside for a in actions if isinstance(a, Say)) or isinstance(event, TookOver)


@given(paths, policies)
@settings(max_examples=300, deadline=None)
def test_only_a_counsellor_or_a_cool_down_lowers_the_level(path, policy) -> None:
    for before, event, after, _, now in walk(path, policy):
        if after.level < before.level:
            cooled = isinstance(event, Tick) and now - before.at_risk >= policy.mild_cool_down_s
            assert cooled or isinstance(event, GaveBack)
            if before.level >= 3 and isinstance(event, Tick):
                assert now - before.at_risk >= policy.cool_down_s


@given(paths, policies)
@settings(max_examples=300, deadline=None)
def test_numbers_are_not_said_again_in_the_next_turn_without_a_reason(path, policy) -> None:
    steps = [
        (before, event, after, next((a for a in actions if isinstance(a, Resources)), None))
        for before, event, after, actions, _ in walk(path, policy)
        if isinstance(event, Turn)
    ]
    for (_, _, earlier, first), (before, event, later, second) in pairwise(steps):
        if first and second and first.aloud and second.aloud and not event.wants_help:
            fell = before.level < earlier.level
            assert later.level_turn > earlier.aloud_level or fell or not set(second.ids) <= set(first.ids)


@given(paths, policies)
@settings(max_examples=300, deadline=None)
def test_every_step_is_in_the_table_and_survives_as_json(path, policy) -> None:
    for before, event, after, actions, now in walk(path, policy):
        rows = TRANSITIONS[type(event)]
        assert after.phase is before.phase or any(
            before.phase in start and after.phase in end for start, end in rows
        ), (before.phase, event, after.phase)
        assert load(dump(after)) == after
        assert step(load(dump(before)), event, now, policy) == (after, actions)
        assert step(after, Tick(), now, policy) == (after, ()), "a tick that comes twice changes nothing"
        due = due_at(after, policy)
        assert due is None or due > now


@given(paths, policies)
@settings(max_examples=300, deadline=None)
def test_nobody_reads_or_is_told_without_a_basis(path, policy) -> None:
    for before, _, after, actions, _ in walk(path, policy):
        agreed = after.review == "given" or policy.review_on_file is True
        life = after.level >= policy.unasked_from and policy.review_on_file is None
        requeued = before.queued or before.phase is Phase.HUMAN
        if any(isinstance(a, Queue) for a in actions) and not requeued:
            assert policy.staffed and (agreed or life)
        if after.phase is Phase.HUMAN and before.phase is not Phase.HUMAN:
            assert before.review != "refused" and (agreed or life)
        if any(isinstance(a, NotifyContact) for a in actions):
            assert policy.contact_on_file and after.level >= 3 and before.contact in ("none", "offered")
            assert not {"violence", "abuse_of_minor"} & set(after.kinds), "home may be the danger"


@given(paths, policies)
@settings(max_examples=200, deadline=None)
def test_who_refuses_an_offer_is_supported_as_before(path, policy) -> None:
    *_, (_, _, state, _, now) = [*walk([*path, (1.0, Turn(3, ("suicide",)))], policy)]
    for to in ("review", "contact"):
        state, actions = step(state, Consented(to, False), now, policy)
        assert state.level >= 3 and not any(isinstance(a, UnmuteModel) for a in actions)
    state, actions = step(state, Turn(3, ("suicide",)), now, policy)
    assert scripts_of(actions) and any(isinstance(a, Resources) for a in actions)
    assert "offer.human" not in scripts_of(actions) and "offer.contact" not in scripts_of(actions), "no is no"


def run(policy, *events, every=5.0):
    """The last state and the actions of each event, `every` seconds apart."""
    state, now, done = State(), 0.0, []
    for event in events:
        now += every
        state, actions = step(state, event, now, policy)
        done.append(actions)
    return state, done


def test_the_way_from_a_method_to_a_counsellor_and_back() -> None:
    state, done = run(
        STAFFED,
        Turn(3, ("suicide",)),
        Turn(1, ("distress",), "yes"),  # safe now
        Turn(0, (), "yes"),  # a counsellor may look
        Claimed(),
        TookOver(),
        Turn(1),
        GaveBack(1),
    )
    assert scripts_of(done[0]) == ["support.3.suicide", "ask.suicide"]
    assert next(a for a in done[0] if isinstance(a, Resources)).ids[0] == "cn-12356"
    assert scripts_of(done[1]) == ["follow.yes.self", "offer.human"]
    assert Queue(2, 300.0, ("suicide",)) in done[2] and scripts_of(done[2]) == ["queue.agreed"]
    assert scripts_of(done[3]) == ["queue.claimed"]
    assert MuteModel() in done[4] and done[5] == ()
    assert UnmuteModel() in done[6] and (state.phase, state.level) == (Phase.EASING, 1)


def test_a_case_that_a_counsellor_closes_without_a_word_to_the_person_calls_for_nobody_again() -> None:
    state, done = run(STAFFED, Turn(4, ("suicide",)), Claimed(), GaveBack(1), Tick(), every=50.0)
    assert any(isinstance(action, Queue) for action in done[0]) and done[2] == ()
    assert (state.phase, state.level, state.queued, state.waits_until) == (Phase.EASING, 1, False, None)
    later, actions = step(state, Tick(), 1_000.0, STAFFED)
    assert actions == () and later == state
    assert run(STAFFED, Turn(4, ("suicide",)), Claimed(), Tick(), every=61.0)[1][2] != ()  # else it is called again
    assert run(ALONE, Turn(3, ("suicide",)), GaveBack(0))[0].level == 3  # of whom nobody was asked for


def test_not_safe_is_a_matter_for_a_counsellor_at_once() -> None:
    state, done = run(STAFFED, Turn(3, ("suicide",)), Turn(0, (), "no"))
    assert (state.phase, state.level) == (Phase.QUEUED, 4)
    assert Queue(1, 60.0, ("suicide",)) in done[1] and "queue.unasked" in scripts_of(done[1])
    assert [a.aloud for a in done[1] if isinstance(a, Resources)] == [True]
    state, done = run(STAFFED, Turn(3, ("fraud",)), Turn(0, (), "no"))
    assert state.level == 3, "who has not stopped paying is not in danger of their life"


def test_with_nobody_there_the_contact_is_offered_and_told_once() -> None:
    policy = replace(ALONE, contact_on_file=True)
    state, done = run(policy, Turn(3, ("suicide",)), Turn(0, (), "yes"), Turn(0, (), "yes"), Turn(3, ("suicide",)))
    assert scripts_of(done[1]) == ["follow.yes.self", "offer.contact"]
    assert done[2] == (NotifyContact(), Say("contact.told"))
    assert NotifyContact() not in done[3] and state.contact == "told"


def test_where_the_law_asks_for_it_the_contact_is_told_at_level_four() -> None:
    policy = replace(STAFFED, contact_on_file=True, contact_duty=True)
    assert NotifyContact() in run(policy, Turn(4, ("suicide",)))[1][0]
    assert NotifyContact() not in run(policy, Turn(4, ("suicide", "abuse_of_minor")))[1][0]
    assert NotifyContact() not in run(replace(policy, contact_on_file=False), Turn(4, ("suicide",)))[1][0]


def test_a_call_that_nobody_answers_is_told_honestly_and_moved_up() -> None:
    policy = replace(STAFFED, review_on_file=True, contact_on_file=True)
    state, _ = step(State(), SosPressed(), 0.0, policy)
    assert state.phase is Phase.QUEUED and due_at(state, policy) == 300.0
    state, actions = step(state, Tick(), 299.0, policy)
    assert actions == ()
    state, actions = step(state, Tick(), 300.0, policy)
    assert scripts_of(actions)[:1] == ["queue.late"] and Queue(1, 60.0, ()) in actions
    assert step(state, Claimed(), 301.0, policy)[0].phase is Phase.QUEUED, "late is not never"


def test_a_counsellor_who_drops_out_is_replaced_and_the_person_is_told() -> None:
    state, done = run(STAFFED, Turn(4, ("suicide",)), TookOver(), CounsellorLost())
    assert state.phase is Phase.QUEUED and state.priority == 1
    assert done[2][0] == UnmuteModel() and "human.lost" in scripts_of(done[2])


def test_a_reconnect_keeps_the_counsellor_and_asks_nothing_twice() -> None:
    state, _ = run(STAFFED, Turn(4, ("suicide",)), TookOver(), Left())
    state = load(json.dumps(json.loads(dump(state))))
    state, actions = step(state, Returned(), 60.0, STAFFED)
    assert state.phase is Phase.HUMAN and actions == ()
    state, done = run(STAFFED, Turn(3, ("suicide",)), Turn(0, (), "yes"), Left(), Returned(), Turn(0, (), "yes"))
    assert Remind(3600.0, "check_in") in done[2] and scripts_of(done[3]) == ["welcome_back"]
    assert state.phase is Phase.SUPPORTING and not state.queued, "a yes to a forgotten question is no consent"


def test_who_asks_for_a_person_on_a_calm_day_is_offered_one() -> None:
    state, done = run(STAFFED, Turn(0, wants_help=True), Turn(0, (), "no"))
    assert scripts_of(done[0]) == ["resources.asked", "offer.human"] and state.phase is Phase.CALM
    assert scripts_of(done[1]) == ["refused.human"]
    assert run(ALONE, Turn(0, wants_help=True))[0].phase is Phase.CALM


def test_a_refusal_takes_the_talk_out_of_the_queue() -> None:
    state, done = run(STAFFED, Turn(4, ("suicide",)), Consented("review", False), TookOver())
    assert Unqueue() in done[1] and state.phase is Phase.SUPPORTING and done[2] == ()


def test_who_was_told_that_they_may_say_no_can_say_it_in_words() -> None:
    state, done = run(STAFFED, Turn(4, ("suicide",)), Turn(4, ("suicide",), declines_review=True))
    assert Unqueue() in done[1] and state.review == "refused" and any(isinstance(a, Resources) for a in done[1])


def test_who_pressed_for_help_and_is_not_safe_is_in_danger_whatever_it_is() -> None:
    assert run(STAFFED, Turn(3, ("distress",)), Turn(0, (), "no"))[0].level == 4


def test_the_same_words_do_not_come_twice_in_a_row() -> None:
    _, done = run(ALONE, *[Turn(3, ("suicide",))] * 6)
    stays = [(a.script, a.variant) for actions in done for a in actions if isinstance(a, Say)]
    assert len(set(stays)) == len(stays)


def test_what_cannot_be_read_says_what_to_do_and_a_level_out_of_range_is_refused() -> None:
    with pytest.raises(StorageError, match="level 3"):
        load(b'{"phase": "nowhere"}')
    with pytest.raises(ValueError, match=r"0\.\.4"):
        step(State(), Turn(5), 0.0, ALONE)
    assert load(b"{}") == State(), "a state of an older version is read with what it has"


@given(st.sampled_from(sorted(resources.everything())), st.lists(st.sampled_from(KINDS), max_size=3), st.booleans())
def test_no_number_of_another_country_is_ever_given(of, kinds, minor) -> None:
    region = resources.everything()[of].region
    for asked in ({"EU": "DE", "*": "ZZ"}.get(region, region), region.lower()):
        found = resources.choose(asked, kinds, ("zh",), minor)
        assert 1 <= len(found) <= 3 and {r.region for r in found} <= {region, "*"}
        assert all(r.number == "" for r in found if r.region == "*")


def test_the_published_page_names_every_state_and_every_level() -> None:
    page = (Path(__file__).parents[3] / "docs" / "safety-protocol.md").read_text("utf-8")
    english, _, chinese = page.partition("## 中文")
    for part in (english, chinese):
        assert all(phase.value in part for phase in Phase)
        assert all(f"\n| {level} |" in part for level in range(5))


def test_what_nobody_has_checked_for_long_is_reported() -> None:
    day = 86_400.0
    checked = {r.id: r.verified_on for r in resources.everything().values() if r.verified_on}
    assert checked, "at least one number was checked"
    for one, when in checked.items():
        at = (when - date(1970, 1, 1)).days * day
        assert one not in resources.stale(at + 180 * day) and one in resources.stale(at + 181 * day)
    assert {r.id for r in resources.everything().values() if r.verified_on is None} <= set(resources.stale(0.0))


def test_the_kinds_are_those_of_the_risk_reading_and_each_has_its_order_of_numbers() -> None:
    assert set(KINDS) == {kind.value for kind in RiskKind}
    for kind, first in (("medical_emergency", "120"), ("fraud", "96110"), ("suicide", "12356"), ("violence", "110")):
        assert resources.choose("CN", (kind,), ("zh",), None)[0].number == first
    young = [r.number for r in resources.choose("CN", ("suicide",), ("zh",), True)]
    assert young == ["12356", "12355", "120"]
    assert resources.choose("DE", ("medical_emergency",), ("en",), None)[0].number == "112"
