"""A person's valence over turns and sessions: measures with intervals, and named states with hysteresis. Pure.

The measures describe how readings moved. Their links with well-being are weak (|rho| .15 to .21 over 79 studies,
Houben, Van den Noortgate & Kuppens 2015, Psychol Bull 141:901): good for pacing a talk, no ground to judge anyone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

State = Literal["unknown", "steady", "rising", "falling", "low", "volatile", "recovering"]
STATES: tuple[State, ...] = get_args(State)
MIN_TURNS = 6  # fewer say nothing
MOST_UNCERTAIN = 0.95  # a turn beyond it is as good as unknown
SESSION_GAP_S = 1800.0  # a longer silence parts two sessions
CONFIDENCE = 0.8
ENTER, LEAVE = 1.0, 0.7  # of a sign: a state is entered at the one and left under the other

_POPULATION_MEAN, _POPULATION_SD, _PRIOR_TURNS = 0.0, 0.25, 8.0  # valence of turns; authored, not fitted
_LEAST_SD = 0.1  # below it a reading cannot tell a change from its own grain
_DRAWS = 200
_Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
_MOST_PAIRS = 4000  # of turns in one bootstrap of the slope
_CLUSTERS = 4  # sessions from which whole sessions are redrawn
_AUTOCORRELATIONS = np.linspace(-0.99, 0.99, 199)
# By precedence: the first state whose sign stands wins, so that two states can never pass the ball to and fro.
_PRECEDENCE: tuple[State, ...] = ("volatile", "recovering", "falling", "low", "rising")

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Point:
    """One turn. at_s: unix seconds. valence, arousal: -1..1, None when unknown. uncertainty: 0..1.

    Raises ValueError when a number is not finite.
    """

    at_s: float
    valence: float | None
    arousal: float | None = None
    uncertainty: float = 0.0

    def __post_init__(self) -> None:
        for name in ("at_s", "valence", "arousal", "uncertainty"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise ValueError(f"{name} of a turn is {value}: give None for what was not measured")


@dataclass(frozen=True, slots=True)
class OwnBaseline:
    """A person's usual valence in earlier sessions: mean and sd (valence, -1..1) of n turns."""

    mean: float
    sd: float
    n: int


def own_baseline(valences: Sequence[float]) -> OwnBaseline | None:
    """From the valence of earlier turns; None under MIN_TURNS."""
    if len(valences) < MIN_TURNS:
        return None
    return OwnBaseline(float(np.mean(valences)), float(np.std(valences, ddof=1)), len(valences))


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and its interval of CONFIDENCE, in the unit of the value: low <= value <= high."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Trajectory:
    """How valence moved over n usable turns. None: not estimable, never zero; all None under MIN_TURNS.

    sessions: runs of turns without a silence over SESSION_GAP_S. window_s: time within sessions, s.
    gap_s: median time from turn to turn within a session, s.
    low_line: own baseline - 1 sd, valence; None without a baseline of at least MIN_TURNS turns.
    mean: valence, certain turns weighing more, as in every measure here.
    slope: valence per 10 minutes. variability: sd, valence.
    step: typical change from one turn to the next, valence (root of the MSSD).
    instability: squared successive differences per minute, valence^2 / min.
    inertia: autocorrelation over gap_s, -1..1; a trend counts as inertia, and few turns pull it towards -1 / n.
    recovery_s: latest time from a trough below low_line half-way back to the baseline mean, s, within a session.
    below_share: share of window_s below low_line, 0..1. The interval of an extreme share (0 or 1) has no width.
    signs: state -> how much it shows; entered at ENTER, left under LEAVE; empty when nothing can be said.
    """

    n: int
    sessions: int
    window_s: float
    gap_s: float | None = None
    low_line: float | None = None
    mean: Estimate | None = None
    slope: Estimate | None = None
    variability: Estimate | None = None
    step: Estimate | None = None
    instability: Estimate | None = None
    inertia: Estimate | None = None
    recovery_s: Estimate | None = None
    below_share: Estimate | None = None
    signs: Mapping[str, float] = field(default_factory=dict)

    @property
    def half_life_s(self) -> float | None:
        """Time in which half of a departure fades, s, as in a continuous-time AR(1): gap ln 2 / -ln(inertia).

        None without a positive inertia.
        """
        if self.inertia is None or self.gap_s is None or not 0 < self.inertia.value < 1:
            return None
        return self.gap_s * math.log(2) / -math.log(self.inertia.value)


def trajectory(
    points: Sequence[Point], baseline: OwnBaseline | None = None, *, latest: int | None = 40, seed: int = 0
) -> Trajectory:
    """The measures over the latest usable turns (None: over all); turns of unknown valence are left out.

    Intervals: bootstrap over circular blocks of n^(1/3) turns, which keeps neighbours together (Politis & Romano 1992),
    over whole sessions from four on; seed fixes the draws. That of recovery_s is what lies between the two turns around
    the half-way mark. Of simulated readings of 6 to 40 turns (autocorrelation 0 and .4) the 80 % intervals held the
    truth in 72-99 % for the slope, 64-82 % for mean and inertia, only 56-77 % for variability and step: read those as
    too narrow.
    """
    used = sorted(
        (p for p in points if p.valence is not None and p.uncertainty <= MOST_UNCERTAIN), key=lambda p: p.at_s
    )
    used = used[-latest:] if latest else used
    if not used:
        return Trajectory(0, 0, 0.0)
    at = np.array([p.at_s for p in used], dtype=np.float64) - used[0].at_s
    x = np.array([p.valence for p in used], dtype=np.float64)
    w = np.array([min(1.0, 1 - p.uncertainty) for p in used], dtype=np.float64)
    gaps = np.diff(at)
    session = np.concatenate(([0], np.cumsum(gaps > SESSION_GAP_S))).astype(np.int64)
    first = np.flatnonzero(gaps <= SESSION_GAP_S)  # the earlier turn of each successive pair within a session
    dt = gaps[first]
    n, sessions, window_s = len(used), int(session[-1]) + 1, float(dt.sum())
    if n < MIN_TURNS:
        return Trajectory(n, sessions, window_s)
    rng = np.random.default_rng(seed)
    draws = _draws(rng, session)
    mean = float(w @ x / w.sum())
    moments = _ratio((x - mean) ** 2 * w, w, draws)  # about the mean of all: a redrawn mean would shrink it twice
    bessel = 1 / (1 - float(w @ w / w.sum() ** 2))
    slope = _slope(at, x, w, session, draws)
    step = instability = inertia = below = None
    gap_s = float(np.median(dt)) if dt.size else None
    own = baseline if baseline is not None and baseline.n >= MIN_TURNS else None
    usual, sd = _usual(own)
    low_line = usual - sd if own else None
    if gap_s is not None:
        pair_draws, pair_w = _draws(rng, session[first]), w[first] * w[first + 1]
        squares = np.diff(x)[first] ** 2 * pair_w
        step = _root(_ratio(squares, pair_w, pair_draws))
        instability = _ratio(squares, dt / 60 * pair_w, pair_draws)
        inertia = _inertia(x - mean, first, dt, pair_w, pair_draws)
        if low_line is not None:
            below = _ratio(_below(x, first, low_line) * dt * pair_w, dt * pair_w, pair_draws)
    return Trajectory(
        n,
        sessions,
        window_s,
        gap_s,
        low_line,
        _ratio(x * w, w, draws),
        slope,
        _root(moments, bessel),
        step,
        instability,
        inertia,
        _recovery(at, x, session, usual, low_line) if low_line is not None else None,
        below,
        _signs(x, w, usual, sd, slope, window_s / sessions, step),
    )


def next_state(previous: State, now: Trajectory) -> State:
    """The state after this trajectory: the first by precedence whose sign reaches ENTER, or still LEAVE if it was on.

    A sign that trembles by less than ENTER - LEAVE changes the state once at most.
    """
    if not now.signs:
        return "unknown"
    for state in _PRECEDENCE:
        if now.signs[state] >= (LEAVE if state == previous else ENTER):
            return state
    return "steady"


def _signs(
    x: Floats, w: Floats, usual: float, sd: float, slope: Estimate | None, span_s: float, step: Estimate | None
) -> dict[str, float]:
    """What next_state reads, in the person's own sds; the population stands in until there is a baseline. Authored.

    rising, falling: 1.5 sd within a session, and the slope's interval beyond 0. low: the latest six turns 1 sd below.
    volatile: steps of 2.4 sd (usual ones are 1.4) in no order: mssd / variance is 2 for noise, 4 for alternation and
    near 0 for a trend (von Neumann, Kent, Bellinson & Hart 1941). recovering: see _recovering.
    """
    signs = {"rising": 0.0, "falling": 0.0, "volatile": 0.0, "recovering": _recovering(x, w, usual, sd)}
    if slope is not None:
        scale = span_s / 600 / sd  # slope -> change over a session in sds
        signs["rising"] = min(slope.value * scale / 1.5, 1 + slope.low * scale)
        signs["falling"] = min(-slope.value * scale / 1.5, 1 - slope.high * scale)
    variance = float(np.var(x))
    if step is not None and variance > 0:
        signs["volatile"] = min(step.value / (2.4 * sd), step.value**2 / variance / 1.5)
    level = float(np.average(x[-MIN_TURNS:], weights=w[-MIN_TURNS:]))
    signs["low"] = (usual - level) / sd
    return signs


def _recovering(x: Floats, w: Floats, usual: float, sd: float) -> float:
    """Down and up again: within the latest 20 turns, means of three turns fell by 1.5 sd below usual from at least
    half-way, and stand at least half-way back, for 8 turns at most (then it is over)."""
    kernel = np.ones(3)
    smooth = np.convolve(x * w, kernel, "same") / np.convolve(w, kernel, "same")
    start = max(0, len(x) - 20)
    trough = start + int(np.argmin(smooth[start:]))
    depth = usual - float(smooth[trough])
    if depth <= 0:
        return 0.0
    fell = float(smooth[: trough + 1].max() - smooth[trough]) / depth
    back = float(smooth[-1] - smooth[trough]) / depth
    since = np.flatnonzero(smooth[trough:] >= usual - depth / 2)
    turns = len(x) - 1 - trough - int(since[0]) if since.size else 0
    return min(depth / (1.5 * sd), fell / 0.5, back / 0.5, 2 - turns / 8)


def _usual(own: OwnBaseline | None) -> tuple[float, float]:
    """Mean and sd of valence; the sd is shrunk to the population's, as in baseline.Usual."""
    if own is None:
        return _POPULATION_MEAN, _POPULATION_SD
    variance = (own.n * own.sd**2 + _PRIOR_TURNS * _POPULATION_SD**2) / (own.n + _PRIOR_TURNS)
    return own.mean, max(_LEAST_SD, math.sqrt(variance))


@dataclass(frozen=True, slots=True)
class _Draws:
    """counts: (draws, items), how often each item stands in each bootstrap draw. tail: quantile of the lower bound.

    The tail is the expanded percentile of Hesterberg 2015, Am Stat 69:371: a plain one is too narrow for a few blocks.
    """

    counts: Floats
    tail: float


def _tail(blocks: float) -> float:
    z, free = _Z, blocks - 1  # Student's t by the expansion of Fisher & Cornish 1960, 2 % low at 2 degrees, 12 % at 1
    t = z + (z**3 + z) / (4 * free) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
    return NormalDist().cdf(-t * math.sqrt(blocks / free))


def _draws(rng: np.random.Generator, session: Ints) -> _Draws:
    n, clusters = len(session), np.unique(session, return_inverse=True)[1]
    k = int(clusters.max()) + 1
    if k >= _CLUSTERS:
        counts = rng.multinomial(k, np.full(k, 1 / k), size=_DRAWS)[:, clusters]
        return _Draws(counts.astype(np.float64), _tail(k))
    length = round(n ** (1 / 3))
    starts = rng.integers(0, n, (_DRAWS, math.ceil(n / length), 1))
    items = (starts + np.arange(length)).reshape(_DRAWS, -1) % n + np.arange(_DRAWS)[:, None] * n
    counts = np.bincount(items.ravel(), minlength=_DRAWS * n).reshape(_DRAWS, n)
    return _Draws(counts.astype(np.float64), _tail(max(2.0, n / length)))


def _estimate(value: float, drawn: Floats, tail: float) -> Estimate:
    drawn = drawn[np.isfinite(drawn)]
    if not drawn.size:
        return Estimate(value, value, value)
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Estimate(value, min(value, float(low)), max(value, float(high)))


def _ratio(above: Floats, under: Floats, draws: _Draws) -> Estimate | None:
    """Sum of above / sum of under. None when nothing is under."""
    if under.sum() <= 0:
        return None
    tops, sums = draws.counts @ above, draws.counts @ under
    return _estimate(float(above.sum() / under.sum()), tops[sums > 0] / sums[sums > 0], draws.tail)


def _root(squared: Estimate | None, factor: float = 1.0) -> Estimate | None:
    if squared is None:
        return None
    return Estimate(*(math.sqrt(max(0.0, v * factor)) for v in (squared.value, squared.low, squared.high)))


def _slope(at: Floats, x: Floats, w: Floats, session: Ints, draws: _Draws) -> Estimate | None:
    """Median of the slopes of all pairs of turns (Theil 1950, Sen 1968), valence per 10 minutes.

    A pair weighs as its two certainties and its distance in time (Sievers 1978), since the slope of two close turns
    is mostly noise. Pairs from two sessions are left out, as Hirsch, Slack & Smith 1982 leave out pairs of two seasons.
    """
    i, j = np.triu_indices(len(at), 1)
    near = (session[i] == session[j]) & (at[j] > at[i])
    i, j = i[near], j[near]
    if not i.size:
        return None
    span = at[j] - at[i]
    slopes = (x[j] - x[i]) / span * 600
    order = np.argsort(slopes, kind="stable")
    i, j, slopes, span = i[order], j[order], slopes[order], span[order]
    value = float(_medians(slopes, (w[i] * w[j] * span)[None])[0])
    thin = slice(None, None, 1 + len(i) // _MOST_PAIRS)
    i, j, slopes, span = i[thin], j[thin], slopes[thin], span[thin]
    drawn = draws.counts * w
    return _estimate(value, _medians(slopes, drawn[:, i] * drawn[:, j] * span), draws.tail)


def _medians(values: Floats, weights: Floats) -> Floats:
    """Weighted median of ascending values for each row of weights; between two, their mean; NaN without weight."""
    sums = np.cumsum(weights, axis=1)
    half, slack = sums[:, -1:] / 2, sums[:, -1:] * 1e-9
    middle = (values[np.argmax(sums >= half - slack, axis=1)] + values[np.argmax(sums > half + slack, axis=1)]) / 2
    medians: Floats = np.where(sums[:, -1] > 0, middle, np.nan)
    return medians


def _inertia(z: Floats, first: Ints, dt: Floats, w: Floats, draws: _Draws) -> Estimate | None:
    """Least-squares a in z(next) = a^(gap / usual gap) z, over a grid of a; None when nothing varies.

    The lag-1 autocorrelation (Koval, Sütterlin & Kuppens 2016, Front Psychol 6:1997) with a continuous-time decay
    for unequal gaps; a negative a keeps its sign at every gap.
    """
    gap = float(np.median(dt))
    if gap <= 0 or len(first) < MIN_TURNS - 1 or float(np.sum(w * z[first] ** 2)) < 1e-12:
        return None
    a = _AUTOCORRELATIONS[:, None]
    kept = np.sign(a) * np.abs(a) ** (dt / gap)
    errors = w * (z[first + 1] - kept * z[first]) ** 2
    drawn = _AUTOCORRELATIONS[np.argmin(draws.counts @ errors.T, axis=1)]
    return _estimate(float(_AUTOCORRELATIONS[np.argmin(errors.sum(axis=1))]), drawn, draws.tail)


def _below(x: Floats, first: Ints, line: float) -> Floats:
    """Share of each step below the line, valence running straight from turn to turn."""
    low, high = np.minimum(x[first], x[first + 1]), np.maximum(x[first], x[first + 1])
    flat = high - low < 1e-12
    share: Floats = np.where(flat, low < line, np.clip((line - low) / np.where(flat, 1.0, high - low), 0, 1))
    return share


def _recovery(at: Floats, x: Floats, session: Ints, usual: float, line: float) -> Estimate | None:
    """Time from the trough of the latest completed excursion below the line to half-way back to usual, s."""
    found: Estimate | None = None
    trough: int | None = None
    open_ = True  # after a recovery below the line, the next excursion begins only above it
    for k in range(len(x)):
        if k and session[k] != session[k - 1]:
            trough, open_ = None, True
        open_ = open_ or x[k] >= line
        if trough is None:
            trough = k if open_ and x[k] < line else None
        elif x[k] < x[trough]:
            trough = k
        elif x[k] >= (mark := (x[trough] + usual) / 2):
            crossed = at[k - 1] + (at[k] - at[k - 1]) * (mark - x[k - 1]) / (x[k] - x[k - 1])
            found = Estimate(*(float(t - at[trough]) for t in (crossed, at[k - 1], at[k])))
            trough, open_ = None, bool(x[k] >= line)
    return found
