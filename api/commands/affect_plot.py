"""One recording on one sheet: wave, pitch, loudness, and arousal and valence with their doubt."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from affect.baseline import Baseline, expected
from affect.tracks import HOP_S, SAMPLE_RATE, Tracks, track
from affect.types import Affect, Prosody, Stretch

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK, _VOICE, _WORDS, _USUAL = "#33363b", "#1f6f8b", "#c05a2b", "#9aa3ab"
_LINE = 130  # characters
_TICKS_HZ = (60, 80, 100, 150, 200, 300, 400, 600)


def draw(
    path: Path, samples: NDArray[np.float32], affect: Affect, prosody: Prosody, usual: Baseline, *, title: str
) -> None:
    """Write the sheet as a PNG. samples: float32, 16 kHz. Raises OSError where the file cannot be written."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    tracks = track(samples)
    with warnings.catch_warnings(), pyplot.rc_context({"font.size": 9, "axes.edgecolor": _USUAL, "text.color": _INK}):
        warnings.simplefilter("ignore")  # a font without Chinese shows boxes in the title, and says so
        figure, axes = pyplot.subplots(
            4, 1, figsize=(10, 8.2), sharex=True, layout="constrained", height_ratios=(1.0, 1.6, 1.1, 1.5)
        )
        figure.suptitle(f"{title}   {_verdict(affect)}", x=0.01, ha="left", fontsize=11)
        _wave(axes[0], tracks)
        _pitch(axes[1], tracks, prosody, usual)
        _level(axes[2], tracks)
        _affect(axes[3], _stretches(affect, tracks), affect)
        for axis in axes:
            axis.spines[["top", "right"]].set_visible(False)
            axis.grid(axis="x", color="#e6e8ea", linewidth=0.6)
        axes[3].set_xlabel("seconds")
        below = [line for part in _evidence(affect) for line in wrap(part, _LINE)]
        figure.text(0.01, -0.005, "\n".join(below), va="top", fontsize=8.5)
        figure.savefig(path, dpi=130, bbox_inches="tight", format="png")
        pyplot.close(figure)


def _verdict(affect: Affect) -> str:
    parts = [affect.label]
    parts += [f"{n} {v:+.2f}" for n, v in (("arousal", affect.arousal), ("valence", affect.valence)) if v is not None]
    return ", ".join([*parts, f"uncertainty {affect.uncertainty:.2f}"])


def _evidence(affect: Affect) -> list[str]:
    voice, words, odd = affect.voice, affect.words, affect.incongruence
    lines = ["voice: " + "; ".join(voice.evidence)] if voice else []
    if words:
        lines.append("words: " + ("; ".join(f"{e} {w:+.2f}" for e, w in words.evidence) or "no sign of feeling"))
    if odd and odd.kind:
        lines.append(f"voice and words disagree: {odd.kind.replace('_', ' ')}, {odd.score:.2f}")
    return [*lines, "A reading of expression with doubt, not a finding about the person."]


def _wave(axis: Axes, tracks: Tracks) -> None:
    step = max(1, tracks.samples.size // 4000)
    whole = tracks.samples[: tracks.samples.size // step * step].reshape(-1, step)
    time = np.arange(len(whole)) * step / SAMPLE_RATE
    axis.fill_between(time, whole.min(axis=1), whole.max(axis=1), color=_INK, linewidth=0)
    top = max(float(np.abs(tracks.samples).max()), 1e-3)
    axis.set(ylabel="wave", ylim=(-top, top), yticks=[])


def _pitch(axis: Axes, tracks: Tracks, prosody: Prosody, usual: Baseline) -> None:
    time = np.arange(tracks.f0_hz.size) * HOP_S + 0.02
    axis.plot(time, tracks.f0_hz, ".", markersize=3, color=_VOICE)
    axis.set_yscale("log")
    if tracks.voiced.any():
        low, high = np.nanpercentile(tracks.f0_hz, [1, 99])
        axis.set_ylim(low / 1.25, high * 1.25)
    ticks = [hz for hz in _TICKS_HZ if axis.get_ylim()[0] <= hz <= axis.get_ylim()[1]]
    axis.set_yticks(ticks, [str(hz) for hz in ticks])
    axis.minorticks_off()
    if prosody.f0_mean_st is not None:
        there = expected("f0_mean_st", usual, prosody)
        hz = [27.5 * 2 ** (st / 12) for st in (there.mean - there.sd, there.mean, there.mean + there.sd)]
        axis.axhspan(hz[0], hz[2], color=_USUAL, alpha=0.18, linewidth=0)
        axis.axhline(hz[1], color=_USUAL, linewidth=1)
        axis.annotate("usual", (0, hz[1]), xytext=(3, 2), textcoords="offset points", color=_USUAL, fontsize=8)
    axis.set_ylabel("pitch, Hz")


def _level(axis: Axes, tracks: Tracks) -> None:
    time = np.arange(tracks.level_db.size) * HOP_S + 0.02
    axis.plot(time, tracks.level_db, color=_USUAL, linewidth=0.8)
    axis.plot(time, np.where(tracks.speech, tracks.level_db, np.nan), color=_VOICE, linewidth=1.2)
    shown = tracks.level_db[tracks.level_db > -95]
    if shown.size:
        axis.set_ylim(float(np.percentile(shown, 1)) - 4, float(shown.max()) + 4)
    axis.set_ylabel("level, dBFS")


def _stretches(affect: Affect, tracks: Tracks) -> Sequence[Stretch]:
    """The curve of a long recording, or a short one as a whole."""
    voice, end_s = affect.voice, tracks.samples.size / SAMPLE_RATE
    if voice is None:
        return ()
    return voice.curve or (Stretch(0.0, end_s, voice.arousal, voice.valence, voice.uncertainty),)


def _affect(axis: Axes, stretches: Sequence[Stretch], affect: Affect) -> None:
    axis.axhline(0, color=_USUAL, linewidth=0.8)
    for stretch in stretches:
        for value, colour in ((stretch.arousal, _VOICE), (stretch.valence, _WORDS)):
            if value is not None:
                doubt = stretch.uncertainty / 2
                span = [stretch.start_s, stretch.end_s]
                axis.fill_between(span, value - doubt, value + doubt, color=colour, alpha=0.12, linewidth=0)
                axis.plot(span, [value, value], color=colour, linewidth=2.5, solid_capstyle="butt")
    lines: list[Any] = [axis.plot([], [], color=_VOICE, linewidth=2.5, label="arousal, voice")[0]]
    lines.append(axis.plot([], [], color=_WORDS, linewidth=2.5, label="valence, voice")[0])
    if affect.words and affect.words.valence is not None:
        lines.append(
            axis.axhline(affect.words.valence, color=_WORDS, linewidth=1, linestyle="--", label="valence, words")
        )
    axis.legend(handles=lines, loc="upper right", ncols=len(lines), frameon=False, fontsize=8)
    axis.set(ylabel="affect", ylim=(-1.05, 1.05), yticks=[-1, 0, 1])
