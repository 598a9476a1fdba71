"""k-anonymity and l-diversity over declared quasi-identifiers, by suppressing cells and, last, people.

k-anonymity: Sweeney 2002, doi:10.1142/S0218488502001648. Distinct l-diversity: Machanavajjhala et al. 2007,
doi:10.1145/1217299.1217302. Risks: El Emam, "Guide to the De-Identification of Personal Health Information", 2013.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from companion.errors import InputError

STAR = "*"
_MOST_COLUMNS = 10  # all sets of columns are tried: 1,024
_WORTH = 5  # a person left out weighs as much as all columns of so many; authored


@dataclass(frozen=True, slots=True)
class Person:
    """id: a pseudonym. quasi: what others may know of them, in bands. sensitive: what nobody should learn from that.

    turns: how much of them is in the export.
    """

    id: str
    quasi: Mapping[str, str]
    sensitive: str
    turns: int


@dataclass(frozen=True, slots=True)
class RiskReport:
    """How likely somebody is found by the quasi-identifiers alone, 0..1; 0 where nobody is left.

    prosecutor: who knows that the person is in the file, at worst (1 / the smallest class). journalist: who does not
    know it, at worst (1 / the fewest people of the population that fit a class). marketer: who tries everybody, the
    share that is found on average.
    """

    prosecutor: float
    journalist: float
    marketer: float
    classes: int
    people: int
    suppressed: int


@dataclass(frozen=True, slots=True)
class Anonymised:
    """quasi: by id, "*" for what was taken away. suppressed: ids that must not be in the file.

    k, l: the smallest class and the fewest sensitive values of one that were reached; 0 where nobody is left.
    """

    quasi: Mapping[str, Mapping[str, str]]
    suppressed: frozenset[str]
    k: int
    l: int  # noqa: E741
    risk: RiskReport


def anonymise(
    people: Sequence[Person],
    k: int = 5,
    l: int = 2,  # noqa: E741
    keep: Sequence[str] = (),
    *,
    population: Iterable[Mapping[str, str]] = (),
) -> Anonymised:
    """Take away as few columns of as few people as it needs for classes of k people and l sensitive values.

    keep: columns, the dearest first; others go before these, those with more values before those with fewer.
    population: quasi-identifiers of everybody who could have been in the file, for the journalist's risk; without it,
    the people given. The answer does not depend on the order of people. Raises InputError for k or l below 1, an id
    that is there twice, people with different columns, more than 10 columns, or a column in keep that nobody has.
    """
    _check(people, k, l, keep)
    if not people:
        return Anonymised({}, frozenset(), 0, 0, RiskReport(0.0, 0.0, 0.0, 0, 0, 0))
    columns = _order(people, keep)
    left = sorted(people, key=lambda person: person.id)
    classes: dict[tuple[str, ...], list[Person]] = {}
    for dropped in range(len(columns) + 1):
        for gone in combinations(range(len(columns)), dropped):  # the first to go stand first
            left = _formed(classes, left, columns, frozenset(gone), k, l)
    left = _rescued(classes, left, len(columns), k, l)
    names = tuple(sorted(columns))
    place = [columns.index(name) for name in names]
    quasi = {
        person.id: dict(zip(names, (key[at] for at in place), strict=True))
        for key, members in classes.items()
        for person in members
    }
    everybody = [[row.get(column, STAR) for column in columns] for row in population] or [
        [person.quasi[column] for column in columns] for person in people
    ]
    return Anonymised(
        {id: quasi[id] for id in sorted(quasi)},
        frozenset(person.id for person in left),
        min((len(members) for members in classes.values()), default=0),
        min((_values(members) for members in classes.values()), default=0),
        _risk(classes, everybody, len(left)),
    )


def _check(people: Sequence[Person], k: int, l: int, keep: Sequence[str]) -> None:  # noqa: E741
    if k < 1 or l < 1:
        raise InputError(f"k = {k} and l = {l}: both are at least 1")
    if not people:
        return
    columns = set(people[0].quasi)
    if len(columns) > _MOST_COLUMNS:
        raise InputError(f"{len(columns)} quasi-identifiers; declare at most {_MOST_COLUMNS}")
    if any(set(person.quasi) != columns for person in people):
        raise InputError("people have different quasi-identifiers; give each of them the same columns")
    if len({person.id for person in people}) < len(people):
        raise InputError("an id is there twice; give every person once")
    if unknown := sorted(set(keep) - columns):
        raise InputError(f"no quasi-identifier {unknown[0]!r} to keep; there are {', '.join(sorted(columns))}")


def _order(people: Sequence[Person], keep: Sequence[str]) -> list[str]:
    """Columns, the first to go first."""
    values = {column: len({person.quasi[column] for person in people}) for column in people[0].quasi}
    rest = sorted(set(values) - set(keep), key=lambda column: (-values[column], column))
    return rest + list(dict.fromkeys(keep))[::-1]


def _formed(
    classes: dict[tuple[str, ...], list[Person]],
    left: list[Person],
    columns: list[str],
    gone: frozenset[int],
    k: int,
    l: int,  # noqa: E741
) -> list[Person]:
    """Make the classes that hold without the columns gone; whom they do not take."""
    groups: dict[tuple[str, ...], list[Person]] = {}
    for person in left:
        key = tuple(STAR if at in gone else person.quasi[column] for at, column in enumerate(columns))
        groups.setdefault(key, []).append(person)
    still = []
    for key, members in groups.items():
        if key in classes or (len(members) >= k and _values(members) >= l):
            classes.setdefault(key, []).extend(members)
        else:
            still += members
    return sorted(still, key=lambda person: person.id)


def _rescued(
    classes: dict[tuple[str, ...], list[Person]],
    left: list[Person],
    columns: int,
    k: int,
    l: int,  # noqa: E741
) -> list[Person]:
    """Let the cheapest classes fall together with those left, where that costs less than leaving these out."""
    if not left:
        return left
    cost = {key: len(members) * sum(value != STAR for value in key) for key, members in classes.items()}
    joined, price, fallen = list(left), 0, []
    for key in sorted(classes, key=lambda key: (cost[key], key)):
        price += cost[key]
        if price > _WORTH * columns * len(left):
            return left
        joined += classes[key]
        fallen.append(key)
        if len(joined) >= k and _values(joined) >= l:
            for one in fallen:
                del classes[one]
            classes[(STAR,) * columns] = joined
            return []
    return left


def _risk(classes: Mapping[tuple[str, ...], list[Person]], everybody: list[list[str]], suppressed: int) -> RiskReport:
    people = sum(map(len, classes.values()))
    if not people:
        return RiskReport(0.0, 0.0, 0.0, 0, 0, suppressed)
    fits: dict[tuple[bool, ...], Counter[tuple[str, ...]]] = {}
    fewest = len(everybody)
    for key, members in classes.items():
        kept = tuple(value != STAR for value in key)
        if kept not in fits:
            fits[kept] = Counter(
                tuple(value if stays else STAR for value, stays in zip(row, kept, strict=True)) for row in everybody
            )
        fewest = min(fewest, max(fits[kept][key], len(members)))
    return RiskReport(
        prosecutor=1 / min(map(len, classes.values())),
        journalist=1 / fewest,
        marketer=len(classes) / people,
        classes=len(classes),
        people=people,
        suppressed=suppressed,
    )


def _values(members: list[Person]) -> int:
    return len({person.sensitive for person in members})
