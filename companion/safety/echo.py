"""A small model sometimes only says the person's words back. Then something else is said in their place."""

from __future__ import annotations

import re

_BLANK = re.compile(r"[\W_]+")


class EchoGuard:
    """One reply on its way out: what is nothing but the person's words does not go out.

    It holds a reply back for as long as it has said nothing but the beginning of those words; any other reply passes
    unchanged. instead: said in place of an echo.
    """

    def __init__(self, said: str, instead: str) -> None:
        self._said, self._instead = _BLANK.sub("", said).casefold(), instead
        self._held = ""
        self._passed = not self._said
        self.echoed = False

    def feed(self, piece: str) -> str:
        """What may go out now."""
        if self._passed:
            return piece
        self._held += piece
        so_far = _BLANK.sub("", self._held).casefold()
        if self._said.startswith(so_far):
            return ""
        self._passed = True
        held, self._held = self._held, ""
        return held

    def finish(self) -> str:
        """What is left to go out at the end."""
        held, self._held = self._held, ""
        if not self._passed and _BLANK.sub("", held).casefold() == self._said:
            self.echoed = True
            return self._instead
        return held
