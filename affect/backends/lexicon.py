"""A lexicon of spoken Chinese and English with negation, intensifiers and denial; both languages in one pass.

The longest expression wins. A negation reaches to the end of its clause or five words (six characters) on; it turns
a feeling round and halves it ("not happy" is milder than "unhappy"). All weights are authored, none is fitted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from affect.types import WordAffect

_NEGATION = re.compile(
    r"不是不|没有不|(?:并|也|都|才)?(?:不是|不会|不再|没有|没|不|(?<![特分区个性级])别|未)|"
    r"\b(?:not|never|no|hardly|isn't|wasn't|don't|doesn't|"
    r"didn't|can't|couldn't|won't|wouldn't|aren't|ain't|without)\b",
    re.IGNORECASE,
)
_STRONGER = re.compile(
    r"特别|非常|太|超级|超|好(?=[^好])|真的?|很|极其|十分|\b(?:very|so|really|extremely|too|such)\b", re.IGNORECASE
)
_WEAKER = re.compile(r"有点儿?|有些|稍微|一点点?|\b(?:a bit|a little|kind of|kinda|sort of|slightly)\b", re.IGNORECASE)
_CLAUSE = re.compile(r"[，。！？；,.!?;\n]+|但是?|可是|不过|\bbut\b|\bthough\b", re.IGNORECASE)
# Said as often by those who are not fine: a weak sign with high uncertainty.
_DENIAL = re.compile(
    r"没事|没什么|没关系|我能有什么事|不用管我|无所谓|随便吧|\b(?:i'm|i am|it's|it is) (?:fine|ok|okay|nothing)\b|"
    r"\bnever mind\b|\bdon't worry about me\b",
    re.IGNORECASE,
)
_WISH = re.compile(r"要是|如果|希望|\bi wish\b|\bif only\b|\bi hope\b", re.IGNORECASE)
_BEFORE_A_NOUN = frozenset({"great", "good"})
_NOUN_OF_LOSS = re.compile(r" (?:sorrow|loss|pain|grief|sadness|fear|shock|deal)\b", re.IGNORECASE)
_REACH = 6  # characters of Chinese between a negation and what it negates
_REACH_WORDS = 5


@dataclass(frozen=True, slots=True)
class _Entry:
    valence: float
    arousal: float


@cache
def _lexicon() -> tuple[dict[str, _Entry], re.Pattern[str]]:
    entries = {}
    for line in files("affect.backends").joinpath("lexicon.tsv").read_text("utf-8").splitlines():
        if not line.startswith("#") and line.strip():
            expression, valence, arousal = line.split("\t")
            entries[expression] = _Entry(float(valence), float(arousal))
    longest_first = sorted(entries, key=len, reverse=True)
    parts = [rf"\b{re.escape(e)}\b" if e[0].isascii() and e[0].isalpha() else re.escape(e) for e in longest_first]
    return entries, re.compile("|".join(parts), re.IGNORECASE)


class LexiconClassifier:
    """The embedded default: no weights, a few microseconds a line."""

    def read(self, text: str, language: str | None = None) -> WordAffect:
        """See TextEmotionClassifier.read; language is not needed."""
        text = text.replace("’", "'")
        found: list[tuple[str, float, float]] = []
        denials = 0
        for clause in _CLAUSE.split(text):
            denials += len(_DENIAL.findall(clause))
            found += _clause(_DENIAL.sub(" ", clause))
        if not found:
            if denials:
                return WordAffect(0.1, None, 0.8, (("denial", 0.1),))
            return WordAffect(None, None, 1.0)
        weight = sum(abs(v) + 0.1 for _, v, _ in found)
        valence = sum(v * (abs(v) + 0.1) for _, v, _ in found) / weight
        arousal = sum(a * (abs(v) + 0.1) for _, v, a in found) / weight
        agreement = abs(sum(v for _, v, _ in found)) / max(1e-9, sum(abs(v) for _, v, _ in found))
        certainty = min(0.85, 0.45 + 0.1 * len(found)) * (0.4 + 0.6 * agreement)
        certainty *= 0.6 if _WISH.search(text) else 1.0
        certainty *= 0.7 if denials else 1.0
        return WordAffect(
            max(-1.0, min(1.0, valence)),
            max(-1.0, min(1.0, arousal)),
            round(1 - certainty, 4),
            tuple((e, round(v, 3)) for e, v, _ in found),
        )


def _clause(clause: str) -> list[tuple[str, float, float]]:
    entries, pattern = _lexicon()
    found = []
    for match in pattern.finditer(clause):
        entry = entries.get(match.group()) or entries[match.group().lower()]
        before = clause[: match.start()]
        scale = 1.0
        near = before[-8:] if not before[-1:].isascii() else " ".join(before.split()[-3:])
        if _WEAKER.search(near):
            scale = 0.6
        elif _STRONGER.search(near):
            scale = 1.3
        if _negated(before):
            scale *= -0.5
        if match.group().lower() in _BEFORE_A_NOUN and _NOUN_OF_LOSS.match(clause[match.end() :]):
            continue  # a great sorrow is no joy
        found.append((match.group(), max(-1.0, min(1.0, entry.valence * scale)), entry.arousal * min(1.0, abs(scale))))
    return found


def _negated(before: str) -> bool:
    """Whether an odd number of negations reaches what comes after `before`."""
    count = 0
    for negation in _NEGATION.finditer(before):
        between = before[negation.end() :]
        han = sum("\u4e00" <= c <= "\u9fff" for c in between)
        if han <= _REACH and len(between.split()) <= _REACH_WORDS and negation.group() not in ("不是不", "没有不"):
            count += 1
    return count % 2 == 1
