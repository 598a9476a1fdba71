"""What the companion says when the person asks something of its memory itself. Pure; authored.

No model speaks here: what is known, and that something is deleted, must be told as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from memory.types import Memory
from prompts.spoken_back import spoken_back

_MOST = 8  # memories that one breath holds; the app lists them all
_WORDS = {
    "zh": {
        "forgot": "好，已经忘掉了，以后不会再提。",
        "nothing": "这件事我没有记着。你说的是哪一件？",
        "list": "我记得：{}。",
        "more": "我记得：{}，还有 {} 件别的。",
        "empty": "我还没记住什么呢，你愿意说，我就慢慢记着。",
        "edit": "有记错的，或者想让我忘掉的，跟我说一声就好。",
        "comma": "，",
        "blank": "",
    },
    "en": {
        "forgot": "Alright, it is forgotten. I won't bring it up again.",
        "nothing": "I have nothing like that in mind. Which thing do you mean?",
        "list": "I remember: {}.",
        "more": "I remember: {}, and {} other things.",
        "empty": "I don't remember anything yet. Whatever you tell me, I'll keep in mind.",
        "edit": "If something is wrong, or you want me to forget it, just say so.",
        "comma": "; ",
        "blank": " ",
    },
}


def forgotten(count: int, language: str) -> str:
    """After count memories were deleted at the person's wish."""
    return _WORDS["en" if language == "en" else "zh"]["forgot" if count else "nothing"]


def told(memories: Sequence[Memory], now: float, timezone: str, language: str) -> str:
    """What is known of them, for who asks: the first few as they would be said, and how many more there are."""
    spoken: Literal["zh", "en"] = "en" if language == "en" else "zh"
    words = _WORDS[spoken]
    if not memories:
        return words["empty"]
    said = list(dict.fromkeys(spoken_back(memory, now, timezone, spoken) for memory in memories))
    listed = words["comma"].join(said[:_MOST])
    rest = len(said) - _MOST
    whole = words["more"].format(listed, rest) if rest > 0 else words["list"].format(listed)
    return f"{whole}{words['blank']}{words['edit']}"
