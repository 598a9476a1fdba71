"""Rules for what happens to somebody, whom they have, what they like, fear and mean to do. Pure; authored."""

from __future__ import annotations

from memory.kind_words import CHAT_ZH, DID, HAPPENED, ME, TALK, TIME, VAGUE, WE_EN, rule
from memory.relations import ANIMAL_EN, ANIMAL_ZH, LOVE_ZH, MINE, RELATION_EN, RELATION_ZH
from memory.types import MemoryKind, Slot

PROMISE = rule(
    MemoryKind.PROMISE,
    None,
    0.65,
    rf"{ME}(?:打算|决定(?!不了)|答应(?!不)|发誓|保证(?!金)|计划|下定决心|下决心|想好了|(?:在|正在)(?:准备|备考)|"
    rf"跟自己(?:说好|约定)|说好了?|"
    rf"准备(?=.{{0,8}}(?:开始|去|考|学|辞|戒|减|搬|找|跟|"
    rf"和|报)))(?:了)?.{{2,}}",
    r"^(?:.{0,4})?从(?:今天|明天|现在|下周一?|今晚)(?:起|开始).{2,}|(?:明天|后天|下周一?|下个?月|今晚)(?:起|"
    r"开始)(?:我)?(?:要|就|就要|会|得)?.{2,}",
    rf"{ME}(?:要|得|会)(?:开始|戒|坚持|努力|减肥|试着|好好|每天|跟(?:他|她)(?:说清楚|道歉)).*",
    r"\bi(?:['’]ve| have)? (?:just )?(?:promised|decided|swore|swear|vowed|made up my mind)\b.{3,}|\bi(?:['’]ll|"
    r" will)(?: \w+ly)? (?:start|try|stop|quit|begin|call|apply|visit|write|study|save|tell (?!you)|talk to (?!you)|"
    r"see a|book)\b \w+",
    r"\bi(?:['’]m| am) (?:\w+ly )?(?:(?-i:going) to|gonna) (?!bed|sleep|be\b|the\b|a\b|my\b|have\b|get\b|say|need|"
    r"kill|die|go to (?:bed|sleep)|cry|scream|work\b|school)(?-i:[a-z])\w*.{2,}",
    r"\bi(?:['’]m| am)? (?:plan|planning) (?:to|on)\b|\b(?:from now on|starting (?:today|tomorrow|monday|"
    r"next))\b.{4,}|\bi told (?:my )?\w+ (?:that )?i(?:['’]d| would) .{4,}",
)

CLOSE = rule(
    MemoryKind.RELATIONSHIP,
    Slot.PEOPLE,
    0.8,
    rf"(?:他|她|{RELATION_ZH})[^，,我]{{0,8}}(?:打|揍|踢|掐|扇|家暴|虐待)(?:了|过)?我(?!电话|的)|被(?:他|她|"
    rf"{RELATION_ZH})(?:打|揍|家暴)",
    rf"\b(?:he|she|{RELATION_EN})\b(?: \w+){{0,3}}? (?:hit|hits|beats?|chok\w+|slap\w*|punch\w*|shov\w+|kick\w*|"
    rf"abus\w+)(?: \w+)? ?(?:me|us)\b",
    rf"暗恋|{ME}(?:喜欢上|爱上|看上)(?:了)?(?:一?个|我|\S{{0,4}}(?:同学|同事|男生|女生))|\b(?:have|had|got) a crush|"
    rf"crush on|"
    rf"fell (?:in love|for)|in love with (?!it|this|that)",
)

WORRY = rule(
    MemoryKind.WORRY,
    Slot.WORRIES,
    0.7,
    r"(?<!别)(?<!不用)(?<!让人)(?:担心|发愁|忧虑)(?!你)[^，,]{2,}|(?<![可恐哪生])(?:害怕|(?<!害)怕)(?!是|你|吵|"
    r"麻烦|不怕)[^，,]{2,}|焦虑[^，,]{2,}|"
    r"为\S{1,10}(?:发愁|焦虑|烦)",
    r"(?:纠结|犹豫)(?:要不要|该不该|是不是|着|到底)\S{2,}|不知道(?:到底)?(?:该不该|要不要|应不应该|能不能)\S{2,}|"
    r"不知道怎么(?:还|跟\S{1,3}(?:说|交代|开口)|面对)",
    r"\b(?<!don['’]t be )(?:worried|worry(?:ing)?|anxious|stressed|nervous|terrified|scared|afraid|"
    r"panicking) (?:(?:sick )?about|of|that|i['’]?|because|over|for|my|he|she|they)\b ?.{3,}",
    r"\b(?:not sure|unsure|don['’]t know|torn)\b.{0,4}(?:if|whether|about|between).{0,3}(?:i should|to (?:leave|"
    r"quit|stay|tell)|leaving|staying)\b.*",
)

STRAIN = rule(
    MemoryKind.WORRY,
    Slot.WORRIES,
    0.65,
    r"睡不着|睡不好|失眠|总是?\S{0,3}(?:三|四)点醒|压力(?:特别|好|很|太|真|超|越来越|挺)?大[^，,]*|没安全感|社恐|"
    r"麻木|吃不下(?!饭了)|没出门|"
    r"不敢出门|不想见人|没怎么睡|手都?抖|心慌|做噩梦|自卑|(?:觉得|感觉)\S{0,9}(?:没用|失败|废物|差劲|多余)|"
    r"(?:好|很|特别|总是|一直|老是?)孤[独单]|撑不住|喘不过气|"
    r"觉得\S{0,4}(?:自己)\S*(?:不够|没用|废|差|失败|不配|多余|累赘)|(?:觉得|感觉)(?!你)[^，,]{0,8}(?:讨厌我|"
    r"背后说我|针对我|不喜欢我|孤立我|嫌弃我|看不起我|"
    r"没人)|欠(?:了)?\S*(?:钱|[万千百]|债|信用卡)|欠了\S+|还不上|负债",
    r"\b(?:can['’]t|cannot|couldn['’]t|haven['’]t been able to|trouble|not) sleep(?:ing)?\b|insomnia|\bin debt\b|"
    r"\bi owe \w+|\bkeep thinking\b.{5,}|"
    r"\bi(?:['’]ve been| just| always| often)? feel(?:ing)? like (?:a (?:failure|burden|fraud)|i(?:['’]m| am|['’]ll|"
    r" don['’]t)|nobody|no one|my|everyone|they)\b|\b(?:so|really|very|always|pretty) lonely\b|"
    r"\bi (?:just )?feel (?:numb|empty|hopeless|worthless|alone)\b|"
    r"\bi(?:['’]ve| have) been (?:so |really |very )?(?:down|low|stressed|anxious|overwhelmed|struggling|"
    r"lonely)\b.*|\b(?:under|so much|a lot of) (?:pressure|stress)\b",
)

EVENT = rule(
    MemoryKind.EVENT,
    None,
    0.75,
    rf"(?:{HAPPENED})",
    reported=True,
)

PET = rule(
    MemoryKind.RELATIONSHIP,
    Slot.PETS,
    0.7,
    rf"{ME}(?:养|有|捡|收养|领养)(?:了|着|过)?(?:[一两二三四五几\d]?[只条个])?[^，,]{{0,4}}{ANIMAL_ZH}|(?:我|咱|"
    rf"家里?)(?:们)?(?:家)?(?:的|那|那只|"
    rf"那条|养的)*{ANIMAL_ZH}\S{{2,}}|(?:我|咱)(?:们)?家?的?\s?{ANIMAL_EN}\s?\S{{2,}}",
    rf"{WE_EN} (?:have|own|adopted|rescued|got) (?:an?|two|three|four|\d|some|this) (?:\w+ ){{0,2}}?{ANIMAL_EN}|"
    rf"\b(?:my|our) (?:\w+ ){{0,2}}?{ANIMAL_EN} \w+",
)

TASTE = rule(
    MemoryKind.PREFERENCE,
    Slot.LIKES,
    0.5,
    rf"{ME}(?:喜欢(?!上)|爱(?=吃|喝|看|听|玩|打|穿|去|唱|跳|逛|聊|好|做|运动)|讨厌|吃\S{{0,3}}素|不吃(?!了|饭|过|早|"
    rf"晚)|不喝(?!了|"
    rf"过)|受不了|迷上|爱上|沉迷|热爱|偏爱|吃不惯|吃不了|"
    rf"hate|love|like|enjoy|prefer)(?:了)?(?!\s?{VAGUE})[^，,]{{2,}}",
    r"^(?:所以|就|我|现在|平时|一般)*(?:一天|每天|天天|一周|每周)(?:都|得|要|就|会|至少|最少)*(?:喝|吃|抽|跑|游|练|走|打|健身|"
    r"[一两二三四五六七八九十半\d]).{1,12}|(?:烟|酒|咖啡|奶茶|可乐|宵夜)我?(?:已经|早就|都)?戒(?:了|掉了)",
    rf"{ME}对[^，,]{{1,10}}(?:感兴趣|上瘾|着迷|没兴趣)|我(?:的)?爱好|我最喜欢的|(?:就)?好这口",
    rf"\bi(?:['’]ve)?(?: (?:really|absolutely|kinda|also|just|always|still|don['’]t(?: really)?|do not|never|"
    rf"used to|actually|totally|mostly|only))* (?:love|like|enjoy|hate|can['’]?t stand|dislike|prefer|adore|eat|"
    rf"drink|loathe)(?:d)? (?!{VAGUE})\w+",
    r"\bi(?:['’]m| am)?(?: (?:\w+ly|so|super|not|also))*(?: not)? (?:into|obsessed with|a (?:huge |big )?fan of|"
    r"keen on|fond of|not a fan of|addicted to)\b (?!it\b|you\b|that\b)\w+|\bnot a (?:huge |big )?fan of\b|"
    r"\bmy favou?rite\b.{3,}|\bmy hobb(?:y|ies)\b",
)

SOMEBODY = rule(
    MemoryKind.RELATIONSHIP,
    Slot.PEOPLE,
    0.65,
    rf"{MINE}\s?(?!$|什么|怎么|呢$)\S+.*|{ME}有(?:了)?(?:一|两|[二三四]|几)?(?:个|位)?[^，,]{{0,6}}(?:{RELATION_ZH}|"
    rf"{RELATION_EN})|"
    rf"{ME}(?:跟|和)(?:我)?(?:{LOVE_ZH}|{RELATION_ZH})\S{{2,}}|从小(?:是|跟着)?\S{{1,4}}带大|闹掰|绝交|{ME}(?:跟|"
    rf"和)\S{{1,4}}(?:是)?\S{{0,4}}朋友",
    rf"{WE_EN} (?:have|got|have got) (?:an?|one|two|three|four|five|\d|no|a lot of) (?:[\w-]+ ){{0,2}}?{RELATION_EN}",
)

DEED = rule(
    MemoryKind.EVENT,
    None,
    0.35,
    rf"^(?:i|we)(?:['’]ve| have|['’]d)?(?: (?:finally|just|even|also|actually|recently|already|both|then|"
    rf"once))* (?!{TALK}\b)(?:started|booked|signed|decided|{DID})\b(?! (?:you|your)\b).{{12,}}",
    rf"^(?:我|我们|咱们)(?:在\S{{1,5}})?(?:刚|已经|终于|又|还|也|都|自己|昨晚|后来|"
    rf"就)*(?!{CHAT_ZH})[\u3400-\u9fff]{{1,3}}(?:"
    rf"了|过)(?!你|$)[^，,你]{{3,}}",
)

DATED = rule(
    MemoryKind.EVENT,
    None,
    0.4,
    rf"^(?:(?:我|咱|{MINE})\S{{0,6}})?{TIME}.{{2,}}|(?:我|咱|{MINE}|\b(?:i|we)\b).*{TIME}",
)
