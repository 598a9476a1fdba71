"""What is told by law and by clock, exits that work at once, ages that people tell, and words towards people."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.safety.ages import asks_to_be, declines_to_be, read_age
from companion.safety.dependence import NUDGE_EVERY_S, Habits, dependence, exclusive, may_nudge, nudge
from companion.safety.duties import (
    BREAK_S,
    REMINDER_S,
    Told,
    asks_if_human,
    disclosure,
    due,
    goodbye,
    next_due_s,
    notice,
    wants_exit,
    wording,
)
from companion.safety.farewell import manipulative
from companion.safety.screen import Screen

CALLED = 60.0  # s between two looks at the clock


def cases(test: str) -> list[tuple[str, ...]]:
    """The authored lines of cases.tsv for a test."""
    rows = (row.split("\t") for row in (Path(__file__).parent / "cases.tsv").read_text("utf-8").splitlines())
    return [tuple(row[1:]) if len(row) > 2 else row[1] for row in rows if row[0] == test]


def told_over(hours: float, minor: bool | None) -> list[tuple[float, str]]:
    """All notices of a stretch of use, each with its hour."""
    told, found = Told(), []
    for minute in range(int(hours * 60) + 1):
        notices = due(minute * CALLED, told, minor)
        told = told.after(notices, minute * CALLED)
        found += [(minute / 60, kind) for kind in notices]
    return found


def test_it_is_said_at_the_start_after_two_hours_and_every_three() -> None:
    assert told_over(6.5, None) == [
        (0.0, "ai_disclosure"), (2.0, "break_reminder"), (3.0, "ai_reminder"),
        (4.0, "break_reminder"), (6.0, "ai_reminder"), (6.0, "break_reminder"),
    ]  # fmt: skip


def test_minors_are_told_every_hour() -> None:
    assert told_over(2.0, True) == [
        (0.0, "ai_disclosure"), (1.0, "ai_reminder"), (1.0, "break_reminder"),
        (2.0, "ai_reminder"), (2.0, "break_reminder"),
    ]  # fmt: skip


@given(st.lists(st.floats(0, 4_000), max_size=20), st.sampled_from((True, False, None)))
def test_no_interval_is_ever_longer_than_the_law_has_it(steps, minor) -> None:
    used, told = 0.0, Told()
    for wait in steps:
        used += wait
        notices = due(used, told, minor)
        assert bool(notices) == (used >= next_due_s(told, minor))
        told = told.after(notices, used)
        assert used - told.reminder_s < REMINDER_S and used - told.break_s < BREAK_S
        assert due(used, told, minor) == (), "nothing is told twice"


def test_a_clock_that_runs_backwards_is_refused() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        due(-1.0, Told(), None)


@pytest.mark.parametrize("text", cases("who_asks_whether_this_is_a_human_is_told"))
def test_who_asks_whether_this_is_a_human_is_told(text) -> None:
    assert asks_if_human(text)


@pytest.mark.parametrize("text", cases("who_asks_something_else_is_not"))
def test_who_asks_something_else_is_not(text) -> None:
    assert not asks_if_human(text)


@pytest.mark.parametrize("text", cases("one_word_is_enough_to_leave"))
def test_one_word_is_enough_to_leave(text) -> None:
    assert wants_exit(text) == (text != "好了，")


@pytest.mark.parametrize("text", cases("a_word_inside_a_sentence_ends_nothing"))
def test_a_word_inside_a_sentence_ends_nothing(text) -> None:
    assert not wants_exit(text)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_goodbye_is_short_and_holds_nobody_back(language) -> None:
    for variant in range(4):
        said = goodbye(language, variant)
        assert len(said) <= 40 and manipulative(said) is None and not re.search("[?？]", said)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_duties_say_is_within_the_rules_of_a_reply_and_says_ai(language) -> None:
    lines = {f"{kind}{n}": notice(kind, language, n) for kind in ("ai_disclosure", "ai_reminder") for n in range(4)}
    lines |= {f"human{n}": disclosure(language, n) for n in range(4)}
    for line in lines.values():
        assert re.search("AI|人工智能|artificial intelligence", line) and re.search("不是|not|no ", line, re.IGNORECASE)
    lines |= {f"break{n}": notice("break_reminder", language, n) for n in range(4)}
    lines |= {f"roleplay{n}": declines_to_be(language, n) for n in range(4)} | {
        f"nudge{n}": nudge(language, n) for n in range(5)
    }
    for name, line in lines.items():
        screen = Screen(language=language, max_sentences=None)
        assert (screen.feed(line) + screen.finish(), screen.changes) == (line, []), name
    assert wording("nudge", language=language, variant=0) != wording("nudge", language=language, variant=1)


@pytest.mark.parametrize(("band", "reason", "years", "text"), cases("the_age_that_people_tell_of_themselves"))
def test_the_age_that_people_tell_of_themselves(text, band, reason, years) -> None:
    found = read_age(text, 2026)
    assert (found.band, found.reason, str(found.years or "")) == (band, reason, years)


@pytest.mark.parametrize("text", cases("no_age_is_read_where_none_is_told"))
def test_no_age_is_read_where_none_is_told(text) -> None:
    assert read_age(text, 2026).band == "unknown"


@pytest.mark.parametrize(("role", "text"), cases("what_the_companion_is_asked_to_play"))
def test_what_the_companion_is_asked_to_play(text, role) -> None:
    assert asks_to_be(text) == role


@pytest.mark.parametrize("text", cases("who_talks_of_people_is_not_taken_to_ask_for_a_part"))
def test_who_talks_of_people_is_not_taken_to_ask_for_a_part(text) -> None:
    assert asks_to_be(text) is None


@pytest.mark.parametrize("text", cases("words_that_leave_out_everybody_else"))
def test_words_that_leave_out_everybody_else(text) -> None:
    assert exclusive(text)


@pytest.mark.parametrize("text", cases("loneliness_and_thanks_are_not_taken_for_it"))
def test_loneliness_and_thanks_are_not_taken_for_it(text) -> None:
    assert not exclusive(text)


def test_the_index_rises_with_use_and_says_why() -> None:
    calm = dependence(Habits(minutes=[20] * 7, nights=1, streak_days=5))
    assert (calm.score, calm.reasons) == (0.0, ())
    heavy = dependence(Habits(minutes=[180] * 14, nights=9, streak_days=90, exclusive=6))
    assert heavy.score == 1.0 and heavy.reasons == ("long_days", "exclusivity", "nights", "streak")
    night = dependence(Habits(minutes=[40] * 7, nights=8, streak_days=10, exclusive=1))
    assert night.reasons == ("nights",) and 0.25 < night.score < 0.5
    assert dependence(Habits(minutes=[210])).score < dependence(Habits(minutes=[210] * 7)).score, "one day is one day"


@given(
    st.lists(st.floats(0, 1440), max_size=20), st.integers(0, 14), st.integers(0, 400), st.integers(0, 50),
)  # fmt: skip
def test_the_index_stays_within_bounds_and_never_falls_with_more_use(minutes, nights, streak, words) -> None:
    one = dependence(Habits(minutes, nights, streak, words))
    more = dependence(Habits([m + 10 for m in minutes], nights + 1, streak + 1, words + 1))
    assert 0.0 <= one.score <= more.score <= 1.0


def test_a_nudge_is_rare_gentle_and_never_in_a_crisis() -> None:
    leaning = dependence(Habits([150] * 7, 8, 30, 3))
    assert may_nudge(leaning, now=0.0, nudged_at=None, level=0, minor=None)
    assert not may_nudge(leaning, now=NUDGE_EVERY_S - 1, nudged_at=0.0, level=0, minor=None)
    assert may_nudge(leaning, now=NUDGE_EVERY_S, nudged_at=0.0, level=1, minor=None)
    assert not may_nudge(leaning, now=0.0, nudged_at=None, level=2, minor=None)
    some = dependence(Habits([90] * 7, 5, 20, 1))
    assert may_nudge(some, now=0.0, nudged_at=None, level=0, minor=True)
    assert not may_nudge(some, now=0.0, nudged_at=None, level=0, minor=False)
