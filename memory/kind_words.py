"""The words that the kinds of memory are told by, as regular expressions. Authored."""

from __future__ import annotations

import re
from dataclasses import dataclass

from memory.types import MemoryKind, Slot

_FLAGS = re.IGNORECASE | re.ASCII

NUMBER = r"(?:[一二三四五六七八九十百零两几]+|\d+)"
NUMBER_EN = (
    r"(?:\d{1,3}|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ]?(?:one|two|three|four|five|six|"
    r"seven|eight|nine))?|"
    r"(?:thir|four|fif|six|seven|eigh|nine)teen|eleven|twelve)"
)
TIME = (
    r"(?:大后天|大前天|明天|后天|昨天|前天|昨晚|今晚|今天|今早|明早|(?:这|下下?|上上?)个?(?:周|星期|"
    r"礼拜)[一二三四五六日天末]?|周[一二三四五六日末]|"
    r"星期[一二三四五六日天]|(?:这|下|上)个?月|[明去今前后]年|大前年|月底|月初|年底|年初|"
    rf"{NUMBER}月份?|{NUMBER}[号日](?!线)|{NUMBER}(?:年|个月|周|天|个?星期|"
    rf"个?小时)(?:多)?(?:[前后]|以[前后])|"
    r"刚才|刚刚|早上|上午|中午|下午|晚上|半夜|春节|过年|国庆|五一|中秋|元旦|端午|清明|暑假|寒假|前几天|过几天|"
    r"前阵子|小时候|春天|夏天|秋天|冬天|"
    r"\b(?:tomorrow|yesterday|tonight|today|this morning|(?:next|last|this) (?:week|weekend|month|year|night|spring|"
    r"summer|fall|autumn|winter|\w+day)|"
    r"(?:on|by|since) (?:mon|tues|wednes|thurs|fri|satur|sun)day|in (?:january|february|march|april|may|june|july|"
    r"august|september|october|november|december)|"
    r"(?:\w+) (?:days?|weeks?|months?|years?) ago|in (?:\w+) (?:days|weeks|months)|the other day|on the \w+|"
    r"for (?:breakfast|lunch|dinner))\b)"
)
# No word of the repeated list is made of others of it: an ambiguous one takes exponential time to fail.
ADVERB = (
    rf"(?:{TIME}|现在|目前|其实|真的?|一直|从来|平时|平常|最近|以前|从小|天生|刚(?!刚|才)|都|就|也|还|已经|特别|"
    rf"超级?|很|"
    rf"挺|好|最|比较|有点儿?|有一点|"
    r"实在|总|老|常|经常|一般|通常|每天|每周|自己|家里?|是|不|没|没有|又|再|终于|快|只|马上|可能|应该|"
    r"所以|确实|一个人|跟你说|"
    r"then|really|just|also|now|always|still|\s)*"
)
# Verbs of talking and thinking tell nothing that happened.
TALK = (
    r"(?:thought|guess\w*|mean|meant|said|told you|asked|wonder\w*|need\w*|want\w*|lik\w*|lov\w*|suppos\w*|"
    r"figur\w*|hop\w*|wish\w*|used|agreed|missed you|promised|believ\w*|heard|forgot|knew|felt|noticed|realised|"
    r"realized|remember\w*)"
)
DID = (
    r"(?:took|taken|bought|sold|went|gone|began|begun|met|found|lost|got|made|built|wrote|won|quit|left|came|"
    r"taught|ran|swam|flew|drove|spent|gave|became|broke|chose|caught|cried|saw|seen|read|had|did|put|set|sent|"
    r"grew|paid|cut|fell|fought|kept|bred|been to|done|given|written|\w{2,}ed)"
)
CHAT_ZH = r"(?:知道|明白|懂|说|听|想|忘|来|好|到|问|看|睡|醒|困|饿|累|吃|喝|洗|算|错|回|完|走神|开玩笑|谢谢|没|不)"

# The speaker as subject: 我, I, or left out at the head of a clause. Not 我 as an object (叫我, 跟我).
ME = rf"(?:(?<![给叫说打让跟对问帮找陪把被骂管])(?:我|咱|俺)(?:们)?|^|(?<=[，,])|(?<![a-z])i(?![a-z'’])){ADVERB}"
WE_EN = (
    r"\b(?:i|we)(?:['’]ve| have|['’]m| am|['’]re| are|['’]d| had|['’]ll| will| was| were)?(?: (?:also|just|really|"
    r"actually|still|always|finally|already|recently|only|now|currently|both|kind of|kinda|so|totally|"
    r"absolutely|basically|even|usually|do|don['’]t|did|didn['’]t|have|got|been|used to|not|honestly|"
    r"never))*"
)
JOB_ZH = (
    r"(?:老师|教师|医生|护士|程序员|学生|司机|工程师|会计|销售|客服|律师|记者|编辑|设计师|设计|厨师|保安|保洁|警察|"
    r"军人|公务员|演员|歌手|画画|插画|"
    r"主播|作家|翻译|导游|收银|柜员|前台|文员|运营|产品经理|产品|测试|研究员|教练|理发师|美甲|月嫂|保姆|工人|农民|"
    r"老板|店长|经理|主管|实习生|研究生|大学生|"
    r"博士生?|硕士|高中生|初中生|快递员?|骑手|外卖员?|网约车|出租车|滴滴|货车|公交|店|馆|摊|PM|HR|IT|开发|算法|"
    r"药剂师|社工|自由职业)"
)
JOB_EN = (
    r"(?:student|teacher|nurse|doctor|engineer|driver|developer|designer|accountant|lawyer|manager|writer|artist|"
    r"chef|cook|cleaner|barista|waiter|"
    r"waitress|salesperson|programmer|researcher|scientist|musician|photographer|freshman|sophomore|junior|senior|"
    r"paramedic|plumber|electrician|"
    r"carpenter|translator|journalist|editor|pilot|soldier|officer|caregiver|carer|assistant|consultant|analyst|"
    r"intern|postdoc|mechanic|farmer|"
    r"librarian|therapist|tutor|freelancer|cashier|receptionist|builder|baker|hairdresser|midwife|pharmacist|vet|"
    r"dentist|stay[- ]at[- ]home \w+)"
)
ILL_ZH = (
    r"(?:病|症|炎(?!热)|癌|瘤|结节|哮喘|过敏|抑郁|双相|高血压|低血糖|糖尿|贫血|偏头痛|痛风|近视|色盲|残疾|心脏不好|"
    r"胃不好|adhd|ptsd|ocd)"
)
ILL_EN = (
    r"(?:asthma|diabetes|bipolar|depression|anxiety(?: disorder)?|adhd|ptsd|ocd|epilepsy|cancer|migraines?|arthritis|"
    r"endometriosis|pcos|allerg\w+|"
    r"celiac|crohn['’]?s|lupus|hiv|eczema|insomnia disorder|a heart condition|high blood pressure|chronic \w+|autism|"
    r"anorexia|bulimia|fibromyalgia|tinnitus)"
)
_HAPPENED_ZH = (
    r"(?:面试|笔试|考试|中考|高考|考研|考上|没考|考过|考砸|答辩|挂科|打(?:着|了)石膏|没?及格|孤立过|"
    r"被\S{0,4}(?:孤立|欺负|排挤|"
    r"嘲笑)|(?<![笑累烦困饿热冷气急吓渴撑丑美])死了|比赛|演出|搬家|搬走|出差|旅[游行]|手术|体检|"
    r"做(?:了)?检查|生日|结婚|订婚|领证|婚礼|分手|离婚|"
    r"复合|表白|相亲|分居|毕业|入职|辞职|离职|失业|被裁|被(?:\S{1,4})?优化|被辞退|被开除|升职|降薪|涨工资|跳槽|"
    r"(?:拿|收|有|给)\S{0,4}offer|去世|过世|病逝|走丢|住院|出院|"
    r"化疗|确诊|骨折|受伤|"
    r"怀孕|流产|生了|预产期|吵架|吵了|大吵|打架|冷战|车祸|报警|被骗|被偷|被抢|丢了|摔[坏断伤了]|弄丢|开学|退学|"
    r"休学|转学|录取|拿到|中奖|没了|走了(?!路)|没保住|自杀|跳楼|被跟踪|"
    r"跟踪过|回老家|回国|出国|葬礼|周年|约会|聚会|复诊|看牙|看病|看医生|复发|deadline|due|presentation|ddl|第一次)"
)
_HAPPENED_EN = (
    r"\b(?:interview|exam|test|finals|presentation|deadline|moving(?: out| in)?|moved (?:in|out)|surgery|operation|"
    r"chemo|check-?up|appointment|birthday|"
    r"wedding|(?:getting|got|get) (?:married|engaged|divorced|fired|promoted|robbed|mugged|hurt|sick|accepted|"
    r"rejected|scammed|the job|an? offer|in(?:to)? \w+)|"
    r"br(?:oke|eak|eaking|oken) up|dumped|divorc\w+|cheated|graduat\w+|new job|lost (?:my|our) (?:job|\w+)|laid off|"
    r"trying for a baby|performance plan|passed away|died|killed (?:himself|herself|themsel\w+)|"
    r"overdosed|suicide|miscarr\w+|funeral|pregnant|expecting|had a baby|gave birth|trip|flight|fl(?:ew|y|ying) to|"
    r"vacation|conference|a fight|an? argument|argued|"
    r"passed (?:my|the)|failed (?:my|the)|ran away|crash|accident|hospital|assault\w*|stalked|first time|came out|"
    r"reunion|audition|recital|stolen|won|diagnosed)\b"
)
HAPPENED = rf"(?:{_HAPPENED_ZH}|{_HAPPENED_EN})"
CLOCK = rf"(?:{NUMBER}点|半夜|凌晨|中午|天亮|通宵)"
VAGUE = r"(?:你|他|她|它|这样|那样|听你|跟你|和你|it\b|you\b|that\b|this\b|your\b|him\b|her\b)"


@dataclass(frozen=True, slots=True)
class Rule:
    """any_form: fits an order or a question too (别问我那件事, call me Jo).

    reported: fits what somebody else is quoted with. salience: 0..1, before feelings and first times raise it.
    """

    kind: MemoryKind
    slot: Slot | None
    salience: float
    pattern: re.Pattern[str]
    any_form: bool = False
    reported: bool = False


def rule(
    kind: MemoryKind, slot: Slot | None, salience: float, *patterns: str, any_form: bool = False, reported: bool = False
) -> Rule:
    """A rule that fits where one of `patterns` does."""
    return Rule(kind, slot, salience, re.compile("|".join(patterns), _FLAGS), any_form, reported)
