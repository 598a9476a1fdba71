"""The items of one session in their order: what is said is on record before anything is made of it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

from companion.engine import Engine
from companion.errors import StorageError
from companion.events import Event, ItemCommitted, ReplyDelta, ReplyDone, ReplyStarted
from companion.history import History, unasked
from companion.images import Image
from companion.items import new_id
from companion.recovery import Resumed
from companion.speech.recognizer import Samples

_log = logging.getLogger(__name__)


class Thread:
    """durable: awaited before what was told is put on record; raises Moved where another process goes on."""

    def __init__(
        self, engine: Engine, session_id: str, user_id: str, emit: Callable[[Event], None], resumed: Resumed
    ) -> None:
        self._engine, self._session_id, self._user_id, self._emit = engine, session_id, user_id, emit
        self.history = History(resumed.told)
        self.durable: Callable[[], Awaitable[None]] | None = None
        self._count, self._last_item = resumed.count, resumed.last_item

    async def commit(
        self,
        item_id: str,
        *,
        samples: Samples | None = None,
        text: str | None = None,
        images: Sequence[Image] = (),
        audio_seq: int | None = None,
    ) -> None:
        """Put on record what the person said. Raises StorageError, and InputError (item_exists)."""
        self._count += 1
        await self._engine.records.commit_utterance(
            item_id,
            self._session_id,
            self._user_id,
            index=self._count,
            now=self._engine.now(),
            modality="text" if samples is None else "voice",
            samples=samples,
            text=text,
            images=[image.data for image in images],
            audio_seq=audio_seq,
        )
        seconds = 0.0 if samples is None else samples.size / 16_000
        self._emit(ItemCommitted(item_id, self._last_item, text, seconds, audio_seq, len(images)))
        self._last_item = item_id

    def begin(self, response_id: str, item_id: str, answers: Sequence[str], by: str | None = None) -> None:
        """A reply to these items begins."""
        self._emit(ReplyStarted(response_id, item_id, self._last_item, tuple(answers), by))
        self._last_item = item_id

    async def tell(self, text: str, *, by: Literal["script", "counsellor"], language: str) -> str:
        """Say something unasked, in one piece; id of its item. What a counsellor says is on record before it is told,
        and what a script says is told even where it cannot be kept. Raises StorageError, Moved.
        """
        if self.durable is not None:
            await self.durable()
        now, response_id, item_id = self._engine.now(), new_id("resp"), new_id("item")
        self._count += 1
        try:
            await self._engine.safety.tell(
                new_id("told"),
                self._session_id,
                self._user_id,
                index=self._count,
                now=now,
                text=text,
                answered_by=by,
                response_id=response_id,
                reply_item_id=item_id,
                language=language,
            )
        except StorageError:
            if by == "counsellor":
                raise
            _log.error("a script could not be put on record; it is told all the same")
        who = "counsellor" if by == "counsellor" else None
        self.begin(response_id, item_id, (), who)
        self._emit(ReplyDelta(response_id, item_id, text))
        self._emit(ReplyDone(response_id, item_id, text, "completed", by=who))
        self.history.add(unasked(text, item_id, now))
        return item_id
