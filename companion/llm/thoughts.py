"""A model's thoughts and its speech, told apart as they stream. Pure but for `speech`, which only reads."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

OPENING, CLOSING = "<think>", "</think>"  # of the Qwen3 family, DeepSeek-R1 and those tuned from them


class ThoughtFilter:
    """Content of a model, piece by piece -> what it says, without what it thinks.

    Tags may be split over pieces at any place: pieces joined decide, not where they were cut. A thought that is never
    closed is dropped to its end; a closing tag without an opening one is dropped by itself. White space at the very
    start and after a thought is dropped: the model sets its speech off with it.
    """

    def __init__(self) -> None:
        self._held, self._thinks, self._starts = "", False, True

    def feed(self, piece: str) -> str:
        """What may be said now, "" where there is nothing yet."""
        self._held += piece
        said = ""
        while True:
            at, tag = _first(self._held, (CLOSING,) if self._thinks else (OPENING, CLOSING))
            if tag:
                said += self._spoken(self._held[:at])
                self._held = self._held[at + len(tag) :]
                self._starts = self._starts or self._thinks or tag == CLOSING
                self._thinks = tag == OPENING
                continue
            kept = _begun(self._held)
            said += self._spoken(self._held[: len(self._held) - kept])
            self._held = self._held[len(self._held) - kept :]
            return said

    def finish(self) -> str:
        """What was held back as it might have been a tag; call once, at the end."""
        said, self._held = self._spoken(self._held), ""
        return said

    def _spoken(self, text: str) -> str:
        if self._thinks:
            return ""
        if self._starts:
            text = text.lstrip()
            self._starts = not text
        return text


def _first(text: str, tags: tuple[str, ...]) -> tuple[int, str]:
    """Where the first of the tags begins, and which it is; (-1, "") where there is none."""
    return min(((at, tag) for tag in tags if (at := text.find(tag)) >= 0), default=(-1, ""))


def _begun(text: str) -> int:
    """Length of the longest end of the text that a tag may begin with."""
    longest = len(CLOSING) - 1
    ends = (
        n for n in range(min(longest, len(text)), 0, -1) if any(t.startswith(text[-n:]) for t in (OPENING, CLOSING))
    )
    return next(ends, 0)


def without_thoughts(text: str) -> str:
    """A whole answer without its thoughts; a thought that a template opened in the prompt has only a closing tag."""
    return text.rpartition(CLOSING)[2].strip() if CLOSING in text else text.partition(OPENING)[0].strip()


async def speech(ask: Callable[[bool], AsyncGenerator[str]], thinking: bool) -> AsyncGenerator[str]:
    """What a model says, its thoughts left out; ask(thinks): the content of one answer, tags and all.

    An answer that is all thought, as where max_tokens ended it, is asked for again without thinking: somebody waits.
    Closing this closes what `ask` gave. Raises what that raises.
    """
    for thinks in (True, False) if thinking else (False,):
        thoughts, said = ThoughtFilter(), False
        async with aclosing(ask(thinks)) as pieces:
            async for piece in pieces:
                if spoken := thoughts.feed(piece):
                    said = True
                    yield spoken
        if spoken := thoughts.finish():
            said = True
            yield spoken
        if said:
            return
