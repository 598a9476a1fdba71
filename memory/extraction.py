"""A finished turn -> what is worth remembering, in the person's own words. Pure, by rules.

One clause is one candidate. Questions, wishes and orders are not facts about a person, and words about harming
oneself are never kept as memories: the safety protocol owns them.
"""

from __future__ import annotations

import re

from memory.types import Candidate, MemoryKind

_SENTENCE = re.compile(r"[。！!；;\n]+|(?<!\d)\.(?!\d)|(?<=[?？])")
_PART = re.compile(r"[，,、]|(?:但是|不过|可是)|\b(?:and|but)\b", re.IGNORECASE)
_NOT_A_FACT = re.compile(
    r"[?？]|[吗呢]$|^(?:如果|要是|假如|请|帮我|你能|你可以|给我)|什么时候|为什么|怎么办|"
    r"\b(?:if i|i wish|what if|can you|could you|would you|please|tell me)\b",
    re.IGNORECASE,
)
_CRISIS = re.compile(
    r"自杀|轻生|想死|不想活|活着没|割腕|自残|伤害自己|结束生命|跳楼|\b(?:suicid\w*|kill myself|end my life|want to die|"
    r"hurt myself|harm myself|self[- ]harm|better off dead)\b",
    re.IGNORECASE,
)
_SELF = re.compile(r"我|咱|\b(?:i|i'm|i've|i'll|my|me|mine)\b", re.IGNORECASE)
_PEOPLE = (
    r"(?:我|咱)(?:的)?(?:妈妈?|爸爸?|父亲|母亲|爷爷|奶奶|外婆|外公|姥姥|姥爷|"
    r"哥哥?|弟弟?|姐姐?|妹妹?|老公|老婆|丈夫|妻子|男朋友|女朋友|"
    r"对象|儿子|女儿|孩子|"
    r"室友|同学|同事|朋友|闺蜜|老板|领导|老师|猫|狗|宠物)"
)
_PEOPLE_EN = (
    r"\bmy (?:\w+ )?(?:mom|mum|mother|dad|father|grand\w+|brother|sister|"
    r"husband|wife|boyfriend|girlfriend|partner|son|"
    r"daughter|kids?|child|children|roommate|flatmate|friend|boss|teacher|cat|dog|pet)\b"
)
_TIME = (
    r"明天|后天|大后天|昨天|前天|今晚|今天|下周|下个?月|上周|上个?月|明年|去年|周[一二三四五六日末]|星期[一二三四五六日天]|"
    r"\b(?:tomorrow|yesterday|tonight|today|next (?:week|month|year|\w+day)|last (?:week|month|year|night|\w+day)|"
    r"on \w+day)\b"
)
_HAPPENING = (
    r"面试|考试|考研|高考|搬家|出差|旅游|手术|体检|生日|结婚|分手|离婚|毕业|入职|辞职|失业|去世|住院|吵架|"
    r"\b(?:interview|exam|test|moving|surgery|operation|birthday|wedding|married|broke up|divorce|graduat\w+|new job|"
    r"lost my job|laid off|passed away|died|trip|fight|argument)\b"
)

# (kind, salience, pattern); the first that fits names the kind.
_RULES: tuple[tuple[MemoryKind, float, re.Pattern[str]], ...] = tuple(
    (kind, salience, re.compile(pattern, re.IGNORECASE))
    for kind, salience, pattern in (
        (
            MemoryKind.PROFILE,
            0.9,
            r"我叫(?!你|他|她)|我的名字|叫我\S|我今年\S*岁|我(?:住在|是\S{1,6}人)|"
            r"\bmy name is\b|\bcall me\b|\bi(?:'m| am) \d+ years old\b|\bi live in\b|\bi(?:'m| am) from\b",
        ),
        (MemoryKind.EVENT, 0.8, rf"(?:{_TIME}).*(?:{_HAPPENING})|(?:{_HAPPENING}).*(?:{_TIME})"),
        (
            MemoryKind.WORRY,
            0.7,
            r"担心|害怕|怕(?!是)|焦虑|睡不着|失眠|压力|紧张|发愁|"
            r"\b(?:worried|worry|afraid|scared|anxious|nervous|can't sleep|stressed)\b",
        ),
        (MemoryKind.EVENT, 0.7, rf"(?:{_HAPPENING})"),
        (MemoryKind.PERSON, 0.7, rf"(?:{_PEOPLE})|(?:{_PEOPLE_EN})"),
        (
            MemoryKind.WORK,
            0.6,
            r"我(?:在\S{1,12}(?:上班|工作|上学|读书)|"
            r"是(?:一?[个名])?\S{0,8}(?:老师|医生|护士|程序员|学生|司机|工程师|会计|销售))|"
            r"\bi work (?:at|for|in|as)\b|\bi study\b|\bmy job\b|"
            r"\bi(?:'m| am) an? (?:student|teacher|nurse|doctor|engineer|driver)\b",
        ),
        (
            MemoryKind.PREFERENCE,
            0.5,
            r"我(?:最|很|特别|挺|超)?(?:喜欢|爱(?!上)|讨厌|不喜欢|受不了)|"
            r"\bi (?:really )?(?:love|like|enjoy|hate|can't stand|don't like|prefer)\b",
        ),
        (MemoryKind.EVENT, 0.4, rf"(?:{_TIME}).{{2,}}"),
    )
)
# Chinese leaves the subject out where it is the speaker: 下周三要面试.
_DROPPED = re.compile(rf"^(?:{_TIME}).{{0,4}}[要得去有].{{0,6}}(?:{_HAPPENING})")
_LONGEST = 200  # characters of one memory


def extract(text: str, *, language: str | None = None, valence: float | None = None) -> list[Candidate]:
    """Candidates of one turn, in order, without repeats. A strong feeling (|valence|) adds up to .2 salience."""
    found: dict[str, Candidate] = {}
    for sentence in _SENTENCE.split(text):
        sentence = sentence.strip()
        if not sentence or _CRISIS.search(sentence) or not (_SELF.search(sentence) or _DROPPED.search(sentence)):
            continue
        for clause in _clauses(sentence):
            if _NOT_A_FACT.search(clause):
                continue
            for kind, salience, pattern in _RULES:
                if pattern.search(clause):
                    raised = min(1.0, salience + 0.2 * abs(valence or 0.0))
                    found.setdefault(clause.lower(), Candidate(kind, clause[:_LONGEST], raised, language))
                    break
    return list(found.values())


def _clauses(sentence: str) -> list[str]:
    """The parts of a sentence; a part without a subject of its own stays with the one before it."""
    if sentence.endswith(("?", "？")):
        return [sentence]
    parts: list[str] = []
    for part in _PART.split(sentence):
        part = part.strip()
        if parts and part and not _names_kind(part):
            parts[-1] = f"{parts[-1]}，{part}" if not part.isascii() else f"{parts[-1]}, {part}"
        elif part:
            parts.append(part)
    return parts


def _names_kind(part: str) -> bool:
    return any(pattern.search(part) for _, _, pattern in _RULES)
