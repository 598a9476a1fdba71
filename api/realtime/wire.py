"""A session's events -> the frames of companion.v1, in the order in which OpenAI's clients expect them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from api.realtime import memory_events
from api.realtime import server_events as wire
from api.realtime.safety_events import safety
from companion import events


def frames(event: events.Event, metadata: Mapping[str, str] | None = None) -> Iterator[wire.ServerEvent]:
    """The frames that tell one event. metadata: what the reply that it is of was asked for with."""
    match event:
        case events.SpeechStarted():
            yield wire.SpeechStarted(item_id=event.item_id, audio_start_ms=round(event.at_s * 1000))
        case events.SpeechStopped():
            yield wire.SpeechStopped(item_id=event.item_id, audio_end_ms=round(event.at_s * 1000))
        case events.ItemCommitted():
            yield from _committed(event)
        case events.Transcribed():
            yield wire.TranscriptionCompleted(
                item_id=event.item_id,
                transcript=event.text,
                usage={"type": "duration", "seconds": event.audio_s},
                language=event.language,
            )
        case events.TranscriptDelta():
            yield wire.TranscriptionDelta(item_id=event.item_id, delta=event.delta)
        case events.ItemDeleted():
            yield wire.ItemDeleted(item_id=event.item_id)
        case events.ItemTruncated():
            yield wire.ItemTruncated(item_id=event.item_id, content_index=0, audio_end_ms=event.audio_end_ms)
        case events.TranscriptionFailed():
            body = wire.ErrorBody(type="server_error", code="transcription_failed", message=event.message)
            yield wire.TranscriptionFailed(item_id=event.item_id, error=body)
        case events.AffectRead():
            yield wire.affect_read(event.item_id, event.affect)
        case events.TrajectoryChanged():
            yield wire.trajectory(event.state, event.trajectory)
        case events.ReplyStarted():
            yield from _started(event, metadata)
        case events.MemoriesUsed():
            yield memory_events.memories_used(event.response_id, event.recalls)
        case events.ReplyDelta():
            yield wire.TextDelta(response_id=event.response_id, item_id=event.item_id, delta=event.delta)
        case events.ReplyDone():
            yield from _done(event, metadata)
        case events.TurnTimed():
            yield wire.timings(event.response_id, event.timings)
        case events.MemoriesSaved():
            yield memory_events.memories_saved(event.response_id, event.memories)
        case events.MemoriesForgotten():
            yield memory_events.MemoryEvent(forgotten=event.ids)
        case events.SafetyTold():
            yield safety(event)
        case events.Noticed():
            yield wire.Notice(kind=event.kind, message=event.message)
        case events.Failed():
            yield wire.Error(error=wire.ErrorBody(type="server_error", code=event.code, message=event.message))


def _committed(event: events.ItemCommitted) -> Iterator[wire.ServerEvent]:
    spoken = event.text is None
    item = wire.user_audio(event.item_id) if event.text is None else wire.user_text(event.item_id, event.text)
    if spoken:
        yield wire.AudioCommitted(
            item_id=event.item_id, previous_item_id=event.previous_item_id, last_audio_seq=event.audio_seq
        )
    yield wire.ItemAdded(item=item, previous_item_id=event.previous_item_id)
    yield wire.ItemDone(item=item, previous_item_id=event.previous_item_id)


def _with_author(metadata: Mapping[str, str] | None, by: str | None) -> Mapping[str, str] | None:
    return {**(metadata or {}), "by": by} if by else metadata


def _started(event: events.ReplyStarted, metadata: Mapping[str, str] | None) -> Iterator[wire.ServerEvent]:
    item = wire.assistant_text(event.item_id, None)
    told = _with_author(metadata, event.by)
    yield wire.ResponseCreated(response=wire.Response(id=event.response_id, status="in_progress", metadata=told))
    yield wire.OutputItemAdded(response_id=event.response_id, item=item)
    yield wire.ItemAdded(item=item, previous_item_id=event.previous_item_id)
    part = {"type": "text", "text": ""}
    yield wire.ContentPartAdded(response_id=event.response_id, item_id=event.item_id, part=part)


def _done(event: events.ReplyDone, metadata: Mapping[str, str] | None) -> Iterator[wire.ServerEvent]:
    complete = event.status == "completed"
    item = wire.assistant_text(event.item_id, event.text, complete=complete)
    yield wire.TextDone(response_id=event.response_id, item_id=event.item_id, text=event.text)
    part = {"type": "text", "text": event.text}
    yield wire.ContentPartDone(response_id=event.response_id, item_id=event.item_id, part=part)
    yield wire.OutputItemDone(response_id=event.response_id, item=item)
    yield wire.ItemDone(item=item)
    details = None
    if not complete:
        failed = event.status == "failed"
        error = {"type": "server_error", "code": event.reason, "message": event.message} if failed else None
        details = wire.StatusDetails(type=event.status, reason=None if failed else event.reason, error=error)
    yield wire.ResponseDone(
        response=wire.Response(
            id=event.response_id,
            status=event.status,
            output=(item,),
            status_details=details,
            metadata=_with_author(metadata, event.by),
        )
    )
