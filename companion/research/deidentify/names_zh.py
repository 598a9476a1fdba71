"""Chinese names: the tagger's doubts, surnames, transliterations, and what stands around a name.

我叫X, X老师, 小X, 阿X, X哥, 安东尼奥·科斯塔. A name told once is known in the rest of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from companion.research.deidentify.cues_zh import (
    AGED,
    CORE,
    DEAR,
    DOTTED,
    ENGLISH,
    FACE,
    HAN,
    LATIN,
    LITTLE,
    MIXED,
    MODEST,
    NEVER,
    NICK,
    NO_NAME,
    NO_SURNAME,
    NOT_AFTER_TOLD,
    SELF,
    SOUND,
    SURELY,
    SURNAMED,
    TITLED,
    TOLD,
    VERB,
)
from companion.research.deidentify.lexicon import lexicon, ordinary
from companion.research.deidentify.names_beside import BESIDE, find_beside
from companion.research.deidentify.reading import Reading
from companion.research.deidentify.tagger import Word
from companion.research.deidentify.types import Entity, Span

_PERSON = 0.2  # of the tagger's probability: masking in doubt
_CERTAIN = 0.8  # of it, where the word is an ordinary one: 高峰, 海藻


def find_chinese_names(reading: Reading) -> Iterator[Span]:
    """PERSON."""
    if not reading.is_chinese:
        return
    found = sorted({*_tagged(reading), *_surnamed(reading), *_told(reading), *_around(reading), *find_beside(reading)})
    yield from found
    # What was told once is known wherever it stands, and so is the given name of a full name.
    for name in sorted({reading.text[s.start : s.end] for s in found if s.score >= 0.8}):
        given = name[1:] if len(name) == 3 and name[0] in lexicon().surnames else name
        for part in sorted({name, given}):
            if len(part) > 1 and part not in ordinary() and not TITLED.fullmatch(part):
                for again in re.finditer(re.escape(part), reading.text):
                    yield Span(again.start(), again.end(), Entity.PERSON, 0.62, "again")


def _tagged(reading: Reading) -> Iterator[Span]:
    """Words of the tagger that may be a person, with what belongs to them."""
    words, text, k = reading.tagged.words, reading.text, 0
    while k < len(words):
        word = words[k]
        start, end = _trimmed(reading, word.start, word.end)
        latin = LATIN.match(text, word.start) if word.person >= 0.5 else None
        if latin is not None and (latin[0].lower() in ENGLISH or not _glued(text, *latin.span())):
            latin = None  # "Nobody 觉得" begins a sentence
        if latin is not None and latin.end() >= word.end:
            start, end = latin.span()
        doubt = word.person < _CERTAIN and text[start:end] in ordinary()
        if word.person < _PERSON or doubt or not _may_be_name(text[start:end]) or FACE.match(text, start - 1):
            k += 1
            continue
        score, last = word.person, k
        while last + 1 < len(words):  # 王 | 建国; 安东尼奥 | · | 科斯塔
            following = words[last + 1]
            piece = text[following.start : following.end]
            surname_alone = (
                end - start == 1
                and text[start] in lexicon().common
                and len(piece) <= 2
                and following.person > 0.05
                and _may_be_name(piece)
            )
            if surname_alone and end == following.start:
                last, end = last + 1, following.end
            else:
                break
        k = last + 1
        inner = [at for at in range(start + 2, end - 1) if reading.tagged.begins[at] > 0.3]
        if inner and "·" not in text[start:end]:  # two names without anything between
            yield Span(start, inner[0], Entity.PERSON, 0.85, "tagger")
            start = inner[0]
        named = _with_title(reading, start, end, round(0.45 + 0.44 * score, 3), "tagger")
        alone = score > 0.6 and (text[start] in lexicon().common or BESIDE.search(reading.before(start, 3)))
        if named.end - named.start > 1 or alone:
            yield named


def _glued(text: str, start: int, end: int) -> bool:
    """Whether a Chinese character touches a word in Latin letters, or that is of several words."""
    return (
        re.match(HAN, text[start - 1 : start] or " ") is not None
        or re.match(HAN, text[end:]) is not None
        or (" " in text[start:end])
    )


def _with_title(reading: Reading, start: int, end: int, score: float, rule: str) -> Span:
    """A surname alone takes its title along: 张老师 is one name."""
    if end - start == 1 or reading.text[start:end] in lexicon().compound:
        title = TITLED.match(reading.lower, end)
        if title is not None:
            return Span(start, title.end(), Entity.PERSON, score, rule)
    return Span(start, end, Entity.PERSON, score, rule)


def _trimmed(reading: Reading, start: int, end: int) -> tuple[int, int]:
    """Without what is no part of a name at its edges, and without a tail that the tagger doubts."""
    goes_on = reading.tagged.goes_on
    while end - start > 2 and goes_on[end - 1] < 0.3:
        end -= 1
    if reading.text[start - 1 : start + 1] == "们班":
        start += 1
    if reading.text[start] == "周" and reading.text[start - 1 : start] in tuple("上下本这每一二两三四五几"):
        return start, start  # 上周刚买
    mixed = MIXED.fullmatch(reading.text, start, end)
    core = mixed or CORE.search(reading.text, start, end)
    return core.span() if core is not None else (start, start)


def _may_be_name(name: str) -> bool:
    return bool(name) and name not in NEVER and not NO_NAME.fullmatch(name)


def _surname_at(reading: Reading, at: int) -> int:
    """Length of the surname that begins here; 0 for none."""
    text = reading.text
    for name in lexicon().compound:
        if text.startswith(name, at):
            return len(name)
    return int(text[at : at + 1] in lexicon().surnames)


def _surnamed(reading: Reading) -> Iterator[Span]:
    """A surname and one or two characters which the tagger holds for a name at least in part."""
    words, text = reading.tagged.words, reading.text
    starts, ends = {w.start for w in words}, {w.end for w in words}
    begins, goes_on = reading.tagged.begins, reading.tagged.goes_on
    for at in starts:
        surname = _surname_at(reading, at)
        if not surname:
            continue
        best: Span | None = None
        for end in range(at + surname + 1, min(at + surname + 3, len(text) + 1)):
            if end not in ends or not re.fullmatch(f"{HAN}+", text[at:end]):
                continue
            tail = goes_on[at + 1 : end]
            mean = (float(begins[at]) + float(tail.sum())) / (end - at)
            if mean < 0.4 or float(tail.min()) < 0.03:
                continue
            if best is None or mean > best.score:
                best = Span(at, end, Entity.PERSON, mean, "surname")
        if text[at] == "周" and text[at - 1 : at] in tuple("上下本这每一二两三四五几"):
            continue
        if best is None or any(w.start == at and w.end == best.end for w in words):
            continue  # the tagger knows such a word and has said what it takes it for
        if _may_be_name(text[at : best.end]) and CORE.fullmatch(text, at, best.end):
            yield Span(at, best.end, Entity.PERSON, round(0.4 + 0.4 * best.score, 3), "surname")


def _told(reading: Reading) -> Iterator[Span]:
    """What stands behind 我叫, 名字是, 姓, 我是."""
    text = reading.text
    for cue in TOLD.finditer(reading.lower):
        end = _name_end(reading, cue.end())
        name = text[cue.end() : end]
        if name and name not in NEVER and (name not in ordinary() or SURELY.search(cue[0])):
            yield Span(cue.end(), end, Entity.PERSON, 0.85, "told")
    for cue in SELF.finditer(reading.lower):
        length = _surname_at(reading, cue.end())
        end = _name_end(reading, cue.end())
        if length and cue.end() + length < end <= cue.end() + length + 2 and _ends_clause(reading, end):
            yield Span(cue.end(), end, Entity.PERSON, 0.6, "self")
    for cue in SURNAMED.finditer(text):
        length = _surname_at(reading, cue.start("s"))
        if length:
            yield Span(cue.start("s"), cue.start("s") + length, Entity.PERSON, 0.85, "family")


def _ends_clause(reading: Reading, end: int) -> bool:
    return re.match(r"[,。!?;:\s]|$|我|上次|在|来|啊|呀|今|从", reading.text[end:]) is not None


def _name_end(reading: Reading, start: int) -> int:
    """Where a name ends that begins here; start where none does."""
    text = reading.text
    if start >= len(text) or NOT_AFTER_TOLD.match(text, start):
        surname = _surname_at(reading, start)
        if not surname or NOT_AFTER_TOLD.match(text, start + surname):
            return start
    latin = re.compile(r"[A-Za-z][A-Za-z'\-]*(?: [A-Z][a-z]+)?").match(text, start)
    if latin is not None:
        return latin.end()
    dotted = DOTTED.match(text, start)
    if dotted is not None:
        return dotted.end()
    words = [w for w in reading.tagged.words if w.end > start]
    if not words:
        return start
    word = words[0]
    surname = _surname_at(reading, start)
    if (word.start == start and word.person > 0.3) or (
        word.start == start
        and word.end - start in (2, 3, 4)
        and word.tag not in ("r", "p", "u", "w", "c", "d", "m", "q")
    ):
        end = word.end
    elif (
        word.start == start
        and word.end - start == 1
        and len(words) > 1
        and words[1].end - start <= 3
        and words[1].tag not in ("r", "p", "u", "w", "c", "v", "d")
    ):
        end = words[1].end
    elif surname:
        end = min(start + surname + 2, len(text))
    else:
        return start
    return end if re.fullmatch(rf"{HAN}{{1,5}}", text[start:end]) else start


def _around(reading: Reading) -> Iterator[Span]:
    """Names by their own form and by their titles: X老师, 小X, 老X, 阿X, X哥, 王某, 静静, dotted foreign names."""
    text, lower, words = reading.text, reading.lower, reading.tagged.words
    starts, ends = {w.start: w for w in words}, {w.end for w in words}
    yield from _dotted(reading)
    for found in MODEST.finditer(text):
        if found["n"][0] in lexicon().surnames:
            yield Span(*found.span("n"), Entity.PERSON, 0.9, "modest")
    for title in TITLED.finditer(lower):
        yield from _titled(reading, title.start(), title.end(), starts)
    for at in starts:
        first = text[at : at + 1]
        if (
            (first == "小" and not LITTLE.match(lower, at))
            or (first == "阿" and not DEAR.match(lower, at))
            or (first == "老" and not AGED.match(lower, at))
        ):
            yield from _little(reading, at, starts, ends, first)
    for found in re.finditer(r"(?<![a-z])(?:小|阿|大|老)(?P<l>[a-z]{1,6})(?![a-z])", lower):
        if found[0][0] in "小阿" or len(found["l"]) == 1:
            yield Span(found.start(), found.end(), Entity.PERSON, 0.8, "letter")
    for found in NICK.finditer(text):
        word = starts.get(found.start())
        if (
            word is not None
            and word.end == found.end()
            and (word.person > 0.03 or word.tag in ("nz", "nr") or (VERB.match(text, found.end()) and word.tag == "n"))
        ):
            yield Span(found.start(), found.end(), Entity.PERSON, 0.6, "double")
    yield from _sounded(reading)


def _dotted(reading: Reading) -> Iterator[Span]:
    """Names of several parts with dots between: what the tagger holds for a name on both sides, or its words there."""
    text, words = reading.text, reading.tagged.words
    begins, goes_on = reading.tagged.begins, reading.tagged.goes_on
    for found in DOTTED.finditer(text):
        first, last = text.index("·", found.start()), text.rindex("·", found.start(), found.end())
        start = first - 1
        while start > found.start() and begins[start] < goes_on[start] and goes_on[start] > 0.3:
            start -= 1
        if begins[start] < 0.3:
            start = max([found.start(), *(w.start for w in words if w.start < first)])
        end = last + 1
        while end < found.end() and (goes_on[end] > 0.3 or text[end].isascii()):
            end += 1
        if end == last + 1:
            end = min([found.end(), *(w.end for w in words if w.end > end)])
        yield Span(start, end, Entity.PERSON, 0.93, "dotted")


def _titled(reading: Reading, at: int, end: int, starts: dict[int, Word]) -> Iterator[Span]:
    text = reading.text
    title = reading.lower[at:end]
    for length in (4, 3, 2, 1):
        start = at - length
        if start < 0 or start not in starts or not re.fullmatch(f"{HAN}+", text[start:at]):
            continue
        head = text[start:at]
        if text[start:end] in NO_SURNAME or head in NEVER or text[start:end] in NEVER:
            return
        surname = _surname_at(reading, start)
        word = starts[start]
        if surname and (surname == length or (surname < length <= surname + 2 and word.person > 0.05)):
            if length == 1 and word.end > at and word.end != end and word.person < 0.05:
                return
            if (
                length == 1
                and len(title) == 1
                and word.person < 0.02
                and ((word.end > at and word.tag in ("v", "vn", "a", "d")) or head not in lexicon().common)
            ):
                return
            alone = length <= 2 and surname == length
            yield Span(start, end if alone else at, Entity.PERSON, 0.8 if len(title) > 1 else 0.66, "title")
            return
        nick = (
            length == 1
            and title in ("哥", "姐", "姨", "叔", "嫂", "爷", "总")
            and word.end == end
            and word.tag in ("n", "nz", "PER", "nw")
        )
        double = (
            length == 2
            and (head[0] == head[1] or head[0] in "小阿老")
            and title in ("哥", "姐", "姨", "叔", "妈妈", "姐姐", "哥哥", "阿姨", "妹", "妹妹", "弟弟", "老师")
        )
        if (nick and not head.isascii() and head not in "大小老表堂二三四五六我你他她的亲学师帅干") or double:
            yield Span(start, end, Entity.PERSON, 0.62, "kin")
            return


def _little(reading: Reading, at: int, starts: dict[int, Word], ends: set[int], first: str) -> Iterator[Span]:
    text, word = reading.text, starts[at]
    head = text[at + 1 : at + 2]
    if not re.fullmatch(HAN, head):
        return
    surname = head in lexicon().surnames
    whole = word.end == at + 2 or at + 2 in ends
    if not whole:
        return
    if word.end == at + 2 and (
        word.tag in ("v", "vn", "d", "a", "ad", "m", "q", "TIME", "f", "r") and word.person < 0.05
    ):
        return
    if (surname and (first != "老" or head in lexicon().common)) or word.person > 0.05 or first == "阿":
        end = at + 2
        if first == "老" and text.startswith("头", end):
            end += 1
        yield Span(at, end, Entity.PERSON, 0.64, "little")


def _sounded(reading: Reading) -> Iterator[Span]:
    """Transliterated names: words of sounds that the tagger holds for a proper name of some kind."""
    for word in reading.tagged.words:
        name = reading.text[word.start : word.end]
        if not 2 <= len(name) <= 7 or not SOUND.issuperset(name):
            continue
        if (word.person > 0.05 and word.tag in ("nz", "ORG", "LOC", "n", "nw")) or (word.tag == "nz" and len(name) > 2):
            yield Span(word.start, word.end, Entity.PERSON, 0.5, "sound")
