"""What is said in one session, one item each."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from companion.history import Told
from companion.images import Image
from companion.reply import Reply
from companion.turn import Heard
from prompts.types import Exchange

PICTURE = {"zh": "（给你看一张图片）", "en": "(shows you a picture)"}  # where nothing is said of it


def new_id(kind: str) -> str:
    """A fresh id, such as item_5f0c..."""
    return f"{kind}_{uuid.uuid4().hex}"


@dataclass(slots=True)
class Item:
    """One thing said, its place in the session, and the task that understands it."""

    id: str
    understanding: asyncio.Task[Heard | None]
    images: Sequence[Image] = ()


def understood(item: Item) -> Heard | None:
    """What is understood by now; None where it is not, or cannot be."""
    task = item.understanding
    return task.result() if task.done() and not task.cancelled() and task.exception() is None else None


async def at_hand(heard: Heard) -> Heard | None:
    """What was understood at once, for the task of an item."""
    return heard


def exchange(said: str, reply: Reply, items: Sequence[Item], at: float) -> Told:
    """The exchange that a reply makes of what was said. at: unix s."""
    return Told(Exchange(said, reply.text, at=at), tuple(item.id for item in items), reply.item_id, reply.text)


def spoken_language(heard: Sequence[Heard], before: str) -> str:
    """What was spoken last, "zh" or "en"; before where nothing tells."""
    known = [h.transcript.language for h in heard if h.transcript.language in ("zh", "en")]
    return known[-1] or before if known else before


def language_of_text(text: str) -> str | None:
    """ "zh" when there is a Han character, "en" when there are Latin letters only, else None."""
    if any("\u4e00" <= c <= "\u9fff" for c in text):
        return "zh"
    return "en" if any(c.isascii() and c.isalpha() for c in text) else None
