"""A person's talks, read in pages and given back with nobody in them: masked words, coarse affect, no id, no time.

A dialogue is a session, or a piece of one that is longer than DIALOGUE_TURNS or DIALOGUE_CHARACTERS: memory stays the
same however long somebody talked. Names told in one piece are known in those that follow it.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from companion.records.tables import TurnRow
from companion.research.deidentify import Deidentifier, Entity, KnownOf, Span, Surrogates
from companion.research.disclosure.bands import coarse, week
from companion.research.disclosure.pseudonyms import Pseudonyms
from companion.research.export.people import Session, Sources
from companion.research.export.talks import WITHHELD, Dialogue, Turn
from companion.review.labels import LabelRow

DIALOGUE_TURNS, DIALOGUE_CHARACTERS = 200, 400_000
FROM_LEVEL = 2  # words of turns from this risk level on are withheld
_PAGE = 50
_STATES = ("answered", "cancelled", "failed")  # what is still on its way is not there
_ECHO = 6  # characters of withheld words that a reply must not hold; authored
_SURE = 0.8  # of a name that is looked for in later pieces, as in the de-identifier
_PATH = re.compile(r"^(?:[a-z]+://|[/~.]|[A-Za-z]:\\).*[/\\]")
_BLANK = re.compile(r"[\W_]+")
_COLUMNS = (
    *("id", "index", "created_at", "modality", "state", "user_text", "reply_text", "language", "affect_words"),
    *("affect_voice", "affect", "strategy", "rating", "models", "risk_level", "risk", "answered_by", "trajectory"),
)


@dataclass(frozen=True, slots=True)
class Masks:
    """What replaces a person's words. realistic: the key of realistic surrogates, None for marks."""

    deidentifier: Deidentifier
    known: KnownOf
    pseudonyms: Pseudonyms
    realistic: bytes | None
    crisis_text: bool
    zone: ZoneInfo


@dataclass(slots=True)
class _Piece:
    turns: list[Any] = field(default_factory=list)
    characters: int = 0


def plain(text: str) -> str:
    """Without controls (but line ends and tabs), what turns the direction of writing, and halves of characters."""
    if text.isprintable():
        return text
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))


async def dialogues(
    sources: Sources, user_id: str, session: Session, first: int, masks: Masks, as_of: float
) -> AsyncIterator[Dialogue]:
    """Of one session; their key must be loaded. first: number of its first dialogue. Raises StorageError."""
    names: set[str] = set()
    surrogates = Surrogates(masks.realistic, masks.pseudonyms.session(session.id))
    labels = await _labels(sources, session.id, as_of)
    part = 0
    async for piece in _pieces(sources, user_id, session.id, as_of):
        made = await asyncio.to_thread(_made, piece, user_id, session, first + part, part, masks, names, surrogates)
        for turn, row in zip(made.turns, piece, strict=True):
            turn.labels = labels.get(row.id, {})
        made.labels = labels.get(session.id, {})
        part += 1
        yield made


async def _pieces(sources: Sources, user_id: str, session_id: str, as_of: float) -> AsyncIterator[list[Any]]:
    index, named = col(TurnRow.index), col(TurnRow.id)
    wanted = (col(TurnRow.session_id) == session_id) & (col(TurnRow.user_id) == user_id)
    wanted &= col(TurnRow.state).in_(_STATES) & (col(TurnRow.created_at) <= as_of)
    base = select(*(getattr(TurnRow, name) for name in _COLUMNS)).where(wanted).order_by(index, named).limit(_PAGE)
    piece, after = _Piece(), None
    while True:
        query = base if after is None else base.where(or_(index > after[0], and_(index == after[0], named > after[1])))

        async def work(session: AsyncSession, query: Any = query) -> Sequence[Any]:
            return (await session.execute(query)).all()

        rows = await sources.store.transaction(work)
        for row in rows:
            opened = _opened(sources, user_id, row)
            piece.turns.append(opened)
            piece.characters += len(opened.said or "") + len(opened.reply or "")
            if len(piece.turns) >= DIALOGUE_TURNS or piece.characters >= DIALOGUE_CHARACTERS:
                yield piece.turns
                piece = _Piece()
        if len(rows) < _PAGE:
            break
        after = (rows[-1].index, rows[-1].id)
    if piece.turns:
        yield piece.turns


@dataclass(frozen=True, slots=True)
class _Opened:
    """A turn with its words. row: the columns; words: what the words say of affect."""

    id: str
    row: Any
    said: str | None
    reply: str | None
    words: Mapping[str, Any] | None


def _opened(sources: Sources, user_id: str, row: Any) -> _Opened:
    def words(blob: bytes | None) -> str | None:
        return None if blob is None else plain(sources.ring.open_bytes(user_id, blob).decode("utf-8", "replace"))

    read = words(row.affect_words)
    return _Opened(
        row.id, row, words(row.user_text), words(row.reply_text), msgspec.json.decode(read) if read else None
    )


def _made(
    piece: Sequence[_Opened],
    user_id: str,
    session: Session,
    number: int,
    part: int,
    masks: Masks,
    names: set[str],
    surrogates: Surrogates,
) -> Dialogue:
    """A piece, masked. names: told in the session so far; grows."""
    texts: list[str] = []
    for turn in piece:
        texts += [turn.said or "", turn.reply or ""]
    known = masks.known if not names else replace(masks.known, names=(*masks.known.names, *sorted(names)))
    spans = masks.deidentifier.dialogue(texts, known)
    names |= set(_sure(texts, spans))
    masked = [surrogates.replaced(text, found) for text, found in zip(texts, spans, strict=True)]
    given = masks.pseudonyms
    shift = given.day_shift(user_id)
    turns = []
    for at, one in enumerate(piece):
        said = masked[2 * at] if one.said is not None else None
        reply = masked[2 * at + 1] if one.reply is not None else None
        held = one.row.risk_level is None or one.row.risk_level >= FROM_LEVEL
        if one.said and held and not masks.crisis_text:
            reply = WITHHELD if reply and echoes(one.said, one.reply or "") else reply
            said = WITHHELD
        turns.append(_turn(one, said, reply, given, week(one.row.created_at, shift, masks.zone)))
    name = given.session(session.id) if part == 0 else given.session(f"{session.id}\0{part}")
    return Dialogue(name, number, session.persona, session.language, turns)


def echoes(said: str, reply: str) -> bool:
    """Whether a reply says some of the words again."""
    theirs, ours = _BLANK.sub("", said).casefold(), _BLANK.sub("", reply).casefold()
    if len(theirs) < _ECHO:
        return bool(theirs) and theirs in ours
    pieces = {theirs[at : at + _ECHO] for at in range(len(theirs) - _ECHO + 1)}
    return any(ours[at : at + _ECHO] in pieces for at in range(len(ours) - _ECHO + 1))


def _sure(texts: Sequence[str], spans: Sequence[Sequence[Span]]) -> Iterable[str]:
    for text, found in zip(texts, spans, strict=True):
        for span in found:
            if span.type is Entity.PERSON and span.score >= _SURE and span.end - span.start > 1:
                yield text[span.start : span.end]


def _turn(one: _Opened, said: str | None, reply: str | None, given: Pseudonyms, when: str) -> Turn:
    row, affect, voice, words = one.row, one.row.affect or {}, one.row.affect_voice or {}, one.words or {}
    odd = affect.get("incongruence") or {}
    risk = row.risk or {}
    return Turn(
        id=given.turn(row.id),
        index=row.index,
        week=when,
        modality=row.modality,
        state=row.state,
        said=said,
        reply=reply,
        withheld=said == WITHHELD,
        language=row.language,
        answered_by=row.answered_by,
        strategy=row.strategy,
        rating=row.rating,
        trajectory=row.trajectory,
        risk_level=row.risk_level,
        risk_kinds=[str(kind) for kind in risk.get("kinds", ())],
        words_valence=coarse(words.get("valence")),
        words_arousal=coarse(words.get("arousal")),
        voice_valence=coarse(voice.get("valence")),
        voice_arousal=coarse(voice.get("arousal")),
        valence=coarse(affect.get("valence")),
        arousal=coarse(affect.get("arousal")),
        emotion=_likeliest(affect.get("categories")),
        incongruent=None if not affect else bool(odd.get("kind")),
        incongruence_kind=odd.get("kind"),
        models={part: _PATH.sub("", str(name)) for part, name in sorted((row.models or {}).items())},
    )


def _likeliest(categories: Mapping[str, float] | None) -> str | None:
    if not categories:
        return None
    return max(sorted(categories), key=lambda name: categories[name])


async def _labels(sources: Sources, session_id: str, as_of: float) -> Mapping[str, dict[str, list[bool | int | str]]]:
    """Unit -> question@version -> answers, sorted; only what settled them, where somebody did."""

    async def work(session: AsyncSession) -> Sequence[Any]:
        given = (col(LabelRow.session_id) == session_id) & (col(LabelRow.at) <= as_of)
        wanted = select(
            *(col(LabelRow.unit), col(LabelRow.name), col(LabelRow.version), col(LabelRow.value)),
            col(LabelRow.adjudicated),
        )
        return (await session.execute(wanted.where(given))).all()

    answers: dict[str, dict[str, list[tuple[bool, Any]]]] = defaultdict(lambda: defaultdict(list))
    for unit, name, version, value, settled in await sources.store.transaction(work):
        answers[unit][f"{name}@{version}"].append((settled, value))
    return {
        unit: {
            name: [v for settled, v in sorted(all_, key=lambda a: (a[0], str(a[1]))) if settled]
            or sorted((v for _, v in all_), key=str)
            for name, all_ in sorted(named.items())
        }
        for unit, named in answers.items()
    }
