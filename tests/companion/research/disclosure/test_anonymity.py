"""Whoever is left in an export hides among k people with l sensitive values, whatever the people are."""

from collections import defaultdict
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.errors import InputError
from companion.research.disclosure.anonymity import STAR, Anonymised, Person, anonymise

COLUMNS = ("age", "gender", "province", "week")
people_of = st.lists(
    st.tuples(
        st.sampled_from(["18-24", "25-34", STAR]),
        st.sampled_from(["f", "m", "unknown"]),
        st.sampled_from(["北京", "广东", "甘肃", "unknown"]),
        st.sampled_from(["2026-W01", "2026-W02"]),
        st.sampled_from(["none", "low", "high"]),
    ),
    max_size=60,
).map(lambda rows: [Person(f"p{n}", dict(zip(COLUMNS, row[:4], strict=True)), row[4], 3) for n, row in enumerate(rows)])


def classes(people: Sequence[Person], result: Anonymised) -> dict[tuple[str, ...], list[Person]]:
    found = defaultdict(list)
    for person in people:
        if person.id in result.quasi:
            found[tuple(result.quasi[person.id][column] for column in COLUMNS)].append(person)
    return found


@given(people_of, st.integers(1, 12), st.integers(1, 4), st.lists(st.sampled_from(COLUMNS), unique=True))
def test_every_class_has_k_people_and_l_values(people: list[Person], k: int, l: int, keep: list[str]) -> None:  # noqa: E741
    result = anonymise(people, k, l, keep)
    found = classes(people, result)
    assert all(len(members) >= k for members in found.values())
    assert all(len({person.sensitive for person in members}) >= l for members in found.values())
    assert set(result.quasi) | result.suppressed == {person.id for person in people}
    assert not set(result.quasi) & result.suppressed
    assert all(
        result.quasi[person.id][column] in (person.quasi[column], STAR)
        for person in people
        if person.id in result.quasi
        for column in COLUMNS
    )
    if found:
        assert result.k == min(map(len, found.values())) >= k
        assert result.l == min(len({p.sensitive for p in members}) for members in found.values()) >= l
    risk = result.risk
    assert (risk.people, risk.suppressed, risk.classes) == (len(result.quasi), len(result.suppressed), len(found))
    assert 0 <= risk.marketer <= risk.prosecutor <= 1 / k and 0 <= risk.journalist <= risk.prosecutor
    assert risk.marketer == (pytest.approx(len(found) / len(result.quasi)) if found else 0)


@given(people_of, st.randoms(use_true_random=False))
def test_the_order_of_people_and_of_columns_changes_nothing(people: list[Person], rng: Random) -> None:
    shuffled = [
        Person(p.id, dict(rng.sample(list(p.quasi.items()), len(p.quasi))), p.sensitive, p.turns)
        for p in rng.sample(people, len(people))
    ]
    one, other = anonymise(people), anonymise(shuffled)
    assert one == other and list(one.quasi) == list(other.quasi)
    assert [list(row) for row in one.quasi.values()] == [list(row) for row in other.quasi.values()]


@given(people_of.filter(lambda people: len(people) >= 5))
def test_only_where_nothing_else_helps_is_everybody_left_out(people: list[Person]) -> None:
    if len({person.sensitive for person in people}) >= 2:
        assert len(anonymise(people).suppressed) < len(people)


def crowd(n: int, **quasi: str) -> list[Person]:
    row = {"age": "18-24", "gender": "f"} | quasi
    return [Person(f"{'-'.join(row.values())}-{i}", row, ("low", "high")[i % 2], 1) for i in range(n)]


def test_a_class_that_is_large_enough_stays_as_it_is() -> None:
    people = crowd(6) + crowd(5, gender="m")
    result = anonymise(people)
    assert all(result.quasi[person.id] == person.quasi for person in people)
    assert result.suppressed == frozenset() and result.k == 5 and result.l == 2
    assert result.risk.prosecutor == 1 / 5 and result.risk.marketer == 2 / 11


def test_one_column_goes_and_only_of_those_who_need_it() -> None:
    people = crowd(6) + crowd(3, age="25-34") + crowd(2, age="25-34", gender="m")
    result = anonymise(people)
    assert all(result.quasi[p.id] == p.quasi for p in people[:6])
    assert {tuple(sorted(result.quasi[p.id].items())) for p in people[6:]} == {(("age", "25-34"), ("gender", STAR))}


def test_what_is_dear_is_kept() -> None:
    people = crowd(3) + crowd(3, gender="m") + crowd(3, age="25-34") + crowd(3, age="25-34", gender="m")
    by_age, by_gender = anonymise(people, keep=["age"]), anonymise(people, keep=["gender"])
    assert {row["gender"] for row in by_age.quasi.values()} == {STAR}
    assert {row["age"] for row in by_gender.quasi.values()} == {STAR}
    assert {row["age"] for row in by_age.quasi.values()} == {"18-24", "25-34"}


def test_one_sensitive_value_hides_nobody() -> None:
    alike = [Person(f"a{n}", {"age": "65+"}, "high", 1) for n in range(9)]
    assert anonymise(alike).suppressed == {person.id for person in alike}
    assert anonymise(alike, l=1).suppressed == frozenset()


def test_a_few_left_over_join_a_class_or_go() -> None:
    many, few = crowd(6) + crowd(200, gender="m"), crowd(2, age="65+", gender="x")
    joined = anonymise(many + few)
    assert joined.suppressed == frozenset()  # with the six, not with the two hundred
    assert sum(row == {"age": STAR, "gender": STAR} for row in joined.quasi.values()) == 8
    alone = anonymise(crowd(200, gender="m") + few)
    assert alone.suppressed == {person.id for person in few}  # two hundred people's columns are worth more


def test_a_journalist_counts_everybody_who_could_be_meant() -> None:
    people = crowd(5)
    population = [person.quasi for person in crowd(40)]
    assert anonymise(people).risk.journalist == 1 / 5
    assert anonymise(people, population=population).risk.journalist == 1 / 40


def test_nobody() -> None:
    result = anonymise([])
    assert (result.quasi, result.suppressed, result.k, result.l) == ({}, frozenset(), 0, 0)


@pytest.mark.parametrize(
    ("people", "given", "message"),
    [
        (crowd(5), {"k": 0}, "at least 1"),
        (crowd(5) + crowd(5), {}, "twice"),
        ([*crowd(2), Person("x", {"age": "65+"}, "low", 1)], {}, "same columns"),
        (crowd(5), {"keep": ["job"]}, "'job'"),
        ([Person("x", {str(n): "" for n in range(11)}, "low", 1)], {}, "at most 10"),
    ],
)
def test_what_cannot_be_answered(people: list[Person], given: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        anonymise(people, **given)  # type: ignore[arg-type]
