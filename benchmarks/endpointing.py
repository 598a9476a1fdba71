"""When a turn has ended: false ends in a set of pauses, and the delay of the true end, adaptive beside fixed timers.

Recordings of single sentences are opened at quiet places between and within words and filled with room tone of known
length; before some of the pauses the voice is held, as who hesitates does. Everything is heard by the real detector and
turn taking in virtual time. The weights of the adaptive end were chosen on other recordings and other speakers.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.places import ROOT
from benchmarks.result import Result
from companion.audio.decode import SAMPLE_RATE, decode_file
from companion.models.packs import PackStore
from companion.settings import Settings
from companion.speech.completeness import HEARD_S, CompletenessModel, SmartTurn, log_odds
from companion.speech.ending import read_ending
from companion.speech.endpointing import LOOK_BACK_S, wait_s
from companion.speech.sound import Sound, sounds
from companion.speech.vad import WINDOW, SileroBatch
from companion.turn_taking import PAUSE_S, Paused, Stopped, TurnTaking, TurnTakingConfig

Samples = NDArray[np.float32]
RECORDINGS = ROOT / "tests" / "audio" / "pauses"
_VARIANTS = 8  # of each recording
_SEED = 20_24
# Authored: of the order of what is reported of pauses within a turn, most of them under a second, a few over.
_MEDIAN_S, _SPREAD, _SHORTEST_S, _LONGEST_S = 0.45, 0.55, 0.2, 2.0
_HESITATES = 0.3  # share of pauses before which the voice is held
_HELD_S = 0.3
_AFTER_S = 3.0  # of room tone behind the end
_FALSE_ENDS = 0.05
_TIMER_S, _BASE_S = 0.8, 0.5


@dataclass(frozen=True, slots=True)
class Stream:
    """Somebody's turn. pauses: [start, end) of each, seconds. end_s: where the turn is over. windows: as heard."""

    samples: Samples
    pauses: Sequence[tuple[float, float]]
    end_s: float
    windows: Sequence[tuple[float, Sound | None]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """false_ends of so many pauses; delays of the true ends, seconds."""

    false_ends: int
    pauses: int
    delays: Sequence[float]

    @property
    def share(self) -> float:
        """False ends a pause."""
        return self.false_ends / self.pauses

    @property
    def median_s(self) -> float:
        """Median delay."""
        return statistics.median(self.delays)


def streams(paths: Sequence[Path], variants: int = _VARIANTS, seed: int = _SEED) -> list[Stream]:
    """Each recording with other pauses, `variants` times."""
    made = []
    for n, path in enumerate(sorted(paths)):
        speech = _trimmed(decode_file(path))
        for variant in range(variants):
            made.append(_stream(speech, np.random.default_rng((seed, n, variant))))
    return made


def _level(samples: Samples) -> NDArray[np.float64]:
    """dB of 10 ms frames, smoothed over five."""
    frames = samples[: samples.size // 160 * 160].reshape(-1, 160)
    power = np.convolve((frames.astype(np.float64) ** 2).mean(axis=1), np.ones(5) / 5, "same")
    return np.asarray(10 * np.log10(power + 1e-10))


def _trimmed(samples: Samples) -> Samples:
    """From the first to the last sound."""
    level = _level(samples)
    sounding = np.flatnonzero(level > np.percentile(level, 95) - 30)
    return samples[max(0, int(sounding[0]) - 5) * 160 : (int(sounding[-1]) + 3) * 160]


def _places(speech: Samples) -> list[int]:
    """Quiet places at least half a second from the edges and a quarter from each other, in samples."""
    level = _level(speech)
    found: list[int] = []
    for at in np.argsort(level):
        inside = 50 <= at < level.size - 40 and level[at] < np.percentile(level, 30)
        if inside and all(abs(int(at) - other) >= 40 for other in found):
            found.append(int(at))
    return [160 * at + 80 for at in found]


def _stream(speech: Samples, rng: np.random.Generator) -> Stream:
    places = _places(speech)
    count = min(len(places), int(rng.integers(1, 4)))
    cuts = sorted(int(c) for c in rng.choice(places, count, replace=False))
    tone = 10 ** (float(np.percentile(_level(speech), 2)) / 20)
    room = lambda s: (rng.normal(size=int(s * SAMPLE_RATE)) * tone).astype(np.float32)  # noqa: E731
    parts, pauses, size = [room(0.5)], [], int(0.5 * SAMPLE_RATE)
    for start, end in zip([0, *cuts], [*cuts, speech.size], strict=True):
        part = _faded(speech[start:end])
        last = end == speech.size
        if not last and rng.random() < _HESITATES:
            part = _held(part)
        parts.append(part)
        size += part.size
        if not last:
            length = float(np.clip(rng.lognormal(np.log(_MEDIAN_S), _SPREAD), _SHORTEST_S, _LONGEST_S))
            pauses.append((size / SAMPLE_RATE, size / SAMPLE_RATE + length))
            parts.append(room(length))
            size += parts[-1].size
    samples = np.concatenate([*parts, room(_AFTER_S)])
    return Stream(samples, pauses, size / SAMPLE_RATE, heard(samples))


def _faded(part: Samples) -> Samples:
    """Without clicks at the edges: 5 ms."""
    part, ramp = part.copy(), np.linspace(0, 1, 80, dtype=np.float32)
    part[:80] *= ramp
    part[-80:] *= ramp[::-1]
    return part


def _held(part: Samples) -> Samples:
    """The last loud voice in it is held for _HELD_S: two of its periods, again and again, then its own end."""
    frames = np.lib.stride_tricks.sliding_window_view(part[-4800:], 640)[::160]
    at = part.size - min(4800, part.size) + int(np.argmax((frames**2).mean(axis=1))) * 160
    piece = part[at : at + 640]
    auto = np.correlate(piece, piece, "full")[639:]
    low, high = SAMPLE_RATE // 400, SAMPLE_RATE // 75
    period = 2 * (low + int(np.argmax(auto[low:high])))
    loop, overlap = part[at : at + period + 40], np.linspace(0, 1, 40, dtype=np.float32)
    if loop.size < period + 40:
        return part
    seam = loop[period:] * (1 - overlap) + loop[:40] * overlap
    cycle = np.concatenate((seam, loop[40:period]))
    return np.concatenate((part[:at], np.tile(cycle, max(1, int(_HELD_S * SAMPLE_RATE / period))), part[at:]))


def heard(samples: Samples) -> list[tuple[float, Sound | None]]:
    """Speech probability and sound of each window."""
    detector, context = SileroBatch(), np.zeros(64, np.float32)
    state, told = np.zeros((2, 1, 128), np.float32), list[tuple[float, Sound | None]]()
    for window in samples[: samples.size // WINDOW * WINDOW].reshape(-1, WINDOW):
        whole = np.concatenate((context, window))[None]
        probability, state = detector.detect(whole, state)
        context = window[-64:]
        told.append((float(probability[0]), sounds(whole)[0]))
    return told


def follow(stream: Stream, config: TurnTakingConfig, model: CompletenessModel | None = None) -> list[Stopped]:
    """Where turn taking ends the turn, once or more often. model: of complete turns, where one is asked."""
    turns, ends = TurnTaking(config), list[Stopped]()
    for n, (probability, sound) in enumerate(stream.windows):
        for command in turns.window(probability, n * WINDOW / SAMPLE_RATE, (n + 1) * WINDOW / SAMPLE_RATE, sound):
            if isinstance(command, Paused):
                turns.hold(command.at_s, _wait(stream, command, config, model))
            elif isinstance(command, Stopped):
                ends.append(command)
    return ends


def _wait(stream: Stream, paused: Paused, config: TurnTakingConfig, model: CompletenessModel | None) -> float:
    start = max(paused.start_s, paused.at_s - LOOK_BACK_S)
    ending = read_ending(stream.samples[int(start * SAMPLE_RATE) : int(paused.at_s * SAMPLE_RATE)])
    eagerness = config.eagerness or "auto"
    heard_from = max(paused.start_s, paused.at_s - HEARD_S)
    whole = stream.samples[int(heard_from * SAMPLE_RATE) : int((paused.at_s + PAUSE_S) * SAMPLE_RATE)]
    complete = None if model is None else log_odds(model(whole))
    return wait_s(
        ending, config.silence_s, eagerness, spoken_s=paused.spoken_s, pauses=paused.pauses, complete=complete
    )


def outcome(made: Sequence[Stream], config: TurnTakingConfig, model: CompletenessModel | None = None) -> Outcome:
    """What a setting does to all of them."""
    false_ends, delays = 0, list[float]()
    for stream in made:
        ends = [stopped.end_s for stopped in follow(stream, config, model)]
        false_ends += sum(any(start < end <= stop + 0.1 for end in ends) for start, stop in stream.pauses)
        delays.append(ends[-1] - stream.end_s)
    return Outcome(false_ends, sum(len(stream.pauses) for stream in made), delays)


def run() -> Result:
    """Adaptive at its default, and timers of .5 and .8 s."""
    made = streams(sorted(RECORDINGS.glob("*.wav")))
    settings = Settings()
    model = SmartTurn(PackStore(settings.models).locate("pack:smart-turn"))
    ours = outcome(made, _config(_BASE_S, adaptive=True), model)
    voice = outcome(made, _config(_BASE_S, adaptive=True))
    timers = {seconds: outcome(made, _config(seconds, adaptive=False)) for seconds in (_BASE_S, _TIMER_S)}
    theirs = timers[_TIMER_S]
    detail: dict[str, object] = {"pauses": ours.pauses, "false_ends": ours.share}
    detail["timer_of_as_few_false_ends"] = _as_careful(made, ours.share).median_s
    detail |= {"voice_alone_median": voice.median_s, "voice_alone_false_ends": voice.share}
    for seconds, timer in timers.items():
        detail |= {f"timer_{seconds}_median": timer.median_s, f"timer_{seconds}_false_ends": timer.share}
    met = ours.share <= _FALSE_ENDS and ours.median_s < theirs.median_s
    return Result("endpointing", ours.median_s, "s from the end of a turn to its being seen, median",
                  f"a fixed timer of {_TIMER_S} s", theirs.median_s,
                  f"false ends <= {_FALSE_ENDS:.0%} of pauses, median below the timer's", met, len(ours.delays),
                  detail)  # fmt: skip


def _as_careful(made: Sequence[Stream], share: float) -> Outcome:
    """The shortest timer, in steps of .05 s, that ends no more turns too early."""
    for steps in range(6, 60):
        found = outcome(made, _config(steps * 0.05, adaptive=False))
        if found.share <= share:
            break
    return found


def _config(silence_s: float, *, adaptive: bool) -> TurnTakingConfig:
    return TurnTakingConfig(silence_s=silence_s, eagerness="auto" if adaptive else None, speculate_s=None)
