"""A text as recognisers read it: half-width, without what cannot be seen, with a way back to the original's offsets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from companion.research.deidentify.tagger import UNTAGGED, Tagged, Tagger

_SPOKEN = str.maketrans("零〇一二三四五六七八九幺两洞拐壹贰叁肆伍陆柒捌玖兩", "0012345678912071234567892")
_HIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f\u00ad\u034f\u061c\u115f\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb]"
)
_FOLD: dict[int, str] = str.maketrans(
    {chr(0xFF01 + at): chr(0x21 + at) for at in range(94)}
    | {
        "\u3000": " ",
        "\xa0": " ",
        "\u2002": " ",
        "\u2003": " ",
        "\u2009": " ",
        "\u202f": " ",
        "’": "'",
        "‘": "'",
        "‧": "·",
        "・": "·",
        "•": "·",
        "．": ".",
    }
    | {dash: "-" for dash in "‐‑‒–—―−"}
    | {chr(0x1D7CE + at): str(at % 10) for at in range(50)}  # mathematical digits
    | dict(zip("①②③④⑤⑥⑦⑧⑨⓪", "1234567890", strict=True))
)
_SIGN = "[零〇一二三四五六七八九幺两洞拐壹贰叁肆伍陆柒捌玖兩a-zA-Z0-9点]"
# A spoken digit counts as one beside another digit or a letter: in "一个人" nothing is a number.
_IN_NUMBER = re.compile(rf"(?<![a-zA-Z0-9]){_SIGN}(?:[-. ()]{{0,2}}{_SIGN}){{2,}}")
_BEFORE_SENTENCE = re.compile(r"(?:[.!?:;\n\"(]\s*|[\u4e00-\u9fff]\s?|^\s*)$")
_CJK = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002ebef]")


@dataclass(frozen=True)
class Reading:
    """text: folded. at: for each of its characters the offset in the original, and its length behind the last."""

    text: str
    at: Sequence[int]
    tagged: Tagged = UNTAGGED

    @cached_property
    def lower(self) -> str:
        """In lower case, same length."""
        lower = self.text.lower()
        return lower if len(lower) == len(self.text) else "".join(c.lower()[0] for c in self.text)

    @cached_property
    def digits(self) -> str:
        """With the Chinese digits of spoken numbers written 0-9, same length."""
        return _IN_NUMBER.sub(lambda found: found[0].translate(_SPOKEN), self.text)

    @cached_property
    def is_chinese(self) -> bool:
        """Whether any Chinese character is there."""
        return _CJK.search(self.text) is not None

    def before(self, start: int, reach: int = 12) -> str:
        """What stands before, in lower case, up to `reach` characters."""
        return self.lower[max(0, start - reach) : start]

    def after(self, end: int, reach: int = 8) -> str:
        """What stands behind, in lower case, up to `reach` characters."""
        return self.lower[end : end + reach]

    def begins_sentence(self, start: int) -> bool:
        """Whether an English sentence begins there: at the head, behind its stop, a line's end or a Chinese word."""
        return _BEFORE_SENTENCE.search(self.text[max(0, start - 3) : start]) is not None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The span in the original text."""
        return self.at[start], self.at[end - 1] + 1


def read(text: str, tagger: Tagger | None = None) -> Reading:
    """Fold a text; a tagger reads it where it is Chinese. Raises nothing, whatever stands in the text."""
    if _HIDDEN.search(text) is None:
        folded, at = text, range(len(text) + 1)
    else:
        kept = [i for i, c in enumerate(text) if _HIDDEN.match(c) is None]
        folded, at = "".join(text[i] for i in kept), [*kept, len(text)]  # type: ignore[assignment]
    folded = folded.translate(_FOLD)
    reading = Reading(folded, at)
    if tagger is None or not reading.is_chinese:
        return reading
    return Reading(folded, at, tagger.tag(folded))
