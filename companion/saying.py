"""Putting utterances on record, in the order in which they were said; one that cannot be kept now is tried again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from companion.conversation import Conversation
from companion.errors import CompanionError, InputError, Moved, StorageError
from companion.events import Event, Failed
from companion.speech.recognizer import Samples
from companion.turn import Heard

_log = logging.getLogger(__name__)
_AGAIN_S = (0.5, 1.5, 3.0)  # a lock or a full disk may pass
_UNSAID = 4  # utterances that wait in memory for a disk; then the oldest, of which the client was told, goes


@dataclass(frozen=True, slots=True)
class Utterance:
    """samples: float32, 16 kHz. audio_seq: last frame that is wholly in it. listening: it is understood already."""

    item_id: str
    samples: Samples
    audio_seq: int | None = None
    listening: asyncio.Task[Heard] | None = None


class Saying:
    """One session's. in_order: held by whoever changes what was said or asks for a reply."""

    def __init__(self, conversation: Conversation, emit: Callable[[Event], None]) -> None:
        self._conversation, self._emit = conversation, emit
        self._unsaid: list[Utterance] = []
        self.in_order = conversation.in_order
        self.waiting = 0  # utterances that are on their way onto record

    @property
    def empty(self) -> bool:
        """Whether nothing waits to be put on record."""
        return not self.waiting and not self._unsaid

    async def say(self, utterance: Utterance) -> bool:
        """Whether it is on record. If not, that is told, and the next one tries it again."""
        self.waiting += 1
        try:
            async with self.in_order:
                return await self._say(utterance)
        finally:
            self.waiting -= 1

    async def _say(self, utterance: Utterance) -> bool:
        try:
            await self._earlier()
            await self._patiently(utterance)
        except Moved:
            return False
        except StorageError as error:
            if utterance.listening is not None:
                utterance.listening.cancel()
            self._unsaid.append(replace(utterance, listening=None))
            del self._unsaid[:-_UNSAID]
            _log.error("an utterance could not be kept: it waits in memory")
            self._emit(
                Failed("storage_error", f"{error}; the utterance is tried again with the next", utterance.item_id)
            )
            return False
        except CompanionError as error:
            code = error.code if isinstance(error, InputError) else "storage_error"
            self._emit(Failed(code, str(error), utterance.item_id))
            return False
        return True

    async def _patiently(self, utterance: Utterance) -> None:
        for seconds in _AGAIN_S:
            try:
                return await self._keep(utterance)
            except StorageError as error:
                if not error.retryable:
                    raise
            utterance = replace(utterance, listening=None)
            await asyncio.sleep(seconds)
        await self._keep(utterance)

    async def _earlier(self) -> None:
        while self._unsaid:
            with contextlib.suppress(InputError):  # meanwhile they do not want it kept
                await self._keep(self._unsaid[0])
            self._unsaid.pop(0)

    async def _keep(self, utterance: Utterance) -> None:
        await self._conversation.say_audio(
            utterance.item_id, utterance.samples, listening=utterance.listening, audio_seq=utterance.audio_seq
        )

    async def again(self) -> None:
        """A last try of what could not be kept."""
        async with self.in_order:
            try:
                await self._earlier()
            except CompanionError as error:
                _log.error("%d utterances are not on record: %s", len(self._unsaid), type(error).__name__)
