"""The rules of screen_harm.toml and screen.toml, and how one sentence is judged by them. Pure; all are authored."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

BREAKS = "，；;…—～~"  # after which a clause has ended; a plain comma too, where it is not in a number
CJK = re.compile(r"[\u3400-\u9fff]")
_QUOTED = re.compile(r"(?<=\S)(?:“[^”]*”|「[^」]*」|『[^』]*』|《[^》]*》|\"[^\"]*\")")
_CLAUSE = re.compile(r"[^，,；;。！!？?…\n]*[，,；;。！!？?…\n]*")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; its fields are those of screen.toml."""

    name: str
    never: re.Pattern[str]
    always: re.Pattern[str] | None
    unless: re.Pattern[str]
    hold: re.Pattern[str] | None
    questions: bool
    instead: Mapping[str, tuple[str, ...]]

    def broken(self, sentence: str, start: int) -> bool:
        """Whether a masked sentence breaks it from `start` on."""
        if self.always is not None and _after(self.always, sentence, start):
            return True
        hits = _after(self.never, sentence, start)
        if hits and self.questions:
            hits = [hit for hit in hits if not _is_asked(sentence, hit.end())]
        return bool(hits) and self.unless.search(sentence) is None


@dataclass(frozen=True, slots=True)
class Rules:
    """All of both files, compiled."""

    each: tuple[Rule, ...]
    grave: re.Pattern[str]
    feeling: Mapping[str, re.Pattern[str]]
    hedge: Mapping[str, str]
    other: Mapping[str, str]

    def suspicious(self, sentence: str, start: int) -> bool:
        """Whether what begins at `start` looks like a breach, whatever may excuse it later in the sentence."""
        return bool(_after(self.feeling["never"], sentence, start)) or any(
            _after(rule.never, sentence, start) or (rule.always is not None and _after(rule.always, sentence, start))
            for rule in self.each
        )

    def pending(self, sentence: str) -> bool:
        """Whether a clause may become a breach with what comes after its comma."""
        ended = sentence.rstrip(f"{BREAKS},")
        return any(rule.hold is not None and rule.hold.search(ended) for rule in self.each)

    def broken(self, sentence: str, start: int) -> Rule | None:
        """The first rule that the sentence breaks from `start` on."""
        return next((rule for rule in self.each if rule.broken(sentence, start)), None)

    def touches(self, sentence: str) -> bool:
        """Whether a sentence speaks of the danger itself, and nothing in it shows that it is well meant."""
        return self.grave.search(sentence) is not None and self.named("harm").unless.search(sentence) is None

    def named(self, name: str) -> Rule:
        """The rule of a name. Raises StopIteration where there is none."""
        return next(rule for rule in self.each if rule.name == name)

    def hedged(self, sentence: str, start: int) -> str:
        """The sentence from `start` on, each feeling told as a fact turned into an impression."""
        plain = masked(sentence)
        if not _after(self.feeling["never"], plain, start):
            return sentence[start:]
        parts, at = [], start
        for clause in _CLAUSE.finditer(plain, start):
            hit = self.feeling["never"].search(clause[0])
            if hit and not (
                self.feeling["hedged"].search(plain[: clause.end()])
                or self.feeling["subordinate"].search(clause[0])
                or _is_asked(plain, clause.start() + hit.end())
            ):
                language = "zh" if CJK.search(hit[0]) else "en"
                parts.append(self._hedged_clause(sentence[at : clause.end()], language, first=at == 0))
            else:
                parts.append(sentence[at : clause.end()])
            at = clause.end()
        return "".join(parts)

    def _hedged_clause(self, clause: str, language: str, *, first: bool) -> str:
        split = self.feeling["before"].match(clause)
        at = split.end() if split else 0
        head, rest = clause[:at], clause[at:]
        rest = self.feeling["surely"].sub("", self.feeling["instead_of"].sub("", rest))
        hedge = self.hedge[language]
        if language == "en":
            rest = re.sub(r"\b(you) must (?:be|have been)\b", r"\1 are", rest, flags=re.IGNORECASE)
            rest = re.sub(r"\b(you) must feel\b", r"\1 feel", rest, flags=re.IGNORECASE)
            if first and not head.strip():
                hedge = hedge[0].upper() + hedge[1:]
            if not re.match(r"I\b", rest):
                rest = rest[:1].lower() + rest[1:]
        return head + hedge + rest


def masked(sentence: str) -> str:
    """For matching, at the same length: what is quoted is not the companion's own word, unless all of it is."""
    return _QUOTED.sub(lambda quoted: "□" * len(quoted[0]), sentence.replace("’", "'"))


def _after(pattern: re.Pattern[str], sentence: str, start: int) -> list[re.Match[str]]:
    return [hit for hit in pattern.finditer(sentence) if hit.end() > start]


def _is_asked(sentence: str, end: int) -> bool:
    """Whether the clause in which `end` lies asks, by its mark, its last word or a tag after the comma."""
    tag = rules().feeling["tag"]
    rest = [clause[0] for clause in _CLAUSE.finditer(sentence, end) if clause[0]]
    if not rest:
        return False
    words = rest[0].rstrip("，,；;。！!？?…\n ")
    if "?" in rest[0] or "？" in rest[0] or tag.search(words):
        return True
    return len(rest) > 1 and tag.match(rest[1].strip("，,；;。！!？?…\n ")) is not None


@cache
def rules() -> Rules:
    """Read both files. Raises re.error with the pattern that is broken."""
    grave, data = (_read(name) for name in ("screen_harm.toml", "screen.toml"))
    words: dict[str, str] = data["words"] | grave["words"]

    def compiled(patterns: Sequence[str] | str) -> re.Pattern[str]:
        text = "|".join(f"(?:{pattern})" for pattern in ([patterns] if isinstance(patterns, str) else patterns))
        while (filled := re.sub(r"\{([a-z_]+)\}", lambda name: words[name[1]], text)) != text:
            text = filled
        return re.compile(text, re.IGNORECASE)

    def maybe(patterns: Sequence[str] | None) -> re.Pattern[str] | None:
        return compiled(patterns) if patterns else None

    each = tuple(
        Rule(
            rule["name"],
            compiled(rule["never"]),
            maybe(rule.get("always")),
            compiled(rule["unless"]),
            maybe(rule.get("hold")),
            rule["questions"],
            {language: tuple(sentences) for language, sentences in rule["instead"].items()},
        )
        for rule in sorted((*grave["rules"], *data["rules"]), key=lambda rule: bool(rule.get("last")))
    )
    feeling = data["feeling"]
    return Rules(
        each,
        compiled(grave["grave"]["never"]),
        {key: compiled(value) for key, value in feeling.items() if key != "hedge"},
        feeling["hedge"],
        data["other"],
    )


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("companion.safety").joinpath(name).read_text("utf-8"))
