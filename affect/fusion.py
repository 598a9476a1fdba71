"""Words and voice -> one reading, both channels kept, and their disagreement as a signal of its own. Pure."""

from __future__ import annotations

from typing import Literal

from affect.types import Affect, Incongruence, VoiceAffect, WordAffect

# Valence is heard in the words and arousal in the voice: prosody told valence at chance across corpora, arousal at
# an AUC of about .9. The .7 / .3 split of valence is our references' starting value.
_WORDS_VALENCE, _VOICE_VALENCE = 0.7, 0.3
_CALM, _FAR = 0.15, 0.45  # |arousal| of an ordinary voice, and of one clearly away from usual; authored
_NEGATIVE = -0.35


def fuse(
    words: WordAffect | None, voice: VoiceAffect | None, *, status: Literal["final", "partial", "none"] = "final"
) -> Affect:
    """Each channel weighed by its certainty; unknown stays unknown."""
    valence = _weighed(
        (words.valence, _WORDS_VALENCE * (1 - words.uncertainty)) if words else (None, 0.0),
        (voice.valence, _VOICE_VALENCE * (1 - voice.uncertainty)) if voice else (None, 0.0),
    )
    heard = voice is not None and voice.arousal is not None
    arousal = voice.arousal if voice and heard else words.arousal if words else None
    certainties = []
    if words and words.valence is not None:
        certainties.append(1 - words.uncertainty)
    if voice and heard:
        certainties.append(1 - voice.uncertainty)
    return Affect(
        valence,
        arousal,
        round(1 - max(certainties), 4) if certainties else 1.0,
        words,
        voice,
        incongruence(words, voice),
        status,
    )


def incongruence(words: WordAffect | None, voice: VoiceAffect | None) -> Incongruence | None:
    """How words and voice disagree, None when they do not or when a channel is unknown. Score: certainty x distance."""
    if words is None or voice is None or voice.arousal is None:
        return None
    certainty = 1 - voice.uncertainty
    distance = abs(voice.arousal)
    if words.valence is None or abs(words.valence) <= 0.25:
        kind = "masked_distress" if voice.arousal <= -_FAR else "agitated_neutral"
        strength = distance if distance >= _FAR else 0.0
    elif words.valence > 0 and voice.arousal <= -_FAR:
        kind, strength = "masked_distress", (words.valence + distance) / 2
    elif words.valence <= _NEGATIVE and distance <= _CALM and (words.arousal or 0.0) > 0.2:
        kind, strength = "calm_venting", -words.valence
        certainty = min(certainty, 1 - words.uncertainty)
    else:
        return None
    score = round(strength * certainty, 4)
    return Incongruence(score, kind) if score >= 0.2 else None


def _weighed(*parts: tuple[float | None, float]) -> float | None:
    known = [(value, weight) for value, weight in parts if value is not None and weight > 0]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total else None
