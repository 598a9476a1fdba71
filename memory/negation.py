"""Whether one wording denies what another affirms. Pure; patterns are authored."""

from __future__ import annotations

import re
from collections.abc import Iterator

from memory.synonyms import SAME_HAN
from memory.terms import content, terms

_FLAGS = re.IGNORECASE | re.ASCII
_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")
_NOT_HAN = re.compile(
    r"(?:没有|没(?!关系)|别(?:再|老|总)|不太|不怎么|不再|不想|不会|不能|不敢|不要|不是很|不(?!过|仅|但|管|如|然)|"
    r"别(?!人|的|再|老|总)|未(?!来|婚)|无法|从不|"
    r"从来不)(?=([\u3400-\u9fff]))"
)
_STOPS_SHORT = re.compile(r"[，。,.;；!！?？]|\b(?:because|but|and|so|since|if|that|when|while|though|as)\b", _FLAGS)
_NOT_EN = re.compile(
    r"^(?:not|never|no|none|nobody|without|hardly|cannot|cant|stopped|quit|nor|neither|dont|didnt|isnt|wont)$|n['’]t$",
    _FLAGS,
)


def negation_flipped(said: str, text: str) -> bool:
    """Whether `text` affirms what `said` denies, or the other way round."""
    return _han_flipped(said, text) or _latin_flipped(said, text)


def _han_flipped(said: str, text: str) -> bool:
    denied, denies = dict(_denied(said)), dict(_denied(text))
    for word in denies:
        if word not in denied and word in said and not _same_denial(said, text):
            return True
        if word not in denied and word not in said and not _same_denial(said, text):
            return True
    for word in denied:
        pair = denied[word]
        affirmed = pair in text if len(pair) == 2 else word in text
        if affirmed and word not in denies and said.count(pair) <= sum(1 for _, p in _denied(said) if p == pair):
            return not _same_denial(said, text)
    for verb, result in re.findall(r"([\u3400-\u9fff])不([着了到起好完上下来动])", said):
        if (
            f"{verb}不{result}" not in text
            and re.search(f"{verb}得?{result}", text)
            and f"{verb}得{result}" not in said
        ):
            return True
    return False


def _denied(text: str) -> Iterator[tuple[str, str]]:
    """(character, pair) right behind each negation."""
    for match in _NOT_HAN.finditer(text):
        if match.start() > 0 and match.group(1) in "着了到起完好上下来动" and match.group() == "不":
            continue  # 睡不着: a complement, looked at apart
        end = match.end()
        yield match.group(1), text[end : end + 2]


def _same_denial(said: str, text: str) -> bool:
    """Whether the negation goes by another word of the same meaning (失业, 没工作; 讨厌, 不喜欢)."""
    return any(
        any("不" in w or "没" in w for w in group) and any(w in said for w in group) and any(w in text for w in group)
        and _denial_words(group, said) for group in SAME_HAN
    )  # fmt: skip


def _denial_words(group: tuple[str, ...], said: str) -> bool:
    return not (group[0] == "讨厌" and "喜欢" in said and "不喜欢" not in said)


def _latin_flipped(said: str, text: str) -> bool:
    heard: dict[str, set[bool]] = {}
    for word, denied in _polarity(said):
        heard.setdefault(word, set()).add(denied)
    return any(denied not in heard[word] for word, denied in _polarity(text) if word in heard)


def _polarity(text: str) -> Iterator[tuple[str, bool]]:
    """(stem, denied) of each Latin content word: a negation reaches the next two in its clause."""
    for piece in _STOPS_SHORT.split(re.sub(r"\bno longer\b", "not", text, flags=_FLAGS)):
        reach = 0
        for word in _LATIN_WORD.findall(piece or ""):
            if _NOT_EN.search(word):
                reach = 2
                continue
            for stem in content(terms(word)):
                yield stem, reach > 0
                reach -= reach > 0
