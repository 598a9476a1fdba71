"""Whether one wording says no more than another: names, people and content words. Pure; authored."""

from __future__ import annotations

import re
from itertools import pairwise

from memory.numerals import DIGITS
from memory.relations import RELATION_EN, RELATION_ZH
from memory.synonyms import KIN_HAN, SAME_HAN
from memory.terms import content, terms

_FLAGS = re.IGNORECASE | re.ASCII
_HAN_RUN = re.compile(r"[\u3400-\u9fff]+")
_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")

# Whoever tells it: these say who speaks, not what. Longest first.
_SPEAKER = re.compile(
    r"用户|对方|本人|这个人|此人|他们|她们|自己|我们|咱们|[我他她它咱俺]|\b(?:the )?(?:user|person|"
    r"speaker)(?:['’]s)?\b",
    _FLAGS,
)
# Characters and words that carry no claim of their own, so that a rewording may add or drop them.
_EMPTY_HAN = frozenset(
    "的了着过地得是在有和跟与就都也还又很挺太真好啊呀呢吧嘛哦嗯吗个只条位件些这那此于对把被给让从到去来要会能可以其"
    "之为因所但而且则并及或上下里中后前时一"
)
_SKIPPED = _EMPTY_HAN | set("再老总常天")  # 别再问 says 别问
_LIGHT_HAN = re.compile(
    r"感到|感觉|觉得|认为|表示|提到|说过|正在|目前|现在|已经|因为|所以|但是|不过|而且|同时|然后|非常|特别|比较|"
    r"有点|有些|一些|一个|时候|事情|情况|方面|关于|对于|由于|其中|以及|名字|名叫|叫做|"
    r"进行|可能|生活"
)
_NAMED = re.compile(
    r"(?:叫做?|名叫|名字是|名为|\b(?:called|named|name is|call me))\s?[“\"「]?([A-Za-z\u3400-\u9fff]{1,8}?)(?=$|"
    r"[”\"」，,。.\s]|"
    r"的|了|，)",
    _FLAGS,
)
_QUOTED = re.compile(r"[“\"「『《]([^”\"」』》]{1,30})[”\"」』》]")
_LIGHT_EN = content(
    terms(
        "user person speaker they them their feel feels feeling currently really because plan plans planning going wa"
        "nt wants mention "
        "mentioned named called name like likes also now recently about situation time work works working live lives "
        "living has own "
        "concerned worried experience experiencing upcoming"
    )
)


def names_fit(said: str, text: str) -> bool:
    """Whether every name of `text` is in `said`: capitalised Latin words past the first, words in quotes, after 叫."""
    heard = said.lower()
    for match in (*_NAMED.finditer(text), *_QUOTED.finditer(text)):
        if match.group(1).strip().lower() not in heard:
            return False
    for match in _LATIN_WORD.finditer(text):
        word = match.group().rstrip("'’").removesuffix("'s").removesuffix("’s")
        first = not text[: match.start()].strip() or text[: match.start()].rstrip()[-1:] in ".!?。"
        if word[:1].isupper() and not first and not re.match(r"I(?:['’]\w+)?$", word) and word.lower() not in heard:
            return False
    return True


def people_fit(said: str, text: str) -> bool:
    """Whether everybody of `text` is in `said`: 母亲 is 妈, a father is not a mother."""
    for match in re.finditer(RELATION_ZH, text):
        word = match.group()
        if word not in said and not any(word.endswith(group) and any(w in said for w in group) for group in KIN_HAN):
            return False
    heard = content(terms(said))
    return all(
        content(terms(m.group())) <= heard or m.group().lower() in said.lower()
        for m in re.finditer(rf"\b{RELATION_EN}", text, _FLAGS)
    )


def unsupported(said: str, text: str) -> tuple[int, int, int]:
    """(content of `text` not in `said`, all its content, longest run of it), in Han characters and Latin words.

    A Han character is in `said` where a pair that it is part of is; a word of the same group counts as the word itself.
    """
    missing = total = longest = 0
    said_plain = _SPEAKER.sub("|", said)
    runs = _HAN_RUN.findall(said_plain)
    pairs = {a + b for run in runs for a, b in pairwise(run)}
    pairs |= {a + c for run in runs for a, b, c in zip(run, run[1:], run[2:], strict=False) if b in _SKIPPED}
    singles = {run for run in _HAN_RUN.findall(said_plain) if len(run) == 1}
    for run in _HAN_RUN.findall(_known_words(said, _SPEAKER.sub("|", text))):
        hit = [c in _EMPTY_HAN or c in singles or c in DIGITS for c in run]
        counted = [c not in _EMPTY_HAN and c not in DIGITS for c in run]
        for i in range(len(run) - 1):
            if run[i : i + 2] in pairs:
                hit[i] = hit[i + 1] = True
        streak = 0
        for i, ok in enumerate(hit):
            if len(run) == 1 and run in said:
                ok = True
            streak = 0 if ok else streak + 1
            missing, longest = missing + (not ok), max(longest, streak)
            total += counted[i]
    heard = content(terms(said))
    for word in content(t for t in terms(text) if t.isascii()):
        if (word in _LIGHT_EN and word not in heard) or word.isdigit():
            continue
        total += 1
        missing += word not in heard
    return missing, total, longest


def _known_words(said: str, text: str) -> str:
    """`text` with the words that need no support, or have it by a word of the same meaning, blanked."""
    text = _LIGHT_HAN.sub("|", text)
    for group in (*SAME_HAN, *KIN_HAN):
        if any(w in said for w in group):
            for word in group:
                if len(word) > 1 or word in "妈爸哥弟姐妹":
                    text = text.replace(word, "|")
    return text
