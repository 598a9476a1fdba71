"""What counts as said in a session: exchanges, the items they are made of, and how much of a reply was heard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from prompts.types import Exchange

_KEPT, _MOST = 200, 300  # exchanges: what a prompt could ever hold, and when older ones go, many at once
# Seconds that a synthetic voice takes for a sign, authored: some 270 characters or 160 words a minute with pauses.
_HAN_S, _LETTER_S, _PAUSE_S = 0.2, 0.065, 0.25
_PAUSES = frozenset("，。！？；：、…—,.!?;:\n")


@dataclass(frozen=True, slots=True)
class Told:
    """One exchange. items: ids of what the person said; reply_item: of the reply; reply: all that was delivered."""

    exchange: Exchange
    items: tuple[str, ...]
    reply_item: str
    reply: str


class History:
    """The exchanges of one session, oldest first."""

    def __init__(self, told: Iterable[Told] = ()) -> None:
        self._told = list(told)

    @property
    def exchanges(self) -> Sequence[Exchange]:
        """What a prompt builds on."""
        return [told.exchange for told in self._told]

    def add(self, told: Told) -> None:
        """One more exchange."""
        self._told.append(told)
        if len(self._told) > _MOST:
            del self._told[:-_KEPT]

    def drop_last(self) -> tuple[str, ...]:
        """The last exchange was never said; ids of what the person said in it."""
        return self._told.pop().items if self._told else ()

    def delete(self, item_id: str) -> bool:
        """Take out a reply, or what the person said with the reply to it; whether the item is here."""
        for at, told in enumerate(self._told):
            if item_id == told.reply_item:
                self._told[at] = replace(told, exchange=replace(told.exchange, assistant=""))
                return True
            if item_id in told.items:
                del self._told[at]
                return True
        return False

    def heard(self, reply_item: str, heard_ms: int) -> bool:
        """Of a reply only so much was heard; whether it is here."""
        for at, told in enumerate(self._told):
            if told.reply_item == reply_item:
                kept = heard_part(told.reply, heard_ms / 1000)
                self._told[at] = replace(told, exchange=replace(told.exchange, assistant=kept))
                return True
        return False


def unasked(text: str, reply_item: str, at: float) -> Told:
    """What the companion, or a counsellor, said without being spoken to. at: unix s."""
    return Told(Exchange("", text, at=at), (), reply_item, text)


def heard_part(text: str, seconds: float) -> str:
    """What a synthetic voice has said of the text after so long; never half a Latin word."""
    spent, end = 0.0, 0
    for at, sign in enumerate(text):
        latin = sign.isascii() and sign.isalnum()
        spent += _PAUSE_S if sign in _PAUSES else _LETTER_S if sign.isascii() else _HAN_S
        if spent > seconds:
            break
        follows = text[at + 1 : at + 2]
        if not (latin and follows.isascii() and follows.isalnum()):
            end = at + 1
    return text[:end].rstrip()
