from affect.fusion import fuse
from affect.types import VoiceAffect, WordAffect


def voice(arousal: float | None, uncertainty: float = 0.3) -> VoiceAffect:
    return VoiceAffect(arousal, None, uncertainty, 9, {})


def test_cheerful_words_in_a_voice_far_below_usual_are_marked() -> None:
    affect = fuse(WordAffect(0.6, 0.3, 0.3), voice(-0.8))
    assert affect.incongruence is not None and affect.incongruence.kind == "masked_distress"
    assert affect.valence == 0.6 and affect.arousal == -0.8


def test_the_same_words_in_the_usual_voice_are_not() -> None:
    assert fuse(WordAffect(0.6, 0.3, 0.3), voice(0.1)).incongruence is None


def test_hard_words_in_a_calm_voice_and_plain_words_in_an_agitated_one() -> None:
    calm = fuse(WordAffect(-0.9, 0.6, 0.2), voice(0.0)).incongruence
    agitated = fuse(WordAffect(None, None, 1.0), voice(0.9)).incongruence
    assert calm is not None and calm.kind == "calm_venting"
    assert agitated is not None and agitated.kind == "agitated_neutral"


def test_an_uncertain_voice_accuses_nobody() -> None:
    assert fuse(WordAffect(0.6, 0.3, 0.3), voice(-0.8, uncertainty=0.9)).incongruence is None


def test_what_is_unknown_stays_unknown() -> None:
    affect = fuse(None, None, status="none")
    assert (affect.valence, affect.arousal, affect.uncertainty) == (None, None, 1.0)
    typed = fuse(WordAffect(-0.5, 0.4, 0.4), None)
    assert typed.voice is None and typed.arousal == 0.4 and typed.valence == -0.5
