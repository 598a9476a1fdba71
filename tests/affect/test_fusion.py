import pytest
from hypothesis import given
from hypothesis import strategies as st

from affect.fusion import fuse
from affect.incongruence import KINDS, incongruence
from affect.labels import EMOTIONS, UNKNOWN, with_unknown
from affect.types import VoiceAffect, WordAffect

PLAIN = WordAffect(None, None, 1.0)


def voice(arousal: float | None, uncertainty: float = 0.3, **more: object) -> VoiceAffect:
    return VoiceAffect(arousal, None, uncertainty, 9, more.pop("z", {}), **more)  # type: ignore[arg-type]


def scores(**given: float) -> dict[str, float]:
    rest = (1 - sum(given.values())) / (len(EMOTIONS) - len(given))
    return {**{name: given.get(name, rest) for name in EMOTIONS}, "unknown": 0.0}


@st.composite
def categories(draw: st.DrawFn) -> dict[str, float]:
    weights = [draw(st.floats(0.01, 1)) for _ in EMOTIONS]
    return with_unknown(dict(zip(EMOTIONS, weights, strict=True)), draw(st.floats(0, 0.9)))


SIGNED = st.floats(-1, 1)
CERTAIN = st.floats(0.0, 0.99)


@given(SIGNED, SIGNED, CERTAIN, categories())
def test_beside_an_unknown_channel_the_other_stands(valence: float, arousal: float, doubt: float, told: dict) -> None:
    words = WordAffect(valence, arousal, doubt, (), told)
    silent = VoiceAffect(None, None, 1.0, 0, {})
    for affect in (fuse(words, silent), fuse(words, None)):
        assert affect.valence == pytest.approx(valence) and affect.arousal == pytest.approx(arousal)
        assert affect.categories == told and affect.uncertainty == pytest.approx(doubt, abs=1e-4)
    spoken = VoiceAffect(arousal, valence, doubt, 3, {}, (), told)
    for affect in (fuse(PLAIN, spoken), fuse(None, spoken)):
        assert affect.valence == pytest.approx(valence) and affect.arousal == pytest.approx(arousal)
        assert affect.categories == told


@given(categories(), categories(), CERTAIN, CERTAIN)
def test_fused_probabilities_are_probabilities(one: dict, two: dict, said: float, heard: float) -> None:
    fused = fuse(WordAffect(0.1, 0.1, said, (), one), VoiceAffect(0.2, 0.0, heard, 3, {}, (), two)).categories
    assert sum(fused.values()) == pytest.approx(1) and all(0 <= share <= 1 for share in fused.values())
    assert set(fused) == {*EMOTIONS, "unknown"}


def test_two_witnesses_who_agree_are_surer_than_one() -> None:
    sad = scores(sad=0.5)
    both = fuse(WordAffect(-0.5, 0.0, 0.3, (), sad), VoiceAffect(-0.4, None, 0.3, 9, {}, (), sad)).categories
    assert both["sad"] > 0.6 and max(both, key=lambda name: both[name]) == "sad"


def test_arousal_is_the_voices_which_has_at_most_a_third_of_the_say_in_valence() -> None:
    affect = fuse(WordAffect(0.9, -0.5, 0.1), VoiceAffect(0.8, -0.9, 0.1, 9, {}))
    assert affect.arousal == 0.8
    assert affect.valence == pytest.approx(0.7 * 0.9 - 0.3 * 0.9)


def test_what_is_unknown_stays_unknown() -> None:
    affect = fuse(None, None, status="none")
    assert (affect.valence, affect.arousal, affect.uncertainty, affect.label) == (None, None, 1.0, "unknown")
    assert affect.categories == UNKNOWN and affect.dominance is None


@pytest.mark.parametrize(
    ("words", "heard", "kind"),
    [
        (WordAffect(0.6, 0.3, 0.3), voice(-0.8), "masked_distress"),
        (PLAIN, voice(-0.8), "masked_distress"),
        (PLAIN, voice(0.9), "agitated_neutral"),
        (WordAffect(-0.9, 0.3, 0.2, (), scores(sad=0.8)), voice(0.0), "calm_venting"),
        (WordAffect(-0.8, 0.6, 0.2, (), scores(angry=0.8)), voice(-0.1), "tough_words"),
        (WordAffect(0.8, 0.6, 0.2), voice(-0.2, z={"f0_sd_st": -1.0}), "sarcasm"),
        (WordAffect(0.8, 0.1, 0.2), voice(0.7, categories=scores(angry=0.6)), "sarcasm"),
        (WordAffect(-0.6, 0.3, 0.2), voice(0.3, events=("laugh",)), "nervous_laughter"),
    ],
)
def test_each_kind_of_disagreement_has_its_name(words: WordAffect, heard: VoiceAffect, kind: str) -> None:
    found = incongruence(words, heard)
    assert found is not None and found.kind == kind and found.kind in KINDS and found.score >= 0.2


@pytest.mark.parametrize(
    ("words", "heard"),
    [
        (WordAffect(0.6, 0.3, 0.3), voice(0.15)),
        (PLAIN, voice(0.05)),
        (WordAffect(-0.8, 0.6, 0.2, (), scores(angry=0.8)), voice(0.5)),
        (WordAffect(0.6, 0.3, 0.3), voice(-0.8, uncertainty=0.9)),  # an uncertain voice accuses nobody
    ],
)
def test_channels_that_fit_have_no_name_for_it(words: WordAffect, heard: VoiceAffect) -> None:
    found = incongruence(words, heard)
    assert found is not None and found.kind is None and found.score < 0.2


@given(st.floats(0.0, 0.9), st.floats(0.02, 0.1))
def test_the_further_from_usual_the_higher_the_score_while_the_words_stay(arousal: float, more: float) -> None:
    near, far = incongruence(PLAIN, voice(arousal)), incongruence(PLAIN, voice(arousal + more))
    assert near is not None and far is not None and far.score > near.score


def test_without_one_channel_there_is_nothing_to_compare() -> None:
    assert incongruence(None, voice(0.5)) is None and incongruence(PLAIN, voice(None, 1.0)) is None
