"""Values of the prompts domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message, as chat models take it."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """A finished turn of the conversation as the prompt's history takes it."""

    user: str
    assistant: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt in three parts: what never changes in a session, what only grows, what is new this turn.

    blocks: name of each block ("persona", "profile", "history", "affect", "recall", "user") -> sha256 hex of its text.
    """

    stable: tuple[Message, ...]
    history: tuple[Message, ...]
    volatile: tuple[Message, ...]
    blocks: Mapping[str, str] = field(default_factory=dict)
    id: str = ""

    @property
    def messages(self) -> tuple[Message, ...]:
        """All messages in the order in which the model reads them."""
        return self.stable + self.history + self.volatile
