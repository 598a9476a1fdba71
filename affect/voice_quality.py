"""What the larynx and the vocal tract do: noise, irregular periods, and how long the tract is. numpy alone.

Costs do not grow with the length of a recording: a bounded number of frames is looked at.
"""

from __future__ import annotations

import numpy as np

from affect.tracks import SAMPLE_RATE, Array, Tracks

_PERIODS = 96  # places at which two neighbouring periods are compared
_SEARCH = 0.12  # a period is looked for within this share of the tracked one
_FORMANT_FRAMES = 40
_ORDER = 12  # linear prediction up to 5.5 kHz: five resonances and the tilt
_TOP_HZ = 5_500.0
_STEADY = 0.7  # clarity above which a frame is steady enough to look at its periods


def hnr_db(tracks: Tracks) -> float | None:
    """Harmonics to noise: 10 log10(r / (1 - r)) of the pitch peak r, median of the voiced frames (Boersma 1993)."""
    r = np.clip(tracks.clarity[tracks.voiced], 1e-3, 0.9999)
    return float(np.median(10 * np.log10(r / (1 - r)))) if r.size else None


def perturbation(tracks: Tracks) -> tuple[float, float] | None:
    """Jitter and shimmer, 0..1: how much period and peak amplitude differ between neighbouring periods.

    Waveform matching (Titze & Liang 1993): a period is the lag at which the next piece of the wave resembles this
    one most, found once for each of two neighbours. Median of the places looked at; None under 20 of them.
    """
    x = tracks.samples
    centres = np.flatnonzero(tracks.voiced & (tracks.clarity > _STEADY))
    if centres.size < 20:
        return None
    centres = centres[np.linspace(0, centres.size - 1, min(_PERIODS, centres.size)).astype(int)]
    period = SAMPLE_RATE / tracks.f0_hz[centres]
    longest = int(period.max() * (1 + _SEARCH)) + 2
    start = centres * 160 + 320 - (1.5 * period).astype(int)
    fits = (start >= 1) & (start + 3 * longest + 2 < x.size)
    if fits.sum() < 20:
        return None
    period, start = period[fits], start[fits]
    width = int(np.median(period))
    first = _next_period(x, start, period, width)
    second = _next_period(x, start + np.round(first).astype(int), period, width)
    jitter = np.abs(first - second) / (0.5 * (first + second))
    at = np.arange(longest)
    wave = np.where(at < first[:, None], x[start[:, None] + at], 0)
    following = np.where(at < second[:, None], x[(start + np.round(first).astype(int))[:, None] + at], 0)
    one, two = np.ptp(wave, axis=1), np.ptp(following, axis=1)
    shimmer = np.abs(one - two) / np.maximum(0.5 * (one + two), 1e-9)
    return float(np.median(jitter)), float(np.median(shimmer))


def _next_period(x: Array, start: Array, period: Array, width: int) -> Array:
    """Lag (samples, interpolated) near `period` at which the wave is most like itself (normalised correlation)."""
    half = max(2, int(np.ceil(_SEARCH * float(period.max()))))
    lags = np.round(period).astype(int)[:, None] + np.arange(-half, half + 1)
    here = x[start[:, None] + np.arange(width)]
    there = np.lib.stride_tricks.sliding_window_view(x, width)[np.clip(start[:, None] + lags, 0, x.size - width)]
    score = np.einsum("iw,ilw->il", here, there) / np.sqrt(
        np.einsum("iw,iw->i", here, here)[:, None] * np.einsum("ilw,ilw->il", there, there) + 1e-20
    )
    peak = np.clip(score.argmax(axis=1), 1, score.shape[1] - 2)
    rows = np.arange(len(score))
    left, middle, right = score[rows, peak - 1], score[rows, peak], score[rows, peak + 1]
    curve = left - 2 * middle + right
    bent = np.abs(curve) > 1e-9
    shift = np.where(bent, 0.5 * (left - right) / np.where(bent, curve, 1.0), 0.0)
    return np.asarray(lags[rows, peak] + np.clip(shift, -0.5, 0.5))


def formant_spacing_hz(tracks: Tracks) -> float | None:
    """Mean distance of the resonances, Hz, by which a long tract is told from a short one, whatever the pitch.

    Resonances by linear prediction of the spectrum up to 5.5 kHz; spacing by regression of F1..F4 on 1/2, 3/2, 5/2,
    7/2 (Reby & McComb 2003), median over up to 40 clear loud frames. None under 8 of them.
    """
    voiced = np.flatnonzero(tracks.voiced)
    if voiced.size < 8:
        return None
    strength = tracks.level_db[voiced] + 20 * tracks.clarity[voiced]
    best = voiced[np.argsort(-strength, kind="stable")[: max(8, voiced.size // 2)]]
    best = np.sort(best)[np.linspace(0, best.size - 1, min(_FORMANT_FRAMES, best.size)).astype(int)]
    bins = int(_TOP_HZ / 12.5) + 1
    hz = np.arange(bins) * 12.5
    power = tracks.spectrum[best][:, :bins].astype(np.float64) * (1 + (hz / 400.0) ** 2)  # pre-emphasis
    auto = np.fft.irfft(power, axis=1)[:, : _ORDER + 1]
    auto[:, 0] *= 1.0001
    index = np.abs(np.arange(_ORDER)[:, None] - np.arange(_ORDER))
    predictor = np.linalg.solve(auto[:, index], auto[:, 1:, None])[:, :, 0]
    companion = np.zeros((len(best), _ORDER, _ORDER))
    companion[:, 0] = predictor
    companion[:, np.arange(1, _ORDER), np.arange(_ORDER - 1)] = 1.0
    roots = np.linalg.eigvals(companion)
    rate = 2 * _TOP_HZ
    frequency = np.angle(roots) * rate / (2 * np.pi)
    bandwidth = -np.log(np.maximum(np.abs(roots), 1e-9)) * rate / np.pi
    frequency = np.where((frequency > 200) & (frequency < 5_200) & (bandwidth < 500), frequency, np.inf)
    formants = np.sort(frequency, axis=1)[:, :4]
    formants = formants[np.isfinite(formants).all(axis=1)]
    if len(formants) < 8:
        return None
    place = np.array([0.5, 1.5, 2.5, 3.5])
    return float(np.median(formants @ place / (place @ place)))
