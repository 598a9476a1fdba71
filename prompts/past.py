"""What was said before -> the history of a prompt, and a few lines of what no longer fits. Pure.

What is worked out of one exchange (its messages, their tokens, what it tells) is kept with that exchange, for as long
as somebody holds it, and no longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop
from weakref import ref

from memory.extraction import extract
from prompts.budget import PER_MESSAGE, Count, cut_middle, first_kept
from prompts.quoting import inline, plain
from prompts.types import Exchange, Message
from prompts.wording import WORDING, Wording

SUMMARY_TOKENS = 120
_LONGEST = 240  # tokens of one message of the history: what was longer has been answered, a part of it will do
_LONGEST_CLAUSE = 60  # characters
_TELLING = 0.4  # salience

_Telling = tuple[float, str, int]  # salience, clause, its tokens


@dataclass(slots=True)
class _Rendered:
    of: ref[Exchange]
    count: Count
    mark: str
    messages: tuple[Message, ...]
    tokens: int
    telling: tuple[_Telling, ...] | None = None


_rendered: dict[int, _Rendered] = {}  # by the identity of the exchange, which `of` confirms


@dataclass(frozen=True, slots=True)
class Past:
    """messages: of the exchanges from `first` on, tokens: of them. summary: of those before `trimmed`.

    trimmed: where the history is cut for many turns. first: where it is cut in this one, never before `trimmed`.
    """

    messages: tuple[Message, ...]
    tokens: int
    summary: str
    trimmed: int
    first: int


def prepare(exchange: Exchange, language: str, count: Count) -> None:
    """Work out what the prompts of later turns will need of a finished exchange, so that they need not wait for it.

    For after a reply, off the way of the next one; without it the same is done in the turn that first needs it.
    language: of the persona, zh or en. count: as compose() will count.
    """
    rendered = _render(exchange, WORDING[language].cut, count)
    if rendered.telling is None:
        rendered.telling = _telling(exchange, count)


def past(history: Sequence[Exchange], room: int, wording: Wording, count: Count, most: int | None = None) -> Past:
    """The newest exchanges that fit: cut in big steps at `room` tokens, and further where only `most` are left."""
    rendered = [_render(exchange, wording.cut, count) for exchange in history]
    costs = [one.tokens for one in rendered]
    first = trimmed = first_kept(costs, room)
    total = sum(costs[first:])
    while first < len(costs) and total > (room if most is None else most):
        total -= costs[first]
        first += 1
    told = _summary(history[:trimmed], rendered, wording, count)
    return Past(tuple(m for one in rendered[first:] for m in one.messages), total, told, trimmed, first)


def _summary(trimmed: Sequence[Exchange], rendered: Sequence[_Rendered], wording: Wording, count: Count) -> str:
    """The person's most telling clauses, in the order in which they were said; "" without any.

    At most SUMMARY_TOKENS with what introduces it. Of two that say the same the newer stays.
    """
    found = []
    for n, (exchange, one) in enumerate(zip(trimmed, rendered, strict=False)):
        if one.telling is None:
            one.telling = _telling(exchange, count)
        found += [(-salience, -n, clause, tokens) for salience, clause, tokens in one.telling]
    heapify(found)  # only the first few are wanted
    chosen: dict[str, int] = {}
    left, between = SUMMARY_TOKENS - count(wording.earlier), count(wording.quote + wording.between)
    while found and left > between:
        _, before, clause, tokens = heappop(found)
        if clause not in chosen and tokens + between <= left:
            chosen[clause] = -before
            left -= tokens + between
    return wording.between.join(wording.quote.format(clause) for clause in sorted(chosen, key=chosen.__getitem__))


def _render(exchange: Exchange, mark: str, count: Count) -> _Rendered:
    key = id(exchange)
    known = _rendered.get(key)
    if known is not None and known.of() is exchange and known.mark == mark and known.count == count:
        return known
    both = (Message("user", exchange.user), Message("assistant", exchange.assistant))
    messages = tuple(  # a reply of which nothing was heard leaves no mark that a model could learn to make
        Message(m.role, cut_middle(plain(m.content), _LONGEST, mark, count)) for m in both if m.content
    )
    tokens = sum(count(m.content) + PER_MESSAGE for m in messages)
    made = _Rendered(ref(exchange, lambda _: _rendered.pop(key, None)), count, mark, messages, tokens)
    _rendered[key] = made
    return made


def _telling(exchange: Exchange, count: Count) -> tuple[_Telling, ...]:
    said = [(c.salience, inline(c.text)[:_LONGEST_CLAUSE].rstrip("。.；; ")) for c in extract(exchange.user)]
    return tuple((salience, clause, count(clause)) for salience, clause in said if clause and salience >= _TELLING)
