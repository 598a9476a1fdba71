"""The authored corpus, and what training makes of it: drills on negation, and lines as a recogniser mishears them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from affect.labels import EMOTIONS
from affect.words.scan import Lexicon

CORPUS = Path(__file__).parents[1] / "corpus"
_PUNCTUATION = re.compile(r"[^\w\s\[\]']|_")


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its label, of labels.EMOTIONS. source: the file it is from; weight: what it counts, above 0."""

    label: str
    text: str
    source: str
    weight: float = 1.0


def read_corpus(folder: Path = CORPUS) -> list[Line]:
    """All lines "label TAB text" of the folder's .tsv files, in the order of file names; "#" starts a remark.

    Raises ValueError with file and line number for a line that cannot be read or a label that we do not know.
    """
    lines = []
    for path in sorted(folder.glob("*.tsv")):
        for number, raw in enumerate(path.read_text("utf-8").splitlines(), 1):
            if raw.startswith("#") or not raw.strip():
                continue
            label, tab, text = raw.partition("\t")
            if not tab or not text.strip() or label not in EMOTIONS:
                raise ValueError(f"{path.name}, line {number}: wanted one of {', '.join(EMOTIONS)}, a tab and a text")
            lines.append(Line(label, text.strip(), path.stem))
    if not lines:
        raise ValueError(f"no line to learn from in {folder}: it should hold .tsv files of label and text")
    return lines


def digest(lines: Sequence[Line]) -> str:
    """SHA-256 over labels and texts, hexadecimal: the same for the same corpus on every machine."""
    state = hashlib.sha256()
    for line in lines:
        state.update(f"{line.label}\t{line.text}\n".encode())
    return state.hexdigest()


def misheard(text: str, random: Random, rate: float = 0.1, pool: str = "的是了一不在有我他这中大来上个") -> str:
    """The text without punctuation and with this share (0..1) of its characters wrong, as a recogniser may give it.

    pool: Chinese characters to put in the place of others. A Latin letter is dropped or repeated.
    """
    out = []
    for char in _PUNCTUATION.sub(" ", text):
        if not char.isalnum() or random.random() >= rate:
            out.append(char)
        elif "\u4e00" <= char <= "\u9fff":
            out.append(random.choice(pool))
        else:
            out.append(random.choice(("", char + char)))
    return " ".join("".join(out).split())


def entries_as_lines(lexicon: Lexicon, weight: float) -> Iterator[Line]:
    """Expressions of one category, each as a line of its own: they show the head where words lie among the vectors."""
    for expression, entry in lexicon.entries.items():
        if len(entry.categories) == 1 and expression[0].isalpha() and len(expression) > 1:
            yield Line(entry.categories[0], expression, "lexicon", weight)


def _words(text: str) -> list[str]:
    return text.split()


_GOOD_ZH = _words(
    "开心 高兴 快乐 幸福 喜欢他 喜欢这里 满意 舒服 放心 轻松 顺利 "
    "满足 期待 兴奋 感动 好玩 有意思 好看 享受 幸运 爱你 想去"
)
_BAD_ZH = {
    "sad": _words("难过 伤心 失望 孤单 痛苦 委屈 后悔 寂寞 难受 沮丧"),
    "fearful": _words("害怕 担心 紧张 焦虑 着急 怕 慌"),
    "angry": _words("生气 讨厌他 恨他 烦 怪你 气"),
    "disgusted": _words("恶心 嫌弃你 觉得脏"),
    "surprised": _words("惊讶 意外 奇怪"),
}
_GOOD_EN = _words("happy glad excited pleased proud satisfied relaxed comfortable thrilled grateful hopeful content")
_BAD_EN = {
    "sad": _words("sad upset lonely disappointed depressed heartbroken hurt unhappy"),
    "fearful": _words("scared afraid worried nervous anxious frightened"),
    "angry": _words("angry mad annoyed furious irritated"),
    "disgusted": _words("disgusted grossed_out"),
    "surprised": _words("surprised shocked confused"),
}
_PLAIN = "我{}|我很{}|我今天特别{}|心里挺{}的|I'm {}|I am so {}|I feel {} today|今天好 {}"
_TURNED = (
    "我不{}|我一点都不{}|我今天不太{}|我根本不{}|我没有很{}|并不{}|I'm not {}|I am not {} at all|I don't feel {}|"
    "I wasn't {} about it|never {} these days|今天不 {}|一点都不 {}"
)
_TWICE = "我不是不{}|也没有不{}|怎么会不{}|it's not that I'm not {}|I can't say I'm not {}|不是不 {}"
# What a negation, and two, leave of a good word; a bad word turned round is plain.
_NOT_GOOD = {"sad": 0.55, "angry": 0.25, "neutral": 0.2}
_NOT_NOT_GOOD = {"neutral": 0.55, "happy": 0.45}


def drills(weight: float) -> Iterator[Line]:
    """Short sentences with a feeling said, negated and negated twice. One that may mean two things counts for both."""

    def lines(words: Sequence[str], templates: str, shares: dict[str, float], *, latin: bool) -> Iterator[Line]:
        for template in templates.split("|"):
            chinese = "\u4e00" <= template[0] <= "\u9fff"
            if latin == (chinese and " " not in template):  # Chinese sentences take no English word but after a space
                continue
            for word in words:
                for label, share in shares.items():
                    yield Line(label, template.format(word.replace("_", " ")), "drills", weight * share)

    for good, bad, latin in ((_GOOD_ZH, _BAD_ZH, False), (_GOOD_EN, _BAD_EN, True)):
        yield from lines(good, _PLAIN, {"happy": 1.0}, latin=latin)
        yield from lines(good, _TURNED, _NOT_GOOD, latin=latin)
        yield from lines(good, _TWICE, _NOT_NOT_GOOD, latin=latin)
        for label, words in bad.items():
            yield from lines(words, _PLAIN, {label: 1.0}, latin=latin)
            yield from lines(words, _TURNED, {"neutral": 0.8, "happy": 0.2}, latin=latin)
            yield from lines(words, _TWICE, {label: 0.5, "neutral": 0.5}, latin=latin)
