"""A person's dialogues as lines of each format. Pure.

messages and sharegpt: one line a dialogue. kto: one line a rated reply of the model. dpo: a liked and a disliked reply
of the model to the same words in the same context, of the same person: said again right after the first reply (the
context is then that of the first), or said at the same place of another talk whose last CONTEXT exchanges were the
same. There are few of these, and none is made up.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from companion.research.export.request import Format
from companion.research.export.talks import Dialogue, Turn

CONTEXT = 8  # exchanges before a rated reply; authored
_MOST_PAIRS = 4  # of one context
_encode = msgspec.json.Encoder(order="deterministic").encode
Message = dict[str, str]
Lines = Iterator[tuple[Format, bytes]]


def lines(
    person: str, quasi: Mapping[str, str], dialogues: Iterable[Dialogue], formats: Sequence[Format], *, training: bool
) -> Lines:
    """Each line with its format; turns come as `turn_row`s elsewhere. quasi: bands, "*" where suppressed."""
    rated: dict[bytes, _Rated] = defaultdict(_Rated)
    pairs = training and bool({"kto", "dpo"} & set(formats))
    for dialogue in dialogues:
        told = list(_messages(dialogue.turns))
        head = {"id": dialogue.id, "person": person, "number": dialogue.number, "persona": dialogue.persona, **quasi}
        head["language"] = dialogue.language
        if "messages" in formats and told:
            body = {"messages": [message for message, _ in told], "turns": [turn for _, turn in told]}
            yield "messages", _line(head | body)
        if "sharegpt" in formats and told:
            said = [{"from": _FROM[message["role"]], "value": message["content"]} for message, _ in told]
            yield "sharegpt", _line(head | {"conversations": said})
        if pairs:
            for prompt, turn in _rated_replies(dialogue.turns):
                liked = turn.rating == "like"
                if "kto" in formats:
                    yield "kto", _line(_kto(person, dialogue, turn, prompt, liked))
                if "dpo" in formats:
                    rated[hashlib.sha256(_encode(prompt)).digest()].add(prompt, dialogue.id, turn, liked)
    for one in rated.values():
        for row in one.pairs(person):
            yield "dpo", _line(row)


_FROM = {"user": "human", "assistant": "gpt"}


class _Rated:
    """Replies to one prompt."""

    def __init__(self) -> None:
        self.prompt: Sequence[Message] = ()
        self.liked: list[tuple[str, Turn]] = []
        self.disliked: list[tuple[str, Turn]] = []

    def add(self, prompt: Sequence[Message], dialogue: str, turn: Turn, liked: bool) -> None:
        self.prompt = prompt
        (self.liked if liked else self.disliked).append((dialogue, turn))

    def pairs(self, person: str) -> Iterator[dict[str, Any]]:
        made = 0
        for dialogue, better in self.liked:
            for _, worse in self.disliked:
                if made < _MOST_PAIRS and better.reply != worse.reply:
                    made += 1
                    answers = {"chosen": [_reply(better)], "rejected": [_reply(worse)]}
                    yield {"person": person, "dialogue": dialogue, "prompt": list(self.prompt), **answers}


def _messages(turns: Sequence[Turn]) -> Iterator[tuple[Message, str]]:
    """What was said, in order, each with its turn."""
    for turn in turns:
        if turn.said:
            yield {"role": "user", "content": turn.said}, turn.id
        if turn.reply:
            yield _reply(turn), turn.id


def _reply(turn: Turn) -> Message:
    return {"role": "assistant", "content": turn.reply or ""}


def _rated_replies(turns: Sequence[Turn]) -> Iterator[tuple[list[Message], Turn]]:
    """Rated replies of the model to words that are there, each with what stood before it."""
    since = 0  # where the context of a turn ends: before the words that are said again
    for at, turn in enumerate(turns):
        again = at > 0 and turn.said is not None and turn.said == turns[at - 1].said
        since = since if again else at
        fit = turn.rating in ("like", "dislike") and turn.answered_by == "model" and turn.said and turn.reply
        if fit and not turn.withheld:
            before = [message for message, _ in _messages(turns[max(0, since - CONTEXT) : since])]
            yield [*before, {"role": "user", "content": turn.said or ""}], turn


def _kto(person: str, dialogue: Dialogue, turn: Turn, prompt: list[Message], liked: bool) -> dict[str, Any]:
    model = turn.models.get("chat")
    known = {"person": person, "dialogue": dialogue.id, "turn": turn.id, "model": model}
    return {**known, "prompt": prompt, "completion": [_reply(turn)], "label": liked}


def _line(row: Mapping[str, Any]) -> bytes:
    return _encode(row) + b"\n"
