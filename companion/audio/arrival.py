"""How numbered audio frames arrive: which to take, and what the network does to them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from companion.audio.framing import Frame, ahead
from companion.errors import AudioError

_REMEMBERED = 512  # missing numbers that a late frame is looked for in; authored: 10 s of 20 ms


@dataclass(slots=True)
class Arrival:
    """Counts of frames, and where the numbering stands. Time comes in.

    received: taken, in order. lost: numbers skipped that have not come. late: came after a newer one, too late to be
    heard. duplicate: had come before, or were heard before a resume. Loss in all: (lost + late) / (received + lost +
    late). jitter_ms: of frames taken, RFC 3550 section 6.4.1.
    """

    received: int = 0
    lost: int = 0
    late: int = 0
    duplicate: int = 0
    jitter_ms: float = 0.0
    stream: int | None = None  # None: not known yet
    last_seq: int | None = None  # of the newest frame taken
    _missing: deque[int] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    _previous: tuple[int, float] | None = None  # capture_ms and arrival in ms of the newest frame taken

    def take(self, frame: Frame, now_s: float) -> int | None:
        """How many frames are missing before this one; None where it is not newer and must be dropped.

        now_s: when it came, by a clock that does not jump. A later stream numbers its frames afresh. Raises AudioError
        (invalid_frame_header) for an earlier one: nobody should be left unheard without being told.
        """
        if self.stream is not None and frame.stream != self.stream:
            if ahead(frame.stream, self.stream, bits=16) < 0:
                raise AudioError(
                    f"stream {frame.stream} comes after stream {self.stream}: number streams upwards",
                    code="invalid_frame_header",
                )
            self.resume_at(None)
        self.stream = frame.stream
        step = 1 if self.last_seq is None else ahead(frame.seq, self.last_seq)
        if step <= 0:
            self._old(frame.seq)
            return None
        self.received += 1
        self.lost += step - 1
        self._missing.extend((frame.seq - n) % 2**32 for n in range(min(step - 1, _REMEMBERED), 0, -1))
        self.last_seq = frame.seq
        self._measure(frame.capture_ms, now_s * 1000)
        return step - 1

    def resume_at(self, seq: int | None) -> None:
        """Frames up to `seq` were heard before; whichever stream comes next goes on from there. None: nothing was."""
        self.stream, self.last_seq, self._previous = None, seq, None
        self._missing.clear()

    def _old(self, seq: int) -> None:
        if seq in self._missing:
            self._missing.remove(seq)
            self.lost -= 1
            self.late += 1
        else:
            self.duplicate += 1

    def _measure(self, capture_ms: int, now_ms: float) -> None:
        if self._previous is not None:
            captured, came = self._previous
            difference = (now_ms - came) - ahead(capture_ms, captured)
            self.jitter_ms += (abs(difference) - self.jitter_ms) / 16
        self._previous = capture_ms, now_ms
