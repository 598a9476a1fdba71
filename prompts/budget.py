"""How long a prompt may be, and how much of it a prefix cache can keep. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from prompts.types import Exchange, Prompt

_STEP = 0.25  # share of the history dropped at once: trimming one exchange a turn would move the prefix every turn


def tokens(text: str) -> int:
    """A rough estimate, ours: two tokens for three Han characters, one for four others."""
    han = sum("\u4e00" <= c <= "\u9fff" for c in text)
    return round(han * 2 / 3 + (len(text) - han) / 4) + 1


def trimmed(history: Sequence[Exchange], budget_tokens: int) -> Sequence[Exchange]:
    """The newest part of the history that fits, cut where it stays put while the history grows."""
    step = max(1, round(len(history) * _STEP)) if len(history) < 8 else 1 << (len(history).bit_length() - 3)
    kept = history
    first = 0
    while kept and sum(tokens(e.user) + tokens(e.assistant) for e in kept) > budget_tokens:
        first += step
        kept = history[first:]
    return kept


def shared_prefix(previous: Prompt, following: Prompt) -> float:
    """Share of the following prompt's characters that a prefix cache of the previous one already holds, 0..1."""
    one = "".join(f"{m.role}\n{m.content}\n" for m in previous.messages)
    two = "".join(f"{m.role}\n{m.content}\n" for m in following.messages)
    same = next((n for n, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    return same / len(two) if two else 1.0
