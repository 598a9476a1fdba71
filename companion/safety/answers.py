"""Whether words answer what the protocol asked, and whether they ask for help themselves. Pure; patterns are authored.

A yes has to be clear: whatever can be read in two ways is "unclear", and nobody is fetched on it.
"""

from __future__ import annotations

import re

from companion.safety.protocol_types import Answer, Asked

_CLAUSE = re.compile(r"[，,。.！!？?；;、\n…~～]+")
_FILLER = re.compile(
    r"^(?:嗯+|呃+|唔|额|那个|其实|我觉得|我想|应该|那|就|um+|uh+|well|so|i think|i guess|actually|hmm+)[\s]*",
    re.IGNORECASE,
)
_WEAK = re.compile(
    r"嗯+|好吧?|哦+|噢|行吧|ok(?:ay)?|well|yeah|"
    r"mm+",
    re.IGNORECASE,
)  # a yes only where nothing follows
_UNSURE = re.compile(
    r"不知道|不确定|不清楚|说不(?:清|好|准)|也许|可能|或许|看情况|随便|再说吧|不好说|算是吧|还行吧|[安愿]不[安愿]|"
    r"\b(?:not sure|don't know|dunno|idk|maybe|perhaps|no idea|whatever|kind of|sort of|hard to say|i can't tell)\b",
    re.IGNORECASE,
)
_NO = re.compile(
    r"(?:我|他|她|现在|真的|还是|还|暂时|先|都|根本|一点都?|也|并|谁都|身边|家里|旁边)*"
    r"(?:不(?!用担心|要担心|会有事|会做傻事|会伤害|会的吧)|没(?!事|关系|问题|有?危险|受伤)|别(?!担心)|算了|拒绝|"
    r"危险)|"
    r"(?:no|nope|nah|not|never|don't|do not|i don't|i do not|i'm not|i am not|it's not|it isn't|isn't|i can't|cannot|"
    r"can't|i'd rather not|i would rather not|please don't|nobody|no one|none|they're not|he's not|she's not|"
    r"i haven't|not really|i'm in danger|i refuse)\b(?! (?:worry|problem))",
    re.IGNORECASE,
)
_YES = re.compile(
    r"(?:我|他|她|现在|这里|是(?=安全|平安|在)|都|已经|当然|真的|也|还|可以|身边|旁边|家里|刚刚|刚)*"
    r"(?:是(?:的|啊|呀)?$|对(?:的|啊|呀)?$|有(?:的|人|啊|一?个|朋友|家人|我|妈|爸|室友|同学)|有$|在(?:的|家|啊|呢|"
    r"我)?$|能(?:的|够|保证|做到)?$|"
    r"可以(?:的|啊|呀|吧)?$|愿意|同意|好(?:的|啊|呀|吧)?$|行(?:的|啊|吧)?$|要(?:的)?$|请(?:吧|来|帮|您|你)|叫吧|"
    r"来吧|麻烦你|"
    r"安全|平安|没问题|打了|停了|挂了|放(?:远|好)了|离开了|出来了|拿走了|联系(?:得|的)?上|告诉(?:吧|他|她)|通知吧)|"
    r"(?:yes|yep|yeah|yup|sure|of course|please|please do|ok|okay|alright|all right|fine|i do|i am|i can|i will|"
    r"i have|"
    r"i would|i'd like|they are|he is|she is|there is|absolutely|definitely|go ahead|i'm safe|i am safe|right)\b",
    re.IGNORECASE,
)
_TAKEN_BACK = re.compile(r"不(?:了|用|要|想|过)|但|\b(?:no|not|but|don't)\b", re.IGNORECASE)
_SAFE = re.compile(
    r"没事|不用担心|不要担心|别担心|没有?危险|放心|没受伤|不会(?:有事|做傻事|伤害)|还好|"
    r"\b(?:don't worry|no danger|i'm (?:ok|okay|fine|alright|all right|good)|not in danger|won't hurt|"
    r"won't do anything)\b",
    re.IGNORECASE,
)
_UNSAFE = re.compile(
    r"(?:不|没|不太|不是很|不怎么)安全|想(?:死|跳)|撑不(?:住|下去)|\bnot (?:really |very |that )?safe\b|\bunsafe\b",
    re.IGNORECASE,
)

_HELP = re.compile(
    r"(?:热线|求助电话|援助电话|心理电话|咨询电话|报警电话|急救电话)(?:是|号|有|多少|呢|给|发|怎么|吗|在)|"
    r"(?:给我|发我|告诉我|有没有|有什么|哪里有|哪儿有|想要|想打|要打|怎么打|打哪个|打什么)[^。！？\n]{0,8}(?:热线|"
    r"求助|援助|号码|电话(?!费))|"
    r"(?:该|应该|可以|能|去)(?:给|找|打)[^。！？\n]{0,4}(?:谁|哪里|哪儿)(?:求助|帮忙|打电话)|(?:向|找)谁(?:求助|"
    r"帮忙)|"
    r"(?:想|要|能不能|可以|可不可以|帮我|给我)[^。！？\n]{0,6}(?:真人|人工|咨询师|心理医生)(?!说|讲|告诉|建议)|"
    r"转人工|"
    r"\b(?:hotline|helpline|crisis line|lifeline)s?\b[^.!\n]{0,20}\?|"
    r"\b(?:what|which|is there|give me|send me|do you have|need|want|got)\b[^.?!\n]{0,24}\b(?:hotline|helpline|"
    r"crisis line|lifeline|"
    r"number (?:to|i can|can i) call|number for help)\b|\b(?:who|whom|where) (?:can|could|should|do) i (?:call|"
    r"turn to|get help)\b|"
    r"\b(?:talk|speak|chat) (?:to|with) (?:a )?(?:real|actual|live) (?:person|human|counsell?or|someone)\b|"
    r"\b(?:want|need|get me|give me|like) (?:a |an )?(?:real|actual|live|human) (?:person|counsell?or|human|being)\b",
    re.IGNORECASE,
)
_NOT_HELP = re.compile(
    r"(?<!能)(?<!可)(?:不(?!能|可)|别|没)(?:想|要|用|需要|必)?(?:给我|找|打|再)?[^，。！？\n]{0,6}(?:热线|真人|"
    r"人工|咨询师|号码)|"
    r"\b(?:don't|do not|no) (?:want|need|give|send)\b|接(?:线|热线)的?工作",
    re.IGNORECASE,
)
_NO_COUNSELLOR = re.compile(
    r"(?:不(?:想|要|需要|愿意|用|必|许)|别|不准)(?:再)?(?:让|给|叫|请|找|把)?[^，。！？\n]{0,6}"
    r"(?:咨询师|真人|人工|别人(?:看|进来|来|知道)|其他人(?:看|进来|来)|外人|人(?:来|看|进来))|"
    r"\b(?:don't|do not|no|not)\b[^.?!\n]{0,24}\b(?:counsell?ors?|real person|anyone (?:else )?(?:to )?"
    r"(?:see|read|look|join|come)|anybody (?:to )?(?:see|read|look|join|come)|someone else)\b",
    re.IGNORECASE,
)


def read_answer(text: str, asked: Asked) -> Answer:
    """What the words say to what was asked last; "unclear" where nothing was."""
    if not asked:
        return "unclear"
    text = text.replace("’", "'").strip()
    if asked == "safe" and _UNSAFE.search(text):
        return "no"
    if _UNSURE.search(text):
        return "unclear"
    clauses = [stripped for part in _CLAUSE.split(text) if (stripped := part.strip())][:3]
    if asked == "safe" and _SAFE.search(text):
        return "yes"
    found = {verdict for clause in clauses if (verdict := _verdict(clause, alone=len(clauses) == 1))}
    if len(found) == 1:
        return found.pop()
    if found or not clauses:
        return "unclear"
    return "yes" if all(_WEAK.fullmatch(clause) for clause in clauses) else "unclear"


def wants_help(text: str) -> bool:
    """Whether the words ask for a number, whom to turn to, or a real person."""
    text = text.replace("’", "'")
    return _HELP.search(text) is not None and _NOT_HELP.search(text) is None


def declines_review(text: str) -> bool:
    """Whether the words refuse a counsellor, asked or unasked."""
    return _NO_COUNSELLOR.search(text.replace("’", "'")) is not None


def _verdict(clause: str, *, alone: bool) -> Answer | None:
    if _WEAK.fullmatch(clause) and not alone:
        return None
    bare = _FILLER.sub("", clause) or clause
    if _NO.match(bare):
        return "no"
    if _YES.match(bare) or (alone and _WEAK.fullmatch(clause)):
        return None if _TAKEN_BACK.search(bare) else "yes"
    return None
