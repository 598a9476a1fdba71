"""What is understood of an utterance before it has ended: what is said so far, and all of it once it may be over."""

from __future__ import annotations

import asyncio
from functools import partial

from companion.conversation import Conversation
from companion.engine import Engine
from companion.speech.partials import Partials, streaming
from companion.speech.recognizer import Samples, passes
from companion.turn import Heard


class Ahead:
    """One session's; one utterance at a time. Samples are float32, 16 kHz."""

    def __init__(self, engine: Engine, conversation: Conversation) -> None:
        self._engine, self._conversation = engine, conversation
        self._listening: asyncio.Task[Heard] | None = None
        self._partials: Partials | None = None

    def begin(self, item_id: str, samples: Samples) -> None:
        """An utterance begins with samples; it is read while it is said where the operator wants that."""
        every_s, recognizer = self._engine.settings.speech.partials_s, self._engine.recognizer
        if every_s is not None:
            stream = streaming(recognizer).open(self._conversation.hearing.language_hint)
            self._partials = Partials(stream, recognizer, every_s, partial(self._conversation.partial, item_id))
            self._partials.feed(samples)

    def more(self, samples: Samples) -> None:
        """The utterance goes on, or its silence."""
        if self._partials is not None:
            self._partials.feed(samples)

    def listen(self, samples: Samples) -> None:
        """These may be all of it. Left out while the recogniser is busy, be it with a pass that was thrown away."""
        if self._listening is None and not passes(self._engine.recognizer):
            self._listening = self._conversation.listen_ahead(samples)

    def went_on(self) -> None:
        """They were not."""
        if self._listening is not None:
            self._listening.cancel()
            self._listening = None

    def take(self) -> asyncio.Task[Heard] | None:
        """The utterance has ended: what was begun ahead and has not failed."""
        listening, self._listening = self._listening, None
        self.forget()
        if listening is not None and listening.done() and (listening.cancelled() or listening.exception()):
            return None
        return listening

    def forget(self) -> None:
        """The utterance is not wanted."""
        self.went_on()
        if self._partials is not None:
            self._partials.drop()
            self._partials = None
