"""Names that a person may say -> what a recogniser can take of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

_MOST = 20  # words
_MOST_IN_A_PROMPT = 10  # measured on Whisper base: 20 names make it list them where there is only noise
_LONGEST = 16  # characters of one
# Letters and digits only: FunASR opens a hotword that ends with .txt as a file, and fetches one that begins with http.
_NOT_A_LETTER = re.compile(r"[^\w'’-]+|_+")
_A_PLACE = re.compile(r"https?|www|txt", re.IGNORECASE)


def tamed(hotwords: Iterable[str]) -> tuple[str, ...]:
    """Up to 20 words of letters and digits, without repeats, in their order; a name of two words is two."""
    words = (word for hotword in hotwords for word in _NOT_A_LETTER.split(hotword))
    fit = (word for word in words if 1 < len(word) <= _LONGEST and not _A_PLACE.match(word))
    return tuple(dict.fromkeys(fit))[:_MOST]


def as_prompt(script: str, hotwords: Iterable[str]) -> str:
    """A Whisper's prompt: up to 10 words as what was talked of before, then `script`, a sentence that sets the script.

    In that order: a list at the end is gone on with, and the words around it are set apart like a list (measured: the
    errors of Mandarin double).
    """
    words = tamed(hotwords)[:_MOST_IN_A_PROMPT]
    if not words:
        return script
    han = any("\u4e00" <= c <= "\u9fff" for c in script)
    return f"会说到{'、'.join(words)}。{script}" if han else f"Talking of {', '.join(words)}. {script}".strip()


def recites(text: str, hotwords: Iterable[str]) -> bool:
    """Whether a text looks like its prompt's list said again: two words of it or more, and little else."""
    bare = re.sub(r"[\W_]+", "", text).lower()
    names = [re.sub(r"[\W_]+", "", word).lower() for word in tamed(hotwords)]
    if not bare or not names:
        return False
    pattern = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    found = re.findall(pattern, bare)
    return len(found) > 1 and sum(map(len, found)) > len(bare) / 2
