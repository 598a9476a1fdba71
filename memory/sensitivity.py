"""How careful to be with a memory, and which words are never kept as one. Pure, by rules; patterns are authored."""

from __future__ import annotations

import re

from memory.relations import MINE
from memory.types import MemoryKind, Sensitivity, Slot

_FLAGS = re.IGNORECASE | re.ASCII
_SELF_HARM = re.compile(
    r"自杀|轻生|(?<!笑)(?<!烦)想死(?!你|他|她|我|它)|去死|不想(?:再)?活|活(?:着)?(?:真|好|也|太|都)?(?:没意?|"
    r"没有意|没什么意|不如死)|活不下去|不配活|"
    r"割(?:腕|自己|手臂|手腕)|自残|自伤|(?:伤害|弄死|杀了|杀死|烫|掐)(?:我)?自己|结束(?:这|自己|我)?(?:的)?(?:生命|"
    r"一生|一切)|了结(?:自己|生命|这)|"
    r"跳楼|跳河|跳下去|上吊|烧炭|(?:站在|走到|上了?|在)(?:楼顶|天台|桥上)|吞(?:了)?(?:\S{0,4})药|(?:吃|攒|买)(?:了|"
    r"好)?(?:一?整瓶|很多|大量)(?:\S{0,3})药|"
    r"遗书|遗言|(?:想|好想|要)(?:\S{0,4})消失|不想(?:再)?(?:醒来|醒过来|撑)|撑不下去|一了百了|离开这个世界|"
    r"没有我(?:会|就)?更好|来世|"
    r"\bsuicid\w*|\b(?:kill|hurt|harm|cut|burn|hang|shoot|starve)(?:ing)? myself|\b(?:end|ending|take|"
    r"taking) (?:my (?:own )?life|it all)|"
    r"\b(?:thinking about|want to|going to|about) end(?:ing)? it\b|\b(?:want|wanna|wish|ready|going)(?: to)? (?:die|"
    r"be dead|disappear)\b|"
    r"\bwish i (?:was|were) (?:dead|never born)|self[- ]?harm\w*|\bcutting (?:again|myself)|better off (?:dead|"
    r"without me)|"
    r"\b(?:don'?t|do not|didn'?t) want to (?:be here|be alive|live|exist|wake up|go on)\b|no (?:reason|point) (?:to|"
    r"in) (?:live|living|going on)|"
    r"\btook (?:all )?(?:my|the|too many|a bunch of) (?:\w+ )?pills|\b(?:overdos\w+|jump(?:ed|ing)? off)\b|"
    r"\bcan'?t go on\b|goodbye (?:note|letter)",
    _FLAGS,
)
_THEIR_DEATH = re.compile(
    rf"{MINE}[^我]{{0,8}}(?:自杀|跳楼|轻生|割腕|上吊|跳河|烧炭|吞\S{{0,4}}药|割(?:手|自己))|"
    rf"{MINE}(?:\s\w+){{0,4}}?\s(?:(?:killed|hanged|shot|hurt|cut) (?:himself|herself|themsel\w+)|(?:took|"
    rf"ended) (?:his|her|their) (?:own )?life|"
    rf"(?:died by|committed|attempted) suicide|overdosed|jumped off)|\b(?:lost|losing)\s{MINE}[^.]{{0,20}} to suicide",
    _FLAGS,
)
_OWN_WISH = re.compile(
    r"我(?:自己)?(?:也|好|真的?|都|就|差点|曾经?|试过|其实)*(?:想|要|会|不想|自杀|割|吞|试过)|陪(?:他|她|"
    r"它)(?:一起)?(?:走|去|死)|跟着(?:他|她)(?:走|去)|"
    r"\bmyself\b|\bmy (?:own )?life\b|\bi(?:'m| am| was| feel)? (?:also |so )?(?:suicidal|want|wish|tried|"
    r"thought)\b|\b(?:me too|join (?:him|her|them))\b",
    _FLAGS,
)
_CRISIS = re.compile(
    r"去世|过世|病逝|逝世|离世|猝死|葬礼|追悼|出殡|下葬|自杀|跳楼|轻生|割腕|上吊|"
    r"(?:他|她|它|爷|奶|婆|公|姥|爸|妈|狗|猫|兔|龟|鼠|同事|同学|朋友|室友|人|孩子|宝宝)\S{0,6}(?:没了|没保住|"
    r"走丢了?再|不在了|死了|死掉)|"
    r"(?:爷爷|奶奶|外婆|外公|姥姥|姥爷|爸爸?|妈妈?|父亲|母亲|狗狗?|猫咪?|兔子|乌龟|仓鼠|它)[^，,]{0,8}走了(?!路|进|"
    r"出|过)|"
    r"(?:打|揍|踢|掐|扇|殴打)(?:了|过|我妈|我爸)*(?:我(?!电话|的)|妈|孩子)|被\S{0,4}(?:打(?!扰|断|动|电话)|揍|强奸|"
    r"侵犯|猥亵|性骚扰|霸凌|跟踪|绑架|抢劫|砍)|"
    r"(?:他|她|它)走了(?:\S{0,4}(?:年|个月|天))|家暴|虐待|强奸|性侵|流产|(?:孩子|胎)\S{0,3}(?:没了|没保住|停了)|"
    r"胎停|车祸\S{0,6}(?:没|死|走)|威胁要杀|"
    r"\b(?:passed away|died|(?:is|was|are|were|found|dropped) dead|death of|funeral|burial|killed (?:himself|herself|"
    r"themsel\w+|by)|suicide|overdosed|"
    r"(?:lost|losing) (?:my|our) (?:\w+ )?(?:mom|mum|mother|dad|father|brother|sister|son|daughter|baby|husband|wife|"
    r"grand\w+|dog|cat)|"
    r"miscarr\w+|stillb\w+|put (?:him|her|my \w+) (?:down|to sleep)|(?:hit|hits|beats?|chok\w+|slap\w*|punch\w*|"
    r"shov\w+|kick\w*) (?:me|us|my mo?u?m|her kids)\b|"
    r"abus\w+|assault\w*|rap(?:ed|ist)|molest\w+|stalk\w+|domestic violence|threaten\w* to kill|at gunpoint)\b",
    _FLAGS,
)
_PRIVATE = re.compile(
    # health
    r"手术|住院|发烧|急诊|结节|不及格|被\S{0,4}(?:孤立|欺负|排挤|嘲笑)|化疗|癌|肿瘤|病(?!毒视频)|症|炎(?!热|夏)|"
    r"哮喘|过敏|不耐受|抑郁|双相|焦虑症|adhd|药|检查|体检报告|"
    r"确诊|怀孕|生理期|月经|血压|血糖|咨询师|心理医生|复发|"
    # money
    r"房贷|房租|欠|负债|债|信用卡|借(?:了|钱)|还不上|工资|存款|破产|没钱|网贷|催收|"
    # love and family
    r"分手|离婚|复合|出轨|劈腿|前任|前男友|前女友|前夫|前妻|相亲|暗恋|表白|喜欢上|爱上(?!了?(?:做|打|喝|吃|看))|单身|"
    r"离开(?:他|她)|吵架|吵了|大吵|冷战|断绝|不理我|不说话|没说话|回娘家|婆婆|不管(?:我|孩子)|重男轻女|"
    r"家里(?:还)?不知道|"
    # sexuality, religion, politics
    r"同性恋|双性恋|跨性别|无性恋|出柜|信佛|基督|天主|穆斯林|伊斯兰|佛教|教会|党员|游行|"
    r"\b(?:surgery|operation|chemo\w*|cancer|tumou?r|asthma|diabet\w+|allerg\w+|diagnos\w+|bipolar|depress(?:ion|ed)|"
    r"adhd|autis\w+|epilep\w+|"
    r"hiv|medication|meds|antidepress\w+|sertraline|insulin|therap\w+|hospital\w*|pregnan\w+|expecting (?:a|our|my)|"
    r"rehab|anxiety|"
    r"rent|debts?|mortgage|loan|owe|salary|broke(?!n)|bankrupt\w*|credit cards?|"
    r"break(?:ing)? up|broken? up|dumped|divorc\w+|separat(?:ed|ion)|cheat\w*|affair|crush|in love with|ex|engaged|"
    r"leave (?:him|her)|single|dating|"
    r"fight|fought|argu\w+|mother[- ]in[- ]law|not speaking|estranged|she left|he left|"
    r"gay|lesbian|bisexual|transgender|trans|queer|muslim|christian|catholic|jewish|buddhist|hindu|atheist|church|"
    r"mosque|vote[ds]?)\b",
    _FLAGS,
)


def harms_self(text: str) -> bool:
    """Whether `text` speaks of harming or ending oneself: such words are never memories, the safety protocol owns them.

    What somebody else did (我表哥自杀了) is not that, unless the same text turns to oneself.
    """
    if not _SELF_HARM.search(text):
        return False
    rest = _THEIR_DEATH.sub(" ", text)
    return rest == text or _SELF_HARM.search(rest) is not None or _OWN_WISH.search(rest) is not None


def sensitivity(text: str, kind: MemoryKind, slot: Slot | None = None) -> Sensitivity:
    """CRISIS for death, violence and loss of a child, PRIVATE for health, money, love, family quarrels and creed."""
    if _CRISIS.search(text):
        return Sensitivity.CRISIS
    if slot is Slot.HEALTH or (_PRIVATE.search(text) and kind is not MemoryKind.PREFERENCE):
        return Sensitivity.PRIVATE
    return Sensitivity.ORDINARY
