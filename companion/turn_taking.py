"""Who speaks when: speech probabilities in, commands out. Pure; all times are seconds of the audio stream."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from companion.settings import Turn
from companion.speech.endpointing import Eagerness
from companion.speech.interruption import Interruption
from companion.speech.sound import Sound

_HYSTERESIS = 0.15  # speech that has begun goes on down to threshold - this (Silero's own convention)
_PREROLL_S = 0.3  # kept before the first loud window: soft onsets
PAUSE_S = 0.12  # of silence: no closure within a word; how it sounded before is looked at then
_HABIT_S = 0.2  # a silence that long within speech is a pause
_TOO_EARLY_S = 1.5  # who speaks on so soon after an end had not ended
_HABITS = 12  # pauses that are remembered
_NEW_SPEECH_S = 0.8  # between two recognitions ahead: what a false end may cost
_VOICE = 0.5  # clarity of a window that tells how loud a person is
_LEARN = 0.02  # a window's weight in the usual level


class Phase(Enum):
    """LISTENING to silence, USER_SPEAKING, THINKING before the first piece of a reply, REPLYING."""

    LISTENING = "listening"
    USER_SPEAKING = "user_speaking"
    THINKING = "thinking"
    REPLYING = "replying"


@dataclass(frozen=True, slots=True)
class TurnTakingConfig:
    """threshold: 0..1; start_s, silence_s, max_utterance_s, speculate_s: seconds.

    eagerness: None ends a turn after exactly silence_s, else how the voice sounded makes that shorter or longer.
    speculate_s: silence after which recognition may begin ahead; None: never.
    """

    threshold: float = 0.5
    start_s: float = 0.1
    silence_s: float = 0.5
    max_utterance_s: float = 60.0
    eagerness: Eagerness | None = None
    speculate_s: float | None = 0.2

    @classmethod
    def of(
        cls,
        turn: Turn,
        *,
        threshold: float | None = None,
        silence_s: float | None = None,
        eagerness: Eagerness | None = None,
    ) -> TurnTakingConfig:
        """The operator's settings, with what a client chose. eagerness: that of semantic_vad, None for server_vad."""
        return cls(
            threshold=turn.threshold if threshold is None else threshold,
            start_s=turn.start_s,
            silence_s=turn.silence_s if silence_s is None else max(0.1, silence_s),
            max_utterance_s=turn.max_utterance_s,
            eagerness=eagerness,
            speculate_s=turn.speculate_s,
        )


@dataclass(frozen=True, slots=True)
class Started:
    """Speech began at at_s; its audio is wanted from keep_from_s."""

    at_s: float
    keep_from_s: float


@dataclass(frozen=True, slots=True)
class Paused:
    """Silence since at_s: how [start_s, at_s) sounded decides how long it may last (`TurnTaking.hold`).

    spoken_s: speech of this utterance so far. pauses: seconds of the person's earlier pauses, newest last.
    """

    at_s: float
    start_s: float
    spoken_s: float
    pauses: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Speculate:
    """[start_s, end_s) may be all that is said: it can be recognised ahead."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class WentOn:
    """The speech went on after a Speculate: what was recognised ahead is worth nothing."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """Speech ended at at_s: the utterance is [start_s, end_s), to be committed.

    answer: whether a reply is due; not to a sound over a reply that it did not stop, nor while the person speaks on.
    """

    at_s: float
    start_s: float
    end_s: float
    answer: bool = True


@dataclass(frozen=True, slots=True)
class Ended:
    """Nobody spoke on after an utterance that was cut for its length: a reply is due now."""


@dataclass(frozen=True, slots=True)
class BargeIn:
    """The person speaks over the reply: stop it."""

    at_s: float


Command = Started | Paused | Speculate | WentOn | Stopped | Ended | BargeIn


class TurnTaking:
    """The state machine of one session."""

    def __init__(self, config: TurnTakingConfig) -> None:
        self.config = config
        self._replying: Phase | None = None
        self._candidate: float | None = None  # since when it has been loud, before that counts as speech
        self._start: float | None = None  # where the running utterance starts, with preroll
        self._last_voice = 0.0
        self._spoken_s = 0.0
        self._wait_s = config.silence_s  # the silence that ends this utterance
        self._paused = self._speculated = False  # in this silence
        self._since_speculation_s: float | None = None  # None: there was none in this utterance
        self._committed_to = 0.0
        self._stopped_at: float | None = None
        self._cut = False  # the last utterance was cut for its length, and a reply to it is due
        self._over_reply = self._barged = False
        self._interruption = Interruption()
        self._usual_db: float | None = None
        self._pauses: deque[float] = deque(maxlen=_HABITS)

    @property
    def phase(self) -> Phase:
        """Where the conversation stands; speaking hides a reply that still runs."""
        if self._start is not None:
            return Phase.USER_SPEAKING
        return self._replying or Phase.LISTENING

    @property
    def idle(self) -> bool:
        """Nobody speaks or is about to, no reply runs, none is due."""
        return self.phase is Phase.LISTENING and self._candidate is None and not self._cut

    @property
    def keep_from_s(self) -> float | None:
        """From where audio is needed for the utterance that runs; None while there is none."""
        return self._start

    def window(self, probability: float, start_s: float, end_s: float, sound: Sound | None = None) -> Iterator[Command]:
        """One window [start_s, end_s) of audio, its speech probability and what it sounds like; they come in order."""
        loud = probability >= self.config.threshold - (_HYSTERESIS if self._start is not None else 0.0)
        heard = sound if loud else None
        if self._start is None:
            yield from self._quiet(loud, start_s, end_s, heard)
        else:
            yield from self._speaking(loud, start_s, end_s, heard)
        if self._start is not None and self._replying is not None and not self._barged:
            told = self._replying is Phase.REPLYING
            if loud and self._interruption.wants_the_floor(self._usual_db, told=told):
                self._barged = True
                yield BargeIn(end_s)

    def _quiet(self, loud: bool, start_s: float, end_s: float, sound: Sound | None) -> Iterator[Command]:
        if not loud:
            self._candidate = None
            if self._cut and end_s - self._last_voice >= self.config.silence_s - 1e-9:
                self._cut = False
                yield Ended()
            return
        if self._candidate is None:
            self._candidate = start_s
            self._interruption = Interruption()
        self._hear(start_s, end_s, sound)
        if end_s - self._candidate >= self.config.start_s - 1e-9:
            self._start = max(self._committed_to, self._candidate - _PREROLL_S)
            self._spoken_s, self._since_speculation_s = end_s - self._candidate, None
            self._over_reply, self._barged, self._cut = self._replying is not None, False, False
            self._voice_again()
            since = None if self._stopped_at is None else self._candidate - self._stopped_at
            if since is not None and since <= _TOO_EARLY_S:
                self._pauses.append(since)
            yield Started(self._candidate, self._start)

    def _speaking(self, loud: bool, start_s: float, end_s: float, sound: Sound | None) -> Iterator[Command]:
        assert self._start is not None
        if loud:
            if start_s - self._last_voice >= _HABIT_S:
                self._pauses.append(start_s - self._last_voice)
            if self._speculated:
                yield WentOn()
            self._voice_again()
            self._spoken_s += end_s - start_s
            if self._since_speculation_s is not None:
                self._since_speculation_s += end_s - start_s
        self._hear(start_s, end_s, sound, loud=loud)
        silence = end_s - self._last_voice
        if silence >= self._wait_s - 1e-9:
            yield self._stop(end_s)
            return
        if end_s - self._start >= self.config.max_utterance_s:
            self._cut = True
            yield self._stop(end_s)
            return
        if silence >= PAUSE_S - 1e-9 and not self._paused and self.config.eagerness is not None:
            self._paused = True
            yield Paused(self._last_voice, self._start, self._spoken_s, tuple(self._pauses))
        if self._may_speculate(silence):
            self._speculated, self._since_speculation_s = True, 0.0
            yield Speculate(self._start, end_s)

    def _hear(self, start_s: float, end_s: float, sound: Sound | None, *, loud: bool = True) -> None:
        if loud:
            self._last_voice = end_s
        self._interruption.window(end_s - start_s, sound)
        if sound is not None and sound.clarity >= _VOICE and self._replying is None:
            usual = sound.level_db if self._usual_db is None else self._usual_db
            self._usual_db = usual + _LEARN * (sound.level_db - usual)

    def _voice_again(self) -> None:
        self._wait_s = self.config.silence_s
        self._paused = self._speculated = False

    def _may_speculate(self, silence_s: float) -> bool:
        after = self.config.speculate_s
        if after is None or silence_s < after - 1e-9 or self._speculated or (self._over_reply and not self._barged):
            return False
        return self._since_speculation_s is None or self._since_speculation_s >= _NEW_SPEECH_S

    def hold(self, at_s: float, silence_s: float) -> None:
        """The silence that began at at_s (see Paused) ends the turn when it is silence_s long."""
        if self._start is not None and self._paused and at_s == self._last_voice:
            self._wait_s = silence_s

    def _stop(self, at_s: float) -> Stopped:
        assert self._start is not None
        answer = not self._cut and (self._barged or not self._over_reply)
        stopped = Stopped(self._last_voice, self._start, at_s, answer)
        self._committed_to, self._stopped_at = at_s, self._last_voice
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
        """The first piece of a reply went out: what is said from now on is a new turn."""
        self._replying, self._stopped_at = Phase.REPLYING, None

    def replied(self) -> None:
        """The reply ended, in whatever way."""
        self._replying = None
