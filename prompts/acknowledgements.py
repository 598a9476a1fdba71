"""What the companion is told of its own memory when the person asks something of it. Pure."""

from __future__ import annotations

# What is to be said stands in quotes, since a small model reads the line aloud.
_FORGOT = {
    "zh": "对方请你忘掉一件事，已经删掉了。只说“好，这件事我已经忘掉了”",
    "en": 'They asked you to forget something and it is deleted. Only say "Alright, I have forgotten it"',
}
_NOTHING = {
    "zh": "先说“这件事我没有记着”，再说“你说的是哪一件？”",
    "en": 'You have no memory of what they want forgotten. Say "I have nothing like that, which thing do you mean?"',
}


def forgotten(count: int, language: str) -> str:
    """The line for the prompt after count memories were deleted at the person's wish."""
    wording = _FORGOT if count else _NOTHING
    return wording.get(language, wording["zh"])
