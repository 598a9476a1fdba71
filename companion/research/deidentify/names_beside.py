"""Chinese names by whom they stand beside: 闺蜜冉冉, 我家大壮, 我爷爷苗得水, 心理老师是单雅琴, 邻居老耿头, Tina姚."""

from __future__ import annotations

import re
from collections.abc import Iterator

from companion.research.deidentify.lexicon import lexicon, ordinary, vocabulary
from companion.research.deidentify.reading import Reading
from companion.research.deidentify.types import Entity, Span

_HAN = r"[\u4e00-\u9fff]"
_KIN = (
    r"(?:闺蜜|室友|舍友|同桌|同学|同事|朋友|男友|女友|对象|老公|老婆|媳妇|丈夫|妻子|姐姐|妹妹|哥哥|弟弟|女儿|儿子|孙女|孙子|外甥|侄女|侄子|"
    r"表姐|表妹|表哥|表弟|堂姐|堂妹|堂哥|堂弟|徒弟|学生|师姐|师妹|师兄|师弟|发小|邻居)"
)
BESIDE = re.compile(rf"{_KIN}$")  # a word right behind it may well be a name: 姐姐澪说
_OURS = re.compile(rf"(?:[我俺咱他她]们?家|[我他她][哥姐弟妹]|{_KIN})$")
_ELDER = re.compile(rf"(?:爷爷|奶奶|外公|外婆|姥爷|姥姥|公公|婆婆|爸爸|妈妈|叔叔|舅舅|姑姑|{_KIN})$")
_OFFICE = re.compile(
    r"(?:老师|医生|大夫|咨询师|经理|主任|导师|领导|老板|校长|律师|师傅|教练|护士长|队长)(?:就)?(?:是|叫)$"
)
_DOES = re.compile(
    r"今年|从小|昨天|今天|去年|前天|最近|现在|刚|说|又|也|就|都|不|没|在|要|会|把|给|跟|和|走|来|考|病|打|哭|回|去世"
)
_ENDS = re.compile(r"[,。!?;\s]|$")
_DOUBLED = re.compile(rf"{_KIN}(?P<n>({_HAN})\2)(?=[说让给跟和问叫也又都就不没在要会把来去 ,。!?]|$)")
_GRAMMAR = re.compile(r"[了的着是不在有没就都也很太我你他她它们这那]")
_ADVERBS = frozenset(["天天", "常常", "刚刚", "偏偏", "慢慢", "仅仅", "偷偷", "悄悄"])
_OLD = re.compile(rf"老(?P<s>{_HAN})头")
_SURNAME_BEHIND = re.compile(rf"(?<![A-Za-z])[A-Z][a-z]{{1,15}}(?P<s>{_HAN})")
_RARE = re.compile(
    rf"(?<![同百老贵尊隐改随名子跟])姓(?P<s>(?![名氏什啥的是了不也都我你他她过这那呢吗吧]){_HAN})(?=[,。!?;\s]|$)"
)
_NEVER = vocabulary("names_zh", "never")
_ENGLISH = vocabulary("names_en", "caps") | vocabulary("names_en", "stop")


def find_beside(reading: Reading) -> Iterator[Span]:
    """PERSON."""
    text, ends = reading.text, {word.end for word in reading.tagged.words}
    for found in _DOUBLED.finditer(text):
        if found["n"] not in _NEVER and found["n"] not in _ADVERBS:
            yield Span(*found.span("n"), Entity.PERSON, 0.8, "beside")
    for found in _RARE.finditer(text):
        yield Span(*found.span("s"), Entity.PERSON, 0.6, "family")
    for found in _OLD.finditer(text):
        if found["s"] in lexicon().surnames:
            yield Span(found.start(), found.end(), Entity.PERSON, 0.6, "little")
    for found in _SURNAME_BEHIND.finditer(text):
        known = found["s"] in lexicon().common and found.end() in ends
        if known and found[0][:-1].lower() not in _ENGLISH:
            yield Span(found.start(), found.end(), Entity.PERSON, 0.8, "surname behind")
    yield from _ours(reading)
    yield from _full(reading)


def _ours(reading: Reading) -> Iterator[Span]:
    """A word of two characters that is on no list, between whose it is and what they do: 我家大壮今年中考."""
    for word in reading.tagged.words:
        name = reading.text[word.start : word.end]
        if (
            len(name) == 2
            and re.fullmatch(f"{_HAN}+", name)
            and name not in ordinary()
            and name not in _NEVER
            and word.place + word.body <= 0.3
            and word.tag in ("n", "nz", "nw", "PER", "a")
            and _OURS.search(reading.before(word.start, 4))
            and _DOES.match(reading.text, word.end)
        ):
            yield Span(word.start, word.end, Entity.PERSON, 0.6, "ours")


def _full(reading: Reading) -> Iterator[Span]:
    """A surname and two characters, none of them within an ordinary word, behind a relative or behind 老师是."""
    text, words = reading.text, reading.tagged.words
    ends = {word.end for word in words}
    for word in words:
        start, end = word.start, word.start + 3
        name = text[start:end]
        if (
            not re.fullmatch(f"{_HAN}{{3}}", name)
            or _GRAMMAR.search(name)
            or name[0] not in lexicon().surnames
            or end not in ends
        ):
            continue
        inside = [text[w.start : w.end] for w in words if start <= w.start < end]
        if any(len(piece) > 1 and piece in ordinary() for piece in (*inside, name, name[1:], name[:2])):
            continue
        before = reading.before(start, 8)
        if (_ELDER.search(before) and _DOES.match(text, end)) or (_OFFICE.search(before) and _ENDS.match(text, end)):
            yield Span(start, end, Entity.PERSON, 0.6, "beside")
