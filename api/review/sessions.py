"""/v1/review/sessions and /v1/review/turns: who talked, turn by turn, what the model read, what was spoken."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from litestar import Response, get
from litestar.params import FromPath, QueryParameter
from msgspec import Meta, convert

from affect.trajectory import State
from api.review import schemas as told
from api.review.looking import AnyRequest, Looking
from api.review.paging import From, Limit, cursor, place
from api.review.queue import COUNSELLORS
from api.staff import SignedIn
from companion.archive.writing import wav
from companion.errors import InputError
from companion.review import labels as kept
from companion.review.session_list import Listed, Wanted, sessions
from companion.review.timeline import Moment, recalled_ids

_Id = Annotated[str, Meta(pattern=r"^[\x20-\x7e]{1,128}$")]
_After = tuple[Annotated[float, Meta(ge=0, le=1e11)], _Id]
_AfterTurn = tuple[Annotated[int, Meta(ge=-1, le=2**31 - 1)], _Id]
_Person = Annotated[str | None, QueryParameter(pattern=r"^[\w.@|:+=~-]{1,128}$", description="Only of this person.")]
_Since = Annotated[float | None, QueryParameter(name="from", ge=0, le=1e11, description="Begun at or after; unix s.")]
_Until = Annotated[float | None, QueryParameter(name="to", ge=0, le=1e11, description="Begun before; unix s.")]
_Level = Annotated[int, QueryParameter(ge=0, le=4, description="Risk, read in a turn or held, of at least.")]
_Odd = Annotated[float, QueryParameter(ge=0, le=1, description="Incongruence of a turn of at least.")]
_State = Annotated[State | None, QueryParameter(name="state", description="How valence moved in the end.")]
_Model = Annotated[str | None, QueryParameter(pattern=r"^[^\x00-\x1f]{1,200}$", description="That answered.")]
_Rating = Annotated[
    Literal["like", "dislike"] | None, QueryParameter(description="That a reply was given by the person.")
]


@get("/sessions", guards=[COUNSELLORS])
async def list_sessions(
    request: AnyRequest,
    staff: SignedIn,
    person: _Person = None,
    since: _Since = None,
    until: _Until = None,
    level_min: _Level = 0,
    incongruence_min: _Odd = 0.0,
    moving: _State = None,
    model: _Model = None,
    rating: _Rating = None,
    limit: Limit = 50,
    from_: From = None,
) -> told.Page[told.SessionSummary]:
    """Sessions of your people that you may read, the newest first. A page may be short though others follow."""
    look = Looking(request, staff)
    after: tuple[float, str] | None = None if from_ is None else place(from_, _After)
    wanted = Wanted(
        person=person,
        since=since,
        until=until,
        level_min=level_min,
        incongruence_min=incongruence_min,
        state=moving,
        model=model,
        rating=rating,
    )
    reader = await look.reader()
    found, more = await sessions(look.store, look.reading, reader, wanted, limit=limit, after=after)
    await look.listed("session.list", len(found), of=person)
    return told.Page(items=[_shown(each, look) for each in found], next=None if more is None else cursor(more))


@get("/sessions/{session_id:str}", guards=[COUNSELLORS])
async def read_session(request: AnyRequest, staff: SignedIn, session_id: FromPath[str]) -> told.SessionSummary:
    """One of them."""
    look = Looking(request, staff)
    return _shown(await look.session(session_id, "session.read"), look)


@get("/sessions/{session_id:str}/turns", guards=[COUNSELLORS])
async def read_turns(
    request: AnyRequest, staff: SignedIn, session_id: FromPath[str], limit: Limit = 200, from_: From = None
) -> told.Page[told.TimelineTurn]:
    """What was said in it, in order."""
    look = Looking(request, staff)
    after: tuple[int, str] | None = None if from_ is None else place(from_, _AfterTurn)
    session = await look.session(session_id, "timeline.read")
    moments, more = await look.timelines.turns(session_id, limit=limit, after=after)
    texts = await look.engine.memories.ledger.texts(session.user_id, recalled_ids(moments))
    notes = await look.notes.by_turn(session_id)
    labels = await look.labels.of([moment.row.id for moment in moments], staff.id, elder=look.elder)
    audible = await look.reading.may_hear(session.user_id)
    items = [
        _turn(moment, texts, notes.get(moment.row.id, 0), labels.get(moment.row.id), audible) for moment in moments
    ]
    return told.Page(items=items, next=None if more is None else cursor(more))


@get("/turns/{turn_id:str}/prompt", guards=[COUNSELLORS])
async def read_prompt(request: AnyRequest, staff: SignedIn, turn_id: FromPath[str]) -> told.PromptRead:
    """All that the model read for the reply; 404 where no model answered, or the person took the turn out."""
    look = Looking(request, staff)
    turn = await look.turn(turn_id, "prompt.read")
    prompt = await look.timelines.prompt(turn.id, turn.user_id)
    if prompt is None:
        raise InputError("no prompt of this turn is kept", code="not_found")
    return convert(prompt, told.PromptRead)


@get("/turns/{turn_id:str}/audio", guards=[COUNSELLORS], media_type="audio/wav")
async def read_audio(request: AnyRequest, staff: SignedIn, turn_id: FromPath[str]) -> Response[bytes]:
    """What was spoken, as WAV: mono, 16 bit, 16 kHz. Takes the person's consent to audio_retention and to
    counsellor_review, whatever the danger."""
    look = Looking(request, staff)
    turn = await look.timelines.place(turn_id)
    audible = turn is not None and await look.reading.may_hear(turn.user_id)
    turn = await look.turn(turn_id, "audio.play" if audible else "audio.withheld")
    if not audible:
        raise InputError(
            "this person has not agreed that recordings are kept and that a counsellor hears them", code="not_consented"
        )
    if turn.audio is None:
        raise InputError("no recording of this turn is kept", code="not_found")
    pcm = await asyncio.to_thread(look.engine.records.spool.read_bytes, turn.user_id, turn.audio)
    return Response(wav(pcm), media_type="audio/wav")


def _shown(session: Listed, look: Looking) -> told.SessionSummary:
    summary = session.summary
    return told.SessionSummary(
        id=session.id,
        user_id=session.user_id,
        started_at=session.started_at,
        ended_at=session.ended_at,
        last_at=summary.last_at if summary else session.started_at,
        turns=summary.turns if summary else 0,
        language=summary.language if summary else None,
        persona=session.persona,
        level=summary.level if summary else 0,
        held_level=session.held,
        incongruence=summary.incongruence if summary else None,
        incongruent_kind=summary.incongruent_kind if summary else None,
        state=summary.state if summary else "unknown",  # type: ignore[arg-type]
        valence_mean=summary.valence_mean if summary else None,
        valence_last=summary.valence_last if summary else None,
        models=summary.models if summary else [],
        likes=summary.likes if summary else 0,
        dislikes=summary.dislikes if summary else 0,
        online=look.exchange.online(session.id, session.seen_at),
        case=None if session.case is None else told.CaseRef(id=session.case[0], state=session.case[1]),
    )


def _turn(
    moment: Moment, texts: Mapping[str, str], notes: int, labels: kept.Shown | None, audible: bool
) -> told.TimelineTurn:
    row = moment.row
    spoken = row.audio_s is not None or row.audio is not None
    return told.TimelineTurn(
        id=row.id,
        index=row.index,
        at=row.created_at,
        modality=row.modality,
        state=row.state,
        said=moment.said,
        reply=moment.reply,
        answered_by=row.answered_by,  # type: ignore[arg-type]
        by=None if moment.by is None else told.ById(id=moment.by[0], name=moment.by[1]),
        language=row.language,
        audio=told.Audio(seconds=row.audio_s, available=audible and row.audio is not None) if spoken else None,
        affect=None if row.affect is None else _affect(row.affect, row.affect_voice, moment.words),
        trajectory=row.trajectory,  # type: ignore[arg-type]
        risk=_risk(row.risk, row.risk_level),
        memories=[
            told.UsedMemory(id=r.id, text=texts.get(r.id), score=r.score, reasons=r.reasons, current=r.current)
            for r in moment.recalls
        ],
        prompt=None
        if row.prompt_id is None
        else told.PromptRef(
            id=row.prompt_id,
            blocks=[told.PromptBlock(name=name, **block) for name, block in (row.prompt_blocks or {}).items()],
        ),
        strategy=None if row.strategy is None else told.Strategy(skill=row.strategy, reason=moment.reason),
        models=row.models or {},
        arm=None,
        timings=row.timings or {},
        rating=row.rating,  # type: ignore[arg-type]
        changes=row.changes or [],
        notes=notes,
        labels=[] if labels is None else [shown_label(label) for label in labels.labels],
    )


def shown_label(label: kept.Label) -> told.Label:
    """A label as it goes out."""
    return told.Label(
        name=label.name,
        value=label.value,
        by=told.ById(id=label.by[0], name=label.by[1]),
        at=label.at,
        version=label.version,
        adjudicated=label.adjudicated,
    )


def _affect(
    affect: Mapping[str, Any], voice: Mapping[str, Any] | None, words: Mapping[str, Any] | None
) -> told.AffectRead:
    odd = affect.get("incongruence")
    return told.AffectRead(
        valence=affect["valence"],
        arousal=affect["arousal"],
        dominance=affect.get("dominance"),
        uncertainty=affect["uncertainty"],
        status=affect.get("status", "final"),
        voice=None if voice is None else convert(voice, told.VoiceRead),
        words=None if words is None else convert(words, told.WordsRead),
        incongruence=None if odd is None else told.Incongruent(score=odd["score"], kind=odd.get("kind")),
    )


def _risk(risk: Mapping[str, Any] | None, level: int | None) -> told.RiskRead:
    if risk is None:
        return told.RiskRead(level=level or 0, held=0, phase=None, kinds=[], reasons=[])
    reasons = [convert(reason, told.RiskReason) for reason in risk.get("reasons", ())]
    return told.RiskRead(
        level=risk["level"],
        held=risk.get("held", risk["level"]),
        phase=risk.get("phase"),
        kinds=list(risk.get("kinds", ())),
        reasons=reasons,
    )
