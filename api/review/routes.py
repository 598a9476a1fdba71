"""The router of /v1/review."""

from __future__ import annotations

from api.review.events import events
from api.review.labels import (
    adjudicate_session,
    adjudicate_turn,
    label_session,
    label_turn,
    read_agreement,
    read_schema,
    read_session_labels,
    read_turn_labels,
    write_schema,
)
from api.review.live import live
from api.review.notes import add_note, approve_deletion, list_deletions, list_notes, request_deletion
from api.review.people import list_people, read_person
from api.review.queue import claim, hand_over, read_queue, release, resolve
from api.review.sessions import list_sessions, read_audio, read_prompt, read_session, read_turns
from api.staff import staff_router

review = staff_router(
    "/v1/review",
    *(read_queue, claim, release, hand_over, resolve, events, live),
    *(list_sessions, read_session, read_turns, read_prompt, read_audio),
    *(list_people, read_person),
    *(list_notes, add_note, request_deletion, list_deletions, approve_deletion),
    *(read_schema, write_schema, read_agreement),
    *(read_turn_labels, label_turn, adjudicate_turn),
    *(read_session_labels, label_session, adjudicate_session),
)
