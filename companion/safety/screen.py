"""Post-processing of a reply while it streams: what a companion must not say is said more gently, or not at all.

Text goes through sentence by sentence. A clause goes out at its comma if nothing in it could become a breach; only a
suspicious one waits for its sentence. Every character is judged on its own, so the pieces in which a reply arrives
never change what comes out, and a reply without a breach comes out byte for byte. Rules and sentences: screen.toml
(authored). They are patterns: they catch the common wordings, not every one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from companion.safety.hotlines import Hotlines
from companion.safety.reply_rules import BREAKS, CJK, masked, rules
from companion.safety.screen_agreement import Agreement

_ENDS = "。！？!?\n"
_CLOSERS = "。！？!?….~～)）】]”’」』"
_QUOTES = {"“": "”", "「": "」", "『": "』", '"': '"'}
_BRACKETS = {"〔": "〕", "（": "）", "(": ")", "[": "]", "【": "】"}
_LONGEST_QUOTE = 160  # characters after which a quotation that never closes no longer holds its sentence together
_GRAVE = 2  # level of risk from which the danger itself is not for the model to speak of
_LONGEST = 400  # characters of one sentence that are looked at; a longer one is decided about at its next comma
_ABBREVIATIONS = re.compile(r"(?:^|[\s(])(?:mr|mrs|ms|dr|st|vs|e\.g|i\.e|etc|\d{1,2})\.$", re.IGNORECASE)
_NOTE = re.compile(r"(?:^\s*|[（(\[【]\s*)(?:旁注|系统提示|(?:side |system )?note\s*[:：])$", re.IGNORECASE)
_ROLE = re.compile(
    r"^[\s#*\[【<|]*(?P<role>用户|对方|助手|回答|系统|小伴|user|person|human|assistant|answer|system|companion|ai)"
    r"[\s\]】|>*]*[:：]$",
    re.IGNORECASE,
)
_OWN_ROLES = ("助手", "回答", "小伴", "assistant", "answer", "companion", "ai")
_MARKERS = re.compile(r"<\||</?s>|^\s*###")
_GOES_ON = re.compile(r"^\W*(?:还是|或者|或是|or\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Change:
    """What was done to a reply, without its words.

    rule: of screen.toml and screen_harm.toml, or "hotline", "feeling", "persona", "length", "note", "role", "empty",
    "echo". kind: "replaced" (also hedged), "dropped" (left out), "cut" (all that came after is left out).
    sentence_index: of the model's sentences, from 0.
    """

    rule: str
    kind: Literal["replaced", "dropped", "cut"]
    sentence_index: int


class Screen:
    """One reply on its way out: feed it the pieces of the model, send what it gives back, and finish it.

    language: "zh" or "en", for a sentence that shows none. max_sentences: of the persona, at least 1; None: no limit.
    never: wordings that this persona must not use. region: ISO 3166, whose numbers may be told, "" unknown; None: not
    looked at. said: the turn that it answers, so that nothing harmful in it is agreed to. risk: 0..4, that is
    held: from 2 on the danger itself is not spoken of. Raises ValueError for a limit under 1.
    """

    def __init__(
        self,
        *,
        language: str,
        max_sentences: int | None,
        never: Sequence[str] = (),
        region: str | None = None,
        said: str = "",
        risk: int = 0,
    ) -> None:
        if max_sentences is not None and max_sentences < 1:
            raise ValueError(f"max_sentences is {max_sentences}: give at least 1, or None for no limit")
        self.changes: list[Change] = []
        self.full = False  # True once nothing more can come out: the model may be stopped
        self._language, self._most = language, max_sentences
        self._never = tuple(phrase.casefold() for phrase in never if phrase.strip())
        self._agreement, self._grave = Agreement(said), risk >= _GRAVE
        self._hotlines = None if region is None else Hotlines(region)
        self._held, self._released = "", ""  # of the sentence that is coming in: still kept, already out
        self._out: list[str] = []
        self._said = False  # something that is not blank has gone out
        self._index = self._kept = 0
        self._asked = False  # the last sentence that went out was a question
        self._suspect = False  # something in what is held looks like a breach
        self._fresh = True  # between two sentences
        self._swallow = False  # marks that belonged to a sentence left out
        self._trim = False  # blanks after a note left out
        self._quote = self._note = ""  # the mark that closes what is open
        self._used: Counter[str] = Counter()

    def feed(self, delta: str) -> str:
        """Take the next piece of the reply; what may be sent now, "" where it must wait."""
        for char in delta:
            if self.full:
                break
            self._step(char)
        return self._taken()

    def finish(self) -> str:
        """What is left at the end of the reply; a fallback sentence where nothing has been said at all."""
        if not self.full:
            if self._held.strip():
                self._complete()
            elif not self._swallow:
                self._send(self._held)
            self.full = True
        if not self._said:
            self._send(rules().other[f"fallback_{self._tongue('')}"])
            self._note_change("empty", "replaced")
        return self._taken()

    def _step(self, char: str) -> None:
        if self._note:
            if char in self._note:
                self._note, self._trim = "", True
            return
        if self._trim and char.isspace():
            return
        self._trim = False
        if self._held.endswith(".") and not self._quote and self._is_stop(char):
            self._complete()
        if self._fresh and not self._held and self._index and char in _CLOSERS:
            if not self._swallow:
                self._send(char)
            return
        if self._kept == self._most and not self._asked and not char.isspace():
            self._cut("length")
            return
        self._held += char
        if not self._held.isspace():
            self._fresh = self._swallow = False
        if self._leaked(char):
            return
        closed = self._quotes(char)
        if self._quote:
            return
        if char in _ENDS or (closed and self._held[-2:-1] in _ENDS and self._held[-2:-1]):
            if self._held.strip() or self._released:
                self._complete()
        elif char in BREAKS or (char == "," and not self._held[-2:-1].isdigit()):
            self._release()

    def _is_stop(self, following: str) -> bool:
        """Whether the full stop at the end of what is held ends a sentence, now that the next character is known."""
        if self._held.endswith("..") or _ABBREVIATIONS.search(self._held):
            return False
        return following.isspace() or following in _CLOSERS.replace(".", "") or CJK.match(following) is not None

    def _quotes(self, char: str) -> bool:
        """Keep track of quotations, which stay in one piece; True where one closes."""
        if self._quote:
            if char == self._quote:
                self._quote = ""
                return True
            if char == "\n" or len(self._held) > _LONGEST_QUOTE:
                self._quote = ""
        elif char in _QUOTES:
            self._quote = _QUOTES[char]
        return False

    def _leaked(self, char: str) -> bool:
        """Take out notes and whatever follows a role marker; True where that happened."""
        found = _NOTE.search(self._held) if char in "注示:：" else None
        if char == "〔" or found is not None:
            start = found.start() if found is not None else len(self._held) - 1
            opener = self._held[start:].lstrip()[:1]
            self._held = self._held[:start]
            self._note, self._quote = _BRACKETS.get(opener, "。.！!？?\n"), ""
            self._fresh = not self._held.strip() and not self._released
            self._note_change("note", "dropped")
            return True
        role = _ROLE.match(self._held) if char in ":：" and not self._released else None
        if role is not None and not self._said and role["role"].lower() in _OWN_ROLES:
            self._held, self._trim, self._fresh = "", True, True
            self._note_change("role", "dropped")
            return True
        marker = _MARKERS.search(self._held) if char in "|>#" else role
        if marker is None:
            return False
        self._held = self._held[: marker.start()]
        if self._held.strip():
            self._complete()
        self._cut("role")
        return True

    def _release(self) -> None:
        """Send a finished clause if it cannot become part of a breach."""
        if self._most is not None and self._kept >= self._most:
            return
        if len(self._held) > _LONGEST:
            self._complete()
        elif not self._suspect and not self._agreement.there and not self._grave:
            sentence, start = masked(self._released + self._held), len(self._released)
            self._suspect = rules().suspicious(sentence, start) or bool(self._wrong_number(start))
            if not self._suspect and not rules().pending(sentence) and not self._forbidden(sentence, whole=False):
                self._released = (self._released + self._held)[-_LONGEST:]
                self._send(self._held)
                self._held = ""

    def _complete(self) -> None:
        """Decide about the sentence that has come in."""
        sentence, start = self._released + self._held, len(self._released)
        asks = sentence.rstrip()[-1:] in "?？"
        if self._kept == self._most and not (self._asked and asks and _GOES_ON.match(sentence)):
            self._cut("length")
            return
        kept = True
        plain = masked(sentence)
        rule = rules().broken(plain, start)
        if rule is None and (agreed := self._agreement.broken(plain)):
            rule = rules().named(agreed)
        if rule is None and self._grave and rules().touches(plain):
            rule = rules().named("harm")
        wrong = "" if rule is not None else self._wrong_number(start)
        if rule is not None:
            kept = self._replace(rule.name, rule.instead[self._tongue(sentence)])
        elif wrong and self._hotlines is not None:
            kept = self._replace("hotline", [self._hotlines.instead(wrong, self._tongue(sentence))])
        elif self._forbidden(plain, whole=True):
            kept = self._replace("persona", ())
        else:
            hedged = rules().hedged(sentence, start)
            if hedged != self._held:
                self._note_change("feeling", "replaced")
            self._send(hedged)
        if kept:
            self._kept += self._kept != self._most
            self._asked = asks and rule is None and not wrong
        self._index += 1
        self._held = self._released = self._quote = ""
        self._suspect = False
        self._fresh, self._swallow = True, rule is not None or bool(wrong) or not kept

    def _replace(self, rule: str, gentler: Sequence[str]) -> bool:
        """Send the next gentler sentence of the rule; False where the sentence could be left out instead."""
        sentence = self._released + self._held
        n = self._used[rule]
        self._used[rule] += 1
        if n < len(gentler):
            instead = gentler[n]
        elif self._released:
            instead = rules().other[f"rest_{self._tongue(sentence)}"]
        else:
            self._note_change(rule, "dropped")
            return False
        lead = self._held[: len(self._held) - len(self._held.lstrip())]
        trail = "\n" if self._held.endswith("\n") else ""
        if self._released and not re.match(r"I\b", instead):
            instead = instead[0].lower() + instead[1:]
        self._send(lead + instead + trail)
        self._note_change(rule, "replaced")
        return True

    def _wrong_number(self, start: int) -> str:
        """The role of a number of another country, "" where there is none. Quoted, it is a number all the same."""
        return "" if self._hotlines is None else self._hotlines.wrong(self._released + self._held, start)

    def _forbidden(self, sentence: str, *, whole: bool) -> bool:
        """Whether it has a wording of `never`, or (not whole) the part of one up to its first comma."""
        said = sentence.casefold()
        return any((phrase if whole else re.split(r"[，,；;…—～~]", phrase)[0]) in said for phrase in self._never)

    def _tongue(self, sentence: str) -> str:
        if CJK.search(sentence):
            return "zh"
        return "en" if re.search("[A-Za-z]{2}", sentence) or self._language == "en" else "zh"

    def _cut(self, rule: str) -> None:
        self._note_change(rule, "cut")
        self._held, self.full = "", True

    def _note_change(self, rule: str, kind: Literal["replaced", "dropped", "cut"]) -> None:
        self.changes.append(Change(rule, kind, self._index))

    def _send(self, piece: str) -> None:
        self._out.append(piece)
        self._said = self._said or bool(piece.strip())

    def _taken(self) -> str:
        piece = "".join(self._out)
        self._out.clear()
        return piece
