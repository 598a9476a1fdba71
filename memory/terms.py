"""Text -> search terms: English words by stem, Han characters in pairs and, at a lower weight, one by one.

The lists are authored. Words that carry no content of their own are left out; the few most common English forms that
no stemmer joins (went and go, mum and mother) are joined by table, since people ask in other forms than they told.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol, cast

from memory.concepts import MARK, matters

MATTER = 0.8  # weight of a matter that both speak of, in whatever words; authored
SINGLE = 0.3  # weight of one Han character beside a pair or a word (authored: it says little, but 猫 is a word)

# Han, and Japanese and Korean script, which are written alike.
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\u3040-\u30ff\uac00-\ud7af"
_RUN = re.compile(rf"[{_HAN}]+|[a-z0-9]+(?:['’][a-z]+)*")

_BRITISH = re.compile(r"(?<=[a-z]{3})our(?=$|s$|ed$|ing$|ite|hood)|(?<=[a-z]{3})is(?=(?:e|ed|es|ing|ation)$)")
_AMERICAN = {"our": "or", "is": "iz"}

_STOP = frozenset(
    """
    a an the this that these those there here it its he him his she her hers they them their theirs we
    us our ours i me my mine myself you your yours yourself and or but if so as than then too very just
    also only even of to in on at by for from with about into onto over up down out off is am are was
    were be been being do does did done doing have has had having will would shall should can could may
    might must not no nor yes yeah oh ok okay ah aw ha hm um well what when where which who whom whose
    why how s t d ll m re ve im ive id ill dont doesnt didnt isnt wasnt cant wont lets thats whats get
    got gets getting any some such own same other all both each more most few
    tell told say said says know knew remember lot lots really quite much many ever
    thing things something anything one ones
    """.split()  # noqa: SIM905
)
_FORMS = {
    form: words.split()[0]
    for words in (
        "go went gone going goes",
        "buy bought",
        "see saw seen",
        "eat ate eaten",
        "run ran",
        "swim swam swum",
        "write wrote written",
        "sell sold",
        "win won",
        "teach taught teacher",
        "meet met",
        "make made",
        "take took taken",
        "give gave given",
        "find found",
        "lose lost loss",
        "feel felt feeling",
        "think thought",
        "say said says",
        "tell told",
        "speak spoke spoken speech",
        "break broke broken",
        "fall fell fallen",
        "fly flew flown flight",
        "drive drove driven",
        "ride rode ridden",
        "sing sang sung song",
        "drink drank drunk",
        "begin began begun",
        "grow grew grown",
        "know knew known",
        "leave left",
        "keep kept",
        "sleep slept asleep",
        "spend spent",
        "build built",
        "catch caught",
        "bring brought",
        "wear wore worn",
        "choose chose chosen choice",
        "draw drew drawn",
        "throw threw thrown",
        "hear heard",
        "hold held",
        "pay paid",
        "send sent",
        "die died dead death dying",
        "bury buried burial funeral",
        "marry married marriage wedding wed",
        "mother mum mom mama mommy mummy mothers moms mums",
        "father dad papa daddy dads",
        "grandmother grandma granny nana",
        "grandfather grandpa granddad grandad",
        "child children kid kids",
        "person people",
        "picture photo photograph pic pics photos photography",
        "friend buddy mate",
        "doctor physician gp",
        "bicycle bike bikes",
        "television tv",
        "film movie movies",
        "holiday vacation trip travel holidays",
        "shop store shops",
        "flat apartment",
        "car vehicle",
        "job work career",
        "pupil student",
        "therapist therapy counselor counsellor counseling psychologist",
        "illness ill sick disease",
    )
    for form in words.split()
}
_SAME_HAN = (  # the same in other characters: what is asked for and how it was told
    ("母亲", "妈妈"), ("老妈", "妈妈"), ("父亲", "爸爸"), ("老爸", "爸爸"), ("妻子", "老婆"), ("太太", "老婆"),
    ("丈夫", "老公"), ("领导", "老板"), ("上司", "老板"), ("男友", "男朋友"), ("女友", "女朋友"), ("闺蜜", "好朋友"),
    ("睡眠", "睡觉"), ("失眠", "睡不着觉"), ("职业", "工作"), ("上班", "工作"), ("住院", "医院"),
)  # fmt: skip
_PARTICLES = frozenset(
    "的了是在有和就都也很吗呢吧啊呀哦嗯我你您他她它们这那个么什怎哪谁为之与及或把被让给对从到会要能可以没不还又再着过得地"
)
_OTHER_HAN = re.compile("|".join(form for form, _ in _SAME_HAN))
_BARE = frozenset("的了吗呢吧啊呀哦嗯我你您他她它")  # a pair with one of these is a word and its grammar, no word
_EMPTY_PAIRS = frozenset(
    """
    我的 我在 我有 我是 我们 我很 我想 我要 我会 我也 我就 你们 他们 她们 这个 那个 什么
    怎么 这么 那么 为什 哪里 哪儿 多少 是不 不是 有没 没有 时候 的时 知道 觉得 一个 一下
    一点 有点 现在 已经 还是 就是 可以 因为 所以 但是 如果 不过 然后 自己 告诉 记得 记不
    说过 过的 是什 么时 么样 怎样 叫什 是谁 是哪 你记 你还 还记 我说 跟你 和你 我跟 我叫
    你知 道我 得我
    """.split()  # noqa: SIM905
)


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...


@lru_cache(maxsize=1)
def _stemmer() -> _Stemmer:
    import snowballstemmer

    return cast(_Stemmer, snowballstemmer.stemmer("english"))


@lru_cache(maxsize=65_536)
def _stem(word: str) -> str | None:
    """The term of one English word; None where the word says nothing of its own."""
    word = word.replace("’", "'")
    bare = word.removesuffix("'s").replace("'", "")
    if bare in _STOP or word.partition("'")[0] in _STOP:
        return None
    bare = _BRITISH.sub(lambda found: _AMERICAN[found[0]], bare)
    joined = _FORMS.get(bare)
    if joined is None:
        stem = _stemmer().stemWord(bare)
        joined = _FORMS.get(stem, stem)
    return _stemmer().stemWord(joined)


def terms(text: str) -> list[str]:
    """Search terms of `text` in order, with repeats: stems of Latin words, pairs and single characters of Han script.

    Accents and case make no difference. Stems: the English Snowball stemmer (Porter 2001).
    """
    found: list[str] = []
    text = _folded(text)
    for run in _RUN.findall(text):
        if run[0].isascii():
            stem = _stem(run)
            if stem is not None:
                found.append(stem)
        else:
            found += _of_han(run)
    return found + matters(text)


def weight(term: str) -> float:
    """How much a term counts in a query, 0..1."""
    if term[0] == MARK:
        return MATTER
    return SINGLE if len(term) == 1 and not term.isascii() else 1.0


def content(found: Iterable[str]) -> set[str]:
    """The terms that name something: single Han characters left out, since they occur in words of every kind."""
    return {term for term in found if weight(term) == 1.0}


def _of_han(run: str) -> list[str]:
    if _OTHER_HAN.search(run):
        for form, same in _SAME_HAN:
            run = run.replace(form, same)
    pairs = [run[i : i + 2] for i in range(len(run) - 1)]
    kept = [p for p in pairs if p not in _EMPTY_PAIRS and _says_something(p)]
    return kept + [c for c in run if c not in _PARTICLES]


def _says_something(pair: str) -> bool:
    first, second = pair[0], pair[1]
    return not (first in _BARE or second in _BARE or (first in _PARTICLES and second in _PARTICLES))


def _folded(text: str) -> str:
    lowered = unicodedata.normalize("NFKC", text).lower()
    if lowered.isascii():
        return lowered
    return "".join(c for c in map(_plain, lowered) if c)


def _plain(character: str) -> str:
    """A Latin letter without its accent; other characters as they are (a Korean syllable must not come apart)."""
    if "\u00c0" <= character <= "\u024f":
        return unicodedata.normalize("NFD", character)[0]
    return character
