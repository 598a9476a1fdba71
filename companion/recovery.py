"""A session as it stood, from its records: for another process to go on with."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from affect.trajectory import Point
from companion.engine import Engine
from companion.history import Told, heard_part, unasked
from companion.records.repository import Turn
from companion.safety.risk.reader import TURNS
from prompts.strategy import Skill
from prompts.types import Exchange

_ON_THE_WAY = ("committed", "replying")


@dataclass(frozen=True, slots=True)
class Lost:
    """A reply that was on its way: its ids, and the turns that it replies to. told: all of it, where it had ended."""

    response_id: str
    item_id: str
    turns: Sequence[Turn]
    told: str | None = None


@dataclass(frozen=True, slots=True)
class Resumed:
    """What a conversation goes on from.

    count: turns so far. told: exchanges, oldest first. waiting: turns that nobody has begun to reply to. lost: the
    reply that was being made. unrecorded: replies that were told, but are not on record with all that belongs to
    them. untold: ids of turns that the client does not know to be on record. audio_seq: see records.tables. before: the
    person's last turns with the risk that was read of them, oldest first.
    """

    count: int = 0
    last_item: str | None = None
    told: Sequence[Told] = ()
    done: Sequence[Skill] = ()
    points: Sequence[Point] = ()
    language: str = "zh"
    waiting: Sequence[Turn] = ()
    lost: Lost | None = None
    unrecorded: Sequence[Lost] = ()
    untold: Collection[str] = ()
    audio_seq: int | None = None
    before: Sequence[tuple[str, int]] = ()


async def recover(engine: Engine, session_id: str, untold: Collection[str] = ()) -> Resumed:
    """The session as its records have it. The person's key must be loaded. Raises StorageError."""
    turns = await engine.records.turns(session_id)
    if not turns:
        return Resumed()
    known = {skill.value: skill for skill in Skill}
    replies: dict[str, list[Turn]] = {}
    for turn in turns:
        if turn.reply_item_id is not None and turn.state != "deleted":
            replies.setdefault(turn.reply_item_id, []).append(turn)
    lost, unrecorded, told = None, list[Lost](), list[Told]()
    for item_id, of in replies.items():
        newest = of[-1]
        if newest.state == "replying":
            lost = Lost(newest.response_id or "", item_id, of)
        elif newest.state == "replied":
            unrecorded.append(Lost(newest.response_id or "", item_id, of, newest.reply_text or ""))
        elif newest.modality == "told":
            told.append(unasked(newest.reply_text or "", item_id, newest.created_at))
        else:
            told += _told(of, item_id)
    last = turns[-1]
    languages = [turn.language for turn in turns if turn.language in ("zh", "en")]
    return Resumed(
        count=last.index,
        last_item=last.reply_item_id or last.id,
        told=told,
        done=tuple(known[t.strategy] for t in turns if t.strategy in known),
        points=tuple(point for t in turns if (point := _point(t)) is not None),
        language=languages[-1] or "zh" if languages else "zh",
        waiting=tuple(t for t in turns if t.state == "committed"),
        lost=lost,
        unrecorded=tuple(unrecorded),
        untold=frozenset(untold),
        audio_seq=next((t.audio_seq for t in reversed(turns) if t.audio_seq is not None), None),
        before=[(t.user_text, t.risk_level) for t in turns if t.user_text][-TURNS:],
    )


def _told(turns: Sequence[Turn], item_id: str) -> list[Told]:
    said = "\n".join(t.user_text for t in turns if t.user_text)
    newest = turns[-1]
    reply = newest.reply_text or ""
    if not said:
        return []
    heard = reply if newest.heard_ms is None else heard_part(reply, newest.heard_ms / 1000)
    return [Told(Exchange(said, heard, at=newest.created_at), tuple(t.id for t in turns), item_id, reply)]


def _point(turn: Turn) -> Point | None:
    if turn.affect is None:
        return None
    return Point(turn.created_at, turn.affect["valence"], turn.affect["arousal"], turn.affect["uncertainty"])
