"""Recall and false alarms of a reader on marked lines, beside a list of keywords."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from companion.safety.risk.lines import Line
from companion.safety.risk.reader import RiskReader
from companion.safety.risk.types import SERIOUS, RiskKind

# What a first version of such a product looks for. Authored, as a peer to be beaten.
KEYWORDS = (
    *(
        "自杀",
        "想死",
        "不想活",
        "轻生",
        "自残",
        "割腕",
        "跳楼",
        "遗书",
        "安眠药",
        "结束生命",
        "解脱",
        "去死",
        "活着没意思",
    ),
    *("suicid", "kill myself", "want to die", "end my life", "self harm", "self-harm", "overdose", "wanna die"),
)


def keyword_level(text: str) -> int:
    """3 where one of KEYWORDS stands in the text, else 0."""
    low = text.lower()
    return 3 if any(word in low for word in KEYWORDS) else 0


def measured(
    lines: Sequence[Line], reader: RiskReader, vectors: Sequence[NDArray[np.float32] | None], *, misses: bool = False
) -> Iterator[str]:
    """Rows of a report, and with `misses` each line that was read too low for its level or too high."""
    read = [reader.read(line.text, vector=vector) for line, vector in zip(lines, vectors, strict=True)]
    levels = [risk.level for risk in read]
    words = [keyword_level(line.text) for line in lines]
    yield f"{len(lines)} lines                              read      keywords"
    suicide = (RiskKind.SUICIDE, RiskKind.SELF_HARM)
    yield _row("level 4 read as 3 or 4", lines, levels, words, lambda n: n.level == 4 and n.kind in suicide, 3)
    yield _row("level 3-4 read as 3 or 4", lines, levels, words, lambda n: n.level >= 3 and n.kind in suicide, 3)
    yield _row("level 3-4 read as 2 or more", lines, levels, words, lambda n: n.level >= 3 and n.kind in suicide, 2)
    yield _row("level 2 read as 2 or more", lines, levels, words, lambda n: n.level == 2 and n.kind in suicide, 2)
    others = {k for line in lines if (k := line.kind) and k not in (*suicide, RiskKind.DISTRESS)}
    yield _row("other kinds read as 2 or more", lines, levels, words, lambda n: n.kind in others and n.level > 1, 2)
    named = [line.kind in risk.kinds for line, risk in zip(lines, read, strict=True) if line.level > 1]
    yield f"kind named, of lines of 2 or more       {_share(named)}"
    yield _row("level 0 read as 2 or more", lines, levels, words, lambda n: n.level == 0, 2)
    yield _row("level 0 read as 3 or more", lines, levels, words, lambda n: n.level == 0, 3)
    yield _row("level 1 read as 2 or more", lines, levels, words, lambda n: n.level == 1, 2)
    if misses:
        for line, risk in zip(lines, read, strict=True):
            low = risk.level < min(line.level, 3) and line.level >= SERIOUS
            if low or (line.level < SERIOUS <= risk.level) or (line.level > 1 and line.kind not in risk.kinds):
                rules = " ".join(reason.rule for reason in risk.reasons[:3])
                yield f"{line.level}->{risk.level}  {line.kind or 'none'}  {line.text}  [{rules}]"


def _row(
    name: str,
    lines: Sequence[Line],
    levels: Sequence[int],
    words: Sequence[int],
    keep: Callable[[Line], bool],
    least: int,
) -> str:
    kept = [i for i, line in enumerate(lines) if keep(line)]
    ours, theirs = ([found[i] >= least for i in kept] for found in (levels, words))
    return f"{name:<32}  {_share(ours)}  {_share(theirs)}"


def _share(hits: Sequence[bool]) -> str:
    return f"{sum(hits):4d}/{len(hits):<4d} {sum(hits) / len(hits) if hits else 0:5.3f}"
