"""One pass over a text: which expressions of feeling stand in it, and what is left of each after its surroundings.

The longest expression wins at each place. A negation reaches to the end of its clause or six Chinese characters or
five words on; it turns a feeling round and halves it ("not happy" is milder than "unhappy"). Pure; a few
microseconds a character. All weights are authored, none is fitted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from affect.labels import EMOTIONS

_REACH = 6  # characters of Chinese between a word that modifies and what it modifies
_REACH_WORDS = 5
_NEAR = 3  # the same for intensifiers
_BREAKS = frozenset("，。！？；,.!?;\n…~、：:")
_RUN = re.compile(r"(.)\1{3,}")
_QUESTION = re.compile(r"[吗么嘛][？?\s]*$|[?？]\s*$")
# Turned round, halved; said to another; asked; wished for: what is left of a feeling. Authored.
_NEGATED, _FIRMLY, _DOUBLE, _DISSUADED, _ASKED, _WISHED = -0.5, -0.65, 0.4, 0.15, 0.5, 0.6
_FIRM = ("一点", "根本", "从不", "从没", "从来", "never", "毫", "not at all", "no longer", "anything but")
# What remains of a category after a negation: shares of other categories. "不开心" is sad rather than angry.
TURNED: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "happy": {"sad": 0.5, "angry": 0.3, "neutral": 0.2},
        "sad": {"neutral": 0.7, "happy": 0.3},
        "angry": {"neutral": 0.8, "happy": 0.2},
        "fearful": {"neutral": 0.8, "happy": 0.2},
        "surprised": {"neutral": 1.0},
        "disgusted": {"neutral": 1.0},
        "neutral": {"neutral": 0.5},
    }
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the lexicon. valence, arousal: -1..1. categories: of labels.EMOTIONS, none for a bare tone."""

    valence: float
    arousal: float
    categories: tuple[str, ...] = ()

    @property
    def mask(self) -> bool:
        """A longer word that is no sign of feeling, though a shorter one stands in it."""
        return not (self.valence or self.arousal or self.categories)


@dataclass(frozen=True, slots=True)
class Found:
    """One expression in a text. valence, arousal: -1..1 after its surroundings.

    scale: what the surroundings made of it, below 0 when it is turned round. categories: those it speaks for.
    """

    expression: str
    valence: float
    arousal: float
    scale: float
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    """What one pass found. denials, wishes, negations: their number. contrast: a "but" stands in it."""

    text: str
    found: tuple[Found, ...]
    denials: int = 0
    wishes: int = 0
    negations: int = 0
    contrast: bool = False
    asked: bool = False


class Lexicon:
    """Expressions by first character, ready for longest match."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        """entries: lower-case expression -> entry; function words are added."""
        self.entries = dict(entries)
        self._kinds: dict[str, str | Entry] = {}
        self._kinds.update(self.entries)
        self._kinds.update(_function_words())
        lengths: dict[str, set[int]] = {}
        for expression in self._kinds:
            lengths.setdefault(expression[0], set()).add(len(expression))
        self._lengths = {first: tuple(sorted(found, reverse=True)) for first, found in lengths.items()}

    @classmethod
    def parse(cls, lines: Iterable[str]) -> Lexicon:
        """Lines "expression TAB valence TAB arousal [TAB category[+category]]", "#" for a remark.

        Raises ValueError with the number of a line that cannot be read.
        """
        entries = {}
        for number, line in enumerate(lines, 1):
            if line.startswith("#") or not line.strip():
                continue
            try:
                expression, valence, arousal, *rest = line.rstrip("\n").split("\t")
                categories = tuple(c for c in (rest[0].split("+") if rest else ()) if c != "-")
                entry = Entry(float(valence), float(arousal), categories)
            except ValueError:
                raise ValueError(
                    f"lexicon, line {number}: wanted expression, valence, arousal and category between tabs"
                ) from None
            if not expression or not all(-1 <= x <= 1 for x in (entry.valence, entry.arousal)):
                raise ValueError(f"lexicon, line {number}: an empty expression, or a weight outside -1..1")
            if unknown := set(categories) - set(EMOTIONS):
                raise ValueError(f"lexicon, line {number}: no such category: {', '.join(sorted(unknown))}")
            entries[expression.lower()] = entry
        return cls(entries)

    def tokens(self, text: str) -> list[tuple[int, int, str | Entry]]:
        """(start, end, kind or entry) of each expression in lower-case text, in order, without overlap."""
        kinds, lengths, size = self._kinds, self._lengths, len(text)
        out: list[tuple[int, int, str | Entry]] = []
        i = 0
        while i < size:
            char = text[i]
            if char in _BREAKS:
                for length in lengths.get(char, ()):  # ":)"
                    if text[i : i + length] in kinds:
                        out.append((i, i + length, kinds[text[i : i + length]]))
                        i += length
                        break
                else:
                    out.append((i, i + 1, "break"))
                    i += 1
                continue
            latin = char.isascii() and char.isalpha()
            for length in lengths.get(char, ()):
                end = i + length
                kind = kinds.get(text[i:end])
                if kind is None or end > size:
                    continue
                if latin and end < size and _word(text[end - 1]) and _word(text[end]):
                    continue
                out.append((i, end, kind))
                i = end
                break
            else:
                i += 1
                if latin:
                    while i < size and _word(text[i]):
                        i += 1
        return out


def _word(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char == "'")


@cache
def _function_words() -> dict[str, str]:
    kinds = {}
    for line in files("affect.words").joinpath("function_words.tsv").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            kind, words = line.split("\t")
            kinds.update(dict.fromkeys(words.split("|"), kind))
    return kinds


@cache
def default_lexicon() -> Lexicon:
    """The lexicon that ships, read once."""
    with files("affect.backends").joinpath("lexicon.tsv").open(encoding="utf-8") as lines:
        return Lexicon.parse(lines)


def read_lexicon(path: Path) -> Lexicon:
    """An operator's own lines beside ours; theirs win. Raises ValueError (see parse) and OSError."""
    with path.open(encoding="utf-8") as lines:
        return Lexicon({**default_lexicon().entries, **Lexicon.parse(lines).entries})


def normalise(text: str) -> str:
    """Lower case, straight apostrophes, a character repeated at most three times."""
    return _RUN.sub(r"\1\1\1", text.replace("’", "'").lower())


def scan(text: str, lexicon: Lexicon) -> Scan:
    """Find expressions and weigh each by what stands around it."""
    text = normalise(text)
    tokens = lexicon.tokens(text)
    question = bool(_QUESTION.search(text))
    found: list[Found] = []
    before: list[tuple[int, int, str]] = []  # modifiers of this clause
    denials = wishes = negations = 0
    contrast = asked_here = split = False
    for at, (start, end, kind) in enumerate(tokens):
        if isinstance(kind, Entry):
            if not kind.mask:
                after = at + 1 < len(tokens) and tokens[at + 1][2] == "after" and tokens[at + 1][0] == end
                found.append(
                    _weigh(text, start, end, kind, before, after, split or (asked_here and question), wishes > 0)
                )
        elif kind in ("break", "contrast"):
            before = []
            asked_here = split = False
            if kind == "contrast" and found:
                contrast = True
                found = [
                    Found(f.expression, f.valence * 0.7, f.arousal * 0.7, f.scale * 0.7, f.categories) for f in found
                ]
        elif kind == "denial":
            denials += 1
        elif kind == "wish":
            wishes += 1
        elif kind == "asked":
            asked_here = True
        elif kind == "negation" and end - start == 1 and start > 0 and end < len(text) and text[start - 1] == text[end]:
            split = True  # "开不开心"
        else:
            negations += kind in ("negation", "double")
            before.append((start, end, kind))
    return Scan(text, tuple(found), denials, wishes, negations, contrast, question)


def _weigh(
    text: str,
    start: int,
    end: int,
    entry: Entry,
    before: list[tuple[int, int, str]],
    after: bool,
    asked: bool,
    wished: bool,
) -> Found:
    turns, strength, double, dissuaded, firm = 0, 1.3 if after else 1.0, False, False, False
    for begin, stop, kind in before:
        han, words = _between(text, stop, start)
        if kind in ("stronger", "weaker"):
            if han <= _NEAR and words <= _NEAR - 1:
                strength = 1.3 if kind == "stronger" else 0.6
        elif han <= _REACH and words <= _REACH_WORDS:
            if kind == "negation":
                turns += 1
                firm = firm or text[begin:stop].startswith(_FIRM)
            elif kind == "double":
                double = True
            elif kind == "dissuasion":
                dissuaded = True
    if turns % 2:
        # a strong word within a negation ("not very happy") makes it milder, not stronger
        scale = (_FIRMLY if firm else _NEGATED) * (1.0 if strength <= 1 else 0.9)
    else:
        scale = strength * (_DOUBLE if double or turns else 1.0)
    if dissuaded:
        scale = _DISSUADED * abs(scale)
    scale *= (_ASKED if asked else 1.0) * (_WISHED if wished else 1.0)
    valence = max(-1.0, min(1.0, entry.valence * scale))
    return Found(text[start:end], valence, entry.arousal * min(1.0, abs(scale)), scale, entry.categories)


def _between(text: str, start: int, end: int) -> tuple[int, int]:
    """Chinese characters and Latin words between two places."""
    if start >= end:
        return 0, 0
    part = text[start:end]
    if part.isascii():
        return 0, len(part.split())
    return sum("\u4e00" <= c <= "\u9fff" for c in part), sum(w.isascii() for w in part.split())


def evidence(result: Scan) -> dict[str, float]:
    """Category -> summed strength for it after negation, >= 0; a turned feeling speaks for what TURNED says."""
    sums = dict.fromkeys(EMOTIONS, 0.0)
    for f in result.found:
        for category in f.categories:
            share = abs(f.scale) / len(f.categories)
            if f.scale >= 0:
                sums[category] += share
            else:
                for other, part in TURNED[category].items():
                    sums[other] += 2 * share * part
    return sums
