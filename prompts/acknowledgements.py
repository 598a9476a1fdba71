"""What the companion is told of its own memory when the person asks something of it. Pure."""

from __future__ import annotations

_FORGOT = {
    "zh": "对方请你忘掉一件事，已经删掉了。只说一句“好，这件事我已经忘掉了”，不要再提它",
    "en": 'They asked you to forget something and it is deleted. Only say "Alright, I have forgotten it", nothing more of it',
}
_NOTHING = {
    "zh": "对方请你忘掉一件事，但你没有记着它。说“这件事我这里没有记着”，再问一句对方说的是哪一件",
    "en": 'They asked you to forget something that you have no memory of. Say "I have nothing like that", then ask which thing they mean',
}


def forgotten(count: int, language: str) -> str:
    """The line for the prompt after count memories were deleted at the person's wish."""
    wording = _FORGOT if count else _NOTHING
    return wording.get(language, wording["zh"])
