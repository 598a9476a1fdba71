"""Persona, what is known, history, recalls, affect, state and strategy -> the prompt of one turn. Pure.

The system message is the same bytes in every turn of everybody's, so that a prefix cache holds, and it holds nothing
of the person: what they said never gets the weight of a system message. What is known of them follows as a first pair
of messages, then the history. All that is new in a turn stands in a note before the person's words in the last user
message, where small models heed it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

from affect.trajectory import State
from affect.types import Affect
from memory.types import Memory, MemoryKind, Recall, Sensitivity, Slot
from prompts import budget
from prompts.budget import PER_MESSAGE, Count, cut_middle
from prompts.notes import Note, affect_note, recall_note, risk_note, shortened, trend_note
from prompts.past import SUMMARY_TOKENS, past
from prompts.persona import Persona
from prompts.quoting import plain
from prompts.spoken_back import spoken_back
from prompts.types import Block, BlockName, Exchange, Message, Prompt
from prompts.wording import WORDING, Wording

_TAIL = 0.25  # share of the budget that the history leaves to the tail, whether or not this turn needs it
_PROFILE = 0.15  # share of the budget that the profile may take
_SAID_BACK = 6  # memories that a line may have the companion tell one after the other
_LEAST_WORDS = 24  # tokens of the person's words that stay in any case
_REASON = re.compile(r"(?:（| \()([^（）()]*)[）)]\s*$")
_RECALLED = re.compile(r"\{(?:all_)?recalled\}")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN_WORD = re.compile(r"[a-zA-Z]{2,}")
_SLOTS = {slot: n for n, slot in enumerate(Slot)}


def compose(
    persona: Persona,
    *,
    profile: Sequence[Memory] = (),
    history: Sequence[Exchange] = (),
    recalls: Sequence[Recall] = (),
    affect: Affect | None = None,
    state: State = "unknown",
    strategy: str = "",
    risk: int = 0,
    text: str,
    now: float,
    timezone: str = "Asia/Shanghai",
    budget_tokens: int = 2_000,
    tokens: Callable[[str], int] = budget.tokens,
) -> Prompt:
    """The prompt of one turn, of at most budget_tokens as `tokens` counts them.

    strategy: one line of prompts.strategy. risk: 0..4. now: unix s. What does not fit goes in this order: old history,
    in big steps; the recalls, the last first; the rest of the history; the summary and the notes on voice and talk;
    the middle of the person's words. The system message and some of the words stay even where the budget is too small
    for them. Raises ValueError for a timezone that there is not.
    """
    wording = WORDING[persona.language]
    words = plain(text)
    felt, talk = affect_note(affect, wording), trend_note(state, now, timezone, wording)
    danger = risk_note(risk, wording)
    said_back = [spoken_back(r.memory, now, timezone, wording.language) for r in recalls[:_SAID_BACK] if r.current]
    told_there = "recalled}" in strategy and len(said_back) == min(len(recalls), _SAID_BACK)

    room = budget_tokens - _count_once(persona.system, tokens) - 2 * PER_MESSAGE
    known, known_why = _known(profile, now, wording, min(int(budget_tokens * _PROFILE), room - _LEAST_WORDS), tokens)
    before = room - _pair_tokens(known, "", wording, tokens) - SUMMARY_TOKENS - int(budget_tokens * _TAIL)
    told = past(history, before, wording, tokens)
    spare = room - _pair_tokens(known, told.summary, wording, tokens)

    for kept in range(len(recalls), -1, -1):
        remembered = recall_note(recalls[:kept], now, timezone, wording)
        plan = _plan(strategy, said_back[:kept], words, wording)
        if told_there and kept:  # a small model would say both, and the person's own "I" as its own
            remembered = Note("", f"{remembered.why}, told in the strategy")
        note = _note(wording, felt, talk, remembered, plan, danger)
        tail = tokens(note + words)
        if tail + told.tokens <= spare:
            break
    else:  # a long text: the rest of the history makes room, then the notes that only describe, then the text
        told = replace(past(history, before, wording, tokens, spare - tail), summary=told.summary)
        if tail > spare:
            if told.summary and spare - tokens(note) < _LEAST_WORDS:
                told, spare = replace(told, summary=""), room - _pair_tokens(known, "", wording, tokens)
            note = note if spare - tokens(note) >= _LEAST_WORDS else _note(wording, plan, danger)
            words = cut_middle(words, max(_LEAST_WORDS, spare - tokens(note)), wording.cut, tokens)

    stable = (Message("system", persona.system),)
    grown = (*_pair(known, told.summary, wording), *told.messages)
    volatile = (Message("user", note + words),)
    left_out = f", {len(recalls) - kept} left out for room" if kept < len(recalls) else ""
    blocks = (
        _block_once("persona", persona.character, f"{persona.name}, version {persona.version[:12]}", tokens),
        _block_once("rules", persona.rules, f"{persona.language}, {len(persona.examples)} examples", tokens),
        _block("profile", known, known_why, tokens),
        _block("summary", told.summary, f"of {told.trimmed} exchanges that were trimmed", tokens),
        _history_block(told.messages, told.tokens, f"{len(history) - told.first} of {len(history)} exchanges"),
        _noted("affect", felt, note, tokens),
        _noted("trend", talk, note, tokens),
        _noted("recall", remembered._replace(why=remembered.why + left_out), note, tokens),
        _noted("strategy", plan, note, tokens),
        _noted("risk", danger, note, tokens),
        _block("user", words, "the person's words" + (", cut in the middle" if wording.cut in words else ""), tokens),
    )
    return Prompt(stable, grown, volatile, blocks, _id((*stable, *grown, *volatile)))


def _plan(strategy: str, said_back: Sequence[str], words: str, wording: Wording) -> Note:
    """The strategy, and the language to answer in where the person left the persona's.

    {recalled} and {all_recalled} in it become the first memory and all of them as the companion may say them; without
    memories a strategy that needs one is left out. Its reason, in brackets at the end, is for whoever reads the prompt:
    a small model reads it aloud.
    """
    reason = _REASON.search(strategy)
    why = f"strategy of this turn: {reason[1]}" if reason else "strategy of this turn" if strategy else "no strategy"
    strategy = plain(_REASON.sub("", strategy)).rstrip("。.")
    if "recalled}" in strategy:
        told = {"{recalled}": said_back[0], "{all_recalled}": wording.pause.join(said_back)} if said_back else {}
        strategy = _RECALLED.sub(lambda found: told[found[0]], strategy) if told else ""
    line = wording.plan.format(strategy) if strategy else ""
    other = "zh" if _HAN.search(words) else "en" if len(_LATIN_WORD.findall(words)) > 1 else wording.language
    if other == wording.language or (other == "zh" and len(_LATIN_WORD.findall(words)) > 1):  # mixed: as the persona
        return Note(line, why)
    line = wording.space.join(filter(None, (line, wording.answer_in[other])))
    return Note(line, f"{why}, words in {other}")


def _known(profile: Sequence[Memory], now: float, wording: Wording, room: int, tokens: Count) -> tuple[str, str]:
    """The profile on one line, the most telling that fit, in an order that stays when one is added; and why."""
    left_out = (
        Sensitivity.CRISIS,
        MemoryKind.COMPANION,
    )  # the one only where they come to it, the other is not of them
    holding = [m for m in profile if m.holds(now) and m.sensitivity not in left_out and m.kind not in left_out]
    lines: list[tuple[int, float, str, str]] = []
    for memory in sorted(holding, key=lambda m: (-m.salience * m.confidence, m.learned_at, m.id)):
        line = wording.quote.format(shortened(memory.text))
        cost = tokens(line + wording.between)
        if cost <= room:
            room -= cost
            slot = len(_SLOTS) if memory.slot is None else _SLOTS[memory.slot]
            lines.append((slot, memory.learned_at, memory.id, line))
    return wording.between.join(line for *_, line in sorted(lines)), f"{len(lines)} of {len(profile)} memories"


def _pair(known: str, earlier: str, wording: Wording) -> tuple[Message, ...]:
    told = (wording.known.format(known) if known else "", wording.earlier.format(earlier) if earlier else "")
    said = wording.stop.join(filter(None, told))
    return (Message("user", f"〔{said}〕"), Message("assistant", wording.acknowledged)) if said else ()


def _pair_tokens(known: str, earlier: str, wording: Wording, tokens: Count) -> int:
    return budget.size(_pair(known, earlier, wording), tokens)


def _note(wording: Wording, *notes: Note) -> str:
    said = wording.space.join(note.text for note in notes if note.text)
    return f"〔{wording.note} {said}〕" if said else ""


def _block(name: BlockName, text: str, why: str, tokens: Count) -> Block:
    return Block(name, text, hashlib.sha256(text.encode()).hexdigest(), tokens(text) if text else 0, why)


def _noted(name: BlockName, noted: Note, note: str, tokens: Count) -> Block:
    if noted.text and noted.text not in note:
        return _block(name, "", f"{noted.why}, left out for room", tokens)
    return _block(name, noted.text, noted.why, tokens)


def _history_block(messages: Sequence[Message], cost: int, why: str) -> Block:
    text = "\n".join(f"{m.role}: {m.content}" for m in messages)
    return Block("history", text, hashlib.sha256(text.encode()).hexdigest(), cost, why)


# Of the persona only, never of a person's words: these stay in memory.
@lru_cache(maxsize=64)
def _block_once(name: BlockName, text: str, why: str, tokens: Count) -> Block:
    return _block(name, text, why, tokens)


@lru_cache(maxsize=64)
def _count_once(text: str, tokens: Count) -> int:
    return tokens(text)


def _id(messages: Sequence[Message]) -> str:
    return hashlib.sha256("\n\n".join(f"{m.role}\n{m.content}" for m in messages).encode()).hexdigest()
