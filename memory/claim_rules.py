"""The rules of memory.claims, as a table. Sources: authored."""

from __future__ import annotations

from collections.abc import Mapping

# --- the words that rules are made of ---
_TIME_ZH = (
    r"(?:今天|昨天|前天|昨晚|今早|刚才|刚|上周[一二三四五六日末]?|上个?星期[一二三四五六天]?|上个?月|去年|"
    r"前[几两2]天|前阵子|这周|这个月|这几天|这两天|最近)"
)
_DURATION = r"(?:已经|有|(?<![成首])都){0,2}(?:\d+|[一几半]|好几)个?多?(?:年|月|周|星期|天|礼拜)[多半]?了?"
_NEXT_ZH = (
    r"(?:(?:今天|今晚|明天|明晚|后天|下周[一二三四五六日天末]?|下个?星期[一二三四五六天]?|"
    r"这?周[一二三四五六日末]|星期[一二三四五六天]|下个?月|"
    r"月底|明年|\d+月|\d+[号日]|周末|过几天|上午|下午|早上|晚上|\d+点半?){1,4})"
)
_NEXT_EN = (
    r"(?:(?:on |at |this |next |tomorrow|tonight|mon|tues|wednes|thurs|fri|satur|sun|day|week(?:end)?|month|"
    r"year|morning|"
    r"afternoon|evening|in (?:a|\w+) (?:days?|weeks?|months?)|(?:january|february|march|april|may|june|july|"
    r"august|september|"
    r"october|november|december)|\d+(?:st|nd|rd|th|am|pm)?|the| )+)"
)
# Repeats are bounded: words that fit two parts would else be tried in every way.
PARTS: Mapping[str, str] = {
    "HEAD": r"^(?:嗯|呃|啊|哦|大家好|你好|嗨|那个|就是|其实|对了|不对|好吧|然后|所以|因为|但是?|不过|"
    r"可是|而且|结果|反正|说实话|老实说|我?跟你说|我?告诉你|"
    r"我说的是|我的意思是|我是说|更正一下|我说错了){0,3}",
    "NOW": r"(?:现在|目前|如今|最近|近来|今年|其实)",
    "WHO": r"(?:我们?|咱们?|俺|本人)",
    "ADV": r"(?:也|都|就|还|又|已经|早就|一直|终于|正式|真的?|确实|其实|现在|目前|如今|最近|今年|刚|自己|本来就)",
    "ME": "{HEAD}{NOW}{0,3}{WHO}?{ADV}{0,3}",
    "SELF": "{HEAD}{NOW}{0,3}{WHO}{ADV}{0,3}",
    "LATE": _TIME_ZH,
    "DID": "{HEAD}(?:{NOW}|{LATE}){0,3}{WHO}?(?:{ADV}|{LATE}){0,3}",
    "LONG": _DURATION,
    "DONE": "(?:了?{LONG}|了)",
    "WITH": "(?:[跟和与]我?(?:他|她|男朋友|女朋友|男友|女友|对象|老公|老婆|前任)(?:{ADV}){0,3})?",
    "VERY": r"(?:最|很|特别|超级?|挺|非常|越来越|比较|更|还是|开始|变得|蛮|太|有点|从小就?|从来|重新|并?且){0,3}",
    "OVER": "(?:{LATE}){0,3}(?:已经|还是|也){0,3}(?:走了|去世了|死了|"
    "不在了|过世了|去了?[喵汪]星球?了?|被?送人了|被?送走了|走丢了|跑丢了)",
    "E": r"^(?:(?:well|so|actually|and|but|oh|no|yeah|yes|um|uh|anyway|honestly|by the way|also|now|today|"
    r"yesterday|last \w+|this \w+|"
    r"recently|finally|these days|currently|sorry|wait|because|i mean|i meant|其实|不对|然后|但是|所以|对了),? ?){0,3}",
    "A": r"(?: (?:really|still|just|also|actually|absolutely|now|"
    r"currently|finally|recently|already|officially|always|even|totally|do)){0,3}",
    "I": r"{E}(?:i|we|我们?(?:最近|现在|已经|刚|也|真的|就|都){0,3}){A}",
    "IM": r"{E}(?:i'm|we're){A}",
    "IHAVE": r"{E}(?:i|we|我们?(?:最近|现在|已经|刚|也|真的|就|都){0,3})(?:'ve)?{A}",
    "NEXT": rf"(?P<when>{_NEXT_ZH})",
    "NEXTEN": rf"(?P<when>{_NEXT_EN})",
    "TIME": r"(?P<when>(?:凌晨|晚上|半夜|早上)?\d{1,2}(?:点半?(?:\d+分?)?|:\d\d))",
    "TIMEEN": r"(?P<when>\d{1,2}(?::\d\d)? ?(?:am|pm|a\.m|p\.m)?|midnight|noon)",
    "GONE": r"(?:passed away|died|was put down|ran away|has died|has passed away|was put to sleep)",
    "ROLE": r"(?P<word>[^的不他她你我]{0,6}(?:老师|医生|护士|程序员|"
    r"司机|工程师|会计|律师|设计师|经理|销售|厨师|警察|记者|摄影师|公务员|客服|外卖员|翻译|编辑))",
    "ROLEEN": r"(?P<word>(?:\w+ )?(?:teacher|nurse|doctor|programmer|developer|"
    r"engineer|driver|lawyer|accountant|designer|chef|"
    r"journalist|photographer|writer|translator|barista|waiter|waitress|cashier))",
    "MEAT": r"(?:牛排|烤肉|羊肉|牛肉|猪肉|红烧肉|排骨|炸鸡|鸡腿|肉)",
    "MEATEN": r"(?:meat|steak|beef|pork|bacon|chicken|lamb|a burger)",
}

# key | value | + holds, - does not, +* may stand beside others | pattern. {ME} and the like are parts, {thing} a group;
# a line that begins with spaces goes on with the one before.
TABLE = r"""name | {name} | + | {SELF}叫{name}$
name | {name} | + | {HEAD}(?:以后|你|可以|请|就|还是){0,3}叫我{name}$
name | {name} | + | {HEAD}我的?(?:名字|真名|大名|本名)(?:其实)?(?:叫|是){name}$
name | {name} | + | {DID}改名(?:叫|为|成)了?{name}了?$
name | {name} | - | {SELF}不叫{name}了?$
name | {name} | - | {HEAD}(?:别|不要|不用)再?叫我{name}了?$
name | {name} | + | {E}my (?:real |actual |full |first )?name(?:'s| is) (?:actually |really )?{name}$
name | {name} | + | {E}(?:please |you can |just ){0,3}call me {name}$
name | {name} | - | {E}(?:my name(?:'s not| isn't)|(?:please )?(?:don't|stop) call(?:ing)? me) {name}$
age | {n} | + | {SELF}(?:满|过完|是){0,3}(?P<n>\d{1,3})岁了?$
age | {n} | + | {HEAD}我?今年(?P<n>\d{2})了?$
age | {n} | + | {IM} (?P<n>\d{2})(?: years old| yo)?$
age | {n} | + | {IHAVE} turned (?P<n>\d{2})$
pronouns | {word} | + | {HEAD}(?:请|可以|麻烦|你){0,3}用(?P<word>他|她|ta|they|he|she)来?称呼我$
pronouns | {word} | + | {E}(?:my pronouns are|i use|i go by) (?P<word>(?:they|she|he|ze)/\w+)(?: pronouns)?$
home | {place} | + | {ME}住(?:在|到)?{place}{DONE}?$
home | {place} | + | {DID}(?:从.{1,6}?)?(?:搬[到来去回进]了?|移居|定居[在到]?){place}住?{DONE}?$
home | {place} | + | 搬(?:完了?)?家了，.{0,8}到的?了?{place}了?(?:，|$)
home | {place} | - | {ME}(?:不住在?|搬离|搬出){place}了$
home | {place} | - | {DID}从{place}搬(?:走|出来?)了?$
home | {place} | + | {I} live in {place}(?: with .+)?$
home | {place} | + | {IHAVE} (?:moved|relocated)(?: back)?(?: from .+?)?(?: back)? to {place}(?: (?:with|
  for|in|to be|because) .+)?$
home | {place} | - | {I} (?:don't live|no longer live) in {place}$
from | {place} | + | {HEAD}我的?老家(?:是|在){place}的?$
from | {region} | + | {SELF}(?:是|来自){region}(?:人|来的)?$
from | {place} | + | (?:{IM}(?: originally)? from|{E}i come from|{E}my hometown(?:'s| is)) {place}$
plan/move | over | + | {DID}搬(?:完了?)?家了$
job | {org} | + | {ME}在{org}(?:上班|工作|任职|打工|实习){DONE}?$
job | {org} | + | {DID}(?:入职|跳槽[到去])了?{org}了?$
job | {org} | + | {DID}[去到]{org}(?:上班|工作)了$
job | {org} | + | (?:换了?[份个]?新?工作|跳槽|入职)了?，我?(?:现在|目前)?(?:在|去了?|来了?){org}(?:上班|工作)?了?$
job | 没工作 | + | {DID}(?:裸|主动)?(?:辞职|离职|失业|下岗|被(?:公司|单位)?裁员?|
  被辞退|被开除|没有?工作|丢了工作|待业){DONE}?$
job | 没工作 | + | (?:{HEAD}我?的?工作(?:没|丢)了|{DID}把工作[辞丢]了|{DID}辞了(?:工作|职))$
job | 退休 | + | (?:{DID}退休{DONE}|{IM} retired|{IHAVE} retired)$
job | 有工作 | + | {DID}找到新?工作了$
job | {org} | - | {DID}(?:从{org}(?:辞职|离职|离开)了?)$
job | {org} | - | {ME}不在{org}(?:上班|工作|干|做)了$
job | {org} | + | (?:{I} work|{IM} working) (?:at|for) {org}$
job | {org} | + | {IHAVE} (?:started working|(?:got|found|started) (?:a|the|my) (?:new )?job) (?:at|for|with) {org}$
job | 没工作 | + | {IHAVE} (?:quit|lost|left) my job$
job | 没工作 | + | {IHAVE} (?:(?:got|was|been) (?:laid off|fired|let go))$
job | 没工作 | + | {IM} (?:between jobs|unemployed|out of work|jobless)$
job | 有工作 | + | {IHAVE} (?:got|found) a (?:new )?job$
job | {org} | - | {I} (?:(?:don't|no longer) work (?:at|for)|(?:quit|left) my job at) {org}$
job/role | {word} | +* | {SELF}是(?:一?[个名位])?{ROLE}$
job/role | {word} | +* | {ME}在.{1,12}[当做]{ROLE}$
job/role | {word} | + | {DID}(?:转行|改行)[当做]了?{ROLE}了?$
job/role | {word} | - | {SELF}不再?[当做]{ROLE}了$
job/role | {word} | +* | (?:{IM}|{I} work as) an? {ROLEEN}$
job/role | {word} | - | {IM} (?:not|no longer) an? {ROLEEN}$
study | {word} | + | {ME}在(?P<word>[^的]{2,9}?(?:大学|学院|中学|高中)|北大|清华|复旦)(?:上学|读书|念书|
  [读上念].{1,4})$
study/grade | {word} | + | {ME}[上读念是升]?到?(?P<word>大[一二三四]|[高初研][一二三]|博[一二三四])[了的]?(?:学生)?$
study |  | - | {DID}(?:毕业|退学|辍学){DONE}$
study/major | {thing} | + | {SELF}(?:的专业是|学的是|读的是){thing}$
study | {word} | + | {I} (?:go to|study at|attend) (?P<word>[\w' ]*(?:university|college|high|school)[\w ]*|mit)$
study/grade | {word} | + | {IM} (?:a (?P<word>freshman|sophomore|junior|senior)|in (?P<n>\d+)th grade)$
study |  | - | {IHAVE} (?:graduated|dropped out)(?: of school| from .+)?$
relationship | single | + | {ME}(?:是|恢复|变回)?单身{DONE}?$
relationship | single | + | {ME}没有?(?:对象|男朋友|女朋友)了?$
relationship | single | + | {DID}(?:{WITH}分手了|被甩了)$
relationship | dating | + | {ME}(?:有|交[了到]?|谈了|找了|找到)(?:一?个)?新?(?:男朋友|女朋友|男友|女友|对象)了?$
person/partner/name | {name} | + | {HEAD}我?的?(?:[女男]朋友|[女男]友|对象|老婆|老公|媳妇儿?)(?:名字)?叫{name}(?: .*)?$
person/partner/name | {name} | + | {HEAD}我?的?(?:女朋友|男朋友|女友|男友|对象)叫(?P<name>[A-Za-z]+)[在是].*$
person/partner/name | {name} | + | {HEAD}我?[跟和]{name}(?:在一起|好上|复合)了$
person/partner/name | {name} | - | {HEAD}我?[跟和]{name}(?:分手|分开|离婚|掰)了$
relationship | dating | + | {DID}(?:谈恋爱|恋爱|脱单|{WITH}(?:复合|在一起))了$
relationship | engaged | + | {DID}{WITH}订婚了$
relationship | married | + | {DID}(?:{WITH}(?:领证|结婚){DONE}|已婚)$
relationship | married | - | {ME}没有?结婚$
relationship | divorced | + | {DID}{WITH}离婚了$
relationship | single | + | (?:{IM} single|{IHAVE} (?:broke|broken|split) up(?: with .+)?|{I} don't have a (?:boy|
  girl)friend)$
relationship | single | + | {E}my (?:boyfriend|girlfriend|partner) (?:and i (?:broke|split) up|dumped me|
  broke up with me|left me)$
relationship | dating | + | {IM} (?:dating|seeing) (?:some(?:one|body))(?: new)?$
relationship | dating | + | (?:{IM} in a relationship|{IHAVE} (?:have|got) a (?:new )?(?:boy|girl)friend|
  {IHAVE} got back together)$
relationship | engaged | + | (?:{IM} engaged|{IHAVE} got engaged)$
relationship | married | + | (?:{IM} married|{IHAVE} got married)$
relationship | divorced | + | (?:{IM} divorced|{IHAVE} got divorced|{E}my divorce is final)$
relationship | single | + | {HEAD}我(?:男朋友|女朋友|男友|女友|对象)(?:{LATE}){0,3}[跟和]我提?分手了$
relationship | single | - | {ME}不再?单身了$
diet | vegetarian | + | {ME}(?:开始|改){0,3}(?:吃素|不再?吃[肉荤]){DONE}?$
diet | vegetarian | + | {SELF}是(?:一?个)?(?:素食者|素食主义者|吃素的|vegetarian)$
diet | vegan | + | {SELF}(?:是(?:一?个)?(?:纯素|全素|vegan)(?:者|主义者)?|吃[纯全]素)$
diet | meat | + | {ME}(?:重新|恢复|开始){0,3}(?:吃肉|不再?吃素)了$
diet | meat | + | {DID}(?:开始|重新){0,3}吃(?:了{MEAT}|{MEAT}了)$
diet | {word} | + | (?:{IM} (?:a )?|{IHAVE} (?:went|became a|became|turned) )(?P<word>vegetarian|vegan)$
diet | vegetarian | + | {I} (?:(?:don't|no longer) eat|(?:stopped|quit|gave up) eating) meat$
diet | meat | + | {IHAVE} (?:eat|started eating|had|ate|eaten) (?:some |a )?{MEATEN}$
diet | {word} | - | {IM} (?:not|no longer) (?:a )?(?P<word>vegetarian|vegan)$
eats/{thing} | {thing} | - | {SELF}不[能再]?吃(?![肉荤饭药早晚午了素这那亏]|东西|辣的苦){thing}了?$
eats/{thing} | {thing} | + | {ME}(?:开始|能)吃(?![肉荤饭药早晚午了素这那]|东西){thing}了$
allergy/{thing} | {thing} | + | {SELF}对{thing}过敏$
allergy/{thing} | {thing} | - | {SELF}不?对{thing}不?过敏了$
allergy/{thing} | {thing} | + | {IM} allergic to {thing}$
likes/{thing} | {thing} | + | {ME}{VERY}(?:(?:喜欢|爱|迷)上(?![海课班网学山])|热爱|喜欢|爱){thing}$
likes/{thing} | {thing} | - | {ME}{VERY}(?:不(?:太|怎么|再|是很|那么)?(?:喜欢|爱)|讨厌|受不了|反感|厌恶){thing}$
likes/{thing} | {thing} | - | {ME}对{thing}(?:没|不感|没有|失去)(?:什么)?兴趣了?$
likes/{thing} | {thing} | - | (?:以前|原来|之前)我?(?:很|特别|挺|最|超){0,3}(?:喜欢|爱){thing}，我?现在(?:已经|
  完全)?(?:不[^，]{0,4}了|没[^，]{0,4}了|讨厌.{0,4})$
likes/{thing} | {thing} | + | {I} (?:love|like|enjoy|adore|prefer) {thing}$
likes/{thing} | {thing} | + | {IM} (?:into|a (?:big |huge )?fan of) {thing}$
likes/{thing} | {thing} | + | {IHAVE} (?:fell|fallen) in love with {thing}$
likes/{thing} | {thing} | - | {I} (?:don't (?:really )?(?:like|love|enjoy)|hate|can't stand|dislike|despise|
  no longer (?:like|love|enjoy)) {thing}$
likes/{thing} | {thing} | - | (?:{I} stopped (?:liking|loving|enjoying)|{IM} (?:not|no longer) (?:really )?(?:into|
  a fan of)) {thing}$
likes/{thing} | {thing} | - | {I} used to (?:really )?(?:love|like|enjoy|be into) {thing}$
drink | alcohol | - | {DID}(?:戒酒{DONE}|把酒戒了|不再?喝酒{DONE}?|滴酒不沾)$
drink | alcohol | - | {DID}{LONG}没喝酒了$
smoke | tobacco | - | {DID}{LONG}没[抽吸]烟了$
drink | alcohol | + | {DID}(?:又|开始|重新|天天|每天|经常|还在){1,3}喝酒了?$
drink | alcohol | - | (?:{I} (?:(?:quit|stopped|gave up) (?:drinking|alcohol|booze)|(?:don't|
  no longer) drink(?: alcohol)?)|{IM} sober)$
drink | alcohol | + | (?:{IHAVE} started drinking|{IM} drinking again|{I} drink alcohol)$
smoke | tobacco | - | {DID}(?:戒烟{DONE}|把烟戒了|不再?[抽吸]烟{DONE}?)$
smoke | tobacco | + | (?:{DID}(?:又|开始|重新|天天|每天|经常|还在){1,3}[抽吸]烟了?|{SELF}[抽吸]烟)$
smoke | tobacco | - | {IHAVE} (?:(?:quit|stopped|gave up) (?:smoking|cigarettes)|(?:don't|no longer) smoke)$
smoke | tobacco | + | (?:{IHAVE} started smoking|{IM} smoking again|{I} smoke)$
pet/{pet} | {animal} | + | {DID}新?(?:领养|收养|养|有|买)了?[1一]?[只条个]?.{0,3}?{animal}，?它?(?:名字)?(?:叫做?|
  名叫){pet}$
pet/{pet} | {animal} | + | {HEAD}我们?家?的?(?:那只|这只)?{animal}(?:的?名字)?(?:是?叫做?){pet}$
pet/{pet} | {animal} | - | {HEAD}(?:我们?家?的?)?(?:那只)?{animal}(?P<pet>[\u4e00-\u9fff]{2,3}?|[A-Z]\w+){OVER}$
pet/{pet} |  | - | {HEAD}(?P<pet>[\u4e00-\u9fff]{2,3}?|[A-Z]\w+){OVER}$
pets/{animal} |  | - | {HEAD}我们?家?的?{animal}{OVER}$
pets/{animal} | {n} | + | {ME}(?:家里?)?现?在?(?:有|养了?)(?P<n>[2-9])[只条个]{animal}$
pets/{animal} | 1 | +* | {DID}新?(?:养了?|领养了?|收养了?|有)[1一]?[只条个]{animal}$
pet/{pet} | {animal} | + | {IHAVE} (?:have|adopted|got) an? (?:\w+ ){0,2}?{animal} (?:named|called) {pet}$
pet/{pet} | {animal} | + | {E}my {animal}(?:'s name)?(?:'s| is)(?: called| named)? (?P<pet>(?-i:[A-Z])\w+)$
pet/{pet} | {animal} | - | {E}my {animal},? (?P<pet>(?-i:[A-Z])\w+),? {GONE}$
pet/{pet} |  | - | {E}(?P<pet>(?-i:[A-Z])\w+) {GONE}$
pets/{animal} |  | - | {E}(?:my|our) {animal} {GONE}$
pets/{animal} | {n} | + | {IHAVE} (?:have|got) (?P<n>two|three|four|five|six|seven|[2-9]) {animal}s?$
pets/{animal} | 1 | +* | {IHAVE} (?:have|adopted|got) a {animal}$
person/{kin}/health | {health} | + | {HEAD}{LATE}{0,3}我们?家?的?{kin}(?:{LATE}|{ADV}){0,3}{health}了$
person/{kin}/health | {health} | + | {E}my {kin}(?:'s| is| got| came| has| has been| was (?=disch|hosp)| just|
   finally| all){0,3} ?{health}$
health | {health} | + | {DID}{health}了$
health | {health} | + | (?:{IM}|{IHAVE} (?:got|was|came)) ?{health}$
plan/{plan}{which} | {when} | +* | {HEAD}我?{NEXT}我?(?:还?要|还?有|得|去|还?会)?(?:去|参加|考|
  做)?[1一]?[个场次]?{which}的?{plan}$
plan/{plan}{which} |  | +* | {SELF}(?:快要?|马上|要){1,3}{which}{plan}了$
plan/{plan}{which} | {when} | + | {HEAD}我?们?的?{which}的?{plan}(?:被|又|时间){0,3}(?:改到|推迟到|延期?到|提前到|挪到|
  改成|调到)了?{NEXT}了?$
plan/{plan}{which} | {when} | +* | {HEAD}我?们?的?{which}的?{plan}(?:定在|时间是|安排在|是|在){NEXT}了?$
plan/{plan}{which} |  | - | {HEAD}{LATE}{0,3}我?们?的?{which}的?{plan}(?:被|又|临时|还是|也|最后|已经){0,3}(?:取消|泡汤|
  黄|不用去)了$
plan/{plan} |  | - | {DID}(?:取消了?(?:我的)?|不用?去?参?加?){plan}了?$
plan/{plan}{which} | passed | + | {HEAD}{LATE}{0,3}我?们?的?{which}的?{plan}(?:终于|已经|顺利|都){0,3}
  (?:过|通过|成功)了$
plan/{plan}{which} | failed | + | {HEAD}{LATE}{0,3}我?们?的?{which}的?{plan}(?:还是|又|也){0,3}(?:没过|没通过|
  挂了|失败了|砸了|
  凉了)$
plan/{plan}{which} | over | + | {HEAD}{LATE}{0,3}我?们?的?{which}的?{plan}(?:终于|已经|都|顺利){0,3}(?:结束|
  考完|完|做完|办完)了$
plan/{plan}{which} | {when} | +* | {IHAVE} (?:have|got) (?:an?|my|the|another) {which}? ?{plan}(?: with \w+)? {NEXTEN}$
plan/{plan}{which} | {when} | +* | {E}(?:my|the) {which} ?{plan}(?:'s| is) {NEXTEN}$
plan/{plan}{which} | {when} | + | {E}(?:my|the) {which} ?{plan} (?:got|was|is|has been) (?:moved|pushed|rescheduled|
  postponed|changed)(?: back)? to {NEXTEN}$
plan/{plan}{which} |  | - | {E}(?:my|the) {which} ?{plan} (?:got |was |is |has been )(?:cancell?ed|called off|off)$
plan/{plan}{which} |  | - | {IHAVE} (?:cancell?ed|called off) (?:my|the) {which} ?{plan}$
plan/{plan}{which} | passed | + | {IHAVE} (?:passed|aced|got through|nailed) (?:my|the) {which} ?{plan}$
plan/{plan}{which} | failed | + | {IHAVE} (?:failed|bombed|flunked|didn't pass) (?:my|the) {which} ?{plan}$
plan/{plan}{which} | over | + | {E}(?:my|the) {which} ?{plan} (?:went (?:well|ok|okay|fine|badly|great)|is over)$
sleep | {when} | + | {ME}(?:一般|通常|平时|每天|每晚|习惯|总是|都|基本上?|晚上){1,3}(?:都|要|是)?{TIME}[才就]?(?:睡觉?|
  上床)了?$
sleep/wake | {when} | + | {ME}(?:一般|通常|平时|每天|习惯|总是|都|基本上?|早上){1,3}(?:都|要|是)?{TIME}[才就]?起床?了?$
sleep | {when} | + | {I} (?:usually|normally|always|typically) (?:go to (?:bed|sleep)|sleep) (?:at|around|by) {TIMEEN}$
sleep/wake | {when} | + | {I} (?:usually|normally|always|typically) (?:wake|get) up (?:at|around|by) {TIMEEN}$
sleep/insomnia | insomnia | + | {ME}(?:总是|老是|经常|天天|每天){0,3}失眠{DONE}?$
sleep/insomnia | insomnia | + | {ME}(?:总是|老是|经常|天天|每天){1,3}睡不着(?:觉)?$
sleep/insomnia | insomnia | - | {ME}(?:的?失眠(?:已经|终于)?[好没]了|不再?失眠了|能?睡得?着觉?了|睡得?好多了)$
sleep/insomnia | insomnia | + | {IHAVE} (?:have|got|had) insomnia$
sleep/insomnia | insomnia | - | (?:{E}my insomnia is (?:gone|better|over)|{IM} (?:finally )?sleeping (?:well|fine|
  better))$
{number} | {code} | + | {HEAD}我的?新?{number}(?:现在|其实){0,3}(?:是|换成了?|改成了?)(?P<code>[\w@.+-]{2,30}?)了?$
{number} | {code} | + | {E}my (?:new )?{number}(?:'s| is)(?: now| actually| on){0,3} (?P<code>[\w@.+ -]{2,30})$
worry/{thing} | {thing} | + | {ME}{VERY}(?:担心|害怕|怕|焦虑|发愁|愁){thing}$
worry/{thing} | {thing} | - | {ME}(?:不(?:再|用|用再|那么|怎么)?(?:担心|害怕|怕|焦虑|发愁|愁)){thing}了$
worry/{thing} | {thing} | - | {HEAD}{thing}(?:终于|已经|都){0,3}(?:解决|搞定|摆平)了$
worry/{thing} | {thing} | + | {IM} (?:so |very |a bit |pretty )?(?:worried|anxious|nervous|stressed|
  scared)(?: out)? (?:about|of) {thing}$
worry/{thing} | {thing} | - | {IM} (?:not|no longer) (?:really |so )?(?:worried|anxious|nervous|stressed|
  scared) (?:about|of) {thing}$
worry/{thing} | {thing} | - | {I} stopped worrying about {thing}$
worry/{thing} | {thing} | - | {E}(?:my|the) {thing} (?:is|got|has been) (?:all )?(?:sorted|resolved|figured)(?: out)?$
"""
