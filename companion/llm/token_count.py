"""Counting tokens often and fast, without keeping what was said."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable

_KEPT = 4096  # counts; a session's prompt has some 100 texts


class TokenCount:
    """text -> tokens, the newest `kept` counts remembered.

    Texts are remembered by a 128-bit hash: a person's words must not outlive their session in a cache.
    """

    def __init__(self, count: Callable[[str], int], kept: int = _KEPT) -> None:
        """count: the tokens of one text; what it raises comes out of the call and is not remembered."""
        self._count, self._kept = count, kept
        self._known: OrderedDict[bytes, int] = OrderedDict()

    def __call__(self, text: str) -> int:
        key = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        found = self._known.get(key)
        if found is None:
            found = self._count(text)
            self._known[key] = found
            if len(self._known) > self._kept:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(key)
        return found
