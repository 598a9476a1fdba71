"""/v1/review/events: the queue as it changes, as server-sent events."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from litestar import Request, get
from litestar.response import ServerSentEvent, ServerSentEventMessage

from api.review.bus import CASES, MISSED, Behind
from api.review.exchange import Exchange
from api.review.queue import COUNSELLORS, exchange_of, shown, viewer_of
from api.staff import SignedIn, access_of
from api.staff.guards import credentials
from companion.errors import AuthenticationError, StorageError
from companion.records import case_views
from companion.records.case_views import Viewer
from companion.records.staff import Staff

_PING_S, _CHECK_S = 15.0, 60.0
_UNREAD = 256  # changes that may wait for a page; then it is cut, and reads the queue anew; authored
_log = logging.getLogger(__name__)
_Request = Request[Any, Any, Any]


@get("/events", guards=[COUNSELLORS], media_type="text/event-stream")
async def events(request: _Request, staff: SignedIn) -> ServerSentEvent:
    """`hello`: read the queue now, this page follows it from here on; `case`: one that changed; `ping`: every 15 s.

    A page gets the cases that it would find in the queue, and once more those that it no longer would. The stream ends
    where the session of staff does, and where a page does not read: connect again.
    """
    return ServerSentEvent(_stream(request, exchange_of(request), staff))


async def _stream(request: _Request, exchange: Exchange, staff: Staff) -> AsyncIterator[ServerSentEventMessage]:
    desk, sent = access_of(request), credentials(request)
    assert sent is not None
    checked = time.monotonic()
    try:
        async with exchange.bus.listening(CASES, most=_UNREAD) as line:
            await desk.audit.write(desk.now(), staff.id, "queue.watch")
            view = _View(exchange, await case_views.waiting(exchange.engine.cases))
            yield _message("hello")
            while True:
                told = await line.next(_PING_S)
                if time.monotonic() - checked >= _CHECK_S:
                    staff, checked = await desk.sign_in.session(sent.token, desk.now()), time.monotonic()
                    if not staff.roles & COUNSELLORS.roles:
                        return
                if told is None:
                    yield _message("ping")
                elif told == MISSED:
                    yield _message("hello")
                elif (case := await view.of(staff, await viewer_of(request, staff), told.decode())) is not None:
                    yield _message("case", msgspec.json.encode(shown(case, exchange)))
    except (AuthenticationError, Behind):
        return  # the page connects again, and is told why it may not
    except StorageError as error:
        _log.warning("a page of the queue was cut: %s", error)


class _View:
    """What one page shows. listed: ids of cases that it may show of people whom its owner may not see by name."""

    def __init__(self, exchange: Exchange, listed: set[str]) -> None:
        self._exchange, self._listed = exchange, listed
        self._written: set[str] = set()

    async def of(self, staff: Staff, viewer: Viewer, session_id: str) -> case_views.Case | None:
        """The case that changed, if this page shows it or has shown it."""
        case = await case_views.of_session(self._exchange.engine.cases, viewer, session_id)
        if case is None:
            return None
        if viewer.may_see(case.user_id):
            if case.id not in self._written:  # a look at somebody by name: once a page and case is enough
                self._written.add(case.id)
                desk = self._exchange.desk
                await desk.audit.write(desk.now(), staff.id, "case.read", user_id=case.user_id, object_id=case.id)
            return case
        if case.state == "waiting":
            self._listed.add(case.id)
            return case
        if case.id in self._listed:  # somebody has taken it: the page must not go on to offer it
            self._listed.discard(case.id)
            return case
        return None


def _message(event: str, body: bytes = b"{}") -> ServerSentEventMessage:
    return ServerSentEventMessage(data=body, event=event)
