"""JSON out of models that no grammar holds to it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from companion.errors import ChatError
from companion.llm.thoughts import without_thoughts
from prompts.types import Message


def first_object(text: str) -> str:
    """The first balanced JSON object in a model's answer; prose, code fences and thoughts around it are dropped.

    Raises ChatError (not retryable: the same question gets the same answer) where there is none.
    """
    if not text.lstrip().startswith("{"):
        text = without_thoughts(text)
    at = text.find("{")
    while at >= 0 and (end := _balanced(text, at)):
        try:
            json.loads(text[at:end])
        except (json.JSONDecodeError, RecursionError):
            at = text.find("{", end)
        else:
            return text[at:end]
    raise ChatError("the model gave no JSON object: raise max_tokens, or use a larger model", retryable=False)


def _balanced(text: str, start: int) -> int:
    """Where the object that begins at `start` ends; 0 where it does not: what lies inside it is no answer."""
    depth, quoted, escaped = 0, False, False
    for at in range(start, len(text)):
        c = text[at]
        if quoted:
            quoted, escaped = escaped or c != '"', not escaped and c == "\\"
        elif c == '"':
            quoted = True
        elif c in "{[":
            depth += 1
        elif c in "}]":
            depth -= 1
            if depth == 0:
                return at + 1
    return 0


def told(messages: Sequence[Message], schema: Mapping[str, Any]) -> list[Message]:
    """The messages with the schema told in words, for models that no grammar holds to it.

    At the end of the last message, where small models heed it.
    """
    *before, last = messages
    ask = f"Answer with one JSON object of this JSON schema and nothing else:\n{json.dumps(schema, ensure_ascii=False)}"
    return [*before, Message(last.role, f"{last.content}\n\n{ask}")]
