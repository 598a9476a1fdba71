"""What the companion is told of its own memory when the person asks something of it. Pure."""

from __future__ import annotations

_FORGOT = {
    "zh": "对方请你忘掉一些事，这些已经删掉了。简短地答应，不要复述内容，不要追问。",
    "en": "They asked you to forget something and it is deleted. Confirm briefly, do not repeat it, ask nothing.",
}
_NOTHING = {
    "zh": "对方请你忘掉一些事，但你的记忆里没有找到。照实说，请对方说得具体一点。",
    "en": "They asked you to forget something, but no memory fits. Say so plainly and ask which one they mean.",
}


def forgotten(count: int, language: str) -> str:
    """The line for the prompt after count memories were deleted at the person's wish."""
    wording = _FORGOT if count else _NOTHING
    return wording.get(language, wording["zh"])
