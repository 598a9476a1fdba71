"""Who speaks when: speech probabilities in, commands out. Pure; all times are seconds of the audio stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from companion.settings import Turn

_HYSTERESIS = 0.15  # speech that has begun goes on down to threshold - this (Silero's own convention)
_PREROLL_S = 0.3  # kept before the first loud window: soft onsets
_BARGE_IN_S = 0.4  # speech that stops a reply; a 嗯 or an mm-hm is shorter


class Phase(Enum):
    """LISTENING to silence, USER_SPEAKING, THINKING before the first piece of a reply, REPLYING."""

    LISTENING = "listening"
    USER_SPEAKING = "user_speaking"
    THINKING = "thinking"
    REPLYING = "replying"


@dataclass(frozen=True, slots=True)
class TurnTakingConfig:
    """threshold: 0..1; start_s, silence_s, max_utterance_s: seconds."""

    threshold: float = 0.5
    start_s: float = 0.1
    silence_s: float = 0.5
    max_utterance_s: float = 60.0

    @classmethod
    def of(cls, turn: Turn, *, threshold: float | None = None, silence_s: float | None = None) -> TurnTakingConfig:
        """The operator's settings, with what a client chose."""
        return cls(
            threshold=turn.threshold if threshold is None else threshold,
            start_s=turn.start_s,
            silence_s=turn.silence_s if silence_s is None else max(0.1, silence_s),
            max_utterance_s=turn.max_utterance_s,
        )


@dataclass(frozen=True, slots=True)
class Started:
    """Speech began at at_s; its audio is wanted from keep_from_s."""

    at_s: float
    keep_from_s: float


@dataclass(frozen=True, slots=True)
class Stopped:
    """Speech ended at at_s: the utterance is [start_s, end_s), to be committed."""

    at_s: float
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class BargeIn:
    """The person speaks over the reply: stop it."""

    at_s: float


Command = Started | Stopped | BargeIn


class TurnTaking:
    """The state machine of one session."""

    def __init__(self, config: TurnTakingConfig) -> None:
        self.config = config
        self._replying: Phase | None = None
        self._candidate: float | None = None  # since when it has been loud, before that counts as speech
        self._start: float | None = None  # where the running utterance starts, with preroll
        self._onset = 0.0
        self._last_voice = 0.0
        self._committed_to = 0.0
        self._barged = False

    @property
    def phase(self) -> Phase:
        """Where the conversation stands; speaking hides a reply that still runs."""
        if self._start is not None:
            return Phase.USER_SPEAKING
        return self._replying or Phase.LISTENING

    @property
    def keep_from_s(self) -> float | None:
        """From where audio is needed for the utterance that runs; None while there is none."""
        return self._start

    def window(self, probability: float, start_s: float, end_s: float) -> Iterator[Command]:
        """One window [start_s, end_s) of audio and its speech probability. Windows come in order."""
        speaking = self._start is not None
        loud = probability >= self.config.threshold - (_HYSTERESIS if speaking else 0.0)
        if loud:
            self._last_voice = end_s
            if self._candidate is None:
                self._candidate = start_s
        elif not speaking:
            self._candidate = None
        if not speaking and self._candidate is not None and end_s - self._candidate >= self.config.start_s - 1e-9:
            self._onset = self._candidate
            self._start = max(self._committed_to, self._candidate - _PREROLL_S)
            self._barged = False
            yield Started(self._candidate, self._start)
        if self._start is None:
            return
        if self._replying is not None and not self._barged and loud and end_s - self._onset >= _BARGE_IN_S:
            self._barged = True
            yield BargeIn(end_s)
        if end_s - self._last_voice >= self.config.silence_s - 1e-9:
            yield self._stop(end_s)
        elif end_s - self._start >= self.config.max_utterance_s:
            yield self._stop(end_s)
            if loud:  # it goes on as the next utterance
                self._start = self._onset = self._candidate = end_s
                yield Started(end_s, end_s)

    def _stop(self, at_s: float) -> Stopped:
        assert self._start is not None
        stopped = Stopped(self._last_voice, self._start, at_s)
        self._committed_to = at_s
        self._start = self._candidate = None
        return stopped

    def commit(self, now_s: float) -> Stopped | None:
        """The client ends the utterance itself; None when no speech runs."""
        if self._start is None:
            return None
        return self._stop(max(now_s, self._start))

    def clear(self) -> None:
        """Forget the utterance that runs."""
        self._start = self._candidate = None

    def thinking(self) -> None:
        """A reply is being made."""
        self._replying = Phase.THINKING

    def replying(self) -> None:
        """The first piece of a reply went out."""
        self._replying = Phase.REPLYING

    def replied(self) -> None:
        """The reply ended, in whatever way."""
        self._replying = None
