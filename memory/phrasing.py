"""How a turn names its speaker, and how a question reads as the statement that would answer it. Pure; authored rules.

A sentence embedder finds two sentences near that say the same in the same person. "What did Mel paint?" asks for
"I painted ...": so the question is embedded as "I paint", and the turn without "Mel: " before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_PREFIX = re.compile(
    r"\s*(?:\[[^\]\n]{1,40}\]\s*|\([^)\n]{1,40}\)\s*)?"
    r"([A-Z\u00c0-\u024f][\w.'\-]{0,24}(?: [A-Z\u00c0-\u024f][\w.'\-]{0,24})?|[\u4e00-\u9fff]{2,4})"
    r"(?: (?:said|says))?\s?[:：]\s?(?=\S)"
)
_NAME = re.compile(r"\b[A-Z\u00c0-\u024f][\w\-]{2,}")
_NO_NAMES = frozenset(
    """
    Yes Yeah Yep Nope Well Wow Okay Sure Right Thanks Thank Hey Hello Sorry Bye Congrats Great Good Nice Cool True
    Exactly Definitely Absolutely Totally Really Honestly Anyway Maybe Actually Sounds Agreed Amazing Awesome
    Perfect Haha Lol Aww Ooh Hmm Mum Mom Dad God Gosh Please Then And But You They She Him Her Same Still Tomorrow
    Today Never Always Monday Tuesday Wednesday Thursday Friday Saturday Sunday Anything Something Nothing
    Everything Congratulations Seriously Obviously Fair Love Fun Not Also Too That This What When Where Who Why How
    """.split()  # noqa: SIM905
)
_OPENING = re.compile(
    r"^\s*(?:(?:on |in |at |to |from |since )?"
    r"(?:when|where|who|whom|whose|what|which|how|why)\b"
    r"(?: (?:many|much|long|old|often|far|kind of|type of|day|date))?)?"
    r"\s*(?:did|does|do|is|was|are|were|will|would|has|have|had|can|could)?\b\s*",
    re.IGNORECASE,
)


_CALLED = re.compile(
    r"(?:^|[,.!?] +|\b(?:hey|hi|hello|thanks|thank you|wow|oh|yeah|yes|no|well|bye|congrats|sorry),? +)"
    r"([A-Z][a-z]{2,14})(?=[!,.?]|$)",
    re.IGNORECASE,
)
CALLED_OFTEN = 3  # how often somebody is called by name until they count as one of those who speak; authored


def no_name(word: str) -> bool:
    """Whether the word is written like a name and is none."""
    return word in _NO_NAMES


def called(text: str) -> set[str]:
    """Names by which an English turn may be calling somebody: "Hey Tom!", "I know, Priya." """
    return {name for name in _CALLED.findall(text) if name[0].isupper() and not no_name(name)}


def told(text: str) -> tuple[str | None, str]:
    """(who says it, what they say) of a turn written "Name: words"; (None, text) where no name stands in front."""
    found = _PREFIX.match(text)
    return (found[1], text[found.end() :]) if found else (None, text)


def named(query: str, speakers: Iterable[str]) -> list[str]:
    """Those of `speakers` whom the query names, also by the first letters ("Mel" for Melanie) or a first name."""
    words = {word.casefold() for word in _NAME.findall(query)}
    found = []
    for speaker in speakers:
        low = speaker.casefold()
        first = low.split()[0]
        if (not low.isascii() and low in query) or any(w in (low, first) or first.startswith(w) for w in words):
            found.append(speaker)
    return found


def asked(query: str, speakers: Iterable[str] = ()) -> str:
    """The text to embed for a query: names of the speakers as "I", an English question's opening left out.

    What is no English question comes back as it is.
    """
    text = query.strip()
    for speaker in named(query, speakers):
        for word in _NAME.findall(text):
            if speaker.casefold().startswith(word.casefold()):
                text = re.sub(rf"\b{re.escape(word)}['’]s\b", "my", text)
                text = re.sub(rf"\b{re.escape(word)}\b", "I", text)
    if not text.endswith("?"):
        return text
    return _OPENING.sub("", text, count=1).rstrip("? ") or query
