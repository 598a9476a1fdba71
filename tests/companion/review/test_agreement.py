"""Agreement against published figures, another library, and what must hold of any answers."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from companion.review.agreement import agreement, alpha_interval, cohen_kappa, krippendorff_alpha

# Krippendorff 2011, "Computing Krippendorff's alpha-reliability", section C: four observers, missing answers.
_OBSERVED = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)
UNITS = [
    {who: int(answer) for who, answer in zip("ABCD", column, strict=True) if answer != "."}
    for column in zip(*(row.split() for row in _OBSERVED), strict=True)
]


@pytest.mark.parametrize(("metric", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_is_what_krippendorff_printed(metric, published) -> None:
    found = agreement(UNITS, (1, 2, 3, 4, 5), metric)
    assert found.alpha == pytest.approx(published, abs=0.0006)
    assert (found.units, found.reviewers, found.kappa) == (11, 4, None)  # the unit that one observer saw counts not
    assert found.ci95 is not None and found.ci95[0] < found.alpha < found.ci95[1]


@pytest.mark.parametrize("weights", ["none", "quadratic"])
def test_kappa_is_what_scikit_learn_says(weights) -> None:
    rng = random.Random(3)
    for _ in range(20):
        pairs = [(a, a if rng.random() < 0.6 else rng.randrange(4)) for a in (rng.randrange(4) for _ in range(50))]
        theirs = cohen_kappa_score(
            *zip(*pairs, strict=True), labels=range(4), weights=None if weights == "none" else weights
        )
        assert cohen_kappa(pairs, 4, weights=weights) == pytest.approx(theirs)


def test_cohens_own_example() -> None:
    """Fleiss, Levin & Paik 2003, table 18.1: two raters, psychiatric categories, kappa .68 of 100 subjects."""
    table = [[75, 1, 4], [5, 4, 1], [0, 0, 10]]
    pairs = [(a, b) for a in range(3) for b in range(3) for _ in range(table[a][b])]
    assert cohen_kappa(pairs, 3) == pytest.approx(0.68, abs=0.005)


def test_what_cannot_be_told_is_none() -> None:
    nobody = agreement([], (False, True), "nominal")
    assert (nobody.units, nobody.kappa, nobody.alpha, nobody.percent, nobody.ci95) == (0, None, None, None, None)
    alone = agreement([{"a": True}, {"b": False}], (False, True), "nominal")
    assert (alone.units, alone.reviewers, alone.alpha) == (0, 0, None)
    always = agreement([{"a": True, "b": True}] * 9, (False, True), "nominal")
    assert (always.percent, always.kappa, always.alpha, always.ci95) == (100.0, None, None, None)


def test_true_is_no_one() -> None:
    with pytest.raises(ValueError, match="not among"):
        agreement([{"a": True, "b": 1}], (1, 2), "nominal")


def test_at_chance_alpha_is_about_nothing_and_the_interval_holds_it() -> None:
    rng = random.Random(1)
    units = [[rng.randrange(3), rng.randrange(3)] for _ in range(400)]
    alpha, interval = krippendorff_alpha(units, (0, 1, 2), "nominal"), alpha_interval(units, (0, 1, 2), "nominal")
    assert alpha is not None and interval is not None
    assert abs(alpha) < 0.1 and interval[0] < 0 < interval[1] and interval[1] - interval[0] < 0.25


_answers = st.lists(
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 3), min_size=1, max_size=3), min_size=1, max_size=30
)


@settings(max_examples=60, deadline=None)
@given(_answers)
def test_no_order_of_units_or_names_of_reviewers_matters(answers) -> None:
    def told(units):
        found = agreement(units, (0, 1, 2, 3), "ordinal")
        return found.alpha if found.alpha is None else round(found.alpha, 9), found.percent, found.units

    renamed = [{who.upper(): value for who, value in unit.items()} for unit in reversed(answers)]
    assert told(answers) == told(renamed)
    alpha = told(answers)[0]
    assert alpha is None or alpha <= 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=2, max_size=30))
def test_reviewers_who_always_agree_get_one(values) -> None:
    found = agreement([{"a": v, "b": v} for v in values], (0, 1, 2, 3), "ordinal")
    assert found.percent == 100.0
    assert found.alpha == (None if len(set(values)) == 1 else pytest.approx(1.0))
