import pytest

from affect.backends.lexicon import LexiconClassifier

read = LexiconClassifier().read

# Authored lines, sign of the valence that a listener would give to the words alone.
POSITIVE = """我今天特别开心
面试通过了，松了一口气
周末跟朋友出去玩，可好玩了
我不难过了
今天超 happy 的
其实我不是不喜欢他
这次考试挺顺利的
终于放假了太棒了
I had a great time with my sister
I'm not scared any more
I got the job!
feeling much more relaxed today
I'm so proud of her
今天阳光很好，心里很踏实
Thanks, that was really nice of you"""
NEGATIVE = """我今天一点都不开心
下周三要面试，我有点紧张
我撑不住了
昨晚又失眠了，好累
没有人喜欢我
I'm not happy at all
I can't sleep and I'm exhausted
老板又骂我，烦死了
I never enjoy anything these days
跟男朋友吵架了，心情不好
It was the first great sorrow of his life
最近 stress 很大
I feel so lonely here
考试没考好，很失望
她走了以后我一直很孤单
my grandmother passed away last week"""
UNKNOWN = """广州市房地产中介协会分析
今天星期三
I bought two apples
明天几点开会
the train leaves at nine"""


@pytest.mark.parametrize("line", POSITIVE.splitlines())
def test_good_words(line: str) -> None:
    assert (read(line).valence or 0) > 0


@pytest.mark.parametrize("line", NEGATIVE.splitlines())
def test_bad_words(line: str) -> None:
    assert (read(line).valence or 0) < 0


@pytest.mark.parametrize("line", [*UNKNOWN.splitlines(), ""])
def test_words_without_a_feeling_are_unknown_and_not_neutral(line: str) -> None:
    affect = read(line)
    assert affect.valence is None and affect.uncertainty == 1.0


def test_a_denial_is_a_weak_sign() -> None:
    affect = read("没事，我能有什么事")
    assert affect.valence is not None and abs(affect.valence) < 0.2 and affect.uncertainty >= 0.7


def test_an_intensifier_counts_and_negation_is_milder_than_its_opposite() -> None:
    assert (read("I'm very sad").valence or 0) < (read("I'm a bit sad").valence or 0)
    assert (read("我不开心").valence or 0) > (read("我难过").valence or 0)
