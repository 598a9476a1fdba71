"""Values of the affect domain. Levels are dB, pitch distances semitones (st), durations seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prosody:
    """How one utterance was spoken. A value of None means that it could not be measured, never zero.

    duration_s: length of the samples, s.
    voiced_share: voiced frames / frames of speech, 0..1.
    pause_share: frames more than 25 dB under the 95th level percentile / all frames, 0..1.
    f0_mean_st, f0_p5_st, f0_p95_st, f0_sd_st: pitch, semitones above 27.5 Hz; None when under 0.2 s voiced.
    level_db: RMS level of the speech frames, dB re full scale; None when the audio is silent.
    alpha_ratio_db: energy of 50-1000 Hz minus energy of 1-5 kHz, dB; lower is brighter.
    hammarberg_db: strongest bin of 0-2 kHz minus strongest bin of 2-5 kHz, dB.
    """

    duration_s: float
    voiced_share: float
    pause_share: float
    f0_mean_st: float | None
    f0_p5_st: float | None
    f0_p95_st: float | None
    f0_sd_st: float | None
    level_db: float | None
    alpha_ratio_db: float | None
    hammarberg_db: float | None
