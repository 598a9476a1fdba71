"""Who is in an export: everybody who fits and agrees, in an order that tells nothing, less those whom nothing hides."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from companion.errors import StorageError
from companion.research.disclosure.anonymity import Anonymised, Person, anonymise
from companion.research.disclosure.pseudonyms import Pseudonyms
from companion.research.export.package import Member
from companion.research.export.people import QUASI, Facts, Sources
from companion.research.export.request import Request


@dataclass(frozen=True, slots=True)
class Surveyed:
    """Somebody who fits. person: their pseudonym."""

    user_id: str
    person: str
    facts: Facts


@dataclass(frozen=True, slots=True)
class Chosen:
    """members: in the order of the files. report: k, l, risks, suppressed; consents: version -> people, by purpose."""

    members: Sequence[Member]
    report: Mapping[str, Any]
    consents: Mapping[str, Mapping[str, int]]
    languages: Sequence[str]


async def survey(sources: Sources, request: Request, pseudonyms: Pseudonyms, as_of: float) -> list[Surveyed]:
    """Everybody who fits now, by rank. Some hundred bytes a person stay in memory. Raises StorageError."""
    found = [user_id async for user_id in sources.candidates(request.filters, as_of)]
    found.sort(key=pseudonyms.rank)
    surveyed = []
    for user_id in found:
        if (facts := await facts_of(sources, user_id, request, as_of)) is not None:
            surveyed.append(Surveyed(user_id, pseudonyms.person(user_id), facts))
    return surveyed


async def facts_of(sources: Sources, user_id: str, request: Request, as_of: float) -> Facts | None:
    """`Sources.facts`, with the key forgotten after it; None for somebody who was erased meanwhile."""
    try:
        return await sources.facts(user_id, request.filters, as_of)
    except StorageError as error:
        if error.retryable:
            raise
        return None
    finally:
        sources.ring.forget(user_id)


def chosen(people: Sequence[Surveyed], request: Request) -> Chosen:
    """Those of them who are in the files, with their quasi-identifiers as coarse as k and l ask for."""
    groups: dict[str, list[Surveyed]] = defaultdict(list)
    for one in people:
        groups[one.facts.language].append(one)
    made = {language: _anonymised(group, request) for language, group in sorted(groups.items())}
    members, research, training = list[Member](), Counter[str](), Counter[str]()
    languages = set[str]()
    for one in people:
        result = made[one.facts.language]
        if one.person in result.suppressed:
            continue
        agreed = one.facts.training is not None
        members.append(Member(one.user_id, one.person, result.quasi[one.person], agreed))
        languages.add(one.facts.language)
        research[one.facts.research] += 1
        if one.facts.training is not None:
            training[one.facts.training] += 1
    consents = {"research": dict(sorted(research.items())), "training": dict(sorted(training.items()))}
    return Chosen(members, _report(list(made.values()), request), consents, sorted(languages))


def _anonymised(group: Sequence[Surveyed], request: Request) -> Anonymised:
    people = [Person(one.person, one.facts.quasi, str(one.facts.level), one.facts.turns) for one in group]
    return anonymise(people, request.k, request.l, QUASI)


def _report(made: Sequence[Anonymised], request: Request) -> dict[str, Any]:
    """Over all languages: the worst of the worst cases, the mean over all people."""
    there = [one for one in made if one.risk.people]
    people = sum(one.risk.people for one in there)
    classes = sum(one.risk.classes for one in there)
    return {
        "asked": {"k": request.k, "l": request.l},
        "k": min((one.k for one in there), default=0),
        "l": min((one.l for one in there), default=0),
        "quasi_identifiers": [*QUASI, "language"],
        "sensitive": "risk_level",
        "prosecutor": max((one.risk.prosecutor for one in there), default=0.0),
        "journalist": max((one.risk.journalist for one in there), default=0.0),
        "marketer": classes / people if people else 0.0,
        "classes": classes,
        "people": people,
        "suppressed": sum(one.risk.suppressed for one in made),
    }
