"""The memories of a person -> who they are, slot by slot. Pure: a view, made anew whenever it is wanted."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from memory.relations import ANIMAL_EN, ANIMAL_ZH
from memory.types import Memory, MemoryKind, Sensitivity, Slot

# A person has one of these at a time. The rest hold several memories.
SINGLE = frozenset({Slot.ADDRESS, Slot.PRONOUNS, Slot.AGE})
_OF_KIND: Mapping[MemoryKind, Slot] = {
    MemoryKind.RELATIONSHIP: Slot.PEOPLE,
    MemoryKind.PREFERENCE: Slot.LIKES,
    MemoryKind.WORRY: Slot.WORRIES,
}
_DAY = 86_400.0
_YEAR = 365.25 * _DAY
_FLAGS = re.IGNORECASE | re.ASCII
_PET = re.compile(rf"{ANIMAL_ZH}|\b{ANIMAL_EN}", _FLAGS)
_FRIEND = re.compile(r"朋友|friend", _FLAGS)

_END = r"(?=$|[\s，,。；;.!！”\"」』]|的|了|吧|啊|呢|就|，|一只|另一|和|跟|也|今年|已经)"
_HAN_NAME = r"[\u3400-\u9fff]{1,4}?"
_LATIN_NAME = r"(?-i:[A-Z][\w'’-]*(?: [A-Z][\w'’-]*)?)"
_NAMES = re.compile(
    rf"(?:(?:名字|小名|外号|英文名|大名)(?:是|叫)?|叫(?!做)|叫做|名叫|喊|称呼)\s?(?P<me>我)?\s?[“\"「]?(?P<zh>"
    rf"{_HAN_NAME}){_END}|"
    rf"(?:叫|名字是?|英文名)\s?[“\"「]?(?P<mixed>[A-Za-z][A-Za-z'’-]+)|姓(?P<family>[\u3400-\u9fff]){_END}|"
    rf"\b(?:called|named|name is|name['’]s|call me|i go by)\s(?P<en>\w[\w'’-]*)|"
    rf"\b(?:my|our)\s(?:[a-z-]+\s){{1,3}}(?:is\s)?(?P<own>{_LATIN_NAME})|(?:朋友|闺蜜|同事|室友|女儿|"
    rf"儿子)是(?P<friend>{_HAN_NAME}){_END}",
    _FLAGS,
)
_PLACES = re.compile(
    rf"(?:住在|住|搬到|搬来|搬回|搬去|来自|老家(?:是|在)?|人在|定居|现在在|是在)(?:了)?\s?(?P<zh>[\u3400-\u9fff]{{2"
    rf",6}}?){_END}|"
    rf"(?:^|我)(?:是)(?P<people>[\u3400-\u9fff]{{2,4}})人|\b(?:in|from|to|near|at)\s(?P<en>{_LATIN_NAME})|(?:住在|"
    rf"搬到|老家|"
    rf"来自|人在)\s?(?P<mixed>[A-Za-z]+)",
    _FLAGS,
)
_NOT_A_NAME = re.compile(
    r"^(?:我|你|他|她|它|什么|啥|这|那|不|没|起|来|去|吃|人|车|爸|妈|做|就|都|也|一|google|the|a|an|my|me|monday|"
    r"tuesday|wednesday|thursday|"
    r"friday|saturday|sunday|"
    r"january|february|march|april|may|june|july|august|september|october|november|december|christmas|i)$|"
    r"^[我你他她它]|"
    r"外卖|[一二三四五六七八九十]个",
    _FLAGS,
)
_NAMING = (Slot.ADDRESS, Slot.PEOPLE, Slot.PETS, Slot.HOME, Slot.WORK)


@dataclass(frozen=True, slots=True)
class Profile:
    """What holds of a person now, best first in each slot; slots without memories are absent. Nothing of a crisis.

    Confidence and evidence stay on the memories. A slot of SINGLE has one memory.
    """

    slots: Mapping[Slot, tuple[Memory, ...]]

    @classmethod
    def of(cls, memories: Sequence[Memory], now: float) -> Profile:
        """The profile at `now`, unix s, from the memories that hold then. A memory without a slot goes by its kind."""
        found: dict[Slot, list[Memory]] = {}
        for memory in memories:
            slot = slot_of(memory)
            if slot and memory.sensitivity is not Sensitivity.CRISIS and memory.holds(now) and not _denied(memory):
                found.setdefault(slot, []).append(memory)
        ranked: dict[Slot, tuple[Memory, ...]] = {}
        for slot in Slot:
            if slot in found:
                best = sorted(found[slot], key=lambda m: (-_rank(m, now), m.id))
                ranked[slot] = tuple(best[:1] if slot in SINGLE else best)
        return cls(MappingProxyType(ranked))

    @property
    def empty(self) -> bool:
        """Whether nothing is known."""
        return not self.slots

    @property
    def memories(self) -> tuple[Memory, ...]:
        """All of them, slot by slot."""
        return tuple(memory for held in self.slots.values() for memory in held)

    def get(self, slot: Slot) -> tuple[Memory, ...]:
        """The memories of one slot, best first; () where nothing is known."""
        return self.slots.get(slot, ())

    def hotwords(self, limit: int = 50) -> tuple[str, ...]:
        """Names that a recogniser should expect, without repeats: their own, people, pets, places. At most `limit`."""
        found: dict[str, str] = {}
        for slot in _NAMING:
            for memory in self.get(slot):
                for word in _words(memory, slot):
                    found.setdefault(word.lower(), word)
        return tuple(found.values())[: max(0, limit)]


def slot_of(memory: Memory) -> Slot | None:
    """Its slot, or the one that its kind stands for; None for events, promises and the companion's own words."""
    if memory.slot is not None:
        return memory.slot
    slot = _OF_KIND.get(memory.kind)
    pet = slot is Slot.PEOPLE and _PET.search(memory.text) and not _FRIEND.search(memory.text)
    return Slot.PETS if pet else slot


def _denied(memory: Memory) -> bool:
    """Whether it only says that something is over. A dislike is a claim that does not hold, and still a taste."""
    return memory.claim is not None and not memory.claim.holds and not memory.claim.key.startswith("likes/")


def _rank(memory: Memory, now: float) -> float:
    """Confidence, up to .3 for being new (halved each year) and up to .2 for turns that repeat it. Weights authored."""
    age = max(0.0, now - memory.learned_at)
    repeated = min(len(memory.evidence), 5) / 5
    return memory.confidence + 0.3 * math.pow(0.5, age / _YEAR) + 0.2 * repeated


def _words(memory: Memory, slot: Slot) -> Iterator[str]:
    if memory.claim is not None and memory.claim.holds and memory.claim.key in ("name", "home", "from"):
        yield memory.claim.value
    pattern = _PLACES if slot in (Slot.HOME, Slot.WORK) else _NAMES
    for match in pattern.finditer(memory.text):
        groups = match.groupdict()
        if groups.pop("me", None) and slot is not Slot.ADDRESS:
            continue  # 我妈叫我早点睡
        word = next((w for w in groups.values() if w), "").strip()
        if word and not _NOT_A_NAME.search(word):
            yield word
