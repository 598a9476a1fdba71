"""Rules for who somebody is and how they live. Pure; patterns are authored."""

from __future__ import annotations

from memory.kind_words import CLOCK, ILL_EN, ILL_ZH, JOB_EN, JOB_ZH, ME, NUMBER, NUMBER_EN, WE_EN, rule
from memory.types import MemoryKind, Slot

BOUNDARIES = rule(
    MemoryKind.PROFILE,
    Slot.BOUNDARIES,
    0.9,
    r"(?<![特区个性分级告识])(?:别|不要|不许|能不能不|可不可以不)(?:再|老|总|跟我|和我|一直|老是|总是|"
    r"每次都?)*(?:问|提(?!前|醒)|聊|谈|催|劝|喊我|叫我(?!起|去|来)|说(?!了|"
    r"话|$))(?!不|过)[^，,]{2,}",
    r"^(?:我|咱们?)?(?:真的?|现在|以后|也|都|实在|一点|点)*(?:都)?(?:不想|不愿意?|不太想|不喜欢)(?:再|和你|跟你|"
    r"你)*(?:聊|提|谈|说(?!话|了|什么)|被问|被叫|"
    r"叫我)(?:[^，,]{2,})",
    r"\b(?:don['’]t|do not|stop|quit|let['’]s not|rather you didn['’]t|never) (?:ever |always |"
    r"keep )?(?:ask(?:ing)? me|talk(?:ing)? about|mention\w*|bring(?:ing)? up|"
    r"call(?:ing)? me (?!later|back|when|tomorrow|tonight)|discuss\w*|remind(?:ing)? me (?:of|about))\s?\w+",
    r"\bi(?:['’]d)? (?:really )?(?:don['’]t (?:really )?(?:want|like|wanna)|do not want|hate|rather not|"
    r"prefer not)(?: to)? (?:talk(?:ing)? about|discuss\w*|be(?:ing)? asked|be(?:ing)? called|when you ask)\b.{3,}",
    any_form=True,
)

PRONOUNS = rule(
    MemoryKind.PROFILE,
    Slot.PRONOUNS,
    0.85,
    r"(?:^|[，,你])(?:请|以后|可以|要)*(?:用|称呼我(?:为|用)?)[“\"]?(?:她|他|ta)(?:们)?[”\"]?(?:来)?(?:称呼|指|叫|就)",
    r"我的代词|^我是(?:个)?(?:男|女)(?:的|生|孩子?|人)$",
    r"\bmy pronouns\b|\bi (?:use|go by) (?:she|he|they|him|her|them)\b|\b(?:she/her|he/him|they/them)\b",
    any_form=True,
)

ADDRESS = rule(
    MemoryKind.PROFILE,
    Slot.ADDRESS,
    0.9,
    r"(?:^|我)(?:的)?(?:名字|小名|外号|英文名|网名|本名|真名)(?:是|叫)?\s?[^，,吗么]{1,}",
    r"^(?:其实)?我叫(?!你|他|她|它|了|过|的|人|外卖|车|醒|妈|爸|不|什么|啥)\s?\S{1,8}$|^(?:其实)?我叫\s?[A-Za-z]+",
    r"(?:^|你们?|您|可以|大家|都|就|朋友|同学|同事|别人)(?:们)?(?:就)?(?:都|也|可以)?(?:叫|喊|称呼|"
    r"管我叫)我?(?<=[叫我])(?<!叫)(?!别|不|起|去|来|吃|做|干|怎|什|"
    r"先|早|回|的|了|她|他)\s?[^，,\s]{1,8}",
    r"^我(?:本来|其实)?姓(?!什么|啥)\S",
    r"\bmy (?:\w+ )?name(?:['’]s| is)\b(?! (?:not|on|in))|\bcall me (?!later|back|when|tomorrow|tonight|if|a |an |"
    r"at |and|names|crazy|that|it|this)\w+|\bi go by (?!the|a |she|he|they)\w+",
    any_form=True,
)

NEW_JOB = rule(
    MemoryKind.PROFILE,
    Slot.WORK,
    0.65,
    r"\b(?:got|started|start|starting) (?:a|my) new job\b",
    r"我got a new job",
)

HEALTH = rule(
    MemoryKind.PROFILE,
    Slot.HEALTH,
    0.85,
    rf"{ME}(?:有|得了?|患(?:有|上)?|确诊(?:了|为|是)?|查出(?:来)?(?:了|有)?|被诊断(?:为|出|"
    rf"是)?)[^，,他她]{{0,8}}{ILL_ZH}|{ME}(?:对\S{{1,6}}过敏|"
    rf"\S{{1,4}}(?:不耐受|过敏))",
    rf"(?:医生|大夫|医院)(?:\S{{0,4}})?(?:说|诊断|查出|确诊)(?:我|出我)[^，,]{{0,10}}{ILL_ZH}",
    rf"{ME}(?:在)?(?:吃|服用|打)\S{{0,8}}(?:药|胰岛素)|{ME}(?:左|右|两只)?(?:耳朵?|眼睛?|腿|手|腰|"
    rf"膝盖)(?:\S{{0,4}})(?:听不|看不|不好|疼|残|瞎|聋)",
    rf"\bi(?:['’]ve|['’]m| have| am| was| got| suffer| live| struggle)\b(?: (?:got|been|had|just|also|"
    rf"really))*(?: (?:\w+|type \d)){{0,3}} {ILL_EN}",
    r"\bi(?:['’]ve been| was| got|['’]ve just been| am|['’]m) (?:just |recently )?(?:diagnosed|(?:severely |"
    r"very )?allergic|autistic|epileptic|diabetic|deaf|blind|dyslexic|lactose)\b|"
    r"\bi(?:['’]m| am|['’]ve been)? (?:on|tak(?:e|ing)) (?:\w+ )?(?:meds|medication|antidepressants|insulin|"
    r"\w+ for my)\b",
    reported=True,
)

AGE = rule(
    MemoryKind.PROFILE,
    Slot.AGE,
    0.7,
    rf"{ME}(?:满)?{NUMBER}(?:多)?岁|^(?:我)?(?:今年|都|已经|现在|刚|快|也|马上)+{NUMBER}了|^我{NUMBER}了|"
    rf"^(?:我)?(?:是)?(?:\d\d|"
    rf"[零一二三四五六七八九]{{2,4}}|\d{{4}})(?:年(?:的|生|出生)|后(?=$|，|,|，|\s|的|了))",
    rf"{ME}成年|{ME}(?:奔|快|过)(?:三|四|五|六)十|我(?:的)?(?:生日|出生)(?:是|在)",
    rf"\bi(?:['’]m| am)(?: only| already| almost| nearly| just)? {NUMBER_EN}(?:$| years?|[,.]| now| and\b| this)|"
    rf"\bi(?: just|['’]ll| will)? (?:turn|turned|be turning) {NUMBER_EN}|\bi was born in\b|\bmy birthday(?:['’]s|"
    rf" is)\b",
)

HOME = rule(
    MemoryKind.PROFILE,
    Slot.HOME,
    0.7,
    rf"{ME}(?:住(?!院|了院)|搬(?:到|来|回|去|进)|人在|老家|来自|定居|租(?:了|房|的|在))\S{{1,}}|"
    rf"^(?:我)?(?:从\S{{1,5}})(?:搬|来)(?:到|来|回|"
    rf"的)?\S{{0,6}}|{ME}(?:刚)?从\S{{1,6}}搬",
    r"^(?:我|咱)(?:们)?(?:其实|也|就)?是(?!\S{0,3}[男女好坏病老大小穷富爱有个种的])[^\s，,的]{1,5}人(?=$|"
    r"[，,啊呢呀])|我(?:跟|和)\S{1,5}(?:一起|一块儿?)住|"
    rf"{ME}在\S{{1,6}}(?:长大|生活|定居|待了\S*年)|^我(?:现在)?在(?:北京|上海|广州|深圳|苏州|杭州|成都|重庆|武汉|"
    rf"南京|西安)$",
    rf"{WE_EN} (?:liv(?:e|ed|ing) (?:in|with|on|at|near|by|alone)|moved (?:to|back|from|here)|grew up|come from|"
    rf"based in)\b|\bi(?:['’]m| am) (?:originally |actually )?from\b|\bmy home ?town\b|\bi rent\b",
)

RHYTHM = rule(
    MemoryKind.PROFILE,
    Slot.RHYTHM,
    0.55,
    rf"{ME}(?:周末|晚上|早上|白天|每天|习惯)*(?:都|要|得)*(?:到)?{CLOCK}(?:多|半|左右)?(?:才|就|以后|"
    rf"之后)*(?:能)?(?:睡|起|醒|下班|上班|吃)|"
    rf"{ME}(?:\S{{0,4}})(?:睡到|熬到|忙到){CLOCK}",
    rf"{ME}(?:上|值|倒)(?:的)?(?:夜班|晚班|早班|大夜|白班)|三班倒|两班倒|夜猫子|早睡早起|晚睡晚起|我的?作息",
    r"\b(?:night owl|early bird|morning person|evening person)\b|\bi(?:['’]m)? (?:usually|normally|always|generally|"
    r"often|tend to|typically)\b.{0,30}\b(?:to bed|asleep|sleep|wake|get up|got up|up at|finish work)\b",
    r"\bi work (?:nights|the night shift|night shifts|weekends|late|evenings)\b|\bi(?:['’]m| am) (?:up|awake|"
    r"asleep) (?:at|by|until|before)\b.{0,20}(?:every|each|most|always)|\bi (?:wake up|get up|go to (?:bed|"
    r"sleep)) (?:at|around|by)\b",
)

WORK = rule(
    MemoryKind.PROFILE,
    Slot.WORK,
    0.65,
    rf"{ME}在[^，,]{{1,14}}?(?:上班|工作|实习|上学|读书|读研|读博|教书|打工|任职)|{ME}在[^，,]{{1,12}}(?:做|当|干|"
    rf"教){{1}}[^，,了]{{0,8}}{JOB_ZH}|"
    rf"^(?:我)?现在在(?:一)?家[^，,]{{1,10}}$",
    rf"{ME}(?:(?<!不)是)?(?:一|个|名|位)*(?:做|干|搞|跑|当|教|开|送|卖|画|写|(?<=是))[^，,他她]{{0,7}}{JOB_ZH}(?=$|"
    rf"[，,的啊呢]|\S{{0,4}}年)",
    rf"^我(?:现在)?是(?:一|个|名|位)*[^，,他她的]{{0,8}}{JOB_ZH}|{ME}(?:开|经营)(?:了|"
    rf"着)?(?:一?[个家间])?[^，,]{{0,6}}(?:店|馆|摊|公司|工作室)",
    r"(?:^|我)(?:现在|今年|已经|刚|在|读|上|念|是)*(?:大[一二三四]|高[一二三]|初[一二三]|研[一二三]|"
    r"博[一二三])(?=$|[了的学，,])|我?学\S{1,6}(?:专业|的$)|"
    r"我(?:的)?专业是",
    rf"{ME}(?:失业|待业|没有?工作|没上班|换了?个?工作|跳槽|退休|自由职业|在?创业|全职(?:妈妈|太太|爸爸)|辞职在家)",
    rf"{WE_EN} (?:work(?:ed|ing)? (?!out|on\b|it|that|my|up|things)|teach(?:ing)? |study(?:ing)? (?!for|hard)|"
    rf"drive (?:a|for)\b|run a|own a|intern(?:ing)? at|freelance|manage a|major(?:ing)? in)",
    rf"\bi(?:['’]m| am) (?:an?|the|in my|a (?:first|second|third|final)[- ]year) (?:[\w-]+ ){{0,3}}?{JOB_EN}\b|"
    rf"\bi(?:['’]m| am) (?:currently |now )?(?:unemployed|between jobs|out of work|retired|self-employed|"
    rf"freelancing|in (?:high school|college|grad school|med school))|\bmy (?:job|major) is\b",
)

TRAIT = rule(
    MemoryKind.PROFILE,
    None,
    0.6,
    rf"{ME}(?:信(?:佛|基督|天主|道|教|主)|(?:基督|天主)徒|佛教徒|穆斯林|党员|同性恋|双性恋|跨性别|无性恋|拉拉|gay|"
    rf"les|bi\b|独生[子女]|就我一个孩子|单亲|\S{{1,2}}座(?:的)?$|"
    rf"单身|未婚|已婚|左撇子|素食|吃素|[回满藏苗壮维]族|INTJ|INFP|[ie][ns][tf][jp]\b)|出柜",
    rf"{ME}(?:会|在学|学过|自学|学了)(?:一点|一些|点|\S{{0,4}}年)?\s?(?:弹|拉|开车|游泳|做饭|说\S+[语话]|画|唱|跳|"
    rf"吉他|钢琴|小提琴|编程|英语|日语|法语|韩语|书法|吹|"
    rf"打鼓|手语|piano|guitar)[^，,]*",
    r"\bi(?:['’]m| am) (?:an? )?(?:also |openly |really )?(?:muslim|christian|catholic|jewish|buddhist|hindu|"
    r"atheist|religious|gay|lesbian|bi|bisexual|trans(?:gender)?|queer|asexual|nonbinary|non-binary|an only child|"
    r"the (?:youngest|oldest|eldest|middle)(?: child)? of|"
    r"single|vegan|vegetarian|left[- ]handed|an introvert|an extrovert|adopted|married|divorced)\b",
    r"\bi(?:['’]ve)? (?:\w+ly )?(?:play|speak|can play|can speak|learned|practi[cs]e|(?:can['’]t|cannot) (?:swim|"
    r"drive|cook|ride)) (?!it\b|you\b|with\b|games? with)?\w*|\bi(?:['’]m| am) learning\b \w+",
)
