"""How far words and voice disagree: a signal of its own, never a fact about the person. Pure.

Words let one expect a voice: plain words the usual one, happy and angry words a livelier one, sad words a flatter one.
The score is the distance of the voice that was heard from the one that was expected, times how sure the voice is.
It is measured against the person's own usual voice, so that a loud person is not always agitated, and it does not
hang on single words, so that a few misheard ones do not turn it. The kinds are names for a counsellor's eyes.
"""

from __future__ import annotations

from affect.types import Incongruence, VoiceAffect, WordAffect

KINDS = ("masked_distress", "sarcasm", "calm_venting", "nervous_laughter", "tough_words", "agitated_neutral")
_EXPECTED = 0.5  # of the words' arousal is expected in the voice; authored
_UP, _DOWN, _DOWN_UNDER_JOY = 1.0, 0.6, 1.0  # a flat voice under plain words is the weaker sign; under joy it is not
_JOY = 0.6  # valence of words from which a flat voice is the strong sign
_NAMED = 0.2  # score from which a kind is named
_FAR, _CALM = 0.4, 0.2  # |arousal| clearly away from usual, and of an ordinary voice; authored
_GOOD, _BAD = 0.25, -0.3  # valence of words from which they are good or bad news
_HARD = frozenset({"angry", "disgusted"})
_LAUGHTER = 0.6  # score of laughter over bad news, times certainty of the words


def incongruence(words: WordAffect | None, voice: VoiceAffect | None) -> Incongruence | None:
    """Score 0..1 with its kind; None when a channel is missing or the voice is unknown. Unknown words are plain."""
    if words is None or voice is None or voice.arousal is None:
        return None
    good = words.valence or 0.0
    gap = voice.arousal - _EXPECTED * (words.arousal or 0.0)
    down = _DOWN + (_DOWN_UNDER_JOY - _DOWN) * min(1.0, max(0.0, good) / _JOY)  # no step: one misheard word is not much
    certainty = 1 - voice.uncertainty
    if "laugh" in voice.events and good <= _BAD:
        sure = 1 - words.uncertainty
        return Incongruence(round(_LAUGHTER * sure - good * (1 - _LAUGHTER) * sure, 4), "nervous_laughter", sure)
    distance = _UP * gap if gap > 0 else -down * gap
    if good <= _BAD and gap < 0:  # heavy words, quiet voice: heavier words weigh more
        distance = max(distance, -good * max(0.0, 1 - max(0.0, voice.arousal)))
        certainty = min(certainty, 1 - words.uncertainty)
    score = round(min(1.0, distance) * certainty, 4)
    kind = _kind(words, voice, gap) if score >= _NAMED else None
    return Incongruence(score, kind, round(certainty, 4))


def _kind(words: WordAffect, voice: VoiceAffect, gap: float) -> str | None:
    heard, good = voice.arousal or 0.0, words.valence or 0.0
    if good <= _BAD:
        if gap > 0 or heard > _CALM:
            return None  # bad news in a stirred-up voice is no contradiction
        top = max(words.categories.items(), key=lambda item: item[1])[0]
        return "tough_words" if top in _HARD else "calm_venting"
    if gap < 0:
        flat = voice.z.get("f0_sd_st", 0.0) < 0 and heard > -_FAR
        return "sarcasm" if good >= _GOOD and flat else "masked_distress"
    if good >= _GOOD:
        cross = sum(voice.categories.get(name, 0.0) for name in _HARD) > voice.categories.get("happy", 0.0)
        return "sarcasm" if cross and heard >= _FAR else None
    return "agitated_neutral"
