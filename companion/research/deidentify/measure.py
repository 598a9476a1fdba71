"""Recall and precision on marked lines, by type. Touching places count as one; ADDRESS and LOCATION as one kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from companion.research.deidentify.deidentifier import Deidentifier
from companion.research.deidentify.generated import IDENTIFIERS, Case
from companion.research.deidentify.lines import Line
from companion.research.deidentify.types import Entity

PLACE = "PLACE"
_Marked = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of one type. exact: spans found with both ends right; covered: wanted spans all masked, as whatever type;
    touched: found spans that lie on a wanted one of the type."""

    wanted: int
    found: int
    exact: int
    covered: int
    touched: int

    def row(self, name: str) -> str:
        """A row of the table: recall exact and covered, precision exact and by touch."""
        recall = [part / self.wanted if self.wanted else 1.0 for part in (self.exact, self.covered)]
        precision = [part / self.found if self.found else 1.0 for part in (self.exact, self.touched)]
        cells = (*recall, *precision)
        return f"{name:<14}{self.wanted:>6}{self.found:>6}" + "".join(f"{cell:>9.3f}" for cell in cells)


HEADER = f"{'type':<14}{'wanted':>6}{'found':>6}{'exact':>9}{'covered':>9}{'p.exact':>9}{'p.touch':>9}"


def measured(lines: Sequence[Line], deidentifier: Deidentifier) -> dict[str, Score]:
    """Scores by type (PLACE for both of places)."""
    counts: dict[str, Counter[str]] = {}
    for _, wanted, found in compared(lines, deidentifier):
        masked = {at for start, end, _ in found for at in range(start, end)}
        for start, end, kind in wanted:
            count = counts.setdefault(kind, Counter())
            count["wanted"] += 1
            count["exact"] += (start, end, kind) in found
            count["covered"] += masked.issuperset(range(start, end))
        for start, end, kind in found:
            count = counts.setdefault(kind, Counter())
            count["found"] += 1
            count["touched"] += any(start < e and s < end and k == kind for s, e, k in wanted)
    names = ("wanted", "found", "exact", "covered", "touched")
    return {kind: Score(*(count[name] for name in names)) for kind, count in sorted(counts.items())}


def compared(lines: Sequence[Line], deidentifier: Deidentifier) -> Iterator[tuple[Line, list[_Marked], list[_Marked]]]:
    """Each line with what was wanted and what was found."""
    for line in lines:
        found = [(span.start, span.end, span.type) for span in deidentifier.spans(line.text)]
        yield line, _joined(line.spans), _joined(found)


def misses(lines: Sequence[Line], deidentifier: Deidentifier) -> Iterator[str]:
    """Lines on which persons, places or other things were missed ("-") or found in vain ("+")."""
    for line, wanted, found in compared(lines, deidentifier):
        gone = [f"-{line.text[s:e]}|{k}" for s, e, k in wanted if (s, e, k) not in found]
        vain = [f"+{line.text[s:e]}|{k}" for s, e, k in found if (s, e, k) not in wanted]
        if gone or vain:
            yield f"{line.text}\n    " + "  ".join((*gone, *vain))


def _joined(spans: Sequence[tuple[int, int, Entity]]) -> list[_Marked]:
    out: list[_Marked] = []
    for start, end, entity in sorted(spans):
        kind = PLACE if entity in (Entity.ADDRESS, Entity.LOCATION) else str(entity)
        if out and kind == PLACE == out[-1][2] and out[-1][1] == start:
            out[-1] = (out[-1][0], end, kind)
        else:
            out.append((start, end, kind))
    return out


@dataclass(frozen=True, slots=True)
class Structured:
    """valid: how many, of which found with type and both ends; claimed: identifiers claimed, of which right.
    wrong: sentences that were read wrongly, for whoever mends the rules."""

    valid: int
    recalled: int
    claimed: int
    right: int
    wrong: tuple[str, ...]


def measured_structured(cases: Sequence[Case], deidentifier: Deidentifier) -> Structured:
    """Generated identifiers: NUMBER claims nothing and counts nowhere."""
    valid = recalled = claimed = right = 0
    wrong = []
    for case in cases:
        found = [s for s in deidentifier.spans(case.text) if s.type in IDENTIFIERS]
        hits = [s for s in found if (s.start, s.end, s.type) == (case.start, case.end, case.type)]
        valid += case.type is not None
        recalled += bool(hits)
        claimed += len(found)
        right += len(hits)
        if len(found) != len(hits) or (case.type is not None and not hits):
            told = [(span.type.value, case.text[span.start : span.end]) for span in found]
            wrong.append(f"{case.type or 'nothing'} ({case.form}): {case.text} -> {told}")
    return Structured(valid, recalled, claimed, right, tuple(wrong))
