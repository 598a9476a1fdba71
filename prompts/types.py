"""Values of the prompts domain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant"]
BlockName = Literal[
    "persona", "rules", "profile", "summary", "history", "affect", "trend", "recall", "strategy", "risk", "user"
]


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message, as chat models take it."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Exchange:
    """A finished turn of the conversation as the prompt's history takes it: the person's words without notes.

    at: when it was said, unix s; 0 where it is not known. What the prompt works out of an exchange is kept for as long
    as somebody holds the exchange, and no longer.
    """

    user: str
    assistant: str
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Block:
    """One part of a prompt, for whoever reads it afterwards.

    text: as it stands in the prompt, "" where the turn has none. sha256: hex, of the text. tokens: as counted for the
    budget. why: in English, what put it there or left it out; never a person's words.
    """

    name: BlockName
    text: str
    sha256: str
    tokens: int
    why: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt in three parts: what never changes, what only grows, what is new this turn.

    history begins with the pair that tells what is known of the person, where something is. blocks: in the order of
    BlockName, all of them. id: sha256 hex of the messages.
    """

    stable: tuple[Message, ...]
    history: tuple[Message, ...]
    volatile: tuple[Message, ...]
    blocks: tuple[Block, ...] = ()
    id: str = ""

    @property
    def messages(self) -> tuple[Message, ...]:
        """All messages in the order in which the model reads them."""
        return self.stable + self.history + self.volatile

    def block(self, name: BlockName) -> Block:
        """The block of that name. Raises KeyError for a prompt that was made without blocks."""
        for block in self.blocks:
            if block.name == name:
                return block
        raise KeyError(name)
