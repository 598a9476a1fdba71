"""Whether a model is to think before it answers. Pure.

Thinking costs seconds of silence, and silence after "我好累" is worse than a plain answer. So it is for what a plain
answer gets wrong: risk, plans, and several people who want different things.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Mode = Literal["auto", "on", "off"]

# All authored, as are the words below: the lines between a plain turn and one worth waiting for.
_RISKY = 2  # of the levels 0 (none) to 3 (acute)
_PLAIN, _LONG = 12, 40  # words: up to the first nothing but risk counts; from the second on a turn is long
_PARTS = 3  # questions, or parts of one, from which on an answer must be put in order

_HAN = re.compile(r"[一-鿿]")
_WORD = re.compile(r"[A-Za-z0-9']+")
_HAN_A_WORD = 1.6  # Han characters to a word, by which both languages are measured alike
_ASKS = re.compile(
    r"[?？]|怎么办|怎么(?:做|说|选|跟|和|才)|要不要|该不该|能不能|是不是该|还是说|哪个|"
    r"\b(?:how (?:do|can|should)|should i|what (?:do|should) i)\b",
    re.IGNORECASE,
)
_PLANS = re.compile(
    r"计划|安排|规划|步骤|一步一步|帮我(?:想|理|列|定|分析|准备)|怎么(?:准备|选|平衡)|利弊|优缺点|"
    r"\b(?:plan|schedule|steps?|step by step|pros and cons|prepare for|figure out|weigh|trade-?offs?|"
    r"help me (?:decide|think))\b",
    re.IGNORECASE,
)
_PEOPLE = re.compile(
    r"我?(?:妈妈?|爸爸?|父母|爸妈|婆婆|公公|岳母|岳父|老公|老婆|丈夫|妻子|男朋友|女朋友|对象|儿子|女儿|孩子|哥哥?|姐姐?|弟弟?|妹妹?|"
    r"老板|领导|同事|室友|朋友|闺蜜|前任)|"
    r"\b(?:mom|mum|mother|dad|father|parents?|husband|wife|boyfriend|girlfriend|partner|son|daughter|kids?|brother|"
    r"sister|boss|manager|coworkers?|colleagues?|roommates?|flatmates?|friends?|ex|in-laws?)\b",
    re.IGNORECASE,
)
_CLASH = re.compile(
    r"吵|闹|矛盾|冲突|翻脸|冷战|不同意|反对|夹在|站在?哪边|逼|怪我|不肯|非要|一边是|两边|"
    r"\b(?:fight|fought|argu\w+|conflict|disagree\w*|refus\w+|insist\w*|in the middle|take sides|blam\w+|against|"
    r"caught between|torn between|on the other hand)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to think, and why, in a few words for whoever reads the turn afterwards. Truth value: on."""

    on: bool
    reason: str

    def __bool__(self) -> bool:
        return self.on


def decide(mode: Mode, *, risk: int, text: str) -> Decision:
    """mode: the setting; risk: 0 (none) to 3 (acute) of this turn; text: what they said in it.

    auto: thinks at risk 2 (a reply that must be weighed, but not the acute 3, which the safety protocol answers and
    where seconds count), and over complex turns: a plan, a conflict of several people, a long question of many
    parts. A plain line never. Rules and thresholds: authored.
    """
    if mode != "auto":
        return Decision(mode == "on", f"set to {mode}")
    if risk > _RISKY:
        return Decision(False, "acute risk: answer at once")
    if risk == _RISKY:
        return Decision(True, f"risk {risk}")
    words = len(_WORD.findall(text)) + len(_HAN.findall(text)) / _HAN_A_WORD
    if words <= _PLAIN:
        return Decision(False, "a plain line")
    asks = len(_ASKS.findall(text))
    people = {found.lower().lstrip("我") for found in _PEOPLE.findall(text)}
    if asks and _PLANS.search(text):
        return Decision(True, "a plan is asked for")
    if len(people) >= 2 and _CLASH.search(text) and (asks or words >= _LONG):
        return Decision(True, f"a conflict of {len(people)} others")
    if asks >= _PARTS and words >= _LONG / 2:
        return Decision(True, f"a question of {asks} parts")
    if asks >= 2 and words >= _LONG:
        return Decision(True, "a long question of several parts")
    return Decision(False, "nothing complex")
