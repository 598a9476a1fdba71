"""What is new in a turn -> short sentences for the model, each with the reason why it is there. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from affect.trajectory import State
from affect.types import Affect, VoiceAffect, WordAffect
from memory.time_expressions import describe
from memory.types import Memory, MemoryKind, Recall, Sensitivity
from prompts.quoting import inline
from prompts.wording import Wording

_FAR = 0.35  # |arousal| or |valence| from which on it is worth a word; authored, as all thresholds here
_CERTAIN = (0.35, 0.5, 0.72)  # certainty from which on something is said; said plainly; said as clear
_OFF = 0.7  # deviations from usual from which on a measure is named
_GROWS = 0.5  # change of arousal from the first to the last third of a long turn that is worth a word
_CATEGORY = 0.5  # share of a category of the words from which on it is named
_SURE_OF_DISAGREEMENT = 0.5
_HOURS = (5, 8, 11, 13, 17, 19, 23)  # where the parts of the day in Wording.hours end
_LONGEST_MEMORY = 120  # characters


class Note(NamedTuple):
    """text: for the model, "" where there is nothing to say. why: for whoever reads the prompt afterwards."""

    text: str
    why: str


def affect_note(affect: Affect | None, wording: Wording) -> Note:
    """How the turn sounds and reads, and whether the two disagree. Unknown is not neutral: then nothing is said."""
    if affect is None:
        return Note("", "no reading of this turn")
    parts, whys = [], []
    for text, why in (_voice(affect.voice, wording), _disagreement(affect, wording), _words(affect, wording)):
        if text:
            parts.append(text)
        if why:
            whys.append(why)
    return Note(wording.space.join(parts), ", ".join(whys) or "nothing known of voice or words")


def trend_note(state: State, now: float, timezone: str, wording: Wording) -> Note:
    """Which part of the day it is for the person, and how the talk has gone. Raises ValueError for the timezone."""
    try:
        hour = datetime.fromtimestamp(now, ZoneInfo(timezone)).hour
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no timezone {timezone!r}: use a name such as Asia/Shanghai") from None
    part = wording.hours[sum(hour >= end for end in _HOURS) % len(_HOURS)]
    return Note(
        wording.space.join(filter(None, (wording.hour.format(part), wording.trends.get(state, "")))),
        f"state {state}, {hour} o'clock in {timezone}",
    )


def recall_note(recalls: Sequence[Recall], now: float, timezone: str, wording: Wording) -> Note:
    """The memories brought back, in the person's words between quotes, with when they were said and if they hold."""
    if not recalls:
        return Note("", "nothing recalled")
    said = wording.between.join(_memory(recall, now, timezone, wording) for recall in recalls)
    why = ", ".join(f"{r.memory.id} {r.score:.2f}" + ("" if r.current else " no longer so") for r in recalls)
    return Note(wording.remember.format(said), f"recalled {why}")


def risk_note(risk: int, wording: Wording) -> Note:
    """How to answer somebody who may be in danger. risk: 0..4; the safety protocol, not this line, is the answer."""
    if risk <= 0:
        return Note("", "no risk seen")
    return Note(wording.risks[min(risk, 3) - 1], f"risk {risk} of 4")


def _voice(voice: VoiceAffect | None, wording: Wording) -> Note:
    if voice is None or voice.arousal is None:
        return Note("", "no voice" if voice is None else "voice unknown")
    certain = 1 - voice.uncertainty
    why = f"voice certain {certain:.2f}, arousal {voice.arousal:+.2f}"
    grade = _grade(certain)
    if grade is None:
        return Note("", f"{why}: too uncertain to say")
    parts = []
    if abs(voice.arousal) >= _FAR:
        parts.append(wording.voice[grade].format(_way(voice, wording)))
    if len(voice.curve) >= 2 and (change := _change(voice)) is not None and abs(change) >= _GROWS:
        parts.append(wording.grows_up if change > 0 else wording.grows_down)
        why += f", {change:+.2f} within the turn"
    for event in voice.events:
        if event in wording.heard:
            parts.append(wording.heard[event])
            why += f", {event}"
    return Note(wording.space.join(parts), why if parts else f"{why}: as usual")


def _way(voice: VoiceAffect, wording: Wording) -> str:
    """The two measures furthest from usual in the direction of the arousal; without any, the usual pair of words."""
    assert voice.arousal is not None
    side = 1 if voice.arousal > 0 else -1
    off = sorted(
        ((z * side, name) for name, z in voice.z.items() if (name, side) in wording.ways and z * side >= _OFF),
        reverse=True,
    )
    if not off:
        return wording.voice_up if side > 0 else wording.voice_down
    return wording.also.join(wording.ways[name, side] for _, name in off[:2])


def _change(voice: VoiceAffect) -> float | None:
    third = max(1, len(voice.curve) // 3)
    first = [s.arousal for s in voice.curve[:third] if s.arousal is not None]
    last = [s.arousal for s in voice.curve[-third:] if s.arousal is not None]
    return sum(last) / len(last) - sum(first) / len(first) if first and last else None


def _disagreement(affect: Affect, wording: Wording) -> Note:
    found = affect.incongruence
    if found is None or found.kind is None:
        return Note("", "")
    sure = found.confidence >= _SURE_OF_DISAGREEMENT
    return Note(wording.disagree[found.kind][sure], f"{found.kind} {found.score:.2f}, sure {found.confidence:.2f}")


def _words(affect: Affect, wording: Wording) -> Note:
    words = affect.words
    if words is None or words.valence is None:
        return Note("", "words unknown")
    certain = 1 - words.uncertainty
    why = f"words certain {certain:.2f}, valence {words.valence:+.2f}"
    grade = _grade(certain)
    named = affect.incongruence is not None and affect.incongruence.kind is not None
    if grade is None or abs(words.valence) < _FAR or named:  # of a disagreement, the words' side is told already
        return Note("", why)
    return Note(wording.words[grade].format(_mood(words, wording)), why)


def _mood(words: WordAffect, wording: Wording) -> str:
    assert words.valence is not None
    name, share = max(words.categories.items(), key=lambda item: item[1])
    fits = (words.valence > 0) == (name == "happy")  # a category against the valence is no ground to name either
    if share >= _CATEGORY and name in wording.moods and fits:
        return wording.moods[name]
    return wording.good if words.valence > 0 else wording.bad


def _grade(certain: float) -> int | None:
    reached = sum(certain >= least for least in _CERTAIN)
    return reached - 1 if reached else None


def _memory(recall: Recall, now: float, timezone: str, wording: Wording) -> str:
    memory, language = recall.memory, wording.language
    more = []
    if memory.about is not None:
        more.append(wording.about.format(describe(memory.about[0], now, language, timezone)))
    if felt := _felt(memory, wording):
        more.append(felt)
    if memory.sensitivity is Sensitivity.CRISIS:
        more.append(wording.tender)
    form = wording.own_memory if memory.kind is MemoryKind.COMPANION else wording.memory
    return (form if recall.current else wording.no_longer).format(
        when=describe(memory.learned_at, now, language, timezone),
        text=shortened(memory.text),
        more=f"({', '.join(more)})" if more else "",
    )


def _felt(memory: Memory, wording: Wording) -> str:
    felt = memory.felt
    if felt.incongruence == "masked_distress":
        return wording.felt_masked
    if felt.valence is None or 1 - felt.uncertainty < _CERTAIN[1] or abs(felt.valence) < _FAR:
        return ""
    return wording.felt_good if felt.valence > 0 else wording.felt_bad


def shortened(text: str) -> str:
    """A memory's words for between quotes, on one line and of a bounded length."""
    said = inline(text).rstrip("。.；;")
    return said if len(said) <= _LONGEST_MEMORY else said[: _LONGEST_MEMORY - 1] + "…"
