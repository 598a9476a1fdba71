"""What a counsellor's replica asks of the one that has the session, and is told by it; sealed on its way."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Verb = Literal["watch", "gone", "lost", "take_over", "say", "whisper", "give_back", "claimed", "released", "resolved"]


class Command(Struct, frozen=True, kw_only=True):
    """Do this in a session. replica: where answers and events go; socket: the counsellor's, of many they may have.

    watch: tell me what happens for a while; to be said again and again. holds: that socket has the floor. gone: the
    socket is; lost: it is there, and its counsellor is not.
    text: of say and whisper; level: 0..4, of give_back and resolved.
    """

    verb: Verb
    replica: str = ""
    socket: str = ""
    staff_id: str = ""
    name: str = ""
    text: str = ""
    level: int = 0
    holds: bool = False


class Standing(Struct, frozen=True, kw_only=True):
    """Where a session stands. by: id and name of who has the floor; holder: the socket they have it over; at: unix s,
    when that was so, as answers and events may pass each other by."""

    online: bool
    by: tuple[str, str] | None = None
    holder: str | None = None
    level: int = 0
    phase: str = "calm"
    at: float = 0.0


class Answer(Struct, frozen=True, kw_only=True):
    """What came of a command. code, message: why nothing did; fresh: nobody had watched over this socket before."""

    code: str | None = None
    message: str = ""
    standing: Standing | None = None
    fresh: bool = False


class Told(Struct, frozen=True, kw_only=True):
    """Something happened: an event as the phone got it (JSON), or the session stands elsewhere."""

    event: str | None = None
    standing: Standing | None = None


class Ask(Struct, frozen=True, tag="ask"):
    """On DESK: whoever has the session, do `sealed` (a Command) and answer there."""

    id: str
    reply_to: str
    session_id: str
    sealed: bytes


class Reply(Struct, frozen=True, tag="reply"):
    """On a replica's own channel: `sealed` is the Answer to what it asked."""

    id: str
    sealed: bytes


class Happened(Struct, frozen=True, tag="happened"):
    """On a replica's own channel: `sealed` is what is Told of a session that it watches."""

    session_id: str
    sealed: bytes


Message = Ask | Reply | Happened
AWAY = Answer(code="person_away", message="the person is not here now: they have left, or their app is closed")
